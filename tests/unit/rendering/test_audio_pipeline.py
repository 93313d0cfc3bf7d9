"""The mix: what sounds at which sample, and what is said about sources that fall short."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from types import GeneratorType
from typing import Any

import numpy as np
import pytest

from edl2ffmpeg.errors import MediaOpenError
from edl2ffmpeg.media.access import AccessRules
from edl2ffmpeg.rendering.audio_pipeline import AudioPipeline
from edl2ffmpeg.timeline.model import (
    Clip,
    Fade,
    GeneratedSource,
    Generator,
    MediaSource,
    Segment,
    Source,
    StreamKind,
    StreamSelector,
    Timeline,
    TimeRange,
    Track,
)
from helpers.sound import click_track, find_clicks
from unit.audio.sound_writer import Samples, noise, ramp, write_sound

RATE = 48000
Time = Fraction | int
TONE = GeneratedSource(Generator.TEST_PATTERN)


def media(path: Path) -> MediaSource:
    return MediaSource(path.name, str(path), StreamSelector(StreamKind.AUDIO))


def clip(
    source: Source,
    start: Time,
    end: Time,
    source_start: Time = 0,
    speed: Time = 1,
    *,
    top_fade: Fade | None = None,
    tail_fade: Fade | None = None,
) -> Clip:
    place = TimeRange(Fraction(start), Fraction(end))
    shown = TimeRange(Fraction(source_start), source_start + place.duration * speed)
    path = f"clips[{start}]"
    segment = Segment(source, place, shown, Fraction(speed), f"{path}.source")
    return Clip(place, (segment,), path, top_fade, tail_fade)


def timeline(*tracks: Sequence[Clip], frame_rate: Fraction = Fraction(25)) -> Timeline:
    end = max(one.range_in_parent.end for track in tracks for one in track)
    numbered = tuple(Track(StreamKind.AUDIO, n, tuple(track)) for n, track in enumerate(tracks, 1))
    return Timeline(frame_rate, 64, 48, (), numbered, end)


def mix(edit: Timeline, **options: Any) -> Samples:
    with AudioPipeline(edit, AccessRules(), **options) as pipeline:
        return np.concatenate(list(pipeline.blocks()))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mix")


@pytest.fixture(scope="module")
def ramps(folder: Path) -> MediaSource:
    return media(write_sound(folder / "ramp.wav", "pcm_s16le", ramp(10 * RATE)))


def test_every_sample_is_where_the_edit_puts_it(ramps: MediaSource) -> None:
    wanted = np.zeros((4 * RATE, 2), np.float32)
    line = ramp(10 * RATE)
    wanted[RATE : 2 * RATE] = line[5 * RATE : 6 * RATE]
    wanted[RATE * 5 // 2 : 4 * RATE] = line[RATE : RATE * 5 // 2]
    edit = timeline([clip(ramps, 1, 2, 5), clip(ramps, Fraction(5, 2), 4, 1)])
    assert np.array_equal(mix(edit), wanted)
    for block in (1000, 4096, 200_000):
        assert np.array_equal(mix(edit, block_samples=block), wanted)
    with AudioPipeline(edit, AccessRules(), sample_range=(50_000, 130_001)) as pipeline:
        blocks = list(pipeline)
        assert pipeline.total_samples == 80_001
        assert {len(one) for one in blocks[:-1]} == {8192}
        assert np.array_equal(np.concatenate(blocks), wanted[50_000:130_001])
        assert pipeline.warnings == ()


def test_tracks_are_summed(ramps: MediaSource) -> None:
    edit = timeline([clip(ramps, 0, 2)], [clip(ramps, 1, 3, 4)], [clip(TONE, 0, 1)])
    parts = [mix(timeline(track.clips)) for track in edit.audio_tracks]
    wanted = np.zeros((3 * RATE, 2))
    for part, start in zip(parts, (0, 0, 0), strict=True):
        wanted[start : start + len(part)] += part
    assert np.abs(mix(edit) - wanted).max() <= 1e-6


def test_clipping_is_counted_and_nothing_is_limited(folder: Path) -> None:
    loud = np.full((RATE, 2), 0.75, np.float32)
    source = media(write_sound(folder / "loud.wav", "pcm_f32le", loud))
    edit = timeline([clip(source, 0, 1)], [clip(source, Fraction(1, 2), 1)])
    with AudioPipeline(edit, AccessRules()) as pipeline:
        assert np.concatenate(list(pipeline)).max() == 1.5
        clipping = pipeline.clipping
    assert (clipping.samples, clipping.first_sample) == (RATE, RATE // 2)


NTSC = Fraction(30000, 1001)


def test_clicks_keep_their_sample_at_29_97_over_ten_minutes(folder: Path) -> None:
    click = 24_000
    sound = np.ascontiguousarray(click_track(RATE, [click]).T)
    sources = [
        media(write_sound(folder / "click.wav", "pcm_s16le", sound)),
        media(write_sound(folder / "click.m4a", "aac", sound, options={"b": "192000"})),
    ]
    frames = [0, 1799, 4321, 9999, 17_981]
    clips = [
        clip(sources[n % 2], frame / NTSC, (frame + 25) / NTSC) for n, frame in enumerate(frames)
    ]
    edit = timeline(clips, frame_rate=NTSC)
    for frame in frames:
        centre = round(frame / NTSC * RATE) + click
        near = mix(edit, sample_range=(centre - 500, centre + 500))
        assert abs(find_clicks(near[:, 0])[0] - 500) <= 1
    assert not mix(edit, sample_range=(RATE * 300, RATE * 301)).any()


@pytest.mark.parametrize(
    ("name", "codec", "rate"),
    [
        ("null.wav", "pcm_s16le", 48000),
        ("null44.wav", "pcm_s16le", 44100),
        ("null44.m4a", "aac", 44100),
        ("null.mkv", "libopus", 48000),
        ("null.mp3", "libmp3lame", 44100),
    ],
)
def test_500_clips_that_continue_each_other_are_one_clip(
    name: str, codec: str, rate: int, folder: Path
) -> None:
    source = media(write_sound(folder / name, codec, noise(12, rate), rate))
    offset = Fraction(1001, 7919)
    cuts = [Fraction(frame * 1001, 48_000) for frame in range(501)]
    pieces = [clip(source, a, b, a + offset) for a, b in pairwise(cuts)]
    with AudioPipeline(timeline(pieces), AccessRules()) as pipeline:
        cut = np.concatenate(list(pipeline))
        assert pipeline.opened_decoders == 1
    assert np.array_equal(cut, mix(timeline([clip(source, 0, cuts[-1], offset)])))


def test_many_jumps_open_each_file_once_and_stay_exact(folder: Path, ramps: MediaSource) -> None:
    line = ramp(10 * RATE)
    other = media(write_sound(folder / "other.flac", "flac", line))
    choose = np.random.default_rng(3)
    starts = choose.integers(0, 9 * RATE, 300)
    clips = [
        clip((ramps, other)[n % 2], Fraction(n, 25), Fraction(n + 1, 25), Fraction(int(at), RATE))
        for n, at in enumerate(starts)
    ]
    with AudioPipeline(timeline(clips), AccessRules()) as pipeline:
        heard = np.concatenate(list(pipeline))
        assert pipeline.opened_decoders == 2
    wanted = np.concatenate([line[at : at + RATE // 25] for at in starts])
    assert np.array_equal(heard, wanted)


def test_fades_follow_the_formula(folder: Path) -> None:
    source = media(write_sound(folder / "one.wav", "pcm_f32le", np.ones((3 * RATE, 2), np.float32)))
    top, tail = Fraction(1, 3), Fraction(1001, 30000)
    start, end = Fraction(1, 7), Fraction(9, 7)
    edit = timeline([clip(source, start, end, top_fade=Fade(top), tail_fade=Fade(tail))])
    heard = mix(edit)[:, 0]
    times = np.arange(len(heard)) / RATE
    weights = np.minimum((times - float(start)) / float(top), (float(end) - times) / float(tail))
    first = round(start * RATE)
    assert np.abs(heard[first:] - np.clip(weights, 0, 1)[first:]).max() <= 1e-6
    assert not heard[:first].any()


@pytest.mark.parametrize("speed", [Fraction(1, 2), Fraction(2), Fraction(1, 4), Fraction(5)])
def test_speed_keeps_the_pitch_and_the_length(speed: Fraction, folder: Path) -> None:
    time = np.arange(10 * RATE)[:, None] / RATE
    sine = np.repeat(0.5 * np.sin(2 * np.pi * 440 * time), 2, 1).astype(np.float32)
    source = media(write_sound(folder / "sine.wav", "pcm_f32le", sine))
    end = Fraction(3, 2)
    whole = mix(timeline([clip(source, 0, end, 1, speed)]))
    assert len(whole) == end * RATE
    spectrum = np.abs(np.fft.rfft(whole[:, 0] * np.hanning(len(whole))))
    assert abs(spectrum.argmax() / float(end) - 440) < 2
    assert np.abs(whole[:, 0]).max() < 0.55 and np.abs(whole[-2000:, 0]).max() > 0.4
    # Whatever part is rendered, it is that part of the whole.
    part = mix(timeline([clip(source, 0, end, 1, speed)]), sample_range=(30_001, 50_000))
    assert np.array_equal(part, whole[30_001:50_000])


@pytest.mark.parametrize("speed", [Fraction(1, 2), Fraction(3, 4), Fraction(3, 2), Fraction(2)])
def test_speed_keeps_events_near_their_time(speed: Fraction, folder: Path) -> None:
    sound = noise(12) * np.float32(0.1)
    bursts = [1.5, 3.25, 5.0, 7.5]
    length = RATE // 10
    for at in bursts:
        hum = np.sin(2 * np.pi * 220 * np.arange(length) / RATE) * np.hanning(length)
        sound[int(at * RATE) : int(at * RATE) + length] += hum[:, None].astype(np.float32)
    source = media(write_sound(folder / "bursts.wav", "pcm_f32le", sound))
    heard = np.abs(mix(timeline([clip(source, 0, 8 / speed, 0, speed)]))[:, 0])
    for at in bursts:
        expected = int((at + 0.05) / float(speed) * RATE)
        power = heard[expected - RATE // 8 : expected + RATE // 8] ** 2
        centre = (np.arange(len(power)) * power).sum() / power.sum() - RATE // 8
        assert abs(centre) < 0.035 * RATE


def test_generated_sources_are_tone_and_silence() -> None:
    black = GeneratedSource(Generator.BLACK)
    edit = timeline([clip(black, 0, 1), clip(TONE, 1, 2, 1), clip(TONE, 2, 3, 2)])
    heard = mix(edit)
    assert not heard[:RATE].any()
    assert np.array_equal(heard[RATE:], mix(timeline([clip(TONE, 1, 3, 1)]))[RATE:])
    assert abs(20 * np.log10(heard.max()) + 18) < 0.01


def test_a_source_that_ends_early_is_silence_and_one_warning(folder: Path) -> None:
    source = media(write_sound(folder / "short.wav", "pcm_s16le", noise(2)[: 2 * RATE]))
    edit = timeline([clip(source, 0, 1), clip(source, 1, 4, 1), clip(source, 4, 5, 100)])
    with AudioPipeline(edit, AccessRules()) as pipeline:
        heard = np.concatenate(list(pipeline))
        warnings = pipeline.warnings
    assert not heard[2 * RATE :].any() and heard[2 * RATE - 10 : 2 * RATE].any()
    assert [warning.json_path for warning in warnings] == ["clips[1].source", "clips[4].source"]
    assert "short.wav ends 2 s before the clip does" in str(warnings[0])


def test_a_file_without_sound_names_clip_and_file(folder: Path) -> None:
    import av

    path = folder / "mute.mp4"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.zeros((72, 64), np.uint8), "yuv420p")
        output.mux([*stream.encode(frame), *stream.encode(None)])
    with pytest.raises(MediaOpenError, match=r"clips\[1\].source: .*mute.mp4: has no audio") as e:
        mix(timeline([clip(media(path), 1, 2)]))
    assert "V1" in str(e.value)


def test_blocks_can_be_stopped_and_closing_says_so(ramps: MediaSource) -> None:
    pipeline = AudioPipeline(timeline([clip(ramps, 0, 9)]), AccessRules())
    blocks = pipeline.blocks()
    next(blocks)
    assert isinstance(blocks, GeneratorType)
    blocks.close()
    again = pipeline.blocks()
    next(again)
    pipeline.close()
    pipeline.close()
    with pytest.raises(ValueError, match="closed"):
        next(again)


def test_a_damaged_file_is_one_warning(folder: Path) -> None:
    path = write_sound(folder / "broken.mp4", "aac", noise(6))
    content = bytearray(path.read_bytes())
    content[40_000:44_000] = bytes(4000)
    path.write_bytes(content)
    with AudioPipeline(timeline([clip(media(path), 0, 5)]), AccessRules()) as pipeline:
        assert len(np.concatenate(list(pipeline))) == 5 * RATE
        (warning,) = pipeline.warnings
    assert warning.json_path == "clips[0].source"
    assert "is damaged from" in warning.message
