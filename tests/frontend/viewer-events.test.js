import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

globalThis.document = /** @type {any} */ (new EventTarget());
const { ViewerEvents } = await import("../../src/gradio_rerun/frontend/gradio/viewer-events.js");


/** As much of the element as the events need. */
class FakeViewer extends EventTarget {
  settings = { time_update_interval: 0 };
  /** @type {any} */
  running = { viewer: this };
  currentTime = null;
  /** Whether the recording on screen stays where it is. */
  isSettled = true;
  valueNumber = 1;
  control = { times: /** @type {any} */ (null) };

  /** @param {{application_id: string, recording_id: string}} recording */
  activeTimeline({ application_id, recording_id }) {
    const now = this.currentTime;
    return now?.application_id === application_id && now?.recording_id === recording_id ? now.timeline : null;
  }

  async frames() {}

  takesCommands() {
    return this.isSettled;
  }

  /** What the viewer reports, as it reports it. @param {object[]} events */
  async report(...events) {
    for (const detail of events) this.dispatchEvent(new CustomEvent("viewer-event", { detail: { ...RUN, ...detail } }));
    await null; // the events are taken in a microtask
  }

  /** Shows a recording that plays, or is paused. @param {boolean} isPlaying @param {string} [recording] */
  play(isPlaying, recording = "run") {
    this.control.times = { store: `Recording:app:${recording}`, isPlaying };
  }

  /** Where its time cursor stands. @param {string} timeline @param {bigint} time @param {object} [more] */
  stand(timeline, time, more = {}) {
    this.currentTime = { ...RUN, timeline, timeline_type: "sequence", time, ...more };
  }
}

const RUN = { application_id: "app", recording_id: "run" };

/** Of the component: one for each test. */
let id = 0;
/** @type {FakeViewer} */
let viewer;
/** What Python receives. @type {[string, any][]} */
let sent;

beforeEach(() => {
  id++;
  viewer = new FakeViewer();
  sent = [];
});

/** @param {Record<string, number>} [listenerCounts] */
function start(listenerCounts = {}) {
  return new ViewerEvents(/** @type {any} */ (viewer), { trigger: (type, data) => void sent.push([type, data]), id, listenerCounts });
}

/** A function that listens has returned. @param {string} type @param {number} [of] id of the component */
function handled(type, of = id) {
  globalThis.document.dispatchEvent(new CustomEvent("rerun-handled", { detail: `${type}-${of}` }));
}

/** @param {string} type */
function sentOf(type) {
  return sent.filter(([each]) => each === type).map(([, data]) => data);
}

test("events reach Python in order, and events without listeners stay in the page", async () => {
  start();
  await viewer.report({ type: "recording_open", source: "a.rrd" }, { type: "something_new" }, { type: "selection_change", items: [1] }, { type: "selection_change", items: [2] }, { type: "play" });
  assert.deepEqual(sent, [
    ["recording_open", { ...RUN, type: "recording_open", source: "a.rrd" }],
    ["selection_change", { ...RUN, type: "selection_change", items: [1] }],
    ["selection_change", { ...RUN, type: "selection_change", items: [2] }],
    ["play", { ...RUN, type: "play" }],
  ]);
});

test("the viewer's time is not requested while the viewer handles an event", async () => {
  start();
  let isAtWork = true;
  Object.defineProperty(viewer, "currentTime", {
    get: () => {
      assert.equal(isAtWork, false);
      return null;
    },
  });
  const reported = viewer.report({ type: "time_update", time: 3 });
  isAtWork = false;
  await reported;
  assert.equal(sentOf("time_update").length, 1);
});

test("an event waits until each function has finished with the one before, and none is lost", async () => {
  start({ selection_change: 2 });
  await viewer.report(...[1, 2, 3].map((item) => ({ type: "selection_change", items: [item] })));
  const items = () => sentOf("selection_change").map(({ items: [item] }) => item);
  assert.deepEqual(items(), [1]);
  handled("selection_change");
  assert.deepEqual(items(), [1]);
  handled("selection_change", id + 1); // of another viewer
  handled("play"); // of another event
  assert.deepEqual(items(), [1]);
  handled("selection_change");
  assert.deepEqual(items(), [1, 2]);
  handled("selection_change");
  handled("selection_change");
  assert.deepEqual(items(), [1, 2, 3]);
  handled("selection_change");
  handled("selection_change");
  handled("selection_change"); // once too often: the next event has its two functions all the same
  await viewer.report({ type: "selection_change", items: [4] }, { type: "selection_change", items: [5] });
  assert.deepEqual(items(), [1, 2, 3, 4]);
});

