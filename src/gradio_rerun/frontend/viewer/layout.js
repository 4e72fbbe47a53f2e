/** The layout of a recording: the viewer's blueprint as JSON, with the views, their settings and the cameras. It needs rerun-sdk 0.41. */

import { message, read, text, textAt } from "./protobuf.js";
import { asCommand } from "./viewer-control.js";

/** @typedef {import("./viewer-control.js").Control} Control */
/** @typedef {import("./store-id.js").RecordingName} RecordingName */

/** Numbers of fields: Request { 12 get_blueprint { 2 recording { 1 store_id } }, 14 set_blueprint { 2 json, 3 recording { 1 store_id } } }. */
const [GET, SET] = [12, 14];

/** @param {Control} control @param {RecordingName} recording @returns {Promise<string | null>} null if the viewer has none */
export async function layoutOf(control, recording) {
  const { response } = await control.carryOut(asCommand("get_blueprint", [], [GET, 2, 1]), [recording]);
  // Response { 12 get_blueprint { 2 json } }
  return (response && text(message(read(response).get(GET)?.[0]).get(2)?.[0])) || null;
}

/** @param {Control} control @param {RecordingName} recording @param {string} json */
export async function setLayout(control, recording, json) {
  await control.carryOut(asCommand("set_blueprint", textAt([SET, 2], json), [SET, 3, 1]), [recording]);
}
