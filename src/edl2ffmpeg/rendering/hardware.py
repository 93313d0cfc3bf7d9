"""Opens the device of a render, or says why another one is used; it draws nothing."""

from __future__ import annotations

import gc
import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from edl2ffmpeg.compositor.cuda import open_cuda_device
from edl2ffmpeg.devices.cuda import CudaDevice
from edl2ffmpeg.devices.selection import DeviceDecision
from edl2ffmpeg.media.hardware_decoding import HardwareDecoding

__all__ = ["Hardware", "opened_hardware"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Hardware:
    """What a render runs on; without a ``device`` that is the CPU.

    With ``decoding`` the device also decodes what it can.
    """

    decision: DeviceDecision
    device: CudaDevice | None = None
    decoding: HardwareDecoding | None = None

    @property
    def counters(self) -> dict[str, Any]:
        """What went on on the device."""
        if self.device is None:
            return {}
        counters = self.device.counters
        names = type(counters).__slots__
        return {name: getattr(counters, name) for name in names}


@contextmanager
def opened_hardware(decision: DeviceDecision) -> Iterator[Hardware]:
    """The device of ``decision``, open until the end of the block.

    All that uses it has to be closed by then.  Raises ``DeviceError`` where it cannot be had.
    """
    if decision.number is None:
        _log_decision(decision)
        yield Hardware(decision)
        return
    device = open_cuda_device(decision.number)
    with device:
        found = decision
        if device.description not in decision.reason:
            found = replace(decision, reason=f"{decision.reason}; {device.description}")
        _log_decision(found)
        decoding = None
        if decision.decodes:
            decoding = HardwareDecoding(device, for_encoder=decision.encodes)
        try:
            yield Hardware(found, device, decoding)
        except BaseException as error:
            _let_go_of_frames(error)
            raise
        finally:
            if decoding is not None:
                decoding.close()
            # FFmpeg's contexts go with the last reference to a decoder or a frame of theirs.
            gc.collect()
            _log.debug("closing %s", device.device_name)


def _let_go_of_frames(error: BaseException | None) -> None:
    """An error remembers the variables of all that it went through, device frames as well."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__


def _log_decision(decision: DeviceDecision) -> None:
    _log.info("device: asked for %s, using %s", decision.requested, decision.used)
    for name, stage in decision.stages.items():
        _log.info("  %s: %s: %s", name, stage.used, stage.reason)
