// Measures in a page for bench/stream.py: the page of this package or of the peer. Times are Date.now(), like Python's time.time() * 1000.
console.debug = () => {}; // the viewer's debug log costs more time than the viewer
window.bench = {
  isOpen: false, // the viewer has a recording
  frames: [], // [time, frame] of each frame that the viewer reports
  messages: [], // times of Gradio's messages, one for each yield of the function
  announced: [], // [time, bytes] that the value announces to the element
  requests: [], // [time, first byte]
  received: [], // [time, bytes]
  sent: [], // [time, bytes, ms in the call of the viewer]
};

performance.setResourceTimingBufferSize(10_000);
const loaded = () => performance.getEntriesByType("resource");

// The peer starts its viewer with the page. This package only loads the code with the page, and starts the viewer later.
window.isReady = () =>
  (document.querySelector("canvas") || loaded().some(({ name }) => /re_viewer.*wasm/.test(name))) &&
  loaded().every(({ responseEnd }) => performance.now() - responseEnd > 3000);

// A viewer that has opened its first recording compiles shaders for a while. Resolves after 30 fast frames in a row.
window.settle = async (within = 60_000) => {
  const end = performance.now() + within;
  for (let quick = 0; quick < 30 && performance.now() < end; ) {
    const start = performance.now();
    await new Promise(requestAnimationFrame);
    quick = performance.now() - start < 50 ? quick + 1 : 0;
  }
};

// Both packages parse the events of the viewer as JSON, and Gradio parses its messages.
const parse = JSON.parse;
let last = -1;
JSON.parse = (text, ...rest) => {
  if (typeof text === "string" && text.length < 200_000) {
    if (text.includes('"type":"time_update"')) {
      const frame = Math.floor(parse(text).time);
      if (frame !== last) window.bench.frames.push([Date.now(), (last = frame)]);
    } else if (text.includes('"type":"recording_open"')) {
      window.bench.isOpen = true;
    } else if (text.includes('"process_generating"')) {
      window.bench.messages.push(Date.now());
    }
  }
  return parse(text, ...rest);
};

// Only for this package. Takes microseconds per chunk.
window.addStages = () => {
  const { announced, requests, received, sent } = window.bench;
  const element = customElements.get("rerun-viewer").prototype;
  const { get, set } = Object.getOwnPropertyDescriptor(element, "recordings");
  Object.defineProperty(element, "recordings", {
    get,
    set(value) {
      const marks = value[0]?.marks ?? [];
      if (marks.length > 0) announced.push([Date.now(), marks[marks.length - 1]]);
      set.call(this, value);
    },
  });

  const fetch = window.fetch;
  window.fetch = async (...given) => {
    const range = new Headers(given[1]?.headers).get("Range");
    if (!range) return fetch(...given);
    let bytes = Number(/\d+/.exec(range));
    requests.push([Date.now(), bytes]);
    const response = await fetch(...given);
    const { body } = response;
    const getReader = body.getReader.bind(body);
    body.getReader = () => {
      const reader = getReader();
      const read = reader.read.bind(reader);
      reader.read = async () => {
        const result = await read();
        if (result.value) received.push([Date.now(), (bytes += result.value.length)]);
        return result;
      };
      return reader;
    };
    return response;
  };

  const HEADER_SIZE = 12;
  document.addEventListener("loadstart", ({ target }) => {
    const { viewer } = target.running; // it has started ahead
    const send = viewer.send.bind(viewer);
    let total = 0;
    viewer.send = (bytes) => {
      const start = performance.now();
      const moment = Date.now();
      send(bytes);
      total += bytes.length - (total > 0 ? HEADER_SIZE : 0); // the reader repeats the header before each piece except the first
      sent.push([moment, total, performance.now() - start]);
    };
  });
};
