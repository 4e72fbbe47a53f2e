import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { message, read, text } from "../../src/gradio_rerun/frontend/viewer/protobuf.js";
import { Viewer } from "../../src/gradio_rerun/frontend/viewer/viewer.js";
import { replacementFailure } from "../../src/gradio_rerun/frontend/viewer/viewer-failure.js";
import { encode, encodeState } from "./messages.js";

const RUN = { application_id: "app", recording_id: "run" };
const STORE = "Recording:app:run";

/** What was called of the handle, in order. @type {[string, ...any[]][]} */
let called;
/** What the viewer was made with. @type {any} */
let options;
/** What it runs with instead of the browser's. @type {any} */
let globals;
/** @type {string | null} */
let panic;
/** @type {any} */
let handle;
/** @type {any} */
let canvas;
/** @type {string[]} */
let lost;
/** What the callbacks have heard. @type {[string, any][]} */
let heard;
/** What the page's own console.error was called with. @type {any[][]} */
let errors;
/** Has the viewer looked after so many times. @type {(times: number) => void} */
let poll;

/** @param {string} name @param {(...given: any[]) => unknown} [does] */
const method = (name, does) => (/** @type {any[]} */ ...given) => {
  called.push([name, ...given]);
  return does?.(...given);
};

beforeEach((context) => {
  const { mock } = /** @type {import("node:test").TestContext} */ (context);
  /** @type {Map<number, () => void>} */
  const intervals = new Map();
  // Node 20's own fake goes on with an interval that is cleared in its callback.
  mock.method(globalThis, "setInterval", (/** @type {() => void} */ callback) => {
    intervals.set(intervals.size + 1, callback);
    return intervals.size;
  });
  mock.method(globalThis, "clearInterval", (/** @type {number} */ id) => intervals.delete(id));
  errors = [];
  mock.method(console, "error", (/** @type {any[]} */ ...words) => errors.push(words));
  poll = (times) => {
    for (let count = 0; count < times; count++) for (const callback of [...intervals.values()]) callback();
  };
  [called, lost, heard, panic] = [[], [], [], null];
  handle = Object.fromEntries(
    ["destroy", "free", "add_receiver", "open_channel", "send_rrd_to_channel", "override_panel_state", "toggle_panel_overrides"].map((name) => [name, method(name)]),
  );
  Object.assign(handle, { start: method("start", async () => {}), has_panicked: () => panic !== null, panic_message: () => panic });
  canvas = Object.assign(new EventTarget(), {
    isRemoved: false,
    remove() {
      this.isRemoved = true;
    },
    getContext: () => ({ getExtension: (/** @type {string} */ name) => ({ loseContext: () => lost.push(name) }) }),
  });
  globalThis.window = /** @type {any} */ ({ matchMedia: (/** @type {string} */ query) => query });
  globalThis.requestAnimationFrame = (callback) => {
    callback(0);
    return 0;
  };
});

/** @param {object} [more] */
function start(more = {}) {
  const createBindings = (/** @type {any} */ given) => {
    globals = given;
    const bindings = async (/** @type {any} */ { module_or_path }) => {
      assert.equal(module_or_path, "module");
      return { memory: { buffer: { byteLength: 2_300_000_000 } } };
    };
    return Object.assign(bindings, {
      WebHandle: class {
        /** @param {any} given */
        constructor(given) {
          options = given;
          return handle;
        }
      },
    });
  };
  /** @param {string} name */
  const hear = (name) => (/** @type {any} */ what) => void heard.push([name, what]);
  return Viewer.start(/** @type {any} */ ({ createBindings, module: "module" }), canvas, {
    fetch: /** @type {any} */ ("our fetch"),
    theme: "light",
    panelStates: { time: "collapsed" },
    onEvent: hear("event"),
    onPanic: hear("panic"),
    onComplaint: hear("complaint"),
    requestFrame: (/** @type {FrameRequestCallback} */ callback) => globalThis.requestAnimationFrame(callback),
    fullscreen: { get_state: () => false, on_toggle: () => {} },
    ...more,
  });
}

/** @param {string} name */
const callsOf = (name) => called.filter(([each]) => each === name).map(([, ...given]) => given);

