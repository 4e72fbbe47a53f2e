import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { FakeElement, fakeDocument, setLanguage } from "./dom.js";

globalThis.location = /** @type {any} */ ({ href: "http://app.test/" });
globalThis.HTMLElement = /** @type {any} */ (FakeElement);
globalThis.ShadowRoot = /** @type {any} */ (class {});
globalThis.customElements = /** @type {any} */ ({ get: () => undefined, define: () => {} });
const { mount } = await import("../../src/gradio_rerun/frontend/gradio/bridge.js");

/** The element, as far as the bridge knows it. */
class FakeViewer extends FakeElement {
  /** @type {any[]} */
  recordings = [];
  /** @type {any} */
  settings = null;
  currentTime = null;
  isShown = true;
  isOpen = true;
  isLoading = false;
  valueNumber = 1;
  /** @type {string[]} */
  done = [];

  isPast() {
    return false;
  }

  reopened = 0;

  reopen() {
    this.reopened++;
  }

  takesCommands() {
    return true;
  }

  get running() {
    return this;
  }

  open = { failures: [] };

  /** @param {any} command */
  async carryOut(command) {
    this.done.push(`${command.name} with ${this.recordings.length} recordings`);
  }
}

let id = 0;
/** @type {FakeElement} */
let element;
/** @type {any} */
let viewer;
/** @type {any} */
let props;
/** @type {Record<string, any>} */
let server;
/** @type {[string, any][]} */
let triggered;
/** What Gradio calls when it has changed a property. @type {Record<string, () => void>} */
let watched;

const SETTINGS = {
  bridge: { url: "http://app.test/demo/gradio_api/file=/bridge.js" },
  height: "640px",
  show_label: null,
  streaming: false,
  interactive: null,
  buttons: ["download", "fullscreen"],
  clear_if_interactive: true,
  file_count: "single",
  file_types: [],
  scale: 2,
  min_width: 160,
  time_update_interval: 0,
  time_controls: false,
  keys: [],
  panel_states: {},
};
const FILE = { path: "/tmp/a.rrd", url: "http://app.test/demo/gradio_api/file=/tmp/a.rrd", orig_name: "a.rrd", size: 5 };

/** Settings in the form in which Python sends them. @param {any} settings */
function sent({ bridge, commands, ...others }) {
  return { bridge, json: JSON.stringify(others), commands };
}

beforeEach(() => {
  const body = fakeDocument();
  Object.assign(globalThis.document, { head: new FakeElement("head"), addEventListener: () => {}, removeEventListener: () => {} });
  globalThis.window = /** @type {any} */ ({});
  id++;
  [triggered, watched] = [[], {}];
  element = new FakeElement();
  viewer = new FakeViewer("rerun-viewer");
  const [toolbar, timeControls] = [new FakeElement(), new FakeElement()];
  element.append(toolbar, viewer, timeControls);
  globalThis.ResizeObserver = /** @type {any} */ (class { observe() {} });
  const block = new FakeElement();
  block.append(element);
  body.append(block);
  Object.assign(block, { querySelector: () => null });
  Object.assign(element, {
    getRootNode: () => globalThis.document,
    querySelector: (/** @type {string} */ what) => (what === "rerun-viewer" ? viewer : what === ".rerun-toolbar" ? toolbar : timeControls),
    closest: (/** @type {string} */ what) => (what === ".block" ? block : null),
  });
  props = { value: "", label: null, settings: sent(SETTINGS) };
  server = { open_upload: async () => ({ file: FILE }), restore_files: async () => {} };
});

/** @param {object} [options] */
function start(options = {}) {
  mount(
    /** @type {any} */ ({
      element,
      props,
      trigger: (/** @type {string} */ event, /** @type {any} */ data) => triggered.push([event, data]),
      watch: (/** @type {string | string[]} */ names, /** @type {() => void} */ callback) => {
        for (const name of [names].flat()) watched[name] = callback;
      },
      server,
      settings: SETTINGS,
      id,
      session: "",
      elemId: "",
      isInput: false,
      linked: null,
      listenerCounts: {},
      listened: [],
      ...options,
    }),
  );
}

