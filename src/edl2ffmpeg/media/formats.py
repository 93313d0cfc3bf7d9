"""Which containers and codecs can be written, and FFmpeg's options for each.

Tables and their look-up; it opens no encoder.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from edl2ffmpeg.errors import SettingsError
from edl2ffmpeg.frame import PixelFormat, pixel_format
from edl2ffmpeg.media.encoder_options import check_encoder_options
from edl2ffmpeg.media.nvenc import surface_options, surfaces_of
from edl2ffmpeg.media.video_codecs import VIDEO_CODECS, VideoCodec, rates
from edl2ffmpeg.settings import RenderSettings

__all__ = [
    "CONTAINERS",
    "ContainerFormat",
    "VideoOutput",
    "container_for",
    "device_of_codec",
    "names_software_encoder",
    "refuse_picture_options",
    "subtitle_codec",
    "video_codec",
    "video_output",
]


@dataclass(frozen=True)
class ContainerFormat:
    """One container: its FFmpeg muxer, the codecs it may hold, the usual ones first.

    Without ``video_codecs`` it is for sound alone.  ``frame_rates`` and ``sample_rates`` empty:
    any that the codec takes.
    """

    muxer: str
    extensions: tuple[str, ...]
    video_codecs: tuple[str, ...]
    audio_codecs: tuple[str, ...]
    options: tuple[tuple[str, str], ...] = ()
    subtitle_codec: str | None = None
    frame_rates: tuple[Fraction, ...] = ()
    sample_rates: tuple[int, ...] = ()
    most_audio_streams: int | None = None

    @property
    def is_sound_only(self) -> bool:
        """Whether it holds no pictures."""
        return not self.video_codecs


# What FFmpeg's MXF muxer has a code for; with another rate it refuses to write the header.
_MXF_RATES = rates(
    "24000/1001", "24", "25", "30000/1001", "30", "48000/1001", "48", "50", "60000/1001", "60",
    "72000/1001", "72", "75", "90000/1001", "90", "96000/1001", "96", "100", "120000/1001", "120",
)  # fmt: skip

_FASTSTART = (("movflags", "+faststart"),)
_ENCODER_OF = {"cuda": "NVENC", "qsv": "QSV", "vaapi": "VAAPI", "videotoolbox": "VideoToolbox"}
_KINDS = ("nvenc", "qsv", "vaapi")
_H26X = tuple(f"{codec}_{kind}" for kind in (*_KINDS, "videotoolbox") for codec in ("h264", "hevc"))
_AV1 = tuple(f"av1_{kind}" for kind in _KINDS)
_PCM = ("pcm_s16le", "pcm_s24le", "pcm_f32le")

CONTAINERS = (
    ContainerFormat(
        "mp4", ("mp4", "m4v"),
        ("libx264", "libx265", "libsvtav1", "libvpx-vp9", "mpeg2video", *_H26X, *_AV1,
         "vp9_qsv"),
        ("aac", "libopus", "libmp3lame", "flac", "ac3"), _FASTSTART, "mov_text",
    ),
    ContainerFormat(
        "mov", ("mov",),
        ("libx264", "libx265", "prores_ks", "dnxhd", "mpeg2video", *_H26X),
        ("aac", *_PCM, "libmp3lame", "ac3"), _FASTSTART, "mov_text",
    ),
    ContainerFormat(
        "matroska", ("mkv",),
        (
            "libx264", "libx265", "libsvtav1", "libvpx-vp9", "prores_ks", "mpeg2video", "ffv1",
            *_H26X, *_AV1, "vp9_qsv",
        ),
        ("aac", "libopus", "libmp3lame", "flac", *_PCM, "ac3"), subtitle_codec="subrip",
    ),
    ContainerFormat(
        "webm", ("webm",), ("libvpx-vp9", "libsvtav1", *_AV1, "vp9_qsv"), ("libopus",),
        subtitle_codec="webvtt",
    ),
    # H.264 is left out: FFmpeg's MXF index does not say the order of reordered pictures.
    ContainerFormat(
        "mxf", ("mxf",), ("mpeg2video", "prores_ks", "dnxhd", "ffv1"), _PCM[:2],
        frame_rates=_MXF_RATES, sample_rates=(48_000,),
    ),
    ContainerFormat(
        "mpegts", ("ts", "m2ts"), ("libx264", "libx265", "mpeg2video", *_H26X),
        ("aac", "ac3", "libmp3lame"),
    ),
    # Beyond 4 GB a plain WAV file cannot say how long it is.
    ContainerFormat(
        "wav", ("wav",), (), _PCM, (("rf64", "auto"),), most_audio_streams=1
    ),
    ContainerFormat("ipod", ("m4a",), (), ("aac",), _FASTSTART),
    ContainerFormat("flac", ("flac",), (), ("flac",), most_audio_streams=1),
    ContainerFormat("mp3", ("mp3",), (), ("libmp3lame",), most_audio_streams=1),
    ContainerFormat("ogg", ("opus",), (), ("libopus",), most_audio_streams=1),
)  # fmt: skip

_BY_ENCODER = {codec.encoder: codec for codec in VIDEO_CODECS}
_SHARED_NAMES = {name for codec in VIDEO_CODECS if codec.device for name in codec.names}
# A common name is that of the CPU's encoder, which stands first.
_BY_NAME = {
    name: codec for codec in reversed(VIDEO_CODECS) for name in (codec.encoder, *codec.names)
}


def container_for(output: Path) -> ContainerFormat:
    """The container that the output's extension means."""
    extension = output.suffix.lower().removeprefix(".")
    for container in CONTAINERS:
        if extension in container.extensions:
            return container
    known = ", ".join("." + name for container in CONTAINERS for name in container.extensions)
    if not extension:
        raise SettingsError(f"{output}: the output's name has no extension; use one of {known}")
    raise SettingsError(
        f"{output}: the extension .{extension} does not name a container; use one of {known}"
    )


