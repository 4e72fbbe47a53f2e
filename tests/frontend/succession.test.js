import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { PATIENCE, Succession, extend, isSame } from "../../src/gradio_rerun/frontend/viewer/succession.js";

/** @param {string} names one letter for each recording */
const recordings = (names) => [...names].map((name) => ({ url: `http://app.test/${name}.rrd`, name, size: 1 }));

/** The calls of the viewer, in order. @type {string[]} */
let done;
/** @type {{ms: number, callback: () => void} | null} */
let timer;
/** @type {boolean} */
let isSeen;
/** @type {boolean} */
let canClose;
/** Ends the close that goes on. @type {(error?: Error) => void} */
let endClose;
/** @type {Succession} */
let succession;
let number = 0;

beforeEach(() => {
  [done, timer, isSeen, canClose, number] = [[], null, false, true, 0];
  succession = new Succession({
    open: (opened) => {
      done.push(`open ${opened.map(({ name }) => name).join("")}`);
      isSeen = false;
    },
    close: () => {
      done.push("close");
      return new Promise((resolve, reject) => {
        endClose = (error) => (error ? reject(error) : resolve());
      });
    },
    restart: () => void done.push("restart"),
    canClose: () => canClose,
    isSeen: () => isSeen,
    fail: (error) => void done.push(String(error)),
    later: (ms, callback) => {
      timer = { ms, callback };
      return () => (timer = null);
    },
  });
});

/** @param {string} names @returns {number} the number of the value */
function show(names) {
  succession.show({ recordings: recordings(names), number: ++number });
  return number;
}

function see() {
  isSeen = true;
  succession.advance();
}

/** @param {Error} [error] */
async function closed(error) {
  endClose(error);
  await new Promise(setImmediate);
}

function runOutOfPatience() {
  const { callback } = /** @type {NonNullable<typeof timer>} */ (timer);
  timer = null;
  callback();
}

test("the value that loads is finished, then the newest follows, and those in between are skipped", async () => {
  for (const name of "abcd") show(name);
  assert.deepEqual(done, ["open a"]);
  see();
  assert.deepEqual(done, ["open a", "close"]);
  await closed();
  assert.deepEqual(done, ["open a", "close", "open d"]);
  see();
  assert.deepEqual(done, ["open a", "close", "open d"]);
});

test("a value that arrives during a close is the one that opens", async () => {
  show("a");
  see();
  show("b");
  show("c");
  await closed();
  assert.deepEqual(done, ["open a", "close", "open c"]);
});

test("a value that has been seen is replaced at once", () => {
  show("a");
  see();
  show("b");
  assert.deepEqual(done, ["open a", "close"]);
});

test("the first value again, while it is still open, closes nothing", () => {
  show("a");
  show("b");
  show("a");
  see();
  assert.deepEqual(done, ["open a", "open a"]);
});

test("a value that only adds is opened beside the others, seen or not", () => {
  show("a");
  show("ab");
  see();
  show("abc");
  assert.deepEqual(done, ["open a", "open ab", "open abc"]);
});

test("a value that loads for too long is closed, and each further one gets twice the time until one is seen", async () => {
  show("a");
  show("b");
  assert.equal(timer?.ms, PATIENCE);
  runOutOfPatience();
  await closed();
  show("c");
  assert.equal(timer?.ms, 2 * PATIENCE);
  runOutOfPatience();
  await closed();
  show("d");
  assert.equal(timer?.ms, 4 * PATIENCE);
  see();
  assert.equal(timer, null);
  await closed();
  show("e");
  assert.equal(timer?.ms, PATIENCE);
});

test("newer values do not prolong the time of the one that loads", () => {
  show("a");
  show("b");
  const first = timer;
  show("c");
  assert.equal(timer, first);
});

test("recordings that cannot be closed are left to another viewer", () => {
  show("a");
  canClose = false;
  show("b");
  assert.deepEqual(done, ["open a", "restart"]);
});

test("reopening closes what is open and opens it again, once", async () => {
  show("a");
  succession.reopen();
  succession.reopen();
  await closed();
  assert.deepEqual(done, ["open a", "close", "open a"]);
});

test("a close that fails is reported", async () => {
  show("a");
  see();
  show("b");
  await closed(new Error("no"));
  assert.deepEqual(done, ["open a", "close", "Error: no"]);
});

test("nothing happens after the end", async () => {
  show("a");
  see();
  show("b");
  succession.end();
  await closed();
  show("c");
  succession.advance();
  assert.deepEqual(done, ["open a", "close"]);
});

test("the end stops the timer", () => {
  show("a");
  show("b");
  succession.end();
  assert.equal(timer, null);
});

test("a value waits, is shown, and is past; one that was skipped is past", async () => {
  const [a, b, c] = [..."abc"].map(show);
  assert.deepEqual([a, b, c].map((each) => succession.stateOf(each)), ["shown", "past", "waiting"]);
  assert.ok(succession.isBehind);
  see();
  assert.deepEqual([a, b, c].map((each) => succession.stateOf(each)), ["past", "past", "waiting"]);
  assert.ok(succession.isBehind);
  await closed();
  assert.deepEqual([a, b, c].map((each) => succession.stateOf(each)), ["past", "past", "shown"]);
  assert.ok(!succession.isBehind);
});

test("a value that comes back while it is open is shown under both its numbers", () => {
  const [first, between, second] = [..."aba"].map(show);
  assert.deepEqual([first, between, second].map((each) => succession.stateOf(each)), ["shown", "past", "shown"]);
});

test("values are the same by their URLs, and extend others by what follows", () => {
  assert.ok(isSame(recordings("ab"), recordings("ab")));
  assert.ok(!isSame(recordings("ab"), recordings("ba")));
  assert.ok(!isSame(recordings("ab"), recordings("a")));
  assert.ok(extend(recordings("ab"), recordings("a")));
  assert.ok(!extend(recordings("a"), recordings("ab")));
  assert.ok(!extend(recordings("ba"), recordings("a")));
});
