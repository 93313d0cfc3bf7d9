"""The mix of EDLs against the formulas of the format in float64, at every sample.

Everything is compared before encoding, in 32-bit float WAV.
"""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edl2ffmpeg
from helpers.edl_factory import audio_clip, document, generated, media, write_edl
from helpers.sound import decode_sound
from helpers.sound_oracle import expected_mix
from unit.audio.sound_writer import noise, write_sound

RATE = 48_000
RATES = ["24000/1001", "25", "30000/1001", "60000/1001"]
Json = dict[str, Any]


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """One, two and three channels of different noise, by file."""
    folder = tmp_path_factory.mktemp("sources")
    found: dict[str, Any] = {}
    for channels in (1, 2, 3):
        samples = noise(6, RATE, channels, seed=channels)
        path = folder / f"noise{channels}.wav"
        layout = {3: "3.0"}.get(channels, "")
        write_sound(path, "pcm_f32le", samples, RATE, layout=layout)
        found[str(path)] = samples.astype(np.float64)
    return found


def mixed(folder: Path, edl: Json, **options: Any) -> Any:
    result = edl2ffmpeg.render(
        write_edl(folder, edl), folder / "mix.wav", audio_codec="pcm32f", overwrite=True, **options
    )
    return result, decode_sound(result.output).samples.T


def check(folder: Path, edl: Json, sources: dict[str, Any]) -> None:
    result, heard = mixed(folder, edl)
    duration = Fraction(result.report["samples"], RATE)
    assert len(heard) == round(duration * RATE)
    wanted = expected_mix(edl, sources, RATE, len(heard))
    assert np.abs(heard - wanted).max() <= 1e-4 * max(1.0, np.abs(wanted).max())
    # Where the edit is silent, so is every sample.
    assert not heard[~wanted.any(axis=1)].any()


def level(start: float, end: float, *points: tuple[Any, ...], **more: Any) -> Json:
    track = {"type": "audio", "number": 1, "subtype": "level", **more.pop("track", {})}
    listed = [{"point": at, "db": db, **(extra[0] if extra else {})} for at, db, *extra in points]
    return {
        "track": track,
        "in": start,
        "out": end,
        "source": {"controlPoints": listed, **more},
    }


def pan(start: float, end: float, *points: tuple[Any, ...], **more: Any) -> Json:
    made = level(start, end, *points, **more)
    made["track"]["subtype"] = "pan"
    for point in made["source"]["controlPoints"]:
        point["pan"] = point.pop("db")
    return made


@pytest.mark.parametrize(("fps", "channels"), list(zip(RATES, [1, 2, 2, 1], strict=True)))
def test_levels(fps: str, channels: int, sources: dict[str, Any], tmp_path: Path) -> None:
    uri = next(uri for uri in sources if f"noise{channels}" in uri)
    edl = document(
        audio_clip(media(uri, 0.5, 4.5), 0, 4),
        level(0.25, 1.2, (0, "-Infinity"), (0.5, -6), (0.9, 3)),
        level(1.2, 2.1, (0.1, 0, {"bezier": [0.4, 0, 0.2, 1]}), (0.8, -40)),
        level(2.5, 3.0, (0, 6), (0.25, -6), interpolation="smooth"),
        level(3.0, 3.5, (0, -3), (0.2, -12), interpolation="hold"),
        level(1.0, 3.2, (0, -2), (2, "-Infinity"), track={"subnumber": 2}),
        fps=fps,
    )
    check(tmp_path, edl, sources)


@pytest.mark.parametrize(("fps", "channels"), list(zip(RATES, [1, 2, 2, 1], strict=True)))
def test_pans(fps: str, channels: int, sources: dict[str, Any], tmp_path: Path) -> None:
    uri = next(uri for uri in sources if f"noise{channels}" in uri)
    edl = document(
        audio_clip(media(uri, 0.1, 3.1), 0, 3),
        pan(0.2, 1.0, (0, -1), (0.8, 1)),
        pan(1.0, 1.5, (0, 0)),
        pan(1.6, 2.4, (0, 1, {"bezier": [0.9, 0.1, 0.6, 0.6]}), (0.7, -0.3)),
        pan(2.0, 2.2, (0, -1), track={"subnumber": 2}),
        fps=fps,
    )
    check(tmp_path, edl, sources)


@pytest.mark.parametrize("fps", RATES)
def test_crossfades(fps: str, sources: dict[str, Any], tmp_path: Path) -> None:
    one, two, _ = sources
    edl = document(
        audio_clip(media(one, 0, 1), 0, 1, transition={"duration": 0.3}),
        audio_clip(media(two, 1, 2), 1, 2, transition={"type": "dissolve", "duration": 0.4}),
        # The clip before ends elsewhere: from silence.
        audio_clip(media(one, 2, 2.6), 2.2, 2.8, transition={"duration": 0.1001}),
        audio_clip(
            media(two, 0.2, 0.9), 2.8, 3.5,
            transition={"source": media(one, 3, 3.7), "channelMap": {"1": {"2": -0.5}}},
        ),
        audio_clip(
            media(two, 3, 4), 3.5, 4.5, topFade=0.2, tailFade=0.3, transition={"duration": 0.25}
        ),
        pan(0, 4, (0, -1), (4, 1)),
        level(0, 4.5, (0, -6), (4.5, 0)),
        fps=fps,
    )  # fmt: skip
    check(tmp_path, edl, sources)


