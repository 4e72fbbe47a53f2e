import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Turns, hasMemory } from "../../src/gradio_rerun/frontend/viewer/ahead.js";

/** What waits until the page is idle. @type {Set<() => void>} */
let idles;
/** What the viewers did, in order. @type {string[]} */
let done;
/** @type {Turns} */
let turns;

beforeEach(() => {
  [idles, done] = [new Set(), []];
  turns = new Turns((callback) => {
    idles.add(callback);
    return () => idles.delete(callback);
  });
});

function idle() {
  for (const callback of idles) {
    idles.delete(callback);
    callback();
  }
}

/** A viewer that is visible and empty. @param {string} name */
function viewer(name) {
  const each = {
    isVisible: true,
    isEmpty: true,
    get mayStart() {
      return each.isVisible && each.isEmpty;
    },
    get isShown() {
      return each.isVisible;
    },
    start: () => void done.push(`${name} starts`),
    end: () => {
      done.push(`${name} ends`);
      turns.leave(each);
    },
  };
  return /** @type {any} */ (each);
}

test("of several empty viewers, the first one starts when the page is idle, and the others wait", () => {
  const [one, two] = [viewer("one"), viewer("two")];
  turns.ask(one);
  turns.ask(two);
  assert.deepEqual(done, []);
  idle();
  idle();
  assert.deepEqual(done, ["one starts"]);
});

test("when the viewer that is ahead has something to show, the next one starts", () => {
  const [one, two] = [viewer("one"), viewer("two")];
  turns.ask(one);
  turns.ask(two);
  idle();
  turns.leave(one);
  assert.deepEqual(done, ["one starts"]);
  idle();
  assert.deepEqual(done, ["one starts", "two starts"]);
});

test("a viewer that shows a value before its turn, or has no turn, starts no other", () => {
  const [one, two] = [viewer("one"), viewer("two")];
  turns.ask(one);
  turns.ask(two);
  one.isEmpty = false;
  turns.leave(two);
  idle();
  assert.deepEqual(done, []);
});

test("a viewer that the user no longer sees gives its turn to one that is visible", () => {
  const [one, two] = [viewer("one"), viewer("two")];
  turns.ask(one);
  idle();
  one.isVisible = false;
  idle();
  assert.deepEqual(done, ["one starts"]);
  turns.ask(two);
  idle();
  assert.deepEqual(done, ["one starts", "one ends", "two starts"]);
  one.isVisible = true;
  turns.ask(one);
  idle();
  assert.deepEqual(done.length, 3);
});

test("a hidden viewer does not start, and may request its turn again", () => {
  const one = viewer("one");
  one.isVisible = false;
  turns.ask(one);
  idle();
  one.isVisible = true;
  idle();
  assert.deepEqual(done, []);
  turns.ask(one);
  idle();
  assert.deepEqual(done, ["one starts"]);
});

test("a device with little memory starts none; one that does not report its memory starts one if it has a mouse", () => {
  let isTouch = false;
  Object.assign(globalThis, { window: { matchMedia: () => ({ matches: isTouch }) } });
  /** @param {object} value */
  const device = (value) => Object.defineProperty(globalThis, "navigator", { value, configurable: true });
  const has = [{ deviceMemory: 2 }, { deviceMemory: 4 }, {}].map((each) => (device(each), hasMemory()));
  isTouch = true;
  assert.deepEqual([...has, hasMemory()], [false, true, true, false]);
});
