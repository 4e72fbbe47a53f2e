// Measures in a page for bench/pages.py: the page of this package, of the peer, or of the SDK. Times are performance.now().
console.debug = () => {}; // the viewer's debug log costs more time than the viewer
window.probe = { opened: [], updated: [] }; // times of the events of viewers

// The time of the first frame with data: colors in the middle of the viewer, where an empty viewer is grey. The pixels are read before the browser clears them.
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

// The time at which Gradio ran the first line of the component, which requests this module. The component cannot run before.
performance.setResourceTimingBufferSize(10_000);
window.probe.mounted = () =>
  performance.getEntriesByType("resource").find(({ name }) => name.includes("gradio_rerun") && name.endsWith("/loader.js"))?.startTime ?? null;

// Both packages parse the events of the viewer as JSON.
const parse = JSON.parse;
JSON.parse = (text, ...rest) => {
  if (typeof text === "string" && text.length < 10_000) {
    if (text.includes('"type":"time_update"')) window.probe.updated.push(performance.now());
    else if (text.includes('"type":"recording_open"') && !text.includes("<EMPTY>")) window.probe.opened.push(performance.now());
  }
  return parse(text, ...rest);
};
