// Measures the time of the first frame with data: colors in the middle of the viewer, where an empty viewer is grey. The pixels are read before the
// browser clears them. Reading them takes long, so this script is only in pages whose first frame is measured.
const SIDE = 200; // pixels
window.firstFrame = null;
{
  let gl = null;
  const { getContext } = HTMLCanvasElement.prototype;
  HTMLCanvasElement.prototype.getContext = function (...given) {
    const context = getContext.apply(this, given);
    if (context instanceof WebGL2RenderingContext && this.isConnected) gl = context;
    return context;
  };
  const pixels = new Uint8Array(SIDE * SIDE * 4);
  const hasData = () => {
    const target = gl.getParameter(gl.READ_FRAMEBUFFER_BINDING);
    gl.bindFramebuffer(gl.READ_FRAMEBUFFER, null);
    gl.readPixels((gl.drawingBufferWidth - SIDE) / 2, (gl.drawingBufferHeight - SIDE) / 2, SIDE, SIDE, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
    gl.bindFramebuffer(gl.READ_FRAMEBUFFER, target);
    let colored = 0;
    for (let at = 0; at < pixels.length; at += 4) {
      const [red, green, blue] = pixels.subarray(at, at + 3);
      if (Math.max(red, green, blue) - Math.min(red, green, blue) > 80) colored += 1;
    }
    return colored > 50;
  };
  let isFound = false;
  const { requestAnimationFrame } = window;
  window.requestAnimationFrame = (callback) =>
    requestAnimationFrame((time) => {
      callback(time);
      if (isFound || !gl || !hasData()) return;
      isFound = true;
      window.firstFrame = performance.now();
    });
}
