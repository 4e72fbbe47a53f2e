/** The element with all modules behind it; only the viewer, which is Rerun's code, is a fake. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { gzipSync } from "node:zlib";

import { FakeElement, fakeDocument } from "./dom.js";
import { encode } from "./messages.js";

globalThis.location = /** @type {any} */ ({ href: "http://app.test/", origin: "http://app.test" });
globalThis.HTMLElement = /** @type {any} */ (FakeElement);
Object.defineProperty(globalThis, "navigator", { value: { gpu: {} }, configurable: true });
const { message, read, text } = await import("../../src/gradio_rerun/frontend/viewer/protobuf.js");
const { loadViewer } = await import("../../src/gradio_rerun/frontend/viewer/loader.js");
const { toggleFullscreen } = await import("../../src/gradio_rerun/frontend/viewer/appearance.js");
const { fileUrl, rootOf } = await import("../../src/gradio_rerun/frontend/wire.js");
const { RerunViewerElement } = await import("../../src/gradio_rerun/frontend/viewer/rerun-viewer.js");
const { Ended } = await import("../../src/gradio_rerun/frontend/viewer/errors.js");

const GLUE = `const wasm_bindgen = Object.assign(async () => ({ memory: { buffer: { byteLength: 0 } } }), {
  WebHandle: class extends globalThis.FakeHandle { constructor(options) { super(options, fetch, requestAnimationFrame); } },
});`;
const WASM = Uint8Array.from([0, 97, 115, 109, 1, 0, 0, 0]);

/** @typedef {{id: string, timeline: string, timelines: string[], time: bigint, isPaused: boolean}} Open a recording in the viewer */

/** The viewers that were made so far. @type {FakeHandle[]} */
let made;
/** What the files on the server hold, by URL; a number is the status of an answer. @type {Record<string, string | number>} */
let files;

/** A viewer of rerun-sdk 0.41. It downloads the URLs that it opens; a file holds the ids of its recordings. */
class FakeHandle {
  /** @type {Open[]} */
  open = [];
  /** @type {string[]} */
  done = [];
  /** @type {string | null} */
  panic = null;
  frames = 0;
  /** What the viewer shows where no recording is. */
  location = "";

  /** @param {any} options @param {typeof fetch} fetch @param {typeof requestAnimationFrame} requestAnimationFrame */
  constructor(options, fetch, requestAnimationFrame) {
    Object.assign(this, { options, fetch });
    this.options = options;
    this.fetch = fetch;
    made.push(this);
    const draw = () => {
      this.frames++;
      if (!this.done.includes("destroy")) requestAnimationFrame(draw);
    };
    this.draw = draw;
  }

  async start() {
    this.draw();
  }

  destroy() {
    this.done.push("destroy");
  }

  free() {}

  has_panicked() {
    return this.panic !== null;
  }

  panic_message() {
    return this.panic;
  }

  toggle_panel_overrides() {}

  /** @param {string} panel @param {string} state */
  override_panel_state(panel, state) {
    this.done.push(`${panel} ${state}`);
  }

  open_channel() {}

  /** @param {string} _ @param {Uint8Array} bytes */
  send_rrd_to_channel(_, bytes) {
    this.done.push(`send ${bytes.length}`);
  }

  /** The URLs that were opened. @type {Set<string>} */
  known = new Set();

  /** @param {string} url */
  async add_receiver(url) {
    this.done.push(`open ${url.split("/").pop()}`);
    if (url.startsWith("rerun")) return; // a server, which has no file
    const response = await this.fetch(url);
    const file = await response.text();
    if (response.ok) this.known.add(url);
    if (response.ok) for (const id of file.slice(HEADS).split(" ")) this.show(id);
  }

  /** @param {string} id @param {string} [timeline] */
  show(id, timeline = "steps") {
    this.open.push({ id, timeline, timelines: ["steps"], time: 0n, isPaused: false });
    this.tell({ type: "recording_open", recording_id: id });
  }

  /** @param {object} event */
  tell(event) {
    this.options.on_viewer_event(JSON.stringify({ application_id: "app", ...event }));
  }