def test_a_crossfade_keeps_the_power(sources: dict[str, Any], tmp_path: Path) -> None:
    one = next(iter(sources))
    edl = document(
        audio_clip(media(one, 0, 1), 0, 1),
        audio_clip(media(one, 3, 5), 1, 3, transition={"duration": 2}),
    )
    _, heard = mixed(tmp_path, edl)
    power = [np.mean(heard[k : k + RATE // 4] ** 2) for k in range(0, 3 * RATE, RATE // 4)]
    assert np.ptp(10 * np.log10(power)) < 0.6


@pytest.mark.parametrize("fps", RATES)
def test_channel_maps(fps: str, sources: dict[str, Any], tmp_path: Path) -> None:
    one, two, three = sources
    edl = document(
        audio_clip(media(one, 0, 1), 0, 1, channelMap={"1": {"2": 0.7}}),
        audio_clip(media(two, 0, 1), 1, 2, channelMap={"1": {"1": 0.5, "2": -0.5}, "2": 1.5}),
        audio_clip(media(three, 1, 2), 2, 3, channelMap={"3": {"1": 1}, "2": 0.25}),
        audio_clip(media(three, 2, 3, audiomix="avg"), 3, 4),
        audio_clip(media(two, 2, 3, audiomix="avg"), 4, 5, channelMap={"1": {"2": 2}}),
        pan(0, 5, (0, 0.5)),
        fps=fps,
    )
    check(tmp_path, edl, sources)


def random_edl(seed: int, uris: list[str]) -> Json:
    rng = random.Random(seed)

    def ms(low: float, high: float) -> float:
        return round(rng.uniform(low, high), 3)

    clips: list[Json] = []
    for number in range(1, rng.randint(2, 4)):
        at = ms(0, 0.5)
        while at < 2.5:
            end = round(at + ms(0.2, 0.9), 3)
            more: Json = {}
            if rng.random() < 0.3:
                more["topFade"] = ms(0.01, 0.3)
            if rng.random() < 0.3:
                more["tailFade"] = ms(0.01, 0.3)
            length = round(end - at, 3)
            start = ms(0, 4)
            if rng.random() < 0.4:
                more["transition"] = {"duration": min(ms(0.02, 0.3), length)}
            elif rng.random() < 0.2:
                other = ms(0, 4)
                source = media(rng.choice(uris[:2]), other, round(other + length, 3))
                more["transition"] = {"source": source}
            source = media(rng.choice(uris[:2]), start, round(start + length, 3))
            clips.append(audio_clip(source, at, end, number, **more))
            at = end if rng.random() < 0.7 else round(end + ms(0.01, 0.3), 3)
        for make, values in ((level, [-20, "-Infinity", 3, -3]), (pan, [-1, 0, 0.4, 1])):
            if rng.random() < 0.7:
                start = ms(0, 1)
                points = [(index * 0.3, rng.choice(values)) for index in range(rng.randint(1, 4))]
                span = make(start, round(start + ms(0.5, 1.5), 3), *points)
                span["track"]["number"] = number
                clips.append(span)
    return document(*clips, fps=rng.choice(RATES))


@pytest.mark.parametrize("seed", range(40))
def test_random_edits(seed: int, sources: dict[str, Any], tmp_path: Path) -> None:
    check(tmp_path, random_edl(seed, list(sources)), sources)


@pytest.mark.parametrize("fps", RATES)
def test_every_boundary_is_at_the_exact_sample(fps: str, tmp_path: Path) -> None:
    ones = np.full((RATE * 4, 2), 0.5, np.float32)
    path = write_sound(tmp_path / "ones.wav", "pcm_f32le", ones)
    rate = Fraction(fps)
    cuts = [n / rate for n in (3, 10, 11, 40, 41, 77)]
    clips = [
        audio_clip(media(path, 0, 1), round(float(a), 9), round(float(b), 9))
        for a, b in zip(cuts[::2], cuts[1::2], strict=True)
    ]
    _, heard = mixed(tmp_path, document(*clips, fps=fps))
    steps = np.flatnonzero(np.diff(np.concatenate(([0.0], heard[:, 0], [0.0])))).tolist()
    assert steps == [round(cut * RATE) for cut in cuts]


def test_one_channel_is_the_mean_of_the_stereo_mix(sources: dict[str, Any], tmp_path: Path) -> None:
    edl = random_edl(3, list(sources))
    _, stereo = mixed(tmp_path, edl)
    _, mono = mixed(tmp_path, edl, audio_channels=1)
    assert mono.shape[1] == 1
    assert np.abs(mono[:, 0] - stereo.astype(np.float64).mean(axis=1)).max() <= 1e-6


@pytest.mark.parametrize("channels", [3, 6, 8, 9, 11, 13, 15, 16])
def test_any_number_of_channels(channels: int, sources: dict[str, Any], tmp_path: Path) -> None:
    two = list(sources)[1]
    gains = {str(output): output / 20 for output in range(1, channels + 1)}
    edl = document(audio_clip(media(two, 0, 1), 0, 1, channelMap={"2": gains}))
    result, heard = mixed(tmp_path, edl, audio_channels=channels)
    assert (result.warnings, heard.shape[1]) == ((), channels)
    for output in range(channels):
        wanted = sources[two][:RATE, 1] * (output + 1) / 20
        assert np.abs(heard[:, output] - wanted).max() <= 1e-6


def test_separate_tracks_add_up_to_the_mix(sources: dict[str, Any], tmp_path: Path) -> None:
    edl = random_edl(7, list(sources))
    numbers = sorted({clip["track"]["number"] for clip in edl["clips"]})
    assert len(numbers) > 1
    _, whole = mixed(tmp_path, edl)
    result = edl2ffmpeg.render(
        write_edl(tmp_path, edl),
        tmp_path / "stems.mov",
        preset="ultrafast",
        audio_codec="pcm32f",
        audio_tracks="separate",
    )
    stems = [decode_sound(result.output, track=index).samples.T for index in range(len(numbers))]
    assert np.abs(sum(stems) - whole).max() <= 1e-6
    titles = [stream["title"] for stream in result.report["sound"]["streams"]]
    assert titles == [f"audio track {number}" for number in numbers]


def test_five_hundred_contiguous_clips_are_one_clip(tmp_path: Path) -> None:
    rng = random.Random(1)
    time = np.arange(RATE * 12) / RATE
    tone = (0.4 * np.sin(2 * np.pi * 997 * time)).astype(np.float32)[:, None].repeat(2, 1)
    path = write_sound(tmp_path / "tone.wav", "pcm_s24le", tone)
    cuts = sorted(rng.sample(range(1, 11_999), 499))
    edges = [0.0, *(cut / 1000 for cut in cuts), 11.999]
    pieces = [audio_clip(media(path, a, b), a, b) for a, b in pairwise(edges)]
    assert len(pieces) == 500
    _, cut_up = mixed(tmp_path, document(*pieces, fps="30000/1001"))
    whole = document(audio_clip(media(path, 0, 11.999), 0, 11.999), fps="30000/1001")
    _, one = mixed(tmp_path, whole)
    assert np.array_equal(cut_up, one)
    assert np.abs(one).max() > 0.39


def test_a_gap_that_rounds_to_no_frame_is_none(sources: dict[str, Any], tmp_path: Path) -> None:
    """EDLs write three decimals; the pictures dissolve there as well."""
    two = list(sources)[1]
    first = audio_clip(media(two, 0, 1), 0, 1)
    apart = audio_clip(media(two, 3.001, 4), 1.001, 2, transition={"duration": 0.5})
    _, heard = mixed(tmp_path, document(first, apart, fps=30))
    data = sources[two]
    angle = (np.arange(24_000) + 0.5) / 24_000 * np.pi / 2
    start = 48_048
    wanted = data[start : start + 24_000] * np.cos(angle)[:, None]
    wanted += data[RATE * 3 + 48 : RATE * 3 + 24_048] * np.sin(angle)[:, None]
    assert np.abs(heard[start : start + 24_000] - wanted).max() <= 1e-5
    assert np.abs(heard[RATE - 100 : start] - data[RATE - 100 : start]).max() <= 1e-6


def test_generated_sound_goes_where_its_map_leads_it(tmp_path: Path) -> None:
    tone = generated("testpattern", 1)
    edl = document(
        audio_clip(tone, 0, 1, channelMap={"1": {"2": 0.5}}),
        audio_clip(tone, 1, 2, transition={"source": tone, "channelMap": {"1": 2}}),
    )
    _, heard = mixed(tmp_path, edl)
    peak = 10 ** (-18 / 20)
    assert not heard[:RATE, 0].any()
    assert np.abs(heard[:RATE, 1]).max() == pytest.approx(peak / 2, rel=1e-3)
    assert np.abs(heard[-480:, 0]).max() == pytest.approx(2 * peak, rel=1e-2)
    assert np.abs(heard[-480:, 1]).max() < peak / 20


@pytest.mark.parametrize("key", ["bezier", "levels"])
def test_gains_beyond_all_sense_stay_numbers(
    key: str, sources: dict[str, Any], tmp_path: Path
) -> None:
    two = list(sources)[1]
    clip = audio_clip(media(two, 0, 1), 0, 1)
    if key == "bezier":
        spans = [level(0, 1, (0, 0, {"bezier": [0, -50, 0, 50]}), (1, -60))]
    else:
        spans = [level(0, 1, (0, 100), track={"subnumber": n}) for n in range(1, 11)]
    result, heard = mixed(tmp_path, document(clip, *spans))
    assert np.isfinite(heard).all()
    assert any("louder than full scale" in warning for warning in result.warnings)
