/**
 * What crosses from Python; `wire.py` is the same in Python.
 *
 * @typedef {{path: string, url: string | null, size?: number | null, orig_name?: string | null}} FileData
 * @typedef {{version: string, glue: FileData, wasm: FileData}} ViewerFiles
 * @typedef {"top" | "blueprint" | "selection" | "time"} PanelName
 * @typedef {"hidden" | "collapsed" | "expanded"} PanelState
 * @typedef {Partial<Record<PanelName, PanelState>>} PanelStates
 *
 * @typedef {object} Settings
 * @property {FileData} page
 * @property {ViewerFiles} viewer
 * @property {string} height a CSS length
 * @property {number | null} scale
 * @property {number | null} min_width
 * @property {"auto" | "light" | "dark"} theme
 * @property {PanelStates} panel_states
 * @property {boolean} telemetry
 * @property {string[]} allowed_origins
 */

/**
 * A recording that the page opens.
 * @typedef {{url: string, name: string, size: number | null}} Recording
 */

/**
 * @param {unknown} value the value of the component; Gradio makes `""` of None
 * @param {string} root where the app is, for files that Gradio gave no URL
 * @returns {Recording[]}
 */
export function toRecordings(value, root) {
  const items = Array.isArray(value) ? value : value ? [value] : [];
  return items.map((/** @type {string | FileData} */ item) => {
    if (typeof item === "string") return { url: item, name: lastSegment(item), size: null };
    const url = item.url ?? `${root}/gradio_api/file=${item.path}`;
    return { url: new URL(url, location.href).href, name: item.orig_name ?? lastSegment(item.path), size: item.size ?? null };
  });
}

/** @param {string} path */
function lastSegment(path) {
  return path.split(/[?#]/)[0].replace(/\/+$/, "").split("/").pop() || path;
}
