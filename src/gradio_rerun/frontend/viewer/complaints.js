/** The errors that the viewer writes to the console: which recording each is about, and what users read of it. */

/** @typedef {import("./open-recording.js").OpenRecording} OpenRecording */

/** Parts of the viewer that only draw: their errors are about no file. */
const DRAWING = /\b(re_renderer|re_view_\w+|re_viewport\w*|re_video|re_ui|wgpu\w*|naga|egui\w*|eframe)::/;

/**
 * The recording that an error is about; null if it may be about another one.
 * @param {string} words
 * @param {string} source the part of the viewer that writes it
 * @param {OpenRecording[]} all
 * @param {OpenRecording | null} reading the recording whose bytes the viewer takes right now
 */
export function subjectOf(words, source, all, reading) {
  const named = all.filter(({ url }) => words.includes(url));
  if (named.length > 0) return named.reduce((longest, each) => (each.url.length > longest.url.length ? each : longest));
  if (reading) return reading;
  if (DRAWING.test(source)) return null;
  const read = all.filter(({ isBeingRead }) => isBeingRead);
  return read.length === 1 ? read[0] : null;
}

/** The message without the URL and the name of the viewer's part, which the viewer adds. @param {string} words */
export function inShort(words) {
  return `The viewer says: ${words.replace(/^ERROR [\w:]+: /, "").split(/,? url: |\n/)[0]}.`;
}
