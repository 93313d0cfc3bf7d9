"""Which codecs of sound can be written, and FFmpeg's options for each.

Tables and their look-up; it opens no encoder.
"""

from __future__ import annotations

from collections.abc import Mapping
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
    each channel with ``bitrate_per_channel``; None where nothing is lost.  Where there are
    ``bitrate_steps``, no others.  ``feeding`` is in which order it has to be given the channels,
    by their number, where that is not their own.  ``tail_samples`` of silence are needed at the
    end, so that it gives back all that it took.
    """

    encoder: str
    names: tuple[str, ...]
    sample_format: str
    bits: int = 0
    most_channels: int = MOST_CHANNELS
    sample_rates: tuple[int, ...] = ()
    bitrates: tuple[int, int] | None = None
    bitrate_per_channel: bool = False
    bitrate_steps: tuple[int, ...] = ()
    feeding: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    tail_samples: int = 0


# In thousands of bits per second.
_STEPS = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 192, 224, 256, 320)
_MP3_STEPS = tuple(step * 1000 for step in _STEPS)
_AC3_STEPS = tuple(step * 1000 for step in (*_STEPS[3:12], *_STEPS[13:], 384, 448, 512, 576, 640))
# Bits of one channel for each sample, at most.
_AAC_BITS_PER_SAMPLE = 6

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
        # FFmpeg turns these orders round the wrong way; those of 6 and 8 are their own reverse.
        feeding={5: (0, 1, 4, 2, 3), 7: (0, 1, 4, 3, 5, 2, 6)},
    ),
    AudioCodec(
        "libmp3lame", ("mp3",), "fltp", most_channels=2, sample_rates=_UP_TO_48,
        bitrates=(8_000, 320_000), bitrate_steps=_MP3_STEPS,
    ),
    AudioCodec("flac", (), "s32", 24, most_channels=8),
    AudioCodec("pcm_s16le", ("pcm16", "pcm"), "s16", 16),
    AudioCodec("pcm_s24le", ("pcm24",), "s32", 24),
    AudioCodec("pcm_f32le", ("pcm32f",), "flt"),
    # Without the silence the last of it would stay inside: the encoder delays by as much.
    AudioCodec(
        "ac3", (), "fltp", most_channels=6, sample_rates=(32_000, 44_100, 48_000),
        bitrates=(32_000, 640_000), bitrate_steps=_AC3_STEPS, tail_samples=256,
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
    low, high = _limits(codec, settings.audio_rate, channels)
    steps = [step for step in _steps(codec, settings.audio_rate) if low <= step <= high]
    if asked is None:
        usual = min(_USUAL_BITRATE_PER_CHANNEL * channels, high)
        return next((step for step in steps if step >= usual), usual)
    what = f"{codec.encoder} at {settings.audio_rate} Hz with {channels} channel"
    what += "s" if channels > 1 else ""
    if not low <= asked <= high:
        raise SettingsError(
            f"--audio-bitrate {asked} is outside {low} to {high}, which {what} takes"
        )
    if steps and asked not in steps:
        raise SettingsError(
            f"--audio-bitrate {asked} is not among those that {what} has: "
            + ", ".join(map(str, steps))
        )
    return asked


def _limits(codec: AudioCodec, rate: int, channels: int) -> tuple[int, int]:
    assert codec.bitrates is not None
    low, high = codec.bitrates
    if codec.encoder == "aac":
        high = min(high, _AAC_BITS_PER_SAMPLE * rate)
    if codec.bitrate_per_channel:
        return low * channels, high * channels
    if codec.encoder == "ac3" and channels > 2:
        low = 2 * low
    if codec.encoder == "libmp3lame":
        low, high = (
            (32_000, high) if rate >= 32_000 else (low, 160_000 if rate >= 16_000 else 64_000)
        )
    return low, high


def _steps(codec: AudioCodec, rate: int) -> tuple[int, ...]:
    if codec.encoder != "libmp3lame":
        return codec.bitrate_steps
    # Low rates have steps of their own.
    missing = (24_000, 144_000) if rate >= 32_000 else (192_000,)
    return tuple(step for step in codec.bitrate_steps if step not in missing)
