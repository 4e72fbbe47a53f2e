/** The row of buttons above the viewer. Gradio's label stands at its left. */

import { button, icon } from "../elements.js";
import { translate } from "../words.js";

/** @typedef {"Upload" | "Fullscreen" | "Download" | "Screenshot" | "Copy link" | "Clear"} Action */

export class Toolbar {
  /** @type {Map<Action, HTMLButtonElement>} */
  #buttons = new Map();
  #host;

  /** @param {HTMLElement} host @param {Record<Action, () => void>} actions */
  constructor(host, actions) {
    for (const [name, action] of /** @type {[Action, () => void][]} */ (Object.entries(actions))) {
      const made = button(icon(name), action);
      made.hidden = true;
      this.#buttons.set(name, made);
    }
    this.#host = host;
    this.#name();
    host.replaceChildren(...this.#buttons.values());
  }

  #name() {
    for (const [name, each] of this.#buttons) {
      each.title = translate(name);
      each.setAttribute("aria-label", each.title);
    }
  }

  /** @param {Action} name @returns {HTMLButtonElement} */
  button(name) {
    return /** @type {HTMLButtonElement} */ (this.#buttons.get(name));
  }

  /** Shows these buttons and no others. @param {Partial<Record<Action, boolean>>} shown */
  show(shown) {
    this.#name();
    for (const [name, each] of this.#buttons) each.hidden = !shown[name];
    const isEmpty = !Object.values(shown).some(Boolean);
    [this.#host.role, this.#host.ariaLabel] = isEmpty ? [null, null] : ["toolbar", translate("Recording")];
  }
}
