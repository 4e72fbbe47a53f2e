// Measures in a page for bench/pages.py: the page of this package, of the peer, or of the SDK. Times are performance.now().
console.debug = () => {}; // the viewer's debug log costs more time than the viewer
window.probe = { opened: [], updated: [] }; // times of the events of viewers

// The time at which Gradio ran the first line of the component, which requests this module. The component cannot run before.
performance.setResourceTimingBufferSize(10_000);
window.probe.mounted = () =>
  performance.getEntriesByType("resource").find(({ name }) => name.includes("gradio_rerun") && name.endsWith("/loader.js"))?.startTime ?? null;

// Both packages parse the events of the viewer as JSON.
const parse = JSON.parse;
JSON.parse = (text, ...rest) => {
  if (typeof text === "string" && text.length < 10_000 && !text.includes("gradio_rerun_warm_up")) {
    if (text.includes('"type":"time_update"')) window.probe.updated.push(performance.now());
    else if (text.includes('"type":"recording_open"') && !text.includes("<EMPTY>")) window.probe.opened.push(performance.now());
  }
  return parse(text, ...rest);
};
