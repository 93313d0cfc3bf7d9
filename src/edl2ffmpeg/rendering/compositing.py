"""Owns what draws the frames of one timeline: compositor, texts and output frames.

It decodes and encodes nothing.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from edl2ffmpeg.compositor.composer import STATIC_FRAMES_KEPT, FrameComposer
from edl2ffmpeg.compositor.cpu import CpuCompositor
from edl2ffmpeg.compositor.cuda import CudaCompositor
from edl2ffmpeg.compositor.fonts import FontLibrary
from edl2ffmpeg.compositor.text import TextRenderer
from edl2ffmpeg.devices.cpu import compositor_threads
from edl2ffmpeg.devices.cuda import CudaDevice
from edl2ffmpeg.devices.surfaces import SurfaceRing
from edl2ffmpeg.errors import MediaOpenError
from edl2ffmpeg.frame import Colour, Matrix, PixelFormat
from edl2ffmpeg.media.access import AccessRules
from edl2ffmpeg.media.frames import FramePool
from edl2ffmpeg.ownership import Owner
from edl2ffmpeg.settings import RenderSettings
from edl2ffmpeg.timeline.model import Timeline

__all__ = ["Compositing", "open_fonts"]

# Being drawn, two waiting, at the encoder's door, in its hands, one to spare; and still ones.
_SURFACES_ELSEWHERE = 6 + STATIC_FRAMES_KEPT + 1


def open_fonts(access: AccessRules, base_folder: Path) -> FontLibrary:
    """The fonts that texts may use: files that the rules allow, families, and the bundled ones."""

    def check(name: str) -> str:
        try:
            return access.check_local(access.resolve(name, base_folder), "a font")
        except ValueError as error:
            raise MediaOpenError(f"{name!r} is no path of a font: {error}", name) from None

    return FontLibrary(check)


class Compositing(Owner):
    """A compositor for frames of ``timeline``'s size in ``format``, and all that it needs."""

    def __init__(
        self,
        timeline: Timeline,
        settings: RenderSettings,
        access: AccessRules,
        format: PixelFormat,
        device: CudaDevice | None = None,
        surfaces: int = 0,
    ) -> None:
        """With a ``device`` frames are drawn there, and downloaded.

        They stay there if their reader holds up to ``surfaces`` of them, more than none.
        """
        width, height = timeline.width, timeline.height
        self._texts: TextRenderer | None = None
        self._surfaces: SurfaceRing | None = None
        self._pool: FramePool | None = None
        colour = Colour(Matrix.BT709, False)
        with ExitStack() as stack:
            if device is not None and surfaces:
                count = surfaces + _SURFACES_ELSEWHERE
                self._surfaces = SurfaceRing(device, (width, height), format, count, colour)
                stack.enter_context(self._surfaces)
            else:
                pinned = {"new_memory": device.pinned} if device is not None else {}
                self._pool = FramePool(width, height, format, colour, **pinned)
                stack.callback(self._pool.close)
            if timeline.text_tracks:
                fonts = open_fonts(access, timeline.base_folder)
                self._texts = stack.enter_context(TextRenderer(width, height, fonts))
            self.compositor: FrameComposer
            if device is None:
                assert self._pool is not None
                self.compositor = CpuCompositor(
                    width,
                    height,
                    format,
                    self._pool.allocate,
                    settings.fit,
                    compositor_threads(settings.threads),
                    self._texts,
                )
            else:
                self.compositor = CudaCompositor(
                    device,
                    width,
                    height,
                    format,
                    fit=settings.fit,
                    texts=self._texts,
                    allocate=self._surfaces.allocate if self._surfaces is not None else None,
                    download=self._pool.allocate if self._pool is not None else None,
                )
            stack.enter_context(self.compositor)
            self._stack = stack.pop_all()

    @property
    def buffers(self) -> int:
        """How many output frames there are memory for."""
        if self._surfaces is not None:
            return self._surfaces.count
        assert self._pool is not None
        return self._pool.buffers

    @property
    def warnings(self) -> list[str]:
        """What of the texts could not be drawn as asked since ``forget_warnings``."""
        return self._texts.warnings if self._texts is not None else []

    def forget_warnings(self) -> None:
        """From here on ``warnings`` are those of frames that are drawn from here on."""
        if self._texts is not None:
            self._texts.forget_warnings()

    def close(self) -> None:
        """Closes all of it.  May be called twice; frames given out stay valid."""
        self._stack.close()
