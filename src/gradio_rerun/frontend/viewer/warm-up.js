/** What a viewer does that has started before there is a value: it shows a small recording, unseen. Browsers compile code when it first runs, which takes longer than the frames themselves. */

import { whenIdle } from "./ahead.js";
import { FRAMES_TO_SEE } from "./frame-watch.js";
import { fileUrl, rootOf } from "../wire.js";

/** How many frames the viewer has to show the recording. */
const MOST_FRAMES = 60;

export class WarmUp {
  /** Whether there is a value now, or the viewer has ended. */
  isOver = false;
  #closed = Promise.resolve();

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
    this.isOver = true;
    await this.#closed;
  }

  /** @param {import("./viewer.js").Viewer} viewer @param {string} url */
  async #show(viewer, url) {
    try {
      const response = await fetch(url, { credentials: "same-origin" });
      if (!response.ok || this.isOver) return; // the viewer would report a file that is not there
      viewer.open(url);
      for (let frame = 0; frame < MOST_FRAMES && viewer.showsWelcome && !this.isOver; frame++) await viewer.frames(1);
      if (!this.isOver) await viewer.frames(FRAMES_TO_SEE);
      await viewer.closeAll();
    } catch {
      // The server is not there, or the viewer has ended.
    }
  }
}
