/** The time cursor of a recording that is replaced by a new file: reads where it is paused, and restores that place. */

import { storeIdOf } from "./store-id.js";
import { timeCursorRequest } from "./time-cursor.js";
import { OWN_TIMELINES, readState, recordingIn } from "./viewer-state.js";

/**
 * Where a recording is paused. `store`: the id of the recording, as the viewer writes it. `isAtEnd`: at its last time, where the viewer pauses by itself.
 * @typedef {{store: string, timeline: string, time: bigint, isAtEnd?: boolean}} Place
 */

/**
 * Where a recording is paused; null if there is none, if it plays, or if it has one time only: the viewer pauses there by itself.
 * @param {Uint8Array} state GetStateResponse of rerun.viewer_control.v1alpha1
 * @param {string} [store] of the recording; without it, the one on screen
 * @returns {Place | null}
 */
export function pausedPlace(state, store) {
  const recording = recordingIn(readState(state), store);
  const { timeline, time } = recording?.cursor ?? {};
  if (!recording?.isPaused || !timeline || time === null || time === undefined) return null;
  const range = recording.timelines.find(({ name }) => name === timeline);
  if (range && range.start === range.end) return null;
  return { store: recording.id, timeline, time, isAtEnd: range !== undefined && time >= range.end };
}

/**
 * The request that restores the paused place in the recording on screen (one that stood at its end plays on if there is more) or, if the recording lacks the active timeline, makes one that it has active.
 * @param {Uint8Array} state
 * @param {Place | null} place
 * @returns {Uint8Array | null} null if nothing is to be done
 */
export function placeRequest(state, place) {
  const recording = recordingIn(readState(state), place?.store);
  const names = recording?.timelines.map(({ name }) => name) ?? [];
  if (!recording || names.length === 0) return null;
  const range = recording.timelines.find(({ name }) => name === place?.timeline);
  if (place && range) {
    const { timeline, time, isAtEnd } = place;
    return timeCursorRequest(recording.id, { timeline, time, isPlaying: isAtEnd === true && time < range.end });
  }
  const active = recording.cursor?.timeline;
  if (!active || names.includes(active)) return null;
  return timeCursorRequest(recording.id, { timeline: names.find((name) => !OWN_TIMELINES.includes(name)) ?? names[0] });
}

/** Whether a recording is open and has a timeline. @param {Uint8Array} state @param {Place} place */
export function hasPlace(state, { store, timeline }) {
  return recordingIn(readState(state), store)?.timelines.some(({ name }) => name === timeline) === true;
}

/** Whether a place is in a recording. @param {Place} place @param {import("./store-id.js").RecordingName} recording */
export function isAt({ store }, recording) {
  // Viewers before 0.41 name a recording by its own id alone.
  return store === storeIdOf(recording) || store === recording.recording_id;
}
