/** The link that a `gr.DeepLinkButton` copies: the URL of the page with the parameter `deep_link`, which Gradio adds after a request. */

/** Gradio gives its buttons these ids. */
const BUTTON = "[id^='gradio-share-link-button-']";

/** ms that Gradio has for its request. */
const COPIED_WITHIN = 10_000;

/** Whether the page was opened by such a link. */
export function isDeepLink() {
  return new URLSearchParams(location.search).has("deep_link");
}

/**
 * The page has another URL for as long as Gradio may read it after a click.
 * @param {(href: string) => string} extend returns the URL with more parameters
 */
export function extendDeepLinks(extend) {
  /** @type {{own: string, extended: string} | null} */
  let page = null;
  let timer = 0;
  const setUrl = (/** @type {string} */ href) => history.replaceState(history.state, "", href);
  const onClick = (/** @type {Event} */ { target }) => {
    if (!(/** @type {Element} */ (target).closest?.(BUTTON))) return;
    const own = page?.extended === location.href ? page.own : location.href;
    const extended = new URL(extend(own)).href;
    page = { own, extended };
    setUrl(extended);
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (location.href === extended) setUrl(own);
      page = null;
    }, COPIED_WITHIN);
  };
  document.addEventListener("click", onClick, { capture: true }); // before Gradio
}
