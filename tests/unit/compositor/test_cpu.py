from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import pytest

from edl2ffmpeg.compositor.cpu import CpuCompositor
from edl2ffmpeg.errors import SettingsError
from edl2ffmpeg.frame import Colour, Matrix, pixel_format
from edl2ffmpeg.plan.model import ColourMix
from edl2ffmpeg.timeline.model import Generator, YuvColour
from helpers.frames import (
    Allocator,
    codes,
    flat_frame,
    frame_plan,
    generated_layer,
    media_layer,
    random_frame,
)

SIZE = (64, 36)
RED = YuvColour(63, 102, 240)


@pytest.fixture
def allocate() -> Allocator:
    return Allocator(*SIZE, "yuv420p")


@pytest.fixture
def compositor(allocate) -> Iterator[CpuCompositor]:
    with CpuCompositor(*SIZE, pixel_format("yuv420p"), allocate) as result:
        yield result


def test_a_frame_with_nothing_to_do_is_returned_itself(compositor, allocate):
    source = random_frame(*SIZE, "yuv420p")
    assert compositor.compose(frame_plan(media_layer()), [source]) is source
    assert compositor.counters.passed_through == 1
    assert compositor.counters.composed == 0
    assert not allocate.frames


@pytest.mark.parametrize(
    "source",
    [
        random_frame(*SIZE, "nv12"),
        random_frame(*SIZE, "yuvj420p"),
        random_frame(*SIZE, "yuv422p"),
        random_frame(62, 36, "yuv420p"),
        random_frame(*SIZE, "yuv420p", Colour(Matrix.BT601)),
        random_frame(*SIZE, "yuv420p", Colour(Matrix.BT709, full_range=True)),
        random_frame(*SIZE, "yuv420p", rotation=180),
        random_frame(*SIZE, "yuv420p", sample_aspect_ratio=1.5),
    ],
)
def test_any_difference_of_the_frame_is_drawn(compositor, source):
    assert compositor.compose(frame_plan(media_layer()), [source]) is not source
    assert compositor.counters.passed_through == 0


@pytest.mark.parametrize(
    "layer",
    [
        media_layer(gamma=Fraction(11, 10)),
        media_layer(opacity=Fraction(99, 100)),
        media_layer(mix=ColourMix(RED, Fraction(99, 100))),
    ],
)
def test_any_operation_is_drawn(compositor, layer):
    source = random_frame(*SIZE, "yuv420p")
    assert compositor.compose(frame_plan(layer), [source]) is not source


def test_the_same_shape_passes_whatever_the_aspect_rounds_to(compositor):
    source = random_frame(*SIZE, "yuv420p", sample_aspect_ratio=1.0001)
    assert compositor.compose(frame_plan(media_layer()), [source]) is source


def test_a_semi_planar_frame_is_only_rearranged(compositor):
    source = random_frame(*SIZE, "nv12")
    result = compositor.compose(frame_plan(media_layer()), [source])
    for component in range(3):
        assert (codes(result, component) == codes(source, component)).all()


def test_an_empty_plan_is_one_black_frame(compositor, allocate):
    first = compositor.compose(frame_plan(), [])
    second = compositor.compose(frame_plan(), [])
    assert first is second
    assert len(allocate.frames) == 1
    assert compositor.counters.reused == 1
    for component, code in enumerate((16, 128, 128)):
        assert (codes(first, component) == code).all()


def test_black_is_scaled_to_the_depth():
    allocate = Allocator(*SIZE, "p010le")
    with CpuCompositor(*SIZE, pixel_format("p010le"), allocate) as compositor:
        frame = compositor.compose(frame_plan(), [])
    for component, code in enumerate((64, 512, 512)):
        assert (codes(frame, component) == code).all()


def test_a_static_colour_is_drawn_once(compositor, allocate):
    layer = generated_layer(Generator.COLOUR, colour=RED)
    frames = [compositor.compose(frame_plan(layer), [None]) for _ in range(5)]
    assert all(frame is frames[0] for frame in frames)
    assert len(allocate.frames) == 1
    assert (codes(frames[0], 2) == 240).all()


def test_a_kept_frame_is_not_drawn_on(compositor):
    black = compositor.compose(frame_plan(), [])
    source = random_frame(*SIZE, "nv12")
    compositor.compose(frame_plan(media_layer()), [source])
    compositor.compose(frame_plan(generated_layer(Generator.DEMO, 3)), [None])
    assert (codes(black, 0) == 16).all()


