/** The request of rerun.viewer_control.v1alpha1 that moves the time cursor of a recording, in viewers from 0.41 on. */

import { numberAt, textAt } from "./protobuf.js";

/**
 * What is to change: the active timeline, the time on it, whether it plays. What is left out stays as it is.
 * @typedef {{timeline?: string, time?: bigint, isPlaying?: boolean}} Cursor
 */

/** SetTimeCursorRequest { 1 store_id, 2 timeline { 1 name }, 3 time { 1 time }, 5 play_state } in ViewerControlRequest. */
const SET_TIME_CURSOR = 6;

const [PAUSED, PLAYING] = [1n, 2n];

/** @param {string} store the id of the recording @param {Cursor} cursor */
export function timeCursorRequest(store, { timeline, time, isPlaying }) {
  return Uint8Array.from([
    ...textAt([SET_TIME_CURSOR, 1], store),
    ...(timeline === undefined ? [] : textAt([SET_TIME_CURSOR, 2, 1], timeline)),
    ...(time === undefined ? [] : numberAt([SET_TIME_CURSOR, 3, 1], time)),
    ...(isPlaying === undefined ? [] : numberAt([SET_TIME_CURSOR, 5], isPlaying ? PLAYING : PAUSED)),
  ]);
}
