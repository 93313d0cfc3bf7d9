"""Whole renders on a real GPU: decoded and drawn there, equal to the CPU's bit for bit."""

from __future__ import annotations

import gc
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

import edl2ffmpeg
from edl2ffmpeg.devices.cuda import CudaDevice
from edl2ffmpeg.errors import DeviceUnavailableError
from edl2ffmpeg.jobs.doctor import diagnose
from edl2ffmpeg.media.device_trial import encodable
from edl2ffmpeg.rendering.device_probe import probe_devices
from helpers import barcode
from helpers.clip_shapes import ALL_SHAPES
from helpers.edl_factory import document, generated, media, video_clip, write_edl
from helpers.media_factory import ClipLibrary
from helpers.rendering import codes_of

# What every GPU of the last ten years decodes; whether it does others is its own affair.
DECODED = [
    name
    for name, shape in ALL_SHAPES.items()
    if shape.codec in ("libx264", "libx265") and shape.pixel_format in ("yuv420p", "yuv420p10le")
    and not (shape.codec == "libx264" and shape.pixel_format != "yuv420p")
]  # fmt: skip
# What GPUs of some generations decode.
ON_SOME = {"vp9": "vp9_30_webm", "av1": "av1_24_mkv"}
Json = dict[str, Any]


@pytest.fixture(scope="session")
def gpu(open_device: Callable[[str], CudaDevice]) -> None:
    """Skips where there is none."""
    open_device("cuda").close()


@pytest.fixture(scope="session")
def decodes(gpu: None) -> dict[str, str]:
    """Codecs with "" or why the GPU does not decode them, as ``edl2ffmpeg devices`` finds out."""
    devices, reason = probe_devices()
    assert devices, reason
    return devices[0].decodes


def frames(path: Path) -> list[Any]:
    with av.open(str(path)) as movie:
        return [frame.to_ndarray() for frame in movie.decode(video=0)]


def both(folder: Path, edl: Json, **options: Any) -> tuple[Any, list[Any]]:
    """The render on the GPU, and its pictures, which are the CPU's."""
    path = write_edl(folder, edl)
    settings = {"codec": "ffv1", "overwrite": True, **options}
    gpu = edl2ffmpeg.render(path, folder / "gpu.mkv", hw_accel="cuda", jobs=0, **settings)
    cpu = edl2ffmpeg.render(path, folder / "cpu.mkv", hw_accel="none", **settings)
    found, wanted = frames(gpu.output), frames(cpu.output)
    assert len(found) == len(wanted) == cpu.frames
    different = [n for n in range(len(found)) if not np.array_equal(found[n], wanted[n])]
    assert different == []
    assert gpu.warnings == cpu.warnings
    return gpu, found


@pytest.mark.parametrize("name", ALL_SHAPES)
def test_every_shape_of_clip(name: str, clips: ClipLibrary, tmp_path: Path, gpu: None) -> None:
    clip = clips[name]
    length = round(float(clip.duration) - 0.1, 3)
    half = round(length / 2, 3)
    edl = document(
        video_clip(media(clip.path, 0, half), 0, half),
        # A jump back, then on.
        video_clip(media(clip.path, 0.2, round(0.2 + half, 3)), half, round(2 * half, 3)),
        width=clip.width,
        height=clip.height,
    )
    result, found = both(tmp_path, edl)
    assert found
    (decoder,) = result.report["device"]["decoders"]
    if clip.shape.codec in ("mpeg2video", "mjpeg"):
        assert decoder["used"] == "cpu"
        assert "leaves the last bit to the decoder" in decoder["reason"]
    if name in DECODED:
        assert decoder["used"] == "cuda:0", decoder["reason"]
    elif decoder["used"] == "cpu":
        assert decoder["reason"]


def test_renders_decode_what_devices_says(
    decodes: dict[str, str], clips: ClipLibrary, tmp_path: Path
) -> None:
    """AV1 among it, whose decoder for devices is not the one for the CPU."""
    for codec, name in ON_SOME.items():
        clip = clips[name]
        edl = write_edl(tmp_path, document(video_clip(media(clip.path, 0, 0.4), 0, 0.4)))
        result = edl2ffmpeg.render(
            edl, tmp_path / "o.mp4", hw_accel="cuda", preset="ultrafast", overwrite=True
        )
        (decoder,) = result.report["device"]["decoders"]
        assert (decoder["used"] == "cuda:0") == (decodes[codec] == ""), (codec, decodes[codec])


