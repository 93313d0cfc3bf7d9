"""Collects what is wrong with an EDL, puts it in the file's order and raises it at once.

It judges nothing itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from edl2ffmpeg.errors import EdlValidationError, Problem

__all__ = ["MAX_PROBLEMS", "Place", "ProblemLog", "format_path"]

MAX_PROBLEMS = 20
MAX_KEY_LENGTH = 60
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

Place = tuple[str | int, ...]


def format_path(place: Place) -> str:
    """``clips[3].source.uri``; a key that is no plain word is quoted in brackets."""
    parts: list[str] = []
    for step in place:
        if isinstance(step, int):
            parts.append(f"[{step}]")
        elif len(step) <= MAX_KEY_LENGTH and _PLAIN_KEY.fullmatch(step):
            parts.append(f".{step}" if parts else step)
        else:
            shown = step if len(step) <= MAX_KEY_LENGTH else step[: MAX_KEY_LENGTH - 3] + "..."
            # Escaped, because such a key may hold anything, even half a character.
            parts.append(f"[{json.dumps(shown)}]")
    return "".join(parts)


class ProblemLog:
    """The problems of one document, in the file's order."""

    def __init__(self, written: Any = None) -> None:
        """``written`` is the document's JSON, for the order of its keys."""
        self._written = written
        self._found: list[tuple[Place, str | Callable[[], str]]] = []
        self._key_orders: dict[int, dict[str, int]] = {}

    def add(self, place: Place, message: str | Callable[[], str]) -> None:
        """Notes a problem; a ``message`` that is costly to write is a function."""
        self._found.append((place, message))

    def raise_if_any(self) -> None:
        """Raises all that was noted, at most ``MAX_PROBLEMS`` of it in full."""
        if not self._found:
            return
        ordered = sorted(self._found, key=lambda found: self._position(found[0]))
        problems = [
            Problem(format_path(place), message if isinstance(message, str) else message())
            for place, message in ordered[:MAX_PROBLEMS]
        ]
        raise EdlValidationError(problems, len(ordered) - len(problems))

    def _position(self, place: Place) -> tuple[int, ...]:
        """Where ``place`` stands in the file; a key that is missing stands at its object."""
        position: list[int] = []
        value = self._written
        for step in place:
            if isinstance(step, int):
                position.append(step)
                inside = isinstance(value, list) and 0 <= step < len(value)
                value = value[step] if inside else None
            elif isinstance(value, dict):
                position.append(self._key_order(value).get(step, -1))
                value = value.get(step)
            else:
                position.append(-1)
                value = None
        return tuple(position)

    def _key_order(self, value: dict[str, Any]) -> dict[str, int]:
        order = self._key_orders.get(id(value))
        if order is None:
            order = {key: index for index, key in enumerate(value)}
            self._key_orders[id(value)] = order
        return order
