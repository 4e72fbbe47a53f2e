// What bench/pages.py hears in a page: ours, the peer's, or that of the SDK. Moments are performance.now().
console.debug = () => {}; // the viewer's debug log costs more time than the viewer
window.probe = { opened: [], updated: [] }; // moments of what viewers tell

// The first WebGL draw call after the last byte of a recording has come.
window.firstFrame = new Promise((resolve) => {
  let come = false;
  new PerformanceObserver((list) => {
    come ||= list.getEntries().some((entry) => entry.name.split("?")[0].endsWith(".rrd"));
  }).observe({ type: "resource", buffered: true });
  for (const name of ["drawArrays", "drawElements", "drawArraysInstanced", "drawElementsInstanced"]) {
    const draw = WebGL2RenderingContext.prototype[name];
    WebGL2RenderingContext.prototype[name] = function (...rest) {
      if (come) resolve(performance.now());
      return draw.apply(this, rest);
    };
  }
});

// When Gradio ran our first line of code, which asks for this; nothing of ours can run before.
performance.setResourceTimingBufferSize(10_000);
window.probe.mounted = () =>
  performance.getEntriesByType("resource").find(({ name }) => name.includes("gradio_rerun") && name.endsWith("/loader.js"))?.startTime ?? null;

// Both packages parse what the viewer tells.
const parse = JSON.parse;
JSON.parse = (text, ...rest) => {
  if (typeof text === "string" && text.length < 10_000) {
    if (text.includes('"type":"time_update"')) window.probe.updated.push(performance.now());
    else if (text.includes('"type":"recording_open"') && !text.includes("<EMPTY>")) window.probe.opened.push(performance.now());
  }
  return parse(text, ...rest);
};
