"""The Unicode bidirectional algorithm (UAX #9): levels of a paragraph, order of its runs.

It mirrors no characters, which shaping does, and knows no lines: whoever breaks them trims
the spaces at their ends, so rule L1 has nothing left to do.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import TypeVar

__all__ = ["embedding_levels", "paragraph_level", "visual_order"]

_MOST_LEVELS = 125
_MOST_OPEN_BRACKETS = 63

_ISOLATES = {"LRI", "RLI", "FSI"}
_EMBEDDINGS = {"LRE", "RLE", "LRO", "RLO"}
_REMOVED = {"LRE", "RLE", "LRO", "RLO", "PDF", "BN"}
_STRONG = {"L", "R", "AL"}
_NEUTRAL = {"B", "S", "WS", "ON", "LRI", "RLI", "FSI", "PDI"}

# With none of these, a paragraph that begins at level 0 stays there.
_NOT_PLAIN = {"R", "AL", "AN", "RLE", "RLO", "RLI", "LRE", "LRO", "LRI", "FSI"}

# Where a bracket of the mirrored kind has its partner elsewhere than right after it.
_PARTNERS = {"(": ")", "[": "]", "{": "}", "\u298d": "\u2990", "\u298f": "\u298e"}

_Item = TypeVar("_Item")


def _types(text: str) -> list[str]:
    return [unicodedata.bidirectional(letter) or "L" for letter in text]


def paragraph_level(text: str) -> int:
    """0 for a paragraph that runs from left to right, 1 from right to left.

    The first strong character decides (P2, P3); what is isolated does not count.
    """
    depth = 0
    for kind in _types(text):
        if kind in _ISOLATES:
            depth += 1
        elif kind == "PDI":
            depth = max(depth - 1, 0)
        elif depth == 0 and kind in _STRONG:
            return int(kind != "L")
    return 0


def embedding_levels(text: str, base: int) -> list[int]:
    """The level of every character of a paragraph; odd ones run from right to left."""
    types = _types(text)
    if base == 0 and _NOT_PLAIN.isdisjoint(types):
        return [0] * len(text)
    matches = _matching_isolates(types)
    explicit = _explicit_levels(types, base, matches)
    levels = list(explicit)
    kept = [index for index, kind in enumerate(types) if kind not in _REMOVED]
    for run in _sequences(explicit, kept, matches):
        resolved = _Sequence(text, types, explicit, run, base, matches).resolve()
        for place, level in zip(run, resolved, strict=True):
            levels[place] = level
    previous = base
    for index, kind in enumerate(_types(text)):
        if kind in _REMOVED:
            levels[index] = previous
        previous = levels[index]
    return levels


def _matching_isolates(types: list[str]) -> dict[int, int]:
    """From each isolate initiator to its PDI (BD9), for those that have one."""
    opened: list[int] = []
    matches = {}
    for index, kind in enumerate(types):
        if kind in _ISOLATES:
            opened.append(index)
        elif kind == "PDI" and opened:
            matches[opened.pop()] = index
    return matches


def _rightward_isolates(types: list[str]) -> set[int]:
    """The isolate initiators whose first strong character, not further isolated, is of R.

    One pass for all: each looking for its own would take time by the square.
    """
    opened: list[int] = []
    first: dict[int, str] = {}
    for index, kind in enumerate(types):
        if kind in _ISOLATES:
            opened.append(index)
        elif kind == "PDI" and opened:
            opened.pop()
        elif kind in _STRONG and opened:
            first.setdefault(opened[-1], kind)
    return {index for index, kind in first.items() if kind != "L"}


def _explicit_levels(types: list[str], base: int, matches: dict[int, int]) -> list[int]:
    """Rules X1 to X8; ``types`` get what overrides say."""
    levels = [base] * len(types)
    closing = set(matches.values())
    rightward_isolates = _rightward_isolates(types)
    stack = _DirectionStack(base)
    for index, kind in enumerate(types):
        opens = kind in _EMBEDDINGS or kind in _ISOLATES
        if kind == "PDI" and index in closing:
            stack.close_isolate()
        elif kind == "PDF":
            stack.close_embedding()
        levels[index] = stack.level
        if stack.override and kind not in _REMOVED:
            types[index] = stack.override
        if opens:
            by_content = kind == "FSI" and index in rightward_isolates
            rightward = by_content or kind in ("RLE", "RLO", "RLI")
            stack.open(kind, rightward)
    return levels


class _DirectionStack:
    """The directional status stack of rules X1 to X7, with its overflow counts."""

    def __init__(self, base: int) -> None:
        # Level, override and whether an isolate opened it.
        self._entries: list[tuple[int, str, bool]] = [(base, "", False)]
        self._valid_isolates = self._lost_isolates = self._lost_embeddings = 0

    @property
    def level(self) -> int:
        return self._entries[-1][0]

    @property
    def override(self) -> str:
        return self._entries[-1][1]

    def open(self, kind: str, rightward: bool) -> None:
        isolates = kind in _ISOLATES
        inner = (self.level + 1) | 1 if rightward else (self.level + 2) & ~1
        if inner <= _MOST_LEVELS and not self._lost_isolates and not self._lost_embeddings:
            self._valid_isolates += isolates
            forced = {"RLO": "R", "LRO": "L"}.get(kind, "")
            self._entries.append((inner, forced, isolates))
        elif isolates:
            self._lost_isolates += 1
        elif not self._lost_isolates:
            self._lost_embeddings += 1

    def close_isolate(self) -> None:
        if self._lost_isolates:
            self._lost_isolates -= 1
        elif self._valid_isolates:
            self._lost_embeddings = 0
            while not self._entries[-1][2]:
                self._entries.pop()
            self._entries.pop()
            self._valid_isolates -= 1

    def close_embedding(self) -> None:
        if self._lost_isolates:
            return
        if self._lost_embeddings:
            self._lost_embeddings -= 1
        elif not self._entries[-1][2] and len(self._entries) > 1:
            self._entries.pop()


def _sequences(levels: list[int], kept: list[int], matches: dict[int, int]) -> list[list[int]]:
    """The isolating run sequences (BD13), as positions."""
    runs: list[list[int]] = []
    for index in kept:
        if runs and levels[runs[-1][-1]] == levels[index]:
            runs[-1].append(index)
        else:
            runs.append([index])
    starts = {run[0]: run for run in runs}
    continued = {matches[run[-1]] for run in runs if run[-1] in matches}
    sequences = []
    for run in runs:
        if run[0] in continued:
            continue
        whole = list(run)
        while whole[-1] in matches and matches[whole[-1]] in starts:
            whole += starts[matches[whole[-1]]]
        sequences.append(whole)
    return sequences


class _Sequence:
    """One isolating run sequence, whose types are resolved in place (W1 to I2)."""

    def __init__(
        self,
        text: str,
        types: list[str],
        levels: list[int],
        places: list[int],
        base: int,
        matches: dict[int, int],
    ) -> None:
        self._text = text
        self._places = places
        self._types = [types[place] for place in places]
        self._level = levels[places[0]]
        self._embedding = "R" if self._level & 1 else "L"
        before = _neighbour(types, levels, places[0], -1, base)
        last = places[-1]
        # Not judged by the type, which an override may have changed.
        initiates = unicodedata.bidirectional(text[last]) in _ISOLATES
        unclosed = initiates and last not in matches
        after = base if unclosed else _neighbour(types, levels, last, 1, base)
        self._start = "R" if max(self._level, before) & 1 else "L"
        self._end = "R" if max(self._level, after) & 1 else "L"

    def resolve(self) -> list[int]:
        """The levels of the sequence's characters."""
        self._weak_marks()
        self._weak_separators()
        self._brackets()
        self._neutrals()
        steps = {"R": 0} if self._level & 1 else {"R": 1, "AN": 2, "EN": 2}
        rest = self._level & 1
        return [self._level + steps.get(kind, rest) for kind in self._types]

    def _weak_marks(self) -> None:
        """W1 to W3: marks, numbers in Arabic, Arabic letters."""
        types = self._types
        previous = strong = self._start
        for index, kind in enumerate(types):
            if kind == "NSM":
                kind = "ON" if previous in _ISOLATES or previous == "PDI" else previous
            if kind in _STRONG:
                strong = kind
            elif kind == "EN" and strong == "AL":
                kind = "AN"
            types[index] = previous = kind
        for index, kind in enumerate(types):
            if kind == "AL":
                types[index] = "R"

    def _weak_separators(self) -> None:
        """W4 to W7: separators and terminators of numbers, numbers after Latin letters."""
        types = self._types
        for index in range(1, len(types) - 1):
            kind, left, right = types[index], types[index - 1], types[index + 1]
            both = left == right
            if both and (
                (kind in ("ES", "CS") and left == "EN") or (kind == "CS" and left == "AN")
            ):
                types[index] = left
        index = 0
        while index < len(types):
            end = index
            while end < len(types) and types[end] == "ET":
                end += 1
            if end > index:
                beside = (index and types[index - 1] == "EN") or (
                    end < len(types) and types[end] == "EN"
                )
                types[index:end] = ["EN" if beside else "ON"] * (end - index)
            index = end + 1
        strong = self._start
        for index, kind in enumerate(types):
            if kind in ("L", "R"):
                strong = kind
            elif kind in ("ES", "CS"):
                types[index] = "ON"
            elif kind == "EN" and strong == "L":
                types[index] = "L"

    def _brackets(self) -> None:
        """N0: both of a pair go the way of what is between them, or before them."""
        types = self._types
        position, before = 0, self._start
        for opening, closing in self._bracket_pairs():
            while position < opening:
                before = _strong(types[position]) or before
                position += 1
            inside = {_strong(kind) for kind in types[opening + 1 : closing]} - {""}
            if not inside:
                continue
            chosen = self._embedding
            if self._embedding not in inside and before != self._embedding:
                chosen = before
            for index in (opening, closing):
                types[index] = chosen
                self._marks_follow(index)

    def _marks_follow(self, index: int) -> None:
        kind = self._types[index]
        for after in range(index + 1, len(self._types)):
            if unicodedata.bidirectional(self._text[self._places[after]]) != "NSM":
                break
            self._types[after] = kind

    def _bracket_pairs(self) -> list[tuple[int, int]]:
        pairs = []
        opened: list[tuple[str, int]] = []
        for index, kind in enumerate(self._types):
            if kind != "ON":
                continue
            letter = _canonical(self._text[self._places[index]])
            partner = _partner(letter)
            if partner:
                if len(opened) == _MOST_OPEN_BRACKETS:
                    break
                opened.append((partner, index))
                continue
            for depth in range(len(opened) - 1, -1, -1):
                if opened[depth][0] == letter:
                    pairs.append((opened[depth][1], index))
                    del opened[depth:]
                    break
        return sorted(pairs)

    def _neutrals(self) -> None:
        """N1 and N2: neutrals go the way of what is on both sides, or of the level."""
        types = self._types
        index, before = 0, self._start
        while index < len(types):
            if types[index] not in _NEUTRAL:
                before = _strong(types[index])
                index += 1
                continue
            end = index
            while end < len(types) and types[end] in _NEUTRAL:
                end += 1
            after = _strong(types[end]) if end < len(types) else self._end
            types[index:end] = [before if before == after else self._embedding] * (end - index)
            index = end


