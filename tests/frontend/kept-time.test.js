import assert from "node:assert/strict";
import { test } from "node:test";

import { hasPlace, isAt, pausedPlace, placeRequest } from "../../src/gradio_rerun/frontend/viewer/kept-time.js";
import { message, numberAt, read, text, textAt } from "../../src/gradio_rerun/frontend/viewer/protobuf.js";

const STORE = "Recording:app:one";
const [PLAYING, PAUSED] = [2n, 1n];

/** @param {number} field @param {number[]} content */
const nested = (field, content) => [(field << 3) | 2, ...(content.length > 127 ? [(content.length & 127) | 128, content.length >> 7] : [content.length]), ...content];

/** A GetStateResponse. @param {{timelines: string[], timeline?: string, time?: bigint, playState?: bigint, start?: bigint}} options */
function state({ timelines, timeline, time, playState = PAUSED, start = 0n }) {
  // The viewer also lists the timeline that it is on, with the time of its cursor as the range. Protobuf leaves out a zero.
  const cursorRange = time === undefined ? [] : nested(3, time === 0n ? [] : [...numberAt([1], time), ...numberAt([2], time)]);
  const recording = [
    ...textAt([1], STORE),
    ...timelines.flatMap((name) => nested(2, [...textAt([1, 1], name), ...nested(3, [...(start ? numberAt([1], start) : []), ...numberAt([2], 99n)])])),
    ...(timelines.includes(timeline ?? "") ? [] : nested(2, [...textAt([1, 1], timeline ?? ""), ...cursorRange])),
    ...(timeline ? nested(3, [...textAt([1, 1], timeline), ...(time === undefined ? [] : numberAt([3, 1], time))]) : []),
    ...(playState === 0n ? [] : numberAt([5], playState)),
  ];
  return Uint8Array.from([...textAt([2], STORE), ...nested(3, recording)]);
}

/** What a SetTimeCursorRequest asks for. @param {Uint8Array | null} request */
function asked(request) {
  // Fields that are written one by one are merged, as protobuf does.
  /** @type {any} */
  const found = {};
  for (const part of read(/** @type {Uint8Array} */ (request)).get(6) ?? []) {
    const fields = message(part);
    if (fields.has(1)) found.store = text(fields.get(1)?.[0]);
    if (fields.has(2)) found.timeline = text(message(fields.get(2)?.[0]).get(1)?.[0]);
    if (fields.has(3)) found.time = BigInt.asIntN(64, /** @type {bigint} */ (message(fields.get(3)?.[0]).get(1)?.[0]));
    if (fields.has(5)) found.playState = fields.get(5)?.[0];
  }
  return found;
}

test("a recording with one time has no paused place: the viewer pauses there by itself", () => {
  assert.equal(pausedPlace(state({ timelines: ["steps"], timeline: "steps", time: 99n, start: 99n })), null);
  assert.notEqual(pausedPlace(state({ timelines: ["steps"], timeline: "steps", time: 99n, start: 98n })), null);
});

test("a recording that is paused has a place, exact to the nanosecond, one that plays has none", () => {
  const time = 1_700_000_000_123_456_789n;
  const place = { store: STORE, timeline: "steps", time, isAtEnd: true };
  assert.deepEqual(pausedPlace(state({ timelines: ["steps"], timeline: "steps", time })), place);
  assert.deepEqual(pausedPlace(state({ timelines: ["steps"], timeline: "steps", time: -5n })), { ...place, time: -5n, isAtEnd: false });
  assert.equal(pausedPlace(state({ timelines: ["steps"], timeline: "steps", time, playState: PLAYING })), null);
  assert.equal(pausedPlace(state({ timelines: ["steps"], timeline: "steps", time, playState: 0n })), null); // it does not say
  assert.equal(pausedPlace(state({ timelines: ["steps"], timeline: "steps" })), null);
  assert.equal(pausedPlace(state({ timelines: [] })), null);
  assert.equal(pausedPlace(new Uint8Array()), null);
});

test("the new file of a recording is paused at the place of the old one", () => {
  const place = { store: STORE, timeline: "steps", time: -7n };
  const opened = state({ timelines: ["log_time", "frames", "steps"], timeline: "frames", time: 0n, playState: PLAYING });
  assert.ok(hasPlace(opened, place));
  assert.deepEqual(asked(placeRequest(opened, place)), { ...place, playState: PAUSED });
});

test("a recording that stood at its end plays on if the new file is longer", () => {
  const opened = state({ timelines: ["steps"], timeline: "steps", time: 0n });
  for (const [time, playState] of [[98n, PLAYING], [99n, PAUSED]]) {
    const place = { store: STORE, timeline: "steps", time, isAtEnd: true };
    assert.equal(asked(placeRequest(opened, place)).playState, playState);
  }
});

test("a recording without that timeline is put on one that it has, if it is not on one", () => {
  const place = { store: STORE, timeline: "steps", time: 7n };
  const stale = state({ timelines: ["log_time", "frames"], timeline: "steps", time: 7n });
  assert.ok(!hasPlace(stale, place));
  assert.deepEqual(asked(placeRequest(stale, place)), { store: STORE, timeline: "frames" });
  assert.deepEqual(asked(placeRequest(stale, null)), { store: STORE, timeline: "frames" });
  assert.deepEqual(asked(placeRequest(state({ timelines: ["log_tick"], timeline: "steps" }), null)), { store: STORE, timeline: "log_tick" });
  assert.equal(placeRequest(state({ timelines: ["frames"], timeline: "frames", time: 1n }), place), null);
});

test("a recording at 0 of a timeline that it does not have is put on another, too", () => {
  const stale = state({ timelines: ["frames"], timeline: "steps", time: 0n });
  assert.deepEqual(asked(placeRequest(stale, null)), { store: STORE, timeline: "frames" });
});

test("a timeline of one time beside those of the SDK is the recording's own", () => {
  const place = { store: STORE, timeline: "steps", time: 7n };
  const opened = state({ timelines: ["log_time", "log_tick"], timeline: "steps", time: 7n });
  assert.ok(hasPlace(opened, place));
  assert.equal(placeRequest(opened, null), null);
});

test("a place is in the recording that it names, which old viewers do by its own id alone", () => {
  const [timeline, time] = ["steps", 7n];
  const recording = { application_id: "app", recording_id: "one" };
  assert.ok(isAt({ store: STORE, timeline, time }, recording));
  assert.ok(isAt({ store: "one", timeline, time }, recording));
  assert.ok(!isAt({ store: "Recording:other:one", timeline, time }, recording));
});

test("recordings that are not open, or have no data yet, are not changed", () => {
  const place = { store: "Recording:app:other", timeline: "steps", time: 7n };
  assert.equal(placeRequest(state({ timelines: ["steps"], timeline: "steps" }), place), null);
  assert.equal(placeRequest(state({ timelines: [], timeline: "steps" }), { ...place, store: STORE }), null);
  assert.equal(placeRequest(new Uint8Array(), null), null);
  assert.ok(!hasPlace(new Uint8Array(), place));
});
