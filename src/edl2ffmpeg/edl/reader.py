"""From a file's bytes to plain JSON values; it knows nothing of the format's keys."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edl2ffmpeg.errors import EdlSyntaxError

__all__ = ["RawEdl", "read_bytes", "read_json"]

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class RawEdl:
    """A JSON object without its nulls, and the places of keys that it says twice."""

    value: dict[str, Any]
    repeated: tuple[tuple[tuple[str | int, ...], int], ...]


def read_bytes(path: Path) -> bytes:
    """The contents of the EDL file; every failure is one sentence."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise EdlSyntaxError(
            f"there is no EDL file {str(path)!r}; check the name and the folder"
        ) from None
    except IsADirectoryError:
        raise EdlSyntaxError(f"{str(path)!r} is a folder; name an EDL file") from None
    except (OSError, ValueError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or str(error)
        raise EdlSyntaxError(f"the EDL file {str(path)!r} cannot be read: {reason}") from None


def read_json(text: str | bytes, name: str) -> RawEdl:
    """Parses ``text`` as one JSON object, or says in one sentence why ``name`` is none."""
    if isinstance(text, bytes):
        text = _decode(text, name)
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise EdlSyntaxError(f"{name} is empty; an EDL is a JSON object with a list 'clips'")
    repeats = _Repeats()
    try:
        value = json.loads(text, object_pairs_hook=repeats.object_of)
    except json.JSONDecodeError as error:
        raise EdlSyntaxError(
            f"{name} is not JSON: {error.msg[:1].lower()}{error.msg[1:]} at line {error.lineno}, "
            f"column {error.colno}"
        ) from None
    except RecursionError:
        raise EdlSyntaxError(f"{name} is nested too deeply to be an EDL") from None
    except ValueError:  # the interpreter's limit on the digits of a whole number
        raise EdlSyntaxError(
            f"{name} holds a number of several thousand digits; shorten it"
        ) from None
    if not isinstance(value, dict):
        raise EdlSyntaxError(
            f"{name} must be one JSON object with a list 'clips', found {_kind(value)} at the top"
        )
    return RawEdl(value, tuple(repeats.places(value)))


def _decode(data: bytes, name: str) -> str:
    try:
        return data.removeprefix(_BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        raise EdlSyntaxError(
            f"{name} is not UTF-8 text: byte 0x{data[error.start]:02x} at offset {error.start} "
            "does not belong there; save the file as UTF-8"
        ) from None


def _kind(value: Any) -> str:
    if isinstance(value, list):
        return "a list"
    return "text" if isinstance(value, str) else json.dumps(value)


class _Repeats:
    """Builds objects for the JSON parser and remembers which of them say a key twice."""

    def __init__(self) -> None:
        # Objects by identity, kept alive here: their place is known only when all is read.
        self._found: dict[int, tuple[dict[str, Any], dict[str, int]]] = {}

    def object_of(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        """The object of ``pairs``, without its nulls: null equals absent."""
        result = dict(pairs)
        if len(result) != len(pairs):
            counts: dict[str, int] = {}
            for key, _ in pairs:
                counts[key] = counts.get(key, 0) + 1
            self._found[id(result)] = (result, {k: n for k, n in counts.items() if n > 1})
        if None in result.values():
            for key in [key for key, value in result.items() if value is None]:
                del result[key]
        return result

    def places(self, top: dict[str, Any]) -> Iterator[tuple[tuple[str | int, ...], int]]:
        """Where the repeated keys are, and how often each is said."""
        waiting: list[tuple[tuple[str | int, ...], Any]] = [((), top)] if self._found else []
        while waiting:
            place, value = waiting.pop()
            if isinstance(value, dict):
                _, counts = self._found.get(id(value), (None, {}))
                for key, count in counts.items():
                    yield (*place, key), count
                waiting.extend(((*place, key), inner) for key, inner in value.items())
            elif isinstance(value, list):
                waiting.extend(((*place, index), inner) for index, inner in enumerate(value))
