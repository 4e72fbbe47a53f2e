import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { textAt } from "../../src/gradio_rerun/frontend/viewer/protobuf.js";
import { FakeElement } from "./dom.js";
import { random } from "./random.js";

/** Callbacks for the next frame. @type {(() => void)[]} */
let frames;
globalThis.ResizeObserver = /** @type {any} */ (class { observe() {} });
const { LinkedViewer } = await import("../../src/gradio_rerun/frontend/gradio/links.js");

let now = 0;
let firstId = 0;

beforeEach((context) => {
  const { mock } = /** @type {import("node:test").TestContext} */ (context);
  frames = [];
  now += 100_000;
  firstId += 10;
  mock.method(performance, "now", () => now);
  globalThis.requestAnimationFrame = (callback) => frames.push(() => callback(0));
});

async function draw() {
  for (const callback of frames.splice(0)) callback();
  await new Promise((resolve) => setImmediate(resolve));
}

const LINK = { time: true, play: true, selection: true, camera: false, timelines: null, offsets: [] };

/** A viewer with a recording from 0 to `end`. */
class FakeViewer extends FakeElement {
  isShown = true;
  /** How often it was moved. */
  moved = 0;
  /** @type {any} */
  times;
  /** @type {any} */
  link;

  /** @param {number} id @param {number[]} others @param {bigint} [end] @param {object} [options] of the link */
  constructor(id, others, end = 99n, options = {}) {
    super("rerun-viewer");
    this.end = end;
    this.times = { store: `Recording:app:${id}`, timelines: [{ name: "frame" }], timeline: "frame", time: 0n, isPlaying: false };
    const viewer = this;
    const carryOut = (/** @type {any} */ command) => viewer.carryOut(command);
    this.running = { viewer: { control: { get times() { return viewer.times; }, moveTime: viewer.moveTime.bind(viewer), carryOut } } };
    const ids = [id, ...others].sort((one, other) => one - other);
    this.link = new LinkedViewer(/** @type {any} */ (this), id, others.length === 0 ? null : { ...LINK, ids, ...options });
  }

  /** @param {string} _ @param {any} cursor */
  async moveTime(_, cursor) {
    this.moved++;
    const time = cursor.time > this.end ? this.end : cursor.time;
    const isOther = time !== this.times.time;
    this.times = { ...this.times, ...cursor, time };
    if (isOther) this.tell("time_update");
  }

  /** The paths that were selected, but for those that are being checked. @type {string[]} */
  selected = [];
  /** The entities that the recording has. */
  entities = ["arm", "base"];
  /** As JSON. */
  layout = "{}";

  /** @param {{name: string, request: string}} command */
  async carryOut({ name, request }) {
    const text = atob(request);
    if (name === "get_blueprint") return { response: Uint8Array.from(textAt([12, 2], this.layout)) };
    if (name === "set_blueprint") this.layout = /** @type {any} */ (/{.*}/.exec(text))[0];
    else if (!this.entities.some((each) => text.includes(each))) throw new Error("no such entity");
    const path = /recording:\/\/(.*)/.exec(text)?.[1];
    if (path) {
      this.selected.push(path);
      await this.choose(`/${path}`);
    }
    return {};
  }

  /** The user selects an entity. @param {string} path */
  choose(path) {
    return this.tell("selection_change", false, { items: [{ type: "entity", entity_path: path }] });
  }

  /** @param {string} type @param {boolean} [isCommand] whether a command from Python has caused the event @param {object} [more] of the event @returns {Promise<boolean>} whether it is marked then */
  async tell(type, isCommand = false, more = {}) {
    const detail = { type, ...more, ...(isCommand ? { from_command: true } : {}) };
    this.dispatchEvent(new CustomEvent("viewer-event", { detail }));
    await null;
    return /** @type {any} */ (detail).from_command === true;
  }

  /** The user moves it. @param {bigint} time @param {boolean} [isPlaying] */
  async drag(time, isPlaying = false) {
    now += 10;
    this.dispatchEvent(new Event("pointerdown"));
    this.times = { ...this.times, time, isPlaying };
    return this.tell("time_update");
  }
}

/** @param {bigint} [end] of the second one @param {object} [options] of the link */
function pair(end, options) {
  return [new FakeViewer(firstId, [firstId + 1], 99n, options), new FakeViewer(firstId + 1, [firstId], end, options)];
}

