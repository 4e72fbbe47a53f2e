import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

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

  /** @param {string} type @param {boolean} [isCommand] whether a command from Python has caused the event @returns {Promise<boolean>} whether it is marked then */
  async tell(type, isCommand = false) {
    const detail = isCommand ? { type, from_command: true } : { type };
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

/** @param {bigint} [end] of the second one */
function pair(end) {
  return [new FakeViewer(firstId, [firstId + 1]), new FakeViewer(firstId + 1, [firstId], end)];
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

test("after 500 actions of the user, viewers rest on one frame", async () => {
  const [one, two, dice] = [...pair(), random(1)];
  for (let action = 0; action < 500; action++) {
    // Of the user's next action, the last events may not have come.
    (dice(2) ? one : two).drag(BigInt(dice(20)), dice(5) === 0);
    for (let frame = dice(3); frame > 0; frame--) await draw();
    if (dice(10)) continue;
    await (dice(2) ? one : two).drag(BigInt(dice(20)));
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
