"""Stills and contact sheets: the right pictures, few decoded, and nothing left when refused."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

import edl2ffmpeg
from edl2ffmpeg.jobs import contact_sheet
from edl2ffmpeg.jobs.sheet_drawing import SheetLayout
from edl2ffmpeg.jobs.stills import StillReader
from edl2ffmpeg.plan.cut_points import Shot, shots
from helpers import barcode
from helpers.edl_factory import (
    audio_clip,
    document,
    generated,
    media,
    sources_clip,
    video_clip,
    write_edl,
)
from helpers.media_factory import ClipLibrary
from helpers.rendering import codes_of, render_edl, run_command

Picture = npt.NDArray[np.uint8]


def code_of(picture: Picture) -> tuple[int, int] | None:
    """The barcode of R'G'B', whose range is full; None where it is black."""
    return barcode.read(picture.mean(axis=2).astype(np.uint8))


def read_picture(path: Path) -> Picture:
    with Image.open(path) as opened:
        assert opened.mode == "RGB"
        return np.asarray(opened)


def cuts_edl(folder: Path, clips: ClipLibrary, **more: Any) -> Path:
    """Two files, a jump back, a gap, a ``sources`` list with a speed, and a shot of one frame."""
    one, two = clips["h264_30_mp4"].path, clips["prores_24_mov"].path
    return write_edl(
        folder,
        document(
            video_clip(media(one, 2, 3), 0, 1),
            video_clip(media(one, 0.5, 1.5), 1, 2),
            sources_clip([media(two, 1, 1.5), media(one, 1, 2, speed=2)], 2.5, 3.5),
            video_clip(media(two, 0, 0.033), 3.5, 3.533),
            **more,
        ),
    )


def assert_refused(result: subprocess.CompletedProcess[str], *words: str) -> None:
    assert result.returncode == 2, result.stderr
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("edl2ffmpeg: "), result.stderr
    for word in words:
        assert word in result.stderr, result.stderr


# -- stills -------------------------------------------------------------------


def test_a_still_is_the_frame_that_a_render_encodes(clips: ClipLibrary, tmp_path: Path) -> None:
    edl = cuts_edl(tmp_path, clips)
    with edl2ffmpeg.open_frames(edl) as frames:
        expected = [frame.array for frame in frames]
    edl2ffmpeg.render(edl, tmp_path / "movie.mp4", preset="ultrafast")
    shown = codes_of(tmp_path / "movie.mp4")
    assert len(expected) == len(shown) == 106
    for number in (0, 29, 30, 59, 60, 75, 89, 90, 104, 105):
        picture = edl2ffmpeg.still(edl, number)
        assert code_of(picture) == shown[number], number
        assert np.array_equal(picture, expected[number]), number


def test_the_command_writes_that_picture(clips: ClipLibrary, tmp_path: Path) -> None:
    edl = cuts_edl(tmp_path, clips)
    before = os.listdir(tmp_path)
    result = run_command("still", edl, "--frame", "42", tmp_path / "a.png")
    assert (result.returncode, result.stdout) == (0, "")
    assert result.stderr == f"{tmp_path / 'a.png'}: frame 42, 320x180 pixels\n"
    assert np.array_equal(read_picture(tmp_path / "a.png"), edl2ffmpeg.still(edl, 42))
    result = run_command("still", "--time", "0:01.4", "-q", edl, tmp_path / "b.JPG")
    assert (result.returncode, result.stderr) == (0, "")
    assert (tmp_path / "b.JPG").read_bytes()[:2] == b"\xff\xd8"
    assert code_of(read_picture(tmp_path / "b.JPG")) == (clips["h264_30_mp4"].file_id, 27)
    assert sorted(os.listdir(tmp_path)) == sorted([*before, "a.png", "b.JPG"])


def test_options_of_a_render(clips: ClipLibrary, tmp_path: Path) -> None:
    edl = cuts_edl(tmp_path, clips)
    options = ("--fps", "60", "--width", "201", "--height", "201", "--fit", "cover", "-q")
    result = run_command("still", edl, tmp_path / "a.png", "--frame", "84", *options)
    assert (result.returncode, result.stderr) == (0, "")
    expected = edl2ffmpeg.still(edl, 84, frame_rate=60, width=201, height=201, fit="cover")
    assert expected.shape == (201, 201, 3)
    assert np.array_equal(read_picture(tmp_path / "a.png"), expected)


