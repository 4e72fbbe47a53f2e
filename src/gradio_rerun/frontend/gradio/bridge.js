/** Between Gradio and the element: what Gradio calls props, trigger and watch on one side, properties and events on the other. */

import "../viewer/rerun-viewer-define.js";
import { toggleFullscreen } from "../viewer/appearance.js";
import { CommandQueue } from "../viewer/commands.js";
import { messageOf } from "../viewer/errors.js";
import { callComponent } from "./component-server.js";
import { Keys } from "./keys.js";
import { LinkedViewer } from "./links.js";
import { provideState } from "./live-state.js";
import { MomentLink } from "./moment-link.js";
import { preparer } from "./prepare.js";
import { getQuestions } from "./questions.js";
import { savePicture, saveRecordings } from "./save.js";
import { showNext, wholeValue } from "./shown.js";
import { TimeControls } from "./time-controls.js";
import { Toolbar } from "./toolbar.js";
import { UploadPanel } from "./upload-panel.js";
import { ViewerEvents } from "./viewer-events.js";
import { upload } from "./upload.js";
import { icon } from "../elements.js";
import { rootOf, settingsReader, toRecordings } from "../wire.js";
import { language, plain, translate } from "../words.js";

/** @typedef {import("../viewer/rerun-viewer.js").RerunViewerElement} RerunViewerElement */
/** @typedef {import("../wire.js").FileData} FileData */

/**
 * What gr.HTML passes to `js_on_load`, and what is known of the component when the app is complete: its `id` and `elemId`, `isInput` (whether it is an
 * input of events, and no output), `listenerCounts` (how many listeners of each event notify the frontend when they have finished), and `listened`
 * (the events with answers to commands that have listeners). `settings` are those of the mount.
 * @typedef {object} Host
 * @property {HTMLElement} element
 * @property {{value: unknown, label?: string | null, settings?: import("../wire.js").SentSettings, [name: string]: unknown}} props
 * @property {(event: string, data?: unknown) => void} trigger
 * @property {(names: string | string[], callback: () => void) => void} watch
 * @property {{open_upload: (path: string) => Promise<{file?: FileData, error?: string}>, restore_files: () => Promise<void>,
 *   forget_recording: (path: string) => Promise<boolean>, next_questions: (known: string[]) => Promise<import("../wire.js").Command[]>,
 *   answer_question: (answer: object) => Promise<boolean>}} server
 * @property {import("../wire.js").Settings} settings
 * @property {number} id
 * @property {string} session the session in which Gradio knows the component; empty if in all
 * @property {boolean} isInput
 * @property {string} elemId the app's own id of the component; empty if it has none
 * @property {import("./links.js").Link | null} linked
 * @property {boolean} isAsked whether functions send questions to this viewer
 * @property {Record<string, number>} listenerCounts
 * @property {string[]} listened
 */

