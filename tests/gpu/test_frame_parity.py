"""Whole frames composed on a device, against the same ones composed on the CPU."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest

import edl2ffmpeg
from edl2ffmpeg.compositor.cpu import CpuCompositor
from edl2ffmpeg.compositor.cuda import CudaCompositor
from edl2ffmpeg.compositor.planes import plane_layout
from edl2ffmpeg.devices.cuda import CudaDevice
from edl2ffmpeg.devices.surfaces import SurfaceRing
from edl2ffmpeg.errors import DeviceError
from edl2ffmpeg.frame import (
    Colour,
    Frame,
    FrameAllocator,
    Matrix,
    Memory,
    PixelFormat,
    Plane,
    pixel_format,
)
from edl2ffmpeg.media.frames import FramePool
from edl2ffmpeg.plan.model import (
    ColourMix,
    EffectPlan,
    FramePlan,
    LayerPlan,
    TransformPlan,
    TransitionPlan,
)
from edl2ffmpeg.rendering import compositing
from edl2ffmpeg.timeline.effects import EFFECT_VALUES, EffectKind, TransitionKind, TransitionLook
from edl2ffmpeg.timeline.model import Generator, YuvColour
from helpers.device.frames import to_host
from helpers.edl_factory import write_edl
from helpers.frames import Allocator, codes, frame_plan, generated_layer, media_layer, random_frame
from helpers.looks import LookMedia, random_document

SIZE = (97, 55)
OUTPUTS = ["yuv420p", "yuv422p10le", "yuv420p16le", "nv12", "p010le"]
SURFACES = ["nv12", "p010le"]


def effect(kind: str, mask: TransformPlan | None = None, **values: float) -> EffectPlan:
    """An effect; numbers that are not given are those that the format assumes."""
    found = EffectKind(kind)
    assumed = dict(EFFECT_VALUES[found]) | values
    return EffectPlan(found, tuple(assumed.values()), mask=mask)


Scene = tuple[list[LayerPlan | TransitionPlan], list[Frame | None]]


def scenes() -> dict[str, Scene]:
    first = random_frame(*SIZE, "yuv420p", seed=1, smooth=True)
    small = random_frame(40, 30, "yuv422p10le", seed=2)
    full_range = random_frame(*SIZE, "yuvj444p", seed=3)
    clear = random_frame(70, 60, "yuva444p12le", seed=4)
    rgba = random_frame(33, 44, "rgba", seed=5)
    turned = random_frame(64, 40, "nv12", Colour(Matrix.BT601), seed=6, rotation=90)
    deep = random_frame(31, 77, "gbrp16le", seed=7)
    grey = random_frame(50, 20, "gray10le", seed=8)
    moved = TransformPlan(pan_x=0.2, pan_y=-0.1, zoom_x=-0.7, zoom_y=0.6, shape=0.5)
    tilted = TransformPlan(rotation=23.5, zoom_x=0.8, zoom_y=1.3)
    mask = TransformPlan(zoom_x=0.6, zoom_y=0.7, shape=0.0)
    crop = effect("crop", left=0.1, right=0.2, top=0.05, bottom=0.3)
    highlight = replace(
        effect("highlight", mask, feather=60.0),
        inside=(crop,),
        outside=(effect("blur", value=40.0),),
    )
    dissolve = TransitionLook(TransitionKind.DISSOLVE)
    wipe = TransitionLook(TransitionKind.WIPE, angle=33.0, softness=0.3)
    push = TransitionLook(TransitionKind.PUSH, angle=90.0)
    iris = TransitionLook(TransitionKind.IRIS, points=5)

    def change(look: TransitionLook, track: int = 1, **incoming: Any) -> TransitionPlan:
        layers = media_layer(track=track), media_layer(track=track, **incoming)
        return TransitionPlan(look, Fraction(2, 7), *layers, track, "clips[1].transition")

    fade = ColourMix(YuvColour(40, 90, 200), Fraction(1, 3))
    return {
        "nothing": ([], []),
        "converted": ([media_layer()], [full_range]),
        "fitted": ([media_layer(gamma=2, mix=fade)], [small]),
        "turned": ([media_layer()], [turned]),
        "deep": ([media_layer(opacity=Fraction(2, 3))], [deep]),
        "grey": ([media_layer()], [grey]),
        "alpha": ([media_layer(), media_layer(track=2)], [first, clear]),
        "moved": ([media_layer(), media_layer(track=2, transforms=(moved,))], [first, rgba]),
        "tilted": ([media_layer(), media_layer(track=2, transforms=(tilted,))], [first, clear]),
        "blurred": (
            [media_layer(effects=(effect("blur", value=90.0), effect("vignette", strength=0.7,
              radius=0.3, softness=0.4)))], [small],
        ),
        "sharp mosaic": (
            [media_layer(effects=(effect("sharpen", value=2.0, radius=30.0),
                                  effect("mosaic", value=150.0)))], [clear],
        ),
        "highlight": ([media_layer(effects=(highlight,))], [clear]),
        "film": (
            [media_layer(effects=(effect("oldFilm", grain=0.5, scratches=0.9, flicker=0.5),
                                  effect("borders", width=0.1)))], [first],
        ),
        "balance": (
            [media_layer(effects=(effect("rgbBalance", red=1.2, green=0.9, blue=0.5),
                                  effect("contrast", value=1.4), crop))], [deep],
        ),
        "dissolve": ([change(dissolve)], [first, small]),
        "wipe": ([change(wipe, gamma=2)], [first, rgba]),
        "push": ([change(push, transforms=(tilted,))], [small, first]),
        "iris above": ([media_layer(), change(iris, track=2)], [first, small, clear]),
        "bars": ([generated_layer(Generator.TEST_PATTERN, 1234)], [None]),
        "demo": ([generated_layer(Generator.DEMO, 3)], [None]),
        "colour": ([generated_layer(Generator.COLOUR, colour=YuvColour(90, 200, 30))], [None]),
    }  # fmt: skip


SCENES = scenes()


def on_cpu(layout: str, layers: Sequence[Any], pictures: Sequence[Frame | None]) -> Frame:
    with CpuCompositor(*SIZE, pixel_format(layout), Allocator(*SIZE, layout)) as compositor:
        return compositor.compose(frame_plan(*layers), pictures)


def same_codes(expected: Frame, found: Frame) -> bool:
    return all(
        bool((codes(expected, component) == codes(found, component)).all())
        for component in range(3)
    )


@pytest.mark.parametrize("layout", OUTPUTS)
@pytest.mark.parametrize("name", SCENES)
def test_downloaded_frames(device: CudaDevice, layout: str, name: str) -> None:
    layers, pictures = SCENES[name]
    if "16" in layout and any(isinstance(layer, TransitionPlan) for layer in layers):
        pytest.skip("transitions are drawn up to 15 bits")
    expected = on_cpu(layout, layers, pictures)
    frames: list[Frame] = []

    def pinned_frame() -> Frame:
        frames.append(_pinned(device, layout))
        return frames[-1]

    with CudaCompositor(device, *SIZE, pixel_format(layout), download=pinned_frame) as compositor:
        result = compositor.compose(frame_plan(*layers), pictures)
        result.wait()
        assert result.memory is Memory.HOST
        assert same_codes(expected, result)
        for frame in frames:
            assert (frame.native[0][-64:] == 0xA7).all()


def _pinned(device: CudaDevice, layout: str) -> Frame:
    """A host frame in pinned memory, with rows of another length than the device's."""
    found = pixel_format(layout)
    sizes = [(pitch + 32, rows) for pitch, rows in plane_layout(*SIZE, found)]
    memory = device.pinned(sum(pitch * rows for pitch, rows in sizes) + 64)
    memory[:] = 0xA7
    planes, address = [], memory.ctypes.data
    for pitch, rows in sizes:
        planes.append(Plane(address, pitch, rows))
        address += pitch * rows
    return Frame(*SIZE, found, Colour(), tuple(planes), [memory])