def subtitle_codec(container: ContainerFormat) -> str:
    """The codec of text tracks; ``SettingsError`` lists the containers that can have them."""
    if container.subtitle_codec is not None:
        return container.subtitle_codec
    able = " ".join(
        "." + name for entry in CONTAINERS if entry.subtitle_codec for name in entry.extensions
    )
    raise SettingsError(
        f"subtitles cannot be embedded in {container.muxer}, only in {able}; use one of these, or "
        "--subtitles sidecar or burn"
    )


def refuse_picture_options(settings: RenderSettings, container: ContainerFormat) -> None:
    """Raises ``SettingsError`` for an option of pictures where a file is for sound alone."""
    for name, option in (
        ("codec", "--codec"),
        ("bitrate", "--bitrate"),
        ("preset", "--preset"),
        ("crf", "--crf"),
        ("pixel_format", "--pix-fmt"),
    ):
        if getattr(settings, name) is not None:
            raise SettingsError(
                f".{container.extensions[0]} holds sound alone; leave {option} out"
                + (f", or use --audio-{name}" if name in ("codec", "bitrate") else "")
            )


@dataclass(frozen=True)
class VideoOutput:
    """How the video stream is encoded: encoder, sizes, and FFmpeg's options for it.

    With ``device`` a device of this kind encodes.  CUDA frames are to be in its memory, and the
    encoder holds up to ``surfaces`` of them; the other kinds' are in host memory, and FFmpeg makes
    them ``encoder_format``.
    """

    encoder: str
    pixel_format: PixelFormat
    width: int
    height: int
    frame_rate: Fraction
    bitrate: int | None
    options: dict[str, str]
    device: str = ""
    surfaces: int = 0
    encoder_format: str = ""

    @property
    def takes_device_frames(self) -> bool:
        """Whether frames have to be in the device's memory."""
        return self.surfaces > 0


def video_output(
    settings: RenderSettings,
    container: ContainerFormat,
    width: int,
    height: int,
    frame_rate: Fraction,
    device: str = "",
) -> VideoOutput:
    """Checks the settings against the tables; ``SettingsError`` lists what is possible.

    With ``device`` its encoder of the codec is used.
    """
    codec = video_codec(settings, container, device)
    _refuse_preset(settings, codec)
    layout = _pixel_format(settings, codec)
    options = dict(codec.options)
    preset = settings.preset or _usual_preset(codec, layout.name)
    if preset is not None:
        options.update(codec.presets[preset])
    options.update(_rate_options(settings, codec))
    options.update(_own_options(settings, codec))
    across, down = layout.chroma_shift
    if width % (1 << across) or height % (1 << down):
        raise SettingsError(
            f"the output is {width}x{height}, but {layout.name} needs an even width"
            f"{' and height' if down else ''}; change the EDL's size or give --width and --height"
        )
    for holder, possible in (
        (codec.encoder, codec.frame_rates),
        (f".{container.extensions[0]}", container.frame_rates),
    ):
        if possible and frame_rate not in possible:
            raise SettingsError(
                f"{holder} cannot store {frame_rate} frames per second; it takes "
                + ", ".join(map(str, possible))
            )
    output = VideoOutput(
        codec.encoder, layout, width, height, frame_rate, settings.bitrate, options, codec.device
    )
    if not codec.surfaces:
        return output
    if codec.device != "cuda":
        return replace(output, encoder_format=codec.surfaces[layout.name])
    options.update(surface_options(settings.async_depth, options))
    surface = pixel_format(codec.surfaces[layout.name])
    return replace(output, pixel_format=surface, surfaces=surfaces_of(options))


