"""Frames on NumPy memory, with rows padded by bytes that nobody may touch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from edl2ffmpeg.frame import Colour, Frame, Matrix, PixelFormat, Plane, pixel_format
from edl2ffmpeg.plan.model import (
    ColourMix,
    EffectPlan,
    FramePlan,
    GeneratedPicture,
    LayerPlan,
    MediaPicture,
    TransformPlan,
    TransitionPlan,
)
from edl2ffmpeg.timeline.model import (
    GeneratedSource,
    Generator,
    MediaSource,
    StreamKind,
    StreamSelector,
)

Draw = Callable[..., Frame]  # the fixture of the parity tests

PADDING_BYTE = 0xA7
_PADDING_BYTES = 22
_MEDIA = MediaSource("a.mp4", "/a.mp4", StreamSelector(StreamKind.VIDEO))


def blank_frame(
    width: int,
    height: int,
    layout: str | PixelFormat,
    colour: Colour | None = None,
    *,
    sample_aspect_ratio: float = 1.0,
    rotation: int = 0,
) -> Frame:
    """A frame whose every byte, padding included, is ``PADDING_BYTE``."""
    if isinstance(layout, str):
        layout = pixel_format(layout)
    planes, memory = [], []
    size = layout.bytes_per_sample
    for index in range(layout.plane_count):
        parts = [number for number, part in enumerate(layout.components) if part.plane == index]
        columns, rows = layout.component_size(parts[0], width, height)
        pitch = columns * max(layout.components[part].step for part in parts) * size
        pitch += _PADDING_BYTES
        array = np.full(pitch * (rows + 1), PADDING_BYTE, np.uint8)
        memory.append(array)
        planes.append(Plane(array.ctypes.data, pitch, rows))
    if colour is None:
        colour = Colour(Matrix.RGB, True) if layout.is_rgb else Colour()
    return Frame(
        width, height, layout, colour, tuple(planes), memory, sample_aspect_ratio, rotation
    )


def random_frame(
    width: int,
    height: int,
    layout: str,
    colour: Colour | None = None,
    *,
    seed: int = 1,
    smooth: bool = False,
    **attributes: Any,
) -> Frame:
    """Random samples over the whole depth, or (``smooth``) slowly varying ones."""
    frame = blank_frame(width, height, layout, colour, **attributes)
    rng = np.random.default_rng(seed)
    for component in range(len(frame.format.components)):
        rows, columns = frame.array(component).shape
        if smooth:
            x, y = np.meshgrid(np.arange(columns) / columns, np.arange(rows) / rows)
            a, b, c = rng.uniform(0.5, 2.5, 3)
            value = 0.5 + 0.4 * np.sin(6.28 * (a * x + c)) * np.cos(6.28 * (b * y))
            samples = np.rint(value * ((1 << frame.format.depth) - 1))
        else:
            samples = rng.integers(0, 1 << frame.format.depth, (rows, columns))
        set_component(frame, component, samples)
    return frame


def flat_frame(
    width: int, height: int, layout: str, codes: Sequence[int], colour: Colour | None = None
) -> Frame:
    """Every sample of component i is ``codes[i]``."""
    frame = blank_frame(width, height, layout, colour)
    for component, code in enumerate(codes):
        set_component(frame, component, code)
    return frame


def set_component(frame: Frame, component: int, samples: npt.ArrayLike) -> None:
    """Write code values, shifted as the format wants them."""
    values = np.asarray(samples).astype(np.int64) << frame.format.components[component].shift
    frame.array(component)[...] = values


def codes(frame: Frame, component: int) -> npt.NDArray[np.float64]:
    """Code values of one component."""
    part = frame.format.components[component]
    return (frame.array(component) >> part.shift).astype(np.float64)


def padding_is_untouched(frame: Frame) -> bool:
    """Whether the bytes after each row and the row after the last are as they were."""
    layout = frame.format
    for index, (plane, memory) in enumerate(zip(frame.planes, frame.native, strict=True)):
        rows = memory.reshape(-1, plane.pitch)
        parts = [number for number, part in enumerate(layout.components) if part.plane == index]
        columns, _ = layout.component_size(parts[0], frame.width, frame.height)
        step = max(layout.components[number].step for number in parts)
        used = columns * step * layout.bytes_per_sample
        if not (rows[:-1, used:] == PADDING_BYTE).all() or not (rows[-1] == PADDING_BYTE).all():
            return False
    return True


class Allocator:
    """Gives new output frames and counts them."""

    def __init__(self, width: int, height: int, layout: str) -> None:
        self.arguments = (width, height, layout)
        self.frames: list[Frame] = []

    def __call__(self) -> Frame:
        frame = blank_frame(*self.arguments)
        self.frames.append(frame)
        return frame


def media_layer(
    *,
    gamma: Fraction | int = 1,
    mix: ColourMix | None = None,
    opacity: Fraction | int = 1,
    track: int = 1,
    effects: tuple[EffectPlan, ...] = (),
    transforms: tuple[TransformPlan, ...] = (),
) -> LayerPlan:
    """A layer that shows a decoded frame."""
    return LayerPlan(
        MediaPicture(_MEDIA, Fraction(0)),
        track,
        "clips[0].source",
        "clips[0]",
        Fraction(gamma),
        mix,
        Fraction(opacity),
        effects,
        transforms,
    )


def generated_layer(
    generator: Generator,
    frame: int = 0,
    *,
    mix: ColourMix | None = None,
    opacity: Fraction | int = 1,
    source_opacity: Fraction | int = 1,
    **source: Any,
) -> LayerPlan:
    """A layer that shows a generated source."""
    made = GeneratedSource(generator, opacity=Fraction(source_opacity), **source)
    picture = GeneratedPicture(made, frame)
    return LayerPlan(picture, 1, "clips[0].source", "clips[0]", Fraction(1), mix, Fraction(opacity))


def frame_plan(*layers: LayerPlan | TransitionPlan) -> FramePlan:
    """Frame 0 with these layers."""
    return FramePlan(0, Fraction(0), layers)