def _neighbour(types: list[str], levels: list[int], place: int, step: int, base: int) -> int:
    """The level beside ``place`` of what rule X9 did not remove."""
    place += step
    while 0 <= place < len(types):
        if types[place] not in _REMOVED:
            return levels[place]
        place += step
    return base


def _strong(kind: str) -> str:
    """The direction that a type counts for around neutrals, or nothing."""
    return kind if kind in ("L", "R") else "R" if kind in ("EN", "AN") else ""


def _canonical(letter: str) -> str:
    return {"\u2329": "\u3008", "\u232a": "\u3009"}.get(letter, letter)


def _partner(letter: str) -> str:
    """The closing bracket of an opening one, or nothing."""
    if unicodedata.category(letter) != "Ps" or not unicodedata.mirrored(letter):
        return ""
    return _PARTNERS.get(letter) or chr(ord(letter) + 1)


def visual_order(items: Sequence[_Item], levels: Sequence[int]) -> list[_Item]:
    """The runs of a line as they stand from left to right (L2), given each one's level."""
    order = list(range(len(items)))
    lowest_odd = min((level | 1 for level in levels), default=1)
    for level in range(max(levels, default=0), lowest_odd - 1, -1):
        start = 0
        while start < len(order):
            end = start
            while end < len(order) and levels[order[end]] >= level:
                end += 1
            order[start:end] = order[start:end][::-1]
            start = end + 1
    return [items[index] for index in order]
