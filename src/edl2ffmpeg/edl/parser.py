"""From text to a validated document, or to as much of one as could be understood.

It checks what the file alone can tell; clips are judged against each other in ``timeline``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from edl2ffmpeg.edl.bulk import cycle_collection_paused
from edl2ffmpeg.edl.clips import AnyClip, ClipPlace, Document
from edl2ffmpeg.edl.messages import add_errors
from edl2ffmpeg.edl.problems import ProblemLog
from edl2ffmpeg.edl.reader import RawEdl, read_bytes, read_json

__all__ = ["ParsedEdl", "load_edl", "parse_edl", "parsed_document", "read_edl"]


@dataclass(frozen=True)
class ParsedEdl:
    """A document, or the parts of it that are right, and the problems of the rest.

    ``clips`` and ``places`` carry the clips' indices in the file; ``places`` are of those
    clips whose range and track could be read although something else in them is wrong.
    """

    document: Document | None
    frame_rate: Fraction
    clips: Sequence[tuple[int, AnyClip]]
    places: Sequence[tuple[int, ClipPlace]]
    problems: ProblemLog


def load_edl(path: str | Path) -> Document:
    """Reads and validates the EDL file at ``path``.

    Raises ``EdlSyntaxError`` or ``EdlValidationError``.
    """
    return parse_edl(read_bytes(Path(path)), str(path))


def parse_edl(text: str | bytes, name: str = "the EDL") -> Document:
    """Validates the text of an EDL; messages about the whole of it call it ``name``.

    Raises ``EdlSyntaxError`` or ``EdlValidationError``.
    """
    with cycle_collection_paused():
        parsed = read_edl(text, name)
    parsed.problems.raise_if_any()
    assert parsed.document is not None
    return parsed.document


def read_edl(text: str | bytes, name: str = "the EDL") -> ParsedEdl:
    """Parses ``text`` and notes what breaks the format; raises only ``EdlSyntaxError``."""
    raw = read_json(text, name)
    problems = ProblemLog(raw.value)
    for place, count in raw.repeated:
        times = "twice" if count == 2 else f"{count} times"
        problems.add(place, f"is given {times} in one object; keep one of them")
    try:
        document = Document.model_validate(raw.value)
    except ValidationError as error:
        details = error.errors(include_url=False)
        return _salvage(raw, problems, add_errors(problems, details))
    document._written = raw.value
    return parsed_document(document, problems)


def parsed_document(document: Document, problems: ProblemLog | None = None) -> ParsedEdl:
    """A document in which nothing breaks the format."""
    return ParsedEdl(
        document,
        document.frame_rate,
        list(enumerate(document.clips)),
        (),
        ProblemLog(document._written) if problems is None else problems,
    )


def _salvage(raw: RawEdl, problems: ProblemLog, broken: set[int]) -> ParsedEdl:
    """What can still be judged of a document with mistakes in it."""
    written = raw.value.get("clips")
    clips: list[Any] = written if isinstance(written, list) else []
    right = [index for index in range(len(clips)) if index not in broken]
    places: list[tuple[int, ClipPlace]] = []
    for index in sorted(broken):
        try:
            places.append((index, ClipPlace.model_validate(clips[index])))
        except ValidationError:
            continue
    rest = {"clips": [clips[index] for index in right]}
    try:
        partial = Document.model_validate({"fps": raw.value.get("fps", 30), **rest})
    except ValidationError:
        partial = Document.model_validate(rest)
    numbered = list(zip(right, partial.clips, strict=True))
    return ParsedEdl(None, partial.frame_rate, numbered, places, problems)
