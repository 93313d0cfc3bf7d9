"""Sample arithmetic: sums, gains and tones over NumPy arrays."""
