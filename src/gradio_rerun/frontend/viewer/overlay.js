/** The overlay of the canvas: progress of the viewer and of recordings, and errors with a button that helps. */

/** ms for which the picture of the value before stays on screen while the next one opens. */
const HOLD_WITHIN = 3_000;

/**
 * `action`: the label of the button that helps. `covers`: the canvas behind the message is empty.
 * @typedef {{title: string, message: string, action: string, covers: boolean}} Failure
 */

export class Overlay {
  /** @type {Map<string, {name: string, loaded: number, total: number | null}>} by URL */
  #downloads = new Map();
  #frame = 0;
  /** @type {HTMLCanvasElement | null} */
  #held = null;
  #heldTimer = 0;

  /** @param {HTMLElement} host */
  constructor(host) {
    this.#progress = element("div", "rerun-progress");
    this.#progress.setAttribute("role", "progressbar");
    this.#bar = element("div", "rerun-bar");
    this.#text = element("span", "rerun-progress-text");
    this.#progress.append(this.#text, this.#bar);
    this.#progress.hidden = true;
    this.#error = element("div", "rerun-error");
    this.#error.setAttribute("role", "alert");
    this.#error.hidden = true;
    host.append(this.#progress, this.#error);
  }
  #progress;
  #bar;
  #text;
  #error;

  /**
   * The viewer itself is loading.
   * @param {number} loaded bytes
   * @param {number | null} total bytes
   */
  showViewerProgress(loaded, total) {
    this.#progress.dataset.of = "viewer";
    this.#showProgress(loaded === total ? "Starting the viewer" : "Loading the viewer", loaded, total);
  }

  hideViewerProgress() {
    if (this.#progress.dataset.of === "viewer") this.#progress.hidden = true;
  }

  /**
   * A recording is loading.
   * @param {import("../wire.js").Recording} recording
   * @param {number} loaded bytes
   * @param {number | null} total bytes
   */
  showDownload({ url, name }, loaded, total) {
    this.#downloads.set(url, { name, loaded, total });
    // A large recording arrives in tens of thousands of pieces.
    this.#frame ||= requestAnimationFrame(() => this.#showDownloads());
  }

  /** A file is being converted. @param {import("../wire.js").Recording} recording */
  showConversion({ url, name }) {
    this.#downloads.set(url, { name: `Converting ${name}`, loaded: 0, total: null });
    this.#showDownloads();
  }

  /** A live recording waits for its server. @param {import("../wire.js").Recording} recording @param {string} reason */
  showWait({ url, name }, reason) {
    this.#downloads.set(url, { name: `${name}: ${reason}`, loaded: 0, total: null });
    this.#showDownloads();
  }

  /** @param {string} url of a recording that has arrived, or has failed */
  endDownload(url) {
    this.#downloads.delete(url);
    this.#showDownloads();
  }

  endDownloads() {
    this.#downloads.clear();
    this.#showDownloads();
  }

  #showDownloads() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const all = [...this.#downloads.values()];
    if (all.length === 0) {
      if (this.#progress.dataset.of === "recordings") this.#progress.hidden = true;
      return;
    }
    const loaded = all.reduce((sum, each) => sum + each.loaded, 0);
    const total = all.reduce((/** @type {number | null} */ sum, each) => (sum === null || each.total === null ? null : sum + each.total), 0);
    this.#progress.dataset.of = "recordings";
    this.#showProgress(all.length === 1 ? all[0].name : `${all.length} recordings`, loaded, total);
  }

  get isHolding() {
    return this.#held !== null;
  }

  /**
   * Keeps a picture over the canvas while the next value opens, for a while.
   * @param {HTMLCanvasElement} picture
   * @param {() => boolean} mayRelease called after that time, and again until it returns true
   */
  hold(picture, mayRelease) {
    this.release();
    picture.className = "rerun-held";
    this.#held = picture;
    this.#progress.before(picture);
    this.#heldTimer = setInterval(() => void (mayRelease() && this.release()), HOLD_WITHIN);
  }

  /** Removes the picture: the next value is on screen. */
  release() {
    clearInterval(this.#heldTimer);
    this.#held?.remove();
    this.#held = null;
  }

  /** @param {string} what @param {number} loaded @param {number | null} total */
  #showProgress(what, loaded, total) {
    const percent = total ? Math.floor((100 * Math.min(loaded, total)) / total) : null;
    this.#text.textContent =
      percent === null ? (loaded ? `${what}: ${megabytes(loaded)}` : what) : `${what}: ${megabytes(loaded)} of ${megabytes(total ?? 0)} (${percent} %)`;
    this.#bar.style.width = `${percent ?? 100}%`;
    this.#progress.toggleAttribute("data-indeterminate", percent === null);
    this.#progress.setAttribute("aria-label", what);
    if (percent === null) this.#progress.removeAttribute("aria-valuenow");
    else this.#progress.setAttribute("aria-valuenow", String(percent));
    this.#progress.hidden = false;
  }

  /** @param {Failure} failure @param {() => void} onAction */
  showError({ title, message, action, covers }, onAction) {
    const heading = element("strong", "rerun-error-title");
    heading.textContent = title;
    const text = element("p", "rerun-error-message");
    text.textContent = message;
    const actions = element("div", "rerun-error-actions");
    actions.append(button(action, onAction));
    if (!covers) actions.append(button("Close", () => this.hideError()));
    this.#error.replaceChildren(heading, text, actions);
    this.#error.toggleAttribute("data-covers", covers);
    this.#error.hidden = false;
  }

  get isErrorShown() {
    return !this.#error.hidden;
  }

  hideError() {
    this.#error.hidden = true;
    this.#error.replaceChildren();
  }

  dispose() {
    cancelAnimationFrame(this.#frame);
    this.release();
    this.#progress.remove();
    this.#error.remove();
  }
}

/**
 * @param {K} tag
 * @param {string} className
 * @template {keyof HTMLElementTagNameMap} K
 */
function element(tag, className) {
  const made = document.createElement(tag);
  made.className = className;
  return made;
}

/** @param {string} label @param {() => void} onClick */
function button(label, onClick) {
  const made = element("button", "rerun-retry");
  made.textContent = label;
  made.addEventListener("click", onClick);
  return made;
}

/** @param {number} bytes */
function megabytes(bytes) {
  const value = bytes / 1e6;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} MB`;
}