/** @param {string} name @param {unknown} value */
function update(name, value) {
  props[name] = name === "settings" && value ? sent(value) : value;
  watched[name]();
}

const shown = () => element.all(({ localName, hidden, parent }) => localName === "button" && !hidden && !parent?.hidden).map(({ title }) => title).filter(Boolean);
const urls = () => viewer.recordings.map((/** @type {any} */ { url }) => url);
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("the initial value and each later value are shown", () => {
  props.value = [FILE];
  start();
  assert.deepEqual(urls(), [FILE.url]);
  update("value", [{ ...FILE, url: "http://app.test/b.rrd" }]);
  assert.deepEqual(urls(), ["http://app.test/b.rrd"]);
  update("value", "");
  assert.deepEqual(urls(), []);
});

test("settings reach the viewer; after an update that removes them, those of the mount apply", () => {
  start();
  assert.deepEqual(viewer.settings, SETTINGS);
  const other = { ...SETTINGS, height: "300px" };
  update("settings", other);
  assert.deepEqual(viewer.settings, other);
  update("settings", undefined);
  assert.deepEqual(viewer.settings, SETTINGS);
});

test("buttons are shown for the actions that are possible", () => {
  start();
  assert.deepEqual(shown(), []);
  update("value", [FILE]);
  assert.deepEqual(shown(), ["Fullscreen", "Download"]);
  update("settings", { ...SETTINGS, interactive: true });
  assert.deepEqual(shown(), ["Upload", "Fullscreen", "Download", "Clear"]);
  update("settings", { ...SETTINGS, interactive: false, buttons: ["clear", "link", "screenshot"] });
  assert.deepEqual(shown(), ["Screenshot", "Copy link", "Clear"]);
});

test("buttons and names follow the language of the page", () => {
  props.value = [FILE];
  start();
  assert.equal(viewer.ariaLabel, "Rerun viewer");
  setLanguage("zh-CN");
  viewer.dispatchEvent(new Event("language-change"));
  assert.deepEqual([shown(), viewer.ariaLabel], [["全屏", "下载"], "Rerun 查看器"]);
  update("label", "My run");
  assert.equal(viewer.ariaLabel, "My run");
});

test("the block of Gradio gets the size and the label that gr.HTML does not give it", () => {
  start();
  const block = /** @type {any} */ (element.parent);
  assert.deepEqual({ ...block.style }, { height: "640px", flexGrow: "2", minWidth: "min(160px, 100%)" });
  update("settings", { ...SETTINGS, height: "70vh", scale: null, min_width: null });
  assert.deepEqual({ ...block.style }, { height: "70vh", flexGrow: "", minWidth: "" });
  const [above, icon] = [new FakeElement(), new FakeElement("span")];
  icon.textContent = "code";
  block.querySelector = () => Object.assign(above, { querySelector: (/** @type {string} */ what) => (what === "span" ? icon : null) });
  update("settings", SETTINGS);
  assert.deepEqual([above.dataset.label, icon.textContent, icon.children.length], ["Recording", "", 1]);
  const [drawn] = icon.children;
  update("label", "My run");
  assert.deepEqual([above.dataset.label, icon.children], ["", [drawn]]);
});

test("a generator that ends without a yield leaves what is shown", () => {
  props.settings = sent({ ...SETTINGS, streaming: true });
  start();
  for (const [value, there] of /** @type {[any, any[]][]} */ ([[[FILE], [FILE.url]], ["", [FILE.url]], [[], []]])) {
    update("value", value);
    assert.deepEqual([urls(), props.value], [there, there.length ? [FILE] : []]);
  }
});

