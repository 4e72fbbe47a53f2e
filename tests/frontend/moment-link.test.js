import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { message, read, text, textAt } from "../../src/gradio_rerun/frontend/viewer/protobuf.js";
import { fromBase64 } from "../../src/gradio_rerun/frontend/viewer/base64.js";
import { pack } from "../../src/gradio_rerun/frontend/gradio/layout-text.js";
import { FakeElement, fakeDocument } from "./dom.js";

/** @typedef {import("../../src/gradio_rerun/frontend/gradio/moment-link.js").MomentLink} MomentLink */

globalThis.ResizeObserver = /** @type {any} */ (class { observe() {} });
const MODULE = new URL("../../src/gradio_rerun/frontend/gradio/moment-link.js", import.meta.url);
const RUN = { application_id: "app", recording_id: "run" };
const FRAMES = { name: "frame", end: 99n };
const ON = /** @type {any} */ ({ buttons: ["link"] });

/** Each page has its own modules. */
let pages = 0;
/** @type {typeof MomentLink} */
let PageLink;
/** @type {FakeElement} */
let body;
/** @type {string[]} */
let copied;

/** The user clicks a button with this id. @param {string} id */
const clickOn = (id) => click({ target: { closest: (/** @type {string} */ selector) => (id.startsWith(selector.split("'")[1]) ? {} : null) } });
/** @type {(event: any) => void} */
let click;

/** @param {string} [query] of the page's URL */
async function open(query = "") {
  body = fakeDocument();
  copied = [];
  globalThis.location = /** @type {any} */ (new URL(`https://app.test/${query}`));
  setClipboard({ writeText: async (/** @type {string} */ text) => void copied.push(text) });
  const addEventListener = (/** @type {string} */ type, /** @type {any} */ listener) => void (type === "click" && (click = listener));
  Object.assign(globalThis.document, { addEventListener });
  globalThis.history = /** @type {any} */ ({ state: 1, replaceState: (/** @type {any} */ _, /** @type {string} */ __, /** @type {string} */ href) => (globalThis.location.href = href) });
  ({ MomentLink: PageLink } = await import(`${MODULE}?page=${pages++}`));
}

/** @param {unknown} clipboard */
function setClipboard(clipboard) {
  Object.defineProperty(globalThis, "navigator", { value: { clipboard }, configurable: true });
}

/** A viewer on the page, with a link. */
class FakeViewer extends FakeElement {
  isLoading = false;
  hasPoints = true;
  /** Its blueprint as JSON; null: a viewer before 0.41. @type {string | null} */
  layout = '{"/time_panel":{"a":1},"/viewport":{"hash":10906268259476099866}}';
  /** What was done with the Rerun viewer. @type {any[]} */
  done = [];
  /** @type {any} */
  times = null;
  timelines = [FRAMES];
  /** @type {any} */
  running;

  constructor(id = 1, elemId = "") {
    super("rerun-viewer");
    const page = this;
    const control = {
      get times() {
        return page.times;
      },
      carryOut: (/** @type {any} */ command, /** @type {any[]} */ recordings) => this.carryOut(command, recordings),
    };
    this.running = {
      open: { names: [], state: "loading" },
      viewer: {
        control,
        restore: async (/** @type {any} */ { store, timeline, time }) => {
          if (store !== this.times.store || !this.timelines.some(({ name }) => name === timeline)) return false;
          this.times = { ...this.times, timeline, time };
          this.done.push(`${timeline} ${time}`);
          return true;
        },
      },
    };
    this.host = new FakeElement();
    this.host.append(this);
    body.append(this.host);
    Object.defineProperty(this, "parentElement", { get: () => this.host });
    this.focus = () => {};
    this.link = new PageLink(/** @type {any} */ (this), /** @type {any} */ (this.host), { id, elemId });
    this.link.configure(ON, true);
  }

