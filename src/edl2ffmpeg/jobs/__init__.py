"""A whole render: check, render, publish."""
