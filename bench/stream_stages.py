"""Where the time of a frame goes, between the log call and the viewer that shows it."""

from __future__ import annotations

import math
import statistics
from bisect import bisect_left, bisect_right
from itertools import accumulate, pairwise
from typing import Any

STAGES = [
    "log -> yield",
    "yield -> Gradio's message in the page",
    "-> element told",
    "-> request begun",
    "-> bytes received",
    "-> send_rrd_to_channel",
    "-> viewer's time_update",
]
"""All from the third on, and in part the second, wait for the page's one thread, in which the viewer draws as well."""


def percentile(values: list[float], part: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[part - 1]


def shown_at(heard: dict[str, Any], frame: int) -> float:
    """When the viewer has told of this frame, or of a later one if it went over it."""
    return float(next(moment for moment, at in heard["frames"] if at >= frame))


def stages(run: dict[str, Any], heard: dict[str, Any], frames: int) -> dict[str, list[float]]:
    """ms of each frame in each of STAGES; together they are its latency."""
    sizes = [size for _, size in heard["announced"]]  # less than was yielded: each chunk comes with a header of its own
    if len(sizes) != frames + 1 or len(heard["messages"]) < frames + 1:
        raise RuntimeError(f"{frames + 1} yields gave {len(heard['messages'])} messages, {len(sizes)} announcements")
    request_moments = [moment for moment, _ in heard["requests"]]

    def first(moments: list[list[float]], size: float) -> float:
        index = bisect_left(moments, size, key=lambda each: each[1])
        return moments[index][0] if index < len(moments) else math.inf

    result: dict[str, list[float]] = {stage: [] for stage in STAGES}
    for frame in range(1, frames + 1):
        announced, received, sent = (first(heard[what], sizes[frame]) for what in ("announced", "received", "sent"))
        requested = announced
        if received <= sent:
            requested = request_moments[bisect_right(request_moments, received) - 1]
        else:  # it came along with Gradio's message
            received = announced
        moments = [
            run["logged"][frame] * 1000,
            run["yielded"][frame] * 1000,
            heard["messages"][frame],
            announced,
            requested,
            received,
            sent,
            shown_at(heard, frame),
        ]
        moments = list(accumulate(moments, max))  # bytes may come, by an earlier request, before they were announced
        for stage, (start, end) in zip(STAGES, pairwise(moments), strict=True):
            result[stage].append(end - start)
    return result
