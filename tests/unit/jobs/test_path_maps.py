"""What the workers of a cluster call files: folders, storage, and what has to be local."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import edl2ffmpeg
from edl2ffmpeg.errors import SettingsError
from edl2ffmpeg.jobs.path_maps import PathMaps
from edl2ffmpeg.rendering.recipe import Recipe
from edl2ffmpeg.settings import RenderSettings
from edl2ffmpeg.timeline.media_use import media_segments
from helpers.edl_factory import document, generated, media, video_clip, write_edl


@pytest.mark.parametrize(
    ("here", "there", "location", "expected"),
    [
        ("/srv/media", "/mnt/m", "/srv/media/a/b.mp4", "/mnt/m/a/b.mp4"),
        ("/srv/media/", "/mnt/m/", "/srv/media/b.mp4", "/mnt/m/b.mp4"),
        ("/srv/media", "/mnt/m", "/srv/media2/b.mp4", "/srv/media2/b.mp4"),
        ("/srv/a.mp4", "/mnt/b.mp4", "/srv/a.mp4", "/mnt/b.mp4"),
        ("/", "/mnt", "/srv/a.mp4", "/mnt/srv/a.mp4"),
        ("/srv", "s3://bucket/m", "/srv/a/b.mp4", "s3://bucket/m/a/b.mp4"),
        ("/srv", "s3://bucket/", "/srv/b.mp4", "s3://bucket/b.mp4"),
        ("/srv", "memory://", "/srv/a/b.mp4", "memory://a/b.mp4"),
        ("s3://bucket/m", "/srv", "s3://bucket/m/a/b.mp4", "/srv/a/b.mp4"),
        ("s3://bucket", "/srv", "s3://bucket2/b.mp4", "s3://bucket2/b.mp4"),
        ("s3://bucket", "gs://other/m", "s3://bucket/b.mp4", "gs://other/m/b.mp4"),
        ("memory://", "/srv", "memory://a/b.mp4", "/srv/a/b.mp4"),
    ],
)
def test_names_there_and_back(here: str, there: str, location: str, expected: str) -> None:
    maps = PathMaps({here: there})
    assert maps.there(location) == expected
    assert maps.here(expected) == location


def test_the_longest_name_wins() -> None:
    maps = PathMaps({"/srv": "s3://bucket", "/srv/luts": "/opt/luts"})
    assert maps.there("/srv/luts/a.cube") == "/opt/luts/a.cube"
    assert maps.there("/srv/a.mp4") == "s3://bucket/a.mp4"


def recipe(folder: Path, maps: dict[str, str], restrict: tuple[Path, ...] = ()) -> Recipe:
    lut = {"type": "lut", "uri": "luts/a.cube"}
    text = {"text": "a", "in": 0, "out": 1}
    track = {"type": "subtitle", "number": 1}
    font = {"font": "fonts/a.ttf"}
    edl = document(
        video_clip(media("media/a.mp4", 0, 1), 0, 1, effects=[lut]),
        video_clip(generated("black", 1), 1, 2),
        {"track": track, "in": 0, "out": 1, "source": text, "textFormat": font},
    )
    unused: Any = None
    settings = RenderSettings(path_maps=maps, restrict=restrict)
    timeline = edl2ffmpeg.load_timeline(write_edl(folder, edl))
    return Recipe(timeline, settings, (0, 60), unused, unused, None, unused, 1)


def test_a_recipe_names_what_the_workers_open(tmp_path: Path) -> None:
    maps = {str(tmp_path): "/there", str(tmp_path / "media"): "s3://bucket"}
    made = recipe(tmp_path, maps)
    seen = PathMaps(maps).as_workers_see(made)
    (entry,) = media_segments(seen.timeline.video_tracks)
    assert entry[1].location == "s3://bucket/a.mp4"
    assert seen.settings == replace(made.settings, path_maps={})


@pytest.mark.parametrize(("part", "what"), [("luts", "look-up table"), ("fonts", "font")])
def test_what_has_to_be_local_stays_local(tmp_path: Path, part: str, what: str) -> None:
    made = recipe(tmp_path, maps := {str(tmp_path / part): "s3://bucket"})
    with pytest.raises(SettingsError) as caught:
        PathMaps(maps).as_workers_see(made)
    assert str(caught.value) == (
        f"--path-map leads to s3://bucket/a.{'cube' if part == 'luts' else 'ttf'}, but a {what} "
        "must be a local file: map its folder to one of the workers' folders with another "
        "--path-map"
    )


def test_restricted_workers_open_no_addresses(tmp_path: Path) -> None:
    maps = {str(tmp_path / "media"): "s3://bucket"}
    made = recipe(tmp_path, maps, (tmp_path,))
    with pytest.raises(SettingsError) as caught:
        PathMaps(maps).as_workers_see(made)
    assert str(caught.value) == (
        "--path-map leads to s3://bucket, but with --restrict workers open files in folders alone: "
        "map to a folder, or leave out one of the two"
    )
