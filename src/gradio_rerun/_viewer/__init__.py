"""The web viewer of the installed rerun-sdk."""
