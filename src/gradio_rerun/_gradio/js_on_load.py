"""How the frontend starts, and what it must know of the app.

Gradio runs `js_on_load` of gr.HTML once for each mount, with `props` and without the events of the app. No update changes `js_on_load`. So
`get_config`, which Gradio calls when the app is complete, writes what is known only then into the script.

Gradio 6.10 to 6.31. Remove `part_in_app` when props have the events of the app, and
tests/unit/test_component.py::test_a_component_that_is_only_an_input_is_interactive_by_default passes without it.
"""

from __future__ import annotations

import json
from typing import Any

from gradio.context import LocalContext

from .event_list import ANSWERS
from .listeners import listener_counts

TEMPLATE = (
    '<div class="rerun-toolbar"></div><rerun-viewer></rerun-viewer><div class="rerun-time-controls" hidden></div>'
)


def css_template(height: str) -> str:
    """The style until the frontend has mounted: the page below must not jump, and gr.HTML shows the icon of code as its label."""
    return (
        f".block:has(> .html-container > &) {{ height: {height}; padding: 0 !important }} "
        ".block:not([data-rerun]):has(> .html-container > &) > [data-testid='block-label'] { visibility: hidden } "
        ".block:not([data-rerun]) > .html-container > & > rerun-viewer { display: none }"
    )


# Gradio replaces all of `props` with every update. An update that Gradio makes itself contains no settings: the next mount uses the last ones.
_SCRIPT = """
const fail = (error) => {
  element.textContent = `The Rerun viewer could not be loaded: ${error.message ?? error}. Please reload the page.`;
};
const part = %s;
const { bridge: sent, json, commands } = props.settings ?? {};
const settings = sent ? { ...JSON.parse(json), bridge: sent, commands } : element.closest(".gradio-container")?.rerunSettings?.[part.id];
if (settings) {
  const { bridge } = settings;
  const restoreFiles = () => server.restore_files();
  // The viewer's code takes longest, so it is requested before the other modules are loaded. A failure is reported when the code is needed.
  const module = (name) => import(bridge.url.replace("gradio/bridge.js", name));
  const requested = Promise.all([module("viewer/loader.js"), module("gradio/component-server.js")])
    .then(([{ loadViewer }, { callComponent }]) => {
      const requestCode = (name) => callComponent(bridge.url, part, "viewer_code", name, { query: name });
      loadViewer(settings, { requestCode, checkFiles: restoreFiles }).catch(() => {});
    })
    .catch(() => {});
  // Nothing is shown without its style: the page would jump.
  const load = (query) => Promise.all([import(bridge.url + query), module("gradio/styles.js").then(({ addStyles }) => addStyles(element))]);
  // The browser keeps a module that has arrived in part, by its URL.
  const loaded = load("").catch(() => restoreFiles().then(() => load("?again")));
  Promise.all([loaded, requested]) // the element would request the code in another form
    .then(([[{ mount }]]) => mount({ element, props, trigger, watch, server, settings, ...part }))
    .catch(fail);
} else {
  fail("Gradio sent no settings. Update gradio_rerun: it may not support this version of Gradio");
}
"""


def js_on_load(part: dict[str, Any] | None = None) -> str:
    """The JavaScript that Gradio runs when it mounts the component. `part`: see `part_in_app`."""
    return _SCRIPT % json.dumps(part or {})


def part_in_app(viewer: Any) -> dict[str, Any]:
    """What the frontend must know of the app about `viewer`."""
    events = _app_events(viewer)
    listened = {name for event in events for id_, name in event.targets if id_ == viewer._id}
    return {
        "id": viewer._id,
        "session": viewer._session or "",
        "elemId": viewer.elem_id or "",
        "isInput": _is_input_only(viewer, events),
        "linked": viewer._linked and viewer._linked.for_page(),
        "isAsked": viewer._is_asked,
        "listenerCounts": listener_counts(viewer, events),
        "listened": sorted(listened & {str(each) for each in ANSWERS}),
    }


def _app_events(viewer: Any) -> list[Any]:
    root: Any = viewer
    while root.parent is not None:
        root = root.parent
    rendering = LocalContext.blocks_config.get(None)  # while a gr.render runs
    return list({**getattr(root, "fns", {}), **(rendering.fns if rendering else {})}.values())


def _is_input_only(viewer: Any, events: list[Any]) -> bool:
    is_input = any(each._id == viewer._id for event in events for each in event.inputs)
    return is_input and not any(each._id == viewer._id for event in events for each in _outputs(event))


def _outputs(event: Any) -> list[Any]:
    """The outputs of a listener of the app; none for gr.Examples and clear buttons: an input that these fill is still an input."""
    fills = event.fn is None or str(event.api_name).startswith("load_example")
    return [] if fills else list(event.outputs)
