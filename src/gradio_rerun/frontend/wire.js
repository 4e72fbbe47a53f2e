/**
 * The types of what Python sends; `_wire.py` and `_component/settings.py` have the same in Python.
 *
 * @typedef {{path: string, url: string | null, size?: number | null, orig_name?: string | null, mime_type?: string | null}} FileData
 * A file of the viewer; it has a `url` in an exported page only.
 * @typedef {{location: string, orig_name: string, url?: string}} ViewerFile
 * @typedef {{version: string, glue: ViewerFile, wasm: ViewerFile, wasm_size: number, warm_up: ViewerFile | null}} ViewerFiles
 * @typedef {{server: string, ticket: string}} ServerUrl
 * @typedef {"top" | "blueprint" | "selection" | "time"} PanelName
 * @typedef {"hidden" | "collapsed" | "expanded"} PanelState
 * @typedef {Partial<Record<PanelName, PanelState>>} PanelStates
 *
 * @typedef {object} Settings
 * @property {FileData} bridge the module `gradio/bridge.js`
 * @property {ViewerFiles} viewer
 * @property {string} height a CSS length
 * @property {number | null} scale
 * @property {number | null} min_width
 * @property {boolean | null} show_label null: it is shown
 * @property {boolean} streaming
 * @property {"auto" | "light" | "dark"} theme
 * @property {PanelStates} panel_states
 * @property {boolean} telemetry
 * @property {number} time_update_interval seconds
 * @property {boolean | null} time_controls null: where the viewer has no room for its own
 * @property {string[]} keys of the event `key_input`
 * @property {number | null} on_demand_above bytes; null: the viewer gets all files whole
 * @property {string[]} allowed_origins
 * @property {boolean | null} interactive null: decided by the component's events
 * @property {"single" | "multiple" | "directory"} file_count
 * @property {string[]} file_types as in `accept`; empty for all
 * @property {("download" | "screenshot" | "link" | "fullscreen" | "clear")[]} buttons
 * @property {boolean} clear_if_interactive whether there is a Clear button if users can upload, though `buttons` does not name it
 * @property {Command[]} [commands] only in the update that sends them
 */

/** The settings as Python sends them: the others are JSON. @typedef {{bridge: FileData, json: string, commands?: Command[]}} SentSettings */

/**
 * A command for the viewer, to be carried out once. `request`: the request to a viewer from rerun-sdk 0.41 on, in base64; null if the frontend carries
 * out the command in another way. `target`: the numbers of the fields that lead to the place in the request where the frontend puts the recording or view.
 * `causes`: the events that the viewer may send because of it. `waits`: whether the next command waits until this one has finished. `outlasts`: whether
 * it is carried out although the value beside it was skipped. `answers`: whether the event `answer` has the viewer's response. `question`: the id of the
 * question of a function that waits for the answer, for `seconds`.
 * @typedef {{type: string, recording_id?: string, timeline?: string, time?: number | string}} ExpectedEvent
 * @typedef {{id: string, name: string, arguments: Record<string, any>, request: string | null, target: number[], causes: ExpectedEvent[], waits: boolean, outlasts: boolean, answers: boolean, question: string | null, seconds: number}} Command
 */

/**
 * A recording that the frontend opens. `upload`: the path, in the app's upload folder, of a file that may have to be converted first. `large`: the path of
 * a file that the app serves piece by piece. `marks`: for a stream, the sizes in bytes up to which it can be read, oldest first. `cleared`: the time of
 * the component's last clear before this stream. `end`: the last bytes of the stream, in base64, if the value has them. `ticket` opens the app's tunnel
 * to the server. `item`: the recording in the value. `inBackground`: whether the recording on screen stays there.
 * @typedef {{url: string, name: string, size: number | null, upload?: string, large?: string, marks?: number[], cleared?: number, end?: string, ticket?: string, item?: string | FileData | ServerUrl, inBackground?: boolean}} Recording
 */

/** The `mime_type` of a file that may grow, and that adds to what is shown. */
const STREAM_TYPE = "application/vnd.rerun.stream";

/**
 * @param {unknown} value the value of the component; Gradio makes `""` of None
 * @param {string} root the URL of the app, for files without a URL
 * @param {number | null} [onDemandAbove] bytes; null: no file is large
 * @returns {Recording[]}
 */
export function toRecordings(value, root, onDemandAbove = null) {
  // In a deep link, Gradio keeps an update as the value.
  if (value && typeof value === "object" && "__type__" in value) return toRecordings(/** @type {any} */ (value).value, root, onDemandAbove);
  const items = (Array.isArray(value) ? value : [value]).filter(Boolean);
  return items.map((/** @type {string | FileData | ServerUrl} */ item) => {
    if (typeof item === "string") return { ...fromUrl(item), item };
    if ("server" in item) return { ...fromUrl(item.server), ticket: item.ticket, item };
    const url = item.url ?? fileUrl(root, item.path);
    const name = item.orig_name ?? lastSegment(item.path);
    const recording = { url: new URL(url, location.href).href, name, size: item.size ?? null, item };
    const [type, ...parameters] = item.mime_type?.split(";") ?? [];
    if (type === STREAM_TYPE) {
      const { cleared, end } = Object.fromEntries(parameters.map((parameter) => parameter.split(/=(.*)/)));
      return { ...recording, marks: [item.size ?? 0], ...(cleared ? { cleared: Number(cleared) } : {}), ...(end ? { end } : {}) };
    }
    if (!/\.(rrd|rbl)$/i.test(item.path)) return { ...recording, upload: item.path };
    const isLarge = onDemandAbove !== null && (item.size ?? 0) > onDemandAbove && /\.rrd$/i.test(item.path);
    return isLarge ? { ...recording, large: item.path } : recording;
  });
}

/** @param {string} given @returns {Recording} */
function fromUrl(given) {
  // A JavaScript function of the app (`js=`) may return a path of the app's server.
  const url = /^[\w+]+:\/\//.test(given) ? given : hrefOf(given, location.href);
  // As in the viewer's request.
  if (/^https?:/i.test(url)) return { url: hrefOf(url), name: lastSegment(url), size: null };
  const [, host] = /^[\w+]+:\/\/([^/?#]*)/.exec(url) ?? [];
  const id = /[?&](?:segment|partition)_id=([^&#]*)/.exec(url)?.[1];
  return { url, name: id ?? host ?? url, size: null };
}

/** The URL as the viewer requests it; unchanged if browsers cannot parse it. @param {string} url @param {string} [base] */
export function hrefOf(url, base) {
  try {
    return new URL(url, base).href;
  } catch {
    return url;
  }
}

/** Returns a function that reads settings, and parses the same JSON once. @returns {(sent: SentSettings) => Settings} */
export function settingsReader() {
  let [last, parsed] = ["", {}];
  return ({ bridge, json, commands }) => {
    if (json !== last) [last, parsed] = [json, JSON.parse(json)];
    return /** @type {Settings} */ ({ ...parsed, bridge, ...(commands ? { commands } : {}) });
  };
}

/** The URL of the app: Gradio has put its root in front of the URL of `bridge`. @param {Pick<Settings, "bridge">} settings */
export function rootOf(settings) {
  return /** @type {string} */ (settings.bridge.url).split("/gradio_api/")[0];
}

/** The URL at which the app serves a file. @param {string} root @param {string} path */
export function fileUrl(root, path) {
  return new URL(`${root}/gradio_api/file=${path.split("/").map(encodeURIComponent).join("/")}`, location.href).href;
}

/** @param {string} path */
function lastSegment(path) {
  return path.split(/[?#]/)[0].replace(/\/+$/, "").split("/").pop() || path;
}
