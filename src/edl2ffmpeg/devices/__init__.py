"""What hardware there is, and which of it a render uses."""
