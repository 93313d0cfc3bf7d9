"""Faults that a simulated driver shall have, and the status codes that it may answer with."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class CudaResult(IntEnum):
    """Answers of cu... and cuvid... functions (CUresult)."""

    SUCCESS = 0
    INVALID_VALUE = 1
    OUT_OF_MEMORY = 2
    NOT_INITIALIZED = 3
    NO_DEVICE = 100
    INVALID_DEVICE = 101
    INVALID_CONTEXT = 201
    INVALID_HANDLE = 400
    NOT_FOUND = 500
    ILLEGAL_ADDRESS = 700
    PRIMARY_CONTEXT_ACTIVE = 708
    LAUNCH_FAILED = 719
    NOT_SUPPORTED = 801
    UNKNOWN = 999


class NvencStatus(IntEnum):
    """Answers of nvEnc... functions (NVENCSTATUS)."""

    SUCCESS = 0
    NO_ENCODE_DEVICE = 1
    UNSUPPORTED_DEVICE = 2
    INVALID_DEVICE = 4
    DEVICE_NOT_EXIST = 5
    INVALID_PTR = 6
    INVALID_PARAM = 8
    INVALID_CALL = 9
    OUT_OF_MEMORY = 10
    NOT_INITIALIZED = 11
    UNSUPPORTED_PARAM = 12
    LOCK_BUSY = 13
    INVALID_VERSION = 15
    MAP_FAILED = 16
    NEED_MORE_INPUT = 17
    ENCODER_BUSY = 18
    GENERIC = 20
    UNIMPLEMENTED = 22
    RESOURCE_REGISTER_FAILED = 23
    RESOURCE_NOT_REGISTERED = 24
    RESOURCE_NOT_MAPPED = 25


@dataclass(frozen=True)
class Fault:
    """One rule: which calls of a function go wrong, and how.

    ``function`` is a name of the log; a trailing ``*`` matches any rest. The end of a stream has
    a name of its own, ``nvEncEncodePicture(EOS)``. Calls ``first`` to ``first + times - 1`` are
    hit, counted from 1; ``times=None`` means for ever. Of the effects, ``delay_ms`` goes with any
    other; ``code`` is returned and nothing done; ``code_after`` is returned once the call has been
    carried out; ``skip`` returns success and does nothing; ``device_lost`` fails this call and
    every later one of whatever function.
    """

    function: str
    first: int = 1
    times: int | None = 1
    code: int | None = None
    code_after: int | None = None
    delay_ms: int = 0
    skip: bool = False
    device_lost: bool = False

    def __post_init__(self) -> None:
        effects = [self.code is not None, self.code_after is not None, self.skip, self.device_lost]
        if sum(effects) > 1 or not (any(effects) or self.delay_ms):
            raise ValueError("a fault has one of code, code_after, skip, device_lost, or a delay")

    @property
    def rule(self) -> str:
        """The rule as the driver reads it, from NVSIM_FAULTS or nvsim_add_faults()."""
        times = "*" if self.times is None else str(self.times)
        actions = [f"delay:{self.delay_ms}"] if self.delay_ms else []
        if self.code is not None:
            actions.append(f"code:{int(self.code)}")
        if self.code_after is not None:
            actions.append(f"after:{int(self.code_after)}")
        actions += ["skip"] * self.skip + ["lost"] * self.device_lost
        return f"{self.function}@{self.first}+{times}={','.join(actions)}"
