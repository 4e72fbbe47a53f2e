/**
 * Which recording is on screen after several have opened. The viewer shows each one that opens, so the one that arrives last would stay on screen.
 * Viewers before 0.41 do not report which recording a URL has opened: there, the one that arrives last stays.
 */

import { isBlueprint, isServer } from "./open-recording.js";
import { show } from "./show.js";

/** @typedef {import("../wire.js").Recording} Recording */
/** @typedef {import("./store-id.js").RecordingName} RecordingName */

export class OnScreen {
  #viewer;
  /** Files that the viewer opens now. @type {Set<string>} */
  #urls = new Set();
  /** The one of them that will be on screen; null if it is a recording that was open before. @type {string | null} */
  #last = null;
  /** What will be on screen, once it is known. @type {RecordingName | null} */
  #name = null;

  /** @param {import("./viewer.js").Viewer} viewer */
  constructor(viewer) {
    this.#viewer = viewer;
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

  /** Opens a recording. @param {string} url */
  open(url) {
    const isExpected = this.#urls.has(url);
    this.#viewer.open(url, isExpected).then((name) => {
      if (!isExpected || !this.#urls.has(url)) return;
      if (url === this.#last) this.#name = name;
      if (this.#name && name) show(this.#viewer.control, this.#name).catch(() => {}); // it may be closed by now
      this.#urls.delete(url);
      if (this.#urls.size === 0) this.forget();
    });
  }

  forget() {
    this.#urls.clear();
    [this.#last, this.#name] = [null, null];
  }
}