test("a viewer starts on its canvas, with our fetch, and keeps nothing in the browser", async () => {
  await start();
  assert.deepEqual(callsOf("start"), [[canvas]]);
  const { hide_welcome_screen, persist, theme } = options;
  assert.deepEqual([hide_welcome_screen, persist, theme, globals.fetch], [true, false, "light", "our fetch"]);
  assert.deepEqual(callsOf("override_panel_state"), [["time", "collapsed"]]);
});

test("a viewer that does not start reports the reason, and leaves nothing behind", async () => {
  handle.start = () => Promise.reject(new Error("no adapter"));
  await assert.rejects(start(), /^Error: The viewer did not start: no adapter$/);
  assert.equal(canvas.isRemoved, true);
  panic = "assertion failed";
  await assert.rejects(start(), /^Error: The viewer did not start: assertion failed$/);
  panic = null;
  handle.start = () => Promise.reject("no canvas"); // as wasm-bindgen rejects with a string
  await assert.rejects(start(), /^Error: The viewer did not start: no canvas$/);
  assert.deepEqual([callsOf("destroy").length, callsOf("free").length], [3, 3]);
  poll(20);
  assert.deepEqual(heard, []);
});

test("events are passed on, except those of the empty recording", async () => {
  await start();
  options.on_viewer_event('{"type":"play","application_id":"<EMPTY>"}');
  options.on_viewer_event('{"type":"pause","application_id":"app"}');
  assert.deepEqual(heard, [["event", { type: "pause", application_id: "app" }]]);
});

test("a panic is reported once, with its reason", async () => {
  await start();
  poll(2);
  assert.deepEqual(heard, []);
  panic = "index out of bounds";
  poll(1);
  poll(10);
  assert.deepEqual(heard, [["panic", "index out of bounds"]]);
});

test("a panic without a reason is reported, too", async () => {
  await start();
  handle.has_panicked = () => true;
  poll(1);
  assert.deepEqual(heard, [["panic", "it gave no reason"]]);
});

test("each frame is reported after the viewer has drawn it", async () => {
  /** @type {any[]} */
  const done = [];
  await start({ onFrame: () => done.push("frame") });
  globals.requestAnimationFrame((/** @type {number} */ time) => done.push(time));
  assert.deepEqual(done, [0, "frame"]);
});

test("a viewer that has ended reports nothing more", async () => {
  const viewer = await start();
  viewer.dispose();
  panic = "too late";
  poll(10);
  canvas.dispatchEvent(new Event("webglcontextlost"));
  assert.deepEqual(heard, []);
});

test("a viewer that gets no more memory is reported, with what it held", async () => {
  await start();
  const abort = () => globals.requestAnimationFrame(() => {
    throw new WebAssembly.RuntimeError("unreachable");
  });
  assert.throws(abort, WebAssembly.RuntimeError);
  assert.match(heard[0][1], /it held 2300 MB/);
  heard = [];
  panic = "a reason"; // which the poll reports
  assert.throws(abort, WebAssembly.RuntimeError);
  assert.throws(() => globals.requestAnimationFrame(() => assert.fail("other")), /other/);
  assert.deepEqual(heard, []);
});

test("a viewer that gets no more memory in a call is reported, whatever is called", async () => {
  handle.viewer_state = () => {
    throw new WebAssembly.RuntimeError("unreachable");
  };
  const viewer = await start();
  assert.equal(viewer.currentTime, null);
  assert.match(heard[0][1], /no more memory; it held 2300 MB/);
  heard = [];
  panic = "a reason"; // which the poll reports
  assert.equal(viewer.currentTime, null);
  assert.deepEqual(heard, []);
});

test("a lost WebGL context is reported", async () => {
  await start();
  canvas.dispatchEvent(new Event("webglcontextlost"));
  assert.match(heard[0][1], /WebGL context lost/);
});

test("errors that the viewer writes to the console are passed on without styles", async () => {
  await start();
  globals.console.error("%cERROR%c crates/x.rs:7%c: It is broken, url: http://app.test/a.rrd", "color: red", "");
  globals.console.error("plain");
  assert.deepEqual(heard, [["complaint", "It is broken, url: http://app.test/a.rrd"], ["complaint", "plain"]]);
  assert.deepEqual(errors.map((words) => words[words.length - 1]), ["", "plain"]); // the page's console has them, too
});

