/** Linked viewers: one of them leads, and the others show its time, its selection, or its camera. */

import { BoundedMap, MOST_COMPONENTS } from "../viewer/bounded-set.js";
import { layoutOf, setLayout } from "../viewer/layout.js";
import { EVENTS_OF_TIME } from "../viewer/paused-place.js";
import { select } from "../viewer/show.js";
import { recordingOf } from "../viewer/store-id.js";
import { withoutTime, withTimeOf } from "./layout-text.js";
import { selectedPath } from "./moment.js";
import { timesOf } from "./time-controls.js";

/** @typedef {import("../viewer/rerun-viewer.js").RerunViewerElement} RerunViewerElement */
/** @typedef {import("../viewer/viewer.js").ViewerEvent} ViewerEvent */

/** How many times, and how many selections, are remembered to which a viewer was set: it reports them later. */
const REMEMBERED = 20;

/** The browser's events of a user who uses the viewer or its time controls. */
const INPUTS = ["pointerdown", "wheel", "keydown", "input", "change"];

/** The browser's events after which a camera may be elsewhere. */
const MOVES = ["pointerup", "wheel", "keyup"];

/** ms after an input in which the viewer may report what the user has done: it is not moved meanwhile. */
const REPORTS_WITHIN = 300;

/** ms without such an event after which the camera rests. */
const RESTS_AFTER = 150;

/**
 * What viewers have in common, and the ids of their components. `timelines`: the timeline of each, which stands for those of the others; null: timelines
 * of one name are the same. `offsets`: what is added to the time of each, as an integer.
 * @typedef {{ids: number[], time: boolean, play: boolean, selection: boolean, camera: boolean, timelines: string[] | null, offsets: string[]}} Link
 */

/** The timeline of a viewer that stands for those of the others, and what is added to its time. @typedef {{timeline: string | null, offset: bigint}} Place */

/** Viewers that are linked, their places by the component's id, and the one of them that leads. @typedef {{link: Link, places: Map<number, Place>, viewers: Set<LinkedViewer>, leader: LinkedViewer | null}} Group */

/** By the component's id. A gr.render may link further viewers to those on the page. @type {BoundedMap<number, Group>} */
const groups = new BoundedMap(MOST_COMPONENTS);

/** The viewers on the page that are in no group, by the component's id. @type {Map<number, LinkedViewer>} */
const unlinked = new Map();

export class LinkedViewer {
  #viewer;
  /** @type {Group | null} */
  #group = null;
  /** @type {Place} */
  #place = { timeline: null, offset: 0n };
  /** When the user, or a command, has used this viewer last. */
  #usedAt = -Infinity;
  #isPlanned = false;
  /** The times to which this viewer was set because it follows, oldest first. @type {string[]} */
  #set = [];
  /** The last of them, unless the user has used this viewer since. @type {string | undefined} */
  #last;
  /** What was selected in this viewer because it follows, oldest first. @type {string[]} */
  #selected = [];
  /** The layout, with the cameras, that all viewers have got last. @type {string | null} */
  #layout = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #resting;

  /** @param {RerunViewerElement} viewer @param {number} id of the component @param {Link | null} link null: no viewer was linked to it when the app was built */
  constructor(viewer, id, link) {
    this.#viewer = viewer;
    const known = groups.get(id);
    if (link) this.#join(id, link);
    else if (known) this.#join(id, known.link);
    else {
      const wait = () => void (this.#group || unlinked.set(id, this));
      wait();
      viewer.addEventListener("loadstart", wait);
      viewer.addEventListener("dispose", () => void (unlinked.get(id) === this && unlinked.delete(id)));
    }
  }

  /** @param {number} id @param {Link} link */
  #join(id, link) {
    const group = groupOf(link);
    this.#group = group;
    this.#place = group.places.get(id) ?? this.#place;
    group.viewers.add(this);
    this.#listen(this.#viewer, group);
    for (const each of link.ids) {
      const other = unlinked.get(each);
      if (!unlinked.delete(each) || !other) continue;
      other.#join(each, link);
    }
  }

