/** Between Gradio and the element: what Gradio calls props, trigger and watch on one side, properties on the other. */

import "./rerun-viewer-define.js";
import { toRecordings } from "./wire.js";

/** @typedef {import("./rerun-viewer.js").RerunViewerElement} RerunViewerElement */

/**
 * What gr.HTML hands to `js_on_load`.
 * @typedef {object} Host
 * @property {HTMLElement} element
 * @property {{value: unknown, label?: string | null, settings: import("./wire.js").Settings, [name: string]: unknown}} props
 * @property {(event: string, data?: unknown) => void} trigger
 * @property {(names: string | string[], callback: () => void) => void} watch
 */

/** Style sheets by document or shadow root. @type {WeakSet<Node>} */
const styled = new WeakSet();

/** @param {Host} host */
export async function mount({ element, props, watch }) {
  const viewer = /** @type {RerunViewerElement} */ (element.querySelector("rerun-viewer"));
  await addStyles(element.getRootNode());

  function update() {
    if (!element.isConnected) return; // Gradio up to 6.20 tells components that are gone, too.
    layOut(element, props);
    viewer.settings = props.settings;
  }
  function show() {
    if (!element.isConnected) return;
    viewer.recordings = toRecordings(props.value, rootOf(props.settings));
  }
  watch(["settings", "label"], update);
  watch("value", show);
  update();
  show();
}

/** gr.HTML does not apply `scale` and `min_width`, and shows an empty label. @param {HTMLElement} element @param {Host["props"]} props */
function layOut(element, { label, settings: { scale, min_width } }) {
  const block = /** @type {HTMLElement | null} */ (element.closest(".block"));
  if (!block) return;
  block.dataset.rerun = label ? "labelled" : "";
  block.style.flexGrow = scale === null ? "" : String(scale);
  block.style.minWidth = min_width === null ? "" : `min(${min_width}px, 100%)`;
}

/** Where the app is: Gradio has put its root in front of the page's own URL. @param {import("./wire.js").Settings} settings */
function rootOf(settings) {
  return /** @type {string} */ (settings.page.url).split("/gradio_api/")[0];
}

/** @param {Node} root the document, or the shadow root that a `<gradio-app>` lives in */
async function addStyles(root) {
  if (styled.has(root)) return;
  styled.add(root);
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = new URL("./rerun-viewer.css", import.meta.url).href;
  const loaded = new Promise((resolve) => {
    link.onload = resolve;
    link.onerror = resolve; // without styles the viewer works all the same
  });
  (root instanceof ShadowRoot ? root : document.head).append(link);
  await loaded;
}