  viewer_state() {
    return encode([
      [1, this.location],
      [2, this.open.length > 0 ? `Recording:app:${this.open[0].id}` : ""],
      ...this.open.map(({ id, timeline, timelines, time, isPaused }) => /** @type {import("./messages.js").Field} */ ([3, [
        [1, `Recording:app:${id}`],
        ...timelines.map((name) => /** @type {import("./messages.js").Field} */ ([2, [[1, [[1, name]]], [3, [[2, 99n]]]]])),
        [3, [[1, [[1, timeline]]], [3, [[1, time]]]]],
        [5, isPaused ? 1n : 2n],
      ]])),
    ]);
  }

  /** @param {Uint8Array} request */
  async viewer_control(request) {
    const fields = read(request);
    if (fields.has(1)) {
      this.done.push("close");
      this.open = [];
    }
    for (const part of fields.get(4) ?? []) {
      const url = text(message(part).get(1)?.[0]);
      if (!url) continue;
      const name = url.split("/").pop();
      if (!this.known.has(url)) this.add_receiver(url);
      else this.done.push(`show ${name}`);
    }
    for (const part of fields.get(6) ?? []) {
      const time = message(message(part).get(3)?.[0]).get(1)?.[0];
      if (time !== undefined) this.done.push(`time ${time}`);
      if (message(part).get(5)?.[0] === 1n) this.done.push("pause");
    }
    return new Uint8Array();
  }
}
Object.assign(globalThis, { FakeHandle });
const { start } = FakeHandle.prototype;

/** @type {any} */
let element;
/** @type {FakeElement} */
let body;
/** What the element has emitted, in order. @type {string[]} */
let emitted;
/** Called when the element has another size, or the page another theme. @type {(() => void)[]} */
let observers;
let isDark = false;
/** What waits until the page is idle. @type {(() => void)[]} */
let idles;
/** Lets time pass. @type {(ms: number) => void} */
let pass;
let version = 0;

beforeEach((context) => {
  const { mock } = /** @type {import("node:test").TestContext} */ (context);
  version++;
  [made, files, emitted, observers, isDark, idles] = [[], {}, [], [], false, []];
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  pass = (ms) => mock.timers.tick(ms);
  body = fakeDocument();
  const createElement = globalThis.document.createElement;
  Object.assign(globalThis.document, {
    hidden: false,
    addEventListener: () => {},
    documentElement: { lang: "en", classList: { contains: () => isDark } },
    createElement: (/** @type {any} */ name) =>
      Object.assign(createElement(name), { getContext: () => ({ drawImage() {}, getImageData: () => ({ data: [1] }), getExtension: () => null }) }),
  });
  class Observer {
    /** @param {() => void} changed */
    constructor(changed) {
      this.changed = changed;
    }

    observe() {
      observers.push(this.changed);
    }

    disconnect() {
      observers = observers.filter((each) => each !== this.changed);
    }
  }
  Object.assign(globalThis, {
    ResizeObserver: Observer,
    MutationObserver: Observer,
    window: { matchMedia: () => null },
    requestAnimationFrame: (/** @type {FrameRequestCallback} */ callback) => void setImmediate(callback, 0),
    cancelAnimationFrame: () => {},
    requestIdleCallback: (/** @type {() => void} */ callback) => idles.push(callback),
    fetch: async (/** @type {Request | URL | string} */ given) => {
      const url = given instanceof Request ? given.url : String(given);
      if (url.endsWith(".gz")) return new Response(gzipSync(url.includes("wasm") ? WASM : GLUE));
      const file = files[url] ?? 404;
      return typeof file === "number" ? new Response("", { status: file }) : new Response(content(file));
    },
  });
  element = Object.assign(new RerunViewerElement(), { localName: "rerun-viewer", clientWidth: 600, clientHeight: 400, closest: () => null });
  for (const name of ["loadstart", "load", "error", "dispose", "viewer-event"]) {
    element.addEventListener(name, (/** @type {CustomEvent} */ event) => {
      const what = event.detail?.message ?? event.detail?.type;
      emitted.push(what ? `${name}: ${what}` : name);
    });
  }
  element.settings = settings();
  body.append(element);
  element.connectedCallback();
});

/** Bytes before the content of a recording's only message. */
const HEADS = 12 + 16;

afterEach(() => {
  element.remove();
  element.disconnectedCallback();
  pass(1000);
  element.recordings = []; // ends the viewer, which else would draw forever
});

