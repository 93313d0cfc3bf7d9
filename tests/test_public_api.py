"""What the package exports, and that it says so in order."""

from __future__ import annotations

import inspect

import pytest

import edl2ffmpeg


def test_all_is_sorted_and_complete() -> None:
    assert sorted(edl2ffmpeg.__all__) == edl2ffmpeg.__all__
    assert dir(edl2ffmpeg) == edl2ffmpeg.__all__


@pytest.mark.parametrize("name", edl2ffmpeg.__all__)
def test_every_name_is_there_and_documented(name: str) -> None:
    value = getattr(edl2ffmpeg, name)
    if inspect.isclass(value) or inspect.isfunction(value):
        assert inspect.getdoc(value)


def test_other_names_are_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'renderer'"):
        edl2ffmpeg.renderer  # noqa: B018


def test_errors_carry_their_exit_code() -> None:
    codes = {
        name: getattr(edl2ffmpeg, name).exit_code
        for name in edl2ffmpeg.__all__
        if name.endswith("Error")
    }
    assert codes["Edl2FfmpegError"] == codes["EncodeError"] == codes["DecodeError"] == 1
    assert codes["EdlSyntaxError"] == codes["MediaOpenError"] == codes["SettingsError"] == 2
    assert codes["JobInterruptedError"] == 130
