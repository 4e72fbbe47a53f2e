"""Writes one episode of a LeRobot dataset into a recording with the installed rerun-sdk: a script, run in a process of its own.

    python convert_episode.py INDEX DATASET MEMORY SIZE TARGET [entry of sys.path ...]

DATASET has the files of this episode. Its meta/info.json may be changed. The other arguments, stdin and stderr are those of convert_file.py.
The exit code is `REFUSED`, with the reason on stderr, if the SDK cannot read the episode. If only videos cannot be read, the recording has a
text in their place, and stdout has a JSON object of the cameras with the reasons.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rerun.chunk import ChunkStore, LazyChunkStream

    from .convert_file import NO_PROGRAMS, REFUSED, application_id, begin
else:  # The package would import Gradio, which takes seconds.
    from convert_file import NO_PROGRAMS, REFUSED, application_id, begin

_NOTICE = "left_out"
"""The entity with the text about videos that are left out."""

# The SDK lets ffmpeg choose the format of a video by its content, and ffmpeg opens the files that a playlist names.
_KNOWN_START = re.compile(rb"....ftyp|PAR1|\s*[{\[\"]|\Z", re.DOTALL)
"""How an MP4, a Parquet file, JSON and an empty file start. With other files, ffmpeg is not run."""

_WITHHELD = "ffmpeg is not run on this episode"

_INSTALL = """Install ffmpeg on the machine of the app, and open the episode again:

