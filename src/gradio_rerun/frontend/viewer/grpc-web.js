/** The frames of gRPC-web: a byte of flags, four bytes of length, and the content. */

/** Flags of the frame that ends a response. */
export const TRAILERS = 0x80;

/** Flags of a heartbeat, which _servers/frames.py sends so that the connection is not silent. */
export const HEARTBEAT = 0x40;

const HEADER = 5;

/** Bytes. The viewer of 0.36 takes a response for truncated if the header of its last frame arrives before the content. */
const LONGEST_JOINED = 64 * 1024;

/**
 * One whole frame; `pieces` are its bytes, header included: of a long frame as they arrived.
 * @typedef {{flags: number, pieces: Uint8Array[]}} Frame
 */

/**
 * The frames of a body, one by one. An incomplete frame at the end is dropped.
 * @param {ReadableStream<Uint8Array>} body
 * @param {number} silence ms without a byte after which it throws
 * @returns {AsyncGenerator<Frame, void>}
 */
export async function* readFrames(body, silence = Infinity) {
  const reader = body.getReader();
  /** @type {Uint8Array[]} */
  let pieces = [];
  let [have, want] = [0, HEADER];
  try {
    for (;;) {
      const { value } = await readWithin(reader, silence);
      if (!value) return;
      for (let rest = value; rest.byteLength > 0; ) {
        const piece = rest.subarray(0, want - have);
        rest = rest.subarray(piece.byteLength);
        pieces.push(piece);
        have += piece.byteLength;
        if (have < want) continue;
        if (want === HEADER) {
          const header = joined(pieces);
          pieces = [header];
          want += new DataView(header.buffer).getUint32(1);
          if (want > HEADER) continue;
        }
        yield { flags: pieces[0][0], pieces: have > LONGEST_JOINED ? pieces : [joined(pieces)] };
        pieces = [];
        [have, want] = [0, HEADER];
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** The trailers in a frame, by name; empty if there are none. @param {Frame} frame @returns {Map<string, string>} */
export function readTrailers({ pieces }) {
  const text = new TextDecoder().decode(joined(pieces).subarray(HEADER));
  return new Map([...text.matchAll(/^([^:\r\n]+):[ \t]*(.*?)\r?$/gm)].map(([, name, value]) => [name.toLowerCase(), value]));
}

/** @param {Uint8Array[]} pieces */
function joined(pieces) {
  const whole = new Uint8Array(pieces.reduce((length, piece) => length + piece.byteLength, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.byteLength;
  }
  return whole;
}

/** @param {ReadableStreamDefaultReader<Uint8Array>} reader @param {number} silence ms */
async function readWithin(reader, silence) {
  if (silence === Infinity) return reader.read();
  let timer = 0;
  const silent = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error("The server sends no data.")), silence);
  });
  try {
    return await /** @type {ReturnType<typeof reader.read>} */ (Promise.race([reader.read(), silent]));
  } finally {
    clearTimeout(timer);
  }
}
