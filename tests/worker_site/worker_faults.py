"""What can go wrong in a worker process, put into the product's own functions from outside.

A fault is ``NAME`` or ``NAME:CHUNK``: it strikes at the fifth frame of that chunk (0 if none is
named).  In a movie that is rendered as a whole ``die-whole`` strikes before the first frame,
``compute-whole`` and ``hang-whole`` while one is encoded, ``spin-whole`` while one is decoded.
``freeze:KIND`` stops a cluster's worker when another process asks it for a ``recipe`` or for a
``chunk`` that is done, and ``quit:KIND`` kills it.

It does so as often as ``WORKER_FAULT_TIMES`` says (1; each time is a file in
``WORKER_FAULT_FOLDER``, since a process that was struck remembers nothing).
"""

from __future__ import annotations

import hashlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_FRAME = 5


def install(fault: str) -> None:
    """Makes ``fault`` happen in this process."""
    name, _, chunk = fault.partition(":")
    if name == "simulator":
        _find_simulator()
        return
    if name in ("freeze", "quit"):
        number = signal.SIGSTOP if name == "freeze" else signal.SIGKILL
        _when_asked_for(f"edl2ffmpeg_{chunk}-", number)
        return
    if name == "die-whole":
        _at_whole_movies(lambda: os.kill(os.getpid(), signal.SIGKILL))
        return
    if name.endswith("-whole"):
        _in_whole_movies(name)
        return
    strikes: dict[str, Callable[[Any], None]] = {
        "hang": lambda encoder: time.sleep(600),
        "die": lambda encoder: os.kill(os.getpid(), signal.SIGKILL),
        "exit": lambda encoder: os._exit(3),
        "eat": _eat,
        "bug": _bug,
        "break": _break,
        "pause": lambda encoder: time.sleep(1),
        "compute": _compute,
    }
    _at_frame(int(chunk or 0), strikes[name])


def _when_asked_for(kind: str, number: signal.Signals) -> None:
    from distributed import Worker

    get_data: Any = Worker.get_data

    async def getting(self: Any, comm: Any, keys: Any, *more: Any, **options: Any) -> Any:
        if any(kind in str(key) for key in keys) and _may_strike():
            os.kill(os.getpid(), number)
        return await get_data(self, comm, keys, *more, **options)

    Worker.get_data = getting  # type: ignore[method-assign]


def _find_simulator() -> None:
    from nvsim.product import use_simulator

    use_simulator(Path(os.environ["WORKER_KERNELS"]))
    if "WORKER_BAD_DEVICE" in os.environ:
        number, _, how = os.environ["WORKER_BAD_DEVICE"].partition(":")
        _spoil_device(int(number), how)


def _spoil_device(bad: int, how: str) -> None:
    """Workers that open device ``bad`` hang there, die, or find it lost or missing."""
    from edl2ffmpeg.errors import DeviceLostError, DeviceUnavailableError
    from edl2ffmpeg.rendering import chunk

    opened = chunk.opened_hardware

    def opening(decision: Any) -> Any:
        if decision.number == bad and _may_strike():
            if how == "hang":
                time.sleep(600)
            elif how == "die":
                os.kill(os.getpid(), signal.SIGKILL)
            kind = DeviceLostError if how == "lost" else DeviceUnavailableError
            raise kind(f"{decision.used} is {how}", decision.used)
        return opened(decision)

    chunk.opened_hardware = opening


def _may_strike() -> bool:
    folder = Path(os.environ["WORKER_FAULT_FOLDER"])
    for number in range(int(os.environ.get("WORKER_FAULT_TIMES", "1"))):
        try:
            (folder / f"strike{number}").touch(exist_ok=False)
        except FileExistsError:
            continue
        return True
    return False


def _at_frame(chunk: int, strike: Callable[[Any], None]) -> None:
    from edl2ffmpeg.media.packet_encoder import PictureFileEncoder
    from edl2ffmpeg.rendering.chunk import ChunkRenderer

    render, write = ChunkRenderer.render, PictureFileEncoder.write_frame
    at: list[int] = []

    def rendering(self: Any, task: Any, progress: Any = None, folder: Any = None) -> Any:
        at[:] = [task.chunk.number]
        return render(self, task, progress, folder)

    def writing(self: Any, frame: Any) -> None:
        write(self, frame)
        if at == [chunk] and self.frames == _FRAME and _may_strike():
            strike(self)

    ChunkRenderer.render = rendering  # type: ignore[method-assign]
    PictureFileEncoder.write_frame = writing  # type: ignore[method-assign]


def _at_whole_movies(strike: Callable[[], None]) -> None:
    from edl2ffmpeg.rendering.session import RenderSession

    run = RenderSession.run

    def running(self: Any, progress: Any = None) -> Any:
        if _may_strike():
            strike()
        return run(self, progress)

    RenderSession.run = running  # type: ignore[method-assign]


def _in_whole_movies(name: str) -> None:
    from edl2ffmpeg.media.decoder_pool import DecoderPool
    from edl2ffmpeg.media.muxer import Muxer

    encode, decode = Muxer.write_frame, DecoderPool.frames_played_at

    def encoding(self: Any, frame: Any) -> None:
        if name != "spin-whole" and _may_strike():
            _compute(self) if name == "compute-whole" else time.sleep(600)
        encode(self, frame)

    def decoding(self: Any, wanted: Any) -> Any:
        if name == "spin-whole" and _may_strike():
            _compute(self, 600)
        return decode(self, wanted)

    Muxer.write_frame = encoding  # type: ignore[method-assign]
    DecoderPool.frames_played_at = decoding  # type: ignore[method-assign]


def _compute(struck: Any, seconds: float = 5) -> None:
    """Takes as long over a frame as a slow encoder of large pictures."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        hashlib.pbkdf2_hmac("sha256", b"", b"", 50_000)


def _eat(encoder: Any) -> None:
    eaten = []
    while True:
        eaten.append(b"x" * (16 << 20))
        time.sleep(0.01)


def _bug(encoder: Any) -> None:
    raise ZeroDivisionError("a mistake of the program's")


def _break(encoder: Any) -> None:
    """The chunk's file is cut off when it is done."""
    finish = type(encoder).finish

    def finishing(self: Any) -> None:
        finish(self)
        path = Path(self._path)
        os.truncate(path, path.stat().st_size - 100)
        type(encoder).finish = finish

    type(encoder).finish = finishing
