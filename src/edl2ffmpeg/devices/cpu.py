"""How many processor cores this process may use, and what follows for codecs' threads."""

from __future__ import annotations

import os

__all__ = ["compositor_threads", "decoder_threads", "encoder_threads", "usable_cores"]

_MOST_DECODER_THREADS = 4
_FEWEST_ENCODER_THREADS = 4
_CORES_PER_COMPOSITOR_THREAD = 4
_MOST_COMPOSITOR_THREADS = 4


def usable_cores() -> int:
    """Cores that this process is allowed to run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def decoder_threads(asked: int) -> int:
    """Threads for one decoder: ``asked``, or with 0 one per core, at most four.

    Each thread of a decoder holds a picture more, several decoders are open at a time, and
    four outrun any encoder that follows.
    """
    return asked or min(usable_cores(), _MOST_DECODER_THREADS)


def compositor_threads(asked: int) -> int:
    """Threads that share the rows of a frame: ``asked``, or with 0 one for every four cores.

    Encoders and decoders have threads of their own; more than a quarter of the cores would be
    taken from them.
    """
    share = usable_cores() // _CORES_PER_COMPOSITOR_THREAD
    return min(asked or max(share, 1), _MOST_COMPOSITOR_THREADS)


def encoder_threads(asked: int) -> int:
    """Threads for the encoder: ``asked``, or 0 (the encoder's choice) where that is enough.

    x264 starts 1.5 threads a core; on one or two cores these wait for each other for long
    enough to leave a core idle (1.73 of 2 cores used; 1.81 with four threads).
    """
    if asked or usable_cores() * 3 // 2 >= _FEWEST_ENCODER_THREADS:
        return asked
    return _FEWEST_ENCODER_THREADS
