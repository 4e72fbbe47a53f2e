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

test("questions are requested while the viewer is in the page, and each call names the known ones", async (context) => {
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

test("a question that arrives after the viewer has left the page is for the next viewer", async () => {
  let isThere = true;
  const next = async () => {
    isThere = false;
    return [question("a")];
  };
  await getQuestions(next, () => isThere, () => assert.fail("A viewer that is gone is asked."));
});

test("while the server is unreachable, the pauses get longer, up to ten seconds", async (context) => {
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

test("behind a proxy that ends each call after ten seconds, the pauses stay short", async ({ mock }) => {
  let now = 0;
  mock.method(performance, "now", () => now);
  /** @type {number[]} */
  const pauses = [];
  const next = async () => {
    now += 10_000;
    throw new Error("504");
  };
  await getQuestions(next, () => pauses.length < 5, () => {}, async (ms) => void pauses.push(ms));
  assert.deepEqual(pauses, [500, 500, 500, 500, 500]);
});

test("if the server responds without waiting, the next call is delayed", async () => {
  /** @type {number[]} */
  const pauses = [];
  await getQuestions(async () => [], () => pauses.length < 3, () => {}, async (ms) => void pauses.push(ms));
  assert.deepEqual(pauses, [500, 1000, 2000]);
});

test("a call names only the last thousand questions, so that it stays small", async (context) => {
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
