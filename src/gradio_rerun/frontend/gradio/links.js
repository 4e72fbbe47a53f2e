/** Linked viewers: one of them leads, and the others show its time. */

import { timesOf } from "./time-controls.js";
import { EVENTS_OF_TIME } from "../viewer/paused-place.js";

/** @typedef {import("../viewer/rerun-viewer.js").RerunViewerElement} RerunViewerElement */
/** @typedef {import("../viewer/viewer.js").ViewerEvent} ViewerEvent */

/** How many times are remembered to which a viewer was set: it reports them later. */
const REMEMBERED = 20;

/** The browser's events of a user who uses the viewer or its time controls. */
const INPUTS = ["pointerdown", "wheel", "keydown", "input", "change"];

/** Viewers that are linked, and the one of them that leads. @typedef {{viewers: Set<LinkedViewer>, leader: LinkedViewer | null}} Group */

/** By the component's id. A gr.render may link further viewers to those on the page. @type {Map<number, Group>} */
const groups = new Map();

export class LinkedViewer {
  #viewer;
  /** @type {Group} */
  #group = { viewers: new Set(), leader: null };
  /** When the user, or a command, has used this viewer last. */
  #usedAt = -Infinity;
  #isPlanned = false;
  /** The times to which this viewer was set because it follows, oldest first. @type {string[]} */
  #set = [];
  /** The last of them, unless the user has used this viewer since. @type {string | undefined} */
  #last;

  /** @param {RerunViewerElement} viewer @param {number} id of the component @param {number[]} others ids of the viewers that are linked to it; may be empty */
  constructor(viewer, id, others) {
    this.#viewer = viewer;
    if (others.length === 0) return;
    const ids = [id, ...others];
    this.#group = ids.map((each) => groups.get(each)).find(Boolean) ?? this.#group;
    for (const each of ids) groups.set(each, this.#group);
    this.#group.viewers.add(this);
    viewer.addEventListener("loadstart", () => this.#group.viewers.add(this)); // the element may be back in the page after it was disposed
    const area = /** @type {HTMLElement} */ (viewer.parentElement ?? viewer); // with the time controls
    for (const type of INPUTS) area.addEventListener(type, () => this.#onInput(), { capture: true, passive: true });
    viewer.addEventListener("viewer-event", (event) => {
      const { detail } = /** @type {CustomEvent} */ (event);
      // The viewer sends its events in the middle of its work, where it cannot report its time.
      queueMicrotask(() => void (this.#take(detail) && (detail.from_command = true)));
    });
    viewer.addEventListener("load", () => this.follow());
    new ResizeObserver(() => this.follow()).observe(viewer); // it may have been in a tab that was not selected
    viewer.addEventListener("dispose", () => {
      this.#group.viewers.delete(this);
      if (this.#group.leader === this) this.#group.leader = null;
    });
  }

  #onInput() {
    this.#usedAt = performance.now();
    this.#last = undefined;
    this.#set.splice(0, this.#set.length - 1); // the user may go to an earlier one; the viewer may still report the last one
  }

  /** Returns whether the viewer has sent the event because it follows another. @param {ViewerEvent} event */
  #take({ type, from_command }) {
    if (!EVENTS_OF_TIME.includes(type)) return false;
    if (from_command) this.#usedAt = performance.now();
    const [leader, own] = [this.#leader, this.times];
    const follows = own !== null && !own.isPlaying && this.#set.includes(asText(own));
    if (leader === null || (this.#usedAt > leader.#usedAt && !follows)) this.#group.leader = this;
    if (this.#leader !== this) {
      this.follow(); // a recording that opens plays by itself
      return true;
    }
    [this.#set, this.#last] = [[], undefined];
    for (const each of this.#group.viewers) each.follow();
    return false;
  }

  /** The viewer that leads; null if none has a time. @returns {LinkedViewer | null} */
  get #leader() {
    const { leader } = this.#group;
    return leader?.times ? leader : null;
  }

  get times() {
    return timesOf(this.#viewer);
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
    const set = asText({ ...own, timeline: wanted.timeline, time: wanted.time });
    const isThere = own.timeline === wanted.timeline && own.time === wanted.time;
    // A viewer may keep its time within the times of its recording: it is not set to the same time again.
    if (!own.isPlaying && (isThere || set === this.#last)) return;
    this.#last = set;
    this.#set.push(set);
    if (this.#set.length > REMEMBERED) this.#set.shift();
    const { timeline, time } = wanted;
    const moved = this.#viewer.running?.viewer?.control.moveTime(own.store, { timeline, time, isPlaying: false });
    moved?.catch(() => {}); // it has ended
  }
}

/** @param {import("../viewer/viewer-control.js").Times} times */
function asText({ store, timeline, time }) {
  return JSON.stringify([store, timeline, String(time)]);
}
