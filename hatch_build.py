"""What PyPI shows: the README, and the addresses of the repository.

They are those of the repository on GitHub whose workflow builds the package. Elsewhere, the addresses are not known.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface


class PyPIPage(MetadataHookInterface):
    """Sets `readme` and `urls` of the project."""

    def update(self, metadata: dict[str, Any]) -> None:
        """For Hatch: adds to the metadata."""
        readme = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        repository = os.environ.get("GITHUB_REPOSITORY")
        if repository:
            home = f"{os.environ.get('GITHUB_SERVER_URL', 'https://github.com')}/{repository}"
            tag = f"v{metadata['version']}"
            readme = re.sub(r"(!\[[^\]]*\]\()(?!https?://)", rf"\1{home}/raw/{tag}/", readme)
            readme = re.sub(r"(\[[^\]]*\]\()(?!https?://|#)", rf"\1{home}/blob/{tag}/", readme)
            metadata["urls"] = {
                "Documentation": f"{home}/blob/{tag}/docs/index.md",
                "Issues": f"{home}/issues",
                "Changelog": f"{home}/blob/{tag}/CHANGELOG.md",
                "Source": home,
            }
        else:
            readme = re.sub(r"!\[[^\]]*\]\((?!https?://)[^)]*\)\n*", "", readme)
            readme = re.sub(r"\[([^\]]*)\]\((?!https?://|#)[^)]*\)", r"\1", readme)
            metadata["urls"] = {}
        metadata["readme"] = {"content-type": "text/markdown", "text": readme}
