/** How the frontend carries out commands: most are requests to the viewer. */

import { fromBase64 } from "./viewer-control.js";

/** @typedef {import("../wire.js").Command} Command */
/** @typedef {import("./running-viewer.js").RunningViewer} RunningViewer */
/** @typedef {import("./viewer.js").Viewer} Viewer */

/**
 * @typedef {object} Outcomes where answers go
 * @property {(event: string) => boolean} isListened whether a function listens to that event
 * @property {(event: string, data: object) => void} answer
 * @property {(file: File) => Promise<string>} upload resolves to the path in the app's upload folder
 */

/** Those that are no requests. @type {Record<string, (running: RunningViewer, viewer: Viewer, command: Command, outcomes: Outcomes) => unknown>} */
export const OWN_COMMANDS = {
  open: ({ open }, _, { arguments: { url, ticket } }) => open.openAgain({ url: new URL(url).href, name: url, size: null, ticket: ticket ?? undefined }),
  set_blueprint: (_, viewer, { arguments: { rbl } }) => viewer.send(fromBase64(rbl)),
  set_panel_states: (_, viewer, { arguments: { states } }) => viewer.setPanelStates(states, {}),
  screenshot: (_, viewer, command, outcomes) => {
    const { view, max_size } = command.arguments;
    const take = () => (view === null ? viewer.screenshot(max_size ?? undefined) : viewer.control.screenshotOfView(command));
    return answerFile(outcomes, "screenshot", "screenshot.png", take);
  },
  save_recording: (_, viewer, __, outcomes) => answerFile(outcomes, "recording_saved", "recording.rrd", () => saved(viewer.saveRecording())),
  save_blueprint: (_, viewer, __, outcomes) => answerFile(outcomes, "blueprint_saved", "blueprint.rbl", () => saved(viewer.saveBlueprint())),
  get_state: async (running, viewer, _, { isListened, answer }) => {
    if (isListened("state")) answer("state", await viewer.control.state(running.open.names, running.version));
  },
};

/** @param {Viewer} viewer @param {import("./open-recordings.js").OpenRecordings} open @param {Command} command */
export async function requestOf(viewer, open, command) {
  const { recording_id } = command.arguments;
  if (command.name === "close" && !viewer.control.closesOne && open.names.length < 2) {
    open.names.forEach((name) => open.onClose(name));
    return viewer.closeAll();
  }
  const closed = await viewer.control.carryOut(command, recording_id ? open.nameOf(recording_id) : null);
  closed.forEach((each) => open.onClose(each));
}

/** @param {Outcomes} outcomes @param {string} event @param {string} name @param {() => Promise<BlobPart>} make */
async function answerFile({ isListened, answer, upload }, event, name, make) {
  if (isListened(event)) answer(event, { path: await upload(new File([await make()], name)) });
}

/** @param {Promise<Uint8Array<ArrayBuffer> | null>} saving */
async function saved(saving) {
  const bytes = await saving;
  if (!bytes) throw new Error("It needs rerun-sdk 0.39 or newer.");
  return bytes;
}
