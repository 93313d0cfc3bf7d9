"""The main loop of a worker process: takes tasks from a connection, and answers with results.

Note [Workers]: a worker must end when its parent does, however that ends: the system is asked to
kill it then (Linux), and it ends itself when the connection closes.  It is in a process group
of its own, so that a Ctrl-C at the terminal is its parent's to answer.  Whether it still makes
progress is for its parent to judge, so a thread tells it whenever anything has been done; that
thread says nothing while a call into a driver hangs.
"""

from __future__ import annotations

import logging
import os
import pickle
import queue
import signal
import sys
import threading
import traceback
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import Any, Protocol

from edl2ffmpeg.errors import Edl2FfmpegError, WorkerError
from edl2ffmpeg.rendering.chunk import (
    ChunkRenderer,
    ChunkTask,
    SoundTask,
    render_sound,
)
from edl2ffmpeg.rendering.helper_process import end_with_parent
from edl2ffmpeg.rendering.progress import Progress, ProgressCallback
from edl2ffmpeg.rendering.recipe import Recipe
from edl2ffmpeg.rendering.watch import Watch

__all__ = ["main", "start_command"]

_BEAT_SECONDS = 0.1
_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from edl2ffmpeg.rendering.worker import main; main(*map(int, sys.argv[2:]))"
)


def start_command(path: str, descriptor: int, parent: int, log_level: int) -> list[str]:
    """The command line of a worker; ``path`` is the parent's ``sys.path`` as JSON."""
    # Without -P a module of the current folder would be taken for one of Python's own.
    command = [sys.executable, "-P", "-c", _START, path]
    return [*command, str(descriptor), str(parent), str(log_level)]


def main(descriptor: int, parent: int, log_level: int) -> None:
    """Serves the connection at ``descriptor`` until it closes or asks to stop."""
    _end_with(parent)
    for name in ("SIGINT", "SIGHUP"):
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    logging.basicConfig(level=log_level, format="edl2ffmpeg: %(message)s", stream=sys.stderr)
    _Worker(Connection(descriptor)).serve()


def _end_with(parent: int) -> None:
    end_with_parent()
    if os.getppid() != parent:
        # It has died before the system could be asked.
        os._exit(1)


class _WholeTask(Protocol):
    """A task of another kind, which carries itself out."""

    def carry_out(self, progress: ProgressCallback, watch: Watch) -> Any:
        """Does all of it, and tells ``watch``; what ``progress`` raises stops it."""


_Task = ChunkTask | SoundTask | _WholeTask


class _StoppedError(BaseException):
    """The parent wants no more of this."""


class _Worker:
    """One process's state: the connection, the open renderer, and the task at hand."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sending = threading.Lock()
        # Messages in their order: recipes, tasks, and that a recipe is done with.
        self._messages: queue.SimpleQueue[list[Any] | None] = queue.SimpleQueue()
        self._recipes: dict[str, Recipe] = {}
        self._renderer: tuple[tuple[str, int | None], ChunkRenderer] | None = None
        self._stopping = False
        self._task = -1
        self._done = 0
        self._watch = Watch()

    def serve(self) -> None:
        """Does tasks in the main thread; other threads listen and tell."""
        threading.Thread(target=self._listen, name="listen", daemon=True).start()
        threading.Thread(target=self._tell, name="tell", daemon=True).start()
        self._send("ready")
        try:
            while (message := self._messages.get()) is not None:
                kind, *content = message
                if kind == "recipe":
                    name, data = content
                    self._recipes[name] = pickle.loads(data)
                elif kind == "forget":
                    self._forget(content[0])
                else:
                    self._do(*content)
        except _StoppedError:
            pass
        finally:
            self._close_renderer()

    def _listen(self) -> None:
        while True:
            try:
                message = self._connection.recv_bytes()
            except (EOFError, OSError):
                # Nobody is left to render for.
                os._exit(1)
            content = pickle.loads(message)
            if content[0] == "stop":
                self._stopping = True
                self._messages.put(None)
            else:
                self._messages.put(list(content))

    def _tell(self) -> None:
        """Sends what has been done whenever that has changed."""
        told: Any = None
        pause = threading.Event()
        while not pause.wait(_BEAT_SECONDS):
            watch = self._watch
            state = (self._task, self._done, watch.stage, watch.activity)
            if state != told and self._task >= 0:
                told = state
                self._send("beat", *state[:3])

    def _send(self, *message: Any) -> None:
        data = pickle.dumps(message)
        with self._sending, suppress(OSError):
            self._connection.send_bytes(data)

    def _progress(self, progress: Progress) -> None:
        self._done = progress.frames_done
        if self._stopping:
            raise _StoppedError

    def _do(self, number: int, task: _Task) -> None:
        self._watch = Watch()
        self._watch.makes("opening the device")
        self._done, self._task = 0, number
        try:
            if isinstance(task, SoundTask):
                self._watch.makes("making the sound")
                known = replace(task, recipe=self._recipes[task.recipe_name])
                result: Any = render_sound(known, self._progress)
            elif isinstance(task, ChunkTask):
                renderer = self._renderer_of(task)
                self._watch = renderer.watch
                result = renderer.render(task, self._progress)
            else:
                self._close_renderer()
                result = task.carry_out(self._progress, self._watch)
            answer = ("done", number, result)
        except Edl2FfmpegError as error:
            answer = ("failed", number, error)
            # What has failed may be in any state; the next task gets a new one.
            self._close_renderer()
        except Exception as error:
            text = "".join(traceback.format_exception(error)).rstrip()
            logging.getLogger(__name__).debug("a worker met an error of its own:\n%s", text)
            what = f"{type(error).__name__}: {error}"
            answer = ("failed", number, WorkerError(f"a worker met an error of its own: {what}"))
            self._close_renderer()
        self._task = -1
        self._send(*answer)

    def _renderer_of(self, task: ChunkTask) -> ChunkRenderer:
        """The open renderer, if it is of the task's recipe and device, or else a new one."""
        key = (task.recipe_name, task.device)
        if self._renderer is None or self._renderer[0] != key:
            self._close_renderer()
            renderer = ChunkRenderer(self._recipes[task.recipe_name], task.cores, task.device)
            self._renderer = (key, renderer)
        return self._renderer[1]

    def _forget(self, name: str) -> None:
        self._recipes.pop(name, None)
        if self._renderer is not None and self._renderer[0][0] == name:
            self._close_renderer()

    def _close_renderer(self) -> None:
        renderer, self._renderer = self._renderer, None
        if renderer is not None:
            renderer[1].close()
