/** A layout as text for a URL. Anyone can write such a text. */

import { fromBase64, toBase64 } from "../viewer/base64.js";

/** Characters: proxies take URLs of some 8,000. */
const LONGEST = 4_000;

/** Bytes of JSON. */
const LARGEST = 200_000;

/** The part of a blueprint that holds the timeline and whether it plays, and the state of the panel. Links have the time by itself. */
const [TIME, PANEL] = ["/time_panel", "TimePanelBlueprint"];

/** The layout without the state of the time. @param {string} json */
export function withoutTime(json) {
  const { [TIME]: time, ...layout } = parse(json);
  const state = panelState(time);
  return stringify(state === null ? layout : { ...layout, [TIME]: { [PANEL]: { state } } });
}

/** A layout with the state of the time of another one; the time panel has the state of the first. @param {string} layout @param {string | null} other */
export function withTimeOf(layout, other) {
  const time = other === null ? undefined : parse(other)[TIME];
  if (!isObject(time)) return layout;
  const parts = parse(layout);
  const state = panelState(parts[TIME]);
  const panel = isObject(time[PANEL]) ? time[PANEL] : {};
  return stringify({ ...parts, [TIME]: state === null ? time : { ...time, [PANEL]: { ...panel, state } } });
}

/** The state of the time panel, which a user or the app has set; null if there is none. @param {unknown} time */
function panelState(time) {
  const panel = isObject(time) ? time[PANEL] : null;
  return isObject(panel) && typeof panel.state === "string" ? panel.state : null;
}

/** @param {unknown} value @returns {value is Record<string, unknown>} */
function isObject(value) {
  return typeof value === "object" && value !== null;
}

/** Resolves to null if the text would be too long. @param {string} json @returns {Promise<string | null>} */
export async function pack(json) {
  const bytes = await all(new Blob([json]).stream().pipeThrough(new CompressionStream("deflate-raw")), LARGEST);
  if (!bytes) return null;
  const text = toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return text.length > LONGEST ? null : text;
}

/** Resolves to the JSON of a layout; null if the text is none. @param {string} text @returns {Promise<string | null>} */
export async function unpack(text) {
  if (!isPacked(text)) return null;
  try {
    const bytes = fromBase64(text.replaceAll("-", "+").replaceAll("_", "/"));
    const json = await all(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw")), LARGEST);
    return json && stringify(parse(new TextDecoder("utf-8", { fatal: true }).decode(json)));
  } catch {
    return null;
  }
}

/** Whether it may be the text of a layout. @param {string} text */
export function isPacked(text) {
  return text.length <= LONGEST && /^[\w-]+$/.test(text);
}

/** The bytes of a stream; null if there are more than `most`. @param {ReadableStream<Uint8Array>} stream @param {number} most */
async function all(stream, most) {
  const reader = stream.getReader();
  /** @type {number[]} */
  const bytes = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return Uint8Array.from(bytes);
    if (bytes.length + value.byteLength > most) {
      reader.cancel().catch(() => {});
      return null;
    }
    for (const byte of value) bytes.push(byte);
  }
}

/** Marks an integer that JavaScript would round: a string cannot begin with it otherwise, since blueprints have no such character. */
const EXACT = "\u0001";

/** The strings and numbers of JSON. In a text that is not JSON, the search can take time that is quadratic in the length. */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** @param {string} json @returns {Record<string, unknown>} */
function parse(json) {
  JSON.parse(json);
  const exact = json.replace(TOKEN, (token) => (/^-?\d{16,}$/.test(token) ? JSON.stringify(EXACT + token) : token));
  const layout = JSON.parse(exact);
  if (typeof layout !== "object" || layout === null || Array.isArray(layout)) throw new Error("no layout");
  return layout;
}

/** @param {unknown} layout */
function stringify(layout) {
  return JSON.stringify(layout).replace(/"\\u0001(-?\d+)"/g, "$1");
}
