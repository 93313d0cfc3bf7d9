"""The shapes of clips that tests are run on: a table, and nothing that writes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from helpers.movie_writer import ColourTags

__all__ = [
    "ALL_SHAPES",
    "FORMAT_SHAPES",
    "SHAPES",
    "TIMING_SHAPES",
    "UNSTAMPED_SHAPES",
    "ClipShape",
]

_NTSC = Fraction(1000, 1001)


@dataclass(frozen=True)
class ClipShape:
    """How one kind of clip is coded and stamped.

    ``tick_pattern`` (durations in ``time_base``, repeated) makes a variable frame rate.
    ``first_tick`` delays the video; ``has_audio`` adds sound from time 0.  ``cut_head_frames``
    are hidden by an edit list.  ``alpha`` is the opacity of a format that has alpha.
    """

    name: str
    suffix: str
    codec: str
    rate: Fraction
    pixel_format: str = "yuv420p"
    options: Mapping[str, str] = field(default_factory=dict)
    container_options: Mapping[str, str] = field(default_factory=dict)
    seconds: Fraction = Fraction(4)
    size: tuple[int, int] = (320, 180)
    time_base: Fraction | None = None
    tick_pattern: tuple[int, ...] = ()
    first_tick: int = 0
    has_audio: bool = False
    cut_head_frames: int = 0
    rotation: int = 0
    sample_aspect_ratio: Fraction = Fraction(1)
    colour: ColourTags | None = None
    alpha: Fraction = Fraction(1)


def _x264(keyint: int, extra: str = "", **more: str) -> dict[str, str]:
    """x264 with B-frames in a pyramid and GOPs of exactly ``keyint`` frames."""
    parameters = (
        f"keyint={keyint}:min-keyint={keyint}:scenecut=0:bframes=3:b-adapt=0:b-pyramid=normal:ref=3"
    )
    return {"preset": "veryfast", "crf": "26", "x264-params": parameters + extra} | more


_OPEN_GOP = ":open-gop=1"
_HEVC = {
    "preset": "ultrafast",
    "x265-params": "log-level=none:pools=none:frame-threads=1:keyint=24:min-keyint=24:scenecut=0"
    ":bframes=3:open-gop=1:crf=26",
}
_VP9 = {"deadline": "realtime", "cpu-used": "8", "g": "60", "crf": "32", "b": "0"}
_AV1 = {"preset": "8", "crf": "24", "g": "48", "svtav1-params": "lp=1:enable-tf=0"}
_IRREGULAR = (3600, 3003, 1501, 9000, 1200, 22500, 5400, 2250, 3600, 45000, 1440, 3750)


def _table(*shapes: ClipShape) -> dict[str, ClipShape]:
    return {shape.name: shape for shape in shapes}


UNSTAMPED_SHAPES = _table(
    ClipShape("h264_25_bframes_avi", ".avi", "libx264", Fraction(25), options=_x264(25)),
)
"""Shapes whose pictures bear no presentation times, so that FFmpeg's are made up."""