  /** @param {any} command @param {any[]} recordings */
  async carryOut({ name, request, target }, [recording]) {
    const fields = read(fromBase64(request));
    if (name === "set_active_recording") {
      assert.deepEqual([fields.size, target], [0, [20, 1]]);
      this.times = { store: `Recording:app:${recording.recording_id}`, timelines: this.timelines, timeline: "log_tick", time: 0n };
      this.done.push(`show ${recording.recording_id}`);
    } else if (name === "get_recording_schema") {
      assert.deepEqual([target, text(message(fields.get(7)?.[0]).get(2)?.[0])], [[7, 1], "/points"]);
      if (!this.hasPoints) throw new Error("no such entity");
    } else if (name === "get_blueprint") {
      assert.deepEqual([fields.size, target], [0, [12, 2, 1]]);
      if (this.layout === null) throw new Error("needs 0.41");
      return { closed: [], response: Uint8Array.from(textAt([12, 2], this.layout)) };
    } else if (name === "set_blueprint") {
      assert.deepEqual(target, [14, 3, 1]);
      this.layout = text(message(fields.get(14)?.[0]).get(2)?.[0]);
      this.done.push(`layout ${this.layout}`);
    } else {
      this.done.push(`${name} ${text(message(fields.get(4)?.[0]).get(1)?.[0])}`);
    }
  }

  /** Recordings open, and all is loaded. @param {string[]} ids @param {string} [application_id] */
  async load(ids, application_id = "app") {
    const names = ids.map((recording_id) => ({ application_id, recording_id }));
    Object.assign(this.running.open, { names, state: "ready" });
    this.times = { store: `Recording:${application_id}:${ids[0]}`, timelines: this.timelines, timeline: "log_tick", time: 0n };
    for (const name of names) this.tell({ type: "recording_open", ...name });
    this.dispatchEvent(new Event("load"));
    await settled();
  }

  /** @param {object} detail */
  tell(detail) {
    this.dispatchEvent(new CustomEvent("viewer-event", { detail }));
  }

  /** What the user reads over the viewer. */
  get notice() {
    return this.host.all(({ className }) => className === "rerun-notice").map(({ textContent }) => textContent).join();
  }
}

beforeEach((context) => {
  const { mock } = /** @type {import("node:test").TestContext} */ (context);
  mock.timers.enable({ apis: ["setTimeout"] });
  tick = (ms) => mock.timers.tick(ms);
});

/** @type {(ms: number) => void} */
let tick;

/** All that is to happen within two seconds. */
async function settled() {
  for (let time = 0; time < 20; time++) {
    await new Promise((resolve) => setImmediate(resolve));
    tick(100);
  }
}

/** @param {string} [href] */
const parameters = (href = copied[0]) => Object.fromEntries(new URL(href).searchParams);

const LINK = "?rerun.application_id=app&rerun.recording_id=run&rerun.timeline=frame&rerun.time=42&rerun.selection=%2Fpoints%5B%233%5D";

test("a copied link has the moments of all viewers on the page", async () => {
  await open("?__theme=dark");
  const [left, right] = [new FakeViewer(7), new FakeViewer(3, "right")];
  const empty = new FakeViewer(9);
  await left.load(["run"]);
  await right.load(["other"]);
  left.times = { ...left.times, timeline: "frame", time: 12n };
  left.tell({ type: "selection_change", ...RUN, items: [{ type: "entity", entity_path: "/points", instance_id: 3 }] });
  await left.link.copy();
  assert.deepEqual(parameters(), {
    __theme: "dark",
    "rerun.application_id": "app", "rerun.recording_id": "run", "rerun.timeline": "frame", "rerun.time": "12", "rerun.selection": "/points[#3]",
    "rerun-right.application_id": "app", "rerun-right.recording_id": "other", "rerun-right.timeline": "log_tick", "rerun-right.time": "0",
  });
  assert.deepEqual([left.notice, right.notice, empty.notice], ["Link copied", "", ""]);
  tick(5_000);
  assert.equal(left.notice, "");
});

