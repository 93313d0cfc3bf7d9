"""Errors cross from one process to another with everything they know."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from fractions import Fraction

import pytest

from edl2ffmpeg import errors
from edl2ffmpeg.errors import Edl2FfmpegError, EdlError, MediaError, Problem


def classes(kind: type[Edl2FfmpegError] = Edl2FfmpegError) -> Iterator[type[Edl2FfmpegError]]:
    yield kind
    for derived in kind.__subclasses__():
        if derived.__module__ == errors.__name__:
            yield from classes(derived)


def made(kind: type[Edl2FfmpegError]) -> Edl2FfmpegError:
    if issubclass(kind, errors.EdlValidationError):
        return kind([Problem("clips[0]", "is wrong"), Problem("clips[1]", "too")], 3)
    if issubclass(kind, EdlError):
        return kind("is wrong", "clips[0]")
    if issubclass(kind, MediaError):
        return kind("is wrong", "a.mp4", Fraction(1, 3))
    if issubclass(kind, errors.KernelCompileError):
        return kind("is wrong", "cuda:0", "what it said")
    if issubclass(kind, errors.DeviceError):
        return kind("is wrong", "cuda:0")
    if issubclass(kind, errors.WorkerError):
        return kind("is wrong", "encoding", stalled=True)
    return kind("is wrong")


@pytest.mark.parametrize("kind", list(classes()), ids=lambda kind: kind.__name__)
def test_an_error_arrives_as_it_was_sent(kind: type[Edl2FfmpegError]) -> None:
    sent = made(kind)
    received = pickle.loads(pickle.dumps(sent))
    assert type(received) is kind
    assert str(received) == str(sent)
    assert received.args == sent.args
    assert vars(received) == vars(sent)
    assert received.exit_code == sent.exit_code


def test_every_class_is_exported_and_tested() -> None:
    names = {kind.__name__ for kind in classes()}
    assert names == set(errors.__all__) - {"Problem", "printable"}
