/**
 * Which recording is on screen after several have opened. The viewer shows each one that opens, so the one that arrives last would stay on screen.
 * Viewers before 0.41 do not report which recording a URL has opened: there, the one that arrives last stays.
 */

import { isBlueprint, isServer } from "./open-recording.js";
import { show, showUrl } from "./show.js";

/** @typedef {import("../wire.js").Recording} Recording */
/** @typedef {import("./open-recording.js").OpenRecording} OpenRecording */

/** Frames that the viewer needs to show a recording that it has just reported as open. */
const FRAMES_TO_SHOW = 2;

export class OnScreen {
  #viewer;
  #byUrl;
  /** Files that are opened together. @type {Set<string>} */
  #urls = new Set();
  /** The one of them that will be on screen; null if it is a recording that was open before. @type {string | null} */
  #last = null;
  /** The recording that will be on screen. @type {import("./store-id.js").RecordingName | null} */
  #name = null;
  /** How many requests to bring a recording on screen are unanswered. */
  #requests = 0;

  /** @param {import("./viewer.js").Viewer} viewer @param {Map<string, OpenRecording>} byUrl */
  constructor(viewer, byUrl) {
    this.#viewer = viewer;
    this.#byUrl = byUrl;
  }

  /** Called before recordings are opened together: the last file will be on screen, or what is on screen now if they open in the background. @param {Recording[]} recordings */
  expect(recordings) {
    const files = recordings.filter(({ url, marks }) => !marks && !isBlueprint(url) && !isServer(url));
    const inBackground = files.length > 0 && files.every((each) => each.inBackground);
    if (files.length < 2 && !inBackground) return;
    if (!inBackground) {
      this.forget();
      this.#last = files[files.length - 1].url;
    } else if (this.#urls.size === 0) {
      this.#name = this.#viewer.recordingOnScreen;
    }
    for (const { url } of files) this.#urls.add(url);
  }

  /** A file has become others that the viewer can open. @param {string} url @param {Recording[]} recordings */
  replace(url, recordings) {
    if (!this.#urls.delete(url)) return;
    const files = recordings.map((each) => each.url).filter((each) => !isServer(each));
    for (const each of files) this.#urls.add(each);
    if (this.#last === url) this.#last = files[files.length - 1] ?? null;
  }

  /** A recording is open, or has failed: if it was the last one to wait for, the right one is brought on screen. */
  async onChange() {
    if (this.#urls.size === 0 || [...this.#urls].some((url) => this.#byUrl.get(url)?.isAwaited)) return;
    const [viewer, last, name] = [this.#viewer, this.#last, this.#name];
    this.forget();
    this.#requests++;
    try {
      await viewer.frames(FRAMES_TO_SHOW);
      // The viewer would open a recording that has failed, or that was closed, again.
      if (last && this.#byUrl.get(last)?.state === "open") await showUrl(viewer.control, last);
      else if (name) await show(viewer.control, name);
    } catch {
      // It was closed meanwhile, or the viewer cannot do it.
    } finally {
      this.#requests--;
    }
  }

  /** Whether a recording is still to come on screen, which would undo a command. */
  get isPending() {
    return this.#requests > 0;
  }

  forget() {
    this.#urls.clear();
    [this.#last, this.#name] = [null, null];
  }
}
