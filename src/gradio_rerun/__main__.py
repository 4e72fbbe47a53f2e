"""`python -m gradio_rerun` is `gradio-rerun`."""

from .cli import main

main()
