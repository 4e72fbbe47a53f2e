/** The warm-up of a viewer that starts before there is a value: it shows a small recording, unseen. Browsers compile code when it first runs, which takes longer than the frames themselves. */

import { whenIdle } from "./ahead.js";
import { FRAMES_TO_SEE } from "./frame-watch.js";
import { copyResponse } from "./viewer-fetch.js";
import { fileUrl, rootOf } from "../wire.js";

/** How many frames the viewer has to show the recording. */
const MOST_FRAMES = 60;

/** How many frames it needs to take the rest of the recording, or to close it. */
const FRAMES_TO_TAKE = 2;

export class WarmUp {
  #life = new AbortController();
  #shown = Promise.resolve();
  /** Whether the viewer is as if it had just started. */
  #isClean = true;
  #url = "";
  /** @type {Response | null} */
  #response = null;

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
    if (!file) return;
    await new Promise((resolve) => whenIdle(() => resolve(null)));
    if (this.isOver) return;
    this.#url = fileUrl(rootOf(settings), file.location);
    this.#shown = this.#show(viewer);
    await this.#shown;
  }

  /** Ends it, early if possible. Resolves to whether the viewer is as if it had just started. */
  async end() {
    this.#life.abort();
    await this.#shown;
    return this.#isClean;
  }

  /** The viewer's download of the recording, which is in memory by then; null for other URLs. @param {string} url */
  take(url) {
    const response = url === this.#url ? this.#response : null;
    if (response) this.#response = null;
    return response;
  }

  /** @param {import("./viewer.js").Viewer} viewer */
  async #show(viewer) {
    const isEmpty = () => viewer.showsWelcome !== false;
    try {
      const response = await fetch(this.#url, { credentials: "same-origin", signal: this.#life.signal });
      this.#response = copyResponse(response, await response.arrayBuffer());
      if (!response.ok || this.isOver) return;
      this.#isClean = false;
      viewer.open(this.#url);
      // A close before the viewer has opened it would close nothing.
      for (let frame = 0; frame < MOST_FRAMES && isEmpty(); frame++) await viewer.frames(1);
      if (isEmpty()) return;
      await viewer.frames(this.isOver ? FRAMES_TO_TAKE : FRAMES_TO_SEE);
      await viewer.closeAll();
      await viewer.frames(FRAMES_TO_TAKE);
      this.#isClean = isEmpty();
    } catch {
      // The server is not there, or there is a value, or the viewer has ended.
    }
  }
}
