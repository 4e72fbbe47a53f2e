/** The viewer's frames: at which of them the open recordings are compared with the viewer's (a comparison takes a millisecond), and whether any are drawn. */

/** How many frames the viewer needs until a recording is on screen: it takes the data, makes views, and draws them. */
export const FRAMES_TO_SEE = 4;

/** How many frames the picture of the previous value waits for one that the viewer draws. */
export const FRAMES_TO_HOLD = 3;

/** ms between two comparisons. */
const EVERY = 500;

/** ms after an input of the user during which each frame is a comparison. */
const EACH_FRAME_FOR = 1_500;

export class FrameWatch {
  #until = 0;
  #last = 0;

  /** The open recordings may change now. */
  hurry() {
    this.#until = performance.now() + EACH_FRAME_FOR;
  }

  /** Whether this frame is one of those; called once for each frame. */
  isDue() {
    const now = performance.now();
    if (now > this.#until && now - this.#last < EVERY) return false;
    this.#last = now;
    return true;
  }
}

/** The frames that a viewer requests all the time. A viewer that is unseen gets none. */
export class Frames {
  #isStopped = false;
  /** The frame that was requested since the stop. @type {FrameRequestCallback | null} */
  #next = null;

  /** @param {FrameRequestCallback} callback */
  request(callback) {
    if (!this.#isStopped) return requestAnimationFrame(callback);
    this.#next = callback;
    return 0;
  }

  stop() {
    this.#isStopped = true;
  }

  goOn() {
    this.#isStopped = false;
    if (this.#next) requestAnimationFrame(this.#next);
    this.#next = null;
  }
}
