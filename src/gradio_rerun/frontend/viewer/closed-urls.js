/** The URLs of recordings that were open in earlier values: the viewer may not open them again by itself. */

/** More than the history of the viewer has. */
const MOST = 1_000;

export class ClosedUrls {
  /** Oldest first. @type {Set<string>} */
  #urls = new Set();

  /** @param {string} url */
  add(url) {
    this.#urls.delete(url);
    this.#urls.add(url);
    if (this.#urls.size > MOST) this.#urls.delete(/** @type {string} */ (this.#urls.values().next().value));
  }

  /** @param {string} url */
  has(url) {
    return this.#urls.has(url);
  }
}
