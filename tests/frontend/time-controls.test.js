import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { FakeElement, fakeDocument, setLanguage } from "./dom.js";

globalThis.ResizeObserver = /** @type {any} */ (
  class {
    /** @param {() => void} callback */
    constructor(callback) {
      resized = callback;
    }

    observe() {}
  }
);
const { TimeControls, asText } = await import("../../src/gradio_rerun/frontend/gradio/time-controls.js");

/** Changes the size of the viewer. @type {() => void} */
let resized;
/** @type {any} */
let viewer;
/** @type {any} */
let times;
/** The calls that the viewer received, in order. @type {any[]} */
let done;
/** @type {FakeElement} */
let host;
/** @type {InstanceType<typeof TimeControls>} */
let controls;
/** Lets time pass. @type {(ms: number) => void} */
let pass;

const FRAMES = { name: "frame", type: "sequence", start: 10n, end: 30n };
const TICKS = { name: "log_tick", type: "sequence", start: 0n, end: 20n };

beforeEach((context) => {
  const { mock } = /** @type {import("node:test").TestContext} */ (context);
  mock.timers.enable({ apis: ["setTimeout"] });
  pass = (ms) => mock.timers.tick(ms);
  fakeDocument();
  done = [];
  times = { store: "Recording:app:run", timelines: [FRAMES, TICKS], timeline: "frame", time: 12n, isPlaying: false };
  const control = {
    get times() {
      return times;
    },
    moveTime: async (/** @type {any[]} */ ...given) => void done.push(given),
    step: async (/** @type {any} */ _, /** @type {number} */ direction) => void done.push(direction),
  };
  viewer = Object.assign(new FakeElement("rerun-viewer"), { clientWidth: 390, clientHeight: 300, running: { viewer: { control } } });
  host = new FakeElement();
  controls = new TimeControls(/** @type {any} */ (host), viewer);
});

/** @param {object} [settings] @param {boolean} [isEmpty] */
function configure(settings, isEmpty = false) {
  controls.configure(/** @type {any} */ ({ time_controls: null, panel_states: {}, ...settings }), isEmpty);
}

/** @param {string} name of the HTML element */
const find = (name) => /** @type {any} */ (host.all(({ localName }) => localName === name)[0]);

test("time controls are shown below viewers that are too narrow for their own, and below no others", () => {
  configure();
  assert.equal(host.hidden, false);
  for (const [width, height, isHidden] of [[700, 600, true], [600, 600, false], [700, 300, true]]) { // a low one shows its own time panel
    Object.assign(viewer, { clientWidth: width, clientHeight: height });
    resized();
    assert.equal(host.hidden, isHidden);
  }
});

test("the controls of a viewer that is back in the page after it was disposed show its time", () => {
  configure();
  viewer.dispatchEvent(new Event("viewer-event"));
  viewer.dispatchEvent(new Event("dispose"));
  times = { ...times, time: 20n };
  viewer.dispatchEvent(new Event("viewer-event"));
  pass(1000);
  assert.equal(find("input").value, "10");
});

test("the app can have them always or never, and its own choice for the time panel counts", () => {
  Object.assign(viewer, { clientWidth: 900, clientHeight: 900 });
  configure({ time_controls: true });
  assert.equal(host.hidden, false);
  viewer.clientWidth = 390;
  for (const settings of [{ time_controls: false }, { panel_states: { time: "hidden" } }, { panel_states: { time: "expanded" } }]) {
    configure(settings);
    assert.equal(host.hidden, true);
  }
  configure({ time_controls: true, panel_states: { time: "hidden" } });
  assert.equal(host.hidden, false);
  configure({ time_controls: true }, true);
  assert.equal(host.hidden, true); // nothing to show
});

test("a recording without timelines of its own needs no time controls, and an opening one changes nothing", () => {
  times = { ...times, timelines: [TICKS, { ...FRAMES, end: 10n }] };
  configure();
  assert.equal(host.hidden, true);
  times = { ...times, timelines: [FRAMES] };
  viewer.dispatchEvent(new Event("load"));
  pass(200);
  assert.equal(host.hidden, false);
  times = null;
  viewer.dispatchEvent(new Event("load"));
  pass(200);
  assert.deepEqual([host.hidden, find("input").disabled, find("span").textContent], [false, true, ""]);
});

test("time controls show the time, and follow the viewer", () => {
  configure();
  const [slider, select] = [find("input"), find("select")];
  assert.deepEqual([slider.max, slider.value, slider.getAttribute("aria-valuetext"), select.value], ["20", "2", "12", "frame"]);
  assert.deepEqual(select.children.map(({ value }) => value), ["frame", "log_tick"]);
  times = { ...times, time: 25n, isPlaying: true };
  viewer.dispatchEvent(new Event("viewer-event"));
  pass(200);
  assert.deepEqual([slider.value, find("span").textContent, host.all(({ ariaLabel }) => ariaLabel === "Pause recording").length], ["15", "25", 1]);
});

