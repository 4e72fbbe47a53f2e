/** Elements, icons and buttons. */

/** Paths of icons of 24 x 24, drawn as lines. @type {Record<import("./gradio/toolbar.js").Action | "Recording" | "Play" | "Pause" | "Back" | "Forward", string>} */
const ICONS = {
  Recording: "M12 2l9 5v10l-9 5-9-5V7zM3 7l9 5 9-5M12 12v10",
  Upload: "M4 16v3a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2v-3M7 8l5-5 5 5M12 3v13",
  Download: "M4 16v3a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2v-3M7 11l5 5 5-5M12 16V3",
  Screenshot: "M4 7h3l2-3h6l2 3h3a1 1 0 0 1 1 1v11a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V8a1 1 0 0 1 1-1zM12 17a4 4 0 1 0 0-8 4 4 0 0 0 0 8z",
  "Copy link": "M10 14a4 4 0 0 0 6 .5l3.5-3.5a4 4 0 0 0-6-6L12 6.5M14 10a4 4 0 0 0-6-.5L4.5 13a4 4 0 0 0 6 6L12 17.5",
  Fullscreen: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  Clear: "M6 6l12 12M18 6L6 18",
  Play: "M7 4l13 8-13 8z",
  Pause: "M8 5v14M16 5v14",
  Back: "M19 5l-9 7 9 7zM6 5v14",
  Forward: "M5 5l9 7-9 7zM18 5v14",
};

/** @template {keyof HTMLElementTagNameMap} K @param {K} tag @param {string} className @param {string} [text] */
export function element(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

/** @param {keyof typeof ICONS} name */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", ICONS[name]);
  svg.append(line);
  return svg;
}

/** @param {string | Element} content a text, or an icon @param {() => void} onClick */
export function button(content, onClick) {
  const made = document.createElement("button");
  made.type = "button";
  if (typeof content === "string") made.textContent = content;
  else made.append(content);
  made.addEventListener("click", onClick);
  return made;
}
