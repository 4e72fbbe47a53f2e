"""Rerun servers that the frontend reaches through the app."""
