from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from edl2ffmpeg.compositor.cpu_kernels import CpuKernels
from edl2ffmpeg.compositor.generate import PictureGenerator
from edl2ffmpeg.compositor.patterns import demo_palette, demo_phases, wave
from edl2ffmpeg.frame import Frame, pixel_format
from edl2ffmpeg.plan.model import GeneratedPicture
from edl2ffmpeg.timeline.model import GeneratedSource, Generator, YuvColour
from helpers.frames import codes

Array = npt.NDArray[np.float64]


def picture(generator: Generator, frame: int = 0, **source: Any) -> GeneratedPicture:
    return GeneratedPicture(GeneratedSource(generator, **source), frame)


def planes(frame: Frame) -> list[Array]:
    return [codes(frame, component).copy() for component in range(3)]


@pytest.mark.parametrize(("layout", "scale"), [("yuv420p", 1), ("yuv422p10le", 4), ("p010le", 4)])
def test_colour_is_exact(layout: str, scale: int) -> None:
    generator = PictureGenerator(33, 17, pixel_format(layout), CpuKernels())
    frame = generator.draw(picture(Generator.COLOUR, colour=YuvColour(81, 90, 240)))
    for component, code in enumerate((81, 90, 240)):
        assert (codes(frame, component) == code * scale).all()


def test_a_source_may_have_a_size_of_its_own() -> None:
    generator = PictureGenerator(64, 36, pixel_format("yuv420p"), CpuKernels())
    frame = generator.draw(picture(Generator.BLACK, width=20, height=10))
    assert (frame.width, frame.height) == (20, 10)


def test_bars_have_the_levels_of_75_percent_colours() -> None:
    generator = PictureGenerator(700, 480, pixel_format("yuv444p"), CpuKernels())
    y, u, v = planes(generator.draw(picture(Generator.TEST_PATTERN)))
    found = [(y[20, x], u[20, x], v[20, x]) for x in range(50, 700, 100)]
    assert found == [
        (180, 128, 128), (168, 44, 136), (145, 147, 44), (133, 63, 52),
        (63, 193, 204), (51, 109, 212), (28, 212, 120),
    ]  # fmt: skip
    ramp = y[470, :400]
    assert ramp[0] == 16 and ramp[-1] == 235 and (np.diff(ramp) >= 0).all()
    assert sorted(set(y[470, 500:])) == [9, 16, 25]


def read_counter(luma: Array, digits: int = 6) -> int:
    """The number in the picture, read from its segments like a display."""
    white = luma == 235
    rows, columns = np.nonzero(white[: len(luma) * 2 // 3])
    # Every digit but 1 fills its cell, and the tests count in zeros first.
    top, bottom, left = rows.min(), rows.max() + 1, columns.min()
    stroke = (bottom - top) // 9
    patterns = ["abcdef", "bc", "abdeg", "abcdg", "bcfg", "acdfg", "acdefg", "abc", "abcdefg",
                "abcdfg"]  # fmt: skip
    probes = {"a": (0, 2), "b": (2, 4), "c": (6, 4), "d": (8, 2), "e": (6, 0), "f": (2, 0),
              "g": (4, 2)}  # fmt: skip
    number = ""
    for index in range(digits):
        lit = ""
        for name, (row, column) in probes.items():
            y = top + row * stroke + stroke // 2
            x = left + (6 * index + column) * stroke + stroke // 2
            lit += name if white[y, x] else ""
        number += str(patterns.index(lit))
    return int(number)


@pytest.mark.parametrize("layout", ["yuv420p", "yuv422p10le"])
def test_the_counter_shows_the_number_of_the_picture(layout: str) -> None:
    generator = PictureGenerator(480, 270, pixel_format(layout), CpuKernels())
    for number in (0, 1, 23, 4567, 89, 10):
        frame = generator.draw(picture(Generator.TEST_PATTERN, number))
        luma = codes(frame, 0) / (1 << (frame.format.depth - 8))
        assert read_counter(luma) == number


def test_the_counter_grows_beyond_six_digits() -> None:
    generator = PictureGenerator(480, 270, pixel_format("yuv420p"), CpuKernels())
    generator.draw(picture(Generator.TEST_PATTERN, 999_999))
    frame = generator.draw(picture(Generator.TEST_PATTERN, 2_000_000))
    assert read_counter(codes(frame, 0), digits=7) == 2_000_000


@pytest.mark.parametrize("size", [(2, 2), (16, 4), (5, 90), (64, 36)])
@pytest.mark.parametrize("kind", [Generator.TEST_PATTERN, Generator.DEMO])
def test_small_pictures_do_not_break(size: tuple[int, int], kind: Generator) -> None:
    generator = PictureGenerator(*size, pixel_format("yuv420p"), CpuKernels())
    frame = generator.draw(picture(kind, 12))
    assert (frame.width, frame.height) == size


@pytest.mark.parametrize("layout", ["yuv420p", "yuv422p10le", "yuv444p"])
def test_the_demo_is_its_formula(layout: str) -> None:
    generator = PictureGenerator(70, 44, pixel_format(layout), CpuKernels())
    frame = generator.draw(picture(Generator.DEMO, 31))
    across, down, slant = (phase.astype(int) for phase in demo_phases(70, 44, 31))
    palette = demo_palette(frame.format.depth)
    for component in range(3):
        step_x, step_y = (1 << s if component else 1 for s in frame.format.chroma_shift)
        x, y = np.meshgrid(np.arange(0, 70, step_x), np.arange(0, 44, step_y))
        expected = palette[component][(across[x] + down[y] + slant[x + y]) & 1023]
        assert (codes(frame, component) == expected).all()


def test_the_demo_moves_and_repeats_for_the_same_number() -> None:
    generator = PictureGenerator(96, 54, pixel_format("yuv420p"), CpuKernels())
    first = planes(generator.draw(picture(Generator.DEMO, 5)))
    second = planes(generator.draw(picture(Generator.DEMO, 6)))
    again = planes(generator.draw(picture(Generator.DEMO, 5)))
    assert (first[0] != second[0]).any()
    assert all((one == other).all() for one, other in zip(first, again, strict=True))


def test_the_wave_is_near_a_sine() -> None:
    phase = np.arange(1024)
    assert np.abs(wave(phase) / 1024 - np.sin(phase * 2 * np.pi / 1024)).max() < 0.06


def test_the_palette_is_legal_and_closed() -> None:
    y, u, v = demo_palette(8).astype(int)
    assert y.min() >= 16 and y.max() <= 235
    assert min(u.min(), v.min()) >= 16 and max(u.max(), v.max()) <= 240
    for plane in (y, u, v):
        assert np.abs(np.diff(np.append(plane, plane[0]))).max() <= 4