/** A recording with these ids in its only message. @param {string} ids @param {number} [length] of it */
function content(ids, length = HEADS + ids.length) {
  const bytes = new Uint8Array(length);
  bytes.set(new TextEncoder().encode(ids), HEADS);
  bytes.set([..."RRF2"].map((letter) => letter.charCodeAt(0)));
  bytes[12] = 2; // the kind of the message
  bytes[20] = length - HEADS;
  return bytes;
}

/** @param {object} [changes] @returns {any} */
function settings(changes = {}) {
  const file = (/** @type {string} */ name) => ({ path: name, location: name, url: `http://app.test/${name}-${version}.gz`, orig_name: name });
  return {
    bridge: file("bridge.js"),
    viewer: { version: "0.41.0", glue: file("glue"), wasm: file("wasm"), wasm_size: WASM.length, warm_up: null },
    theme: "auto",
    panel_states: {},
    telemetry: false,
    allowed_origins: [],
    ...changes,
  };
}

/** A recording on the server. @param {string} name of the file @param {string | number} [held] the ids in it, or the status of the answer @returns {any} */
function recording(name, held = name) {
  const url = `http://app.test/${name}.rrd`;
  files[url] = held;
  return { url, name: `${name}.rrd`, size: null };
}

/** @param {() => unknown} is returns when it is true @param {string} [what] */
async function until(is, what = String(is)) {
  const end = process.hrtime.bigint() + 10_000_000_000n; // the tests replace the other clocks
  while (!is()) {
    assert.ok(process.hrtime.bigint() < end, `does not happen: ${what}`);
    await new Promise(setImmediate);
  }
}

/** Returns when everything that needs no time has happened. */
async function settled() {
  for (let turn = 0; turn < 60; turn++) await new Promise(setImmediate);
}

/** @param {any[]} recordings */
async function show(...recordings) {
  element.recordings = recordings;
  await until(() => element.dataset.state === "ready" && element.dataset.recordings !== "0", `shows ${recordings.map(({ name }) => name)}`);
  await settled();
}

const status = () => element.all((/** @type {FakeElement} */ each) => each.getAttribute("role") === "status")[0].textContent;
const alert = () => element.all((/** @type {FakeElement} */ each) => each.getAttribute("role") === "alert")[0];
const last = () => made[made.length - 1];
const ids = () => last().open.map(({ id }) => id);

test("a viewer starts with the first value, and not before", async () => {
  await settled();
  assert.deepEqual([made.length, element.dataset.state, element.isOpen, element.isShown], [0, "idle", false, true]);
  element.recordings = [recording("a")];
  await Promise.resolve();
  assert.equal(element.dataset.state, "loading");
  assert.ok(element.hasAttribute("data-veiled")); // or the viewer's welcome page would be seen
  await until(() => element.dataset.state === "ready");
  assert.deepEqual([ids(), element.dataset.recordings, element.isOpen], [["a"], "1", true]);
  assert.deepEqual(emitted, ["loadstart", "viewer-event: recording_open", "load"]);
  assert.ok(!element.hasAttribute("data-veiled"));
});

/** Lets the page be idle, when the viewer's code is loaded. */
async function idle() {
  await loadViewer(element.settings, { checkFiles: async () => {} });
  await settled();
  for (const callback of idles.splice(0)) callback();
  await settled();
}

test("the viewer of an empty element starts while the page is idle, unseen and unheard, and shows the first value", async () => {
  await settled();
  assert.equal(made.length, 0);
  await idle();
  assert.equal(made.length, 1);
  last().tell({ type: "selection_change", items: [] });
  assert.deepEqual([element.dataset.state, element.running, emitted], ["idle", null, []]);
  const drawn = last().frames;
  await settled();
  assert.equal(last().frames, drawn);
  await show(recording("a"));
  assert.deepEqual([made.length, ids(), last().done], [1, ["a"], ["open a.rrd"]]);
  assert.deepEqual(emitted, ["loadstart", "viewer-event: recording_open", "load"]);
  assert.ok(!element.hasAttribute("data-veiled"));
});

test("a value that arrives while the viewer starts ahead is shown by that viewer", async () => {
  /** @type {() => void} */
  let go = () => assert.fail();
  FakeHandle.prototype.start = async function () {
    await /** @type {Promise<void>} */ (new Promise((resolve) => (go = resolve)));
    this.draw();
  };
  await idle();
  element.recordings = [recording("a")];
  await settled();
  assert.deepEqual([made.length, element.dataset.state, emitted], [1, "loading", ["loadstart"]]);
  go();
  FakeHandle.prototype.start = start;
  await until(() => element.dataset.state === "ready");
  assert.deepEqual([made.length, ids()], [1, ["a"]]);
});

