"""Draws frame plans: geometry, colour, mixing and generated pictures, in kernels of our own."""