@pytest.mark.parametrize(
    "name",
    [
        "h264_2997_opengop_mp4",
        "h264_25_opengop_ts",
        "h264_vfr_mp4",
        "h264_30_editlist_mp4",
        "hevc10_23976_mp4",
        *ON_SOME.values(),
    ],
)
def test_every_frame_is_the_one_asked_for(
    name: str, decodes: dict[str, str], clips: ClipLibrary, tmp_path: Path
) -> None:
    clip = clips[name]
    count = len(clip.presentation_times)
    jumps = [count // 2, 3, count - 3, 0, count // 3]
    parts = [
        video_clip(
            media(clip.path, round(float(clip.presentation_times[n]), 4),
                  round(float(clip.presentation_times[n]) + 0.1, 4)),
            round(index * 0.1, 3), round(index * 0.1 + 0.1, 3),
        )
        for index, n in enumerate(jumps)
    ]  # fmt: skip
    edl = document(*parts, fps=10, width=clip.width, height=clip.height)
    result, found = both(tmp_path, edl)
    codec = next((codec for codec, other in ON_SOME.items() if other == name), "h264")
    used = "cpu" if decodes[codec] else "cuda:0"
    assert result.report["device"]["decoders"][0]["used"] == used
    read = [barcode.read(picture[: clip.height, : clip.width]) for picture in found]
    assert read == [(clip.file_id, clip.frame_numbers[n]) for n in jumps]


def test_grain_of_av1_is_the_cpus(decodes: dict[str, str], tmp_path: Path) -> None:
    """Decoders add it after decoding, by a procedure of the standard."""
    path = tmp_path / "grain.mkv"
    random = np.random.default_rng(1)
    with av.open(str(path), "w") as output:
        options = {"preset": "8", "svtav1-params": "film-grain=30:lp=1"}
        stream = output.add_stream("libsvtav1", rate=24, options=options)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for number in range(12):
            noise = random.normal(110, 14, (270, 320)).clip(16, 235).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(noise, "yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 24)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    edl = document(video_clip(media(path, 0, 0.5), 0, 0.5), fps=24, width=320, height=180)
    result, _ = both(tmp_path, edl)
    used = "cpu" if decodes["av1"] else "cuda:0"
    assert result.report["device"]["decoders"][0]["used"] == used


def test_layers_transitions_effects_and_text(clips: ClipLibrary, tmp_path: Path, gpu: None) -> None:
    one, two = clips["h264_25_mp4"], clips["hevc10_23976_mp4"]
    burn_in = {"type": "burnin", "number": 1}
    edl = document(
        video_clip(media(one.path, 0.2, 1.2), 0, 1, effects=[{"type": "contrast", "value": 1.2}]),
        video_clip(
            media(one.path, 0, 1), 1, 2, transition={"type": "iris", "points": 5, "duration": 0.5}
        ),
        video_clip(
            media(two.path, 0, 2), 0, 2, 2,
            motion={"zoomX": 0.4, "zoomY": 0.4, "panX": 0.3, "rotation": 15},
            effects=[{"type": "blur", "value": 10}, {"type": "vignette", "strength": 0.5}],
        ),
        video_clip(generated("demo", 1), 0.5, 1.5, 3, motion={"zoomX": 0.2, "zoomY": 0.2}),
        {"track": burn_in, "in": 0.3, "out": 1.7, "source": {"text": "GPU", "in": 0, "out": 1.4}},
        fps=25,
    )  # fmt: skip
    for pixel_format in ("yuv420p", "yuv422p10le"):
        both(tmp_path, edl, pixel_format=pixel_format)


def test_memory_is_where_it_was_after_200_renders(
    clips: ClipLibrary, tmp_path: Path, gpu: None, open_device: Callable[[str], CudaDevice]
) -> None:
    clip = clips["h264_25_mp4"]
    edl = write_edl(tmp_path, document(video_clip(media(clip.path, 0, 0.2), 0, 0.2)))

    def free_bytes(device: CudaDevice) -> int:
        return int(device.call("cuMemGetInfo")[0])

    # In this process, and without a process that tries the device before each of them.
    options: dict[str, Any] = {"hw_accel": "cuda", "jobs": 0, "codec": "libx264"}
    options |= {"preset": "ultrafast", "overwrite": True}

    def cycles(count: int) -> None:
        for _ in range(count):
            edl2ffmpeg.render(edl, tmp_path / "o.mp4", **options)
            gc.collect()

    # Each opens and closes the context: what it leaves behind is the driver's.
    cycles(3)
    with open_device("cuda") as device:
        before = free_bytes(device)
    cycles(40)
    with open_device("cuda") as device:
        assert abs(free_bytes(device) - before) <= 8 * 2**20
        # The context stays, and with it all that they forget.
        cycles(3)
        before = free_bytes(device)
        cycles(160)
        assert abs(free_bytes(device) - before) <= 8 * 2**20


def test_a_device_that_is_not_there(clips: ClipLibrary, tmp_path: Path, gpu: None) -> None:
    clip = clips["h264_25_mp4"]
    edl = write_edl(tmp_path, document(video_clip(media(clip.path, 0, 1), 0, 1)))
    with pytest.raises(DeviceUnavailableError, match="there is no CUDA device 77"):
        edl2ffmpeg.render(edl, tmp_path / "o.mp4", hw_accel="cuda", hw_device="77")
    result = edl2ffmpeg.render(
        edl, tmp_path / "o.mp4", hw_accel="cuda", hw_device="77", hw_fallback="allow"
    )
    assert result.report["device"]["used"] == "cpu"
    assert "there is no CUDA device 77" in result.warnings[-1]


def test_nvenc_that_is_not_there_is_an_error_or_the_cpu(
    clips: ClipLibrary, tmp_path: Path, gpu: None
) -> None:
    """On chips without NVENC (A100, H100, H200); on others both renders use it."""
    clip = clips["h264_25_mp4"]
    edl = write_edl(tmp_path, document(video_clip(media(clip.path, 0, 1), 0, 1), fps=25))
    lacks = encodable(0, ["h264_nvenc"])["h264_nvenc"]
    if not lacks:
        pytest.skip("this chip has NVENC")
    for options in ({"hw_encode": True}, {"codec": "h264_nvenc"}):
        with pytest.raises(DeviceUnavailableError) as caught:
            edl2ffmpeg.render(edl, tmp_path / "o.mp4", hw_accel="cuda", **options)
        assert "h264_nvenc on NVIDIA" in str(caught.value)
        assert lacks in str(caught.value)
        assert "--hw-fallback allow" in str(caught.value)
        assert not (tmp_path / "o.mp4").exists()
        result = edl2ffmpeg.render(
            edl, tmp_path / "o.mp4", hw_accel="cuda", hw_fallback="allow", overwrite=True, **options
        )
        stages = result.report["device"]["stages"]
        assert stages["draw"]["used"] == "cuda:0"
        assert (stages["encode"]["used"], result.report["settings"]["codec"]) == ("cpu", "libx264")
        assert lacks in stages["encode"]["reason"]
        assert any("encoded on the CPU and not on a GPU" in text for text in result.warnings)
        assert codes_of(tmp_path / "o.mp4") == [(clip.file_id, n) for n in range(25)]
        (tmp_path / "o.mp4").unlink()


def test_auto_uses_the_gpu_and_says_so(clips: ClipLibrary, tmp_path: Path, gpu: None) -> None:
    clip = clips["h264_25_mp4"]
    edl = write_edl(tmp_path, document(video_clip(media(clip.path, 0, 1), 0, 1)))
    result = edl2ffmpeg.render(edl, tmp_path / "o.mp4", codec="libx264")
    device = result.report["device"]
    assert (device["requested"], device["used"]) == ("auto", "cuda:0")
    assert device["stages"]["encode"] == {"used": "cpu", "reason": "--codec libx264 asks for it"}
    assert [entry["used"] for entry in device["decoders"]] == ["cuda:0"]
    assert result.warnings == ()


def test_the_self_test_passes(gpu: None) -> None:
    found = diagnose(60, 3)
    assert found.passed, found.findings
