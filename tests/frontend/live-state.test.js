import assert from "node:assert/strict";
import { test } from "node:test";

import { textAt } from "../../src/gradio_rerun/frontend/viewer/protobuf.js";
import { toBase64 } from "../../src/gradio_rerun/frontend/viewer/base64.js";
import { FakeElement } from "./dom.js";

const { provideState } = await import("../../src/gradio_rerun/frontend/gradio/live-state.js");

/** A viewer of a component in an app, and what the app's functions get of it. */
function start(/** @type {any} */ kept = null) {
  const control = { stateNow: (/** @type {any} */ ...given) => ({ given }) };
  const viewer = Object.assign(new FakeElement("body"), { running: /** @type {any} */ ({ viewer: { control }, open: { names: ["run"] }, version: "0.41.0" }) });
  const app = /** @type {any} */ ({ rerunStates: { 7: { kept } } });
  /** @type {any[]} */
  const shown = [];
  provideState(/** @type {any} */ (viewer), /** @type {any} */ ({ closest: () => app }), 7, (moment) => shown.push(moment));
  return { viewer, control, shown, shared: app.rerunStates[7], state: () => app.rerunStates[7].now() };
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

test("the app does not keep a viewer that has left the page, and finds one that is back, or mounted again", () => {
  const { viewer, shared, state } = start();
  const { now } = shared;
  viewer.dispatchEvent(new Event("dispose"));
  assert.deepEqual([shared.now, shared.show], [undefined, undefined]);
  viewer.dispatchEvent(new Event("loadstart"));
  assert.equal(shared.now, now);
  const other = (shared.now = () => ({ selection: ["other"] }));
  viewer.dispatchEvent(new Event("dispose"));
  assert.equal(shared.now, other);
  assert.deepEqual(state().selection, ["other"]);
});

const OLD = { active_recording_id: "run", recordings: [{ application_id: "app", recording_id: "run", timeline: "frame", time: 7.5 }] };

test("a state that Gradio has kept is shown, whether the viewer or the LiveState is mounted first", () => {
  const kept = { ...OLD, selection: [{ type: "entity", entity_path: "/points", instance_id: 3 }] };
  const moment = { recording: { application_id: "app", recording_id: "run" }, place: { timeline: "frame", time: 7n }, selection: "/points[#3]", layout: null };
  const { shown, shared } = start(kept);
  assert.deepEqual([shown, shared.kept], [[moment], null]);
  shared.show(kept);
  assert.deepEqual(shown, [moment, moment]);
});

/** @param {...number[]} parts */
const base64 = (...parts) => toBase64(Uint8Array.from(parts.flat()));

test("the state of a newer viewer is shown, also that of a recording without times", () => {
  // State { 2 active_store_id, 3 recordings { 1 store_id, 3 current_time { 1 timeline { 1 name }, 3 time { 1 time } } } }
  const id = "Recording:app:run";
  const time = [...messageOf(1, textAt([1], "frame")), ...messageOf(3, [8, 12])];
  const recording = [...textAt([1], id), ...messageOf(3, time)];
  const { shown, shared } = start({ protocol: base64(textAt([2], id), messageOf(3, recording)), selection: [] });
  shared.show({ protocol: base64(textAt([2], id), messageOf(3, textAt([1], id))), selection: [] });
  const run = { application_id: "app", recording_id: "run" };
  assert.deepEqual(shown.map(({ recording, place }) => [recording, place]), [[run, { timeline: "frame", time: 12n }], [run, null]]);
});

/** @param {number} field @param {number[]} bytes */
const messageOf = (field, bytes) => [(field << 3) | 2, bytes.length, ...bytes];

test("whatever Gradio has kept, it does no harm", () => {
  const long = "a".repeat(501);
  for (const kept of [1, "", [], {}, { protocol: 1 }, { protocol: "_" }, { protocol: "AAAA" }, { protocol: "" }, { ...OLD, recordings: {} }, { ...OLD, active_recording_id: long }]) {
    assert.deepEqual(start(kept).shown, [], JSON.stringify(kept));
  }
  const [recording] = OLD.recordings;
  for (const wrong of [{ time: NaN }, { time: 1e30 }, { time: null }, { timeline: long }, { timeline: 3 }]) {
    const { shown } = start({ ...OLD, recordings: [{ ...recording, ...wrong }], selection: 1 });
    assert.deepEqual(shown.map(({ place, selection }) => [place, selection]), [[null, null]], JSON.stringify(wrong));
  }
});