test("time controls play, pause, step, seek and change the timeline", () => {
  configure();
  const [back, play, forward] = host.all(({ localName }) => localName === "button");
  play.click();
  Object.assign(find("input"), { value: "7" }).dispatchEvent(new Event("input"));
  Object.assign(find("select"), { value: "log_tick" }).dispatchEvent(new Event("change"));
  back.click();
  forward.click();
  const store = times.store;
  assert.deepEqual(done, [
    [store, { timeline: "frame", isPlaying: true }],
    [store, { timeline: "frame", time: 17n, isPlaying: false }],
    [store, { timeline: "log_tick" }],
    -1,
    1,
  ]);
});

test("the slider stays where the user has put it until the viewer has reached the time", async () => {
  configure();
  const slider = find("input");
  Object.assign(slider, { value: "7" }).dispatchEvent(new Event("input"));
  viewer.dispatchEvent(new Event("viewer-event"));
  pass(200);
  assert.equal(slider.value, "7");
  await new Promise((resolve) => setImmediate(resolve));
  pass(200);
  assert.equal(slider.value, "2"); // this viewer does not move
});

test("the right end of the slider is the end of the timeline, whatever the step", () => {
  times = { ...times, timelines: [{ ...FRAMES, start: 0n, end: 10_999n }] };
  configure();
  const slider = find("input");
  assert.deepEqual([slider.max, slider.step], ["10999", "10"]);
  // A browser's slider stands on steps only: its last value is 10990.
  for (const value of ["10990", "10980", "0"]) Object.assign(slider, { value }).dispatchEvent(new Event("input"));
  assert.deepEqual(done.map(([, { time }]) => time), [10_999n, 10_980n, 0n]);
  times = { ...times, timelines: [{ ...FRAMES, start: 0n, end: 10_000n }] };
  resized();
  assert.equal(slider.step, "1");
});

test("time controls have names, and the button shows its action", () => {
  configure();
  assert.deepEqual([host.role, host.ariaLabel, find("input").type, find("input").ariaLabel, find("select").title], ["group", "Time controls", "range", "Time cursor", "Active timeline"]);
  const [back, play, forward] = /** @type {any[]} */ (host.all(({ localName }) => localName === "button"));
  assert.deepEqual([back.title, play.title, forward.title], ["Previous time", "Play recording", "Next time"]);
  const drawn = () => play.all((/** @type {FakeElement} */ { localName }) => localName === "path")[0].getAttribute("d");
  const paused = drawn();
  for (const isPlaying of [true, true, false]) {
    times = { ...times, isPlaying };
    resized();
    assert.equal(drawn() === paused, !isPlaying);
  }
});

test("the button for playing has a name before there is a recording, in the language of the page", () => {
  const of = times;
  times = null;
  configure({ time_controls: true });
  const play = /** @type {any} */ (host.all(({ localName }) => localName === "button")[1]);
  assert.equal(play.ariaLabel, "Play recording");
  times = { ...of, isPlaying: true };
  resized();
  times = null;
  setLanguage("de");
  configure({ time_controls: true });
  assert.equal(play.ariaLabel, "Aufzeichnung anhalten");
});

test("the recording that a viewer shows unseen before there is a value has no time controls", () => {
  viewer.running.isAhead = true;
  configure({ time_controls: true });
  assert.equal(find("input").disabled, true);
  viewer.running.isAhead = false;
  resized();
  assert.equal(find("input").disabled, false);
});

test("hidden time controls are not reachable by keyboard, and do not exist before they are configured", () => {
  assert.equal(host.hidden, true);
  configure();
  assert.equal(host.children.length, 6);
  Object.assign(viewer, { clientWidth: 630, clientHeight: 500 });
  resized();
  assert.deepEqual([host.hidden, host.children.length], [true, 0]);
  Object.assign(viewer, { clientWidth: 0 }); // in a tab that is not selected
  resized();
  assert.equal(host.hidden, true);
});

test("at the end, play begins at the start", () => {
  times = { ...times, time: 30n };
  configure();
  host.all(({ localName }) => localName === "button")[1].click();
  assert.deepEqual(done, [["Recording:app:run", { timeline: "frame", isPlaying: true, time: 10n }]]);
});

test("a viewer that has ended does nothing", () => {
  configure();
  viewer.running = null;
  for (const each of host.all(({ localName }) => localName === "button")) each.click();
  assert.deepEqual(done, []);
});

test("times are written as users read them", () => {
  assert.equal(asText(12n, "sequence"), "12");
  assert.equal(asText(12n, null), "12");
  assert.equal(asText(1_250_000_000n, "duration"), "1.25 s");
  assert.equal(asText(1_700_000_000_123_456_789n, "timestamp"), "2023-11-14 22:13:20.123");
  assert.equal(asText(2n ** 62n, "timestamp"), "2116-02-20 23:53:38.427");
});