test("a link has the layout that the user has changed, and a viewer that opens it shows that layout at its own time", async () => {
  await open();
  const viewer = new FakeViewer();
  await viewer.load(["run"]);
  viewer.layout = '{"/time_panel":{"a":2},"/viewport":{"hash":10906268259476099866}}'; // only the time has moved
  await viewer.link.copy();
  assert.equal(parameters()["rerun.layout"], undefined);
  viewer.layout = '{"/view/app":{}}'; // which the app has set
  await viewer.link.copy();
  assert.equal(parameters(copied[1])["rerun.layout"], undefined);
  viewer.dispatchEvent(new Event("pointerdown"));
  viewer.layout = '{"/time_panel":{"a":2},"/view/1/EyeControls3D":{"position":[1,2,3]},"/viewport":{"hash":10906268259476099867}}';
  await viewer.link.copy();
  await open(new URL(copied[2]).search);
  const other = new FakeViewer();
  await other.load(["run"]);
  while (other.done.length === 0) await settled(); // it is decompressed by the system, which takes its time
  const shown = '{"/view/1/EyeControls3D":{"position":[1,2,3]},"/viewport":{"hash":10906268259476099867},"/time_panel":{"a":1}}';
  assert.deepEqual(other.done, [`layout ${shown}`]);
  await other.link.copy(); // and passes it on
  assert.match(parameters()["rerun.layout"], /^[\w-]+$/);
});

test("a viewer that has no layout, or refuses it, shows the rest of the moment", async () => {
  for (const layout of ["AAAA", "q1YqSy0qzszPU7JSUDJU0gEA", await pack("[1]"), await pack('{"a":1}')]) {
    await open(`${LINK}&rerun.layout=${layout}`);
    const viewer = new FakeViewer();
    viewer.layout = null;
    await viewer.load(["run"]);
    while (viewer.done.length < 3) await settled();
    assert.deepEqual(viewer.done.filter((each) => !each.startsWith("layout")), ["frame 42", "open recording://points[#3]", "frame 42"]);
    await viewer.link.copy();
    assert.equal(parameters()["rerun.time"], "42");
  }
});

test("a selection in another recording, or before the recording was opened again, is not in the link", async () => {
  await open();
  const viewer = new FakeViewer();
  const select = () => viewer.tell({ type: "selection_change", ...RUN, items: [{ type: "entity", entity_path: "/points" }] });
  select();
  await viewer.load(["run"]);
  assert.equal(viewer.link.moment?.selection, null);
  select();
  assert.equal(viewer.link.moment?.selection, "/points");
  viewer.times = { ...viewer.times, store: "Recording:app:other" };
  viewer.running.open.names.push({ ...RUN, recording_id: "other" });
  assert.equal(viewer.link.moment?.selection, null);
});

test("a viewer without the button is in no link, and no link moves it", async () => {
  await open(LINK);
  const viewer = new FakeViewer();
  viewer.link.configure(/** @type {any} */ ({ buttons: ["download"] }), true);
  await viewer.load(["run"]);
  assert.deepEqual([viewer.done, viewer.notice], [[], ""]);
});

const DEEP_LINK_BUTTON = "gradio-share-link-button-0";

test("the URL that Gradio copies for a deep link has the moments of all viewers, and the page has its own URL afterwards", async () => {
  await open("?__theme=dark&__sign=key");
  const own = globalThis.location.href;
  const [left, right] = [new FakeViewer(1), new FakeViewer(2)];
  left.link.configure(/** @type {any} */ ({ buttons: [] }), true);
  await left.load(["run"]);
  await right.load(["other"]);
  clickOn("another-button");
  assert.equal(globalThis.location.href, own);
  left.times = { ...left.times, timeline: "frame", time: 12n };
  clickOn(DEEP_LINK_BUTTON);
  const moments = {
    "rerun.application_id": "app", "rerun.recording_id": "run", "rerun.timeline": "frame", "rerun.time": "12",
    "rerun2.application_id": "app", "rerun2.recording_id": "other", "rerun2.timeline": "log_tick", "rerun2.time": "0",
  };
  assert.deepEqual(parameters(globalThis.location.href), { __theme: "dark", __sign: "key", ...moments });
  tick(9_000);
  left.times = { ...left.times, time: 13n };
  clickOn(DEEP_LINK_BUTTON);
  tick(9_000);
  assert.equal(parameters(globalThis.location.href)["rerun.time"], "13");
  tick(1_000);
  assert.equal(globalThis.location.href, own);
  clickOn(DEEP_LINK_BUTTON);
  globalThis.location.href = "https://app.test/other";
  tick(10_000);
  assert.equal(globalThis.location.href, "https://app.test/other"); // the user has gone on
});

