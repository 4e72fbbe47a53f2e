/** The names of recordings in the viewer's control protocol; `split_store_id` in _viewer/state.py is the same in Python. */

/** @typedef {{application_id: string, recording_id: string}} RecordingName */

/** "<kind>:<application id>:<recording id>"; in the application id alone, "\" escapes ":" and itself. */
const STORE_ID = /^[^:]*:((?:\\.|[^:\\])*):(.*)$/s;

/** The viewer's unique name of a recording. @param {RecordingName} recording */
export function storeIdOf({ application_id, recording_id }) {
  return `Recording:${application_id.replace(/[\\:]/g, "\\$&")}:${recording_id}`;
}

/** The recording with this name in the viewer. @param {string} storeId @returns {RecordingName} */
export function recordingOf(storeId) {
  const [, application = "", recording_id = storeId] = STORE_ID.exec(storeId) ?? [];
  return { application_id: application.replace(/\\(.)/gs, "$1"), recording_id };
}