_STAMPED_SHAPES = _table(
    ClipShape("h264_30_mp4", ".mp4", "libx264", Fraction(30), options=_x264(60)),
    ClipShape("h264_25_mp4", ".mp4", "libx264", Fraction(25), options=_x264(50)),
    ClipShape("h264_2997_opengop_mp4", ".mp4", "libx264", 30 * _NTSC, options=_x264(27, _OPEN_GOP)),
    ClipShape("h264_60_mkv", ".mkv", "libx264", Fraction(60), options=_x264(60)),
    ClipShape("prores_24_mov", ".mov", "prores_ks", Fraction(24), "yuv422p10le"),
    ClipShape(
        "h264_25_offset_ts",
        ".ts",
        "libx264",
        Fraction(25),
        options=_x264(25),
        container_options={"output_ts_offset": "10", "max_delay": "700000"},
    ),
    ClipShape("hevc10_23976_mp4", ".mp4", "libx265", 24 * _NTSC, "yuv420p10le", options=_HEVC),
    ClipShape(
        "mpeg2_25_mxf",
        ".mxf",
        "mpeg2video",
        Fraction(25),
        options={"g": "12", "bf": "2", "b": "4M", "sc_threshold": "1000000000"},
    ),
    ClipShape(
        "h264_vfr_mp4",
        ".mp4",
        "libx264",
        Fraction(25),
        options=_x264(24),
        time_base=Fraction(1, 90000),
        tick_pattern=_IRREGULAR,
    ),
    ClipShape("vp9_30_webm", ".webm", "libvpx-vp9", Fraction(30), options=_VP9),
    ClipShape("av1_24_mkv", ".mkv", "libsvtav1", Fraction(24), options=_AV1),
    ClipShape("h264_50_10bit_mp4", ".mp4", "libx264", Fraction(50), "yuv420p10le", _x264(50)),
    ClipShape(
        "h264_30_editlist_mp4",
        ".mp4",
        "libx264",
        Fraction(30),
        options=_x264(60),
        cut_head_frames=17,
    ),
    ClipShape("h264_25_opengop_ts", ".ts", "libx264", Fraction(25), options=_x264(27, _OPEN_GOP)),
    ClipShape(
        "mpeg2_2997_opengop_ts",
        ".ts",
        "mpeg2video",
        30 * _NTSC,
        options={"g": "15", "bf": "2", "b": "4M"},
    ),
    ClipShape("mjpeg_25_mkv", ".mkv", "mjpeg", Fraction(25), "yuvj420p", {"q:v": "4"}),
    ClipShape(
        "h264_30_late_mp4",
        ".mp4",
        "libx264",
        Fraction(30),
        options=_x264(60),
        first_tick=15,
        has_audio=True,
    ),
    ClipShape(
        "h264_30_late_mkv",
        ".mkv",
        "libx264",
        Fraction(30),
        options=_x264(60),
        first_tick=15,
        has_audio=True,
    ),
    ClipShape(
        "h264_2997_mkv", ".mkv", "libx264", 30 * _NTSC, options=_x264(60, _OPEN_GOP), has_audio=True
    ),
)

TIMING_SHAPES = _STAMPED_SHAPES | UNSTAMPED_SHAPES
"""Shapes that differ in when their pictures are shown and how they are reached."""

FORMAT_SHAPES = _table(
    *(
        ClipShape(
            f"h264_30_rotate{angle}_mp4",
            ".mp4",
            "libx264",
            Fraction(30),
            options=_x264(30),
            seconds=Fraction(1),
            rotation=angle,
        )
        for angle in (90, 180, 270)
    ),
    ClipShape(
        "h264_25_anamorphic_mp4",
        ".mp4",
        "libx264",
        Fraction(25),
        options=_x264(25),
        seconds=Fraction(1),
        sample_aspect_ratio=Fraction(4, 3),
    ),
    ClipShape(
        "h264_25_full601_mp4",
        ".mp4",
        "libx264",
        Fraction(25),
        options=_x264(25),
        seconds=Fraction(1),
        colour=ColourTags.bt601(full_range=True),
    ),
    ClipShape(
        "h264_25_422_mkv",
        ".mkv",
        "libx264",
        Fraction(25),
        "yuv422p",
        _x264(25),
        seconds=Fraction(1),
    ),
    ClipShape(
        "h264_25_444_mkv",
        ".mkv",
        "libx264",
        Fraction(25),
        "yuv444p",
        _x264(25),
        seconds=Fraction(1),
    ),
    ClipShape("ffv1_25_mkv", ".mkv", "ffv1", Fraction(25), "yuv422p10le", seconds=Fraction(1)),
    ClipShape("ffv1_25_bgr0_mkv", ".mkv", "ffv1", Fraction(25), "bgr0", seconds=Fraction(1)),
    ClipShape("png_25_rgb24_mov", ".mov", "png", Fraction(25), "rgb24", seconds=Fraction(1)),
    ClipShape(
        "prores4444_24_mov",
        ".mov",
        "prores_ks",
        Fraction(24),
        "yuva444p10le",
        {"profile": "4444", "alpha_bits": "16"},
        seconds=Fraction(1),
        alpha=Fraction(3, 4),
    ),
)
"""Shapes that differ in what their samples mean."""

SHAPES = _STAMPED_SHAPES | FORMAT_SHAPES
"""Shapes whose pictures come out of FFmpeg with the times they are shown at."""

ALL_SHAPES = SHAPES | UNSTAMPED_SHAPES
"""Every shape; a clip's number in a library is its place here."""
