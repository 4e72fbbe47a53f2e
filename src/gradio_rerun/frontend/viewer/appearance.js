/** The size and the theme of an element in its document, and whether it is fullscreen. */

/** Whether an element has a size: in a tab that is not selected, it has none. @param {HTMLElement} element */
export function hasSize({ clientWidth, clientHeight }) {
  return clientWidth > 0 && clientHeight > 0;
}

/** @param {HTMLElement} element */
export function isFullscreen(element) {
  return /** @type {Document | ShadowRoot} */ (element.getRootNode()).fullscreenElement === element;
}

/** Into the browser's fullscreen, or out of it. @param {HTMLElement} element */
export async function toggleFullscreen(element) {
  await (isFullscreen(element) ? document.exitFullscreen() : element.requestFullscreen());
}

/** The theme of an element; Gradio marks a dark document, or the element of an app, with a class. @param {HTMLElement} element @param {"auto" | "light" | "dark"} theme */
export function themeOf(element, theme) {
  if (theme !== "auto") return theme;
  return element.closest(".dark") || document.documentElement.classList.contains("dark") ? "dark" : "light";
}

/** Calls back when the size or the theme may have changed. @param {HTMLElement} element @param {() => void} onChange @param {AbortSignal} signal */
export function observeAppearance(element, onChange, signal) {
  const resized = new ResizeObserver(onChange);
  resized.observe(element);
  const themed = new MutationObserver(onChange);
  for (const node of [document.documentElement, document.body]) themed.observe(node, { attributeFilter: ["class"] });
  signal.addEventListener("abort", () => {
    resized.disconnect();
    themed.disconnect();
  });
}