/** Lets viewers that start ahead show a file unseen. @param {string | number} held what it holds, or the status of the answer */
function warmUpWith(held) {
  const { viewer, bridge } = settings();
  element.settings = settings({ viewer: { ...viewer, warm_up: { location: "/warm_up.rrd", orig_name: "warm_up.rrd" } } });
  files[fileUrl(rootOf({ bridge }), "/warm_up.rrd")] = held;
}

test("a viewer that starts ahead shows a recording unseen and unheard, and closes it", async () => {
  warmUpWith("warm");
  await idle();
  assert.deepEqual(last().done, []); // the page may be busy again
  await idle();
  assert.deepEqual([last().done, last().open, emitted], [["open warm_up.rrd", "close"], [], []]);
  const drawn = last().frames;
  await settled();
  assert.equal(last().frames, drawn);
  await show(recording("a"));
  assert.deepEqual([made.length, ids(), last().done.at(-1)], [1, ["a"], "open a.rrd"]);
  assert.deepEqual(emitted, ["loadstart", "viewer-event: recording_open", "load"]);
});

test("a value that arrives while a recording is opened unseen is shown when that one is closed", async () => {
  warmUpWith("warm");
  await idle();
  const { add_receiver } = FakeHandle.prototype;
  /** @type {() => void} */
  let open = () => assert.fail();
  FakeHandle.prototype.add_receiver = async function (url) {
    if (url.includes("warm_up")) await /** @type {Promise<void>} */ (new Promise((resolve) => (open = resolve)));
    await add_receiver.call(this, url);
  };
  const frames = [];
  const next = globalThis.requestAnimationFrame;
  globalThis.requestAnimationFrame = (callback) => frames.push(callback);
  await idle();
  element.recordings = [recording("a")];
  await settled();
  assert.deepEqual([last().done, element.dataset.state], [[], "loading"]);
  open();
  await settled();
  globalThis.requestAnimationFrame = next;
  for (const callback of frames) callback(0);
  await until(() => element.dataset.state === "ready");
  FakeHandle.prototype.add_receiver = add_receiver;
  assert.deepEqual([made.length, last().done, ids()], [1, ["open warm_up.rrd", "close", "open a.rrd"], ["a"]]);
  assert.deepEqual(emitted, ["loadstart", "viewer-event: recording_open", "load"]);
});

test("a viewer that does not open the recording that nobody sees is replaced when there is a value", async () => {
  warmUpWith("warm");
  await idle();
  const { add_receiver } = FakeHandle.prototype;
  FakeHandle.prototype.add_receiver = async (url) => void assert.match(url, /warm_up/);
  await idle();
  FakeHandle.prototype.add_receiver = add_receiver;
  await show(recording("a"));
  assert.deepEqual([made.length, made[0].done.at(-1), ids()], [2, "destroy", ["a"]]);
});

test("a viewer that starts ahead opens nothing if the server does not send that recording", async () => {
  warmUpWith(404);
  await idle();
  await idle();
  assert.deepEqual([last().done, emitted], [[], []]);
  await show(recording("a"));
  assert.deepEqual([made.length, ids()], [1, ["a"]]);
});

test("after no value, the old viewer has ended, and the next one starts when the page is idle", async () => {
  await show(recording("a"));
  element.recordings = [];
  assert.deepEqual([made.length, last().done.at(-1)], [1, "destroy"]);
  await idle();
  assert.deepEqual([made.length, element.dataset.state], [2, "idle"]);
  await show(recording("b"));
  assert.deepEqual([made.length, ids()], [2, ["b"]]);
});

test("no viewer starts ahead in an element without a size, in a hidden page, or on a device with little memory", async () => {
  element.clientWidth = 0;
  for (const changed of observers) changed();
  await idle();
  assert.equal(made.length, 0);
  element.clientWidth = 600;
  Object.assign(globalThis.document, { hidden: true });
  for (const changed of observers) changed();
  await idle();
  assert.equal(made.length, 0);
  Object.assign(globalThis.document, { hidden: false });
  const device = /** @type {any} */ (navigator);
  device.deviceMemory = 2;
  for (const changed of observers) changed();
  await idle();
  assert.equal(made.length, 0);
  delete device.deviceMemory;
  for (const changed of observers) changed();
  await idle();
  assert.equal(made.length, 1);
});

