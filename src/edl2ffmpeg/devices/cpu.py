"""How many processor cores this process may use, and what follows for codecs' threads."""

from __future__ import annotations

import os

__all__ = [
    "CHUNK_ENCODER_THREADS",
    "compositor_share",
    "compositor_threads",
    "decoder_share",
    "decoder_threads",
    "encoder_threads",
    "has_avx512",
    "usable_cores",
    "worker_count",
]

CHUNK_ENCODER_THREADS = 8
"""Threads of an encoder that makes one of several chunks, unless asked for otherwise.

A constant, because the bytes that x264 makes depend on it: they must not depend on the machine,
nor on how many workers or other chunks there are.  Two chunks on 16 cores are as fast as one
encoder by itself then (120 frames a second; 97 with four threads), and many are not slower.
"""

_MOST_DECODER_THREADS = 4
_FEWEST_ENCODER_THREADS = 4
_CORES_PER_COMPOSITOR_THREAD = 4
_MOST_COMPOSITOR_THREADS = 4
_CORES_PER_WORKER = 2
_MOST_WORKERS = 16
# Frames that a worker holds for x264 `medium`, its decoders and its queues.
_FRAMES_PER_WORKER = 90
_BYTES_PER_WORKER = 250 * 1024 * 1024


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


def compositor_share(asked: int, cores: int) -> int:
    """Threads of a compositor that may count on ``cores``: ``asked``, or with 0 by their number."""
    return asked or max(cores // _CORES_PER_COMPOSITOR_THREAD, 1)


def decoder_share(asked: int, cores: int) -> int:
    """Threads of a decoder that may count on ``cores``: ``asked``, or with 0 one per core."""
    return asked or min(cores, _MOST_DECODER_THREADS)


def worker_count(chunks: int, frame_bytes: int) -> int:
    """How many processes render ``chunks`` fastest, of pictures of ``frame_bytes``.

    An encoder keeps two cores busy and little more, so there is a worker for each two; fewer
    where half of the free memory does not hold their frames.
    """
    by_cores = usable_cores() // _CORES_PER_WORKER
    each = _BYTES_PER_WORKER + _FRAMES_PER_WORKER * frame_bytes
    by_memory = _free_memory() // 2 // each
    return max(min(by_cores, by_memory, chunks, _MOST_WORKERS), 1)


def has_avx512() -> bool:
    """Whether the processor is known to have AVX-512 (Linux alone says)."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as lines:
            return any(line.startswith("flags") and " avx512f" in line for line in lines)
    except OSError:
        return False


def _free_memory() -> int:
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            for line in lines:
                name, amount = line.split()[:2]
                if name == "MemAvailable:":
                    return int(amount) * 1024
    except (OSError, ValueError):
        pass
    # The system does not say: the cores alone decide.
    return 1 << 62
