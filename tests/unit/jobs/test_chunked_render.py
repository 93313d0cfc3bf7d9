"""What is counted where the CPU takes a device's place in the middle of a render."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from edl2ffmpeg.jobs.chunked_render import ChunkedRender, Rendered


@dataclass(frozen=True)
class _Recipe:
    device: Any = None
    video: Any = None


@pytest.mark.parametrize(("encodes", "left"), [(True, 0), (False, 2)])
def test_what_is_rendered_again_is_not_reused(encodes: bool, left: int) -> None:
    render: Any = ChunkedRender.__new__(ChunkedRender)
    on_cpu = SimpleNamespace(device="cpu", video="libx264")
    device = SimpleNamespace(encodes=encodes)
    render._job = SimpleNamespace(device=device, on_the_cpu=lambda settings, reason: on_cpu)
    render._settings, render._recipe = None, _Recipe()
    render._results, render._rendered = {0: "chunk", 1: "chunk"}, Rendered(reused=2)
    render._reused_frames = 2
    render._use_cpu("it hangs")
    counts = (len(render._results), render._rendered.reused, render._reused_frames)
    assert counts == (left, left, left)
