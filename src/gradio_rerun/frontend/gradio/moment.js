/** Moments in the query of a URL: which recording, timeline, time, selection and layout a viewer is to show. Anyone can write such a URL. */

import { fromBase64 } from "../viewer/base64.js";
import { currentTime, readState } from "../viewer/viewer-state.js";
import { recordingOf } from "../viewer/store-id.js";
import { isPacked } from "./layout-text.js";

/** @typedef {import("../viewer/store-id.js").RecordingName} RecordingName */

/**
 * What is left out stays as the viewer has it. `selection`: the path of an entity, such as `/points`, or of an instance of it: `/points[#3]`.
 * `layout`: as text, see layout-text.js.
 * @typedef {{recording: RecordingName | null, place: {timeline: string, time: bigint} | null, selection: string | null, layout: string | null}} Moment
 */

/** Characters of a name or a path: a longer one is neither written nor read. */
const MOST = 500;

/** Viewers whose moments are read at most. */
const MOST_VIEWERS = 50;

/** A viewer's parameters are `<name>.<field>`. */
const FIELDS = ["application_id", "recording_id", "timeline", "time", "selection", "layout"];

const PARAMETER = /^(rerun\d{0,4}|rerun-.+)\.(\w+)$/s;

/** Parameters that are the visitor's own key: to a private Space. */
const KEYS = ["__sign"];

/**
 * The name of a viewer in links.
 * @param {string} elemId the app's own id of the component; empty if it has none
 * @param {number} place among those without such an id, from 0 on
 */
export function nameInLinks(elemId, place) {
  return elemId ? `rerun-${elemId}` : place === 0 ? "rerun" : `rerun${place + 1}`;
}

/**
 * The moments in a URL by the names of the viewers. What cannot be read is left out.
 * @param {string} query
 * @returns {Map<string, Moment>}
 */
export function readMoments(query) {
  /** @type {Map<string, Record<string, string>>} */
  const given = new Map();
  for (const [key, text] of new URLSearchParams(query)) {
    const [, name, field] = PARAMETER.exec(key) ?? [];
    if (!FIELDS.includes(field) || !isShort(field, text) || (!given.has(name) && given.size === MOST_VIEWERS)) continue;
    given.set(name, { [field]: text, ...given.get(name) });
  }
  const moments = [...given].map(([name, fields]) => /** @type {const} */ ([name, asMoment(fields)]));
  return new Map(moments.filter(([, moment]) => Object.values(moment).some(Boolean)));
}

/** @param {Record<string, string>} fields @returns {Moment} */
function asMoment({ application_id = "", recording_id = "", timeline = "", time = "", selection = "", layout = "" }) {
  return {
    recording: recording_id ? { application_id, recording_id } : null,
    place: timeline && isTime(time) ? { timeline, time: BigInt(time) } : null,
    selection: isPath(selection) ? selection : null,
    layout: layout || null,
  };
}

/**
 * The URL of a page with these moments in the place of those that it had.
 * @param {string} href
 * @param {Map<string, Moment>} moments by the names of the viewers
 */
export function linkTo(href, moments) {
  const url = new URL(withMoments(href, moments));
  for (const key of KEYS) url.searchParams.delete(key);
  return url.href;
}

/** The same with the visitor's own key. @param {string} href @param {Map<string, Moment>} moments */
export function withMoments(href, moments) {
  const url = new URL(href);
  for (const [name, { recording, place, selection, layout }] of moments) {
    const given = [recording?.application_id, recording?.recording_id, place?.timeline, place?.time.toString(), selection, layout];
    FIELDS.forEach((field, index) => {
      const text = given[index];
      if (text && isShort(field, text)) url.searchParams.set(`${name}.${field}`, text);
      else url.searchParams.delete(`${name}.${field}`);
    });
  }
  return url.href;
}

/**
 * The moment of a state that a LiveState has reported; null if the viewer showed nothing. Like a link, it can be of anyone.
 * @param {any} state
 * @returns {Moment | null}
 */
export function momentOfState(state) {
  try {
    const { selection, ...place } = state;
    const fields = { ...placeIn(place), selection: selectedPath(selection) ?? "" };
    const given = Object.entries(fields).filter(([field, text]) => typeof text === "string" && isShort(field, text));
    const moment = asMoment(Object.fromEntries(given));
    return moment.recording ? moment : null;
  } catch {
    return null;
  }
}

/** @param {any} state */
function placeIn({ protocol, active_recording_id, recordings }) {
  if (protocol === undefined) {
    // A viewer before 0.41.
    const found = recordings.find((/** @type {any} */ each) => each.recording_id === active_recording_id);
    return { ...found, time: Number.isFinite(found.time) ? BigInt(Math.trunc(found.time)).toString() : "" };
  }
  const bytes = fromBase64(protocol);
  const now = currentTime(bytes);
  return now ? { ...now, time: now.time.toString() } : recordingOf(readState(bytes).activeId);
}

/** The id of a dataset, which the viewer has for the application id of its segments. */
const DATASET = /^[\da-f]{32}$/i;

/**
 * Whether a recording is the one of a moment ("same"), another one of its application ("akin": each run of an app may make a new one), or another.
 * @param {Moment} moment
 * @param {RecordingName} recording
 */
export function likeness({ recording: wanted }, { application_id, recording_id }) {
  if (!wanted) return "same";
  // A large file gets another dataset with each of its servers.
  const areDatasets = DATASET.test(wanted.application_id) && DATASET.test(application_id) && wanted.recording_id === recording_id;
  const isApplication = areDatasets || wanted.application_id === application_id;
  if (wanted.recording_id === recording_id && (isApplication || !wanted.application_id)) return "same";
  return isApplication ? "akin" : "other";
}

/**
 * What is selected, as a path that the viewer can select again; null if it is not an entity.
 * @param {unknown} items of the viewer's event
 */
export function selectedPath(items) {
  const [{ type, entity_path, instance_id } = {}] = Array.isArray(items) ? items : [];
  if (type !== "entity" || typeof entity_path !== "string") return null;
  const path = Number.isSafeInteger(instance_id) ? `${entity_path}[#${instance_id}]` : entity_path;
  return isPath(path) ? path : null;
}

/** Whether a text of this length is written and read. @param {string} field @param {string} text */
function isShort(field, text) {
  return field === "layout" ? isPacked(text) : text.length <= MOST;
}

/** @param {string} text */
function isPath(text) {
  return /^\/[^\p{Cc}]*$/u.test(text);
}

/** Whether it is an integer of 64 bits. @param {string} text */
function isTime(text) {
  return /^-?\d{1,19}$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text);
}
