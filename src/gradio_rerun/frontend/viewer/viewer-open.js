/** The `window.open` of the viewer: texts in a recording may have links, which the user may click. */

const OPENED = ["http:", "https:", "mailto:"];

/**
 * Opens a link in a tab of its own, which knows nothing of this page. A link that would run in this page, such as `javascript:…`, is not opened.
 * @param {string} link
 * @returns {null} as `window.open` with `noopener` does
 */
export function openLink(link) {
  const url = parsed(link);
  if (url && OPENED.includes(url.protocol)) window.open(url.href, "_blank", "noopener,noreferrer");
  else console.info(`gradio_rerun: refused to open ${link}, which is not a link to a page.`);
  return null;
}

/** @param {string} link */
function parsed(link) {
  try {
    return new URL(link, location.href);
  } catch {
    return null;
  }
}
