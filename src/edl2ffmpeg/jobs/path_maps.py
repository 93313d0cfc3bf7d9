"""What the workers of a cluster call the files of this machine; it opens none."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from edl2ffmpeg.compositor.fonts import is_font_file
from edl2ffmpeg.errors import SettingsError
from edl2ffmpeg.media.storage import scheme_of
from edl2ffmpeg.rendering.recipe import Recipe
from edl2ffmpeg.timeline.media_use import lut_files
from edl2ffmpeg.timeline.relocation import relocated

__all__ = ["PathMaps"]


class PathMaps:
    """Folders and addresses here by those on the workers; the longest one here wins."""

    def __init__(self, maps: Mapping[str, str]) -> None:
        known = ((_absolute(here), there) for here, there in maps.items())
        self._maps = sorted(known, key=lambda pair: -len(pair[0]))
        self._names: dict[str, str] = {}

    def there(self, location: str) -> str:
        """What the workers call ``location``."""
        for here, there in self._maps:
            if location == here:
                found = there.rstrip("/") or "/"
            elif location.startswith(_opened(here)):
                found = _opened(there) + location[len(_opened(here)) :]
            else:
                continue
            self._names[found] = location
            return found
        return location

    def here(self, location: str) -> str:
        """What this machine calls what the workers call ``location``."""
        return self._names.get(location, location)

    def as_workers_see(self, recipe: Recipe) -> Recipe:
        """The recipe with what the workers' machines call the files.

        Raises ``SettingsError`` where what has to be a local file, or to lie in a folder, would
        be at an address.
        """
        settings, timeline = recipe.settings, recipe.timeline

        def font(name: str) -> str:
            # A relative path may have been found in this process's folder.
            if not is_font_file(name):
                return name
            return _local(self.there(recipe.access.resolve(name, timeline.base_folder)), "font")

        roots = [self.there(_absolute(str(root))) for root in settings.restrict]
        for there in (*roots, *(there for _, there in self._maps if roots)):
            if scheme_of(there) is not None:
                raise SettingsError(
                    f"--path-map leads to {there}, but with --restrict workers open files in "
                    "folders alone: map to a folder, or leave out one of the two"
                )
        moved = relocated(timeline, self.there, font)
        for location in lut_files(moved.picture_tracks):
            _local(location, "look-up table")
        return replace(
            recipe,
            timeline=moved,
            settings=replace(settings, restrict=tuple(map(Path, roots)), path_maps={}),
        )


def _absolute(folder: str) -> str:
    is_address = scheme_of(folder) is not None and "://" in folder
    return folder if is_address else os.path.abspath(folder)


def _opened(folder: str) -> str:
    """What the names of a folder's files begin with."""
    return folder if folder.endswith("://") else folder.rstrip("/") + "/"


def _local(location: str, what: str) -> str:
    if scheme_of(location) is not None:
        raise SettingsError(
            f"--path-map leads to {location}, but a {what} must be a local file: map its folder to "
            "one of the workers' folders with another --path-map"
        )
    return location
