/** Shows an open recording, and selects an entity in it. */

import { numberAt, textAt } from "./protobuf.js";
import { asCommand } from "./viewer-control.js";

/** @typedef {import("./viewer-control.js").Control} Control */
/** @typedef {import("./store-id.js").RecordingName} RecordingName */

/** Numbers of fields: Request { 4 open { 1 url, 2 navigate }, 7 get_recording_schema { 1 store_id, 2 entity_path, 3 max_entities }, 20 set_location { 1 location } }. */
const [OPEN, GET_SCHEMA, SET_LOCATION] = [4, 7, 20];

/** The viewer's name for what is in the recording on screen; nothing is loaded. */
export const IN_RECORDING = "recording://";

/** @param {Control} control @param {RecordingName} recording */
export async function show(control, recording) {
  await control.carryOut(asCommand("set_active_recording", [], [SET_LOCATION, 1]), [recording]);
}

/** Opens a URL, and leaves on screen what is there. Rejects if the viewer does not open the URL, or is older than 0.41. @param {Control} control @param {string} url */
export async function openBeside(control, url) {
  await control.carryOut(asCommand("open", [...textAt([OPEN, 1], url), ...numberAt([OPEN, 2], 0n)], []), []);
}

/** Shows the recording of a URL that is open. Rejects if the viewer is older than 0.41. @param {Control} control @param {string} url */
export async function showUrl(control, url) {
  await control.carryOut(asCommand("open", textAt([OPEN, 1], url), []), []);
}

/**
 * Selects an entity of the recording on screen. Rejects if the recording has no such entity, or if the viewer is older than 0.41.
 * @param {Control} control
 * @param {RecordingName | null} recording null: the one on screen
 * @param {string} path of an entity, such as `/points`, or of an instance of it: `/points[#3]`
 */
export async function select(control, recording, path) {
  // The viewer would also select an entity that does not exist; it refuses to describe one.
  const entity = [...textAt([GET_SCHEMA, 2], path.replace(/\[#\d+\]$/, "")), ...numberAt([GET_SCHEMA, 3], 1n)];
  await control.carryOut(asCommand("get_recording_schema", entity, [GET_SCHEMA, 1]), recording ? [recording] : []);
  await control.carryOut(asCommand("open", textAt([OPEN, 1], `${IN_RECORDING}${path.replace(/^\//, "")}`), []), []);
}
