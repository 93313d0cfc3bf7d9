"""How much memory and how many encoder sessions a GPU has in use, as NVML tells it."""

from __future__ import annotations

from typing import Any

from edl2ffmpeg.ownership import Owner

__all__ = ["GpuUsage"]


class GpuUsage(Owner):
    """Looks at the GPU with this PCI bus id, empty for none: NVML counts them in its own order.

    Where it cannot look, ``reason`` says why, and ``now`` gives nothing.  All processes count.
    """

    def __init__(self, bus_id: str) -> None:
        self.reason = "" if bus_id else "there is no device"
        self._library: Any = None
        if not bus_id:
            return
        try:
            import pynvml
        except ImportError:
            self.reason = "nvidia-ml-py is not installed"
            return
        try:
            pynvml.nvmlInit()
            self._library = pynvml
            self._handle = pynvml.nvmlDeviceGetHandleByPciBusId(bus_id.encode())
        except pynvml.NVMLError as error:
            self.close()
            self.reason = str(error)

    def now(self) -> dict[str, int]:
        """``gpu_memory`` in bytes, and ``encoder_sessions``."""
        if self._library is None:
            return {}
        memory = self._library.nvmlDeviceGetMemoryInfo(self._handle)
        sessions = self._library.nvmlDeviceGetEncoderStats(self._handle)[0]
        return {"gpu_memory": int(memory.used), "encoder_sessions": int(sessions)}

    def close(self) -> None:
        """Lets go of the library.  May be called twice."""
        library, self._library = self._library, None
        if library is not None:
            library.nvmlShutdown()