- Debian, Ubuntu: `apt install ffmpeg`
- macOS: `brew install ffmpeg`
- Windows: `winget install ffmpeg`"""

_NUMBERS = ("float32", "float64")
_NO_PLOTS = ("timestamp", "frame_index", "episode_index", "index", "task_index")


def main() -> None:
    """Convert."""
    index, dataset, target = int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[5])
    sys.stdin.buffer.readline()
    begin(target, entries=sys.argv[6:])
    # The SDK puts the path that it gets into its errors, and the frontend must not learn the server's folders.
    os.chdir(dataset.parent)
    unknown = file_of_unknown_format(Path(dataset.name))
    if unknown:
        os.environ["PATH"] = NO_PROGRAMS
    try:
        print(json.dumps(convert(Path(dataset.name), index, target, unknown)))
    except Exception as error:
        print(one_line(error), file=sys.stderr)
        sys.exit(REFUSED)


def file_of_unknown_format(dataset: Path) -> str | None:
    """The name of the first file in an unknown format, for which ffmpeg is not run; None if there is none."""
    files = (each for each in sorted(dataset.rglob("*")) if each.is_file())
    unknown = (each for each in files if not _KNOWN_START.match(start_of(each)))
    return next((each.relative_to(dataset).as_posix() for each in unknown), None)


def start_of(path: Path) -> bytes:
    """The first bytes of a file."""
    with path.open("rb") as file:
        return file.read(8)


def convert(dataset: Path, index: int, target: Path, unknown: str | None) -> dict[str, str]:
    """Writes the recording. Returns the cameras whose videos are left out, with the reasons. `unknown`: see `file_of_unknown_format`."""
    from rerun.experimental import LeRobotReader

    info = json.loads((dataset / "meta" / "info.json").read_bytes())
    cameras = [key for key, feature in info["features"].items() if feature["dtype"] == "video"]
    reader = LeRobotReader(dataset)
    try:
        write([joined(reader.stream(index))], dataset.name, index, target, info["features"], {})
    except Exception:
        if not cameras:
            raise
    else:
        return {}
    # One video is enough to make the SDK refuse the episode. So each is read alone.
    stores, left_out = [joined(reader.stream(index, video_mode="skip"))], {}
    for camera in cameras:
        try:
            stores.append(video(dataset, info, camera, index))
        except Exception as error:
            left_out[camera] = reason_of(error, unknown)
    write(stores, dataset.name, index, target, info["features"], left_out)
    return left_out


def joined(chunks: LazyChunkStream) -> ChunkStore:
    """The chunks, with far fewer of them: the SDK makes one for each picture of a video, and the viewer takes some twenty each time it draws."""
    return chunks.collect()


def video(dataset: Path, info: Mapping[str, Any], camera: str, index: int) -> ChunkStore:
    """The data of one video. Raises an error of the SDK if it cannot read the video."""
    from rerun.experimental import LeRobotReader

    features = {key: each for key, each in info["features"].items() if key == camera or key in _NO_PLOTS}
    (dataset / "meta" / "info.json").write_text(json.dumps({**info, "features": features}))
    return joined(LeRobotReader(dataset).stream(index).filter(content=f"/{camera}"))


def write(
    stores: Iterable[ChunkStore],
    name: str,
    index: int,
    target: Path,
    features: Mapping[str, Any],
    left_out: Mapping[str, str],
) -> None:
    """Writes the blueprint and all chunks into the file `target`."""
    import rerun as rr

    rr.set_strict_mode(True)
    recording = rr.RecordingStream(application_id(name), recording_id=f"episode_{index}", send_properties=False)
    recording.save(target)
    try:
        recording.send_blueprint(blueprint(features, left_out))
        recording.send_recording_name(f"Episode {index}")
        if left_out:
            recording.log(_NOTICE, rr.TextDocument(notice(left_out), media_type=rr.MediaType.MARKDOWN), static=True)
        for each in stores:
            rr.send_chunks(each, recording=recording)
    finally:
        recording.disconnect()


def blueprint(features: Mapping[str, Any], left_out: Mapping[str, str]) -> Any:
    """The cameras side by side; state, action and other numbers as plots below."""
    import rerun.blueprint as rrb

    cameras = [key for key, each in features.items() if each["dtype"] in ("video", "image") and key not in left_out]
    views: list[Any] = [rrb.Spatial2DView(origin=f"/{key}", name=short(key)) for key in cameras]
    if left_out:
        views.append(rrb.TextDocumentView(origin=f"/{_NOTICE}", name="Videos that are left out"))
    numbers = [key for key, each in features.items() if each["dtype"] in _NUMBERS and key not in _NO_PLOTS]
    first = [key for key in numbers if key in ("observation.state", "action")]
    plots: list[Any] = [rrb.TimeSeriesView(origin=f"/{key}", name=short(key)) for key in first]
    others = [rrb.TimeSeriesView(origin=f"/{key}", name=short(key)) for key in numbers if key not in first]
    plots += [others[0] if len(others) == 1 else rrb.Tabs(*others)] if others else []
    rows = [rrb.Horizontal(*each) for each in (views, plots) if each]
    return rrb.Blueprint(
        rrb.Vertical(*rows) if rows else rrb.Grid(),
        rrb.BlueprintPanel(state="collapsed"),
        rrb.SelectionPanel(state="collapsed"),
        rrb.TimePanel(state="collapsed"),
        auto_views=not rows,
    )


def short(key: str) -> str:
    """The name of a feature on the page: "top" for "observation.images.top"."""
    return key.removeprefix("observation.").removeprefix("images.")


def notice(left_out: Mapping[str, str]) -> str:
    """What the viewer shows in place of the videos, as Markdown."""
    lacks_ffmpeg = [
        camera for camera, reason in left_out.items() if "ffmpeg" in reason.lower() and not shutil.which("ffmpeg")
    ]
    others = [camera for camera in left_out if camera not in lacks_ffmpeg]
    paragraphs = [
        f"The video of **{short(camera)}** cannot be read. rerun-sdk says: {left_out[camera]}" for camera in others
    ]
    if lacks_ffmpeg:
        names = ", ".join(f"**{short(camera)}**" for camera in lacks_ffmpeg)
        withheld = [left_out[camera] for camera in lacks_ffmpeg if left_out[camera].startswith(_WITHHELD)]
        paragraphs += [
            f"To show {names}, rerun-sdk needs **ffmpeg**: the video has B-frames, or the episode does not begin with a key frame.",
            withheld[0] if withheld else _INSTALL,
        ]
    return "\n\n".join(paragraphs)


def reason_of(error: Exception, unknown: str | None) -> str:
    """Why the SDK cannot read a video. `unknown`: see `file_of_unknown_format`."""
    # The SDK's advice does not help if there is an ffmpeg; `notice` has its own.
    reason = one_line(error).partition(" Install ffmpeg, or use ")[0]
    if unknown is None or "ffmpeg" not in reason.lower():
        return reason
    return (
        f"{_WITHHELD}, because {unknown} does not start as MP4, Parquet or JSON files do, and ffmpeg could take it for "
        "another format, which opens files of the server. Write the dataset again with LeRobot, which encodes its videos as MP4."
    )


def one_line(error: Exception) -> str:
    """The message of an error, without the path."""
    text = " ".join(str(error).split()).partition(" File path: ")[0]
    return text.removeprefix("LeRobot error: ") or type(error).__name__


if __name__ == "__main__":
    main()
