/** Reads the current time from the `GetStateResponse` of rerun.viewer_control.v1alpha1, which viewers from 0.41 on send. */

import { message, read, text } from "./protobuf.js";
import { recordingOf } from "./store-id.js";

/**
 * Where the time cursor of the active recording stands, exactly.
 * @typedef {object} CurrentTime
 * @property {string} application_id
 * @property {string} recording_id
 * @property {string} timeline
 * @property {"sequence" | "duration" | "timestamp" | null} timeline_type
 * @property {bigint} time
 */

const TIMELINE_TYPES = /** @type {const} */ ([null, "sequence", "duration", "timestamp"]);

/** @param {Uint8Array} state @returns {CurrentTime | null} null if there is no recording, or no time in it */
export function currentTime(state) {
  // GetStateResponse { 2 active_store_id, 3 recordings }, its recording { 1 store_id, 3 current_time },
  // its time { 1 timeline { 1 name }, 2 type, 3 time { 1 int64 } }.
  const fields = read(state);
  const active = text(fields.get(2)?.[0]);
  const recording = fields.get(3)?.map(message).find((each) => text(each.get(1)?.[0]) === active);
  const time = recording?.get(3)?.map(message)[0];
  if (!time) return null;
  const ticks = message(time.get(3)?.[0]).get(1)?.[0] ?? 0n; // protobuf leaves out a zero
  return {
    ...recordingOf(active),
    timeline: text(message(time.get(1)?.[0]).get(1)?.[0]),
    timeline_type: TIMELINE_TYPES[Number(time.get(2)?.[0])] ?? null,
    time: BigInt.asIntN(64, /** @type {bigint} */ (ticks)),
  };
}
