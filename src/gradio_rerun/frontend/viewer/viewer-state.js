/** Reads the `GetStateResponse` of rerun.viewer_control.v1alpha1, which viewers from 0.41 on send. Only this file knows its field numbers. */

import { message, read, text } from "./protobuf.js";
import { recordingOf } from "./store-id.js";

/** @typedef {Map<number, import("./protobuf.js").Value[]>} Fields */
/** @typedef {"sequence" | "duration" | "timestamp"} TimelineType */
/** A timeline, and its first and last time: of a sequence, or nanoseconds. @typedef {{name: string, type: TimelineType | null, start: bigint, end: bigint}} Timeline */

/**
 * A recording in the viewer. `timeline` is the active one, `time` where its cursor stands; both are missing in a recording without times.
 * @typedef {object} RecordingState
 * @property {string} id as the viewer writes it
 * @property {string} location the URL of the recording in the viewer
 * @property {Timeline[]} timelines those with data
 * @property {{timeline: string, type: TimelineType | null, time: bigint | null} | null} cursor
 * @property {boolean} isPaused
 */

/**
 * @typedef {object} State
 * @property {string} location the URL of what is on screen
 * @property {string} activeId the id of the recording on screen; empty if there is none
 * @property {RecordingState[]} recordings
 * @property {{id: string, name: string}[]} views
 */

/**
 * Where the time cursor of the active recording stands, exactly.
 * @typedef {object} CurrentTime
 * @property {string} application_id
 * @property {string} recording_id
 * @property {string} timeline
 * @property {TimelineType | null} timeline_type
 * @property {bigint} time
 */

const TIMELINE_TYPES = /** @type {const} */ ([null, "sequence", "duration", "timestamp"]);

const PAUSED = 1n;

/** Timelines that the SDK adds by itself. */
export const OWN_TIMELINES = ["log_time", "log_tick"];

/** @param {Uint8Array} bytes @returns {State} */
export function readState(bytes) {
  // State { 1 location, 2 active_store_id, 3 recordings, 5 views { 1 view_id, 3 name } }
  const fields = read(bytes);
  return {
    location: textIn(fields, 1),
    activeId: textIn(fields, 2),
    recordings: (fields.get(3) ?? []).map(readRecording),
    views: (fields.get(5) ?? []).map(message).map((each) => ({ id: textIn(each, 1), name: textIn(each, 3) })),
  };
}

/** The recording with this id; without an id, the one on screen. @param {State} state @param {string} [id] */
export function recordingIn({ activeId, recordings }, id = activeId) {
  return recordings.find((each) => each.id === id) ?? null;
}

/** The name of the recording on screen; null if there is none. @param {Uint8Array} bytes @returns {import("./store-id.js").RecordingName | null} */
export function recordingOnScreen(bytes) {
  const { activeId } = readState(bytes);
  return activeId ? recordingOf(activeId) : null;
}

/** @param {Uint8Array} bytes @returns {CurrentTime | null} null if there is no recording, or no time in it */
export function currentTime(bytes) {
  const state = readState(bytes);
  const cursor = recordingIn(state)?.cursor;
  if (!cursor) return null;
  return { ...recordingOf(state.activeId), timeline: cursor.timeline, timeline_type: cursor.type, time: cursor.time ?? 0n };
}

/** @param {import("./protobuf.js").Value} value @returns {RecordingState} */
function readRecording(value) {
  // Recording { 1 store_id, 2 timelines, 3 current_time, 4 location, 5 play_state }
  const fields = message(value);
  const cursor = fields.has(3) ? readCursor(fields.get(3)?.[0]) : null;
  const all = (fields.get(2) ?? []).map(message).filter((each) => each.has(3)).map(readTimeline);
  const hasOther = all.some((each) => each.name !== cursor?.timeline && !OWN_TIMELINES.includes(each.name) && each.start !== each.end);
  return {
    id: textIn(fields, 1),
    location: textIn(fields, 4),
    // The viewer also lists the timeline of its time cursor, with that one time as its range, though the recording may have no data on it.
    timelines: all.filter((each) => !(hasOther && each.name === cursor?.timeline && each.start === each.end)),
    cursor,
    isPaused: fields.get(5)?.[0] === PAUSED,
  };
}

/** @param {import("./protobuf.js").Value | undefined} value */
function readCursor(value) {
  // TimeCursor { 1 timeline { 1 name }, 2 time_type, 3 time { 1 time } }
  const fields = message(value);
  return { timeline: textIn(message(fields.get(1)?.[0]), 1), type: typeIn(fields), time: fields.has(3) ? numberIn(message(fields.get(3)?.[0]), 1) : null };
}

/** @param {Fields} fields @returns {Timeline} */
function readTimeline(fields) {
  // RecordingTimeline { 1 timeline { 1 name }, 2 time_type, 3 time_range { 1 start, 2 end } }
  const range = message(fields.get(3)?.[0]);
  return { name: textIn(message(fields.get(1)?.[0]), 1), type: typeIn(fields), start: numberIn(range, 1), end: numberIn(range, 2) };
}

/** @param {Fields} fields of a message whose second field is the type of a timeline */
function typeIn(fields) {
  return TIMELINE_TYPES[Number(fields.get(2)?.[0])] ?? null;
}

/** @param {Fields} fields @param {number} field */
function textIn(fields, field) {
  return text(fields.get(field)?.[0]);
}

/** Protobuf leaves out a zero. @param {Fields} fields @param {number} field */
function numberIn(fields, field) {
  return BigInt.asIntN(64, /** @type {bigint} */ (fields.get(field)?.[0] ?? 0n));
}
