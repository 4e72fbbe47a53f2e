/** Viewers that start while their elements are empty: one at a time on a page, while the page is idle and visible. */

/** @typedef {import("./running-viewer.js").RunningViewer} RunningViewer */
/** @typedef {import("../wire.js").Settings} Settings */

/** GB of memory from which a device starts a viewer that may never be needed. Browsers report 0.25, 0.5, 1, 2, 4 or 8. */
const ENOUGH_MEMORY = 4;

/** ms to wait in Safari, which does not report when a page is idle. */
const IDLE_AFTER = 500;

/** The viewers of all elements on the page that may start ahead. */
export class Turns {
  #whenIdle;
  /** In the order of their requests. @type {Set<Spare>} */
  #waiting = new Set();
  /** The one that has started. @type {Spare | null} */
  #started = null;
  #cancel = () => {};

  /** @param {(callback: () => void) => () => void} whenIdle calls back when the page is idle and visible; returns what cancels that */
  constructor(whenIdle) {
    this.#whenIdle = whenIdle;
  }

  /** Starts the viewer when its turn comes. If it may not start then, it must ask again. @param {Spare} spare */
  ask(spare) {
    this.#waiting.add(spare);
    this.#plan();
  }

  /** The viewer is no longer spare. @param {Spare} spare */
  leave(spare) {
    this.#waiting.delete(spare);
    if (this.#started === spare) this.#started = null;
    this.#plan();
  }

  #plan() {
    this.#cancel();
    if (this.#waiting.size > 0) this.#cancel = this.#whenIdle(() => this.#grant());
  }

  #grant() {
    for (const each of this.#waiting) if (!each.mayStart) this.#waiting.delete(each);
    const [next] = this.#waiting;
    if (!next || this.#started?.isShown) return;
    this.#started?.end(); // it is in a tab that the user has left
    this.#waiting.delete(next);
    this.#started = next;
    next.start();
  }
}

const turnsOnPage = new Turns(whenIdle);

/**
 * @typedef {object} Surroundings
 * @property {() => RunningViewer} create
 * @property {() => boolean} mayStart whether the element is empty and visible
 * @property {() => boolean} isShown whether the element is visible
 */

/** The viewer of one element that has started ahead. */
export class Spare {
  #around;
  #turns;
  /** @type {RunningViewer | null} */
  #run = null;
  #hasFailed = false;

  /** @param {Surroundings} surroundings */
  constructor(surroundings, turns = turnsOnPage) {
    this.#around = surroundings;
    this.#turns = turns;
  }

  /**
   * Starts the viewer when its code is loaded and its turn comes. Ends a viewer with another theme or other permissions.
   * @param {Promise<unknown>} code @param {"light" | "dark"} theme @param {Settings} settings
   */
  prepare(code, theme, settings) {
    if (this.#run && !fits(this.#run, theme, settings)) this.end();
    const ask = () => void (this.mayStart && this.#turns.ask(this));
    code.then(ask, () => {});
  }

  get mayStart() {
    return !this.#run && !this.#hasFailed && hasMemory() && this.#around.mayStart();
  }

  get isShown() {
    return this.#around.isShown();
  }

  start() {
    this.#run = this.#around.create();
    this.#run.start(true);
  }

  /** The viewer, if it has started with these; it is no longer spare. @param {"light" | "dark"} theme @param {Settings} settings */
  take(theme, settings) {
    const run = this.#run;
    if (!run || !fits(run, theme, settings)) {
      this.end();
      return null;
    }
    this.#run = null;
    this.#turns.leave(this);
    return run;
  }

  /** The viewer cannot go on. The user has not seen it, and no other starts before there is a value. */
  fail() {
    this.end();
    this.#hasFailed = true;
  }

  end() {
    this.#run?.end();
    this.#run = null;
    this.#hasFailed = false;
    this.#turns.leave(this);
  }
}

/** @param {RunningViewer} run @param {"light" | "dark"} theme @param {Settings} settings */
function fits(run, theme, settings) {
  return run.theme === theme && run.hasFetchOf(settings);
}

/** Whether this device has the memory for a viewer that may never be needed. */
export function hasMemory() {
  // Safari does not report the memory, and other browsers only over https. Without a mouse, the device may be a phone.
  const gigabytes = /** @type {any} */ (navigator).deviceMemory;
  return gigabytes === undefined ? !window.matchMedia("(hover: none)")?.matches : gigabytes >= ENOUGH_MEMORY;
}

/** Calls back when the page is idle and visible; returns what cancels that. @param {() => void} callback */
export function whenIdle(callback) {
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
