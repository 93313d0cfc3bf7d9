"""FFmpeg's channel layouts by their number of channels; it mixes nothing."""

from __future__ import annotations

__all__ = ["MOST_CHANNELS", "layout_name"]

MOST_CHANNELS = 16

# The usual ones of FLAC and Opus up to 8 channels; above, those of rooms with speakers overhead.
# FFmpeg has no name for 9, 11, 13 and 15 channels, but takes a list of speakers in its own order.
_LAYOUTS = (
    "mono", "stereo", "3.0", "quad", "5.0", "5.1", "6.1", "7.1",
    "FL+FR+FC+LFE+BL+BR+BC+SL+SR",
    "5.1.4",
    "FL+FR+FC+LFE+BL+BR+SL+SR+TFL+TFC+TFR",
    "7.1.4",
    "FL+FR+FC+LFE+BL+BR+SL+SR+TC+TFL+TFR+TBL+TBR",
    "9.1.4",
    "FL+FR+FC+LFE+BL+BR+FLC+FRC+BC+SL+SR+TFL+TFR+TBL+TBR",
    "9.1.6",
)  # fmt: skip


def layout_name(channels: int) -> str:
    """The usual layout of 1 to 16 channels, by a name that FFmpeg understands."""
    return _LAYOUTS[channels - 1]
