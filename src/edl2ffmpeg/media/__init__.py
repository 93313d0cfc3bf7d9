"""Reading and writing media through FFmpeg's libraries; the only package that imports av."""
