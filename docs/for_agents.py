"""SKILL.md and llms.txt, for coding agents, made from the other pages: `python docs/for_agents.py` writes them.

MkDocs runs this file as a hook: it includes files of the repository in pages, and puts the Markdown of the pages, to which llms.txt links, into the site.
"""

import re
from pathlib import Path

DOCS = Path(__file__).parent
ROOT = DOCS.parent

PATTERNS = {
    "Return a recording": ("values", "A recording that your function logs"),
    "Stream while a function runs": ("streaming", "Streaming"),
    "Turn a script with `rr.init` into an app": ("recipes", "A script with `rr.init` becomes an app"),
    "Move the time, and react to events": ("recipes", "A slider for the time"),
    "Run on a GPU Space (ZeroGPU)": ("recipes", "ZeroGPU"),
    "Watch a program that logs": ("live", "Watch a program log"),
}

SKILL = """\
---
name: gradio-rerun
description: Show Rerun recordings (.rrd files, RecordingStreams, live Rerun servers) in a Gradio app or a Hugging Face Space with the component gradio_rerun.Rerun.
---

# For coding agents

This page is also a [skill](https://agentskills.io) for coding agents: `SKILL.md`, next to `llms.txt` at the root of the site, and in the folder `docs` of the repository.
`docs/for_agents.py` makes it from the other pages.

## Install

```sh
pip install "gradio_rerun>=1"
```

gradio_rerun 0.x is the predecessor, with another interface. Until 1.0 is on PyPI, run `pip install .` in a clone of the repository. These versions fit together:

| package | versions |
|---|---|
{versions}

## Six patterns

{patterns}## Pitfalls

- **A new recording in each call**: make the `rr.RecordingStream` in the function. `rr.init` and `rr.log` without a recording write into one recording that all visitors share.
- **A new recording id in each run**: pass `recording_id=uuid.uuid4()`. Before rerun-sdk 0.29, a `RecordingStream` without it has the same id in the whole process, and the viewer shows data with
  the same ids as one recording. To add to a recording, pass its ids.
- **Generator contexts**: a generator that yields inside `with recording:` needs `@rr.recording_stream_generator_ctx`, or `@rr.thread_local_stream("name")` instead of both.
- **Attach generator functions**: Gradio does not iterate over a generator that a function or a `lambda` returns. Write `yield from`. To add data instead of replacing the value, write
  `Rerun(streaming=True)`.
- **`None`**: a function that returns `None` clears the viewer. With `streaming=True`, a `None` that a generator yields changes nothing, since `BinaryStream.read()` returns it when nothing was logged.
  Return `gr.skip()` to change nothing, and `[]` to clear.
- **Sinks**: after `recording.save(path)` or `recording.connect_grpc()`, call `recording.flush()`, and return the path or the URL, not the recording.
- **Files**: Gradio serves files of the working directory and of the temporary one. Other folders need `launch(allowed_paths=[...])`.
- **Inputs**: as an input, the component gives the path as `str`, a URL as it is, a list if there are several, and `None` if there is no recording.
- **URLs of users**: check a URL before the server fetches it. Do not write `tunnel=True` if functions return URLs that users have typed.
"""

LLMS = """\
# gradio_rerun

> The Rerun viewer as a Gradio component: `gradio_rerun.Rerun` shows Rerun recordings in a Gradio app, in the viewer of the installed rerun-sdk.

Begin with [SKILL.md](SKILL.md): how to install, versions that fit together, six programs, pitfalls.
"""


def skill() -> str:
    """The content of SKILL.md."""
    project = (ROOT / "pyproject.toml").read_text()
    (python,) = re.findall(r'^requires-python = "(.*)"', project, re.MULTILINE)
    packages = {"Python": python, **dict(re.findall(r'^  "(gradio|rerun-sdk)([<>=].*)",', project, re.MULTILINE))}
    patterns = "".join(
        f"### {title}\n\n```python\n{_program(page, heading)}```\n\n" for title, (page, heading) in PATTERNS.items()
    )
    versions = "\n".join(f"| {name} | `{version}` |" for name, version in packages.items())
    return SKILL.format(versions=versions, patterns=patterns)


def llms() -> str:
    """The content of llms.txt: the pages in the order of the menu."""
    text = LLMS
    menu = (ROOT / "mkdocs.yml").read_text().split("\nnav:\n")[1]
    for section, title, name in re.findall(r"^  - (.*):$|^      - (.*): (.*)$", menu, re.MULTILINE):
        if section:
            text += f"\n## {section}\n\n"
        elif name != "SKILL.md":
            text += f"- [{title}]({name})\n"
    return text.replace("(api.md)", "(api/)")  # its Markdown has only names of modules


def on_page_markdown(markdown: str, **_: object) -> str:
    """For MkDocs: the page with the files that it includes by `--8<-- "path"`; in Python, by a comment, which formatters leave as it is."""
    return re.sub(r'^(?:# )?--8<-- "(.*)"$', lambda line: _included(ROOT / line[1]), markdown, flags=re.MULTILINE)


def on_post_build(config: dict, **_: object) -> None:
    """For MkDocs: puts the Markdown of the pages beside llms.txt."""
    for path in DOCS.glob("*.md"):
        (Path(config["site_dir"]) / path.name).write_text(on_page_markdown(path.read_text()))


def _included(path: Path) -> str:
    """The content of a file in the repository; its links to the pages lead to the pages of the site."""
    text = path.read_text()
    if path.suffix == ".md":
        text = re.sub(r"\]\(docs/", "](", text).replace("](SECURITY.md", "](security.md")
    return text.rstrip()


def _program(page: str, heading: str) -> str:
    """The first program below a heading."""
    below = (DOCS / f"{page}.md").read_text().split(f"# {heading}\n", 1)[1]
    return re.findall(r"^```python\n(.*?)^```$", below, re.DOTALL | re.MULTILINE)[0]


if __name__ == "__main__":
    (DOCS / "SKILL.md").write_text(skill())
    (DOCS / "llms.txt").write_text(llms())