test("a viewer that fails while it is ahead is no error; the next value starts another one", async () => {
  await idle();
  last().panic = "index out of bounds";
  pass(1000);
  assert.deepEqual([element.dataset.state, emitted, alert().hidden, last().done.at(-1)], ["idle", [], true, "destroy"]);
  await idle();
  assert.equal(made.length, 1);
  await show(recording("a"));
  assert.deepEqual([made.length, ids()], [2, ["a"]]);
});

test("a viewer that is ahead has the page's theme and the settings that the first value finds", async () => {
  await idle();
  isDark = true;
  for (const changed of observers) changed();
  await idle();
  assert.deepEqual([made.map(({ options }) => options.theme), element.dataset.state], [["light", "dark"], "idle"]);
  element.settings = settings({ allowed_origins: ["https://tiles.test"], panel_states: { time: "hidden" } });
  await idle();
  assert.deepEqual([made.length, element.dataset.state, made[1].done.at(-1), last().done], [3, "idle", "destroy", ["time hidden"]]);
  await show(recording("a"));
  assert.equal(made.length, 3);
});

test("a viewer starts when the element has a size, and takes no commands without one", async () => {
  element.clientWidth = 0;
  element.recordings = [recording("a")];
  await settled();
  assert.equal(made.length, 0);
  element.clientWidth = 600;
  for (const changed of observers) changed();
  await until(() => element.dataset.state === "ready");
  assert.equal(element.takesCommands(null, element.valueNumber), true);
  element.clientHeight = 0;
  assert.equal(element.takesCommands(null, element.valueNumber), false);
});

test("a viewer that shows a dataset takes commands, although no recording is open", async () => {
  element.recordings = [{ url: "rerun+http://127.0.0.1:51234/entry/1", name: "runs", size: null }];
  await until(() => made.length === 1 && last().done.length > 0);
  assert.equal(element.takesCommands(null, element.valueNumber), false);
  element.running.open.byUrl.values().next().value.download.onAnswer();
  assert.deepEqual([element.dataset.state, element.isOpen], ["ready", false]);
  assert.equal(element.takesCommands(null, element.valueNumber), true);
  assert.equal(element.takesCommands("run", element.valueNumber), false);
});

test("an element that is moved keeps its viewer, one that is removed gives it back", async () => {
  await show(recording("a"));
  element.remove();
  element.disconnectedCallback();
  pass(100);
  body.append(element);
  element.connectedCallback();
  pass(10_000);
  assert.deepEqual([made.length, last().done.includes("destroy")], [1, false]);
  element.remove();
  element.disconnectedCallback();
  pass(10_000);
  assert.ok(last().done.includes("destroy"));
  assert.deepEqual([element.dataset.state, element.children, observers, emitted.at(-1)], ["idle", [], [], "dispose"]);
  body.append(element);
  element.connectedCallback();
  await until(() => element.dataset.state === "ready");
  assert.deepEqual([made.length, ids()], [2, ["a"]]);
});

test("a value replaces the previous one in the same viewer; a value that adds is opened beside it", async () => {
  const [a, b, c] = ["a", "b", "c"].map((name) => recording(name));
  await show(a);
  await show(b);
  await until(() => ids()[0] === "b");
  await show(b, c);
  await until(() => last().done.includes("show c.rrd"));
  assert.deepEqual([made.length, last().done, element.dataset.recordings], [1, ["open a.rrd", "close", "open b.rrd", "open c.rrd", "show c.rrd"], "2"]);
});

test("no value ends the viewer, and the keyboard has nothing to enter", async () => {
  await show(recording("a"));
  assert.equal(element.getAttribute("tabindex"), "0");
  element.recordings = [];
  assert.equal(element.getAttribute("tabindex"), null);
  assert.ok(last().done.includes("destroy"));
  assert.deepEqual([element.dataset.state, element.dataset.recordings, element.isOpen], ["idle", "0", false]);
});

