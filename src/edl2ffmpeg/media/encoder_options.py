"""Checks options that are handed on to FFmpeg's encoder by their FFmpeg names."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache

import av
from av.codec.codec import UnknownCodecError

from edl2ffmpeg.errors import SettingsError

__all__ = ["check_encoder_options", "known_encoder_options"]

# What has an option of its own, or is decided by the pipeline.
_OWN = {
    "b": "--bitrate",
    "crf": "--crf",
    "cq": "--crf",
    "preset": "--preset",
    "threads": "--threads",
    "delay": "--async-depth",
    "surfaces": "--async-depth",
    "gpu": "--hw-device",
}
_PIPELINE = ("flags", "flags2", "time_base", "sar", "aspect", "strict", "codec_tag")


def check_encoder_options(encoder: str, options: Mapping[str, str]) -> None:
    """Raises ``SettingsError`` for an option that ``encoder`` does not have.

    FFmpeg would leave it out without a word.
    """
    for name in options:
        if name in _OWN:
            raise SettingsError(f"the encoder option {name} has a name here: use {_OWN[name]}")
        if name in _PIPELINE:
            raise SettingsError(f"the encoder option {name} is not for the user to set")
        known = _options_of(encoder)
        if name not in known:
            near = get_close_matches(name, known, 3)
            advice = f"; did you mean {' or '.join(near)}?" if near else ""
            raise SettingsError(f"{encoder} has no option {name!r}{advice}")


def known_encoder_options(encoder: str, options: Mapping[str, str]) -> dict[str, str]:
    """Those of ``options`` that ``encoder`` has too."""
    known = _options_of(encoder)
    return {name: value for name, value in options.items() if name in known}


@cache
def _options_of(encoder: str) -> frozenset[str]:
    try:
        options = av.CodecContext.create(encoder, "w").supported_options
    except UnknownCodecError:
        raise SettingsError(f"this build of FFmpeg has no {encoder}") from None
    return frozenset(entry.name for entry in (*options.generic, *options.private))
