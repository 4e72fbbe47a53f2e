/** The place in a recording that the page's URL names: `?timeline=frame&t=7`. */

import { delay } from "../viewer/delay.js";
import { messageOf } from "../viewer/errors.js";
import { OWN_TIMELINES } from "../viewer/viewer-state.js";

/** @typedef {import("../viewer/rerun-viewer.js").RerunViewerElement} RerunViewerElement */
/** @typedef {import("../viewer/viewer-control.js").Times} Times */
/** @typedef {{timeline: string | null, time: string | null}} Place */

/** ms between two checks whether the recording has the place. */
const POLL = 100;

/** ms that the timeline may take to arrive after all data is loaded. */
const FOUND_WITHIN = 10_000;

/** Characters of a time. Anyone can write a link, and a long text takes minutes to read. */
const LONGEST = 100;

/** Longer ranges are nanoseconds: viewers before 0.41 do not report the type of a timeline. Remove when the rerun-sdk floor passes 0.40. */
const LONGEST_SEQUENCE = 1_000_000n;

/** The place that a URL names; null if it names none. @param {string} search @returns {Place | null} */
export function placeIn(search) {
  const parameters = new URLSearchParams(search);
  const [timeline, time] = [parameters.get("timeline"), parameters.get("t")];
  return timeline || time ? { timeline, time } : null;
}

/** Moves the viewer to a place, paused, as soon as it has the data. Rejects with the reason if there is no such place. @param {RerunViewerElement} viewer @param {Place} place */
export async function goTo(viewer, place) {
  let [deadline, reason] = [Infinity, ""];
  while (performance.now() < deadline) {
    try {
      if (viewer.isOpen && (await tryToMove(viewer, place))) return;
      reason = `The recording has no timeline ${JSON.stringify(place.timeline ?? "")}.`;
    } catch (error) {
      if (error instanceof RangeError) throw error;
      reason = messageOf(error); // the viewer does not have the timeline yet
    }
    if (viewer.isLoading || !viewer.isShown || !viewer.isOpen) deadline = Infinity;
    else if (deadline === Infinity) deadline = performance.now() + FOUND_WITHIN;
    await delay(POLL);
  }
  throw new Error(reason);
}

/** Moves the viewer to the place if it has the timeline. Resolves to whether it is there. @param {RerunViewerElement} viewer @param {Place} place */
async function tryToMove(viewer, place) {
  const control = viewer.running?.viewer?.control;
  const times = control?.times;
  if (!control || !times) return false;
  const wanted = place.timeline ?? (OWN_TIMELINES.includes(times.timeline) ? times.timelines.find(({ name }) => !OWN_TIMELINES.includes(name))?.name : null) ?? times.timeline;
  if (wanted !== times.timeline) {
    await control.moveTime(times.store, { timeline: wanted });
    return false; // the next check finds its times
  }
  if (place.time === null) return true;
  const timeline = times.timelines.find(({ name }) => name === wanted);
  if (!timeline) return false;
  const time = timeOn(timeline, place.time);
  if (time > timeline.end && viewer.isLoading) return false;
  await control.moveTime(times.store, { timeline: wanted, time, isPlaying: false });
  return true;
}

/**
 * A time as the viewer counts it: a number of a sequence, or nanoseconds.
 * @param {import("../viewer/viewer-state.js").Timeline} timeline
 * @param {string} text a number of a sequence; seconds; or, on a timeline of dates, also a date such as 2026-01-31T12:00:00Z
 */
export function timeOn(timeline, text) {
  const time = text.length > LONGEST ? null : readTime(timeline, text.trim());
  if (time === null || BigInt.asIntN(64, time) !== time) throw new RangeError(`The page's URL has no time of the timeline in t: ${JSON.stringify(text)}.`);
  return time;
}

/** @param {import("../viewer/viewer-state.js").Timeline} timeline @param {string} text */
function readTime({ type, start, end }, text) {
  const isSequence = type === "sequence" || (type === null && end - start < LONGEST_SEQUENCE);
  const [, sign, whole, fraction = ""] = /^(-?)(\d+)(?:\.(\d*))?$/.exec(text) ?? [];
  if (whole !== undefined) {
    const size = isSequence ? BigInt(whole) : BigInt(whole) * 1_000_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, "0"));
    return sign ? -size : size;
  }
  // As in commands.set_time, a date without a time zone is UTC.
  const date = isSequence || type === "duration" ? NaN : Date.parse(/[T ].*(Z|[+-]\d\d:?\d\d)$|^[\d-]+$/i.test(text) ? text : `${text}Z`);
  return Number.isNaN(date) ? null : BigInt(date) * 1_000_000n;
}