test("a deep link moves viewers without the button, and a link that is copied in its page has their moments", async () => {
  await open(`${LINK}&deep_link=abc`);
  const viewer = new FakeViewer();
  viewer.link.configure(/** @type {any} */ ({ buttons: [] }), true);
  await viewer.load(["run"]);
  assert.equal(viewer.done[0], "frame 42");
  viewer.times = { ...viewer.times, time: 43n };
  await viewer.link.copy();
  assert.deepEqual([parameters()["rerun.time"], parameters().deep_link], ["43", "abc"]);
});

const KEPT = { recording: RUN, place: { timeline: "frame", time: 5n }, selection: null, layout: null };

test("a moment that Gradio has kept is shown once, as soon as its recording opens, also without the button", async () => {
  await open(LINK); // which this viewer ignores
  const viewer = new FakeViewer();
  viewer.link.configure(/** @type {any} */ ({ buttons: [] }), true);
  viewer.link.show(KEPT);
  await viewer.load(["other"]);
  assert.deepEqual([viewer.done, viewer.notice], [[], ""]);
  await viewer.load(["run"]);
  assert.deepEqual(viewer.done, ["frame 5", "frame 5"]);
  await viewer.load(["run"]);
  assert.deepEqual(viewer.done, ["frame 5", "frame 5"]);
});

test("a moment in the page's URL takes precedence over one that Gradio has kept", async () => {
  await open(`${LINK}&deep_link=abc`);
  const viewer = new FakeViewer();
  viewer.link.show(KEPT);
  await viewer.load(["run"]);
  assert.equal(viewer.times.time, 42n);
});

test("where the browser gives no clipboard, the link is copied as a selection, or shown", async () => {
  await open();
  const viewer = new FakeViewer();
  await viewer.load(["run"]);
  setClipboard(undefined); // plain http to another machine
  for (const name of /** @type {const} */ (["focus", "select"])) /** @type {any} */ (FakeElement.prototype)[name] = () => {};
  /** @type {any[]} */
  const commands = [];
  Object.assign(globalThis.document, { execCommand: (/** @type {string} */ name) => commands.push(name) });
  await viewer.link.copy();
  assert.deepEqual([commands, viewer.notice], [["copy"], "Link copied"]);
  Object.assign(globalThis.document, { execCommand: () => false });
  await viewer.link.copy();
  const [field] = viewer.host.all(({ localName }) => localName === "input");
  assert.equal(parameters(/** @type {any} */ (field).value)["rerun.recording_id"], "run");
  assert.match(viewer.notice, /^Copy this link/);
  viewer.host.button("Close").click();
  assert.equal(viewer.notice, "");
});

test("a link's moment is shown once, when its recording opens", async () => {
  await open(LINK);
  const viewer = new FakeViewer();
  await viewer.load(["first", "run"]);
  assert.deepEqual(viewer.done, ["show run", "frame 42", "open recording://points[#3]", "frame 42"]);
  assert.equal(viewer.notice, "");
  viewer.done = [];
  await viewer.load(["run"]);
  assert.deepEqual(viewer.done, []);
});

test("a stream is moved as soon as it reaches the time, or has ended", async () => {
  for (const isReached of [true, false]) {
    await open(LINK);
    const viewer = new FakeViewer();
    viewer.timelines = [{ name: "frame", end: 10n }];
    viewer.isLoading = true;
    await viewer.load(["run"]);
    assert.ok(!viewer.done.includes("frame 42"));
    if (isReached) viewer.times.timelines[0].end = 42n;
    else viewer.isLoading = false;
    await settled();
    assert.ok(viewer.done.includes("frame 42"));
  }
});

