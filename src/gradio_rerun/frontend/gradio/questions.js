/** Questions of functions: commands whose answer a function in Python waits for. */

import { delay } from "../viewer/delay.js";

/** @typedef {import("../wire.js").Command} Command */

/** ms between two calls after a failed one, at first and at most. */
const [SHORTEST, LONGEST] = [500, 10_000];

/** ms that a call without questions takes at least, unless the server does not wait. */
const WAITS = 1_000;

/** ms after which a call that fails was ended by a proxy: the server is there. */
const HELD = 5_000;

/**
 * Gets the questions to this viewer, as long as it is in the page.
 * @param {(known: string[]) => Promise<Command[]>} next waits until there are questions besides the known ones
 * @param {() => boolean} isThere
 * @param {(questions: Command[]) => void} ask
 * @param {(ms: number) => Promise<void>} [pause]
 */
export async function getQuestions(next, isThere, ask, pause = delay) {
  let known = /** @type {string[]} */ ([]);
  let wait = SHORTEST;
  while (isThere()) {
    const begun = performance.now();
    try {
      const questions = await next(known);
      if (!isThere()) return; // the next mount gets them
      if (questions.length === 0 && performance.now() - begun < WAITS) throw new Error("answered at once");
      ask(questions);
      known = [...known, ...questions.map(({ question }) => String(question))].slice(-1000);
      wait = SHORTEST;
    } catch {
      if (performance.now() - begun > HELD) wait = SHORTEST;
      await pause(wait); // the server is away
      wait = Math.min(2 * wait, LONGEST);
    }
  }
}
