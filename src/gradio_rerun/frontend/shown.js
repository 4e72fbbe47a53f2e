/** What a component shows: a new value takes the place of the old one, a stream adds to it. */

/** @typedef {import("./wire.js").Recording} Recording */

/** By the component's id, since Gradio may remount a component while a stream goes on. @type {Map<number, Recording[]>} */
const shown = new Map();

/**
 * What is to be shown now.
 * @param {number} id of the component
 * @param {Recording[]} value
 * @returns {Recording[]} with the same objects for streams that are shown already, and longer `marks` if they have grown
 */
export function showNext(id, value) {
  const next = value.some(({ marks }) => marks) ? withStreams(shown.get(id) ?? [], value) : value;
  shown.set(id, next);
  return next;
}

/** @param {Recording[]} before @param {Recording[]} value */
function withStreams(before, value) {
  const all = new Map(before.map((recording) => [recording.url, recording]));
  for (const recording of value) {
    const known = all.get(recording.url);
    if (known?.marks && recording.marks) {
      // Two runs at once may announce one file, and not in order.
      if (recording.marks[0] <= known.marks[known.marks.length - 1]) continue;
      known.marks.push(recording.marks[0]);
      known.end = recording.end;
    } else if (!known) {
      all.set(recording.url, recording);
    }
  }
  return [...all.values()];
}