test("a picture of the viewer is saved as a file; a viewer that makes none saves nothing", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  context.mock.method(URL, "createObjectURL", () => "blob:picture");
  /** @type {string[][]} */
  const saved = [];
  context.mock.method(FakeElement.prototype, "click", function () {
    const { localName, href, download } = /** @type {any} */ (this);
    if (localName === "a") saved.push([href, download]);
    else this.dispatchEvent(new Event("click"));
  });
  props.value = [FILE];
  props.settings = sent({ ...SETTINGS, buttons: ["screenshot"] });
  start();
  for (const picture of [new Blob(["png"]), null]) {
    viewer.viewer = { screenshot: async () => picture };
    element.button("Screenshot").click();
    await settled();
  }
  assert.deepEqual(saved, [["blob:picture", "screenshot.png"]]);
});

test("a file that cannot be saved is reported to the user and to listeners", async () => {
  props.value = [FILE];
  props.settings = sent({ ...SETTINGS, buttons: ["screenshot"] });
  start();
  viewer.viewer = { screenshot: () => Promise.reject(new Error("The canvas could not be read.")) };
  element.button("Screenshot").click();
  await settled();
  const message = "The viewer could not save the file: The canvas could not be read.";
  assert.deepEqual(triggered, [["rerun_error", { message, type: "rerun_error" }], ["error", message]]);
});

test("a file of the user is the value of the component then, and Python receives its name", async () => {
  /** @type {any[]} */
  const requests = [];
  globalThis.XMLHttpRequest = /** @type {any} */ (class {
    upload = {};
    status = 200;
    response = ["/tmp/upload/a.rrd"];
    open() {}
    send() {
      requests.push(this);
    }
  });
  props.settings = sent({ ...SETTINGS, interactive: true });
  start();
  const [prompt] = element.all(({ className }) => className === "rerun-drop");
  prompt.dispatchEvent(Object.assign(new Event("drop"), { dataTransfer: { files: [new File(["RRF2"], "a.rrd")] } }));
  requests[0].onload();
  await settled();
  assert.deepEqual(triggered, [["upload", { names: ["a.rrd"] }]]);
  const [{ path, orig_name, meta }] = props.value;
  assert.deepEqual([path, orig_name, meta, viewer.recordings.length], ["/tmp/upload/a.rrd", "a.rrd", { _type: "gradio.FileData" }, 1]);
});

test("commands for an empty viewer wait through updates", async () => {
  start();
  viewer.takesCommands = () => false;
  const command = { id: `waits-${id}`, name: "play", arguments: {}, request: null, target: [], causes: [], waits: false, outlasts: false, answers: false, question: null, seconds: 0 };
  update("settings", { ...SETTINGS, commands: [command] });
  update("settings", SETTINGS);
  viewer.takesCommands = () => true;
  for (let tries = 0; tries < 100 && viewer.done.length === 0; tries++) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(viewer.done, ["play with 0 recordings"]);
});

test("a removed component is not changed", () => {
  start();
  element.parent?.remove();
  update("value", [FILE]);
  assert.deepEqual(urls(), []);
});

test("a value that is returned again opens recordings that were closed", () => {
  props.value = [FILE];
  start();
  viewer.dispatchEvent(new CustomEvent("recording-close"));
  assert.notDeepEqual(props.value, [FILE]); // Gradio passes on what differs
  assert.deepEqual(props.value.filter(Boolean), [FILE]);
  assert.equal(viewer.reopened, 0);
  update("settings", SETTINGS);
  assert.equal(viewer.reopened, 0);
  update("value", [FILE]);
  assert.equal(viewer.reopened, 1);
  assert.equal(urls().length, 1);
});

test("a value is shown before the commands beside it, which are carried out once", async () => {
  start();
  props.value = [FILE];
  const settings = { ...SETTINGS, commands: [{ id: `bridge-${id}`, name: "close", arguments: {}, request: null, target: [], causes: [], waits: true, outlasts: false, answers: false, question: null, seconds: 0 }] };
  update("settings", settings);
  update("value", [FILE]);
  await settled();
  assert.deepEqual(viewer.done, ["close with 1 recordings"]);
});