  /** @param {RerunViewerElement} viewer @param {Group} group */
  #listen(viewer, group) {
    viewer.addEventListener("loadstart", () => group.viewers.add(this)); // the element may be back in the page after it was disposed
    const area = /** @type {HTMLElement} */ (viewer.parentElement ?? viewer); // with the time controls
    for (const type of INPUTS) area.addEventListener(type, () => this.#onInput(), { capture: true, passive: true });
    if (group.link.camera) for (const type of MOVES) viewer.addEventListener(type, () => this.#onMove(), { capture: true, passive: true });
    viewer.addEventListener("viewer-event", (event) => {
      const { detail } = /** @type {CustomEvent} */ (event);
      // The viewer sends its events in the middle of its work, where it cannot report its time.
      queueMicrotask(() => void (this.#take(detail) && (detail.from_command = true)));
    });
    viewer.addEventListener("load", () => this.follow());
    new ResizeObserver(() => this.follow()).observe(viewer); // it may have been in a tab that was not selected
    viewer.addEventListener("dispose", () => {
      clearTimeout(this.#resting);
      group.viewers.delete(this);
      if (group.leader === this) group.leader = null;
    });
  }

  #onInput() {
    this.#usedAt = performance.now();
    this.#last = undefined;
    this.#set.splice(0, this.#set.length - 1); // the user may go to an earlier one; the viewer may still report the last one
    this.#selected.splice(0, this.#selected.length - 1);
  }

  /** A command is about to be carried out. One that sets the time makes this viewer lead, since another that plays would undo it. @param {Pick<import("../wire.js").Command, "name">} command */
  onCommand({ name }) {
    if (!this.#group || name !== "set_time") return;
    this.#usedAt = performance.now();
    if (this.times) this.#group.leader = this;
  }

  /** Returns whether the viewer has sent the event because it follows another. @param {ViewerEvent} event */
  #take(event) {
    const { link } = this.#requireGroup();
    if (event.type === "selection_change") return link.selection && this.#takeSelection(selectedPath(event.items));
    return link.time && EVENTS_OF_TIME.includes(event.type) && this.#takeTime(event);
  }

  /** @param {ViewerEvent} event */
  #takeTime({ from_command }) {
    const group = this.#requireGroup();
    if (from_command) this.#usedAt = performance.now();
    const [leader, own] = [this.#leader, this.times];
    const follows = own !== null && !own.isPlaying && this.#set.includes(asText(own));
    if (leader === null || (this.#usedAt > leader.#usedAt && !follows)) group.leader = this;
    if (this.#leader !== this) {
      this.follow(); // a recording that opens plays by itself
      return !(own?.isPlaying && !group.link.play);
    }
    [this.#set, this.#last] = [[], undefined];
    for (const each of group.viewers) each.follow();
    return false;
  }

  #requireGroup() {
    return /** @type {Group} */ (this.#group);
  }

  get #others() {
    return [...this.#requireGroup().viewers].filter((each) => each !== this);
  }

  /** The viewer that leads; null if none has a time. @returns {LinkedViewer | null} */
  get #leader() {
    const leader = this.#group?.leader;
    return leader?.times ? leader : null;
  }

  get times() {
    return timesOf(this.#viewer);
  }

  /** Shows the time of the leader, with the next frame. */
  follow() {
    if (this.#isPlanned || !this.#group?.link.time) return;
    this.#isPlanned = true;
    requestAnimationFrame(() => {
      this.#isPlanned = false;
      this.#showTime();
    });
  }

  #showTime() {
    const leader = this.#leader;
    if (!leader || leader === this || !this.#viewer.isShown) return;
    const left = this.#usedAt + REPORTS_WITHIN - performance.now();
    if (left > 0 && this.#usedAt > leader.#usedAt) return void setTimeout(() => this.follow(), left);
    const [wanted, own] = [this.#ownTimeOf(leader), this.times];
    if (!wanted || !own?.timelines.some(({ name }) => name === wanted.timeline)) return;
    if (!this.#requireGroup().link.play && (wanted.isPlaying || own.isPlaying)) return;
    const { timeline, time } = wanted;
    const set = asText({ ...own, timeline, time });
    const isThere = own.timeline === timeline && own.time === time;
    // A viewer may keep its time within the times of its recording: it is not set to the same time again.
    if (!own.isPlaying && (isThere || set === this.#last)) return;
    this.#last = set;
    this.#set.push(set);
    if (this.#set.length > REMEMBERED) this.#set.shift();
    const moved = this.#control?.moveTime(own.store, { timeline, time, isPlaying: false });
    moved?.catch(() => {}); // it has ended
  }

  /** The time that this viewer is to show; null if the leader has none. @param {LinkedViewer} leader */
  #ownTimeOf(leader) {
    const { times } = leader;
    if (!times) return null;
    const [place, own] = [leader.#place, this.#place];
    const timeline = (times.timeline === place.timeline && own.timeline) || times.timeline;
    return { timeline, time: times.time - place.offset + own.offset, isPlaying: times.isPlaying };
  }

  get #control() {
    return this.#viewer.running?.viewer?.control;
  }

  /** @param {string | null} path of the entity that the viewer has selected; null: it has selected something else @returns whether it has done so because it follows */
  #takeSelection(path) {
    if (path === null) return false;
    if (this.#selected.includes(path)) return true;
    this.#selected = [];
    for (const each of this.#others) each.#select(path);
    return false;
  }

  /** @param {string} path */
  #select(path) {
    if (!this.#control || !this.#viewer.isShown) return;
    this.#selected.push(path);
    if (this.#selected.length > REMEMBERED) this.#selected.shift();
    // Its recording may not have the entity, and viewers before 0.41 cannot select any.
    select(this.#control, null, path).catch(() => (this.#selected = this.#selected.filter((each) => each !== path)));
  }

  /** The user may have moved a camera. */
  #onMove() {
    clearTimeout(this.#resting);
    this.#resting = setTimeout(() => void this.#passLayout().catch(() => {}), RESTS_AFTER); // viewers before 0.41 have none
  }

  /** The recording on screen. */
  get #recording() {
    const { times } = this;
    return times && recordingOf(times.store);
  }

  async #passLayout() {
    const [control, recording] = [this.#control, this.#recording];
    const json = control && recording ? await layoutOf(control, recording) : null;
    const layout = json && withoutTime(json);
    if (!layout || layout === this.#layout) return;
    this.#layout = layout;
    for (const each of this.#others) each.#takeLayout(layout).catch(() => {});
  }

  /** @param {string} layout */
  async #takeLayout(layout) {
    const [control, recording] = [this.#control, this.#recording];
    if (!control || !recording) return;
    await setLayout(control, recording, withTimeOf(layout, await layoutOf(control, recording)));
    const json = await layoutOf(control, recording);
    this.#layout = json && withoutTime(json);
  }
}

/** The group of a link. What the link has in common with viewers of a group joins this group. @param {Link} link @returns {Group} */
function groupOf(link) {
  const { ids, timelines, offsets } = link;
  const known = ids.findIndex((id) => groups.has(id));
  const group = groups.get(ids[known]) ?? { link, places: new Map(), viewers: new Set(), leader: null };
  const base = group.places.get(ids[known]) ?? { timeline: null, offset: 0n };
  const offsetOf = (/** @type {number} */ index) => BigInt(offsets[index] ?? 0);
  ids.forEach((id, index) => {
    groups.set(id, group);
    if (group.places.has(id)) return;
    const offset = known < 0 ? 0n : base.offset - offsetOf(known);
    group.places.set(id, { timeline: timelines?.[index] ?? base.timeline, offset: offset + offsetOf(index) });
  });
  return group;
}

/** @param {Pick<import("../viewer/viewer-control.js").Times, "store" | "timeline" | "time">} times */
function asText({ store, timeline, time }) {
  return JSON.stringify([store, timeline, String(time)]);
}