test("a viewer of 0.24, which only warns that it cannot read on, is understood", async (t) => {
  await start();
  t.mock.method(console, "warn", () => {});
  const reason = "Failed to fetch .rrd file from http://app.test/a.rrd: Unknown compression: 65";
  globals.console.warn("[re_viewer::app] re_viewer/src/app.rs:1653: A software rasterizer");
  globals.console.warn(`[re_viewer::app] re_viewer/src/app.rs:1653: Data source http://app.test/a.rrd has left unexpectedly: ${reason}`);
  assert.deepEqual(heard, [["complaint", reason]]);
});

test("a URL that the viewer does not open, with only a warning, is reported", async (t) => {
  await start();
  t.mock.method(console, "warn", () => {});
  const warning = 'Failed to parse URL: http://app.test/config url="http://app.test/config"';
  globals.console.warn(`%cWARN%c re_viewer::web%c: Failed to open URL: ${warning}`, "", "", "");
  assert.deepEqual(heard, [["complaint", `it does not open such a URL; that of a recording ends with .rrd, url: ${warning}`]]);
});

test("an error of the browser is left to the page's console", async () => {
  await start();
  const error = new TypeError("Failed to fetch");
  globals.console.error(error);
  assert.deepEqual([heard, errors], [[], [[error]]]);
});

test("a viewer that reads the system's theme gets the component's theme", async () => {
  await start();
  assert.equal(globals.matchMedia("(prefers-color-scheme: light)"), "all");
  assert.equal(globals.matchMedia("(prefers-color-scheme: dark)"), "not all");
  assert.equal(globals.matchMedia("(pointer: coarse)"), "(pointer: coarse)");
});

test("a recording is opened by its URL, and the viewer woken", async () => {
  const viewer = await start();
  called = [];
  viewer.open("http://app.test/a.rrd");
  assert.deepEqual(called, [["add_receiver", "http://app.test/a.rrd"], ["toggle_panel_overrides", true]]);
});

test("data goes through one channel", async () => {
  const viewer = await start();
  viewer.send(Uint8Array.from([1]));
  viewer.send(Uint8Array.from([2]));
  assert.equal(callsOf("open_channel").length, 1);
  const [[channel]] = callsOf("open_channel");
  assert.deepEqual(callsOf("send_rrd_to_channel"), [[channel, Uint8Array.from([1])], [channel, Uint8Array.from([2])]]);
  const names = called.map(([name]) => name);
  assert.ok(names.indexOf("open_channel") < names.indexOf("send_rrd_to_channel"));
});

test("data that exceed the memory end the viewer, with that reason", async () => {
  const viewer = await start();
  handle.send_rrd_to_channel = () => {
    throw new WebAssembly.RuntimeError("unreachable");
  };
  assert.throws(() => viewer.send(Uint8Array.from([1])), WebAssembly.RuntimeError);
  assert.match(heard[0][1], /no more memory; it held 2300 MB/);
});

test("all recordings are closed by one request, and the viewer wakes for that", async () => {
  /** @type {(answer: Uint8Array) => void} */
  let answer = () => {};
  handle.viewer_control = method("viewer_control", () => new Promise((resolve) => (answer = resolve)));
  const viewer = await start();
  viewer.open("http://app.test/a.rrd");
  called = [];
  let isClosed = false;
  const closing = viewer.closeAll().then(() => (isClosed = true));
  assert.deepEqual(called, [["viewer_control", Uint8Array.from([10, 2, 16, 1])], ["toggle_panel_overrides", true]]);
  await Promise.resolve();
  assert.equal(isClosed, false);
  answer(new Uint8Array());
  await closing;
});

test("in an old viewer each recording is closed, but for those that were forgotten", async () => {
  handle.remove_receiver = method("remove_receiver");
  const viewer = await start();
  for (const name of ["a", "b", "c"]) viewer.open(name);
  viewer.forget("b");
  called = [];
  await viewer.closeAll();
  assert.deepEqual(called, [["remove_receiver", "a"], ["remove_receiver", "c"], ["toggle_panel_overrides", true]]);
  await viewer.closeAll();
  assert.equal(callsOf("remove_receiver").length, 2);
});

test("only panels that change are set, and panels that are left to the user again", async () => {
  const viewer = await start();
  called = [];
  viewer.setPanelStates({ time: "hidden", top: "hidden" }, { top: "hidden", selection: "expanded" });
  assert.deepEqual(callsOf("override_panel_state"), [["selection", null], ["time", "hidden"]]);
  assert.equal(called.at(-1)?.[0], "toggle_panel_overrides"); // or the viewer would show it at the next input only
});