@pytest.mark.parametrize(
    ("time", "frame"), [("0", 0), ("0.98", 29), ("1", 30), ("0:01.02", 31), ("3.53", 105)]
)
def test_a_time_is_the_frame_that_begins_nearest(
    clips: ClipLibrary, tmp_path: Path, time: str, frame: int
) -> None:
    edl = cuts_edl(tmp_path, clips)
    result = run_command("still", edl, tmp_path / "a.png", "--time", time)
    assert f"frame {frame}," in result.stderr


def test_few_pictures_are_decoded(clips: ClipLibrary, tmp_path: Path) -> None:
    """Not the frames before it, and not the files that it does not show."""
    late = clips["h264_30_late_mp4"]
    gop = 60
    edl = write_edl(
        tmp_path,
        document(
            video_clip(media("missing.mp4", 0, 1), 0, 1),
            video_clip(media(late.path, 0, 3.5), 1, 4.5),
            audio_clip(media("missing.wav", 0, 4), 0, 4),
        ),
    )
    timeline = edl2ffmpeg.load_timeline(edl)
    with StillReader(timeline, edl2ffmpeg.RenderSettings(threads=1), [130]) as reader:
        assert code_of(reader.picture(130)) == (late.file_id, 100)
        assert reader.stats.pictures_decoded <= gop
        with pytest.raises(ValueError, match="not one of those"):
            reader.picture(131)


def test_a_still_of_sound_alone_is_black(tmp_path: Path) -> None:
    edl = write_edl(tmp_path, document(audio_clip(generated("testpattern", 1), 0, 1)))
    assert not edl2ffmpeg.still(edl, 3).any()


def test_a_short_source_is_told(clips: ClipLibrary, tmp_path: Path) -> None:
    edl = write_edl(tmp_path, document(video_clip(media(clips["h264_30_mp4"].path, 3, 5), 0, 2)))
    result = run_command("still", edl, tmp_path / "a.png", "--frame", "45", "-q")
    assert result.returncode == 0
    assert result.stderr.startswith("edl2ffmpeg: warning: clips[0].source: ")
    assert "has ended by frame 45; its last picture is shown" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    with pytest.raises(edl2ffmpeg.EdlValidationError, match="ends at 4 s"):
        edl2ffmpeg.still(edl, 45, strict=True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["a.png", "--frame", "106"], "frame 106: the timeline has frames 0 to 105"),
        (["a.png", "--frame", "-1"], "'-1' is not a whole number from 0"),
        (["a.png", "--time", "9"], "time 9 s: the timeline ends at 3.533 s"),
        (["a.png", "--time", "soon"], "'soon' is not a time"),
        (["a.png"], "one of the arguments --frame --time is required"),
        (["a.png", "--frame", "1", "--time", "1"], "not allowed with argument"),
        (["a.gif", "--frame", "1"], "a.gif: does not name a kind of picture; use one of .png .jpg"),
        (["a", "--frame", "1"], "a: does not name a kind of picture"),
        (["missing/a.png", "--frame", "1"], "cannot be written: No such file or directory"),
        (["a.png", "--frame", "1", "--restrict", "."], "--restrict"),
        (["old.png", "--frame", "1"], "old.png: exists already; add --overwrite to replace it"),
        (["folder.png", "--frame", "1", "--overwrite"], "is a folder"),
    ],
)
def test_refused_stills(
    clips: ClipLibrary, tmp_path: Path, arguments: list[str], words: str
) -> None:
    edl = cuts_edl(tmp_path, clips)
    (tmp_path / "old.png").write_bytes(b"old")
    (tmp_path / "folder.png").mkdir()
    before = sorted(os.listdir(tmp_path))
    assert_refused(run_command("still", edl, *arguments, cwd=tmp_path), words)
    assert sorted(os.listdir(tmp_path)) == before
    assert (tmp_path / "old.png").read_bytes() == b"old"


@pytest.mark.parametrize("command", [["still", "--frame", "0"], ["sheet"]])
def test_a_source_is_never_the_output(
    clips: ClipLibrary, tmp_path: Path, command: list[str]
) -> None:
    Image.new("RGB", (64, 36), (200, 40, 40)).save(tmp_path / "logo.png")
    before = (tmp_path / "logo.png").read_bytes()
    edl = write_edl(tmp_path, document(video_clip(media("logo.png", 0, 1), 0, 1)))
    result = run_command(*command, edl, tmp_path / "logo.png", "--overwrite")
    assert_refused(result, "is also a source of this EDL")
    assert (tmp_path / "logo.png").read_bytes() == before