test("events of one type do not wait for listeners of another", async () => {
  start({ selection_change: 1 });
  await viewer.report({ type: "selection_change", items: [] }, { type: "selection_change", items: [] }, { type: "pause" });
  assert.deepEqual(sent.map(([type]) => type), ["selection_change", "pause"]);
});

test("of time updates that wait, only the last is sent", async () => {
  start({ time_update: 1 });
  viewer.stand("frame", 0n);
  for (const time of [0, 1, 2, 3]) await viewer.report({ type: "time_update", time });
  viewer.stand("frame", 3n);
  handled("time_update");
  handled("time_update");
  assert.deepEqual(sentOf("time_update").map(({ time }) => time), ["0", "3"]);
});

test("time updates keep the interval, and the last one is never lost", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  let now = 1000;
  context.mock.method(performance, "now", () => now);
  /** @param {number} ms */
  const pass = (ms) => {
    now += ms;
    context.mock.timers.tick(ms);
  };
  viewer.settings.time_update_interval = 0.2;
  start();
  const times = () => sentOf("time_update").map(({ time }) => time);
  await viewer.report({ type: "time_update", time: 1 }, { type: "time_update", time: 2 });
  assert.deepEqual(times(), ["1"]);
  pass(199);
  await viewer.report({ type: "time_update", time: 3 });
  assert.deepEqual(times(), ["1"]);
  pass(1);
  assert.deepEqual(times(), ["1", "3"]);
  pass(1000);
  assert.deepEqual(times(), ["1", "3"]);
  await viewer.report({ type: "time_update", time: 4 });
  assert.deepEqual(times(), ["1", "3", "4"]);
});

test("an element that leaves the page drops waiting events", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  viewer.settings.time_update_interval = 1;
  start({ selection_change: 1 });
  await viewer.report({ type: "time_update", time: 1 }, { type: "time_update", time: 2 });
  await viewer.report({ type: "selection_change", items: [1] }, { type: "selection_change", items: [2] });
  viewer.dispatchEvent(new Event("dispose"));
  context.mock.timers.tick(10_000);
  handled("selection_change");
  assert.deepEqual(sent.map(([type]) => type), ["time_update", "selection_change"]);
});

test("times are whole numbers, as digits", async () => {
  start();
  for (const [time, digits] of /** @type {[number, string][]} */ ([[0, "0"], [3.9, "3"], [-0.5, "-1"], [2 ** 62, "4611686018427387904"]])) {
    await viewer.report({ type: "time_update", time });
    assert.equal(sentOf("time_update").at(-1).time, digits);
    assert.equal(sentOf("time_update").at(-1).timeline_type, null);
  }
});

test("a time is exact, and of a type, where the viewer's cursor stands at it", async () => {
  start();
  const exact = 1_714_979_289_123_456_789n;
  viewer.stand("stamp", exact, { timeline_type: "timestamp" });
  await viewer.report({ type: "timeline_change", timeline: "stamp", time: Number(exact) }, { type: "time_update", time: Number(exact) });
  for (const type of ["timeline_change", "time_update"]) {
    const [{ time, timeline, timeline_type }] = sentOf(type);
    assert.deepEqual([time, timeline, timeline_type], [String(exact), "stamp", "timestamp"]);
  }
});

test("a time is as the event says where the cursor stands elsewhere by now", async () => {
  const elsewhere = [{ time: 5n }, { timeline: "other" }, { recording_id: "other" }, { application_id: "other" }];
  for (const other of elsewhere) {
    [viewer, sent] = [new FakeViewer(), []];
    start();
    viewer.stand("frame", 3n, other);
    await viewer.report({ type: "timeline_change", timeline: "frame", time: 3.2 });
    const [{ time, timeline, timeline_type }] = sentOf("timeline_change");
    assert.deepEqual([time, timeline, timeline_type], ["3", "frame", null]);
  }
});

test("while it plays, the cursor stands between two frames", async () => {
  start();
  viewer.stand("frame", 3n);
  await viewer.report({ type: "time_update", time: 3.7 });
  const [{ time, timeline_type }] = sentOf("time_update");
  assert.deepEqual([time, timeline_type], ["3", "sequence"]);
});

