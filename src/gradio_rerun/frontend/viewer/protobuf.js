/** The part of protobuf that the frontend needs: adds values that only the frontend knows to requests, and reads single fields of responses. */

/** @typedef {bigint | Uint8Array} Value a number, or the bytes of a string or of a message */

/**
 * The bytes of a message with a single string in a nested field. Appended to a message of the same type, they add the field to that message.
 * @param {number[]} path numbers of the fields that lead to it
 * @param {string} text
 */
export function textAt(path, text) {
  return nested(path, [...new TextEncoder().encode(text)]);
}

/** The same for a number. @param {number[]} path @param {bigint} number of 64 bits */
export function numberAt(path, number) {
  const digits = [];
  let left = BigInt.asUintN(64, number);
  for (; left > 0x7fn; left >>= 7n) digits.push(Number(left & 0x7fn) | 0x80);
  return nested(path.slice(0, -1), [...varint(/** @type {number} */ (path.at(-1)) << 3), ...digits, Number(left)]);
}

/** @param {number[]} path @param {number[]} bytes the content of the last field */
function nested(path, bytes) {
  return path.reduceRight((inner, field) => [...varint((field << 3) | 2), ...varint(inner.length), ...inner], bytes);
}

/** @param {number} number up to 2**31 */
function varint(number) {
  const bytes = [];
  for (; number > 0x7f; number >>>= 7) bytes.push((number & 0x7f) | 0x80);
  return [...bytes, number];
}

/** Of a number: 7 in each byte. Anyone may have written the bytes, as in a deep link: a longer number would take minutes to read. */
const MOST_BITS = 70n;

/** @param {Uint8Array} bytes of a message @returns {Map<number, Value[]>} by field number */
export function read(bytes) {
  /** @type {Map<number, Value[]>} */
  const fields = new Map();
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; shift < MOST_BITS; shift += 7n) {
      const byte = bytes[at++];
      value |= BigInt(byte & 0x7f) << shift;
      if (!(byte & 0x80)) break;
    }
    return value;
  };
  /** @param {number} length */
  const take = (length) => bytes.subarray(at, (at += length));
  while (at < bytes.length) {
    const tag = Number(varint());
    const wireType = tag & 7;
    const value = wireType === 0 ? varint() : take(wireType === 2 ? Number(varint()) : wireType === 1 ? 8 : 4);
    const field = tag >> 3;
    const known = fields.get(field);
    if (known) known.push(value);
    else fields.set(field, [value]);
  }
  return fields;
}

/** @param {Value | undefined} value */
export function message(value) {
  return read(value instanceof Uint8Array ? value : new Uint8Array());
}

/** @param {Value | undefined} value */
export function text(value) {
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : "";
}
