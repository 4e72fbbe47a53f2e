/** What a viewer shows at the moment, for functions that have a LiveState as an input; see live_state.py. */

/** @typedef {import("../viewer/rerun-viewer.js").RerunViewerElement} RerunViewerElement */

/**
 * Lets the script of a LiveState find the state of this viewer.
 * @param {RerunViewerElement} viewer
 * @param {HTMLElement} element of the component
 * @param {number} id of the component
 */
export function provideState(viewer, element, id) {
  /** @type {unknown} */
  let selection = [];
  viewer.addEventListener("viewer-event", (event) => {
    const { type, items } = /** @type {CustomEvent} */ (event).detail;
    if (type === "selection_change") selection = items;
  });
  const app = /** @type {any} */ (element.closest(".gradio-container"));
  if (app) (app.rerunStates ??= {})[id] = () => stateOf(viewer, selection);
}

/** @param {RerunViewerElement} viewer @param {unknown} selection @returns {object | null} null if it shows nothing */
function stateOf(viewer, selection) {
  const { running } = viewer;
  if (!running?.viewer || !viewer.isConnected) return null;
  try {
    return { ...running.viewer.control.stateNow(running.open.names, running.version), selection };
  } catch {
    return null; // it has panicked, which the viewer reports
  }
}
