/** Saves files from the page to the user's disk. */

import { delay } from "../viewer/delay.js";
import { HEADER_SIZE } from "../viewer/rrd.js";
import { describeStatus } from "../viewer/viewer-fetch.js";

/** @param {Blob | string} what a blob, or the URL of one @param {string} name */
function save(what, name) {
  const link = document.createElement("a");
  link.href = typeof what === "string" ? what : URL.createObjectURL(what);
  link.download = name;
  link.target = "_blank"; // other servers' files cannot be named; at least the page stays
  link.click();
  // The download has begun when the click returns, but browsers read the blob a little later.
  if (typeof what !== "string") setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Saves a picture of the viewer. Rejects with the reason if there is none. @param {import("../viewer/rerun-viewer.js").RerunViewerElement} viewer */
export async function savePicture(viewer) {
  const picture = await viewer.running?.viewer?.screenshot();
  if (picture) save(picture, "screenshot.png");
}

/**
 * Saves each recording under its own name, streams as one file; data of a Rerun server as the viewer holds it. Rejects with the reason if that fails.
 * @param {import("../viewer/rerun-viewer.js").RerunViewerElement} viewer
 */
export async function saveRecordings(viewer) {
  const streams = viewer.recordings.filter(({ marks }) => marks);
  const others = viewer.recordings.filter(({ marks }) => !marks);
  if (streams.length > 1) save(await joined(streams), streams[0].name);
  else others.push(...streams);
  for (const { url, name } of others) {
    if (/^https?:/.test(url)) {
      save(url, name);
      // Browsers take several clicks within one task for one.
      await delay(300);
      continue;
    }
    const bytes = await viewer.running?.viewer?.saveRecording();
    if (bytes) save(new Blob([bytes]), `${name}.rrd`);
  }
}

/** Recordings as one: the header of the first, the messages of all. @param {import("../wire.js").Recording[]} recordings */
async function joined(recordings) {
  const all = recordings.map(async ({ url }, index) => {
    const response = await fetch(url, { credentials: "same-origin", cache: "no-store" }).catch(() => null);
    if (!response?.ok) throw new Error(response ? describeStatus(response.status) : "The server cannot be reached.");
    return (await response.blob()).slice(index > 0 ? HEADER_SIZE : 0);
  });
  return new Blob(await Promise.all(all));
}
