/** The keys that the app listens to: which of them the user presses, holds and releases while the viewer has the focus. */

/** The data of the event `key_input`. @typedef {{key: string, pressed: boolean, repeat: boolean, held: string[]}} KeyInput */

/** ms between two reports while keys are held. A browser repeats only the key that was pressed last, until the next one is released. */
const REPEAT = 100;

export class Keys {
  #report;
  /** @type {string[]} */
  #wanted = [];
  /** What is held: the app's names of keys, by the browser's codes. @type {Map<string, string>} */
  #held = new Map();
  #timer = 0;

  /** @param {HTMLElement} viewer @param {(input: KeyInput) => void} report */
  constructor(viewer, report) {
    this.#report = report;
    // In the capture phase: the canvas keeps keys to itself.
    viewer.addEventListener("keydown", (event) => this.#onDown(event), { capture: true });
    viewer.addEventListener("keyup", (event) => this.#onUp(event), { capture: true });
    viewer.addEventListener("blur", () => this.#releaseAll(), { capture: true });
  }

  /** @param {Pick<import("../wire.js").Settings, "keys">} settings */
  configure({ keys }) {
    if (String(keys) === String(this.#wanted)) return;
    this.#releaseAll();
    this.#wanted = keys;
  }

  /** @param {KeyboardEvent} event */
  #onDown(event) {
    const canvas = /** @type {HTMLElement} */ (event.target);
    // While the Meta key is held, macOS reports no key that is released.
    if (event.key === "Meta") this.#releaseAll();
    if (canvas.localName !== "canvas" || event.ctrlKey || event.altKey || event.metaKey) return; // a text field, or a shortcut
    const key = this.#nameOf(event);
    if (key === undefined) return;
    take(event);
    if (event.repeat || this.#held.has(event.code)) return;
    const isHeld = this.#isHeld(key);
    this.#held.set(event.code, key);
    if (!isHeld) this.#send(key, true);
    this.#timer ||= setInterval(() => {
      // A canvas that leaves the page loses the focus, which no event reports.
      if (canvas.matches(":focus")) this.#send(/** @type {string} */ ([...this.#held.values()].at(-1)), true, true);
      else this.#releaseAll();
    }, REPEAT);
  }

  /** @param {KeyboardEvent} event */
  #onUp(event) {
    if (!this.#held.has(event.code)) return;
    take(event);
    this.#release(event.code);
  }

  /** @param {string} code */
  #release(code) {
    const key = /** @type {string} */ (this.#held.get(code));
    this.#held.delete(code);
    if (this.#held.size === 0) {
      clearInterval(this.#timer);
      this.#timer = 0;
    }
    if (!this.#isHeld(key)) this.#send(key, false);
  }

  #releaseAll() {
    for (const code of [...this.#held.keys()]) this.#release(code);
  }

  /** The app's name of a key. @param {KeyboardEvent} event */
  #nameOf({ key, code }) {
    const name = key === " " ? "Space" : key;
    const found = this.#wanted.find((each) => each.toLowerCase() === name.toLowerCase());
    // On a keyboard with other letters, such as Cyrillic, the key is found by its position.
    return found ?? (/^[ -~]+$/.test(key) ? undefined : this.#wanted.find((each) => [`Key${each.toUpperCase()}`, `Digit${each}`].includes(code)));
  }

  /** @param {string} key */
  #isHeld(key) {
    return [...this.#held.values()].includes(key);
  }

  /** @param {string} key @param {boolean} pressed @param {boolean} [repeat] */
  #send(key, pressed, repeat = false) {
    this.#report({ key, pressed, repeat, held: [...new Set(this.#held.values())] });
  }
}

/** Neither the viewer nor the browser gets it. @param {KeyboardEvent} event */
function take(event) {
  event.preventDefault();
  event.stopPropagation();
}
