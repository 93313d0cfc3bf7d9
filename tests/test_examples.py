"""Every example runs, on small media, and does what the documentation says it does."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import av
import pytest

import edl2ffmpeg
from helpers.edl_factory import audio_clip, document, generated, media, video_clip, write_edl
from helpers.media_factory import ClipLibrary

EXAMPLES = Path(__file__).parent.parent / "examples"
# Too large to be run here: `make demo` and `make cluster-demo` run them.
NOT_RUN_HERE = {"make_media.py", "cluster_demo.py"}


def run_example(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", str(EXAMPLES / name), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def output_of(name: str, *arguments: str | Path) -> str:
    result = run_example(name, *arguments)
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


@pytest.fixture
def edl(clips: ClipLibrary, tmp_path: Path) -> Path:
    """Half a second of a clip with a fade, half a second of a test pattern, and a tone."""
    shutil.copy(clips["h264_30_mp4"].path, tmp_path / "clip.mp4")
    return write_edl(
        tmp_path,
        document(
            video_clip(media("clip.mp4", 0.5, 1), 0, 0.5, topFade=0.2),
            video_clip(generated("testpattern", 0.5), 0.5, 1),
            audio_clip({"generate": {"type": "testpattern"}, "in": 0, "out": 1}, 0, 1),
        ),
    )


def test_every_example_is_run_here() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    for name in {path.name for path in EXAMPLES.glob("*.py")} - NOT_RUN_HERE:
        assert f'("{name}", ' in text, f"no test runs examples/{name}"


def test_render_with_progress(edl: Path, tmp_path: Path) -> None:
    movie = tmp_path / "movie.mp4"
    told = output_of("render_with_progress.py", edl, movie).splitlines()
    assert [line.split()[0] for line in told[:2]] == ["25/30", "30/30"]
    assert told[2].startswith(f"{movie}: 30 frames; encoding took ")
    with av.open(str(movie)) as container:
        assert container.streams.video[0].frames == 30


def test_render_with_progress_tells_what_is_wrong(edl: Path, tmp_path: Path) -> None:
    name, movie = "render_with_progress.py", tmp_path / "movie.mp4"
    bad = write_edl(
        tmp_path,
        document(
            video_clip(media("clip.mp4", 2, 1), 0, 1),
            video_clip(media("clip.mp4", 0, 1, colour="red"), 1, 2),
        ),
        "bad.json",
    )
    result = run_example(name, bad, movie)
    assert result.returncode == 2
    problems = result.stderr.splitlines()
    assert [line.split(":")[0] for line in problems] == [
        "clips[0].source.out",
        "clips[1].source.colour",
    ]
    (tmp_path / "clip.mp4").unlink()
    result = run_example(name, edl, movie)
    assert result.returncode == 2
    assert "there is no such file" in result.stderr
    assert f"(the file is {tmp_path / 'clip.mp4'})" in result.stderr
    result = run_example(name, edl, tmp_path / "movie.txt")
    assert result.returncode == 2
    assert "does not name a container" in result.stderr
    assert not movie.exists()


def test_frames_to_numpy(edl: Path) -> None:
    told = output_of("frames_to_numpy.py", edl).splitlines()
    assert len(told[0].split(",")) == 30
    assert told[0].startswith("[0, ")
    assert told[1] == "frame 0: luma 64 to 64"
    assert [line.split(":")[0] for line in told[1:]] == [f"frame {n}" for n in range(15)]


def test_plan_a_frame(edl: Path) -> None:
    assert output_of("plan_a_frame.py", edl, "3").splitlines() == [
        "30 frames at 30 per second",
        "frame 3 is at 1/10 s",
        "  video 1: clip.mp4 at 3/5 s, opacity 50%",
    ]
    assert "generated testpattern, picture 1, opacity 100%" in output_of(
        "plan_a_frame.py", edl, "16"
    )


def test_choose_settings(edl: Path, tmp_path: Path) -> None:
    told = output_of("choose_settings.py", edl, tmp_path).splitlines()
    assert told == ["preview.mp4: 30 frames, yuv420p", "master.mov: 30 frames, yuv422p10le"]
    for name, codec in (("preview.mp4", "h264"), ("master.mov", "prores")):
        with av.open(str(tmp_path / name)) as container:
            assert container.streams.video[0].codec_context.name == codec
            assert len(container.streams.audio) == 1


def test_one_still(edl: Path) -> None:
    assert output_of("one_still.py", edl, "0") == "frame 0 at 80x45 is #000000 in the middle\n"


def test_contact_sheet(edl: Path, tmp_path: Path) -> None:
    movie, sheet = tmp_path / "movie.mp4", tmp_path / "sheet.png"
    edl2ffmpeg.render(edl, movie, preset="ultrafast")
    assert output_of("contact_sheet.py", movie, sheet) == ""
    with av.open(str(sheet)) as container:
        picture = next(container.decode(video=0)).to_ndarray(format="rgb24")
    assert picture.shape == (2 * 99 + 6, 4 * 176 + 3 * 6, 3)
    assert (picture[99:105] == 255).all()
    assert picture[:99, :176].mean() < 255
