/** Enters and leaves a viewer by the keyboard: a viewer takes every key, also Tab, while its canvas has the focus. */

import { translate } from "../words.js";

/** Those whose viewer had the focus when it ended: the next viewer gets it. @type {WeakSet<HTMLElement>} */
const focused = new WeakSet();

/**
 * Lets Tab focus the element, not the canvas in it, and Enter and Escape move the focus between them.
 * @param {HTMLElement} element
 * @param {HTMLCanvasElement} canvas of a viewer that has started
 * @param {AbortSignal} signal the life of the viewer
 */
export function connectKeyboard(element, canvas, signal) {
  const attributes = { tabindex: "0", role: "application", "aria-description": "" };
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  // The input that gets the user's text for a field of the viewer was a child of the body in older viewers.
  const inputs = [canvas, ...element.querySelectorAll(":scope > input"), ...document.querySelectorAll("body > input[autocapitalize]")];
  for (const each of inputs) each.setAttribute("tabindex", "-1");
  const name = () => {
    element.setAttribute("aria-description", translate("Press Enter to control the viewer with the keyboard, and Escape to leave it"));
    for (const each of inputs) each.setAttribute("aria-label", element.ariaLabel ?? "");
  };
  name();
  element.addEventListener("language-change", name, { signal });
  element.addEventListener("keydown", (event) => onKey(event, element, canvas), { capture: true, signal }); // the canvas keeps keys to itself
  signal.addEventListener("abort", () => Object.keys(attributes).forEach((name) => element.removeAttribute(name)));
  if (!focused.delete(element) || document.activeElement !== document.body) return; // or the user has moved on meanwhile
  canvas.style.visibility = "visible"; // the style sheet hides it until there is something to see; browsers focus nothing that is hidden
  canvas.focus({ preventScroll: true });
  canvas.style.visibility = "";
}

/** Removes the canvas of a viewer that has ended. The next viewer gets its focus. @param {HTMLElement} element @param {HTMLCanvasElement} canvas */
export function removeCanvas(element, canvas) {
  if (document.activeElement === canvas) focused.add(element);
  canvas.remove();
}

/** @param {KeyboardEvent} event @param {HTMLElement} element @param {HTMLCanvasElement} canvas */
function onKey({ key, target }, element, canvas) {
  if (key === "Enter" && target === element) canvas.focus({ preventScroll: true });
  else if (key === "Escape" && target === canvas) element.focus({ preventScroll: true });
}
