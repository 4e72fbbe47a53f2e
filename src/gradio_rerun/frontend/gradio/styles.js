/** The style sheet of the component. */

/**
 * Adds the style sheet to the document, or to the shadow root that a `<gradio-app>` lives in. Resolves when the sheet applies, or cannot be loaded.
 * @param {HTMLElement} element of the component
 */
export async function addStyles(element) {
  const root = element.getRootNode();
  const parent = root instanceof ShadowRoot ? root : document.head;
  const { href } = new URL("../rerun-viewer.css", import.meta.url);
  const added = [...parent.querySelectorAll("link")].find((each) => each.href === href);
  const link = added ?? Object.assign(document.createElement("link"), { rel: "stylesheet", href });
  if (!added) parent.append(link);
  if (link.sheet) return;
  await new Promise((resolve) => {
    for (const type of ["load", "error"]) link.addEventListener(type, resolve, { once: true });
  });
}
