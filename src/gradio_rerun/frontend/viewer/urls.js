/** URLs of recordings. Python checks them, but browsers refuse more hosts: they normalize the host, and check the result. */

export const INVALID = "Browsers do not open this URL: its host is not valid.";

/**
 * The http origin behind a URL that the viewer opens: `rerun+http://host:9876/proxy` is served by `http://host:9876`. Null if browsers cannot open it.
 * @param {string} url
 */
export function serverOf(url) {
  try {
    const server = new URL(url.replace(/^rerun\+/, "").replace(/^rerun:/, "https:"));
    // The ports that the viewer takes on this machine when there is none, as in _servers/origins.py.
    const isOwn = ["localhost", "127.0.0.1", "[::1]"].includes(server.hostname);
    if (/^rerun/.test(url) && isOwn && !server.port) server.port = server.pathname === "/proxy" ? "9876" : "51234";
    return server.origin;
  } catch {
    return null;
  }
}