def test_overwrite_replaces(clips: ClipLibrary, tmp_path: Path) -> None:
    edl = cuts_edl(tmp_path, clips)
    output = tmp_path / "a.png"
    output.write_bytes(b"old")
    assert run_command("still", edl, output, "--frame", "0", "--overwrite").returncode == 0
    assert read_picture(output).shape == (180, 320, 3)


def test_an_empty_timeline_has_no_frame(tmp_path: Path) -> None:
    edl = write_edl(tmp_path, document())
    for command in (["still", "--frame", "0"], ["still", "--time", "0"], ["sheet"]):
        result = run_command(*command, edl, tmp_path / "a.png")
        assert result.returncode == 2
        assert len(result.stderr.splitlines()) == 1
    assert os.listdir(tmp_path) == ["cut.json"]


# -- contact sheets -----------------------------------------------------------


def test_cells_show_both_sides_of_every_cut(clips: ClipLibrary, tmp_path: Path) -> None:
    edl = cuts_edl(tmp_path, clips)
    one, two = clips["h264_30_mp4"].file_id, clips["prores_24_mov"].file_id
    timeline = edl2ffmpeg.load_timeline(edl)
    cells, warnings = contact_sheet.cells_of(
        timeline, shots(timeline), (160, 90), edl2ffmpeg.RenderSettings()
    )
    assert warnings == []
    shown = [[(int(cell.frame), code_of(cell.picture)) for cell in row] for row in cells]
    assert shown == [
        [(0, (one, 60)), (29, (one, 89))],
        [(30, (one, 15)), (59, (one, 44))],
        [(60, None), (74, None)],
        [(75, (two, 24)), (89, (two, 35))],
        [(90, (one, 30)), (104, (one, 58))],
        [(105, (two, 0))],
    ]
    assert [(row[0].place, row[0].source) for row in cells] == [
        ("clips[0]", clips["h264_30_mp4"].path.name),
        ("clips[1]", clips["h264_30_mp4"].path.name),
        ("no clip", "black"),
        ("clips[2].sources[0]", clips["prores_24_mov"].path.name),
        ("clips[2].sources[1]", clips["h264_30_mp4"].path.name),
        ("clips[3]", clips["prores_24_mov"].path.name),
    ]
    assert cells[1][1].time == "00:01.967"


def test_the_sheet_holds_the_cells(clips: ClipLibrary, tmp_path: Path) -> None:
    edl = cuts_edl(tmp_path, clips)
    result = run_command("sheet", edl, "--columns", "2", tmp_path / "a.png", "--size", "160")
    assert result.returncode == 0, result.stderr
    sheet = read_picture(tmp_path / "a.png")
    height, width = sheet.shape[:2]
    assert result.stderr == f"{tmp_path / 'a.png'}: 6 shots, {width}x{height} pixels\n"
    layout = SheetLayout.of(160, (160, 90), 6, 2)
    assert (layout.width, layout.height, layout.rows) == (width, height, 3)
    for card, index, number in ((0, 0, 0), (1, 1, 59), (3, 0, 75), (5, 0, 105)):
        left, top = layout.picture(card, index)
        thumbnail = sheet[top : top + 90, left : left + 160]
        assert np.array_equal(thumbnail, edl2ffmpeg.still(edl, number, width=160, height=90))
    assert sorted(os.listdir(tmp_path)) == ["a.png", "cut.json"]


@pytest.mark.parametrize("fit", ["contain", "cover", "stretch"])
def test_thumbnails_are_framed_as_the_movie_is(
    clips: ClipLibrary, tmp_path: Path, fit: str
) -> None:
    """A wide source on a square: bars, crop and distortion are where the large frame has them."""
    edl = write_edl(
        tmp_path,
        document(video_clip(media(clips["h264_30_mp4"].path, 0, 1), 0, 1), width=640, height=640),
    )
    timeline = edl2ffmpeg.load_timeline(edl)
    settings = edl2ffmpeg.RenderSettings(fit=edl2ffmpeg.Fit(fit))
    cells, _ = contact_sheet.cells_of(timeline, [Shot(7, 8)], (160, 160), settings)
    large = edl2ffmpeg.still(timeline, 7, settings).astype(float)
    shrunk = large.reshape(160, 4, 160, 4, 3).mean(axis=(1, 3))
    difference = np.abs(shrunk - cells[0][0].picture)
    # Filters differ at the edges of the barcode's blocks, and only there.
    assert np.mean(difference > 24) < 0.05
    assert difference.mean() < 3


