"""Every transition against the contract, between pictures of any kind."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from edl2ffmpeg.frame import Frame, pixel_format
from edl2ffmpeg.plan.model import ColourMix, LayerPlan, TransformPlan, TransitionPlan
from edl2ffmpeg.timeline.effects import TransitionKind, TransitionLook
from edl2ffmpeg.timeline.model import YuvColour
from helpers.frames import Draw, codes, flat_frame, media_layer, random_frame, set_component
from helpers.pixel_reference import sites

Array = npt.NDArray[np.float64]

SIZE = (96, 64)
LAYOUTS = ["yuv420p", "yuv422p10le", "yuv444p"]
BLACK = (16, 128, 128)
HALF = Fraction(1, 2)


def transition(
    kind: str,
    progress: Fraction,
    outgoing: LayerPlan | None = None,
    incoming: LayerPlan | None = None,
    track: int = 1,
    **look: Any,
) -> TransitionPlan:
    found = TransitionLook(TransitionKind(kind), **look)
    return TransitionPlan(
        found,
        progress,
        outgoing or media_layer(track=track),
        incoming or media_layer(track=track),
        track,
        "clips[1].transition",
    )


def pictures(layout: str) -> list[Frame | None]:
    return [random_frame(*SIZE, layout, seed=seed, smooth=True) for seed in (1, 2)]


def of(frame: Frame | None, component: int) -> Array:
    assert frame is not None
    return codes(frame, component)


def grid(layout: str, component: int) -> tuple[Array, Array]:
    left, top = sites(pixel_format(layout), component, SIZE)
    x, y = np.meshgrid(np.array(left), np.array(top))
    return x, y


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("progress", [Fraction(1, 20), Fraction(1, 2), Fraction(37, 40)])
@pytest.mark.parametrize("gamma", [1, 2], ids=["untouched", "drawn"])
def test_dissolve(draw: Draw, layout: str, progress: Fraction, gamma: int) -> None:
    both = pictures(layout)
    # An effect on the incoming side takes the way over stages.
    incoming = media_layer(gamma=gamma)
    result = draw((layout, *SIZE), [transition("dissolve", progress, None, incoming)], both)
    depth = pixel_format(layout).depth
    scale = 2.0 ** (depth - 8)
    for component in range(3):
        first, second = of(both[0], component), of(both[1], component)
        if component == 0 and gamma == 2:
            luma = np.clip((second / scale - 16) / 219, 0, 1)
            second = (16 + 219 * luma**0.5) * scale
        wanted = first + (second - first) * float(progress)
        assert np.abs(codes(result, component) - wanted).max() <= 1


@pytest.mark.parametrize("progress", [Fraction(1, 10), Fraction(3, 10), Fraction(4, 5)])
def test_dip(draw: Draw, progress: Fraction) -> None:
    both = pictures("yuv420p")
    colour = YuvColour(200, 90, 160)
    plan = transition("dip", progress, colour=colour)
    result = draw(("yuv420p", *SIZE), [plan], both)
    share = float(min(progress, 1 - progress) * 2)
    side = both[0] if progress < Fraction(1, 2) else both[1]
    for component, code in enumerate((colour.y, colour.u, colour.v)):
        wanted = of(side, component) * (1 - share) + code * share
        assert np.abs(codes(result, component) - wanted).max() <= 1


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("angle", [0.0, 90.0, 33.0, 180.0])
@pytest.mark.parametrize("invert", [False, True])
@pytest.mark.parametrize("softness", [0.0, 0.4])
def test_wipe(draw: Draw, layout: str, angle: float, invert: bool, softness: float) -> None:
    both = pictures(layout)
    progress = Fraction(2, 5)
    plan = transition("wipe", progress, angle=angle, invert=invert, softness=softness)
    result = draw((layout, *SIZE), [plan], both)
    across, down = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    length = abs(across) * SIZE[0] + abs(down) * SIZE[1]
    soft = max(softness, 1 / np.hypot(*SIZE))
    for component in range(3):
        x, y = grid(layout, component)
        along = 0.5 + ((x - SIZE[0] / 2) * across + (y - SIZE[1] / 2) * down) / length
        if invert:
            along = 1 - along
        share = np.clip((float(progress) * (1 + soft) - along) / soft, 0, 1)
        wanted = of(both[0], component) * (1 - share) + of(both[1], component) * share
        assert np.abs(codes(result, component) - wanted).max() <= 1


@pytest.mark.parametrize("invert", [False, True])
def test_iris_is_a_circle_that_grows(draw: Draw, invert: bool) -> None:
    flat = [flat_frame(*SIZE, "yuv444p", (50, 128, 128)), flat_frame(*SIZE, "yuv444p", (200, 1, 1))]
    progress = Fraction(1, 3)
    result = draw(("yuv444p", *SIZE), [transition("iris", progress, invert=invert)], flat)
    x, y = grid("yuv444p", 0)
    distance = np.hypot(x - 48, y - 32) / (np.hypot(*SIZE) / 2)
    shown = codes(result, 0)
    done = 1 - float(progress) if invert else float(progress)
    near, far = (50, 200) if invert else (200, 50)
    assert (shown[distance < done - 0.03] == near).all()
    assert (shown[distance > done + 0.03] == far).all()


def test_a_star_has_its_points(draw: Draw) -> None:
    width, height = 5 * SIZE[0], 5 * SIZE[1]
    flat = [flat_frame(width, height, "yuv444p", (luma, 128, 128)) for luma in (50, 200)]
    plan = transition("iris", Fraction(3, 10), points=5)
    shown = codes(draw(("yuv444p", width, height), [plan], flat), 0)
    # Half way between the inner and the outer points, of which one is at the top.
    radius = 0.3 * np.hypot(width, height) / 2 * 1.5
    turn = np.radians(np.arange(0, 360, 2))
    ring = shown[
        (height / 2 - radius * np.cos(turn)).astype(int),
        (width / 2 + radius * np.sin(turn)).astype(int),
    ]
    inside = ring > 125
    assert (inside & ~np.roll(inside, 1)).sum() == 5
    assert inside[0]


@pytest.mark.parametrize("invert", [False, True])
def test_squares_change_one_after_another(draw: Draw, invert: bool) -> None:
    flat = [flat_frame(*SIZE, "yuv420p", (50, 128, 128)), flat_frame(*SIZE, "yuv420p", (200, 1, 1))]
    changed = []
    for step in range(24):
        progress = Fraction(2 * step + 1, 48)
        plan = transition("squares", progress, columns=6, invert=invert)
        shown = codes(draw(("yuv420p", *SIZE), [plan], flat), 0)
        cells = shown.reshape(4, 16, 6, 16).mean(axis=(1, 3))
        assert set(np.unique(cells)) <= {50.0, 200.0}
        changed.append(cells == 200)
        assert changed[-1].sum() == step + (progress * 24 > step + Fraction(1, 2))
    for before, after in pairwise(changed):
        assert (after | ~before).all()


@pytest.mark.parametrize("kind", ["slide", "push"])
@pytest.mark.parametrize("invert", [False, True])
@pytest.mark.parametrize(("angle", "way"), [(0.0, (96, 0)), (90.0, (0, 64)), (180.0, (-96, 0))])
def test_slide_and_push(
    draw: Draw, kind: str, invert: bool, angle: float, way: tuple[int, int]
) -> None:
    both = pictures("yuv420p")
    result = draw(
        ("yuv420p", *SIZE), [transition(kind, Fraction(1, 4), angle=angle, invert=invert)], both
    )
    if kind == "slide":
        moves = [(0.25, 0.0) if invert else (0.0, -0.75)][0]
        top = 0 if invert else 1
    else:
        moves = (-0.25, 0.75) if invert else (0.25, -0.75)
        top = 1
    for component in range(3):
        down = 1 if component == 0 else 2
        shown = np.full(codes(result, component).shape, -1.0)
        for side in (1 - top, top):
            picture = of(both[side], component)
            dx, dy = (round(part * moves[side]) // down for part in way)
            height, width = picture.shape
            for y in range(height):
                for x in range(width):
                    if 0 <= y - dy < height and 0 <= x - dx < width:
                        shown[y, x] = picture[y - dy, x - dx]
        assert (shown >= 0).all()
        assert np.abs(codes(result, component) - shown).max() <= 1


def test_without_a_clip_before_it_comes_from_black(draw: Draw) -> None:
    frame = random_frame(*SIZE, "yuv420p", smooth=True)
    plan = TransitionPlan(
        TransitionLook(TransitionKind.DISSOLVE), Fraction(1, 4), None, media_layer(), 1, "x"
    )
    result = draw(("yuv420p", *SIZE), [plan], [frame])
    for component, black in enumerate(BLACK):
        wanted = black + (of(frame, component) - black) / 4
        assert np.abs(codes(result, component) - wanted).max() <= 1


def test_sources_of_other_sizes_are_fitted_first(draw: Draw) -> None:
    small = random_frame(64, 64, "yuv420p", smooth=True)
    other = random_frame(*SIZE, "yuv420p", seed=2, smooth=True)
    result = draw(("yuv420p", *SIZE), [transition("dissolve", Fraction(1, 2))], [small, other])
    # The first is a square with black bars of 16 pixels.
    wanted = (16 + of(other, 0)[:, :16]) / 2
    assert np.abs(codes(result, 0)[:, :16] - wanted).max() <= 1
    wanted = (of(small, 0) + of(other, 0)[:, 16:80]) / 2
    assert np.abs(codes(result, 0)[:, 16:80] - wanted).max() <= 1


def test_above_track_1_bars_stay_transparent(draw: Draw) -> None:
    beneath = flat_frame(*SIZE, "yuv420p", (90, 100, 110))
    small = flat_frame(64, 64, "yuv420p", (200, 128, 128))
    wide = flat_frame(*SIZE, "yuv420p", (40, 128, 128))
    plan = transition("dissolve", Fraction(1, 4), track=2)
    result = draw(("yuv420p", *SIZE), [media_layer(), plan], [beneath, small, wide])
    shown = codes(result, 0)
    assert np.abs(shown[:, 20:76] - (200 * 0.75 + 40 * 0.25)).max() <= 1
    # Where the square has nothing, a quarter of the wide picture lies over the bottom layer.
    assert np.abs(shown[:, :14] - (90 * 0.75 + 40 * 0.25)).max() <= 1


def test_fades_and_transforms_of_both_sides_are_kept(draw: Draw) -> None:
    flat = [flat_frame(*SIZE, "yuv420p", (luma, 128, 128)) for luma in (200, 60)]
    outgoing = media_layer(mix=ColourMix(YuvColour(100, 128, 128), Fraction(1, 2)))
    incoming = media_layer(transforms=(TransformPlan(zoom_x=0.5, zoom_y=0.5),))
    plan = transition("dissolve", Fraction(1, 2), outgoing, incoming)
    shown = codes(draw(("yuv420p", *SIZE), [plan], flat), 0)
    assert np.abs(shown[20:44, 30:66] - (150 + 60) / 2).max() <= 1
    assert np.abs(shown[:12] - (150 + 16) / 2).max() <= 1


def test_squares_smaller_than_a_pixel_are_pixels(draw: Draw) -> None:
    """Ten thousand columns would be fifty million cells."""
    flat = [flat_frame(*SIZE, "yuv444p", (luma, 128, 128)) for luma in (50, 200)]
    shown = [
        codes(draw(("yuv444p", *SIZE), [transition("squares", HALF, columns=columns)], flat), 0)
        for columns in (SIZE[0], 10_000)
    ]
    assert (shown[0] == shown[1]).all()
    assert (shown[0] == 200).sum() == shown[0].size / 2


@pytest.mark.parametrize("kind", ["dissolve", "wipe", "dip"])
def test_transitions_of_texts_leave_the_video_alone(draw: Draw, kind: str) -> None:
    """Where neither text has a letter, what is beneath is seen, also on track 1."""
    beneath = flat_frame(*SIZE, "yuv444p", (90, 100, 110))
    letter = flat_frame(*SIZE, "rgba", (255, 255, 255, 0))
    set_component(letter, 3, np.pad(np.full((20, 30), 255), ((20, 24), (30, 36))))
    for outgoing in (None, media_layer()):
        plan = replace(
            transition(kind, Fraction(3, 10), None, None, colour=YuvColour(60, 128, 128)),
            outgoing=outgoing,
            track_kind="burnin",
        )
        pictures = [beneath, *([letter] * len(plan.legs))]
        shown = draw(("yuv444p", *SIZE), [media_layer(), plan], pictures)
        outside = np.ones((SIZE[1], SIZE[0]), bool)
        outside[18:42, 28:62] = False
        for component, code in enumerate((90, 100, 110)):
            assert np.abs(codes(shown, component)[outside] - code).max() <= 1
        assert np.abs(codes(shown, 0)[~outside] - 90).max() > 20 or outgoing is None


@pytest.mark.parametrize(("layout", "planar"), [("nv12", "yuv420p"), ("p010le", "yuv420p10le")])
@pytest.mark.parametrize("kind", ["dissolve", "wipe", "push"])
@pytest.mark.parametrize("gamma", [1, 2], ids=["untouched", "drawn"])
def test_interleaved_chroma_is_the_planar_picture(
    draw: Draw, layout: str, planar: str, kind: str, gamma: int
) -> None:
    """Codes in the high bits and steps of two samples change no code."""
    plan = transition(kind, Fraction(2, 7), None, media_layer(gamma=gamma))
    expected = draw((planar, *SIZE), [plan], pictures(planar))
    found = draw((layout, *SIZE), [plan], pictures(layout))
    for component in range(3):
        assert (codes(expected, component) == codes(found, component)).all()
