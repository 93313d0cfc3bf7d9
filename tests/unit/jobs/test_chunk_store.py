"""What the keys of chunks, and the workers of a cluster, are compared by."""

from __future__ import annotations

from edl2ffmpeg.jobs.chunk_store import versions


def test_versions_are_of_all_that_makes_pictures() -> None:
    names = [entry.rpartition(" ")[0] for entry in versions()]
    for name in ("edl2ffmpeg", "av", "libavcodec", "libswscale", "uharfbuzz", "manimgx-fonts"):
        assert name in names