test("a reason of any length is short for the user, and whole for listeners", async () => {
  start();
  const reason = `the recording \u202e${"x".repeat(1_000_000)} has no such timeline`;
  viewer.carryOut = async () => {
    throw new Error(reason);
  };
  update("settings", { ...SETTINGS, commands: [{ id: `bridge-${id}`, name: "close", arguments: {}, request: null, target: [], causes: [], waits: true, outlasts: false, answers: false, question: null, seconds: 0 }] });
  await settled();
  const [[, { message }], [, shown]] = triggered;
  assert.ok(message.endsWith(reason));
  assert.match(shown, /^The viewer could not carry out close\(\): the recording x{1000,2000}…$/);
});

test("a failed command is reported to the user and to listeners", async () => {
  start();
  viewer.carryOut = async () => {
    throw new Error("It cannot.");
  };
  update("settings", { ...SETTINGS, commands: [{ id: `bridge-${id}`, name: "close", arguments: {}, request: null, target: [], causes: [], waits: true, outlasts: false, answers: false, question: null, seconds: 0 }] });
  await settled();
  const message = "The viewer could not carry out close(): It cannot.";
  assert.deepEqual(triggered, [["rerun_error", { message, type: "rerun_error" }], ["error", message]]);
});

const HTML = "<form action=//evil.test style='position:fixed;inset:0'>&lt;\"";

/** A command that fails, and where the HTML in the message comes from. @type {[string, object, string | null][]} */
const FAILURES = [
  ["the name of a view, an application, an entity or a timeline, in what the viewer says", {}, `There are: ${HTML}.`],
  ["the name of a view, in the command", { view: HTML }, "There is no such view."],
  ["the name of a timeline, in the command", { timeline: HTML }, "There is no such timeline."],
  ["the path of an entity, in the command", { entity_path: HTML }, "It cannot."],
  ["a URL with the name of a file, in the command", { url: `https://a.test/${HTML}` }, "It cannot."],
  ["the id of a recording that is not open", { recording_id: HTML }, null],
];

