/** The requests of rerun.viewer_control.v1alpha1 that show an open recording, and select an entity in it, in viewers from 0.41 on. */

import { textAt } from "./protobuf.js";
import { readState, recordingIn } from "./viewer-state.js";

/** Numbers of fields: Request { 4 open { 1 url }, 20 set_location { 1 location } }. */
const [OPEN, SET_LOCATION] = [4, 20];

/** The viewer's name for what is in the recording on screen; nothing is loaded. */
const IN_RECORDING = "recording://";

/**
 * @param {Uint8Array} state GetStateResponse
 * @param {string} store the id of the recording
 * @param {string | null} selection the path of an entity, such as `/points`, or of an instance of it: `/points[#3]`
 * @returns {Uint8Array[]}
 */
export function showRequests(state, store, selection) {
  const all = readState(state);
  const recording = recordingIn(all, store);
  if (!recording) return [];
  return [
    ...(store === all.activeId ? [] : [textAt([SET_LOCATION, 1], recording.location)]),
    ...(selection === null ? [] : [textAt([OPEN, 1], `${IN_RECORDING}${selection.replace(/^\//, "")}`)]),
  ].map((bytes) => Uint8Array.from(bytes));
}
