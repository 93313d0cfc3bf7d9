"""Rendering one frame range in one process."""
