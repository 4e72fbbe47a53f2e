"""Splits the time between the log call of a frame and the viewer that shows the frame into stages."""

from __future__ import annotations

import math
import statistics
from bisect import bisect_left, bisect_right
from itertools import accumulate, pairwise
from typing import Any

STAGES = [
    "log -> yield",
    "yield -> Gradio's message in the page",
    "-> element notified",
    "-> request started",
    "-> bytes received",
    "-> send_rrd_to_channel",
    "-> viewer's time_update",
]
"""The stages from the third on, and a part of the second, wait for the main thread of the page, in which the viewer also draws."""


def percentile(values: list[float], part: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[part - 1]


def shown_at(observed: dict[str, Any], frame: int) -> float:
    """The time at which the viewer reported this frame, or a later one if it skipped this frame."""
    return float(next(moment for moment, at in observed["frames"] if at >= frame))


def stages(run: dict[str, Any], observed: dict[str, Any], frames: int) -> dict[str, list[float]]:
    """Returns the ms of each frame in each of `STAGES`. Their sum is the latency of the frame."""
    sizes = [
        size for _, size in observed["announced"]
    ]  # less than was yielded, since each yielded chunk has its own header
    if len(sizes) != frames + 1 or len(observed["messages"]) < frames + 1:
        raise RuntimeError(f"{frames + 1} yields gave {len(observed['messages'])} messages, {len(sizes)} announcements")
    request_moments = [moment for moment, _ in observed["requests"]]

    def first(moments: list[list[float]], size: float) -> float:
        index = bisect_left(moments, size, key=lambda each: each[1])
        return moments[index][0] if index < len(moments) else math.inf

    result: dict[str, list[float]] = {stage: [] for stage in STAGES}
    for frame in range(1, frames + 1):
        announced, received, sent = (first(observed[what], sizes[frame]) for what in ("announced", "received", "sent"))
        requested = announced
        if received <= sent:
            requested = request_moments[bisect_right(request_moments, received) - 1]
        else:  # the data was in Gradio's message
            received = announced
        moments = [
            run["logged"][frame] * 1000,
            run["yielded"][frame] * 1000,
            observed["messages"][frame],
            announced,
            requested,
            received,
            sent,
            shown_at(observed, frame),
        ]
        moments = list(accumulate(moments, max))  # bytes may arrive by an earlier request, before they were announced
        for stage, (start, end) in zip(STAGES, pairwise(moments), strict=True):
            result[stage].append(end - start)
    return result
