/** Which value a running viewer shows: the value that loads is finished first, then the newest follows; values in between are skipped. */

/** @typedef {import("../wire.js").Recording} Recording */

/**
 * A value. `number` grows with each value that replaces another; a value that only adds recordings keeps the number.
 * @typedef {{recordings: Recording[], number: number}} Value
 */

/** ms that a value may still load while a newer one waits. Doubles each time it elapses, so that large recordings are shown, too. */
export const PATIENCE = 2_000;

/** ms at most. */
const LONGEST_PATIENCE = 32_000;

/**
 * What the viewer does.
 * @typedef {object} Steps
 * @property {(recordings: Recording[]) => void} open opens the recordings that are not open, and those that have failed
 * @property {() => Promise<void>} close closes all recordings
 * @property {() => void} restart replaces the viewer; the new one starts with the newest value
 * @property {() => boolean} canClose whether no data arrives after a close
 * @property {() => boolean} isSeen whether the user has seen the value that is open, or its failure; a change is reported by `advance`
 * @property {(error: unknown) => void} fail the viewer could not close its recordings
 * @property {(ms: number, callback: () => void) => () => void} [later] starts a timer, and returns what stops it
 */

export class Succession {
  #steps;
  /** The value that is open, or opens. @type {Value} */
  #shown = { recordings: [], number: -1 };
  /** Its numbers: of the values since the last close that had these recordings. @type {Set<number>} */
  #numbers = new Set();
  /** The newest value. @type {Value} */
  #wanted = this.#shown;
  #isClosing = false;
  #hasEnded = false;
  #patience = PATIENCE;
  /** Stops the timer of a value that loads while a newer one waits. @type {(() => void) | null} */
  #stopTimer = null;

  /** @param {Steps} steps */
  constructor(steps) {
    this.#steps = steps;
  }

  /** What is open, or opens. */
  get recordings() {
    return this.#shown.recordings;
  }

  /** Whether a newer value waits. */
  get isBehind() {
    return this.#isClosing || this.#wanted !== this.#shown;
  }

  /** The state of the value with a number: open or opening, waiting, or skipped or closed. @param {number} number */
  stateOf(number) {
    if (!this.#isClosing && this.#numbers.has(number)) return "shown";
    return number >= this.#wanted.number ? "waiting" : "past";
  }

  /** Shows a value as soon as possible, unless a newer one follows. @param {Value} value */
  show(value) {
    this.#wanted = value;
    this.advance();
  }

  /** Closes the value that is open, and opens it again. */
  reopen() {
    this.#close();
  }

  /** Goes on if the value that is open has been seen. */
  advance() {
    if (this.#hasEnded || this.#isClosing || this.#wanted === this.#shown) return;
    const { canClose, isSeen, restart, later = startTimer } = this.#steps;
    if (extend(this.#wanted.recordings, this.#shown.recordings)) {
      this.#clearTimer();
      this.#openNewest();
    } else if (!canClose()) {
      restart();
    } else if (isSeen()) {
      this.#patience = PATIENCE;
      this.#close();
    } else {
      this.#stopTimer ??= later(this.#patience, () => {
        this.#patience = Math.min(LONGEST_PATIENCE, this.#patience * 2);
        this.#close();
      });
    }
  }

  end() {
    this.#hasEnded = true;
    this.#clearTimer();
  }

  async #close() {
    this.#clearTimer();
    if (this.#isClosing) return;
    this.#isClosing = true;
    try {
      await this.#steps.close();
    } catch (error) {
      if (!this.#hasEnded) this.#steps.fail(error);
      return;
    }
    this.#isClosing = false;
    this.#numbers.clear();
    if (!this.#hasEnded) this.#openNewest();
  }

  #openNewest() {
    this.#shown = this.#wanted;
    this.#numbers.add(this.#shown.number);
    this.#steps.open(this.#shown.recordings);
  }

  #clearTimer() {
    this.#stopTimer?.();
    this.#stopTimer = null;
  }
}

/** Whether a value only adds to another. @param {Recording[]} recordings @param {Recording[]} before */
export function extend(recordings, before) {
  return isSame(recordings.slice(0, before.length), before);
}

/** @param {Recording[]} one @param {Recording[]} other */
export function isSame(one, other) {
  return one.length === other.length && one.every(({ url }, index) => url === other[index].url);
}

/** @param {number} ms @param {() => void} callback */
function startTimer(ms, callback) {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
}