test("a recording that is not here is named, and shown when the user opens it later", async () => {
  await open(LINK.replace("recording_id=run", "recording_id=<b>run"));
  const viewer = new FakeViewer();
  await viewer.load(["other"], "other app");
  assert.match(viewer.notice, /^The recording of this link is not here: <b>run \(app\)/);
  assert.deepEqual(viewer.done, []);
  viewer.host.button("Close").click();
  await viewer.load(["one more"], "other app");
  assert.equal(viewer.notice, ""); // told once
  await viewer.load(["<b>run"]);
  assert.equal(viewer.done[0], "frame 42");
});

test("another recording of the same application is moved to the time, and the user reads that it is another", async () => {
  await open(LINK);
  const viewer = new FakeViewer();
  await viewer.load(["run of today"]);
  assert.deepEqual(viewer.done, ["frame 42", "open recording://points[#3]", "frame 42"]);
  assert.match(viewer.notice, /^This link is for another recording: run \(app\)/);
  await viewer.load(["run"]);
  assert.equal(viewer.notice, "");
  assert.equal(viewer.done.at(-1), "frame 42");
});

test("another recording of the same application without the timeline is just another recording", async () => {
  await open(LINK.replace("frame", "step"));
  const viewer = new FakeViewer();
  await viewer.load(["run of today"]);
  assert.match(viewer.notice, /^The recording of this link is not here: run \(app\)/);
});

for (const input of ["pointerdown", "wheel", "keydown"]) {
  test(`a user who uses the viewer meanwhile keeps it: ${input}`, async () => {
    await open(LINK);
    const viewer = new FakeViewer();
    viewer.isLoading = true;
    viewer.timelines = [{ name: "frame", end: 10n }];
    await viewer.load(["run"]);
    viewer.host.dispatchEvent(new Event(input));
    viewer.isLoading = false;
    await settled();
    assert.deepEqual(viewer.done, []);
  });
}

test("a moment is shown when all is loaded, also if the viewer has not reported the recording", async () => {
  await open(LINK);
  const viewer = new FakeViewer();
  const tell = viewer.tell;
  viewer.tell = () => {};
  await viewer.load(["run"]);
  viewer.tell = tell;
  assert.equal(viewer.done[0], "frame 42");
});

/** A viewer that has just been set to the moment of the link. */
async function showMoment() {
  await open(LINK);
  const viewer = new FakeViewer();
  viewer.load(["run"]);
  while (!viewer.done.includes("frame 42")) {
    await new Promise((resolve) => setImmediate(resolve));
    tick(10);
  }
  return viewer;
}

test("commands of the app do not prevent that the moment is shown", async () => {
  const viewer = await showMoment();
  tick(100);
  viewer.times = { ...viewer.times, time: 1n };
  await settled();
  assert.equal(viewer.times.time, 42n);
});

test("a user who moves the time right after the moment is shown keeps the new time", async () => {
  const viewer = await showMoment();
  viewer.host.dispatchEvent(new Event("pointerdown"));
  viewer.times = { ...viewer.times, time: 1n };
  await settled();
  assert.equal(viewer.times.time, 1n);
});

test("a recording that opens while the moment waits for its own does not stay on the screen", async () => {
  await open(LINK);
  const viewer = new FakeViewer();
  viewer.load(["run"]);
  viewer.running.open.state = "loading"; // another one of the value
  await settled();
  assert.equal(viewer.done.at(-1), "frame 42");
  viewer.times = { ...viewer.times, store: "Recording:app:other" };
  viewer.running.open.state = "ready";
  await settled();
  assert.deepEqual(viewer.done.slice(0, 3), ["frame 42", "show run", "open recording://points[#3]"]);
});

