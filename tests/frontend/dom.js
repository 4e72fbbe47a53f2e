/** As much of a document as the frontend uses: elements with children, attributes and events. */

/** @param {string} name of an attribute that data-* has in `dataset` */
const camel = (name) => name.slice(5).replace(/-(.)/g, (_, letter) => letter.toUpperCase());

export class FakeElement extends EventTarget {
  /** @type {FakeElement | null} */
  parent = null;
  /** @type {FakeElement[]} */
  children = [];
  /** @type {Record<string, string>} */
  style = {};
  /** @type {Map<string, string>} */
  #attributes = new Map();
  #text = "";
  className = "";
  hidden = false;
  /** @type {any} */
  dataset = new Proxy({}, {
    get: (_, name) => [...this.#attributes].find(([each]) => each.startsWith("data-") && camel(each) === name)?.[1],
    set: (_, name, value) => {
      this.setAttribute(`data-${String(name).replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`, value);
      return true;
    },
  });

  /** @param {string} localName */
  constructor(localName = "div") {
    super();
    this.localName = localName;
  }

  get textContent() {
    return this.#text + this.children.map((/** @type {FakeElement} */ each) => each.textContent).join("");
  }

  set textContent(text) {
    this.replaceChildren();
    this.#text = text;
  }

  /** Whether it is in the document. @returns {boolean} */
  get isConnected() {
    return this.localName === "body" || (this.parent?.isConnected ?? false);
  }

  /** @param {FakeElement[]} children */
  append(...children) {
    for (const child of children) {
      child.remove();
      child.parent = this;
      this.children.push(child);
    }
  }

  /** @param {FakeElement} child */
  prepend(child) {
    this.append(child);
    this.children.unshift(...this.children.splice(-1));
  }

  /** @param {FakeElement} other put in front of this one */
  before(other) {
    const parent = /** @type {FakeElement} */ (this.parent);
    parent.append(other);
    parent.children.splice(parent.children.indexOf(this), 0, ...parent.children.splice(-1));
  }

  /** @param {FakeElement[]} children */
  replaceChildren(...children) {
    for (const child of [...this.children]) child.remove();
    this.#text = "";
    this.append(...children);
  }

  remove() {
    if (this.parent) this.parent.children = this.parent.children.filter((each) => each !== this);
    this.parent = null;
  }

  /** @param {string} name @param {string} value */
  setAttribute(name, value) {
    this.#attributes.set(name, String(value));
  }

  /** @param {string} name */
  getAttribute(name) {
    return this.#attributes.get(name) ?? null;
  }

  /** @param {string} name */
  hasAttribute(name) {
    return this.#attributes.has(name);
  }

  /** @param {string} name */
  removeAttribute(name) {
    this.#attributes.delete(name);
  }

  /** @param {string} name @param {boolean} on */
  toggleAttribute(name, on) {
    if (on) this.setAttribute(name, "");
    else this.removeAttribute(name);
  }

  /** None: the viewers of tests put no elements in here. @returns {FakeElement[]} */
  querySelectorAll() {
    return [];
  }

  /** Whether the element matches a selector; a fake matches none. @type {(selector: string) => boolean} */
  matches() {
    return false;
  }

  click() {
    this.dispatchEvent(new Event("click"));
  }

  /** All elements in it that fit. @param {(element: FakeElement) => boolean} fits @returns {FakeElement[]} */
  all(fits) {
    return this.children.flatMap((child) => [...(fits(child) ? [child] : []), ...child.all(fits)]);
  }

  /** The button with this text or name. @param {string} label @returns {FakeElement} */
  button(label) {
    const [found] = this.all(({ localName, textContent, title }) => localName === "button" && (textContent === label || title === label));
    return found;
  }

  /** @type {string | undefined} */
  title;
}

/** Called when the document has another language. @type {Set<() => void>} */
const observers = new Set();

/** Of attributes of the document. */
class FakeObserver {
  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed;
  }

  observe() {
    observers.add(this.changed);
  }

  disconnect() {
    observers.delete(this.changed);
  }
}

/** Gradio's page has this language from now on. @param {string} lang */
export function setLanguage(lang) {
  globalThis.document.documentElement.lang = lang;
  for (const changed of observers) changed();
}

/** Puts a document in the place of the browser's. @returns {FakeElement} its body */
export function fakeDocument() {
  const body = new FakeElement("body");
  observers.clear();
  globalThis.MutationObserver = /** @type {any} */ (FakeObserver);
  globalThis.document = /** @type {any} */ ({
    body,
    documentElement: { lang: "en" },
    querySelectorAll: () => [],
    createElement: (/** @type {string} */ name) => new FakeElement(name),
    createElementNS: (/** @type {string} */ _, /** @type {string} */ name) => new FakeElement(name),
  });
  return body;
}
