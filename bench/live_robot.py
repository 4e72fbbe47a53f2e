"""A program that logs into its own Rerun server. bench/live.py runs it.

    python live_robot.py FRAMES SIZE RATE

The program logs frame 0, waits for a line on stdin, and then logs frames 1 to FRAMES, each with SIZE bytes of points, RATE per second (0: at once). Its output is
two lines of JSON: the URL of the server, then the times at which it logged the frames.
"""

from __future__ import annotations

import json
import socket
import sys
import time

import numpy as np
import rerun as rr

FRAMES, SIZE, RATE = (int(argument) for argument in sys.argv[1:])


def main() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    recording = rr.RecordingStream("robot")
    url = recording.serve_grpc(grpc_port=port)
    logged = []

    def log(frame: int) -> None:
        logged.append(time.time())
        recording.set_time("frame", sequence=frame)
        recording.log("points", rr.Points3D(np.random.rand(SIZE // 12, 3)))

    log(0)
    print(json.dumps({"url": url}), flush=True)
    sys.stdin.readline()
    start = time.time()
    for frame in range(1, FRAMES + 1):
        if RATE:
            time.sleep(max(0, start + frame / RATE - time.time()))
        log(frame)
    print(json.dumps({"logged": logged}), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
