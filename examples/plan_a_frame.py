"""Says what a frame shows, from the EDL alone: no media file is opened."""

from __future__ import annotations

import sys

import edl2ffmpeg
from edl2ffmpeg.plan.frame_planner import FramePlanner
from edl2ffmpeg.plan.model import MediaPicture, TextPicture


def main(edl: str, number: str) -> None:
    """Prints the length of the movie and the pictures of frame ``number``."""
    timeline = edl2ffmpeg.load_timeline(edl)
    planner = FramePlanner(timeline)
    print(f"{planner.frame_count} frames at {timeline.frame_rate} per second")
    plan = planner.frame(int(number))
    print(f"frame {plan.number} is at {plan.time} s")
    for layer in plan.pictures:
        picture = layer.picture
        if isinstance(picture, MediaPicture):
            what = f"{picture.source.uri} at {picture.source_time} s"
        elif isinstance(picture, TextPicture):
            what = f"text {picture.source.text!r}"
        else:
            what = f"generated {picture.source.generator.value}, picture {picture.frame}"
        print(f"  {layer.track_kind} {layer.track}: {what}, opacity {float(layer.opacity):.0%}")
    if not plan.layers:
        print("  black")


if __name__ == "__main__":
    main(*sys.argv[1:])
