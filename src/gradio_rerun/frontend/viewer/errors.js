/** The reasons for which a command is tried again. */

/** What a command refers to does not exist, and may still arrive. */
export class NotThere extends Error {}

/** The viewer has ended before it answered. */
export class Ended extends Error {}