test("a time update is on the timeline that was reported last for its recording", async () => {
  start();
  await viewer.report(
    { type: "timeline_change", timeline: "frame", time: 0 },
    { type: "timeline_change", timeline: "other", time: 0, recording_id: "second" },
    { type: "time_update", time: 1 },
  );
  await viewer.report({ type: "time_update", time: 1, recording_id: "second" });
  await viewer.report({ type: "timeline_change", timeline: "stamp", time: 0 }, { type: "time_update", time: 2 });
  assert.deepEqual(sentOf("time_update").map(({ timeline }) => timeline), ["frame", "other", "stamp"]);
});

test("recordings of two applications do not mix, whatever their names are", async () => {
  start();
  const one = { application_id: "a\nb", recording_id: "c" };
  const other = { application_id: "a", recording_id: "b\nc" };
  await viewer.report({ ...one, type: "timeline_change", timeline: "frame", time: 0 }, { ...other, type: "timeline_change", timeline: "stamp", time: 0 });
  await viewer.report({ ...one, type: "time_update", time: 1 });
  await viewer.report({ ...other, type: "time_update", time: 1 });
  assert.deepEqual(sentOf("time_update").map(({ timeline }) => timeline), ["frame", "stamp"]);
});

test("after a replacement under the same recording id, times are on the timeline of the new recording", async () => {
  start();
  viewer.stand("steps", 0n);
  await viewer.report({ type: "recording_open" }, { type: "timeline_change", timeline: "steps", time: 0 }, { type: "time_update", time: 0 });
  // Viewers of 0.41 report no timeline_change then.
  viewer.stand("frames", 3n);
  await viewer.report({ type: "recording_open" }, { type: "time_update", time: 3 });
  const { timeline, time, timeline_type } = sentOf("time_update").at(-1);
  assert.deepEqual([timeline, time, timeline_type], ["frames", "3", "sequence"]);
});

test("a timeline change that the viewer does not report is one all the same, and one that it reports is one only", async () => {
  start();
  viewer.stand("frames", 3n);
  await viewer.report({ type: "recording_open" }, { type: "time_update", time: 3, from_command: true });
  const changes = () => sentOf("timeline_change").map(({ timeline, time, timeline_type, from_command }) => [timeline, time, timeline_type, from_command]);
  assert.deepEqual(changes(), [["frames", "3", "sequence", true]]);
  assert.deepEqual(sent.map(([type]) => type), ["recording_open", "timeline_change", "time_update"]);
  // Some report it after the first time.
  await viewer.report({ type: "timeline_change", timeline: "frames", time: 3 }, { type: "time_update", time: 4 });
  assert.equal(changes().length, 1);
  await viewer.report({ type: "timeline_change", timeline: "steps", time: 0 }, { type: "timeline_change", timeline: "frames", time: 0 });
  assert.deepEqual(changes().map(([timeline]) => timeline), ["frames", "steps", "frames"]);
});

test("another timeline than the requested one is a change", async () => {
  start();
  viewer.stand("frames", 3n);
  await viewer.report({ type: "recording_open" }, { type: "time_update", time: 3 }, { type: "timeline_change", timeline: "steps", time: 0 });
  assert.deepEqual(sentOf("timeline_change").map(({ timeline }) => timeline), ["frames", "steps"]);
});

test("an element without settings yet, and a function that has finished with what was sent before, do no harm", async () => {
  viewer.settings = /** @type {any} */ (null);
  start();
  handled("time_update");
  await viewer.report({ type: "time_update", time: 1 });
  await viewer.report({ type: "time_update", time: 2 });
  assert.deepEqual(sentOf("time_update").map(({ time }) => time), ["1", "2"]);
});

test("a timeline that the viewer does not report is null", async () => {
  start();
  await viewer.report({ type: "time_update", time: 3 });
  assert.deepEqual(sent, [["time_update", { ...RUN, type: "time_update", time: "3", timeline: null, timeline_type: null }]]);
});

test("the component's own events are in the same order", () => {
  const events = start({ state: 1 });
  events.add("state", { one: 1 });
  events.add("state", { two: 2 });
  assert.deepEqual(sent, [["state", { one: 1, type: "state" }]]);
  handled("state");
  assert.deepEqual(sent[1], ["state", { two: 2, type: "state" }]);
});

const states = () => sent.filter(([type]) => ["play", "pause"].includes(type)).map(([type, { recording_id }]) => [type, recording_id]);

