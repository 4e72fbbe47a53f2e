/** The requests of rerun.viewer_control.v1alpha1 that show an open recording, and select an entity in it, in viewers from 0.41 on. */

import { numberAt, textAt } from "./protobuf.js";
import { readState, recordingIn } from "./viewer-state.js";

/** Numbers of fields: Request { 4 open { 1 url }, 7 get_recording_schema { 1 store_id, 2 entity_path, 3 max_entities }, 20 set_location { 1 location } }. */
const [OPEN, GET_SCHEMA, SET_LOCATION] = [4, 7, 20];

/** The viewer's name for what is in the recording on screen; nothing is loaded. */
const IN_RECORDING = "recording://";

/**
 * In order: if the viewer refuses one, the next ones are not to be sent.
 * @param {Uint8Array} state GetStateResponse
 * @param {string} store the id of the recording
 * @param {string | null} selection the path of an entity, such as `/points`, or of an instance of it: `/points[#3]`
 * @returns {Uint8Array[]}
 */
export function showRequests(state, store, selection) {
  const all = readState(state);
  const recording = recordingIn(all, store);
  if (!recording) return [];
  const requests = store === all.activeId ? [] : [textAt([SET_LOCATION, 1], recording.location)];
  if (selection !== null) {
    // The viewer would also select an entity that does not exist; it refuses to describe one.
    const entity = selection.replace(/\[#\d+\]$/, "");
    requests.push([...textAt([GET_SCHEMA, 1], store), ...textAt([GET_SCHEMA, 2], entity), ...numberAt([GET_SCHEMA, 3], 1n)]);
    requests.push(textAt([OPEN, 1], `${IN_RECORDING}${selection.replace(/^\//, "")}`));
  }
  return requests.map((bytes) => Uint8Array.from(bytes));
}
