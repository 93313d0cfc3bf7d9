"""Every effect of single samples against the contract in float64: at most one code value off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from edl2ffmpeg.frame import Frame, pixel_format
from edl2ffmpeg.plan.model import EffectPlan
from edl2ffmpeg.timeline.effects import EFFECT_VALUES, EffectKind
from edl2ffmpeg.timeline.model import YuvColour
from helpers import effect_reference
from helpers.frames import Draw, codes, media_layer, random_frame
from helpers.pixel_reference import resampled, sites, to_709, values

Array = npt.NDArray[np.float64]

CURVE = ((0.0, 0.1), (0.3, 0.5), (0.8, 0.7), (1.0, 1.0))
SIZE = (63, 47)
CASES: list[tuple[str, dict[str, Any]]] = [
    ("brightness", {"value": 1.2}),
    ("brightness", {"value": 0.6}),
    ("brightness", {"curve": CURVE}),
    ("contrast", {"value": 1.7}),
    ("contrast", {"value": -0.4}),
    ("saturation", {"value": 1.8}),
    ("saturation", {"value": 0.0}),
    ("saturation", {"curve": ((0.0, 0.0), (0.2, 0.35), (0.7, 0.4))}),
    ("gamma", {"value": 2.2}),
    ("blackAndWhite", {"amount": 0.7}),
    ("rgbBalance", {"red": 1.4, "green": 0.8, "blue": 1.1}),
    ("white", {"u": 0.1, "v": -0.2}),
    ("y", {"curve": CURVE}),
    ("u", {"curve": ((-0.5, 0.2), (0.1, -0.3), (0.5, 0.4))}),
    ("v", {"curve": ((-0.3, -0.5), (0.3, 0.5))}),
    ("vignette", {"strength": 0.8, "radius": 0.3, "softness": 0.6}),
]
LAYOUTS = ["yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le", "yuv444p10le"]


def effect(kind: str, given: dict[str, Any], **more: Any) -> EffectPlan:
    known = EffectKind(kind)
    numbers = tuple(given.get(name, default) for name, default in EFFECT_VALUES[known])
    return EffectPlan(known, numbers, given.get("curve", ()), **more)


def places(layout: str, component: int, size: tuple[int, int]) -> tuple[Array, Array]:
    """(p, q) of a component's samples on a picture that fills the output."""
    left, top = sites(pixel_format(layout), component, size)
    p = 2 * np.array(left) / size[0] - 1
    q = 2 * np.array(top) / size[1] - 1
    return tuple(np.broadcast_arrays(p[None, :], q[:, None]))  # type: ignore[return-value]


def expected(frame: Frame, output: str, size: tuple[int, int], applied: Any) -> list[Array]:
    """Code values of ``frame`` on an output that it fills, after ``applied(y, u, v, p, q)``."""
    layout = pixel_format(output)
    results = []
    for component in range(3):
        found = [
            values(
                frame,
                number,
                resampled(
                    frame,
                    number,
                    (layout, *size),
                    component,
                    (0, 0, frame.width, frame.height),
                    (0, 0, *size),
                ),
            )
            for number in range(3)
        ]
        y, u, v = to_709(frame, found)
        value = applied(y, u, v, *places(output, component, size))[component]
        code = 16 + 219 * value if component == 0 else 128 + 224 * value
        results.append(np.clip(code * 2.0 ** (layout.depth - 8), 0, 2.0**layout.depth - 1))
    return results


def assert_close(result: Frame, wanted: list[Array], most: float = 1.0) -> None:
    for component, reference in enumerate(wanted):
        away = np.abs(codes(result, component) - reference).max()
        # Half a code value is the rounding of the exact result.
        assert away <= most + 0.5 if most > 1 else away <= 1.0, (component, away)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("kind", "given"), CASES, ids=lambda value: str(value)[:40])
def test_effect(draw: Draw, layout: str, kind: str, given: dict[str, Any]) -> None:
    frame = random_frame(*SIZE, layout, smooth=True)
    result = draw((layout, *SIZE), [media_layer(effects=(effect(kind, given),))], [frame])

    def applied(*samples: Array) -> Any:
        return effect_reference.pointwise(kind, given, *samples)

    assert_close(result, expected(frame, layout, SIZE, applied))


