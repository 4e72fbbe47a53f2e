/** The time cursor of a recording that is replaced by a new file: reads where it is paused, and restores that place. */

import { message, numberAt, read, text, textAt } from "./protobuf.js";
import { storeIdOf } from "./store-id.js";

/** Where a recording is paused. `store`: the id of the recording, as the viewer writes it. @typedef {{store: string, timeline: string, time: bigint}} Place */

const PAUSED = 1n;

/** SetTimeCursorRequest in ViewerControlRequest. */
const SET_TIME_CURSOR = 6;

/** Timelines that the SDK adds by itself. */
const OWN_TIMELINES = ["log_time", "log_tick"];

/**
 * Where the recording on screen is paused; null if there is none or if it plays.
 * @param {Uint8Array} state GetStateResponse of rerun.viewer_control.v1alpha1
 * @returns {Place | null}
 */
export function pausedPlace(state) {
  // State { 2 active_store_id }
  const store = text(read(state).get(2)?.[0]);
  const recording = recordingIn(state, store);
  if (!recording?.timeline || recording.time === null || recording.playState !== PAUSED) return null;
  return { store, timeline: recording.timeline, time: recording.time };
}

/**
 * The request that restores the paused place in the recording on screen or, if the recording lacks the active timeline, makes one that it has active.
 * @param {Uint8Array} state
 * @param {Place | null} place
 * @returns {Uint8Array | null} null if nothing is to be done
 */
export function placeRequest(state, place) {
  const store = place?.store ?? text(read(state).get(2)?.[0]);
  const recording = recordingIn(state, store);
  if (!recording || recording.timelines.length === 0) return null;
  if (place && recording.timelines.includes(place.timeline)) {
    return Uint8Array.from([
      ...textAt([SET_TIME_CURSOR, 1], store),
      ...textAt([SET_TIME_CURSOR, 2, 1], place.timeline),
      ...numberAt([SET_TIME_CURSOR, 3, 1], place.time),
      ...numberAt([SET_TIME_CURSOR, 5], PAUSED),
    ]);
  }
  if (!recording.timeline || recording.timelines.includes(recording.timeline)) return null;
  const timeline = recording.timelines.find((name) => !OWN_TIMELINES.includes(name)) ?? recording.timelines[0];
  return Uint8Array.from([...textAt([SET_TIME_CURSOR, 1], store), ...textAt([SET_TIME_CURSOR, 2, 1], timeline)]);
}

/** Whether a recording is open and has a timeline. @param {Uint8Array} state @param {Place} place */
export function hasPlace(state, place) {
  return recordingIn(state, place.store)?.timelines.includes(place.timeline) === true;
}

/** Whether a place is in a recording. @param {Place} place @param {import("./store-id.js").RecordingName} recording */
export function isAt({ store }, recording) {
  // Viewers before 0.41 name a recording by its own id alone.
  return store === storeIdOf(recording) || store === recording.recording_id;
}

/** @param {Uint8Array} state @param {string} store */
function recordingIn(state, store) {
  // State { 3 recordings { 1 store_id, 2 timelines { 1 timeline { 1 name }, 3 time_range { 1 min, 2 max } }, 3 current_time { 1 timeline { 1 name }, 3 time { 1 int64 } }, 5 play_state } }
  const fields = read(state).get(3)?.map(message).find((each) => text(each.get(1)?.[0]) === store);
  if (!fields) return null;
  const nameIn = (/** @type {Map<number, import("./protobuf.js").Value[]>} */ each) => text(message(each.get(1)?.[0]).get(1)?.[0]);
  const cursor = message(fields.get(3)?.[0]);
  const active = nameIn(cursor);
  const withRange = (fields.get(2) ?? []).map(message).filter((each) => each.has(3));
  const isOneTime = (/** @type {Map<number, import("./protobuf.js").Value[]>} */ each) => {
    const range = message(each.get(3)?.[0]);
    return (range.get(1)?.[0] ?? 0n) === (range.get(2)?.[0] ?? 0n);
  };
  const hasOther = withRange.some((each) => nameIn(each) !== active && !OWN_TIMELINES.includes(nameIn(each)) && !isOneTime(each));
  const time = cursor.get(3) ? message(cursor.get(3)?.[0]).get(1)?.[0] ?? 0n : null; // protobuf leaves out a zero
  return {
    // The viewer also lists the timeline of its time cursor, with that one time as its range, though the recording may have no data on it.
    timelines: withRange.map(nameIn).filter((name, index) => !(hasOther && name === active && isOneTime(withRange[index]))),
    timeline: active,
    time: time === null ? null : BigInt.asIntN(64, /** @type {bigint} */ (time)),
    playState: fields.get(5)?.[0] ?? 0n,
  };
}
