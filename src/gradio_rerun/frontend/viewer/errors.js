/** Errors after which a command is tried again, and the text of any error. */

/** What a command refers to does not exist, and may still arrive. */
export class NotThere extends Error {}

/** The viewer has ended before it answered. */
export class Ended extends Error {}

/** @param {unknown} error anything that was thrown */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}

/** The failure of a call that a proxy has answered, such as with a page where users log in. */
export const NO_DATA = "The app does not answer with data. If you have to log in again, reload the page.";
