/** A line over the viewer, which screen readers announce: about the link of a moment. */

import { button, element } from "../elements.js";
import { translate } from "../words.js";

/** ms after which a line disappears that needs no answer. */
const BRIEF = 4_000;

export class Notice {
  #host;
  #viewer;
  #box = element("div", "rerun-notice");
  /** It stays in the page: screen readers announce what changes in it. */
  #text = document.createElement("span");
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #showAgain = () => {};

  /** @param {HTMLElement} host @param {HTMLElement} viewer in the host; gets the focus back */
  constructor(host, viewer) {
    this.#host = host;
    this.#viewer = viewer;
    this.#text.role = "status";
    this.#box.append(this.#text);
    this.#box.addEventListener("keydown", ({ key }) => void (key === "Escape" && this.#close()));
    viewer.addEventListener("language-change", () => this.#showAgain());
  }

  /** Announces that something was done. @param {string} text in English */
  confirm(text) {
    this.#show(text);
    this.#timer = setTimeout(() => this.hide(), BRIEF);
  }

  /** Shows a line until the user closes it. @param {string} text in English @param {import("../words.js").Values} [values] */
  report(text, values) {
    this.#show(text, values, [this.#closeButton()]);
  }

  /** Shows a line with a text for the user to copy. @param {string} text in English @param {string} copied */
  offer(text, copied) {
    const field = document.createElement("input");
    field.type = "text";
    field.readOnly = true;
    field.value = copied;
    field.ariaLabel = translate(text);
    this.#show(text, {}, [field, this.#closeButton()]);
    field.focus();
    field.select();
  }

  hide() {
    this.#showAgain = () => {};
    clearTimeout(this.#timer);
    this.#text.textContent = "";
    this.#setMore([]);
    this.#box.toggleAttribute("data-shown", false);
  }

  /** @param {string} text @param {import("../words.js").Values} [values] @param {HTMLElement[]} [more] */
  #show(text, values, more = []) {
    this.hide();
    if (!this.#box.isConnected) this.#host.append(this.#box);
    this.#box.toggleAttribute("data-shown", true);
    this.#setMore(more);
    this.#showAgain = () => void (this.#text.textContent = translate(text, values));
    this.#showAgain();
  }

  /** @param {HTMLElement[]} more beside the text */
  #setMore(more) {
    for (const each of [...this.#box.children]) if (each !== this.#text) each.remove();
    this.#box.append(...more);
  }

  #closeButton() {
    return button(translate("Close"), () => this.#close());
  }

  #close() {
    this.hide();
    this.#viewer.focus({ preventScroll: true });
  }
}