test("the time and the timeline of the recording on screen are those of the viewer's state", async () => {
  const viewer = await start();
  const run = { application_id: "my:app", recording_id: "run" };
  assert.deepEqual([viewer.currentTime, viewer.activeTimeline(run)], [null, null]); // an old one says neither
  handle.viewer_state = () => encodeState("Recording:my\\:app:run", [{ id: "Recording:my\\:app:run", timeline: "frame", time: 7n }]);
  assert.deepEqual([viewer.currentTime?.time, viewer.activeTimeline(run)], [7n, "frame"]);
  for (const other of [{ ...run, application_id: "other" }, { ...run, recording_id: "other" }]) assert.equal(viewer.activeTimeline(other), null);
  handle.viewer_state = () => {
    throw new WebAssembly.RuntimeError("unreachable");
  };
  assert.deepEqual([viewer.currentTime, viewer.activeTimeline(run)], [null, null]);
});

test("the timeline of a recording in an old viewer is read by its getter", async () => {
  const viewer = await start();
  handle.get_active_timeline = (/** @type {string} */ id) => (id === "run" ? "frame" : undefined);
  assert.equal(viewer.activeTimeline({ application_id: "app", recording_id: "run" }), "frame");
  assert.equal(viewer.activeTimeline({ application_id: "app", recording_id: "other" }), null);
  handle.get_active_timeline = () => {
    throw new WebAssembly.RuntimeError("unreachable");
  };
  assert.equal(viewer.activeTimeline({ application_id: "app", recording_id: "run" }), null);
});

test("a save that a viewer cannot do is null", async () => {
  const viewer = await start();
  assert.deepEqual([await viewer.saveRecording(), await viewer.saveBlueprint()], [null, null]);
  Object.assign(handle, { save_recording: async () => Uint8Array.from([1]), save_blueprint: async () => Uint8Array.from([2]) });
  assert.deepEqual([await viewer.saveRecording(), await viewer.saveBlueprint()], [Uint8Array.from([1]), Uint8Array.from([2])]);
});

const panics = () => {
  throw new WebAssembly.RuntimeError("unreachable");
};

test("the welcome page is on screen where no recording is, and neither a server nor a table", async () => {
  const viewer = await start();
  const shows = (/** @type {string} */ location, active = "") => {
    handle.viewer_state = () => encode([[1, location], [2, active]]);
    return viewer.showsWelcome;
  };
  assert.equal(shows(""), true);
  assert.equal(shows("https://app.rerun.io/examples"), true); // of which only a blueprint came
  assert.equal(shows("rerun+https://_examples.rerun.io:443"), true);
  assert.equal(shows("rerun+http://127.0.0.1:9876"), false);
  assert.equal(shows("", STORE), false);
  handle.viewer_state = panics;
  assert.equal(viewer.showsWelcome, false);
});

test("an old viewer reports that it shows a recording, and nothing else", async () => {
  const viewer = await start();
  handle.get_active_recording_id = () => "run";
  assert.equal(viewer.showsWelcome, false);
  handle.get_active_recording_id = () => undefined;
  assert.equal(viewer.showsWelcome, null);
});

test("a recording was closed by the user if it was open before and is not open now", async () => {
  const viewer = await start();
  const other = { ...RUN, recording_id: "other" };
  const open = (/** @type {string[]} */ ...ids) => {
    handle.viewer_state = () => encodeState("", ids.map((id) => ({ id: `Recording:app:${id}` })));
    return viewer.closedOf([RUN, other]);
  };
  assert.deepEqual(open(), []);
  assert.deepEqual(open("run"), []);
  assert.deepEqual(open("run", "other"), []);
  assert.deepEqual(open("other"), [RUN]);
  assert.deepEqual(open("other"), []);
  handle.viewer_state = panics;
  assert.deepEqual(viewer.closedOf([RUN]), []);
});

test("in an old viewer, the only recording is closed when none is on screen, and it does not come back", async () => {
  const viewer = await start();
  /** @type {string[]} */
  const shown = [];
  handle.set_active_recording_id = (/** @type {string} */ id) => shown.push(id);
  handle.get_active_recording_id = () => "run";
  assert.deepEqual(viewer.closedOf([RUN]), []);
  handle.get_active_recording_id = () => undefined;
  assert.deepEqual(viewer.closedOf([RUN]), []);
  handle.get_active_recording_id = () => "run"; // a URL that could not be opened was on screen
  assert.deepEqual([viewer.closedOf([RUN]), shown], [[], ["run"]]);
  handle.get_active_recording_id = () => undefined;
  for (let check = 0; check < 3; check++) assert.deepEqual(viewer.closedOf([RUN]), []);
  assert.deepEqual(viewer.closedOf([RUN]), [RUN]);
  assert.deepEqual(viewer.closedOf([RUN, RUN]), []); // it does not say which
});