test("a recording that plays by itself is reported, once, as soon as the viewer knows its timeline", async () => {
  start();
  viewer.play(true); // what the viewer reports before it has read the recording
  await viewer.report({ type: "recording_open", segment_id: "part" }, { type: "selection_change", items: [] });
  assert.deepEqual(states(), []);
  await viewer.report({ type: "timeline_change", timeline: "frame", time: 0, segment_id: "part" }, { type: "time_update", time: 0 }, { type: "time_update", time: 1 });
  assert.deepEqual(sentOf("play").map(({ type, application_id, recording_id, segment_id }) => [type, application_id, recording_id, segment_id]), [["play", "app", "run", "part"]]);
  viewer.play(false);
  await viewer.report({ type: "pause" }, { type: "time_update", time: 2 });
  assert.deepEqual(states(), [["play", "run"], ["pause", "run"]]);
  viewer.play(true);
  await viewer.report({ type: "recording_open" }, { type: "time_update", time: 0 }); // the same recording, anew
  assert.deepEqual(states().at(-1), ["play", "run"]);
  assert.equal(states().length, 3);
});

test("a recording that starts paused is reported only if the one before has played", async () => {
  start();
  viewer.play(false);
  await viewer.report({ type: "recording_open" }, { type: "time_update", time: 0 });
  assert.deepEqual(states(), []);
  viewer.play(true, "second");
  const second = { recording_id: "second", from_command: true };
  await viewer.report({ type: "recording_open", ...second }, { type: "time_update", time: 0, ...second });
  assert.equal(sentOf("play")[0].from_command, true); // as the event by which it is known
  viewer.play(false); // the user shows the first one again
  await viewer.report({ type: "time_update", time: 0 });
  assert.deepEqual(states(), [["play", "second"], ["pause", "run"]]);
});

test("whether a recording plays that is not on screen is not known", async () => {
  start();
  viewer.play(true);
  await viewer.report({ type: "recording_open", recording_id: "behind" }, { type: "time_update", time: 0, recording_id: "behind" });
  assert.deepEqual(states(), []);
});

test("a key that repeats is not sent while functions work, and a key that is released is not forgotten", async () => {
  const events = start({ key_input: 1 });
  const keys = () => sentOf("key_input").map(({ pressed, repeat }) => (repeat ? "repeat" : pressed ? "down" : "up"));
  events.add("key_input", { pressed: true });
  for (let i = 0; i < 20; i++) events.add("key_input", { pressed: true, repeat: true });
  events.add("key_input", { pressed: false });
  viewer.dispatchEvent(new Event("dispose"));
  assert.deepEqual(keys(), ["down"]);
  handled("key_input");
  handled("key_input");
  assert.deepEqual(keys(), ["down", "up"]);
  events.add("key_input", { pressed: true, repeat: true });
  assert.deepEqual(keys(), ["down", "up", "repeat"]);
});

test("the first time of a recording is reported also if the viewer does not", async () => {
  start();
  viewer.stand("frame", 29n);
  await viewer.report({ type: "recording_open" });
  await null;
  assert.deepEqual(
    sent.map(([type, { timeline, time }]) => [type, timeline, time]),
    [["recording_open", undefined, undefined], ["timeline_change", "frame", "29"], ["time_update", "frame", "29"]],
  );
});

test("the first time of a recording is reported once", async () => {
  start();
  viewer.stand("frame", 29n);
  await viewer.report({ type: "recording_open" }, { type: "timeline_change", timeline: "frame", time: 29 });
  viewer.dispatchEvent(new Event("load"));
  for (let frame = 0; frame < 4; frame++) await null;
  assert.deepEqual(sent.map(([type]) => type), ["recording_open", "timeline_change"]);
});

test("a first timeline that the viewer reports later is reported once", async () => {
  start();
  viewer.stand("frame", 29n);
  await viewer.report({ type: "recording_open" });
  await null;
  await viewer.report({ type: "timeline_change", timeline: "frame", time: 29 }, { type: "timeline_change", timeline: "step", time: 3 });
  assert.deepEqual(sent.filter(([type]) => type === "timeline_change").map(([, { timeline }]) => timeline), ["frame", "step"]);
});

test("the first time of a recording is reported when its place is restored", async () => {
  start();
  viewer.isSettled = false;
  await viewer.report({ type: "recording_open" });
  viewer.stand("frame", 0n);
  for (let frame = 0; frame < 4; frame++) await null;
  viewer.isSettled = true;
  viewer.stand("frame", 7n);
  viewer.dispatchEvent(new Event("load"));
  for (let frame = 0; frame < 4; frame++) await null;
  assert.deepEqual(sent.filter(([type]) => type === "time_update").map(([, { time }]) => time), ["7"]);
});

test("an empty viewer reports no time", async () => {
  start();
  viewer.running = null;
  viewer.dispatchEvent(new Event("load"));
  for (let frame = 0; frame < 4; frame++) await null;
  assert.deepEqual(sent, []);
});
