/** A set and a map that forget their oldest items. */

/** Components of a page about which something is remembered: a gr.render makes new ones each time it runs. */
export const MOST_COMPONENTS = 200;

/** @template T @extends {Set<T>} */
export class BoundedSet extends Set {
  #most;

  /** @param {number} most items that are kept */
  constructor(most) {
    super();
    this.#most = most;
  }

  /** @param {T} item which is the newest one then, also if it was known */
  add(item) {
    this.delete(item);
    super.add(item);
    if (this.size > this.#most) this.delete(/** @type {T} */ (this.values().next().value));
    return this;
  }
}

/** @template K, V @extends {Map<K, V>} */
export class BoundedMap extends Map {
  #most;

  /** @param {number} most entries that are kept */
  constructor(most) {
    super();
    this.#most = most;
  }

  /** @param {K} key whose entry is the newest one then @param {V} value */
  set(key, value) {
    this.delete(key);
    super.set(key, value);
    if (this.size > this.#most) this.delete(/** @type {K} */ (this.keys().next().value));
    return this;
  }
}
