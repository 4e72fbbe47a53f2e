/** What a viewer does that has started before there is a value: it shows a small recording, unseen. Browsers compile code when it first runs, which takes longer than the frames themselves. */

import { whenIdle } from "./ahead.js";
import { FRAMES_TO_SEE } from "./frame-watch.js";
import { fileUrl, rootOf } from "../wire.js";

/** How many frames the viewer has to show the recording. */
const MOST_FRAMES = 60;

/** How many frames the viewer needs to take the rest of the recording. */
const FRAMES_TO_TAKE = 2;

export class WarmUp {
  #life = new AbortController();
  #closed = Promise.resolve();

  /** Whether there is a value now, or the viewer has ended. */
  get isOver() {
    return this.#life.signal.aborted;
  }

  /**
   * Shows the recording when the page is idle, and closes it.
   * @param {import("./viewer.js").Viewer} viewer
   * @param {Pick<import("../wire.js").Settings, "viewer" | "bridge">} settings
   */
  async run(viewer, settings) {
    await viewer.frames(FRAMES_TO_SEE); // the first ones take longest
    const file = settings.viewer.warm_up;
    if (!file || !viewer.closesUnseen) return;
    await new Promise((resolve) => whenIdle(() => resolve(null)));
    if (this.isOver) return;
    this.#closed = this.#show(viewer, fileUrl(rootOf(settings), file.location));
    await this.#closed;
  }

  /** Ends it early. Resolves when the viewer has nothing open. */
  async end() {
    this.#life.abort();
    await this.#closed;
  }

  /** @param {import("./viewer.js").Viewer} viewer @param {string} url */
  async #show(viewer, url) {
    try {
      const response = await fetch(url, { credentials: "same-origin", signal: this.#life.signal });
      const bytes = new Uint8Array(await response.arrayBuffer());
      if (!response.ok || this.isOver) return;
      // Not by its URL: a viewer that closes all recordings does not end their downloads, and would show this one later, in place of the value.
      viewer.send(bytes);
      // Also if there is a value: a viewer that closes a recording before it is open opens the recording afterwards.
      for (let frame = 0; frame < MOST_FRAMES && !viewer.currentTime; frame++) await viewer.frames(1);
      await viewer.frames(this.isOver ? FRAMES_TO_TAKE : FRAMES_TO_SEE);
      await viewer.closeAll();
    } catch {
      // The server is not there, or there is a value, or the viewer has ended.
    }
  }
}
