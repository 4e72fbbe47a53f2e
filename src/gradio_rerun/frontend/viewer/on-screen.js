/**
 * Which recording is on screen after others have opened. The viewer shows each one that opens, so the one that arrives last would stay on screen;
 * a file that opens beside others does not come on screen by itself.
 * Viewers before 0.41 do not report which recording a URL has opened: there, the one that arrives last stays.
 */

import { isBlueprint, isServer } from "./open-recording.js";
import { show, showUrl } from "./show.js";
import { storeIdOf } from "./store-id.js";

/** @typedef {import("../wire.js").Recording} Recording */
/** @typedef {import("./open-recording.js").OpenRecording} OpenRecording */

/** Frames that the viewer needs to show a recording that it has just reported as open. */
const FRAMES_TO_SHOW = 2;

export class OnScreen {
  #viewer;
  #byUrl;
  /** Files that are opened together. @type {Set<string>} */
  #urls = new Set();
  /** The one of them that will be on screen; null if it is the recording that was there before. @type {string | null} */
  #last = null;
  /** The recording that was on screen before. @type {import("./store-id.js").RecordingName | null} */
  #before = null;
  /** Ends when the right recording is on screen; null if it is. @type {Promise<void> | null} */
  #bringing = null;

  /** @param {import("./viewer.js").Viewer} viewer @param {Map<string, OpenRecording>} byUrl */
  constructor(viewer, byUrl) {
    this.#viewer = viewer;
    this.#byUrl = byUrl;
  }

  /**
   * Called before recordings are opened together: the last file will be on screen, or what is on screen now if they open in the background.
   * @param {Recording[]} recordings @param {boolean} [hasOpen] whether others are open
   */
  expect(recordings, hasOpen = false) {
    const files = recordings.filter(({ url, marks }) => !marks && !isBlueprint(url) && !isServer(url));
    const inBackground = files.length > 0 && files.every((each) => each.inBackground);
    if (files.length < (hasOpen ? 1 : 2) && !inBackground) return;
    const before = this.#urls.size === 0 ? this.#viewer.recordingOnScreen : this.#before;
    if (!inBackground) {
      this.forget();
      this.#last = files[files.length - 1].url;
    }
    this.#before = before;
    for (const { url } of files) this.#urls.add(url);
  }

  /** A file has become others that the viewer can open. @param {string} url @param {Recording[]} recordings */
  replace(url, recordings) {
    if (!this.#urls.delete(url)) return;
    const files = recordings.map((each) => each.url).filter((each) => !isServer(each));
    for (const each of files) this.#urls.add(each);
    if (this.#last === url) this.#last = files[files.length - 1] ?? null;
  }

  /** A recording is open, or has failed: if it was the last one to wait for, the right one is brought on screen. Resolves when it is. */
  async onChange() {
    if (this.#urls.size === 0 || [...this.#urls].some((url) => this.#byUrl.get(url)?.isAwaited)) return;
    const bringing = this.#bring(this.#last, this.#before);
    this.forget();
    this.#bringing = bringing;
    await bringing;
    if (this.#bringing === bringing) this.#bringing = null;
  }

  /** @param {string | null} last @param {import("./store-id.js").RecordingName | null} before */
  async #bring(last, before) {
    const { control } = this.#viewer;
    try {
      await this.#viewer.frames(FRAMES_TO_SHOW);
      // The viewer would open a recording that has failed, or that was closed, again.
      if (last && this.#byUrl.get(last)?.state === "open") await showUrl(control, last);
      else if (before) await show(control, before);
      if (last && before) await this.#playAfter(before);
    } catch {
      // It was closed meanwhile, or the viewer cannot do it.
    }
  }

  /** Plays the recording on screen, if the one before, of the same application, stood at its end: the viewer has paused both. @param {import("./store-id.js").RecordingName} before */
  async #playAfter(before) {
    const onScreen = this.#viewer.recordingOnScreen;
    if (onScreen?.application_id !== before.application_id || onScreen.recording_id === before.recording_id) return;
    if (this.#viewer.pausedPlace(before)?.isAtEnd) await this.#viewer.control.moveTime(storeIdOf(onScreen), { isPlaying: true });
  }

  /** Resolves when the right recording is on screen; null if it is: until then, a command would be undone. */
  get bringing() {
    return this.#bringing;
  }

  forget() {
    this.#urls.clear();
    [this.#last, this.#before] = [null, null];
  }
}
