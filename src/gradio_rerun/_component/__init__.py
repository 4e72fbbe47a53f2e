"""Parts of the component `Rerun`: its parameters and settings."""
