"""Every oddity of Gradio that this package works around, a file for each."""