/** A viewer's state with one recording, paused, that has these timelines. @param {string} timeline that it is on @param {string[]} timelines */
const paused = (timeline, ...timelines) => encode([[2, STORE], [3, [
  [1, STORE],
  ...timelines.map((name) => /** @type {import("./messages.js").Field} */ ([2, [[1, [[1, name]]], [3, [[2, 99n]]]]])),
  [3, [[1, [[1, timeline]]], [3, [[1, 7n]]]]],
  [5, 1n],
]]]);

test("the place where a recording is paused is that of the viewer's state", async () => {
  const viewer = await start();
  handle.viewer_state = () => paused("steps", "steps");
  assert.deepEqual(viewer.pausedPlace(), { store: STORE, timeline: "steps", time: 7n, isAtEnd: false });
  handle.viewer_state = panics;
  assert.equal(viewer.pausedPlace(), null);
});

test("a recording is put where it was paused, and the viewer wakes for that", async () => {
  handle.viewer_control = method("viewer_control", async () => new Uint8Array());
  const viewer = await start();
  const place = { store: STORE, timeline: "steps", time: 7n };
  called = [];
  handle.viewer_state = () => paused("frames", "frames");
  assert.equal(await viewer.restore(place), false);
  assert.deepEqual(called, []);
  handle.viewer_state = () => paused("frames", "frames", "steps");
  assert.equal(await viewer.restore(place), true);
  assert.deepEqual(called.map(([name]) => name), ["viewer_control", "toggle_panel_overrides"]);
});

test("a recording that is on a timeline that it does not have is put on another", async () => {
  handle.viewer_control = method("viewer_control", async () => new Uint8Array());
  const viewer = await start();
  await viewer.repairTimeline(); // an old viewer does not list timelines
  handle.viewer_state = () => paused("frames", "frames");
  await viewer.repairTimeline();
  assert.deepEqual(callsOf("viewer_control"), []);
  handle.viewer_state = () => paused("steps", "frames");
  await viewer.repairTimeline();
  const fields = (read(callsOf("viewer_control")[0][0]).get(6) ?? []).map(message).find((each) => each.has(2));
  assert.equal(text(message(fields?.get(2)?.[0]).get(1)?.[0]), "frames");
});

test("an old viewer reports where it is paused, and is put there, by setters", async () => {
  const viewer = await start();
  Object.assign(handle, {
    get_active_recording_id: () => "run",
    get_active_timeline: () => "steps",
    get_time_for_timeline: () => 7,
    get_playing: () => false,
    get_timeline_time_range: () => ({ min: 0, max: 9 }),
  });
  for (const name of ["set_active_timeline", "set_time_for_timeline", "set_playing"]) handle[name] = method(name);
  const place = /** @type {any} */ (viewer.pausedPlace());
  assert.deepEqual(place, { store: "run", timeline: "steps", time: 7, isAtEnd: false });
  assert.equal(await viewer.restore(place), true);
  assert.deepEqual(callsOf("set_time_for_timeline"), [["run", "steps", 7]]);
});

/** Canvases, each of which knows what was drawn on it. @param {() => boolean} isDrawn whether the viewer has drawn by now @param {boolean} [isReadable] */
function fakeCanvases(isDrawn, isReadable = true) {
  globalThis.document = /** @type {any} */ ({
    createElement: () => ({
      width: 0,
      height: 0,
      /** @type {any} */
      drawn: null,
      getContext() {
        return {
          drawImage: (/** @type {any[]} */ ...given) => {
            if (given[0].width === 0 || given[0].height === 0) throw new Error("InvalidStateError"); // as browsers do
            this.drawn = given;
          },
          // One pixel, for the others the picture is empty.
          getImageData: (/** @type {number[]} */ ...part) => ({ data: [0, 0, 0, isDrawn() && String(part) === `0,0,${this.width},${this.height}` ? 255 : 0] }),
        };
      },
      toBlob(/** @type {(blob: any) => void} */ done, /** @type {string} */ type) {
        done(isReadable ? { type, width: this.width, height: this.height, drawn: this.drawn } : null);
      },
    }),
  });
}

