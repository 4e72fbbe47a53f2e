import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { goTo, placeIn, timeOn } from "../../src/gradio_rerun/frontend/export/place.js";

const SECOND = 1_000_000_000n;

/** @param {"sequence" | "duration" | "timestamp" | null} type @param {bigint} [end] */
const timeline = (type, end = 9n) => ({ name: "t", type, start: 0n, end });

test("the page's URL names a timeline and a time, or none", () => {
  assert.equal(placeIn(""), null);
  assert.equal(placeIn("?utm_source=mail&t="), null);
  assert.deepEqual(placeIn("?t=7"), { timeline: null, time: "7" });
  assert.deepEqual(placeIn("?timeline=log%20time&t=7"), { timeline: "log time", time: "7" });
});

test("a time is a number of a sequence, seconds, or a date", () => {
  assert.equal(timeOn(timeline("sequence"), "7"), 7n);
  assert.equal(timeOn(timeline("sequence"), " -7.9 "), -7n);
  assert.equal(timeOn(timeline("duration"), "1.5"), 1_500_000_000n);
  assert.equal(timeOn(timeline("duration"), "-0.000000001"), -1n);
  assert.equal(timeOn(timeline("duration"), "0.1234567899"), 123_456_789n);
  assert.equal(timeOn(timeline("timestamp"), "1767225600.123456789"), 1_767_225_600_123_456_789n);
  for (const date of ["2026-01-01", "2026-01-01T00:00:00", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00"]) {
    assert.equal(timeOn(timeline("timestamp"), date), 1_767_225_600n * SECOND, date);
  }
});

test("where the viewer does not report the type, a long range is one of nanoseconds", () => {
  assert.equal(timeOn(timeline(null), "7"), 7n);
  assert.equal(timeOn(timeline(null, 10n * SECOND), "7"), 7n * SECOND);
  assert.equal(timeOn({ ...timeline(null, 1_700_000_000n * SECOND + 9n), start: 1_700_000_000n * SECOND }, "7"), 7n);
  assert.equal(timeOn(timeline(null, 1_000_000n), "7"), 7n * SECOND);
  assert.equal(timeOn(timeline(null, 999_999n), "7"), 7n);
});

test("a string that is not a time is refused", () => {
  for (const [type, text] of /** @type {const} */ ([["sequence", "2026-01-01"], ["duration", "soon"], ["duration", "2026-01-01"], ["timestamp", "soon"]])) {
    assert.throws(() => timeOn(timeline(type), text), /has no time of the timeline in t: "/);
  }
});

test("a time that no recording can have is refused, as it would become another one", () => {
  const text = "9223372036854775808";
  assert.equal(timeOn(timeline("sequence"), "9223372036854775807"), 2n ** 63n - 1n);
  assert.equal(timeOn(timeline("sequence"), `-${text}`), -(2n ** 63n));
  for (const [type, each] of /** @type {const} */ ([["sequence", text], ["sequence", "-9223372036854775809"], ["duration", text], ["timestamp", "9".repeat(5_000)], ["timestamp", "T".repeat(300_000)], ["timestamp", "2300-01-01"]])) {
    assert.throws(() => timeOn(timeline(type), each), /has no time of the timeline in t: "/);
  }
});

/** A viewer with a recording. @param {{timeline: string, end: bigint, isLoading: boolean}} now */
function viewerWith(now) {
  /** @type {any[]} */
  const moves = [];
  const control = {
    get times() {
      const timelines = ["log_time", "frame"].map((name) => ({ ...timeline("sequence", now.end), name }));
      return { store: "run", timelines, timeline: now.timeline, time: 0n, isPlaying: true };
    },
    /** @param {string} store @param {{timeline: string}} cursor */
    async moveTime(store, cursor) {
      if (!["log_time", "frame"].includes(cursor.timeline)) throw new Error("no timeline");
      now.timeline = cursor.timeline;
      moves.push({ store, ...cursor });
    },
  };
  const viewer = { isOpen: true, isShown: true, get isLoading() { return now.isLoading; }, running: { viewer: { control } } };
  return { viewer: /** @type {any} */ (viewer), moves };
}

test("the viewer pauses at the time, on the recording's own timeline if the URL names none", async () => {
  const { viewer, moves } = viewerWith({ timeline: "log_time", end: 9n, isLoading: false });
  await goTo(viewer, { timeline: null, time: "7" });
  assert.deepEqual(moves, [{ store: "run", timeline: "frame" }, { store: "run", timeline: "frame", time: 7n, isPlaying: false }]);
});

test("a timeline alone becomes the active one, and the recording goes on playing", async () => {
  const { viewer, moves } = viewerWith({ timeline: "log_time", end: 9n, isLoading: false });
  await goTo(viewer, { timeline: "frame", time: null });
  assert.deepEqual(moves, [{ store: "run", timeline: "frame" }]);
});

test("a time that has not arrived yet is waited for", async () => {
  const now = { timeline: "frame", end: 3n, isLoading: true };
  const { viewer, moves } = viewerWith(now);
  const moved = goTo(viewer, { timeline: null, time: "7" });
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert.deepEqual(moves, []);
  now.end = 8n;
  await moved;
  assert.equal(moves[0].time, 7n);
});

test("the last time of a recording is there, also while it is loading", async () => {
  const { viewer, moves } = viewerWith({ timeline: "frame", end: 7n, isLoading: true });
  await goTo(viewer, { timeline: null, time: "7" });
  assert.equal(moves[0].time, 7n);
});

test("a string that is not a time is refused at once, and a time after the end of the data is set", async () => {
  const { viewer, moves } = viewerWith({ timeline: "frame", end: 3n, isLoading: false });
  await assert.rejects(goTo(viewer, { timeline: null, time: "soon" }), /has no time of the timeline in t: "soon"/);
  await goTo(viewer, { timeline: null, time: "7" });
  assert.deepEqual(moves, [{ store: "run", timeline: "frame", time: 7n, isPlaying: false }]);
});

test("a viewer that is loading, hidden or not open yet is waited for, however long; a recording without the timeline is named", async () => {
  let time = 0;
  mock.timers.enable({ apis: ["setTimeout"] });
  mock.method(performance, "now", () => time);
  const { viewer } = viewerWith({ timeline: "frame", end: 9n, isLoading: false });
  const { running } = viewer;
  Object.assign(viewer, { isOpen: false, running: null });
  let ended = "";
  const moved = goTo(viewer, { timeline: "step", time: null }).catch(({ message }) => (ended = message));
  const wait = async () => {
    for (let look = 0; look < 5; look++) {
      time += 9_000;
      await new Promise((resolve) => setImmediate(resolve));
      mock.timers.tick(100);
    }
  };
  await wait();
  Object.assign(viewer, { isOpen: true, isShown: false });
  await wait();
  assert.equal(ended, "");
  Object.assign(viewer, { isShown: true });
  await wait();
  await moved;
  assert.equal(ended, 'The recording has no timeline "step".');
  assert.ok(running);
  mock.timers.reset();
  mock.restoreAll();
});

test("a timeline that does not exist is named, when all data is there and some time has passed", async () => {
  const { viewer } = viewerWith({ timeline: "frame", end: 9n, isLoading: false });
  let now = 0;
  mock.method(performance, "now", () => (now += 3_000));
  await assert.rejects(goTo(viewer, { timeline: "step", time: "7" }), /no timeline/);
  mock.restoreAll();
});
