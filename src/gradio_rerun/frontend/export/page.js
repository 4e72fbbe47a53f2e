/** The page of an exported folder: shows its recordings, at once or after a click on the poster. */

import "../viewer/rerun-viewer-define.js";
import { TimeControls } from "../gradio/time-controls.js";
import { icon } from "../elements.js";
import { language, translate } from "../words.js";
import { goTo, placeIn } from "./place.js";

/** @typedef {import("../viewer/rerun-viewer.js").RerunViewerElement} RerunViewerElement */
/** @typedef {{settings: import("../wire.js").Settings, recordings: import("../wire.js").Recording[]}} Page */

/** @type {Page} */
const { settings, recordings } = JSON.parse(/** @type {HTMLElement} */ (document.getElementById("page")).textContent);
const viewer = /** @type {RerunViewerElement} */ (document.querySelector("rerun-viewer"));
const poster = document.querySelector(".rerun-poster");
const { classList } = document.documentElement;

document.documentElement.lang = navigator.language;
document.documentElement.lang = language(); // English for readers of other languages
viewer.ariaLabel = document.title;

const darkMode = matchMedia("(prefers-color-scheme: dark)");
darkMode.addEventListener("change", followTheme);
followTheme();

if (poster) {
  poster.ariaLabel = translate("Play recording");
  poster.append(icon("Play"));
  poster.addEventListener("click", start, { once: true });
} else {
  start();
}

function followTheme() {
  classList.toggle("dark", settings.theme === "auto" ? darkMode.matches : settings.theme === "dark");
}

function start() {
  poster?.remove();
  new TimeControls(/** @type {HTMLElement} */ (document.querySelector(".rerun-time-controls")), viewer).configure(settings, false);
  viewer.settings = settings;
  viewer.recordings = recordings.map((each) => ({ ...each, url: new URL(each.url, document.baseURI).href }));
  const place = placeIn(location.search);
  if (place) goTo(viewer, place).catch((error) => console.warn(`gradio_rerun: ${error.message}`));
}