@pytest.mark.parametrize("layout", SURFACES)
@pytest.mark.parametrize("name", ["moved", "highlight", "iris above", "demo", "converted"])
@pytest.mark.parametrize("on_device", [False, True])
def test_surfaces(device: CudaDevice, layout: str, name: str, on_device: bool) -> None:
    """Frames that stay on the device, of pictures in either memory."""
    layers, pictures = SCENES[name]
    expected = on_cpu(layout, layers, pictures)
    with ExitStack() as stack:
        ring = stack.enter_context(SurfaceRing(device, SIZE, pixel_format(layout), 2))
        compositor = stack.enter_context(
            CudaCompositor(device, *SIZE, pixel_format(layout), ring.allocate)
        )
        given = [
            compositor._cuda_kernels.uploaded(picture) if picture and on_device else picture
            for picture in pictures
        ]
        result = compositor.compose(frame_plan(*layers), given)
        assert result.memory is Memory.CUDA
        luma, chroma = result.planes
        assert chroma.address == luma.address + luma.pitch * SIZE[1]
        assert same_codes(expected, to_host(device, result))
        del result


def test_untouched_frames_pass_by_reference(device: CudaDevice) -> None:
    nv12 = pixel_format("nv12")
    picture = random_frame(*SIZE, "nv12")
    with ExitStack() as stack:
        ring = stack.enter_context(SurfaceRing(device, SIZE, nv12, 2))
        compositor = stack.enter_context(CudaCompositor(device, *SIZE, nv12, ring.allocate))
        on_device = compositor._cuda_kernels.uploaded(picture)
        device.synchronise()
        launched = device.counters.kernels_launched
        assert compositor.compose(frame_plan(media_layer()), [on_device]) is on_device
        assert compositor.counters.passed_through == 1
        assert device.counters.kernels_launched == launched
        # A picture of the host is not where the encoder reads.
        copied = compositor.compose(frame_plan(media_layer()), [picture])
        assert copied.memory is Memory.CUDA
        assert same_codes(picture, to_host(device, copied))
        del copied
    pool = FramePool(*SIZE, pixel_format("yuv420p"), Colour(), device.pinned)
    planar = random_frame(*SIZE, "yuv420p")
    with CudaCompositor(
        device, *SIZE, pixel_format("yuv420p"), download=pool.allocate
    ) as compositor:
        assert compositor.compose(frame_plan(media_layer()), [planar]) is planar