/** The server has `length` bytes of a growing recording. @param {number} length */
function serveRanges(length) {
  globalThis.fetch = ((before) => async (/** @type {any} */ given, /** @type {any} */ init) => {
    const range = /bytes=(\d+)-/.exec(init?.headers?.Range);
    return range ? new Response(content("", length).slice(Number(range[1])), { status: 206 }) : before(given, init);
  })(globalThis.fetch);
}

test("a stream is read on; the next value starts another viewer, since data of the stream could arrive after a close", async () => {
  serveRanges(40);
  const stream = { ...recording("s"), marks: [20] };
  element.recordings = [stream];
  await until(() => made.length > 0 && last().done.includes("send 20"));
  stream.marks.push(40);
  element.recordings = [stream];
  await until(() => last().done.includes("send 32")); // with the header again
  element.recordings = [recording("a")];
  await until(() => made.length === 2 && element.dataset.state === "ready");
  assert.deepEqual([made[0].done.at(-1), ids()], ["destroy", ["a"]]);
});

test("the viewer has the theme of the page, and starts anew when that changes", async () => {
  await show(recording("a"));
  isDark = true;
  for (const changed of observers) changed();
  await until(() => made.length === 2 && element.dataset.state === "ready");
  assert.deepEqual(made.map(({ options }) => options.theme), ["light", "dark"]);
  assert.ok(made[0].done.includes("destroy"));
  element.settings = settings({ theme: "light" });
  await until(() => made.length === 3 && element.dataset.state === "ready");
  assert.equal(last().options.theme, "light");
});

test("panels change in the running viewer; other allowed origins start another viewer", async () => {
  element.settings = settings({ panel_states: { time: "hidden" } });
  await show(recording("a"));
  assert.deepEqual(last().done, ["time hidden", "open a.rrd"]);
  element.settings = settings({ panel_states: { top: "hidden" } });
  assert.deepEqual(last().done.slice(2), ["time null", "top hidden"]);
  await settled();
  assert.equal(made.length, 1);
  element.settings = settings({ allowed_origins: ["https://tiles.test"] });
  await until(() => made.length === 2 && element.dataset.state === "ready");
  element.settings = settings({ allowed_origins: ["https://tiles.test"] });
  await settled();
  assert.equal(made.length, 2);
});

test("a viewer that stops is reported, and another one starts when the user presses Restart", async () => {
  await show(recording("a"));
  last().panic = "index out of bounds";
  pass(1000);
  assert.deepEqual([element.dataset.state, emitted.at(-1)], ["error", "error: The viewer stopped: index out of bounds"]);
  await settled();
  assert.equal(made.length, 1);
  alert().button("Restart").click();
  await until(() => made.length === 2 && element.dataset.state === "ready");
  assert.deepEqual([alert().hidden, ids()], [true, ["a"]]);
});

test("after a viewer that has stopped, the next value is shown by another one", async () => {
  await show(recording("a"));
  last().panic = "index out of bounds";
  pass(1000);
  await show(recording("b"));
  assert.deepEqual([made.length, ids(), alert().hidden], [2, ["b"], true]);
});

test("a viewer that cannot be fetched is reported, and fetched again when the user presses Retry", async () => {
  const { fetch } = globalThis;
  globalThis.fetch = async () => new Response("", { status: 503 });
  version++;
  element.settings = settings();
  element.recordings = [recording("a")];
  await until(() => element.dataset.state === "error");
  assert.match(emitted.at(-1) ?? "", /^error: The viewer could not be started: .* answered 503/);
  globalThis.fetch = fetch;
  alert().button("Retry").click();
  assert.equal(element.dataset.state, "loading");
  await until(() => element.dataset.state === "ready");
  assert.deepEqual(ids(), ["a"]);
});

test("a recording that cannot be opened is reported beside those that are open, and opened again when the user presses Retry", async () => {
  element.recordings = [recording("a"), recording("b", 404)];
  await until(() => element.dataset.state === "error" && element.dataset.recordings === "1");
  assert.equal(emitted.filter((each) => each.startsWith("error")).at(-1), "error: A recording could not be opened: b.rrd: There is no such recording (404).");
  assert.ok(alert().button("Close"));
  files["http://app.test/b.rrd"] = "b";
  alert().button("Retry").click();
  await until(() => element.dataset.state === "ready" && ids().length === 2);
  assert.deepEqual([alert().hidden, last().done], [true, ["open a.rrd", "open b.rrd", "open b.rrd"]]);
});

