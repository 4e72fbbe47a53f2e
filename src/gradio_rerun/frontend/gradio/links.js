/** Linked viewers: one of them leads, and the others show its time. */

/** @typedef {import("../viewer/rerun-viewer.js").RerunViewerElement} RerunViewerElement */
/** @typedef {import("../viewer/viewer.js").ViewerEvent} ViewerEvent */

/** ms after an input of the user in which the events of a viewer are the user's. */
const INPUT_WITHIN = 2_000;

const EVENTS_OF_TIME = ["play", "pause", "time_update", "timeline_change"];

/** The linked viewers on the page, by the component's id. @type {Map<number, LinkedViewer>} */
const linked = new Map();

/** The viewers that lead, by the ids of all that are linked. @type {Map<string, LinkedViewer>} */
const leaders = new Map();

export class LinkedViewer {
  #viewer;
  #others;
  #group;
  /** When the user, or a command, has moved this viewer last. */
  #movedAt = -Infinity;
  #isPlanned = false;
  /** The timeline and the time that this viewer was set to last. */
  #set = "";

  /** @param {RerunViewerElement} viewer @param {number} id of the component @param {number[]} others ids of the viewers that are linked to it; may be empty */
  constructor(viewer, id, others) {
    this.#viewer = viewer;
    this.#others = others;
    this.#group = [id, ...others].sort().join();
    if (others.length === 0) return;
    linked.set(id, this);
    const area = /** @type {HTMLElement} */ (viewer.parentElement ?? viewer); // with the time controls
    for (const type of ["pointerdown", "wheel", "keydown"]) area.addEventListener(type, () => (this.#movedAt = performance.now()), { capture: true, passive: true });
    viewer.addEventListener("load", () => this.follow());
    new ResizeObserver(() => this.follow()).observe(viewer); // it may have been in a tab that was not selected
    viewer.addEventListener("dispose", () => {
      if (linked.get(id) === this) linked.delete(id);
      if (leaders.get(this.#group) === this) leaders.delete(this.#group);
    });
  }

  /**
   * Takes an event of the viewer. Returns whether the viewer has sent it because it follows another.
   * @param {ViewerEvent} event
   * @param {boolean} isCommand whether a command from Python has caused the event
   */
  take({ type }, isCommand) {
    if (this.#others.length === 0 || !EVENTS_OF_TIME.includes(type)) return false;
    const now = performance.now();
    if (isCommand) this.#movedAt = now;
    const leader = this.#leader;
    if (leader === null || (now - this.#movedAt < INPUT_WITHIN && this.#movedAt > leader.#movedAt)) leaders.set(this.#group, this);
    if (this.#leader !== this) {
      this.follow(); // a recording that opens plays by itself
      return true;
    }
    for (const other of this.#others) linked.get(other)?.follow();
    return false;
  }

  /** The viewer that leads; null if none has a time. @returns {LinkedViewer | null} */
  get #leader() {
    const leader = leaders.get(this.#group) ?? null;
    return leader?.times ? leader : null;
  }

  get times() {
    try {
      return this.#viewer.running?.viewer?.control.times ?? null;
    } catch {
      return null; // a viewer that has panicked, which it reports
    }
  }

  /** Shows the time of the leader, with the next frame. */
  follow() {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    requestAnimationFrame(() => {
      this.#isPlanned = false;
      this.#showTime();
    });
  }

  #showTime() {
    const leader = this.#leader;
    if (!leader || leader === this || !this.#viewer.isShown) return;
    const [wanted, own] = [leader.times, this.times];
    if (!wanted || !own?.timelines.some(({ name }) => name === wanted.timeline)) return;
    const set = JSON.stringify([own.store, wanted.timeline, String(wanted.time)]);
    const isThere = own.timeline === wanted.timeline && own.time === wanted.time;
    // A viewer may keep its time within the times of its recording: it is not set to the same time again.
    if (!own.isPlaying && (isThere || set === this.#set)) return;
    this.#set = set;
    const { timeline, time } = wanted;
    this.#viewer.running?.viewer?.control.moveTime(own.store, { timeline, time, isPlaying: false }).catch(() => {}); // it has ended
  }
}
