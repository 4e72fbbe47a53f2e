/** Messages of the viewer's control protocol, as a viewer sends them. */

/** @typedef {string | bigint | Field[]} Content a string, a number, or a message */
/** @typedef {[number, Content]} Field its number and its content */

/** @param {Field[]} fields @returns {Uint8Array} */
export function encode(fields) {
  return Uint8Array.from(fields.flatMap(([field, content]) => {
    if (typeof content === "bigint") return [...varint(BigInt(field << 3)), ...varint(BigInt.asUintN(64, content))];
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : encode(content);
    return [...varint(BigInt((field << 3) | 2)), ...varint(BigInt(bytes.length)), ...bytes];
  }));
}

/** @param {bigint} number */
function varint(number) {
  const bytes = [];
  for (; number > 0x7fn; number >>= 7n) bytes.push(Number(number & 0x7fn) | 0x80);
  return [...bytes, Number(number)];
}

/**
 * The state of a viewer.
 * @param {string} active store id of the recording on screen
 * @param {{id: string, timeline?: string, type?: bigint, time?: bigint, location?: string}[]} [recordings]
 * @param {{id: string, name: string}[]} [views]
 */
export function encodeState(active, recordings = [], views = []) {
  return encode([
    [2, active],
    ...recordings.map(({ id, timeline, type, time, location = "" }) => /** @type {Field} */ ([3, [
      [1, id],
      ...(timeline === undefined ? [] : [/** @type {Field} */ ([3, [[1, [[1, timeline]]], [2, type ?? 1n], [3, time === 0n ? [] : [[1, time ?? 0n]]]]])]),
      [4, location],
    ]])),
    ...views.map(({ id, name }) => /** @type {Field} */ ([5, [[1, id], [3, name]]])),
  ]);
}