test("recordings that cannot be opened are counted, and cover the viewer where nothing else is open", async () => {
  element.recordings = [recording("a", 404), recording("b", 403)];
  await until(() => element.dataset.state === "error" && alert().textContent.includes("b.rrd"));
  assert.match(alert().textContent, /^2 recordings could not be opened/);
  assert.ok(alert().hasAttribute("data-covers"));
  await show(recording("c"));
  assert.deepEqual([ids(), alert().hidden], [["c"], true]);
});

test("a failure is shown in the language of the page, and reported to listeners in English", async () => {
  globalThis.document.documentElement.lang = "de";
  element.recordings = [recording("a", 404), recording("b", 403)];
  await until(() => element.dataset.state === "error" && alert().textContent.includes("b.rrd"));
  assert.match(alert().textContent, /^2 Aufzeichnungen konnten nicht geöffnet werden/);
  assert.ok(alert().button("Wiederholen"));
  assert.match(emitted.at(-1) ?? "", /^error: 2 recordings could not be opened: a\.rrd: There is no such recording/);
});

test("screen readers announce what the element loads, that it is loaded, and that it is empty, but not that it was empty at first", async () => {
  pass(1000);
  assert.equal(status(), "");
  element.ariaLabel = "My run";
  element.recordings = [recording("a")];
  await until(() => element.dataset.state === "loading");
  pass(1000);
  assert.equal(status(), "My run: Loading a.rrd");
  await until(() => element.dataset.state === "ready");
  pass(1000);
  assert.equal(status(), "My run: Loaded a.rrd");
  element.recordings = [];
  pass(1000);
  assert.equal(status(), "My run: No recording");
});

test("a recording that loads at once is announced once", async () => {
  await show(recording("a"));
  assert.equal(status(), "");
  pass(1000);
  assert.equal(status(), "Loaded a.rrd");
});

test("the further data of a stream are not announced", async () => {
  serveRanges(80);
  const stream = { ...recording("s"), marks: [20] };
  element.recordings = [stream];
  await until(() => made.length > 0 && last().done.includes("send 20"));
  pass(1000);
  assert.equal(status(), "Loading s.rrd");
  pass(2000);
  pass(1000);
  assert.deepEqual([element.dataset.state, status()], ["ready", "Loaded s.rrd"]);
  const [region] = element.all((/** @type {FakeElement} */ each) => each.getAttribute("role") === "status");
  region.textContent = "nothing new";
  for (const mark of [40, 60, 80]) {
    const { length } = last().done;
    stream.marks.push(mark);
    element.recordings = [stream];
    await until(() => last().done.length > length);
    await settled();
    pass(3000);
  }
  assert.deepEqual([element.dataset.state, status()], ["ready", "nothing new"]);
});

test("a failure is announced by its own text alone", async () => {
  await show(recording("a"));
  pass(1000);
  element.recordings = [recording("b", 404)];
  await until(() => element.dataset.state === "error" && !alert().hidden);
  pass(1000);
  assert.equal(status(), "");
});

test("an uploaded file is converted by the app", async () => {
  const made = recording("made");
  element.preparer = async ({ upload }) => (upload === "/tmp/a.glb" ? { recordings: [made] } : assert.fail(upload));
  await show({ ...recording("a.glb"), upload: "/tmp/a.glb" });
  assert.deepEqual(ids(), ["made"]);
});

test("a recording that the user closes is no longer counted, and the welcome page is hidden", async () => {
  await show(recording("a", "a b"));
  assert.equal(element.dataset.recordings, "2");
  element.dispatchEvent(new Event("pointerup"));
  last().open.shift();
  await until(() => element.dataset.recordings === "1");
  assert.ok(!element.hasAttribute("data-veiled"));
  last().open.shift();
  await until(() => element.dataset.recordings === "0" && element.hasAttribute("data-veiled"));
  assert.deepEqual([element.dataset.veiled, element.isOpen], ["none", false]);
});

