"""Runs in every Python process that has this folder on its path; it touches workers alone, and
what tries devices.

``WORKER_FAULT`` says what goes wrong in a worker process, see ``worker_faults``.
"""

from __future__ import annotations

import os
import sys

_TOUCHED = (
    "edl2ffmpeg.rendering.worker",
    "edl2ffmpeg.rendering.device_probe",
    "distributed.cli.dask_worker",
    # The worker of a Dask nanny.
    "multiprocessing.spawn",
)

if "WORKER_FAULT" in os.environ and any(
    name in part for name in _TOUCHED for part in sys.orig_argv
):
    import worker_faults

    worker_faults.install(os.environ["WORKER_FAULT"])