def test_what_is_left_out_is_told(tmp_path: Path) -> None:
    patterns = (video_clip(generated("demo", 0.1), n / 10, n / 10 + 0.1) for n in range(61))
    edl = write_edl(tmp_path, document(*patterns, width=64, height=36))
    result = run_command("sheet", edl, tmp_path / "a.jpg", "-q", "--size", "120")
    assert result.returncode == 0
    assert result.stderr == (
        "edl2ffmpeg: warning: 1 of 61 shots are left out; 60 evenly chosen ones are shown (--max)\n"
    )
    assert run_command("sheet", edl, tmp_path / "b.png", "-q", "--max", "61").stderr == ""


def test_chosen_shots_are_spread_evenly() -> None:
    found = [Shot(number, number + 1) for number in range(11)]
    for most, expected in ((11, range(11)), (6, range(0, 11, 2)), (3, (0, 5, 10)), (2, (0, 10))):
        chosen = contact_sheet.chosen_shots(found, most)
        assert [shot.start_frame for shot in chosen] == list(expected)
    assert contact_sheet.chosen_shots(found, 1) == found[:1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--size", "64"], "must be 120 to 4096 pixels"),
        (["--columns", "0"], "must be at least 1"),
        (["--max", "few"], "is not a whole number"),
        (["--size", "4096", "--columns", "1", "--width", "36", "--height", "36"], "make --size"),
        (["--frame", "1"], "unrecognized arguments: --frame"),
    ],
)
def test_refused_sheets(tmp_path: Path, arguments: list[str], words: str) -> None:
    patterns = (video_clip(generated("demo", 0.1), n / 10, n / 10 + 0.1) for n in range(9))
    edl = write_edl(tmp_path, document(*patterns, width=64, height=36))
    assert_refused(run_command("sheet", edl, tmp_path / "a.png", *arguments), words)
    assert os.listdir(tmp_path) == ["cut.json"]


def test_sound_alone_has_no_sheet(tmp_path: Path) -> None:
    edl = write_edl(tmp_path, document(audio_clip(generated("testpattern", 1), 0, 1)))
    result = run_command("sheet", edl, tmp_path / "a.png")
    assert_refused(result, "clips: no clip shows a picture; there is nothing to put on a sheet")
    assert os.listdir(tmp_path) == ["cut.json"]


def test_missing_media_are_told(clips: ClipLibrary, tmp_path: Path) -> None:
    edl = write_edl(tmp_path, document(video_clip(media("gone.mp4", 0, 1), 0, 1)))
    for command in (["still", "--frame", "0"], ["sheet"]):
        assert_refused(
            run_command(*command, edl, tmp_path / "a.png"), "clips[0].source", "gone.mp4"
        )
    assert os.listdir(tmp_path) == ["cut.json"]


def test_a_sheet_fetches_its_frames_with_one_decoder_a_file(
    clips: ClipLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []
    from edl2ffmpeg.media import decoder_pool

    original = decoder_pool.VideoDecoder
    monkeypatch.setattr(
        decoder_pool,
        "VideoDecoder",
        lambda *arguments: opened.append(arguments[1]) or original(*arguments),  # type: ignore[func-returns-value]
    )
    contact_sheet.write_contact_sheet(
        edl2ffmpeg.load_timeline(cuts_edl(tmp_path, clips)),
        "cut.json",
        tmp_path / "a.png",
        edl2ffmpeg.RenderSettings(),
    )
    assert len(opened) == len(set(opened)) == 2


def test_a_signal_leaves_nothing_behind(tmp_path: Path) -> None:
    """A sheet of hours of work, stopped once it has begun to write."""
    source = render_edl(tmp_path, document(video_clip(generated("demo", 8), 0, 8))).output
    shots_of_it = (video_clip(media(source, 7, 7.1), n / 10, n / 10 + 0.1) for n in range(900))
    edl = write_edl(tmp_path, document(*shots_of_it))
    folder = tmp_path / "out"
    folder.mkdir()
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "edl2ffmpeg",
            "sheet",
            edl,
            folder / "a.png",
            "--max",
            "900",
            "--size",
            "120",
        ],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 60
        while not os.listdir(folder) and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 130
    assert errors == "edl2ffmpeg: interrupted by Ctrl-C; nothing was written\n"
    assert os.listdir(folder) == []
