// What bench/stream.py hears in a page, ours or the peer's. Moments are Date.now(), as in Python's time.time() * 1000.
console.debug = () => {}; // the viewer's debug log costs more time than the viewer
window.bench = {
  isOpen: false, // the viewer has a recording
  frames: [], // [moment, frame] when the viewer has moved on to a frame
  messages: [], // moments: Gradio's message that the function has yielded, one for each yield
  announced: [], // [moment, bytes]: the element was told of so many
  requests: [], // [moment, first byte]
  received: [], // [moment, bytes]
  sent: [], // [moment, bytes, ms in the call of the viewer]
};

performance.setResourceTimingBufferSize(10_000);
const loaded = () => performance.getEntriesByType("resource");

// The peer starts its viewer with the page; ours gets the code then, and starts with the first data.
window.isReady = () =>
  (document.querySelector("canvas") || loaded().some(({ name }) => /re_viewer.*wasm/.test(name))) &&
  loaded().every(({ responseEnd }) => performance.now() - responseEnd > 3000);

// A viewer that has opened its first recording compiles shaders for a while. Resolves when 30 frames in a row come in time.
window.calm = async (within = 60_000) => {
  const end = performance.now() + within;
  for (let quick = 0; quick < 30 && performance.now() < end; ) {
    const start = performance.now();
    await new Promise(requestAnimationFrame);
    quick = performance.now() - start < 50 ? quick + 1 : 0;
  }
};

// Both packages parse what the viewer tells, and Gradio parses its messages.
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

// The rest is ours only; it costs microseconds for a chunk.
window.addStages = async () => {
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

  const modules = loaded().map(({ name }) => name);
  const { Viewer } = await import(modules.find((name) => name.endsWith("/viewer.js")));
  const { HEADER_SIZE } = await import(modules.find((name) => name.endsWith("/stream-reader.js")));
  const { send } = Viewer.prototype;
  let total = 0;
  Viewer.prototype.send = function (bytes) {
    const start = performance.now();
    const moment = Date.now();
    send.call(this, bytes);
    total += bytes.length - (total > 0 ? HEADER_SIZE : 0); // the reader repeats the header in front of each piece but the first
    sent.push([moment, total, performance.now() - start]);
  };
};
