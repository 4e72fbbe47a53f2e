import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Viewer } from "../../src/gradio_rerun/frontend/viewer.js";
import { encodeState } from "./messages.js";

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
  mock.method(console, "error", () => {});
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

test("a viewer that does not start says why, and leaves nothing behind", async () => {
  handle.start = () => Promise.reject(new Error("no adapter"));
  await assert.rejects(start(), /^Error: The viewer did not start: no adapter$/);
  assert.equal(canvas.isRemoved, true);
  panic = "assertion failed";
  await assert.rejects(start(), /^Error: The viewer did not start: assertion failed$/);
  assert.deepEqual([callsOf("destroy").length, callsOf("free").length], [2, 2]);
  poll(20);
  assert.deepEqual(heard, []);
});

test("events are passed on, but for those of a recording that is none", async () => {
  await start();
  options.on_viewer_event('{"type":"play","application_id":"<EMPTY>"}');
  options.on_viewer_event('{"type":"pause","application_id":"app"}');
  assert.deepEqual(heard, [["event", { type: "pause", application_id: "app" }]]);
});

test("a panic is told once, with its reason", async () => {
  await start();
  poll(2);
  assert.deepEqual(heard, []);
  panic = "index out of bounds";
  poll(1);
  poll(10);
  assert.deepEqual(heard, [["panic", "index out of bounds"]]);
});

test("a viewer that has ended tells nothing any more", async () => {
  const viewer = await start();
  viewer.dispose();
  panic = "too late";
  poll(10);
  canvas.dispatchEvent(new Event("webglcontextlost"));
  assert.deepEqual(heard, []);
});

test("a viewer that gets no more memory is told, with what it held", async () => {
  await start();
  const abort = () => globals.requestAnimationFrame(() => {
    throw new WebAssembly.RuntimeError("unreachable");
  });
  assert.throws(abort, WebAssembly.RuntimeError);
  assert.match(heard[0][1], /it held 2300 MB/);
  heard = [];
  panic = "a reason"; // which the poll tells
  assert.throws(abort, WebAssembly.RuntimeError);
  assert.throws(() => globals.requestAnimationFrame(() => assert.fail("other")), /other/);
  assert.deepEqual(heard, []);
});

test("a lost WebGL context is told", async () => {
  await start();
  canvas.dispatchEvent(new Event("webglcontextlost"));
  assert.match(heard[0][1], /WebGL context lost/);
});

test("what the viewer writes to the console as an error is passed on without its decoration", async () => {
  await start();
  globals.console.error("%cERROR%c crates/x.rs:7%c: It is broken, url: http://app.test/a.rrd", "color: red", "");
  globals.console.error("plain");
  assert.deepEqual(heard, [["complaint", "It is broken, url: http://app.test/a.rrd"], ["complaint", "plain"]]);
});

test("to a viewer that asks for the system's theme, the system has ours", async () => {
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
});

test("all recordings are closed by one request", async () => {
  handle.viewer_control = method("viewer_control", async () => new Uint8Array());
  const viewer = await start();
  viewer.open("http://app.test/a.rrd");
  await viewer.closeAll();
  assert.deepEqual(callsOf("viewer_control"), [[Uint8Array.from([10, 2, 16, 1])]]);
});

test("in an old viewer each recording is closed, but for those that were forgotten", async () => {
  handle.remove_receiver = method("remove_receiver");
  const viewer = await start();
  for (const name of ["a", "b", "c"]) viewer.open(name);
  viewer.forget("b");
  await viewer.closeAll();
  assert.deepEqual(callsOf("remove_receiver"), [["b"], ["a"], ["c"]]);
  await viewer.closeAll();
  assert.equal(callsOf("remove_receiver").length, 3);
});

test("only panels that change are told, and those that are left to the user again", async () => {
  const viewer = await start();
  called = [];
  viewer.setPanelStates({ time: "hidden", top: "hidden" }, { top: "hidden", selection: "expanded" });
  assert.deepEqual(callsOf("override_panel_state"), [["selection", null], ["time", "hidden"]]);
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

test("an old viewer is asked for the timeline of a recording", async () => {
  const viewer = await start();
  handle.get_active_timeline = (/** @type {string} */ id) => (id === "run" ? "frame" : undefined);
  assert.equal(viewer.activeTimeline({ application_id: "app", recording_id: "run" }), "frame");
  assert.equal(viewer.activeTimeline({ application_id: "app", recording_id: "other" }), null);
  handle.get_active_timeline = () => {
    throw new WebAssembly.RuntimeError("unreachable");
  };
  assert.equal(viewer.activeTimeline({ application_id: "app", recording_id: "run" }), null);
});

test("what a viewer cannot save is null", async () => {
  const viewer = await start();
  assert.deepEqual([await viewer.saveRecording(), await viewer.saveBlueprint()], [null, null]);
  Object.assign(handle, { save_recording: async () => Uint8Array.from([1]), save_blueprint: async () => Uint8Array.from([2]) });
  assert.deepEqual([await viewer.saveRecording(), await viewer.saveBlueprint()], [Uint8Array.from([1]), Uint8Array.from([2])]);
});

test("an ended viewer gives back its memory, its context and its canvas, also after a panic", async () => {
  (await start()).dispose();
  assert.deepEqual([callsOf("destroy").length, callsOf("free").length, lost, canvas.isRemoved], [1, 1, ["WEBGL_lose_context"], true]);
  canvas.isRemoved = false;
  handle.destroy = () => {
    throw new WebAssembly.RuntimeError("unreachable");
  };
  (await start()).dispose();
  assert.equal(canvas.isRemoved, true);
});
