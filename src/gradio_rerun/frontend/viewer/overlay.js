/** The overlay of the canvas: progress of the viewer and of recordings, errors with a button that helps, and what screen readers say. */

import { button, element } from "../elements.js";
import { fill, language, observeLanguage, plain, translate } from "../words.js";

/** ms for which the picture of the value before stays on screen while the next one opens. */
const HOLD_WITHIN = 3_000;

/** ms for which a state must last until it is announced: a value may follow another at once. */
const ANNOUNCE_AFTER = 500;

/**
 * In English. `title` may name the `count` of recordings. `action`: the label of the button that helps. `covers`: the canvas behind the message is empty.
 * @typedef {{title: string, count?: number, message: string, action: string, covers: boolean}} Failure
 */

export class Overlay {
  /** @type {Map<string, {name: string, loaded: number, total: number | null}>} by URL */
  #downloads = new Map();
  #frame = 0;
  /** @type {HTMLCanvasElement | null} */
  #held = null;
  #heldTimer = 0;
  /** The last state of the element. @type {import("./rerun-viewer.js").State} */
  #state = "idle";
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #announcing;
  /** Shows the error again. */
  #showAgain = () => {};
  #stopObserving;
  #host;
  #status;
  #progress;
  #bar;
  #text;
  #error;

  /** @param {HTMLElement} host */
  constructor(host) {
    this.#host = host;
    this.#progress = element("div", "rerun-progress");
    this.#progress.setAttribute("role", "progressbar");
    this.#bar = element("div", "rerun-bar");
    this.#text = element("span", "rerun-progress-text");
    this.#progress.append(this.#text, this.#bar);
    this.#progress.hidden = true;
    this.#error = element("div", "rerun-error");
    this.#error.setAttribute("role", "alert");
    this.#error.hidden = true;
    this.#status = element("div", "rerun-status");
    this.#status.setAttribute("role", "status");
    host.append(this.#progress, this.#error, this.#status);
    this.#stopObserving = observeLanguage(() => {
      if (this.isErrorShown) this.#showAgain();
      host.dispatchEvent(new Event("language-change"));
    });
  }

  /** The viewer itself is loading. @param {number} loaded bytes @param {number | null} total bytes */
  showViewerProgress(loaded, total) {
    this.#progress.dataset.of = "viewer";
    this.#showProgress(translate(loaded === total ? "Starting the viewer" : "Loading the viewer"), loaded, total);
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

  /** The app prepares a file. @param {import("../wire.js").Recording} recording @param {number} [part] from 0 to 1 */
  showPreparation({ url, name, upload }, part = 0) {
    const text = translate(upload ? "Converting {name}" : "Preparing {name}", { name });
    const percent = part ? ` (${Math.floor(100 * part)} %)` : "";
    this.#downloads.set(url, { name: `${text}${percent}`, loaded: 0, total: null });
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
    this.#showProgress(nameOf(all), loaded, total);
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

  /**
   * Announces a state to screen readers, when it lasts. Errors announce themselves.
   * @param {import("./rerun-viewer.js").State} state
   * @param {{name: string}[]} recordings
   */
  announce(state, recordings) {
    if (state === this.#state) return;
    this.#state = state;
    clearTimeout(this.#announcing);
    this.#announcing = setTimeout(() => {
      const text = { idle: "No recording", loading: "Loading {name}", ready: "Loaded {name}", error: "" }[state];
      const words = translate(text, { name: nameOf(recordings) });
      this.#status.textContent = text && [this.#host.ariaLabel, words].filter(Boolean).join(": ");
    }, ANNOUNCE_AFTER);
  }

  /** @param {string} whatever @param {number} loaded @param {number | null} total */
  #showProgress(whatever, loaded, total) {
    const what = plain(whatever);
    const percent = total ? Math.floor((100 * Math.min(loaded, total)) / total) : null;
    const sum = megabytes(loaded);
    this.#text.textContent =
      percent === null
        ? (loaded ? `${what}: ${sum}` : what)
        : translate("{what}: {loaded} of {total} ({percent} %)", { what, loaded: sum, total: megabytes(total ?? 0), percent });
    this.#bar.style.width = `${percent ?? 100}%`;
    this.#progress.toggleAttribute("data-indeterminate", percent === null);
    this.#progress.setAttribute("aria-label", what);
    if (percent === null) this.#progress.removeAttribute("aria-valuenow");
    else this.#progress.setAttribute("aria-valuenow", String(percent));
    this.#progress.hidden = false;
  }

  /** @param {Failure} failure @param {() => void} onAction */
  showError(failure, onAction) {
    this.#showAgain = () => this.showError(failure, onAction);
    const { title, count, message, action, covers } = failure;
    const heading = element("strong", "rerun-error-title", translate(title, { count }));
    const text = element("p", "rerun-error-message", plain(message));
    const actions = element("div", "rerun-error-actions");
    actions.append(button(translate(action), onAction));
    if (!covers) actions.append(button(translate("Close"), () => this.hideError()));
    for (const each of actions.children) each.className = "rerun-retry";
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
    clearTimeout(this.#announcing);
    this.#stopObserving();
    this.release();
    for (const each of [this.#progress, this.#error, this.#status]) each.remove();
  }
}

/** A failure as listeners receive it. @param {Failure} failure */
export function inEnglish({ title, count, message }) {
  return `${fill(title, { count })}: ${message}`;
}

/** @param {{name: string}[]} recordings */
function nameOf(recordings) {
  return recordings.length === 1 ? recordings[0].name : translate("{count} recordings", { count: recordings.length });
}

/** @param {number} bytes */
function megabytes(bytes) {
  const value = bytes / 1e6;
  const digits = value < 10 ? 1 : 0;
  return `${value.toLocaleString(language(), { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: false })} MB`;
}