def device_of_codec(settings: RenderSettings) -> str:
    """The kind of device whose encoder is asked for by name; empty if none is."""
    codec = _BY_ENCODER.get((settings.codec or "").lower())
    return codec.device if codec is not None else ""


def names_software_encoder(settings: RenderSettings) -> bool:
    """Whether an encoder that runs on the CPU is asked for by name."""
    name = (settings.codec or "").lower()
    codec = _BY_NAME.get(name)
    return codec is not None and not codec.device and name not in _SHARED_NAMES


def video_codec(
    settings: RenderSettings, container: ContainerFormat, device: str = ""
) -> VideoCodec:
    """The codec that the settings ask for; ``SettingsError`` lists what there is."""
    possible = ", ".join(container.video_codecs)
    name = settings.codec or container.video_codecs[0]
    codec = _BY_NAME.get(name.lower())
    if codec is None:
        known = ", ".join(entry.encoder for entry in VIDEO_CODECS)
        raise SettingsError(f"there is no codec {settings.codec!r}; use one of {known}")
    if device and codec.device != device:
        counterpart = codec.counterpart(device)
        if counterpart is None:
            able = ", ".join(entry.names[0] for entry in VIDEO_CODECS if entry.device == device)
            raise SettingsError(
                f"{_ENCODER_OF[device]} does not encode what {codec.encoder} does, but {able}"
            )
        codec = counterpart
    if codec.encoder not in container.video_codecs:
        homes = ", ".join(
            "." + entry.extensions[0] for entry in CONTAINERS if codec.encoder in entry.video_codecs
        )
        raise SettingsError(
            f".{container.extensions[0]} cannot hold {codec.encoder}; it holds {possible}, and "
            f"{codec.encoder} goes into {homes}"
        )
    return codec


def _pixel_format(settings: RenderSettings, codec: VideoCodec) -> PixelFormat:
    needed = codec.preset_formats.get(settings.preset or "")
    name = settings.pixel_format or needed or codec.pixel_formats[0]
    if name not in codec.pixel_formats:
        raise SettingsError(
            f"{codec.encoder} cannot write the pixel format {name!r} here; it takes "
            + ", ".join(codec.pixel_formats)
        )
    if needed not in (None, name):
        fitting = (preset for preset, format in codec.preset_formats.items() if format == name)
        raise SettingsError(
            f"{codec.encoder}'s profile {settings.preset} holds {needed}, not {name}; leave "
            "--pix-fmt out, or use --preset " + ", ".join(fitting)
        )
    return pixel_format(name)


def _refuse_preset(settings: RenderSettings, codec: VideoCodec) -> None:
    if settings.preset is None:
        return
    if not codec.presets:
        raise SettingsError(f"{codec.encoder} has no presets; leave --preset out")
    if settings.preset not in codec.presets:
        raise SettingsError(
            f"{codec.encoder} has no preset {settings.preset!r}; use one of "
            + ", ".join(codec.presets)
        )


def _usual_preset(codec: VideoCodec, format: str) -> str | None:
    """The codec's usual preset, or the first profile that holds ``format`` where that does not."""
    if codec.preset_formats.get(codec.preset or "", format) == format:
        return codec.preset
    return next(preset for preset, held in codec.preset_formats.items() if held == format)


def _rate_options(settings: RenderSettings, codec: VideoCodec) -> dict[str, str]:
    if settings.bitrate is not None and settings.crf is not None:
        raise SettingsError("--bitrate and --crf exclude each other; give one of them")
    if settings.bitrate is not None:
        if not codec.takes_bitrate:
            raise SettingsError(f"{codec.encoder} has no bit rate to set; leave --bitrate out")
        if settings.bitrate <= 0:
            raise SettingsError(f"the bit rate {settings.bitrate} is not above zero")
        return dict(codec.bitrate_options)
    if settings.crf is not None:
        if codec.crf_range is None:
            advice = "use --bitrate" if codec.takes_bitrate else "leave it out"
            raise SettingsError(f"{codec.encoder} has no --crf; {advice}")
        low, high = codec.crf_range
        if not low <= settings.crf <= high:
            raise SettingsError(
                f"--crf {settings.crf:g} is outside {low} to {high}, which {codec.encoder} takes"
            )
        return {codec.quality_option: f"{settings.crf:g}", **dict(codec.quality_options)}
    if codec.crf is not None:
        return {codec.quality_option: f"{codec.crf:g}", **dict(codec.quality_options)}
    if codec.encoder == "mpeg2video":
        # Constant quantiser 3: FFmpeg's own default is 200 kbit/s.
        return {"flags": "+qscale", "global_quality": str(3 * 118)}
    return {}


def _own_options(settings: RenderSettings, codec: VideoCodec) -> dict[str, str]:
    """FFmpeg's options as they were given, after ours, which they may replace."""
    check_encoder_options(codec.encoder, settings.encoder_options)
    return dict(settings.encoder_options)
