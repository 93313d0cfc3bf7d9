"""Writes one picture as PNG or JPEG, under its name only when it is whole; it draws nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from edl2ffmpeg.errors import EncodeError, SettingsError
from edl2ffmpeg.jobs.publish import PublishGuard, published
from edl2ffmpeg.jobs.render_job import refuse_sources
from edl2ffmpeg.settings import RenderSettings
from edl2ffmpeg.timeline.model import Timeline

__all__ = ["Picture", "format_of", "picture_file"]

Picture = npt.NDArray[np.uint8]

# JPEG at full chroma resolution: thin coloured edges are what stills are looked at for.
_FORMATS: dict[str, tuple[str, dict[str, Any]]] = {
    ".png": ("PNG", {}),
    ".jpg": ("JPEG", {"quality": 95, "subsampling": 0}),
}


@contextmanager
def picture_file(
    timeline: Timeline,
    output: Path,
    settings: RenderSettings,
    guard: PublishGuard | None = None,
) -> Iterator[Callable[[Picture], None]]:
    """A function that takes the picture, (height, width, 3) uint8 R'G'B', to be ``output``.

    The file has its name when the block ends without an exception; otherwise nothing is left.
    Names and places that cannot be written to raise before the block runs.
    """
    _refuse(timeline, output, settings)
    name, options = format_of(output)
    with published(output, replace=settings.overwrite, guard=guard) as partial:

        def write(picture: Picture) -> None:
            try:
                Image.fromarray(picture).save(partial, name, **options)
            except OSError as error:
                reason = error.strerror or str(error)
                raise EncodeError(f"{output}: cannot be written: {reason}", str(output)) from error

        yield write


def _refuse(timeline: Timeline, output: Path, settings: RenderSettings) -> None:
    """Raises when ``output`` is no name for a picture, is taken, or is a source."""
    format_of(output)
    if os.path.exists(output) and not settings.overwrite:
        raise SettingsError(f"{output}: exists already; add --overwrite to replace it")
    refuse_sources(timeline, output, "output")


def format_of(output: Path) -> tuple[str, dict[str, Any]]:
    """Pillow's name of the format that the extension names, and its options."""
    found = _FORMATS.get(output.suffix.lower())
    if found is None:
        raise SettingsError(
            f"{output}: does not name a kind of picture; use one of {' '.join(_FORMATS)}"
        )
    return found
