/** Viewers that start ahead, while they have nothing to show: one at a time on a page, while the page is idle and visible. */

/** GB of memory from which a device starts one. Browsers report 0.25, 0.5, 1, 2, 4 or 8. */
const ENOUGH_MEMORY = 4;

/** ms to wait in Safari, which does not report when a page is idle. */
const IDLE_AFTER = 500;

/**
 * An empty viewer. `mayStart`: it is visible and shows nothing yet. `end`: ends the viewer that was started ahead.
 * @typedef {object} Candidate
 * @property {() => boolean} mayStart
 * @property {() => boolean} isShown
 * @property {() => void} start
 * @property {() => void} end
 */

/** Decides which candidate starts. */
export class Turns {
  #whenIdle;
  /** In the order of their requests. @type {Set<Candidate>} */
  #waiting = new Set();
  /** The one that has started, and shows nothing yet. @type {Candidate | null} */
  #started = null;
  #cancel = () => {};

  /** @param {(callback: () => void) => () => void} whenIdle calls back when the page is idle and visible; returns what cancels that */
  constructor(whenIdle) {
    this.#whenIdle = whenIdle;
  }

  /** Starts the candidate when its turn comes. If it may not start then, it must ask again. @param {Candidate} candidate */
  ask(candidate) {
    this.#waiting.add(candidate);
    this.#plan();
  }

  /** The candidate has something to show, or has ended. @param {Candidate} candidate */
  leave(candidate) {
    this.#waiting.delete(candidate);
    if (this.#started === candidate) this.#started = null;
    this.#plan();
  }

  #plan() {
    this.#cancel();
    if (this.#waiting.size > 0) this.#cancel = this.#whenIdle(() => this.#grant());
  }

  #grant() {
    for (const each of this.#waiting) if (!each.mayStart()) this.#waiting.delete(each);
    const [next] = this.#waiting;
    if (!next || this.#started?.isShown()) return;
    this.#started?.end(); // it is in a tab that the user has left
    this.#waiting.delete(next);
    this.#started = next;
    next.start();
  }
}

/** Of all viewers on the page. */
export const turns = new Turns(whenIdle);

/** Whether this browser may download the viewer's code before the code is needed. */
export function mayDownload() {
  return /** @type {any} */ (navigator).connection?.saveData !== true;
}

/** Whether this device has the memory for a viewer that shows nothing, perhaps for long. */
export function hasMemory() {
  // Safari does not report the memory, and other browsers only over https. Without a mouse, the device may be a phone.
  const gigabytes = /** @type {any} */ (navigator).deviceMemory;
  return gigabytes === undefined ? !window.matchMedia("(hover: none)")?.matches : gigabytes >= ENOUGH_MEMORY;
}

/** @param {() => void} callback */
function whenIdle(callback) {
  const life = new AbortController();
  const { signal } = life;
  const run = () => {
    if (signal.aborted) return;
    if (document.hidden) document.addEventListener("visibilitychange", wait, { once: true, signal });
    else callback();
  };
  const wait = () => void (typeof requestIdleCallback === "function" ? requestIdleCallback(run) : setTimeout(run, IDLE_AFTER));
  wait();
  return () => life.abort();
}
