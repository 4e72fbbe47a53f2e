/** What a viewer shows at the moment, for functions that have a LiveState as an input; see live_state.py. */

/** @typedef {import("../viewer/rerun-viewer.js").RerunViewerElement} RerunViewerElement */

import { momentOfState } from "./moment.js";

/**
 * What the script of a LiveState shares with its viewer. `now` returns what the viewer shows; `kept` is what Gradio has kept of it, in a deep link or in
 * a run of its history; `show` makes the viewer show that again.
 * @typedef {{now?: () => object | null, kept?: unknown, show?: (state: unknown) => void}} Shared
 */

/**
 * Lets the script of a LiveState find the state of this viewer, and show a state again.
 * @param {RerunViewerElement} viewer
 * @param {HTMLElement} element of the component
 * @param {number} id of the component
 * @param {(moment: import("./moment.js").Moment) => void} show
 */
export function provideState(viewer, element, id, show) {
  /** @type {unknown} */
  let selection = [];
  viewer.addEventListener("viewer-event", (event) => {
    const { type, items } = /** @type {CustomEvent} */ (event).detail;
    if (type === "selection_change") selection = items;
  });
  const app = /** @type {any} */ (element.closest(".gradio-container"));
  if (!app) return;
  /** @type {Shared} */
  const shared = ((app.rerunStates ??= {})[id] ??= {});
  const now = () => stateOf(viewer, selection);
  const showState = (/** @type {unknown} */ state) => {
    const moment = momentOfState(state);
    if (moment) show(moment);
  };
  const provide = () => void Object.assign(shared, { now, show: showState });
  provide();
  viewer.addEventListener("loadstart", provide); // the element may be back in the page after it was disposed
  viewer.addEventListener("dispose", () => {
    if (shared.now === now) Object.assign(shared, { now: undefined, show: undefined }); // they would keep the element in memory
  });
  if (shared.kept) showState(shared.kept);
  shared.kept = null; // the component may be mounted again
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
