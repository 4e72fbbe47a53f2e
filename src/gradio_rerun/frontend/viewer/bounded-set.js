/** A set that forgets its oldest items. @template T @extends {Set<T>} */
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