def test_copies_are_few(device: CudaDevice) -> None:
    """A still picture and its tables go to the device once."""
    nv12 = pixel_format("nv12")
    still = random_frame(40, 30, "yuva444p")
    layers = [media_layer(transforms=(TransformPlan(zoom_x=0.5),), gamma=2)]
    with ExitStack() as stack:
        ring = stack.enter_context(SurfaceRing(device, SIZE, nv12, 4))
        compositor = stack.enter_context(CudaCompositor(device, *SIZE, nv12, ring.allocate))
        made = []
        counters = device.counters
        for _ in range(4):
            before = (counters.host_to_device_copies, counters.allocations)
            compositor.compose(frame_plan(*layers), [still])
            after = (counters.host_to_device_copies, counters.allocations)
            made.append((after[0] - before[0], after[1] - before[1]))
        assert made[0][0] >= made[1][0] + 4
        assert made[1] == made[2] == made[3]
        assert made[3][1] == 0


def test_a_decoder_keeps_its_surface_while_it_is_read(device: CudaDevice) -> None:
    nv12 = pixel_format("nv12")
    with ExitStack() as stack:
        ring = stack.enter_context(SurfaceRing(device, SIZE, nv12, 2))
        source = stack.enter_context(SurfaceRing(device, SIZE, nv12, 1))
        compositor = stack.enter_context(CudaCompositor(device, *SIZE, nv12, ring.allocate))
        picture: Frame | None = source.allocate()
        compositor.compose(frame_plan(media_layer(gamma=2)), [picture])
        assert source.free_surfaces == 0
        picture = None
        device.synchronise()
        compositor.compose(frame_plan(media_layer(gamma=2)), [random_frame(*SIZE, "nv12")])
        picture = source.allocate()
        compositor.compose(frame_plan(media_layer(gamma=2)), [picture])
        del picture
        device.synchronise()
        compositor.close()
        assert source.free_surfaces == 1
        assert ring.free_surfaces == 2


@pytest.mark.parametrize("function", ["cuMemAlloc", "cuMemcpyHtoDAsync", "cuEventRecord"])
def test_a_frame_that_fails_leaves_nothing(
    open_device: Callable[[str], CudaDevice], function: str
) -> None:
    """Whichever call it is: the error is told, and all that was made is given back."""
    nv12 = pixel_format("nv12")
    layers, pictures = SCENES["highlight"]
    nth, failed = 1, True
    while failed:
        device = open_device("host")
        driver = device.driver
        driver.fail(function, 2, nth)
        with device, ExitStack() as stack:
            try:
                ring = stack.enter_context(SurfaceRing(device, SIZE, nv12, 2))
                compositor = stack.enter_context(CudaCompositor(device, *SIZE, nv12, ring.allocate))
                compositor.compose(frame_plan(*layers), pictures)
                failed = False
            except DeviceError as error:
                assert function in str(error)
        assert driver.is_empty
        nth += 5 if function == "cuMemcpyHtoDAsync" else 1
    assert nth > 1


class BothCompositors:
    """Composes every frame twice and compares."""

    device: CudaDevice
    compared = 0

    def __init__(
        self,
        width: int,
        height: int,
        format: PixelFormat,
        allocate: FrameAllocator,
        fit: Any,
        threads: int,
        texts: Any,
    ) -> None:
        self._pool = FramePool(width, height, format, Colour(), self.device.pinned)
        self._cpu = CpuCompositor(width, height, format, allocate, fit, threads, texts)
        self._cuda = CudaCompositor(
            self.device, width, height, format, None, fit, texts, self._pool.allocate
        )
        self.counters = self._cpu.counters

    def compose(self, plan: FramePlan, pictures: Sequence[Frame | None]) -> Frame:
        expected = self._cpu.compose(plan, pictures)
        found = self._cuda.compose(plan, pictures)
        found.wait()
        assert same_codes(expected, found), plan
        type(self).compared += 1
        return expected

    def close(self) -> None:
        self._cpu.close()
        self._cuda.close()
        self._pool.close()

    def __enter__(self) -> BothCompositors:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


@pytest.fixture
def both(device: CudaDevice, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(BothCompositors, "device", device, raising=False)
    monkeypatch.setattr(BothCompositors, "compared", 0)
    monkeypatch.setattr(compositing, "CpuCompositor", BothCompositors)
    yield


@pytest.mark.parametrize("seed", range(40))
def test_random_edits(both: None, look_media: LookMedia, tmp_path: Path, seed: int) -> None:
    """Everything at once: texts, fades, effects, transforms, transitions, any source."""
    document, frames = random_document(Random(seed), look_media)
    layout = ("yuv420p", "yuv422p10le")[seed % 2]
    with edl2ffmpeg.open_frames(write_edl(tmp_path, document), format=layout) as reader:
        assert sum(1 for _ in reader) == frames
    assert BothCompositors.compared > 0
