"""The mix that an EDL asks for, by the formulas of the format in float64, sample by sample.

It knows sources as arrays at the mix's own rate and plays them at speed 1; it shares no code
with the product.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from math import floor
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["expected_mix"]

Json = dict[str, Any]
Sound = npt.NDArray[np.float64]


def nearest(time: float, rate: int) -> int:
    return floor(Fraction(str(time)) * rate + Fraction(1, 2))


def expected_mix(
    edl: Mapping[str, Any], files: Mapping[str, Sound], rate: int, samples: int
) -> Sound:
    """The stereo mix (samples, 2); ``files`` are (count, channels) by uri."""
    total = np.zeros((samples, 2))
    plain = [clip for clip in edl["clips"] if clip["track"]["type"] == "audio"]
    for number in sorted({clip["track"]["number"] for clip in plain}):
        on_track = [clip for clip in plain if clip["track"]["number"] == number]
        clips = sorted(
            (clip for clip in on_track if "subtype" not in clip["track"]),
            key=lambda clip: clip["in"],
        )
        for index, clip in enumerate(clips):
            following = clips[index + 1] if index + 1 < len(clips) else None
            for sound, is_mono in _clip_sounds(clip, following, files, rate, samples):
                total += _controlled(sound, is_mono, on_track, rate)
    return total


def _clip_sounds(
    clip: Json, following: Json | None, files: Mapping[str, Sound], rate: int, samples: int
) -> list[tuple[Sound, bool]]:
    """What a clip sounds like; of one that is a transition, what it leads from and to."""
    start, end = nearest(clip["in"], rate), nearest(clip["out"], rate)
    k = np.arange(samples)
    fades = _fades(clip, k / rate)
    transition = clip.get("transition", {})
    last = (clip["source"], clip.get("channelMap"))
    sounds = []
    if "source" in transition:
        # It sounds up to its end, and what it led to goes on.
        gain = fades * np.cos(_angle(k, start, end))
        sounds.append(_played(*last, clip, start, end, files, rate, gain))
        last = (transition["source"], transition.get("channelMap"))
        gain = fades * np.sin(_angle(k, start, end))
    elif transition:
        stop = nearest(round(clip["in"] + transition["duration"], 6), rate)
        gain = fades * np.sin(_angle(k, start, stop))
    else:
        gain = fades
    into = following.get("transition", {}) if following is not None else {}
    until = end
    if following is not None and "duration" in into and following["in"] == clip["out"]:
        until = nearest(round(following["in"] + into["duration"], 6), rate)
        gain = gain * np.cos(_angle(k, end, until))
    sounds.append(_played(*last, clip, start, until, files, rate, gain))
    return sounds


def _angle(k: npt.NDArray[np.int64], start: int, end: int) -> Sound:
    return np.clip((k - start + 0.5) / (end - start), 0, 1) * np.pi / 2


def _fades(clip: Json, time: Sound) -> Sound:
    gain = np.ones(len(time))
    if clip.get("topFade"):
        gain = np.minimum(gain, (time - clip["in"]) / clip["topFade"])
    if clip.get("tailFade"):
        gain = np.minimum(gain, (clip["out"] - time) / clip["tailFade"])
    return np.clip(gain, 0, 1)


def _played(
    source: Json,
    channel_map: Json | None,
    clip: Json,
    start: int,
    end: int,
    files: Mapping[str, Sound],
    rate: int,
    gain: Sound,
) -> tuple[Sound, bool]:
    data = files[source["uri"]]
    if source.get("audiomix"):
        data = data.mean(axis=1, keepdims=True)
    is_mono = data.shape[1] == 1 and channel_map is None
    shift = nearest(float(Fraction(str(source["in"])) - Fraction(str(clip["in"]))), rate)
    result = np.zeros((len(gain), 2))
    end = min(end, len(gain), len(data) - shift)
    part = data[start + shift : end + shift]
    if channel_map is not None:
        mixed = np.zeros((len(part), 2))
        for channel, gains in channel_map.items():
            outputs = gains if isinstance(gains, dict) else {channel: gains}
            for output, factor in outputs.items():
                mixed[:, int(output) - 1] += part[:, int(channel) - 1] * factor
    else:
        mixed = np.repeat(part, 2, axis=1) if part.shape[1] == 1 else part
    result[start:end] = mixed * gain[start:end, None]
    return result, is_mono


def _controlled(sound: Sound, is_mono: bool, clips: list[Json], rate: int) -> Sound:
    time = np.arange(len(sound)) / rate
    pan = np.full(len(sound), np.nan)
    for clip in sorted(clips, key=lambda clip: clip["track"].get("subnumber", 1)):
        subtype = clip["track"].get("subtype")
        if subtype is None:
            continue
        here = slice(nearest(clip["in"], rate), nearest(clip["out"], rate))
        points = clip["source"].get("controlPoints") or [{"point": 0, "pan": clip["source"]["pan"]}]
        values = [point["db" if subtype == "level" else "pan"] for point in points]
        times = [clip["in"] + point["point"] for point in points]
        found = [_value(at, times, points, values, clip["source"]) for at in time[here]]
        if subtype == "level":
            sound[here] *= np.array([_gain(*entry) for entry in found])[:, None]
        else:
            pan[here] = [low + (high - low) * share for low, high, share in found]
    left, right, acts = sound[:, 0].copy(), sound[:, 1].copy(), ~np.isnan(pan)
    x = np.where(pan <= 0, pan + 1, pan) if not is_mono else (pan + 1) / 2
    cosine, sine = np.cos(x * np.pi / 2), np.sin(x * np.pi / 2)
    if is_mono:
        panned = left * cosine, right * sine
    else:
        panned = (
            np.where(pan <= 0, left + right * cosine, left * cosine),
            np.where(pan <= 0, right * sine, right + left * sine),
        )
    return np.where(acts[:, None], np.stack(panned, axis=1), sound)


def _value(
    at: float, times: list[float], points: list[Json], values: list[Any], source: Json
) -> tuple[float, float, float]:
    """The values before and after ``at``, and how far it is between them."""
    numbers = [-np.inf if value == "-Infinity" else float(value) for value in values]
    if at < times[0]:
        return numbers[0], numbers[0], 0.0
    index = max(i for i, time in enumerate(times) if time <= at)
    if index == len(times) - 1:
        return numbers[-1], numbers[-1], 0.0
    share = (at - times[index]) / (times[index + 1] - times[index])
    how = source.get("interpolation", "linear")
    if "bezier" in points[index]:
        share = _eased(points[index]["bezier"], share)
    elif how == "hold":
        share = 0.0
    elif how == "smooth":
        share = share * share * (3 - 2 * share)
    return numbers[index], numbers[index + 1], share


def _gain(low: float, high: float, share: float) -> float:
    if np.isinf(low) or np.isinf(high):
        first, last = (0.0 if np.isinf(value) else 10 ** (value / 20) for value in (low, high))
        return float(first + (last - first) * share)
    return float(10 ** ((low + (high - low) * share) / 20))


def _eased(curve: list[float], x: float) -> float:
    return float(np.interp(x, *_drawn(*curve)))


@lru_cache
def _drawn(x1: float, y1: float, x2: float, y2: float) -> tuple[Sound, Sound]:
    """The curve as a fine chain of lines."""
    t = np.linspace(0, 1, 20_001)
    xs = 3 * (1 - t) ** 2 * t * x1 + 3 * (1 - t) * t * t * x2 + t**3
    ys = 3 * (1 - t) ** 2 * t * y1 + 3 * (1 - t) * t * t * y2 + t**3
    return xs, ys
