"""How many frames NVENC holds, and why it fails, as far as FFmpeg tells; it opens nothing.

Note [Surfaces of NVENC]
FFmpeg gives an encoder bitstream buffers ("surfaces"), each of which keeps the frame it came from
until its packet is out.  ``delay`` is how many may be on their way before it waits for the oldest;
reordering and looking ahead need more.  Frames come from a fixed ring (``devices/surfaces.py``),
which has to be larger, and NVENC remembers the addresses of 64.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import av

from edl2ffmpeg.errors import SettingsError

__all__ = ["NO_SESSION", "failure_of", "logged_errors", "surface_options", "surfaces_of"]

_FEWEST_SURFACES = 4
# Of the 64 that NVENC remembers some are drawn, composed and waiting.
_MOST_SURFACES = 52

NO_SESSION = "no session is free: the driver's limit is reached, or its memory"
"""Why an encoder does not open that may open later."""

_WHY = (
    (re.compile("No capable devices|unsupported device|No NVENC", re.I), "this chip has no NVENC"),
    (re.compile("incompatible client key|OpenEncodeSessionEx failed: out of memory"),
     NO_SESSION),
    (re.compile("driver does not support|minimum required", re.I), "the driver is too old for it"),
    (re.compile(r"Cannot load lib|libnvidia-encode|libnvcuvid"), "the driver's library is missing"),
    (re.compile("no stream is compatible"),
     "FFmpeg's decoder of it does not use the device"),
    (re.compile("lacking required capabilities|support required NVENC", re.I),
     "this chip does not do it"),
)  # fmt: skip
_CODE = re.compile(r"^\[Errno -?\d+\] ")


def surface_options(async_depth: int | None, options: Mapping[str, str]) -> dict[str, str]:
    """FFmpeg's options for ``async_depth`` pictures on their way, None for as many as it likes.

    ``options`` are the others, of which B-frames and looking ahead need surfaces.  Raises
    ``SettingsError`` where there are not so many.
    """
    between = _number(options, "bf") + 1
    ahead = _number(options, "rc-lookahead")
    surfaces = max(_FEWEST_SURFACES, 4 * between if between > 1 else 0)
    if ahead:
        surfaces = max(surfaces, ahead + between + 5)
    if async_depth is not None:
        if ahead and async_depth < ahead + between + 4:
            # FFmpeg would leave the lookahead out.
            raise SettingsError(
                f"--async-depth {async_depth} is too little for rc-lookahead={ahead}: it has to be "
                f"{ahead + between + 4} or more"
            )
        surfaces = max(surfaces, async_depth + 1)
    if surfaces > _MOST_SURFACES:
        raise SettingsError(
            f"NVENC would hold {surfaces} pictures with these B-frames, this lookahead and "
            f"--async-depth, and can hold {_MOST_SURFACES}; ask for less of them"
        )
    found = {"surfaces": str(surfaces)}
    if async_depth is not None:
        found["delay"] = str(async_depth)
    return found


def surfaces_of(options: Mapping[str, str]) -> int:
    """How many frames an encoder with these options may hold at a time."""
    return _number(options, "surfaces")


def _number(options: Mapping[str, str], name: str) -> int:
    text = options.get(name, "0")
    if not text.isdecimal():
        raise SettingsError(f"the encoder option {name}={text} is not a whole number from 0")
    return int(text)


@contextmanager
def logged_errors() -> Iterator[list[str]]:
    """What FFmpeg says about its errors meanwhile, once over: their codes tell little."""
    lines: list[str] = []
    before, skipped = av.logging.get_level(), av.logging.get_skip_repeated()
    av.logging.set_level(av.logging.ERROR)
    # What it said of the render before is said again of this one.
    av.logging.set_skip_repeated(False)
    try:
        with av.logging.Capture(local=False) as captured:
            yield lines
    finally:
        av.logging.set_level(before)
        av.logging.set_skip_repeated(skipped)
        lines += [message.strip() for _, _, message in captured]


def failure_of(error: BaseException, logged: list[str]) -> str:
    """Why NVENC or NVDEC failed, in words; what is not known is quoted."""
    told = " ".join([*logged, str(error)])
    known = next((why for pattern, why in _WHY if pattern.search(told)), None)
    if known is not None:
        return known
    text = (logged[0] if logged else _CODE.sub("", str(error)).split(":")[0]).rstrip(".")
    return f"FFmpeg says: {text if len(text) <= 120 else text[:117] + '...'}"
