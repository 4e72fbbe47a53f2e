/** Pictures of a canvas. */

/** Copies a canvas. @param {HTMLCanvasElement} canvas @param {HTMLCanvasElement} copy @returns whether the canvas has anything drawn */
export function copyCanvas(canvas, copy) {
  copy.width = canvas.width;
  copy.height = canvas.height;
  if (isEmpty(canvas)) return false;
  const context = /** @type {CanvasRenderingContext2D} */ (copy.getContext("2d", { willReadFrequently: true }));
  context.drawImage(canvas, 0, 0);
  return context.getImageData(0, 0, copy.width, copy.height).data.some((value) => value !== 0);
}

/** A PNG of a canvas. @param {HTMLCanvasElement} canvas @param {number} [maxSize] pixels of the longer side at most @returns {Promise<Blob>} */
export async function toPng(canvas, maxSize) {
  if (isEmpty(canvas)) throw new Error("The viewer is hidden, so there is no picture of it.");
  const picture = maxSize ? scaled(canvas, maxSize) : canvas;
  return new Promise((resolve, reject) =>
    picture.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("The canvas could not be read."))), "image/png"),
  );
}

/** Whether the canvas has no pixels, as in a tab that is not selected: browsers draw no such canvas. @param {HTMLCanvasElement} canvas */
function isEmpty({ width, height }) {
  return width === 0 || height === 0;
}

/** @param {HTMLCanvasElement} canvas @param {number} maxSize */
function scaled(canvas, maxSize) {
  const scale = Math.min(1, maxSize / Math.max(canvas.width, canvas.height));
  const small = document.createElement("canvas");
  small.width = Math.max(1, Math.round(canvas.width * scale));
  small.height = Math.max(1, Math.round(canvas.height * scale));
  small.getContext("2d")?.drawImage(canvas, 0, 0, small.width, small.height);
  return small;
}