for (const [where, given, reason] of FAILURES) {
  test(`HTML in a message is text for Gradio's page, and itself for functions: ${where}`, async (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    let now = 0;
    context.mock.method(performance, "now", () => (now += 10_000));
    start();
    viewer.takesCommands = () => reason !== null;
    viewer.carryOut = async () => {
      throw new Error(reason ?? "");
    };
    const command = { id: `html-${id}`, name: "run_command", arguments: given, request: null, target: [], causes: [], waits: true, outlasts: false, answers: false, question: null, seconds: 0 };
    update("settings", { ...SETTINGS, commands: [command] });
    await settled();
    const [[, { message }], [event, shownByGradio]] = triggered;
    assert.ok(message.includes(HTML) || message.includes(JSON.stringify(HTML).slice(1, -1)), message);
    assert.equal(event, "error");
    assert.doesNotMatch(shownByGradio, /[<>"']/);
    assert.equal(shownByGradio.replace(/&#(\d+);/g, (/** @type {string} */ _, /** @type {string} */ code) => String.fromCharCode(Number(code))), message);
  });
}

test("Clear empties the value, and fires an event", () => {
  props.value = [FILE];
  props.settings = sent({ ...SETTINGS, interactive: true });
  start();
  element.button("Clear").click();
  assert.deepEqual([props.value, urls(), triggered], [[], [], [["clear", {}]]]);
});

test("a cleared value drops the commands that wait", async () => {
  props.value = [FILE];
  start();
  viewer.takesCommands = () => false;
  update("settings", { ...SETTINGS, commands: [{ id: `dropped-${id}`, name: "close", arguments: {}, request: null, target: [], causes: [], waits: true, outlasts: false, answers: false, question: null, seconds: 0 }] });
  update("value", []);
  viewer.takesCommands = () => true;
  update("settings", { ...SETTINGS, commands: [{ id: `kept-${id}`, name: "play", arguments: {}, request: null, target: [], causes: [], waits: false, outlasts: false, answers: false, question: null, seconds: 0 }] });
  for (let tries = 0; tries < 100 && viewer.done.length === 0; tries++) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(viewer.done, ["play with 0 recordings"]);
});

test("a command beside an empty value waits for the next value", async () => {
  props.value = [FILE];
  start();
  props.value = [];
  const settings = { ...SETTINGS, commands: [{ id: `beside-${id}`, name: "play", arguments: {}, request: null, target: [], causes: [], waits: false, outlasts: false, answers: false, question: null, seconds: 0 }] };
  viewer.takesCommands = () => false;
  update("settings", settings);
  update("value", []);
  viewer.takesCommands = () => true;
  update("value", [FILE]);
  for (let tries = 0; tries < 100 && viewer.done.length === 0; tries++) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(viewer.done, ["play with 1 recordings"]);
});

test("events that a command causes have from_command", async () => {
  props.value = [FILE];
  start();
  update("settings", { ...SETTINGS, commands: [{ id: `own-${id}`, name: "pause", arguments: {}, request: null, target: [], causes: [{ type: "pause" }], waits: false, outlasts: false, answers: false, question: null, seconds: 0 }] });
  /** @type {any[]} */
  const details = ["pause", "play"].map((type) => ({ type, application_id: "app", recording_id: "run" }));
  for (const detail of details) viewer.dispatchEvent(new CustomEvent("viewer-event", { detail }));
  await settled();
  assert.deepEqual(details.map(({ from_command }) => from_command), [true, undefined]);
  assert.deepEqual(triggered.map(([event, { from_command }]) => [event, from_command]), [["pause", true], ["play", undefined]]);
});

test("events of the viewer reach Python, and a recording that opens also as `load`", async () => {
  start();
  viewer.dispatchEvent(new CustomEvent("viewer-event", { detail: { type: "recording_open", application_id: "app", recording_id: "run", source: "a" } }));
  viewer.dispatchEvent(new CustomEvent("error", { detail: { message: "It broke." } }));
  await settled();
  assert.deepEqual(triggered.map(([event]) => event).sort(), ["recording_open", "rerun_error", "rerun_load"]);
  assert.deepEqual(triggered.find(([event]) => event === "rerun_load")?.[1], { application_id: "app", recording_id: "run", type: "rerun_load" });
});

test("an uploaded file is converted by the app, or is an error in its words", async () => {
  start();
  const prepare = (/** @type {string} */ upload) =>
    viewer.preparer({ url: "", name: "", size: 1, upload }, { signal: new AbortController().signal, onProgress() {} });
  const { recordings } = await prepare("/tmp/upload/a.glb");
  assert.deepEqual(recordings.map(({ url, name }) => [url, name]), [["http://app.test/demo/gradio_api/file=/tmp/a.rrd", "a.rrd"]]);
  server.open_upload = async () => ({ error: "It is no recording." });
  await assert.rejects(prepare("/tmp/upload/a.txt"), /^Error: It is no recording\.$/);
});

test("a viewer that is back in the page after it was disposed gets questions again, by one call at a time", async () => {
  let calls = 0;
  /** @type {(() => void)[]} */
  const ends = [];
  server.next_questions = () => new Promise((resolve) => (calls++, ends.push(() => resolve([]))));
  start({ isAsked: true });
  viewer.dispatchEvent(new Event("loadstart"));
  assert.equal(calls, 1);
  const parent = /** @type {FakeElement} */ (element.parent);
  element.remove();
  ends[0]();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(calls, 1);
  parent.append(element);
  viewer.dispatchEvent(new Event("loadstart"));
  assert.equal(calls, 2);
  element.remove();
  ends[1]();
});

test("calls to a Rerun server go through the app, with the id of the component", async () => {
  start({ session: "s" });
  /** @type {any[]} */
  const asked = [];
  globalThis.fetch = /** @type {any} */ (async (/** @type {any[]} */ ...given) => asked.push(given));
  const { signal } = new AbortController();
  await viewer.askServer({ server: "rerun://x" }, signal);
  const [[url, options]] = asked;
  assert.equal(url, "http://app.test/demo/gradio_api/component_server");
  assert.deepEqual(JSON.parse(options.body), { data: { server: "rerun://x" }, component_id: id, fn_name: "ask_server", session_hash: "s" });
  assert.deepEqual([options.method, options.credentials, options.signal], ["POST", "same-origin", signal]);
});