test("a screenshot is a PNG of the canvas, taken in a frame that the viewer draws", async () => {
  let frames = 0;
  fakeCanvases(() => frames >= 3);
  globalThis.requestAnimationFrame = (callback) => (queueMicrotask(() => (frames++, callback(0))), 0);
  Object.assign(canvas, { width: 400, height: 300 });
  const viewer = await start();
  called = [];
  assert.deepEqual(await viewer.screenshot(), { type: "image/png", width: 400, height: 300, drawn: [canvas, 0, 0] });
  assert.equal(frames, 3);
  assert.deepEqual(called, Array(3).fill(["toggle_panel_overrides", true]));
});

test("a screenshot is as large as it may be, and no larger than the canvas", async () => {
  fakeCanvases(() => true);
  Object.assign(canvas, { width: 400, height: 3 });
  const viewer = await start();
  const { width, height, drawn } = /** @type {any} */ (await viewer.screenshot(100));
  assert.deepEqual([width, height, ...drawn.slice(1)], [100, 1, 0, 0, 100, 1]);
  assert.equal((/** @type {any} */ (await viewer.screenshot(40))).height, 1); // of no pixels, there is no picture
  assert.equal((/** @type {any} */ (await viewer.screenshot(1000))).width, 400);
});

test("a screenshot of a viewer that draws nothing is the last frame; an unreadable one is an error", async () => {
  let frames = 0;
  fakeCanvases(() => false);
  globalThis.requestAnimationFrame = (callback) => (queueMicrotask(() => (frames++, callback(0))), 0);
  Object.assign(canvas, { width: 4, height: 3 });
  const viewer = await start();
  assert.ok(await viewer.screenshot());
  assert.ok(frames > 1 && frames < 1000, `${frames} frames`);
  fakeCanvases(() => true, false);
  await assert.rejects(viewer.screenshot(), /The canvas could not be read/);
});

test("a viewer in a hidden tab has no pixels: its copy is empty, and a picture of it is an error that says so", async () => {
  fakeCanvases(() => true);
  globalThis.requestAnimationFrame = (callback) => (queueMicrotask(() => callback(0)), 0);
  Object.assign(canvas, { width: 0, height: 0 });
  const viewer = await start();
  const { width, height } = await viewer.copy(3);
  assert.deepEqual([width, height], [0, 0]);
  for (const maxSize of [undefined, 100]) await assert.rejects(viewer.screenshot(maxSize), /The viewer is hidden/);
});

test("frames are waited for one by one, and no longer when the viewer ends", async () => {
  /** @type {FrameRequestCallback[]} */
  const asked = [];
  globalThis.requestAnimationFrame = (callback) => asked.push(callback);
  const viewer = await start();
  let isDone = false;
  const waiting = viewer.frames(3).then(() => (isDone = true));
  for (let frame = 0; frame < 2; frame++) {
    assert.equal(asked.length, frame + 1);
    asked[frame](0);
    await new Promise(setImmediate);
  }
  assert.equal(isDone, false);
  viewer.dispose();
  asked[2](0);
  await waiting;
  await viewer.frames(5);
  assert.equal(asked.length, 3);
});

test("an ended viewer releases its memory, its context and its canvas, also after a panic", async () => {
  (await start()).dispose();
  assert.deepEqual([callsOf("destroy").length, callsOf("free").length, lost, canvas.isRemoved], [1, 1, ["WEBGL_lose_context"], true]);
  canvas.isRemoved = false;
  handle.destroy = panics;
  (await start()).dispose();
  assert.equal(canvas.isRemoved, true);
  canvas.isRemoved = false;
  canvas.getContext = () => null; // a viewer that draws by WebGPU
  (await start()).dispose();
  assert.equal(canvas.isRemoved, true);
});

test("a viewer that no longer answers while it replaces its recordings has stopped, and other failures are named", () => {
  const failure = (/** @type {string} */ text) => replacementFailure(new Error(text));
  const [title, message, action] = failure("Viewer is not running, or is busy painting a frame");
  assert.deepEqual([title, action], ["The viewer stopped", "Restart"]);
  assert.match(message, /^It stopped without a reason.*no more memory \(Error: Viewer is not running/);
  assert.deepEqual(failure("no"), ["The viewer could not replace its recordings", "Error: no", "Retry"]);
});
