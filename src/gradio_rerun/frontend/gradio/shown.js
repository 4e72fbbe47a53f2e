/** What a component shows: a new value replaces the old one, a stream adds to it. */

import { BoundedMap, BoundedSet, MOST_COMPONENTS } from "../viewer/bounded-set.js";

/** @typedef {import("../wire.js").Recording} Recording */

/** Distance in bytes between older marks that are kept: a stream may be announced any number of times. */
const MARK_EVERY = 64 << 10;
const RECENT_MARKS = 256;

/** Upper bound on remembered streams that are no longer shown. */
const MOST_DISMISSED = 100;

/** By the component's id, since Gradio may mount a component again during a stream. @type {BoundedMap<number, Recording[]>} */
const shown = new BoundedMap(MOST_COMPONENTS);

/** The last known time at which the app cleared the component, by its id. @type {BoundedMap<number, number>} */
const clearings = new BoundedMap(MOST_COMPONENTS);

/** URLs of streams that the component no longer shows, by its id: their late data is dropped. @type {BoundedMap<number, BoundedSet<string>>} */
const dismissed = new BoundedMap(MOST_COMPONENTS);

/**
 * The recordings to be shown now.
 * @param {number} id of the component
 * @param {Recording[]} value
 * @param {(stream: Recording) => Promise<boolean>} forget makes the server begin a new recording instead of this stream; resolves to whether the same
 *   stream may arrive again
 * @returns {Recording[]} with the same objects for streams that are shown already, and longer `marks` if they have grown
 */
export function showNext(id, value, forget) {
  const before = shown.get(id) ?? [];
  // Gradio may merge a clear with the value after it, and sends values of two runs in any order.
  const cleared = clearedAt(value);
  const known = clearings.get(id) ?? 0;
  if (cleared && cleared < known) return before;
  clearings.set(id, Math.max(cleared, known));
  const late = dismissed.get(id) ?? new BoundedSet(MOST_DISMISSED);
  dismissed.set(id, late);
  /** @param {Recording} stream */
  const dismiss = (stream) => {
    late.add(stream.url);
    forget(stream).then(
      (comesAgain) => comesAgain && late.delete(stream.url),
      () => {}, // the next value with the stream tries again
    );
  };
  for (const recording of value) if (late.has(recording.url)) dismiss(recording);
  const wanted = value.filter(({ url }) => !late.has(url));
  const kept = cleared > known ? before.filter(({ url }) => wanted.some((recording) => recording.url === url)) : before;
  const next = value.some(({ marks }) => marks) ? withStreams(kept, wanted) : wanted;
  for (const recording of before) if (recording.marks && !next.includes(recording)) dismiss(recording);
  shown.set(id, next);
  return next;
}

/**
 * The value of a component that shows `recordings`: with recordings from before a stream, without recordings that arrived late; null if `value` is the same.
 * @param {Recording[]} recordings
 * @param {Recording[]} value that has arrived
 */
export function wholeValue(recordings, value) {
  // A value from before the last clear does not describe what is shown now.
  const isStale = clearedAt(value) > 0 && clearedAt(recordings) > clearedAt(value);
  const urls = new Set((isStale ? recordings : value).map(({ url }) => url));
  // The file of a stream that the app no longer names may have been deleted.
  const whole = recordings.filter(({ marks, url }) => !marks || urls.has(url));
  const isSame = whole.length === value.length && whole.every(({ url }, index) => url === value[index].url);
  return isSame ? null : whole.map(({ item }) => item);
}

/** The time of the component's last clear before these recordings; 0 if it is not known. @param {Recording[]} recordings */
function clearedAt(recordings) {
  return Math.max(0, ...recordings.map(({ cleared }) => cleared ?? 0));
}

/** @param {Recording[]} before @param {Recording[]} value */
function withStreams(before, value) {
  const all = new Map(before.map((recording) => [recording.url, recording]));
  for (const recording of value) {
    const known = all.get(recording.url);
    if (known?.marks && recording.marks) {
      // Two runs at once may announce one file, and not in order.
      if (recording.marks[0] <= known.marks[known.marks.length - 1]) continue;
      addMark(known.marks, recording.marks[0]);
      known.end = recording.end;
      known.cleared = recording.cleared;
      known.item = recording.item;
    } else if (!known) {
      all.set(recording.url, recording);
    }
  }
  return [...all.values()];
}

/** @param {number[]} marks @param {number} mark */
function addMark(marks, mark) {
  marks.push(mark);
  if (marks.length % RECENT_MARKS !== 0) return;
  let kept = 0;
  marks.forEach((each, index) => {
    const isRecent = index >= marks.length - RECENT_MARKS;
    if (isRecent || each - (marks[kept - 1] ?? 0) >= MARK_EVERY) marks[kept++] = each;
  });
  marks.length = kept;
}