test("an action of the user in one viewer is shown by the other, once, in both directions", async () => {
  const [one, two] = pair();
  assert.equal(await one.drag(5n), false);
  await draw();
  await draw();
  assert.deepEqual([two.times.time, two.moved, one.moved], [5n, 1, 0]);
  await two.drag(9n);
  await draw();
  await draw();
  assert.deepEqual([one.times.time, one.moved, two.moved], [9n, 1, 1]);
  assert.equal(frames.length, 0);
});

test("a viewer goes to a time to which it was set before, after the user has moved it elsewhere", async () => {
  const [one, two] = pair();
  for (const [viewer, time] of /** @type {[FakeViewer, bigint][]} */ ([[one, 50n], [two, 60n], [one, 50n], [one, 70n], [two, 50n]])) {
    await viewer.drag(time);
    for (let frame = 0; frame < 3; frame++) await draw();
    assert.deepEqual([one.times.time, two.times.time], [time, time]);
  }
});

test("after 500 actions of the user, viewers rest on one frame", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const [one, two, dice] = [...pair(), random(1)];
  for (let action = 0; action < 500; action++) {
    // Of the user's next action, the last events may not have come.
    (dice(2) ? one : two).drag(BigInt(dice(20)), dice(5) === 0);
    for (let frame = dice(3); frame > 0; frame--) await draw();
    if (dice(10)) continue;
    await (dice(2) ? one : two).drag(BigInt(dice(20)));
    await draw();
    now += 300;
    context.mock.timers.tick(300);
    for (let frame = 0; frame < 5; frame++) await draw();
    assert.equal(one.times.time, two.times.time, `action ${action}`);
  }
});

for (const input of ["wheel", "keydown", "input", "change"]) {
  test(`a viewer in which the user uses ${input} leads`, async () => {
    const [one, two] = pair();
    await one.drag(5n);
    await draw();
    now += 10;
    two.dispatchEvent(new Event(input));
    two.times = { ...two.times, time: 9n };
    assert.equal(await two.tell("time_update"), false);
    await draw();
    assert.equal(one.times.time, 9n);
  });
}

test("each event of the time counts, and no other is marked", async () => {
  const [one, two] = pair();
  let time = 1n;
  for (const type of ["pause", "timeline_change", "play", "time_update"]) {
    one.times = { ...one.times, time: time++ };
    await one.tell(type);
    await draw();
    assert.equal(two.times.time, one.times.time);
    assert.equal(await two.tell(type), true);
  }
  await draw();
  assert.equal(await two.tell("selection_change"), false);
  assert.equal(frames.length, 0);
});

test("a viewer that has left the page is not moved, and one whose recording fails to move is no error", async () => {
  const [one, two] = pair();
  two.running.viewer.control.moveTime = () => Promise.reject(new Error("it has ended"));
  await one.drag(5n);
  await draw();
  two.dispatchEvent(new Event("dispose"));
  two.running.viewer.control.moveTime = () => assert.fail("It is no longer on the page.");
  await one.drag(6n);
  await draw();
  assert.equal(frames.length, 0);
});

test("a viewer that is back in the page after it was disposed follows again", async () => {
  const [one, two] = pair();
  two.dispatchEvent(new Event("dispose"));
  two.dispatchEvent(new Event("loadstart"));
  await one.drag(5n);
  await draw();
  assert.equal(two.times.time, 5n);
});

test("a viewer that plays by itself follows the one that was first", async () => {
  const [one, two] = pair();
  one.times = { ...one.times, time: 3n, isPlaying: true };
  await one.tell("play");
  two.times = { ...two.times, time: 1n, isPlaying: true };
  assert.equal(await two.tell("play"), true);
  await draw();
  await draw();
  assert.deepEqual([two.times.time, two.times.isPlaying, one.times.isPlaying], [3n, false, true]);
  one.times = { ...one.times, isPlaying: false };
  await two.drag(9n); // the first use of any
  await draw();
  assert.equal(one.times.time, 9n);
});

test("a command makes a viewer lead, and events of those that follow are marked", async () => {
  const [one, two] = pair();
  await one.drag(5n);
  await draw();
  now += 10;
  two.times = { ...two.times, time: 7n };
  await two.tell("time_update", true);
  await draw();
  assert.equal(one.times.time, 7n);
  assert.equal(await one.tell("time_update"), true);
});

test("a command to a viewer that follows one that plays is not undone", async () => {
  const [one, two] = pair();
  await one.drag(5n, true);
  await draw();
  now += 10;
  two.link.onCommand({ name: "set_time" });
  for (const time of [6n, 7n]) {
    one.times = { ...one.times, time };
    await one.tell("time_update"); // the last events of the one that plays
  }
  two.times = { ...two.times, time: 50n };
  await two.tell("time_update", true);
  for (let frame = 0; frame < 3; frame++) await draw();
  assert.deepEqual([one.times.time, one.times.isPlaying, two.times.time], [50n, false, 50n]);
});

