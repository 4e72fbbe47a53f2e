/** Sends the user's files to the app. */

import { fileUrl } from "../wire.js";
import { fill } from "../words.js";

/** @typedef {import("../wire.js").FileData} FileData */

/** A failed upload. The user reads its text in another language than Python, which receives the message. */
export class UploadError extends Error {
  /** @param {string} text in English @param {import("../words.js").Values} values */
  constructor(text, values) {
    super(fill(text, values));
    this.text = text;
    this.values = values;
  }
}

/**
 * Sends one file. Resolves to its place in Gradio's upload folder.
 *
 * XMLHttpRequest, since fetch does not report the progress of an upload.
 *
 * @param {string} root of the app
 * @param {File} file
 * @param {{onProgress: (loaded: number, total: number) => void, signal: AbortSignal}} options bytes
 * @returns {Promise<FileData>}
 */
export function upload(root, file, { onProgress, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const form = new FormData();
    form.append("files", file, file.name);
    request.open("POST", `${root}/gradio_api/upload?upload_id=${Math.random().toString(36).slice(2)}`);
    request.responseType = "json";
    request.upload.onprogress = (event) => onProgress(event.loaded, event.total);
    request.onload = () => {
      const path = request.status === 200 && Array.isArray(request.response) ? request.response[0] : null;
      if (typeof path !== "string") return reject(errorOf(file, request.status, request.response));
      resolve({ path, url: fileUrl(root, path), orig_name: file.name, size: file.size });
    };
    request.onerror = () => reject(new UploadError("{name} could not be uploaded: the connection to the server was lost.", { name: file.name }));
    request.onabort = () => reject(signal.reason);
    signal.addEventListener("abort", () => request.abort());
    if (signal.aborted) return reject(signal.reason);
    request.send(form);
  });
}

/** @param {File} file @param {number} status @param {any} response */
function errorOf({ name }, status, response) {
  const reason = response?.error ?? response?.detail;
  switch (status) {
    case 401:
      return new UploadError("{name} could not be uploaded: you are not logged in any more. Please reload the page.", { name });
    case 413:
      return new UploadError("{name} is too big: {reason}.", { name, reason: reason ?? "the app limits the size of files" });
    default:
      return new UploadError("{name} could not be uploaded: the server answered {answer}.", { name, answer: reason ? `${status} (${reason})` : status });
  }
}

/**
 * Whether a file is one of `types`, as in the `accept` attribute of an input. Browsers do not check dropped files.
 * @param {{name: string, type: string}} file
 * @param {string[]} types empty for all
 */
export function isAccepted(file, types) {
  if (types.length === 0) return true;
  return types.some((type) => {
    if (type.startsWith(".")) return file.name.toLowerCase().endsWith(type.toLowerCase());
    return type.endsWith("/*") ? file.type.startsWith(type.slice(0, -1)) : file.type === type;
  });
}
