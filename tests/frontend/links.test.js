import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { FakeElement } from "./dom.js";

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

function draw() {
  for (const callback of frames.splice(0)) callback();
}

/** A viewer with a recording from 0 to `end`. */
class FakeViewer extends FakeElement {
  isShown = true;
  /** How often it was moved. */
  moved = 0;
  /** @type {any} */
  times;
  /** @type {any} */
  link;

  /** @param {number} id @param {number[]} others @param {bigint} [end] */
  constructor(id, others, end = 99n) {
    super("rerun-viewer");
    this.end = end;
    this.times = { store: `Recording:app:${id}`, timelines: [{ name: "frame" }], timeline: "frame", time: 0n, isPlaying: false };
    const viewer = this;
    this.running = { viewer: { control: { get times() { return viewer.times; }, moveTime: viewer.moveTime.bind(viewer) } } };
    this.link = new LinkedViewer(/** @type {any} */ (this), id, others);
  }

  /** @param {string} _ @param {any} cursor */
  async moveTime(_, cursor) {
    this.moved++;
    const time = cursor.time > this.end ? this.end : cursor.time;
    const isOther = time !== this.times.time;
    this.times = { ...this.times, ...cursor, time };
    if (isOther) this.tell("time_update");
  }

  /** @param {string} type @param {boolean} [isCommand] @returns {boolean} whether it follows */
  tell(type, isCommand = false) {
    return this.link.take({ type }, isCommand);
  }

  /** The user moves it. @param {bigint} time @param {boolean} [isPlaying] */
  drag(time, isPlaying = false) {
    now += 10;
    this.dispatchEvent(new Event("pointerdown"));
    this.times = { ...this.times, time, isPlaying };
    return this.tell("time_update");
  }
}

/** @param {bigint} [end] of the second one */
function pair(end) {
  return [new FakeViewer(firstId, [firstId + 1]), new FakeViewer(firstId + 1, [firstId], end)];
}

test("what the user does in one viewer is shown by the other, once, whichever it is", () => {
  const [one, two] = pair();
  assert.equal(one.drag(5n), false);
  draw();
  draw();
  assert.deepEqual([two.times.time, two.moved, one.moved], [5n, 1, 0]);
  two.drag(9n);
  draw();
  draw();
  assert.deepEqual([one.times.time, one.moved, two.moved], [9n, 1, 1]);
  assert.equal(frames.length, 0);
});

test("a viewer that plays by itself follows the one that was first", () => {
  const [one, two] = pair();
  one.times = { ...one.times, time: 3n, isPlaying: true };
  one.tell("play");
  two.times = { ...two.times, time: 1n, isPlaying: true };
  assert.equal(two.tell("play"), true);
  draw();
  draw();
  assert.deepEqual([two.times.time, two.times.isPlaying, one.times.isPlaying], [3n, false, true]);
});

test("a command makes a viewer lead, and events of those that follow are marked", () => {
  const [one, two] = pair();
  one.drag(5n);
  draw();
  now += 10;
  two.times = { ...two.times, time: 7n };
  assert.equal(two.tell("time_update", true), false);
  draw();
  assert.equal(one.times.time, 7n);
  assert.equal(one.tell("time_update"), true);
});

test("a viewer whose recording is shorter stays at its end, and is not moved again and again", () => {
  const [one, two] = pair(10n);
  one.drag(50n);
  for (let frame = 0; frame < 10; frame++) draw();
  assert.deepEqual([two.times.time, two.moved, frames.length], [10n, 1, 0]);
});

test("another timeline, a hidden viewer, and one without a recording stay as they are", () => {
  const [one, two] = pair();
  two.times = { ...two.times, timelines: [{ name: "step" }], timeline: "step" };
  one.drag(5n);
  draw();
  assert.equal(two.moved, 0);
  two.times = { ...two.times, timelines: [{ name: "frame" }], timeline: "frame" };
  two.isShown = false;
  one.drag(6n);
  draw();
  assert.equal(two.moved, 0);
  two.isShown = true;
  const { times } = two;
  two.times = null;
  one.drag(7n);
  draw();
  two.times = times;
  two.dispatchEvent(new Event("load"));
  draw();
  assert.equal(two.times.time, 7n);
});

test("if the viewer that leads has no recording any more, or is no longer on the page, another leads", () => {
  const [one, two] = pair();
  one.drag(5n);
  draw();
  one.times = null;
  two.times = { ...two.times, time: 8n };
  assert.equal(two.tell("time_update"), false);
  const [three, four] = ((firstId += 10), pair());
  three.drag(5n);
  draw();
  three.dispatchEvent(new Event("dispose"));
  assert.equal(four.tell("time_update"), false);
});

test("a viewer that is linked to none reports its events as they are", () => {
  const one = new FakeViewer(firstId, []);
  assert.equal(one.drag(5n), false);
  assert.equal(frames.length, 0);
});
