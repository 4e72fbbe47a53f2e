/** The way into a viewer by the keyboard, and out of it: a viewer takes every key, Tab too, as long as its canvas has the focus. */

const DESCRIPTION = "Press Enter to control the viewer with the keyboard, and Escape to leave it";

/**
 * Tab comes to the element, not to the canvas in it.
 * @param {HTMLElement} element
 * @param {HTMLCanvasElement} canvas of a viewer that has started
 * @param {AbortSignal} signal the life of the viewer
 */
export function connectKeyboard(element, canvas, signal) {
  const attributes = { tabindex: "0", role: "application", "aria-description": DESCRIPTION };
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  // The input, in which the user writes what a field of the viewer gets, was a child of the body in older viewers.
  for (const each of [canvas, ...element.querySelectorAll(":scope > input"), ...document.querySelectorAll("body > input[autocapitalize]")]) {
    each.setAttribute("tabindex", "-1");
    each.setAttribute("aria-label", element.ariaLabel ?? "");
  }
  element.addEventListener("keydown", (event) => onKey(event, element, canvas), { capture: true, signal }); // the canvas keeps keys to itself
  signal.addEventListener("abort", () => Object.keys(attributes).forEach((name) => element.removeAttribute(name)));
}

/** @param {KeyboardEvent} event @param {HTMLElement} element @param {HTMLCanvasElement} canvas */
function onKey({ key, target }, element, canvas) {
  if (key === "Enter" && target === element) canvas.focus({ preventScroll: true });
  else if (key === "Escape" && target === canvas) element.focus({ preventScroll: true });
}
