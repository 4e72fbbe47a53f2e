import assert from "node:assert/strict";
import { test } from "node:test";

import { currentTime } from "../../src/gradio_rerun/frontend/viewer/viewer-state.js";
import { encode, encodeState } from "./messages.js";

const ID = "Recording:app:run";

test("the exact time of the active recording is read", () => {
  const other = { id: "Recording:app:other", timeline: "frame", time: 1n };
  const state = encodeState(ID, [other, { id: ID, timeline: "stamp", type: 3n, time: 1_714_979_289_123_456_789n }]);
  assert.deepEqual(currentTime(state), {
    application_id: "app",
    recording_id: "run",
    timeline: "stamp",
    timeline_type: "timestamp",
    time: 1_714_979_289_123_456_789n,
  });
});

test("ids are those of the recording, however the viewer writes them", () => {
  for (const [id, application_id, recording_id] of [["Recording:my\\:app:run", "my:app", "run"], ["Recording:a\\\\b:x:y", "a\\b", "x:y"]]) {
    const { application_id: application, recording_id: recording } = currentTime(encodeState(id, [{ id, timeline: "frame" }])) ?? {};
    assert.deepEqual([application, recording], [application_id, recording_id]);
  }
});

test("zero, negative times, and each type of timeline", () => {
  const types = [[0n, null], [1n, "sequence"], [2n, "duration"], [3n, "timestamp"], [9n, null]];
  for (const [type, name] of /** @type {[bigint, string | null][]} */ (types)) {
    for (const time of [0n, -5n, 2n ** 63n - 1n, -(2n ** 63n)]) {
      const found = currentTime(encodeState(ID, [{ id: ID, timeline: "t", type, time }]));
      assert.deepEqual([found?.timeline_type, found?.time], [name, time]);
    }
  }
});

test("without a recording, or without a time in it, there is none", () => {
  assert.equal(currentTime(encode([])), null);
  assert.equal(currentTime(encodeState("", [{ id: ID, timeline: "frame" }])), null);
  assert.equal(currentTime(encodeState(ID, [])), null);
  assert.equal(currentTime(encodeState(ID, [{ id: ID }])), null);
});

test("fields that protobuf leaves out are empty", () => {
  const state = encode([[2, ID], [3, []], [3, [[1, ID], [3, []]]]]);
  assert.deepEqual(currentTime(state), { application_id: "app", recording_id: "run", timeline: "", timeline_type: null, time: 0n });
});
