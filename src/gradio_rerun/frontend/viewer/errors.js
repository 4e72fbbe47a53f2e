/** Errors after which a command is tried again, and the text of any error. */

/** What a command refers to does not exist, and may still arrive. */
export class NotThere extends Error {}

/** The viewer has ended before it answered. */
export class Ended extends Error {}

/** @param {unknown} error anything that was thrown */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}