/** @param {Host} host */
export function mount({ element, props, trigger, watch, server, settings: first, id, session, elemId, isInput, linked, isAsked, listenerCounts, listened }) {
  const viewer = /** @type {RerunViewerElement} */ (element.querySelector("rerun-viewer"));
  viewer.append(icon("Recording")); // for an empty viewer, as gr.Image has one
  const read = settingsReader();
  const latest = () => (props.settings ? read(props.settings) : first);
  const root = () => rootOf(latest());

  const recordingsOf = (/** @type {unknown} */ value) => toRecordings(value, root(), latest().on_demand_above);
  viewer.preparer = preparer({
    openUpload: (path) => server.open_upload(path),
    call: (name, data, options) => callComponent(root(), { id, session }, name, data, options),
    toRecordings: recordingsOf,
  });
  viewer.checkFiles = () => server.restore_files();
  viewer.askServer = (call, signal) => callComponent(root(), { id, session }, "ask_server", call, { signal });
  const link = new LinkedViewer(viewer, id, linked); // before the next one: it marks events
  const events = new ViewerEvents(viewer, { trigger, id, listenerCounts });
  // Gradio keeps the names "load" and "error" for itself; see _gradio/event_list.py.
  viewer.addEventListener("error", (event) => events.add("rerun_error", /** @type {any} */ (event).detail));

  /** Reports a failure to listeners and to the user. @param {string} message */
  function fail(message) {
    viewer.dispatchEvent(new CustomEvent("error", { bubbles: true, detail: { message } }));
    trigger("error", asHtml(plain(message))); // which Gradio shows to the user
  }
  const notSaved = (/** @type {unknown} */ error) => fail(`The viewer could not save the file: ${messageOf(error)}`);
  const commands = new CommandQueue(viewer, {
    isListened: (event) => listened.includes(event),
    answer: (event, data) => events.add(event, data),
    reply: (question, data) => void server.answer_question({ ...data, question }).catch(() => {}), // the function gives up
    upload: async (file) => {
      const { path } = await upload(root(), file, { onProgress: () => {}, signal: new AbortController().signal });
      return path;
    },
    start: (command) => link.onCommand(command),
    show: (urls) => setValue(urls.map(({ url, ticket }) => (ticket ? { server: url, ticket } : url))),
    fail,
  }, id);
  viewer.addEventListener("viewer-event", (event) => {
    const { detail } = /** @type {CustomEvent} */ (event);
    const { type, application_id, recording_id } = detail;
    if (type === "recording_open") events.add("rerun_load", { application_id, recording_id });
    if (commands.isOwn(detail)) detail.from_command = true;
  });

  const uploads = new UploadPanel(viewer, (files) => {
    setValue(files.map((file) => ({ ...file, meta: { _type: "gradio.FileData" } })));
    trigger("upload", { names: files.map((file) => file.orig_name) });
  });
  const momentLink = new MomentLink(viewer, element, { id, elemId });
  provideState(viewer, element, id, (moment) => momentLink.show(moment));
  const toolbar = new Toolbar(/** @type {HTMLElement} */ (element.querySelector(".rerun-toolbar")), {
    Upload: () => uploads.choose(),
    Fullscreen: () => toggleFullscreen(viewer), // first, then download and share, as in gr.Image
    Download: () => saveRecordings(viewer).catch(notSaved),
    Screenshot: () => savePicture(viewer).catch(notSaved),
    "Copy link": () => momentLink.copy(),
    Clear: () => {
      uploads.cancel();
      setValue([]);
      trigger("clear", {});
    },
  });
  const timeControls = new TimeControls(/** @type {HTMLElement} */ (element.querySelector(".rerun-time-controls")), viewer);
  viewer.addEventListener("dispose", () => {
    commands.clear();
    uploads.cancel();
  });
  const keys = new Keys(viewer, (input) => events.add("key_input", input));
  uploads.acceptDrops(toolbar.button("Upload"));

  /** Gradio does not report a value that the frontend itself sets. @param {(FileData | string | import("../wire.js").ServerUrl)[]} value */
  function setValue(value) {
    props.value = value;
    show();
  }
  let value = props.value;
  function show() {
    if (!element.isConnected) return; // Gradio up to 6.20 also notifies components that were removed.
    if (latest().streaming && !props.value && value) {
      props.value = value; // A generator has ended without a yield; a function that returns None gives an empty list.
      return;
    }
    const recordings = recordingsOf(props.value);
    const wasEmpty = viewer.recordings.length === 0;
    viewer.recordings = showNext(id, recordings, ({ item }) => server.forget_recording(/** @type {FileData} */ (item).path));
    const whole = wholeValue(viewer.recordings, recordings);
    if (whole) props.value = whole; // the input of functions
    value = props.value;
    if (viewer.recordings.length === 0 && !wasEmpty) commands.drop();
    update();
    commands.add(latest().commands ?? []);
  }
  // Gradio passes a value on only if it differs from the one before. With "", this one differs, and readers ignore the "".
  viewer.addEventListener("recording-close", () => {
    if (viewer.recordings.every(({ marks }) => !marks)) value = props.value = [...viewer.recordings.map(({ item }) => item), ""];
  });
  let look = "";
  function update() {
    const { label } = props;
    const settings = latest();
    remember(element, id, settings);
    const isInteractive = settings.interactive ?? isInput;
    const isEmpty = viewer.recordings.length === 0;
    // Each yield of a stream calls this, and measuring the page takes time.
    const before = look;
    look = JSON.stringify([settings, label, isEmpty, language()]);
    if (look === before) return;
    layOut(element, label, settings);
    viewer.ariaLabel = label || translate("Rerun viewer");
    viewer.settings = settings;
    uploads.configure({ ...settings, root: root(), interactive: isInteractive, prompt: isEmpty });
    timeControls.configure(settings, isEmpty);
    momentLink.configure(settings, isEmpty);
    keys.configure(settings);
    const { buttons, clear_if_interactive } = settings;
    toolbar.show(isEmpty ? {} : {
      Upload: isInteractive,
      Fullscreen: buttons.includes("fullscreen"),
      Download: buttons.includes("download"),
      Screenshot: buttons.includes("screenshot"),
      "Copy link": buttons.includes("link"),
      Clear: buttons.includes("clear") || (isInteractive && clear_if_interactive),
    });
  }
  viewer.addEventListener("language-change", update);
  // The value is shown before its commands are carried out.
  watch(["settings", "label"], show);
  watch("value", () => {
    show();
    viewer.reopen();
  });
  show();
  if (!isAsked) return;
  let isAsking = false;
  const ask = async () => {
    if (isAsking) return;
    isAsking = true;
    await getQuestions(server.next_questions, () => element.isConnected, (questions) => commands.add(questions));
    isAsking = false;
  };
  ask();
  viewer.addEventListener("loadstart", ask); // the element may be back in the page after it was disposed
}

/** Gradio's page treats messages as HTML, and the names of views in a recording can be anything. @param {string} text */
function asHtml(text) {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** For the next mount; see _gradio/js_on_load.py. @param {HTMLElement} element @param {number} id @param {import("../wire.js").Settings} settings */
function remember(element, id, settings) {
  const app = /** @type {any} */ (element.closest(".gradio-container"));
  if (app) (app.rerunSettings ??= {})[id] = settings;
}

/**
 * gr.HTML does not apply `height`, `scale` and `min_width`, has no label of its own, has the icon of code beside the label, and no buttons without a label.
 * @param {HTMLElement} element
 * @param {string | null | undefined} label
 * @param {import("../wire.js").Settings} settings
 */
function layOut(element, label, { height, scale, min_width, show_label }) {
  const block = /** @type {HTMLElement | null} */ (element.closest(".block"));
  if (!block) return;
  block.dataset.rerun = "";
  block.dataset.rerunHeight = height;
  block.style.height = height;
  block.style.flexGrow = scale === null ? "" : String(scale);
  block.style.minWidth = min_width === null ? "" : `min(${min_width}px, 100%)`;
  const above = /** @type {HTMLElement | null} */ (block.querySelector(":scope > [data-testid='block-label']"));
  if (!above) return;
  if (above.dataset.label === undefined) above.querySelector("span")?.replaceChildren(icon("Recording"));
  above.hidden = show_label === false;
  above.dataset.label = label ? "" : translate("Recording"); // as gr.Image has "Image"
}
