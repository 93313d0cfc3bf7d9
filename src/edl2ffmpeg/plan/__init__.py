"""Pure planning: what to draw for a frame, what to mix, how to split a timeline."""
