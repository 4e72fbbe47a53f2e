/** Calls the functions of a component that Gradio serves. Gradio's own `server` parses responses as JSON, and waits for their end. */

/**
 * @param {string} url of the app, or of a file that the app serves
 * @param {{id: number, session: string}} component `session`: the session in which Gradio knows the component; empty if in all
 * @param {string} name of the function
 * @param {unknown} data the function's argument
 * @param {{signal?: AbortSignal, query?: string, keepalive?: boolean}} [options] `query`: for people who look at the traffic; the app ignores it.
 *   `keepalive`: whether the call outlives the page
 */
export function callComponent(url, { id, session }, name, data, { signal, query, keepalive } = {}) {
  return fetch(`${url.split("/gradio_api/")[0]}/gradio_api/component_server${query ? `?${query}` : ""}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ data, component_id: id, fn_name: name, session_hash: session }),
    credentials: "same-origin",
    signal,
    keepalive,
  });
}
