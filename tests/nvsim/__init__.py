"""A simulated NVIDIA driver: FFmpeg's CUDA, NVENC and NVDEC code runs on it without a GPU.

The test's side: build the libraries, run code on them in a process of its own, read what happened.
The side of that process is ``nvsim.driver`` (functions of the libraries) and ``nvsim.surfaces``
(frames in simulated device memory). See README.md.
"""

from nvsim.build import BuildError, build
from nvsim.faults import CudaResult, Fault, NvencStatus
from nvsim.process import SimulatorRun, environment_for, run, run_python
from nvsim.report import Call, Copies, CopyCount, Delay, SimulatorReport, Violation, read_report
from nvsim.violations import VIOLATION_KINDS

__all__ = [
    "VIOLATION_KINDS",
    "BuildError",
    "Call",
    "Copies",
    "CopyCount",
    "CudaResult",
    "Delay",
    "Fault",
    "NvencStatus",
    "SimulatorReport",
    "SimulatorRun",
    "Violation",
    "build",
    "environment_for",
    "read_report",
    "run",
    "run_python",
]
