import assert from "node:assert/strict";
import { test } from "node:test";

import { getQuestions } from "../../src/gradio_rerun/frontend/gradio/questions.js";

/** @param {string} id @returns {any} */
const question = (id) => ({ id, question: id });

/** Calls that take as long as the server waits. @param {import("node:test").TestContext} context */
function waiting({ mock }) {
  let now = 0;
  mock.method(performance, "now", () => (now += 2_000));
}

test("questions are got as long as the viewer is in the page, each call with those that are known", async (context) => {
  waiting(context);
  /** @type {string[][]} */
  const calls = [];
  /** @type {string[]} */
  const asked = [];
  const answers = [[question("a")], [], [question("b"), question("c")]];
  const next = async (/** @type {string[]} */ known) => {
    calls.push(known);
    return /** @type {any} */ (answers.shift());
  };
  await getQuestions(next, () => answers.length > 0 || asked.length < 3, (questions) => asked.push(...questions.map(({ id }) => id)));
  assert.deepEqual(calls, [[], ["a"], ["a"]]);
  assert.deepEqual(asked, ["a", "b", "c"]);
});

test("what arrives after the viewer has left the page is for the next one", async () => {
  let isThere = true;
  const next = async () => {
    isThere = false;
    return [question("a")];
  };
  await getQuestions(next, () => isThere, () => assert.fail("A viewer that is gone is asked."));
});

test("while the server is away, the pauses get longer, up to ten seconds", async (context) => {
  waiting(context);
  /** @type {number[]} */
  const pauses = [];
  let calls = 0;
  const next = async () => {
    if (++calls === 8) return [];
    throw new Error("502");
  };
  await getQuestions(next, () => pauses.length < 9, () => {}, async (ms) => void pauses.push(ms));
  assert.deepEqual(pauses, [500, 1000, 2000, 4000, 8000, 10_000, 10_000, 500, 1000]);
});

test("a server that does not wait is not asked again at once", async () => {
  /** @type {number[]} */
  const pauses = [];
  await getQuestions(async () => [], () => pauses.length < 3, () => {}, async (ms) => void pauses.push(ms));
  assert.deepEqual(pauses, [500, 1000, 2000]);
});

test("a call names the last thousand questions only, so that it stays small in a page that was asked many", async (context) => {
  waiting(context);
  /** @type {string[][]} */
  const calls = [];
  const next = async (/** @type {string[]} */ known) => {
    calls.push(known);
    return Array.from({ length: 600 }, (_, index) => question(`${calls.length}.${index}`));
  };
  await getQuestions(next, () => calls.length < 4, () => {});
  assert.deepEqual(calls.map(({ length }) => length), [0, 600, 1000, 1000]);
  assert.deepEqual([calls[3][0], calls[3][999]], ["2.200", "3.599"]);
});
