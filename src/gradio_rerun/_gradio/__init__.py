"""Every oddity of Gradio that this package works around, a file for each. "What breaks with the next Gradio?" is answered here.

Each file says what Gradio does, in which versions, and which test shows when the file can be removed.
"""
