/** Uploads of recordings: the drop zone, the progress, and the errors. */

import { button, element, icon } from "../elements.js";
import { isAccepted, upload, UploadError } from "./upload.js";
import { plain, translate } from "../words.js";

/** @typedef {import("../wire.js").FileData} FileData */
/** @typedef {Pick<import("../wire.js").Settings, "file_count" | "file_types">} Wanted */

export class UploadPanel {
  /** @type {Wanted} */
  #wanted = { file_count: "single", file_types: [] };
  #root = "";
  #host;
  #onUploaded;
  /** @type {AbortController | null} */
  #running = null;
  #input = document.createElement("input");
  #prompt = button(icon("Upload"), () => this.choose());
  #box = element("div", "rerun-uploads");

  /** @param {HTMLElement} host @param {(files: FileData[]) => void} onUploaded */
  constructor(host, onUploaded) {
    this.#onUploaded = onUploaded;
    this.#input.type = "file";
    this.#input.hidden = true;
    this.#input.addEventListener("change", () => {
      this.send([...(this.#input.files ?? [])]);
      this.#input.value = ""; // or choosing the same file again would change nothing
    });
    this.#prompt.className = "rerun-drop";
    this.acceptDrops(this.#prompt);
    this.#box.hidden = true;
    this.#host = host;
  }

  /** @param {Wanted & {root: string, interactive: boolean, prompt: boolean}} options `prompt`: show the place to drop files */
  configure({ root, interactive, prompt, file_count, file_types }) {
    const nodes = [this.#input, this.#prompt, this.#box];
    if (!interactive) for (const node of nodes) node.remove();
    else if (!this.#input.isConnected) this.#host.append(...nodes);
    this.#wanted = { file_count, file_types };
    this.#root = root;
    this.#input.multiple = file_count === "multiple";
    this.#input.toggleAttribute("webkitdirectory", file_count === "directory");
    this.#input.accept = file_types.join(",");
    this.#prompt.hidden = !prompt;
    const invitation = { single: "Drop Recording Here", multiple: "Drop Recordings Here", directory: "Drop Folder Here" }[file_count];
    const lines = [translate(invitation), `- ${translate("or")} -`, translate("Click to Upload")];
    this.#prompt.replaceChildren(icon("Upload"), ...lines.map((line) => element("span", "", line)));
  }

  /** Opens the browser's dialog. */
  choose() {
    this.#input.click();
  }

  /** @param {HTMLElement} target files dropped on it are sent */
  acceptDrops(target) {
    target.addEventListener("dragover", (event) => {
      event.preventDefault();
      target.toggleAttribute("data-dragging", true);
    });
    target.addEventListener("dragleave", () => target.removeAttribute("data-dragging"));
    target.addEventListener("drop", (event) => {
      event.preventDefault();
      target.removeAttribute("data-dragging");
      this.send([...(event.dataTransfer?.files ?? [])]);
    });
  }

  /** Sends files, all or none; the previous recordings stay until all files are sent. @param {File[]} files */
  async send(files) {
    if (files.length === 0) return;
    this.cancel();
    const refusal = this.#refusal(files);
    if (refusal) return this.#showError(refusal);
    const running = (this.#running = new AbortController());
    const rows = files.map((file) => new Row(file.name));
    const cancel = button(translate("Cancel"), () => this.cancel());
    this.#box.replaceChildren(...rows.map((row) => row.element), cancel);
    this.#box.hidden = false;
    try {
      /** @type {FileData[]} */
      const sent = [];
      for (const [index, file] of files.entries()) {
        const onProgress = (/** @type {number} */ loaded, /** @type {number} */ total) => rows[index].show(loaded, total);
        sent.push(await upload(this.#root, file, { onProgress, signal: running.signal }));
      }
      this.#end();
      this.#onUploaded(sent);
    } catch (error) {
      if (running.signal.aborted) return;
      this.#showError(error instanceof UploadError ? error : new UploadError("The upload failed: {reason}", { reason: String(error) }));
    }
  }

  /** Cancels the upload. */
  cancel() {
    this.#running?.abort(new DOMException("cancelled", "AbortError"));
    this.#end();
  }

  #end() {
    this.#running = null;
    this.#box.hidden = true;
    this.#box.replaceChildren();
  }

  /** The reason why files are not sent; null if they are sent. @param {File[]} files @returns {UploadError | null} */
  #refusal(files) {
    const { file_count, file_types } = this.#wanted;
    if (file_count === "single" && files.length > 1) return new UploadError("Expected one file, got {count}.", { count: files.length });
    const wrong = files.find((file) => !isAccepted(file, file_types));
    // A folder may contain other files, which the function ignores.
    if (wrong && file_count !== "directory") {
      return new UploadError("{name} is none of the types that can be uploaded: {types}.", { name: wrong.name, types: file_types.join(", ") });
    }
    const limit = /** @type {any} */ (window).gradio_config?.max_file_size;
    const big = limit && files.find((file) => file.size > limit);
    if (!big) return null;
    return new UploadError("{name} is too big: the app takes files of up to {limit} MB.", { name: big.name, limit: (limit / 1e6).toFixed(limit < 1e6 ? 3 : 1) });
  }

  /** @param {UploadError} error */
  #showError({ text: message, values }) {
    const text = element("p", "", translate(message, values));
    text.setAttribute("role", "alert");
    this.#box.replaceChildren(text, button(translate("Close"), () => this.#end()));
    this.#box.hidden = false;
  }
}

/** The progress of one file. */
class Row {
  element = element("div", "rerun-upload");
  #bar = document.createElement("progress");
  #text;

  /** @param {string} name */
  constructor(name) {
    this.name = plain(name);
    this.#text = element("span", "", this.name);
    this.#bar.max = 100;
    this.#bar.value = 0;
    this.#bar.setAttribute("aria-label", this.name);
    this.element.append(this.#text, this.#bar);
  }

  /** @param {number} loaded @param {number} total bytes */
  show(loaded, total) {
    const percent = total ? Math.floor((100 * loaded) / total) : 0;
    this.#bar.value = percent;
    this.#text.textContent = `${this.name} (${percent} %)`;
  }
}
