/** The functions that the viewer gets instead of the browser's. */

import { openLink } from "./viewer-open.js";

/**
 * @param {object} options
 * @param {typeof globalThis.fetch} options.fetch for all that the viewer downloads
 * @param {"light" | "dark"} options.theme
 * @param {(words: string, source: string) => void} options.onComplaint receives the errors that the viewer writes to the console; `source`: the part of it that writes them
 * @param {(callback: FrameRequestCallback) => number} options.requestFrame as the browser's `requestAnimationFrame`
 * @param {() => void} options.onFrame called after each frame
 * @param {import("./viewer-failure.js").Guarded} options.guarded
 * @returns {import("./loader.js").Globals}
 */
export function viewerGlobals({ fetch, theme, onComplaint, requestFrame, onFrame, guarded }) {
  return {
    fetch,
    // Old viewers only know the theme of the system, which they read from `matchMedia`. Remove when the rerun-sdk floor has `theme`.
    matchMedia: (/** @type {string} */ query) => window.matchMedia(queryFor(theme, query)),
    open: openLink,
    localStorage: new OwnStorage(),
    console: Object.assign(Object.create(console), {
      error: (/** @type {unknown[]} */ ...words) => {
        console.error(...words);
        if (typeof words[0] !== "string") return; // an error of the browser, such as a request for updates that failed
        const all = words[0];
        onComplaint(all.split("%c").slice(-1)[0].replace(/^[:\s]+/, ""), all.split(": ")[0]);
      },
      // Viewers of 0.24 only warn when they cannot read on. Remove when the rerun-sdk floor has an error there.
      warn: (/** @type {unknown[]} */ ...words) => {
        console.warn(...words);
        // The viewer opens URLs whose path has the suffix of a recording, and only warns about others.
        const [, refused] = /Failed to open URL: (.*)/s.exec(String(words[0])) ?? [];
        if (refused) onComplaint(`it does not open such a URL; that of a recording ends with .rrd, url: ${refused}`, "re_viewer::web");
        const [, found] = /has left unexpectedly: (Failed to fetch \.rrd .*)/s.exec(String(words[0])) ?? [];
        if (found) onComplaint(found, "re_viewer::app");
      },
    }),
    requestAnimationFrame: (/** @type {FrameRequestCallback} */ callback) => requestFrame(guarded((/** @type {number} */ time) => (callback(time), onFrame()))),
    queueMicrotask: (/** @type {() => void} */ callback) => queueMicrotask(guarded(callback)),
  };
}

/** What a viewer keeps, for its life only: in the browser's storage, the next app of the origin would list the servers that this one has shown. */
class OwnStorage {
  /** @type {Map<string, string>} */
  #items = new Map();

  /** @param {string} key */
  getItem(key) {
    return this.#items.get(key) ?? null;
  }

  /** @param {string} key @param {string} value */
  setItem(key, value) {
    this.#items.set(key, value);
  }

  /** @param {string} key */
  removeItem(key) {
    this.#items.delete(key);
  }
}

/** A media query that matches as `query` would in a system of that theme. @param {"light" | "dark"} theme @param {string} query */
function queryFor(theme, query) {
  const wanted = /prefers-color-scheme:\s*(light|dark)/.exec(query)?.[1];
  if (!wanted) return query;
  return wanted === theme ? "all" : "not all";
}