test("a new file of a paused recording is put where the old one was paused, and reports no time before that", async () => {
  await show(recording("first", "run"));
  Object.assign(last().open[0], { isPaused: true, time: 7n });
  emitted = [];
  // The new file starts at its beginning. Its timeline arrives a little later.
  last().show = function (id) {
    FakeHandle.prototype.show.call(this, id);
    this.open[0].timelines = [];
    this.tell({ type: "time_update", recording_id: id, time: 0 });
    this.tell({ type: "selection_change", items: [] });
  };
  element.recordings = [recording("second", "run")];
  await until(() => last().done.includes("open second.rrd") && ids().length === 1);
  assert.equal(element.takesCommands(null, element.valueNumber), false);
  last().open[0].timelines = ["steps"];
  await until(() => (pass(50), last().done.includes("pause")));
  await settled();
  assert.deepEqual(last().done.slice(1), ["close", "open second.rrd", "time 7", "pause"]);
  assert.deepEqual(emitted.filter((each) => each.startsWith("viewer-event")), ["viewer-event: recording_open", "viewer-event: selection_change"]);
  assert.equal(element.takesCommands(null, element.valueNumber), true);
});

test("another recording plays from its start, and its times are reported", async () => {
  await show(recording("a"));
  Object.assign(last().open[0], { isPaused: true, time: 7n });
  emitted = [];
  last().show = function (id) {
    FakeHandle.prototype.show.call(this, id);
    this.tell({ type: "time_update", recording_id: id, time: 0 });
  };
  await show(recording("b"));
  await until(() => emitted.includes("viewer-event: time_update"));
  assert.ok(!last().done.includes("pause"));
});

test("commands are for the value that they came with", async () => {
  const [a, b] = ["a", "b"].map((name) => recording(name));
  const first = element.valueNumber;
  element.recordings = [a];
  assert.equal(element.valueNumber, first); // what is sent together with the first value is for that
  await until(() => element.dataset.state === "ready");
  await settled();
  assert.deepEqual([element.takesCommands(null, first), element.takesCommands("a", first), element.takesCommands("b", first)], [true, true, false]);
  element.recordings = [b];
  const second = element.valueNumber;
  assert.notEqual(second, first);
  assert.deepEqual([element.isPast(first), element.isPast(second), element.takesCommands(null, second), element.isLoading], [true, false, false, true]);
  await until(() => element.takesCommands("b", second));
  element.recordings = [b, a];
  assert.equal(element.valueNumber, second);
});

test("commands that concern the viewer as a whole are carried out", async () => {
  await show(recording("a"));
  /** @type {any} */
  let state;
  const outcomes = { isListened: (/** @type {string} */ event) => event === "state" };
  const command = (/** @type {string} */ name, given = {}) => element.running.carryOut({ id: "1", name, arguments: given, request: null, target: [] }, outcomes);
  recording("b");
  await command("open", { urls: [{ url: "http://app.test/b.rrd", ticket: null }], navigate: true });
  await until(() => ids().length === 2);
  await command("update_panels", { states: { time: "hidden" } });
  await command("set_blueprint", { rbl: btoa("12345") });
  assert.deepEqual(last().done.slice(1), ["open b.rrd", "time hidden", "send 5"]);
  assert.equal(element.dataset.recordings, "2");
  ({ data: state } = await command("get_state"));
  assert.equal(text(message(read(Uint8Array.from(atob(state.protocol), (each) => each.charCodeAt(0))).get(3)?.[1]).get(1)?.[0]), "Recording:app:b");
});

test("without a viewer there is no state, no picture and no recording, and no command is carried out", async () => {
  assert.deepEqual([element.running, element.currentTime], Array(2).fill(null));
  element.recordings = [recording("a")];
  await until(() => element.dataset.state === "loading");
  // It has not started yet.
  for (const name of ["set_time", "get_state", "take_screenshot"]) {
    await assert.rejects(element.running.carryOut({ name, arguments: { view: null } }, { isListened: () => true }), Ended);
  }
});

test("the viewer's own button and the toolbar's switch the element to fullscreen and back", async () => {
  await show(recording("a"));
  /** @type {string[]} */
  const done = [];
  const root = { fullscreenElement: null };
  element.getRootNode = () => root;
  element.requestFullscreen = async () => void done.push("in");
  Object.assign(globalThis.document, { exitFullscreen: async () => void done.push("out") });
  last().options.fullscreen.on_toggle();
  assert.equal(last().options.fullscreen.get_state(), false);
  root.fullscreenElement = element;
  assert.equal(last().options.fullscreen.get_state(), true);
  await toggleFullscreen(element);
  assert.deepEqual(done, ["in", "out"]);
});
