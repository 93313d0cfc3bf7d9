"""Runs in every Python process that has this folder on its path; it touches workers alone.

``WORKER_FAULT`` says what goes wrong in a worker process, see ``worker_faults``.
"""

from __future__ import annotations

import os
import sys

if "WORKER_FAULT" in os.environ and any("rendering.worker" in part for part in sys.orig_argv):
    import worker_faults

    worker_faults.install(os.environ["WORKER_FAULT"])
