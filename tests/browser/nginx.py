"""nginx in front of an app, with the configuration that docs/deploying.md gives."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ports import free_port, wait_for_port

APP = "http://127.0.0.1:7860"  # in docs/deploying.md
DEPLOYING = Path(__file__).parents[2] / "docs" / "deploying.md"


def documented(heading: str) -> str:
    """The nginx configuration below a heading of docs/deploying.md."""
    (section,) = re.findall(rf"^#+ {heading}\n(.*?)(?=^#|\Z)", DEPLOYING.read_text(), flags=re.DOTALL | re.MULTILINE)
    (config,) = re.findall(r"```nginx\n(.*?)```", section, flags=re.DOTALL)
    return str(config)


def in_front_of(app: str, heading: str = "nginx") -> str:
    """The documented configuration for the app at this URL."""
    return documented(heading).replace(APP, app.rstrip("/"))


def buffering_and_compressing(config: str) -> str:
    """The configuration, changed to what holds answers back."""
    config = re.sub(r"gzip_types .*;", "gzip_types *; gzip_min_length 0;", config)
    return config.replace("buffering off", "buffering on")


@contextmanager
def nginx(folder: Path, config: str) -> Iterator[str]:
    """The URL of an nginx with the servers of `config`, on another port than 80; its files are in `folder`."""
    port = free_port()
    temporary = "".join(
        f"  {kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "scgi", "uwsgi")
    )
    file = folder / "nginx.conf"
    file.write_text(
        f"pid {folder}/pid;\nerror_log stderr;\ndaemon off;\nmaster_process off;\nevents {{}}\n"
        f"http {{\n  access_log off;\n{temporary}{config.replace('listen 80;', f'listen 127.0.0.1:{port};')}}}\n"
    )
    log = (folder / "nginx.log").open("w+")
    process = subprocess.Popen(["/usr/sbin/nginx", "-c", str(file)], stderr=log)
    try:
        wait_for_port(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()
        log.seek(0)
        print(log.read())
        log.close()
