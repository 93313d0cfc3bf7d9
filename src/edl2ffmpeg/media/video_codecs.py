"""Which video codecs can be written, and FFmpeg's options for each; tables alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

__all__ = ["VIDEO_CODECS", "VideoCodec", "rates"]

_X26X_PRESETS = [
    "ultrafast",
    "superfast",
    "veryfast",
    "faster",
    "fast",
    "medium",
    "slow",
    "slower",
    "veryslow",
    "placebo",
]
_PLANAR_8 = ("yuv420p", "yuv422p", "yuv444p")
_PLANAR_10 = tuple(name + "10le" for name in _PLANAR_8)
_PLANAR_12 = tuple(name + "12le" for name in _PLANAR_8)


@dataclass(frozen=True)
class VideoCodec:
    """One encoder: what it takes, and its defaults.

    The first of ``pixel_formats`` is the default.  ``presets`` maps what ``--preset`` may
    say to FFmpeg options, and ``preset_formats`` those that are profiles to the one pixel format
    of each; ``crf_range`` is None where there is no constant quality, which ``quality_option``
    is FFmpeg's name of, and ``quality_options`` go with; ``bitrate_options`` go with a bit rate.

    ``device`` is the kind of device that encodes, empty for the CPU.  ``surfaces`` maps the pixel
    formats to those that it takes itself.
    """

    encoder: str
    names: tuple[str, ...]
    pixel_formats: tuple[str, ...]
    presets: Mapping[str, Mapping[str, str]]
    preset: str | None = None
    crf_range: tuple[int, int] | None = None
    crf: float | None = None
    takes_bitrate: bool = True
    options: tuple[tuple[str, str], ...] = ()
    frame_rates: tuple[Fraction, ...] = ()
    preset_formats: Mapping[str, str] = field(default_factory=dict)
    quality_option: str = "crf"
    quality_options: tuple[tuple[str, str], ...] = ()
    bitrate_options: tuple[tuple[str, str], ...] = ()
    device: str = ""
    surfaces: Mapping[str, str] = field(default_factory=dict)

    def counterpart(self, device: str) -> VideoCodec | None:
        """The encoder of the same codec on another kind of device, if there is one."""
        found = (entry for entry in VIDEO_CODECS if entry.device == device)
        return next((entry for entry in found if set(entry.names) & set(self.names)), None)


def _named(option: str, names: list[str]) -> dict[str, dict[str, str]]:
    return {name: {option: name} for name in names}


def rates(*names: str) -> tuple[Fraction, ...]:
    """Frame rates by their names, the slowest first."""
    return tuple(sorted(map(Fraction, names)))


_MPEG2_RATES = rates("24000/1001", "24", "25", "30000/1001", "30", "50", "60000/1001", "60")

# ProRes would take 4:4:4 under a profile of 4:2:2, but other programs trust the profile.
_PRORES_FORMATS = {
    "proxy": "yuv422p10le", "lt": "yuv422p10le", "standard": "yuv422p10le", "hq": "yuv422p10le",
    "4444": "yuv444p10le", "4444xq": "yuv444p10le",
}  # fmt: skip
_DNXHR_FORMATS = {
    "dnxhr_lb": "yuv422p", "dnxhr_sq": "yuv422p", "dnxhr_hq": "yuv422p",
    "dnxhr_hqx": "yuv422p10le", "dnxhr_444": "yuv444p10le",
}  # fmt: skip

# Where x264 has ten presets, NVENC has seven.
_NVENC_PRESETS = dict(
    zip(_X26X_PRESETS, ("p1", "p1", "p2", "p3", "p3", "p4", "p5", "p6", "p7", "p7"), strict=True)
)
_SEMI_PLANAR = {"yuv420p": "nv12", "yuv420p10le": "p010le"}


def _nvenc(
    encoder: str, names: tuple[str, ...], formats: tuple[str, ...], qualities: tuple[int, int],
    quality: int,
) -> VideoCodec:  # fmt: skip
    presets = {name: {"preset": name} for name in map("p{}".format, range(1, 8))}
    presets |= {name: {"preset": preset} for name, preset in _NVENC_PRESETS.items()}
    return VideoCodec(
        encoder, names, formats, presets, "p4", qualities, quality,
        # Some chips have no B-frames, and captions of a source would be carried along.
        options=(("bf", "0"), ("a53cc", "0")),
        quality_option="cq",
        # Without the zero FFmpeg's usual 2 Mbit/s would be the limit of the quality.
        quality_options=(("rc", "vbr"), ("b", "0")),
        bitrate_options=(("rc", "vbr"),),
        device="cuda",
        surfaces={name: _SEMI_PLANAR[name] for name in formats},
    )  # fmt: skip


def _qsv(
    encoder: str, names: tuple[str, ...], formats: tuple[str, ...], quality: int
) -> VideoCodec:
    presets = [name for name in _X26X_PRESETS[2:-1]]
    return VideoCodec(
        encoder, names, formats, _named("preset", presets), "medium", (1, 51), quality,
        options=(("bf", "0"),), quality_option="global_quality", device="qsv",
        surfaces={name: _SEMI_PLANAR[name] for name in formats},
    )  # fmt: skip


def _vaapi(
    encoder: str, names: tuple[str, ...], formats: tuple[str, ...], quality: int
) -> VideoCodec:
    return VideoCodec(
        encoder, names, formats, {}, None, (1, 51), quality,
        options=(("bf", "0"),), quality_option="qp", quality_options=(("rc_mode", "CQP"),),
        device="vaapi", surfaces={name: _SEMI_PLANAR[name] for name in formats},
    )  # fmt: skip


def _videotoolbox(encoder: str, names: tuple[str, ...], formats: tuple[str, ...]) -> VideoCodec:
    # Constant quality is there on Apple's own chips alone, so that it is no default.
    return VideoCodec(
        encoder, names, formats, {}, options=(("bf", "0"),), device="videotoolbox",
        surfaces={name: _SEMI_PLANAR[name] for name in formats},
    )  # fmt: skip


VIDEO_CODECS = (
    VideoCodec(
        "libx264", ("h264", "avc", "x264"), (*_PLANAR_8, *_PLANAR_10),
        _named("preset", _X26X_PRESETS), "medium", (0, 51), 23,
        # Captions of a source would otherwise be carried along by frames passed through.
        options=(("a53cc", "0"),),
    ),
    VideoCodec(
        "libx265", ("hevc", "h265", "x265"), (*_PLANAR_8, *_PLANAR_10, *_PLANAR_12),
        _named("preset", _X26X_PRESETS), "medium", (0, 51), 28,
        options=(("a53cc", "0"), ("udu_sei", "0"), ("x265-params", "log-level=error")),
    ),
    VideoCodec(
        "libsvtav1", ("av1", "svtav1"), ("yuv420p", "yuv420p10le"),
        _named("preset", [str(number) for number in range(14)]), "8", (0, 63), 35,
    ),
    VideoCodec(
        "libvpx-vp9", ("vp9",), _PLANAR_8,
        {
            **{str(number): {"deadline": "good", "cpu-used": str(number)} for number in range(6)},
            "best": {"deadline": "best"},
            "good": {"deadline": "good", "cpu-used": "2"},
            "realtime": {"deadline": "realtime", "cpu-used": "6"},
        },
        "good", (0, 63), 32, options=(("row-mt", "1"),),
    ),
    VideoCodec(
        "prores_ks", ("prores",), ("yuv422p10le", "yuv444p10le"),
        _named("profile", [*_PRORES_FORMATS]), "hq",
        takes_bitrate=False, options=(("vendor", "apl0"),), preset_formats=_PRORES_FORMATS,
    ),
    VideoCodec(
        "dnxhd", ("dnxhr",), ("yuv422p", "yuv422p10le", "yuv444p10le"),
        _named("profile", [*_DNXHR_FORMATS]), "dnxhr_hq", takes_bitrate=False,
        preset_formats=_DNXHR_FORMATS,
    ),
    VideoCodec(
        "mpeg2video", ("mpeg2",), ("yuv420p", "yuv422p"), {}, frame_rates=_MPEG2_RATES,
        options=(("a53cc", "0"),),
    ),
    VideoCodec(
        "ffv1", (), (*_PLANAR_8, *_PLANAR_10, *_PLANAR_12), {}, takes_bitrate=False,
        options=(("level", "3"), ("slicecrc", "1")),
    ),
    _nvenc("h264_nvenc", ("h264", "avc"), ("yuv420p",), (1, 51), 23),
    _nvenc("hevc_nvenc", ("hevc", "h265"), ("yuv420p", "yuv420p10le"), (1, 51), 28),
    _nvenc("av1_nvenc", ("av1",), ("yuv420p", "yuv420p10le"), (1, 63), 35),
    _qsv("h264_qsv", ("h264", "avc"), ("yuv420p",), 23),
    _qsv("hevc_qsv", ("hevc", "h265"), ("yuv420p", "yuv420p10le"), 28),
    _qsv("av1_qsv", ("av1",), ("yuv420p", "yuv420p10le"), 32),
    _qsv("vp9_qsv", ("vp9",), ("yuv420p", "yuv420p10le"), 32),
    _vaapi("h264_vaapi", ("h264", "avc"), ("yuv420p",), 23),
    _vaapi("hevc_vaapi", ("hevc", "h265"), ("yuv420p", "yuv420p10le"), 28),
    _vaapi("av1_vaapi", ("av1",), ("yuv420p", "yuv420p10le"), 32),
    _videotoolbox("h264_videotoolbox", ("h264", "avc"), ("yuv420p",)),
    _videotoolbox("hevc_videotoolbox", ("hevc", "h265"), ("yuv420p", "yuv420p10le")),
)  # fmt: skip
