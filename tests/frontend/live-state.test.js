import assert from "node:assert/strict";
import { test } from "node:test";

import { FakeElement } from "./dom.js";

const { provideState } = await import("../../src/gradio_rerun/frontend/gradio/live-state.js");

/** A viewer of a component in an app, and what the app's functions get of it. */
function start() {
  const control = { stateNow: (/** @type {any} */ ...given) => ({ given }) };
  const viewer = Object.assign(new FakeElement("body"), { running: /** @type {any} */ ({ viewer: { control }, open: { names: ["run"] }, version: "0.41.0" }) });
  const app = /** @type {any} */ ({});
  provideState(/** @type {any} */ (viewer), /** @type {any} */ ({ closest: () => app }), 7);
  return { viewer, control, state: () => app.rerunStates[7]() };
}

/** @param {FakeElement} viewer @param {object} detail */
const report = (viewer, detail) => viewer.dispatchEvent(new CustomEvent("viewer-event", { detail }));

test("the state has the recordings that are open, and what was selected last", () => {
  const { viewer, state } = start();
  assert.deepEqual(state(), { given: [["run"], "0.41.0"], selection: [] });
  for (const items of [[1], [2]]) report(viewer, { type: "selection_change", items });
  report(viewer, { type: "time_update", time: 3 });
  assert.deepEqual(state().selection, [2]);
});

test("a viewer that shows nothing, has failed, or has left the page has no state", () => {
  const { viewer, control, state } = start();
  viewer.localName = "div"; // no longer in the document
  assert.equal(state(), null);
  viewer.localName = "body";
  control.stateNow = () => {
    throw new Error("null pointer passed to rust");
  };
  assert.equal(state(), null);
  viewer.running = null;
  assert.equal(state(), null);
});