def test_kept_frames_are_few(compositor, allocate):
    for luma in range(16, 36):
        layer = generated_layer(Generator.COLOUR, colour=YuvColour(luma, 128, 128))
        compositor.compose(frame_plan(layer), [None])
    assert len(compositor._static) <= 4


def test_a_moving_generated_picture_is_drawn_each_time(compositor):
    first = compositor.compose(frame_plan(generated_layer(Generator.TEST_PATTERN, 1)), [None])
    second = compositor.compose(frame_plan(generated_layer(Generator.TEST_PATTERN, 2)), [None])
    assert first is not second
    assert (codes(first, 0) != codes(second, 0)).any()


def test_a_generated_colour_with_opacity_is_over_black(compositor):
    layer = generated_layer(
        Generator.COLOUR, colour=YuvColour(216, 28, 228), source_opacity=Fraction(1, 2)
    )
    frame = compositor.compose(frame_plan(layer), [None])
    assert compositor.compose(frame_plan(layer), [None]) is frame
    for component, code in enumerate((116, 78, 178)):
        assert (codes(frame, component) == code).all()


def test_a_small_generated_picture_is_fitted_with_bars(compositor):
    layer = generated_layer(Generator.COLOUR, colour=RED, width=10, height=10)
    frame = compositor.compose(frame_plan(layer), [None])
    luma = codes(frame, 0)
    assert (luma[:, :14] == 16).all() and (luma[:, 50:] == 16).all()
    assert (luma[:, 14:50] == 63).all()


def test_a_transparent_layer_is_not_drawn(compositor):
    source = random_frame(*SIZE, "yuv420p")
    black = compositor.compose(frame_plan(media_layer(opacity=0)), [source])
    assert black is compositor.compose(frame_plan(), [])


def test_steady_state_prepares_nothing_and_allocates_only_output(compositor, allocate):
    sources = [random_frame(40, 30, "nv12", seed=seed) for seed in range(3)]
    for index in range(12):
        layer = media_layer(opacity=Fraction(index + 1, 20))
        compositor.compose(frame_plan(layer), [sources[index % 3]])
        compositor.compose(frame_plan(generated_layer(Generator.DEMO, index)), [None])
    assert compositor.counters.prepared == 2
    assert len(allocate.frames) == compositor.counters.composed == 24


@pytest.mark.parametrize("threads", [2, 3, 5])
@pytest.mark.parametrize("layout", ["yuv420p", "rgb24", "yuva420p"])
def test_threads_do_not_change_a_sample(layout, threads):
    source = random_frame(50, 41, layout, Colour(Matrix.BT601))
    layers = [
        generated_layer(Generator.DEMO, 7),
        media_layer(opacity=Fraction(2, 3), track=2),
    ]
    results = []
    for count in (1, threads):
        allocate = Allocator(*SIZE, "yuv420p")
        with CpuCompositor(*SIZE, pixel_format("yuv420p"), allocate, threads=count) as compositor:
            results.append(compositor.compose(frame_plan(*layers), [None, source]))
    for component in range(3):
        assert (codes(results[0], component) == codes(results[1], component)).all()


def test_closing_twice_is_harmless_and_composing_afterwards_raises(allocate):
    compositor = CpuCompositor(*SIZE, pixel_format("yuv420p"), allocate, threads=2)
    compositor.close()
    compositor.close()
    with pytest.raises(ValueError, match="closed"):
        compositor.compose(frame_plan(), [])


def test_pictures_must_match_the_layers(compositor):
    with pytest.raises(ValueError, match="1 pictures, got 0"):
        compositor.compose(frame_plan(media_layer()), [])
    with pytest.raises(ValueError, match=r"clips\[0\]"):
        compositor.compose(frame_plan(media_layer()), [None])


@pytest.mark.parametrize("layout", ["rgb24", "gray", "yuva420p"])
def test_output_formats_that_cannot_be_are_refused(layout, allocate):
    with pytest.raises(SettingsError, match=layout):
        CpuCompositor(*SIZE, pixel_format(layout), allocate)


def test_many_kinds_of_source_do_not_pile_up(compositor):
    for width in range(20, 60):
        compositor.compose(frame_plan(media_layer()), [flat_frame(width, 9, "gray", (50,))])
    assert len(compositor._routes) <= 16
