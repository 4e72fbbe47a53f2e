/** The place where a recording is paused while a new file replaces it: kept, and restored in the new file. */

import { delay } from "./delay.js";
import { isAt } from "./kept-time.js";

/** @typedef {import("./kept-time.js").Place} Place */
/** @typedef {import("./viewer.js").Viewer} Viewer */
/** @typedef {import("./viewer.js").ViewerEvent} ViewerEvent */

/** The viewer's events about the time cursor. */
export const EVENTS_OF_TIME = ["play", "pause", "time_update", "timeline_change"];

/** ms between two checks whether a recording has the timeline on which it was paused. */
const POLL = 50;

export class PausedPlace {
  /** @type {Place | null} */
  #place = null;
  /** Events about the time in the new file, until the place is restored. @type {ViewerEvent[]} */
  #heldBack = [];
  #names;

  /** @param {() => import("./store-id.js").RecordingName[]} names of the open recordings */
  constructor(names) {
    this.#names = names;
  }

  /** Whether the place is still to be restored. */
  get isPending() {
    const place = this.#place;
    const names = this.#names();
    return place !== null && (names.length === 0 || names.some((name) => isAt(place, name)));
  }

  /** Keeps the place of the recording that is to be closed, unless an earlier place was not restored yet. @param {Viewer} viewer */
  keep(viewer) {
    this.#place ??= viewer.pausedPlace();
  }

  /** Whether an event is about a time that the user will not see. @param {ViewerEvent} event */
  holdsBack(event) {
    const isHeld = this.isPending && EVENTS_OF_TIME.includes(event.type);
    if (isHeld) this.#heldBack.push(event);
    return isHeld;
  }

  /** The recording of the events was closed. */
  dropEvents() {
    this.#heldBack = [];
  }

  /** Restores the place as soon as the new file has that timeline, before the file is on screen. One at the end waits for the whole file, which may be longer. @param {Viewer} viewer @param {() => boolean} isOver */
  async restoreEarly(viewer, isOver) {
    try {
      while (this.#place && !this.#place.isAtEnd && this.isPending && !isOver()) {
        if (await this.#restore(viewer)) this.end();
        else await delay(POLL);
      }
    } catch {
      // Not all data has arrived yet: `restore` follows.
    }
  }

  /** Restores the place in a file that is loaded, or else makes sure that the viewer is on one of the file's timelines. @param {Viewer} viewer */
  async restore(viewer) {
    if (await this.#restore(viewer)) return this.dropEvents();
    await viewer.repairTimeline();
  }

  /** Not in a recording that another one covers: the viewer would pause the one on screen. Viewers before 0.41 do not report which one that is. @param {Viewer} viewer */
  async #restore(viewer) {
    const onScreen = viewer.recordingOnScreen;
    return this.#place !== null && (!onScreen || isAt(this.#place, onScreen)) && (await viewer.restore(this.#place));
  }

  /** Forgets the place. Returns the events that were held back if it was not restored. */
  end() {
    this.#place = null;
    return this.#heldBack.splice(0);
  }
}
