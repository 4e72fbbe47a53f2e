/** Carries out commands. Most are requests to the viewer, the others have functions here. */

import { fromBase64, toBase64 } from "./base64.js";
import { delay } from "./delay.js";
import { IN_RECORDING, select } from "./show.js";
import { storeIdOf } from "./store-id.js";
import { hrefOf } from "../wire.js";

/** @typedef {import("../wire.js").Command} Command */
/** @typedef {import("./running-viewer.js").RunningViewer} RunningViewer */
/** @typedef {import("./viewer.js").Viewer} Viewer */

/** The viewer's answer, and the event that sends it. @typedef {{event: string, data: object}} Answer */

/**
 * @typedef {object} Outcomes where answers go
 * @property {(event: string) => boolean} isListened whether a function listens to that event
 * @property {(file: File) => Promise<string>} upload resolves to the path in the app's upload folder
 */

/** ms that a function waits for the recordings that it opens. */
const OPEN_WITHIN = 10_000;

/** @typedef {(running: RunningViewer, viewer: Viewer, command: Command, outcomes: Outcomes) => Promise<Answer | null | void> | Answer | null | void} CarryOut */

/** The commands that are not requests, or not always. @type {Record<string, CarryOut>} */
export const OWN_COMMANDS = {
  open: async ({ open }, viewer, { arguments: { urls, navigate } }, { isListened }) => {
    if (!navigate && !viewer.control.closesOne) throw new Error("With navigate=False, it needs rerun-sdk 0.41 or newer.");
    const files = urls.filter((/** @type {{url: string}} */ { url }) => !url.startsWith(IN_RECORDING));
    const hrefs = files.map((/** @type {{url: string}} */ { url }) => hrefOf(url));
    // In an empty viewer, the URLs have become the value.
    const known = [...open.byUrl.keys()].every((url) => hrefs.includes(url)) ? [] : open.names.map(storeIdOf);
    for (const { url, ticket } of urls) {
      if (url.startsWith(IN_RECORDING)) await select(viewer.control, null, `/${url.slice(IN_RECORDING.length)}`);
      else open.openAgain({ url: hrefOf(url), name: url, size: null, ticket: ticket ?? undefined, inBackground: !navigate });
    }
    return isListened("answer") ? opened(open, hrefs, known) : null;
  },
  set_blueprint: ({ open }, viewer, command, outcomes) => {
    if (command.request !== null) return requestOf(viewer, open, command, outcomes);
    viewer.send(fromBase64(command.arguments.rbl));
    return null;
  },
  update_panels: (_, viewer, { arguments: { states } }) => viewer.setPanelStates(states, {}),
  send_table: (_, viewer, { arguments: { table } }) => viewer.sendTable(fromBase64(table)),
  take_screenshot: (_, viewer, command, outcomes) => {
    const { view_id, max_size } = command.arguments;
    const take = () => (view_id === null ? viewer.screenshot(max_size ?? undefined) : viewer.control.screenshotOfView(command));
    return fileOf(outcomes, "screenshot", "screenshot.png", take);
  },
  save_recording: (_, viewer, __, outcomes) => fileOf(outcomes, "recording_saved", "recording.rrd", () => saved(viewer.saveRecording())),
  save_blueprint: (_, viewer, __, outcomes) => fileOf(outcomes, "blueprint_saved", "blueprint.rbl", () => saved(viewer.saveBlueprint())),
  get_state: async (running, viewer, _, { isListened }) =>
    isListened("state") ? { event: "state", data: await viewer.control.state(running.open.names, running.version) } : null,
};

/**
 * @param {Viewer} viewer
 * @param {import("./open-recordings.js").OpenRecordings} open
 * @param {Command} command
 * @param {Outcomes} outcomes
 * @returns {Promise<Answer | null>}
 */
export async function requestOf(viewer, open, command, { isListened }) {
  const { recording_id, recording_ids, all } = command.arguments;
  if (command.name === "close" && !viewer.control.closesOne && (all || open.names.length < 2)) {
    open.names.forEach((name) => open.onClose(name));
    await viewer.closeAll();
    return null;
  }
  const recordings = [recording_id, ...(recording_ids ?? [])].filter(Boolean).flatMap((id) => open.nameOf(id) ?? []);
  const { closed, response } = await viewer.control.carryOut(command, recordings);
  closed.forEach((each) => open.onClose(each));
  const answers = command.answers || Boolean(command.question);
  return response && answers && isListened("answer") ? { event: "answer", data: { command: command.name, protocol: toBase64(response) } } : null;
}

/** What was opened, when it is open or has taken too long. @param {import("./open-recordings.js").OpenRecordings} open @param {string[]} urls @param {string[]} known ids of the recordings that were open before @returns {Promise<Answer>} */
async function opened(open, urls, known) {
  const deadline = performance.now() + OPEN_WITHIN;
  const loading = () => urls.filter((url) => open.byUrl.get(url)?.isAwaited);
  while (loading().length > 0 && performance.now() < deadline) await delay(50);
  const store_ids = open.names.map(storeIdOf).filter((id) => !known.includes(id));
  return { event: "answer", data: { command: "open", store_ids, loading: loading() } };
}

/** @param {Outcomes} outcomes @param {string} event @param {string} name @param {() => Promise<BlobPart>} make @returns {Promise<Answer | null>} */
async function fileOf({ isListened, upload }, event, name, make) {
  return isListened(event) ? { event, data: { path: await upload(new File([await make()], name)) } } : null;
}

/** @param {Promise<Uint8Array<ArrayBuffer> | null>} saving */
async function saved(saving) {
  const bytes = await saving;
  if (!bytes) throw new Error("It needs rerun-sdk 0.39 or newer.");
  return bytes;
}