test("a recording without times is in the link if it is the only one that is open", async () => {
  await open();
  const viewer = new FakeViewer();
  await viewer.load([]);
  assert.equal(viewer.link.moment, null);
  await viewer.load(["run"]);
  viewer.times = null;
  assert.deepEqual(viewer.link.moment, { recording: RUN, place: null, selection: null, layout: null });
  await viewer.load(["run", "other"]);
  viewer.times = null;
  assert.equal(viewer.link.moment, null);
});

test("viewers are numbered by their place in the app, and those that have left the page are in no link", async () => {
  await open();
  const [second, first, gone] = [new FakeViewer(9), new FakeViewer(3), new FakeViewer(12, "gone")];
  await second.load(["b"]);
  await first.load(["a"]);
  await gone.load(["c"]);
  gone.dispatchEvent(new Event("dispose"));
  await second.link.copy();
  const { "rerun.recording_id": one, "rerun2.recording_id": two, ...others } = parameters();
  assert.deepEqual([one, two, others["rerun-gone.recording_id"]], ["a", "b", undefined]);
});

test("a viewer that is back in the page after it was disposed is in links again", async () => {
  await open();
  const viewer = new FakeViewer();
  await viewer.load(["a"]);
  viewer.dispatchEvent(new Event("dispose"));
  viewer.dispatchEvent(new Event("loadstart"));
  await viewer.link.copy();
  assert.equal(parameters()["rerun.recording_id"], "a");
});

test("a notice disappears with its value", async () => {
  await open(LINK);
  const viewer = new FakeViewer();
  await viewer.load(["other"], "other app");
  viewer.link.configure(ON, false);
  assert.match(viewer.notice, /is not here/);
  viewer.link.configure(ON, true);
  assert.equal(viewer.notice, "");
});

test("an entity that the recording does not have is not selected", async () => {
  await open(LINK);
  const viewer = new FakeViewer();
  viewer.hasPoints = false;
  await viewer.load(["run"]);
  assert.deepEqual(viewer.done, ["frame 42", "frame 42"]);
});

test("viewers take the moments with their own recordings, whichever comes first", async () => {
  await open(`${LINK}&rerun2.application_id=app&rerun2.recording_id=second&rerun2.timeline=frame&rerun2.time=7`);
  const late = new FakeViewer(20);
  await late.load(["second"]);
  assert.equal(late.done[0], "frame 7");
  const early = new FakeViewer(10);
  await early.load(["run"]);
  assert.equal(early.done[0], "frame 42");
  assert.deepEqual([late.notice, early.notice], ["", ""]);
});

test("of two viewers with the same recording, each has its own moment, and a remounted one has none", async () => {
  await open(`${LINK}&rerun2.application_id=app&rerun2.recording_id=run&rerun2.timeline=frame&rerun2.time=7`);
  const [one, two] = [new FakeViewer(1), new FakeViewer(2)];
  await two.load(["run"]);
  await one.load(["run"]);
  assert.deepEqual([one.done[0], two.done[0]], ["frame 42", "frame 7"]);
  one.host.remove();
  const again = new FakeViewer(1);
  one.dispatchEvent(new Event("dispose"));
  await again.load(["run"]);
  assert.deepEqual(again.done, []);
});

test("a viewer with an id of the app takes its own moment only", async () => {
  await open(`${LINK}&rerun-left.timeline=frame&rerun-left.time=7`);
  const left = new FakeViewer(1, "left");
  await left.load(["run"]);
  assert.equal(left.done[0], "frame 7");
  const other = new FakeViewer(2, "other");
  await other.load(["run"]);
  assert.deepEqual(other.done, []);
});

test("a viewer that ends while it is moved is not waited for, and the next is not held up", async () => {
  await open(`${LINK}&rerun2.recording_id=second`);
  const viewer = new FakeViewer();
  viewer.carryOut = () => new Promise(() => {});
  await viewer.load(["first", "run"]);
  const next = new FakeViewer(2);
  await next.load(["first", "second"]);
  assert.deepEqual(next.done, ["show second"]);
});
