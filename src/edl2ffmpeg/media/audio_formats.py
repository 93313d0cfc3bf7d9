"""Which codecs of sound can be written, and FFmpeg's options for each.

Tables and their look-up; it opens no encoder.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from edl2ffmpeg.errors import SettingsError
from edl2ffmpeg.media.audio_layouts import MOST_CHANNELS, layout_name
from edl2ffmpeg.media.formats import CONTAINERS, ContainerFormat
from edl2ffmpeg.settings import RenderSettings

__all__ = ["AUDIO_CODECS", "AudioCodec", "AudioOutput", "audio_output"]

_USUAL_BITRATE_PER_CHANNEL = 96_000


@dataclass(frozen=True)
class AudioCodec:
    """One encoder of sound: what it takes and how.

    ``sample_format`` is what it is fed with; ``bits`` are those that it keeps of integers.
    ``sample_rates`` empty: any.  ``bitrates`` are the least and the most in bits per second, of
    each channel with ``bitrate_per_channel``; None where nothing is lost.  ``tail_samples`` of
    silence are needed at the end, so that it gives back all that it took.
    """

    encoder: str
    names: tuple[str, ...]
    sample_format: str
    bits: int = 0
    most_channels: int = MOST_CHANNELS
    sample_rates: tuple[int, ...] = ()
    bitrates: tuple[int, int] | None = None
    bitrate_per_channel: bool = False
    tail_samples: int = 0


_UP_TO_48 = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)

AUDIO_CODECS = (
    AudioCodec(
        "aac", (), "fltp", most_channels=8, bitrates=(8_000, 256_000),
        bitrate_per_channel=True,
        sample_rates=(*_UP_TO_48, 64_000, 88_200, 96_000),
    ),
    AudioCodec(
        "libopus", ("opus",), "flt", sample_rates=(48_000,), bitrates=(6_000, 256_000),
        bitrate_per_channel=True,
    ),
    AudioCodec(
        "libmp3lame", ("mp3",), "fltp", most_channels=2, sample_rates=_UP_TO_48,
        bitrates=(8_000, 320_000),
    ),
    AudioCodec("flac", (), "s32", 24, most_channels=8),
    AudioCodec("pcm_s16le", ("pcm16", "pcm"), "s16", 16),
    AudioCodec("pcm_s24le", ("pcm24",), "s32", 24),
    AudioCodec("pcm_f32le", ("pcm32f",), "flt"),
    # Without the silence the last of it would stay inside: the encoder delays by as much.
    AudioCodec(
        "ac3", (), "fltp", most_channels=6, sample_rates=(32_000, 44_100, 48_000),
        bitrates=(32_000, 640_000), tail_samples=256,
    ),
)  # fmt: skip

_BY_ENCODER = {codec.encoder: codec for codec in AUDIO_CODECS}
_BY_NAME = {name: codec for codec in AUDIO_CODECS for name in (codec.encoder, *codec.names)}


@dataclass(frozen=True)
class AudioOutput:
    """How sound is encoded; every stream of a file alike.

    ``titles`` are the streams' names, one for each; a single mix has an empty one.
    """

    codec: AudioCodec
    sample_rate: int
    channels: int
    bitrate: int | None = None
    titles: tuple[str, ...] = ("",)
    options: dict[str, str] = field(default_factory=dict)

    @property
    def layout(self) -> str:
        """FFmpeg's name of the channels' layout."""
        return layout_name(self.channels)


def audio_output(
    settings: RenderSettings, container: ContainerFormat, titles: tuple[str, ...] = ("",)
) -> AudioOutput:
    """Checks the settings against the tables; ``SettingsError`` lists what is possible."""
    codec = _codec(settings, container)
    rates = codec.sample_rates
    if container.sample_rates:
        rates = tuple(rate for rate in container.sample_rates if rate in (rates or (rate,)))
    if rates and settings.audio_rate not in rates:
        raise SettingsError(
            f"{codec.encoder} in .{container.extensions[0]} cannot store {settings.audio_rate} "
            "samples per second; it takes " + ", ".join(map(str, rates))
        )
    if settings.audio_channels > codec.most_channels:
        raise SettingsError(
            f"{codec.encoder} holds at most {codec.most_channels} channels, not "
            f"{settings.audio_channels}; use --audio-channels 1 to {codec.most_channels}, or "
            "another --audio-codec"
        )
    if len(titles) > 1 and container.most_audio_streams == 1:
        raise SettingsError(
            f".{container.extensions[0]} holds one audio track, and the EDL has {len(titles)}; "
            "leave --audio-tracks out, or use .mov or .mkv"
        )
    options = {}
    if codec.encoder == "libopus" and settings.audio_channels > 8:
        # Channels without a known place in the room.
        options["mapping_family"] = "255"
    return AudioOutput(
        codec,
        settings.audio_rate,
        settings.audio_channels,
        _bitrate(settings, codec),
        titles,
        options,
    )


def _codec(settings: RenderSettings, container: ContainerFormat) -> AudioCodec:
    if settings.audio_codec is None:
        return _BY_ENCODER[container.audio_codecs[0]]
    codec = _BY_NAME.get(settings.audio_codec.lower())
    if codec is None:
        known = ", ".join((*entry.names, entry.encoder)[0] for entry in AUDIO_CODECS)
        raise SettingsError(f"there is no audio codec {settings.audio_codec!r}; use one of {known}")
    if codec.encoder not in container.audio_codecs:
        homes = ", ".join(
            "." + entry.extensions[0] for entry in CONTAINERS if codec.encoder in entry.audio_codecs
        )
        raise SettingsError(
            f".{container.extensions[0]} cannot hold {codec.encoder} here; it holds "
            f"{', '.join(container.audio_codecs)}, and {codec.encoder} goes into {homes}"
        )
    return codec


def _bitrate(settings: RenderSettings, codec: AudioCodec) -> int | None:
    channels, asked = settings.audio_channels, settings.audio_bitrate
    if codec.bitrates is None:
        if asked is not None:
            raise SettingsError(
                f"{codec.encoder} has no bit rate to set; leave --audio-bitrate out"
            )
        return None
    low, high = codec.bitrates
    if codec.bitrate_per_channel:
        low, high = low * channels, high * channels
    if asked is None:
        return min(_USUAL_BITRATE_PER_CHANNEL * channels, high)
    if not low <= asked <= high:
        raise SettingsError(
            f"--audio-bitrate {asked} is outside {low} to {high}, which {codec.encoder} takes for "
            f"{channels} channel{'s' if channels > 1 else ''}"
        )
    return asked
