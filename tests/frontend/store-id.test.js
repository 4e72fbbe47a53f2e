import assert from "node:assert/strict";
import { test } from "node:test";

import { recordingOf, storeIdOf } from "../../src/gradio_rerun/frontend/viewer/store-id.js";
import { random } from "./random.js";

/** What viewers of 0.41 report, and the recording that they report it of. */
const REPORTED = [
  ["Recording:app:run", "app", "run"],
  ["Recording:my\\:app:one", "my:app", "one"],
  ["Recording:a-\\:b\\:610a:r\n2", "a-:b:610a", "r\n2"],
  ["Recording:Recording\\:x\\:y:%41?&#", "Recording:x:y", "%41?&#"],
  ["Recording:-a330::", "-a330", ":"],
  ["Recording: lead:trail ", " lead", "trail "],
  ["Recording:---- lineb5ff:r\\:1", "---- lineb5ff", "r\\:1"],
  ["Recording:a\\\\:b\\", "a\\", "b\\"],
];

test("the store ids of the viewer are read and written as it does", () => {
  for (const [id, application_id, recording_id] of REPORTED) {
    assert.deepEqual(recordingOf(id), { application_id, recording_id });
    assert.equal(storeIdOf({ application_id, recording_id }), id);
  }
});

test("any two recordings have two store ids, and each is read as the one that was written", () => {
  const below = random(15);
  const parts = [":", "\\", "a", "b", "/", "\n", " ", "%", "é", "\u2028", "😀", "Recording"];
  const name = () => Array.from({ length: below(6) }, () => parts[below(parts.length)]).join("");
  /** @type {Map<string, string>} */
  const seen = new Map();
  for (let round = 0; round < 20_000; round++) {
    const recording = { application_id: name(), recording_id: name() };
    const id = storeIdOf(recording);
    assert.deepEqual(recordingOf(id), recording);
    const written = JSON.stringify(recording);
    assert.equal(seen.get(id) ?? written, written);
    seen.set(id, written);
  }
});

test("the store id of another kind of store is read, too", () => {
  assert.deepEqual(recordingOf("Blueprint:app:b"), { application_id: "app", recording_id: "b" });
});

test("a string that is not a store id is a recording id, as in Python", () => {
  for (const id of ["", "something else", "Recording:app", "Recording:a\\:b", "Recording:a\\"]) {
    assert.deepEqual(recordingOf(id), { application_id: "", recording_id: id });
  }
});