@pytest.mark.parametrize("layout", ["yuv420p", "yuv444p10le"])
@pytest.mark.parametrize("strength", [1.0, 0.4])
def test_a_cube_is_read_tetrahedrally(
    draw: Draw, tmp_path: Path, layout: str, strength: float
) -> None:
    rng = np.random.default_rng(3)
    size = 5
    steps = np.linspace(0, 1, size)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    table = np.stack([red, green, blue], axis=-1) + rng.uniform(-0.15, 0.15, (size, size, size, 3))
    lines = [f"LUT_3D_SIZE {size}"]
    lines += [" ".join(f"{number:.6f}" for number in row) for row in table.reshape(-1, 3)]
    path = tmp_path / "look.cube"
    path.write_text("\n".join(lines))
    frame = random_frame(*SIZE, layout, smooth=True)
    found = effect("lut", {"strength": strength}, lut=str(path))
    result = draw((layout, *SIZE), [media_layer(effects=(found,))], [frame])

    def applied(*samples: Array) -> Any:
        return effect_reference.pointwise("lut", {"table": table, "strength": strength}, *samples)

    assert_close(result, expected(frame, layout, SIZE, applied))


def test_effects_follow_each_other_and_clip_between(draw: Draw) -> None:
    frame = random_frame(*SIZE, "yuv420p", smooth=True)
    chain = [
        ("brightness", {"value": 1.7}),
        ("rgbBalance", {"red": 1.3, "green": 1.0, "blue": 0.7}),
        ("contrast", {"value": 0.5}),
        ("vignette", {"strength": 0.5, "radius": 0.2, "softness": 0.8}),
        ("saturation", {"value": 1.5}),
    ]
    plans = tuple(effect(kind, given) for kind, given in chain)
    result = draw(("yuv420p", *SIZE), [media_layer(effects=plans)], [frame])

    def applied(y: Array, u: Array, v: Array, p: Array, q: Array) -> Any:
        for kind, given in chain:
            y, u, v = effect_reference.pointwise(kind, given, y, u, v, p, q)
        return y, u, v

    assert_close(result, expected(frame, "yuv420p", SIZE, applied))


@pytest.mark.parametrize("source", ["yuvj420p", "rgb24", "yuv422p10le"])
def test_effects_work_on_the_outputs_colour(draw: Draw, source: str) -> None:
    frame = random_frame(*SIZE, source, smooth=True)
    given = {"value": 1.4}
    result = draw(("yuv420p", *SIZE), [media_layer(effects=(effect("contrast", given),))], [frame])

    def applied(*samples: Array) -> Any:
        return effect_reference.pointwise("contrast", given, *samples)

    assert_close(result, expected(frame, "yuv420p", SIZE, applied))


def test_borders_are_as_wide_on_all_sides(draw: Draw) -> None:
    frame = random_frame(120, 80, "yuv444p", smooth=True)
    colour = YuvColour(150, 60, 200)
    plan = effect("borders", {"width": 0.1}, colour=colour)
    result = draw(("yuv444p", 120, 80), [media_layer(effects=(plan,))], [frame])
    for component, code in enumerate((colour.y, colour.u, colour.v)):
        picture, shown = codes(frame, component), codes(result, component)
        assert (shown[8:-8, 8:-8] == np.clip(picture, 0, 255)[8:-8, 8:-8]).all()
        frame_only = np.ones((80, 120), bool)
        frame_only[8:-8, 8:-8] = False
        assert (shown[frame_only] == code).all()


def test_a_crop_is_transparent_and_its_edge_is_shared(draw: Draw) -> None:
    frame = random_frame(100, 50, "yuv444p", smooth=True)
    plan = effect("crop", {"left": 0.105, "right": 0.2, "top": 0.5, "bottom": 0.0})
    result = draw(("yuv444p", 100, 50), [media_layer(effects=(plan,))], [frame])
    shown, picture = codes(result, 0), codes(frame, 0)
    assert (shown[:25] == 16).all() and (shown[:, :10] == 16).all() and (shown[:, 80:] == 16).all()
    assert (shown[25:, 11:80] == picture[25:, 11:80]).all()
    # The left edge lies in the middle of column 10.
    assert np.abs(shown[25:, 10] - (picture[25:, 10] + 16) / 2).max() <= 1


def test_old_film_repeats_for_a_seed_and_a_frame(draw: Draw) -> None:
    frame = random_frame(160, 90, "yuv420p", smooth=True)

    def shown(seed: int, number: int) -> Array:
        given = {"grain": 0.5, "scratches": 0.8, "flicker": 0.6}
        plan = effect("oldFilm", given, seed=seed, frame=number)
        return codes(draw(("yuv420p", 160, 90), [media_layer(effects=(plan,))], [frame]), 0)

    first = shown(1, 5)
    assert (first == shown(1, 5)).all()
    assert (first != shown(1, 6)).mean() > 0.5
    assert (first != shown(2, 5)).mean() > 0.5
    assert 2 < np.abs(first - codes(frame, 0)).mean() < 80