test("a command that does not move the time makes no viewer lead, nor does one to a viewer that is linked to none", async () => {
  const [one, two] = pair();
  await one.drag(5n);
  await draw();
  now += 10;
  two.link.onCommand({ name: "update_panels" });
  await one.drag(6n);
  await draw();
  assert.equal(two.times.time, 6n);
  new FakeViewer(firstId + 5, []).link.onCommand({ name: "set_time" });
});

test("a viewer that the user has just used is moved again when it has reported what the user has done", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const [one, two] = pair();
  await one.drag(5n, true);
  await draw();
  now += 10;
  two.dispatchEvent(new Event("pointerdown")); // it reports nothing: the user has clicked on a view
  one.times = { ...one.times, time: 6n };
  await one.tell("time_update");
  await draw();
  assert.equal(two.times.time, 5n);
  now += 300;
  context.mock.timers.tick(300);
  await draw();
  assert.equal(two.times.time, 6n);
});

test("a click in a viewer does not make it lead while it still reports the time to which it was set", async () => {
  const [one, two] = pair();
  await one.drag(4n);
  await draw();
  await one.drag(5n);
  await draw();
  now += 10;
  two.dispatchEvent(new Event("pointerdown"));
  assert.equal(await two.tell("time_update"), true);
  two.times = { ...two.times, time: 4n }; // where it was before: now the user has moved it
  assert.equal(await two.tell("time_update"), false);
  await draw();
  assert.equal(one.times.time, 4n);
});

test("a viewer whose recording is shorter stays at its end, and is not moved again and again", async () => {
  const [one, two] = pair(10n);
  await one.drag(50n);
  for (let frame = 0; frame < 10; frame++) await draw();
  assert.deepEqual([two.times.time, two.moved, frames.length], [10n, 1, 0]);
});

test("another timeline, a hidden viewer, and one without a recording stay as they are", async () => {
  const [one, two] = pair();
  two.times = { ...two.times, timelines: [{ name: "step" }], timeline: "step" };
  await one.drag(5n);
  await draw();
  assert.equal(two.moved, 0);
  two.times = { ...two.times, timelines: [{ name: "frame" }], timeline: "frame" };
  two.isShown = false;
  await one.drag(6n);
  await draw();
  assert.equal(two.moved, 0);
  two.isShown = true;
  const { times } = two;
  two.times = null;
  await one.drag(7n);
  await draw();
  two.times = times;
  two.dispatchEvent(new Event("load"));
  await draw();
  assert.equal(two.times.time, 7n);
});

test("if the viewer that leads has no recording any more, or is no longer on the page, another leads", async () => {
  const [one, two] = pair();
  await one.drag(5n);
  await draw();
  one.times = null;
  two.times = { ...two.times, time: 8n };
  assert.equal(await two.tell("time_update"), false);
  const [three, four] = ((firstId += 10), pair());
  await three.drag(5n);
  await draw();
  three.dispatchEvent(new Event("dispose"));
  assert.equal(await four.tell("time_update"), false);
});

test("a viewer that a gr.render links to those on the page is one of them", async () => {
  const [one, two] = pair();
  const three = new FakeViewer(firstId + 2, [firstId, firstId + 1]);
  await three.drag(4n);
  await draw();
  assert.deepEqual([one.times.time, two.times.time], [4n, 4n]);
  await one.drag(6n);
  await draw();
  assert.deepEqual([two.times.time, three.times.time], [6n, 6n]);
});

test("a viewer that is linked to none reports its events as they are", async () => {
  const one = new FakeViewer(firstId, []);
  assert.equal(await one.drag(5n), false);
  assert.equal(frames.length, 0);
});

test("a viewer on the page that a gr.render links for the first time leads and follows, whichever is mounted first", async () => {
  const one = new FakeViewer(firstId, []);
  const two = new FakeViewer(firstId + 1, [firstId]);
  const three = new FakeViewer(firstId + 3, [firstId + 2]);
  const four = new FakeViewer(firstId + 2, []);
  for (const [left, right] of [[one, two], [two, one], [three, four], [four, three]]) {
    await left.drag(left.times.time + 1n);
    await draw();
    await draw();
    assert.equal(right.times.time, left.times.time);
  }
});

