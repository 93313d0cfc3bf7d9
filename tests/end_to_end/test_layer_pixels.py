"""Layers of flat colours: painter's order, opacity, fades, bars and alpha, by pixel values."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from edl2ffmpeg.edl.transitions import TRANSITION_TYPES
from helpers import barcode
from helpers.edl_factory import media, video_clip
from helpers.layers import HEIGHT, WIDTH, edit, flat, frames_of, placed
from helpers.looks import LookMedia
from helpers.oracle import expected_frame


def test_tracks_are_painted_in_order_of_number_not_of_the_file(tmp_path: Path) -> None:
    half = {"zoomx": 0.5, "zoomy": 0.5}
    quarter = {"zoomx": 0.25, "zoomy": 0.25}
    clips = [
        flat("C86040", 30),
        placed(30, **quarter),
        flat("2890A0", 1),
        placed(7, **half),
        flat("78B060", 7),
    ]
    for order in (clips, clips[::-1]):
        y, u, v = frames_of(tmp_path, edit(*order))[2]
        wanted = np.full((HEIGHT, WIDTH), 0x28)
        wanted[16:48, 24:72] = 0x78
        wanted[24:40, 36:60] = 0xC8
        assert (y == wanted).all()
        assert (u[2, 2], u[10, 14], u[16, 24]) == (0x90, 0xB0, 0x60)
        assert (v[2, 2], v[10, 14], v[16, 24]) == (0xA0, 0x60, 0x40)


def test_opacity_multiplies_alpha_and_fades(tmp_path: Path) -> None:
    """Alpha 0.5 of the colour, 0.8 of the transform, 0.5 of the fade: a fifth."""
    top = flat("C86040", 2, 0, 0.4, alpha=0.5, topFade=0.4)
    edl = edit(flat("28A0A0", 1, 0, 0.4), top, placed(2, 0.4, opacity=0.8))
    shown = frames_of(tmp_path, edl)
    for number, (y, u, v) in enumerate(shown):
        share = 0.4 * number / 10
        for plane, below, above in ((y, 0x28, 0xC8), (u, 0xA0, 0x60), (v, 0xA0, 0x40)):
            assert np.abs(plane - (below + (above - below) * share)).max() <= 1


def test_fades_of_upper_tracks_leave_what_is_beneath(tmp_path: Path) -> None:
    below = flat("64A070", 1, 0, 0.8)
    plain = flat("C86040", 2, 0, 0.8, topFade=0.2, tailFade=0.4)
    for number, (y, _, _) in enumerate(frames_of(tmp_path, edit(below, plain))):
        share = min(number / 5, (20 - number) / 10, 1)
        assert np.abs(y - (0x64 + (0xC8 - 0x64) * share)).max() <= 1
    # With a colour the layer stays opaque: nothing of the lower track is ever seen.
    coloured = flat("C86040", 2, 0, 0.8, topFade=0.4, topFadeYUV="1E8080")
    for number, (y, u, _) in enumerate(frames_of(tmp_path, edit(below, coloured))):
        share = min(number / 10, 1)
        assert np.abs(y - (0x1E + (0xC8 - 0x1E) * share)).max() <= 1
        assert np.abs(u - (0x80 + (0x60 - 0x80) * share)).max() <= 1


def test_bars_of_upper_tracks_are_transparent_and_of_the_first_black(tmp_path: Path) -> None:
    square = (64, 64)
    below, above = flat("64A070", 1, size=square), flat("C86040", 2, size=square)
    y, _, _ = frames_of(tmp_path, edit(below, flat("28A0A0", 2, size=(96, 32))))[0]
    wanted = np.full((HEIGHT, WIDTH), 16)
    wanted[:, 16:80] = 0x64
    wanted[16:48] = 0x28
    assert (y == wanted).all()
    y, _, _ = frames_of(tmp_path, edit(flat("28A0A0", 1), above))[0]
    assert (y[:, :16] == 0x28).all() and (y[:, 16:80] == 0xC8).all() and (y[:, 80:] == 0x28).all()


@pytest.mark.parametrize("kind", TRANSITION_TYPES)
def test_transitions_of_upper_tracks_leave_what_is_beneath(tmp_path: Path, kind: str) -> None:
    """Both sides have bars; what both leave free is the lower track's."""
    square = (32, 64)
    edl = edit(
        flat("64A070", 1, 0, 0.4),
        flat("C86040", 2, 0, 0.2, size=square),
        flat("28A0A0", 2, 0.2, 0.4, size=square, transition={"type": kind, "duration": 0.2}),
    )
    shown = frames_of(tmp_path, edl)
    assert len(shown) == 10
    for number, (y, _, _) in enumerate(shown):
        # Frames move with slide and push, and the dip's colour fills them.
        if kind not in ("slide", "push", "dip"):
            assert (y[:, :31] == 0x64).all() and (y[:, 65:] == 0x64).all(), number
    # At the end most of the incoming picture is there, moved by a tenth at most.
    assert (shown[-1][0][:, 20:76] < 0x40).sum() > 0.75 * 32 * 64


def test_alpha_of_every_kind_of_file(tmp_path: Path, look_media: LookMedia) -> None:
    """ProRes 4444 at 3/4, VP9 at 128 of 255, a PNG with a hole: over one colour."""
    below = flat("289080", 1)
    y, u, _ = frames_of(
        tmp_path, edit(below, video_clip(media(look_media.vp9, 0, 0.2), 0, 0.2, 2))
    )[1]
    assert abs(y[32, 48] - (0x28 + (180 - 0x28) * 128 / 255)) <= 2
    assert abs(u[16, 24] - (0x90 + (90 - 0x90) * 128 / 255)) <= 2
    assert y[32, 2] == 0x28  # 4:3 in 3:2 has bars
    clip = look_media.prores
    size = (320, 180)
    edl = edit(
        flat("289080", 1, size=size), video_clip(media(clip.path, 0, 0.2), 0, 0.2, 2), size=size
    )
    for number, (y, _, _) in enumerate(frames_of(tmp_path, edl)):
        code = (clip.file_id, expected_frame(clip, Fraction(number, 25)))
        wanted = 0x28 + (barcode.picture(320, 180, *code).astype(float) - 0x28) * 0.75
        assert np.abs(y - wanted)[10:40, 5:35].mean() < 4
    y, u, v = frames_of(
        tmp_path, edit(below, video_clip(media(look_media.still, 0, 0.2), 0, 0.2, 2))
    )[0]
    assert abs(y[32, 48] - (16 + 219 * 0.2126 * 220 / 255)) <= 1.5
    assert v[16, 24] > 180
    assert (y[52:] == 0x28).all() and (u[27:] == 0x90).all()
