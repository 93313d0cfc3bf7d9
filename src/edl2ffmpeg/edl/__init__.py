"""The publishing EDL as a file says it: strict models, errors with JSON paths, a JSON Schema.

It opens no media and decides nothing about pictures; ``timeline`` says what an edit means.
"""

from edl2ffmpeg.edl.clips import Document
from edl2ffmpeg.edl.parser import load_edl, parse_edl
from edl2ffmpeg.edl.schema import json_schema

__all__ = ["Document", "json_schema", "load_edl", "parse_edl"]