test("a viewer on the page is linked to each next one that a gr.render builds", async () => {
  const one = new FakeViewer(firstId, []);
  const two = new FakeViewer(firstId + 1, [firstId]);
  two.dispatchEvent(new Event("dispose"));
  const three = new FakeViewer(firstId + 2, [firstId]);
  await one.drag(4n);
  await draw();
  assert.deepEqual([two.times.time, three.times.time], [0n, 4n]);
});

test("an entity that is selected in one viewer is selected in the others, and their events are marked", async () => {
  const [one, two] = pair();
  assert.equal(await one.choose("/arm"), false);
  await draw();
  assert.deepEqual([one.selected, two.selected], [[], ["arm"]]);
  assert.equal(await two.choose("/arm"), true); // the viewer reports it once more
  two.dispatchEvent(new Event("pointerdown"));
  assert.equal(await two.choose("/base"), false);
  await draw();
  assert.deepEqual([one.selected, two.selected], [["base"], ["arm"]]);
});

test("what a recording lacks is not selected in it, and a view or a recording is selected in one viewer alone", async () => {
  const [one, two] = pair();
  await one.choose("/nothing");
  await one.tell("selection_change", false, { items: [{ type: "view", view_name: "arm" }] });
  await draw();
  assert.deepEqual(two.selected, []);
  two.dispatchEvent(new Event("pointerdown"));
  assert.equal(await two.choose("/nothing"), false);
});

test("without `time`, without `selection`: the viewers do not follow in that", async () => {
  const [one, two] = pair(99n, { time: false });
  await one.drag(5n);
  await one.choose("/arm");
  await draw();
  assert.deepEqual([two.times.time, two.selected], [0n, ["arm"]]);
  const [three, four] = ((firstId += 10), pair(99n, { selection: false }));
  await three.drag(5n);
  await three.choose("/arm");
  await draw();
  assert.deepEqual([four.times.time, four.selected], [5n, []]);
});

test("without `play`, a viewer that plays moves no others, and is not moved", async () => {
  const [one, two] = pair(99n, { play: false });
  await one.drag(5n, true);
  await draw();
  assert.equal(two.times.time, 0n);
  await one.drag(6n);
  await draw();
  assert.equal(two.times.time, 6n);
  two.times = { ...two.times, isPlaying: true };
  assert.equal(await two.tell("play"), false);
  await one.drag(7n);
  await draw();
  assert.equal(two.times.time, 6n);
});

test("timelines of different names stand for each other, and an offset is kept in both directions", async () => {
  const [one, two] = pair(99n, { timelines: ["frame", "step"], offsets: ["0", "30"] });
  two.times = { ...two.times, timelines: [{ name: "step" }, { name: "log" }], timeline: "step" };
  await one.drag(5n);
  await draw();
  assert.deepEqual([two.times.timeline, two.times.time], ["step", 35n]);
  await two.drag(40n);
  await draw();
  assert.deepEqual([one.times.timeline, one.times.time], ["frame", 10n]);
  two.times = { ...two.times, timeline: "log" };
  await two.drag(50n);
  await draw();
  assert.equal(one.times.time, 10n); // it has no such timeline
});

test("a viewer that is linked to one on the page has the timeline of this one, and an offset to its time", async () => {
  const [one, two] = pair(99n, { timelines: ["frame", "step"], offsets: ["5", "30"] });
  two.times = { ...two.times, timelines: [{ name: "step" }], timeline: "step" };
  const three = new FakeViewer(firstId + 2, [firstId], 99n, { offsets: ["1", "3"] });
  await two.drag(40n);
  await draw();
  assert.deepEqual([one.times.time, three.times.timeline, three.times.time], [15n, "frame", 17n]);
  await three.drag(20n);
  await draw();
  assert.deepEqual([one.times.time, two.times.time], [18n, 43n]);
});

test("the others get the layout with its cameras when the user has let go, and keep their own timeline", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const [one, two] = pair(99n, { camera: true });
  two.layout = '{"/time_panel":{"own":1}}';
  one.layout = '{"/camera":{"zoom":2},"/time_panel":{"own":2}}';
  const rests = async () => {
    context.mock.timers.tick(150);
    for (let step = 0; step < 5; step++) await draw();
  };
  for (const type of ["pointerup", "wheel"]) one.dispatchEvent(new Event(type));
  assert.equal(two.layout, '{"/time_panel":{"own":1}}');
  await rests();
  assert.deepEqual(JSON.parse(two.layout), { "/camera": { zoom: 2 }, "/time_panel": { own: 1 } });
  two.layout = two.layout.replace("2", "3");
  two.dispatchEvent(new Event("pointerup"));
  await rests();
  assert.equal(JSON.parse(one.layout)["/camera"].zoom, 3);
});
