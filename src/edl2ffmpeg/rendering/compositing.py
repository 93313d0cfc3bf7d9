"""Owns what draws the frames of one timeline: compositor, texts and output frames.

It decodes and encodes nothing.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from edl2ffmpeg.compositor.composer import FrameComposer
from edl2ffmpeg.compositor.cpu import CpuCompositor
from edl2ffmpeg.compositor.cuda import CudaCompositor
from edl2ffmpeg.compositor.fonts import FontLibrary
from edl2ffmpeg.compositor.text import TextRenderer
from edl2ffmpeg.devices.cpu import compositor_threads
from edl2ffmpeg.devices.cuda import CudaDevice
from edl2ffmpeg.errors import MediaOpenError
from edl2ffmpeg.frame import Colour, Matrix, PixelFormat
from edl2ffmpeg.media.access import AccessRules
from edl2ffmpeg.media.frames import FramePool
from edl2ffmpeg.ownership import Owner
from edl2ffmpeg.settings import RenderSettings
from edl2ffmpeg.timeline.model import Timeline

__all__ = ["Compositing", "open_fonts"]


def open_fonts(access: AccessRules, base_folder: Path) -> FontLibrary:
    """The fonts that texts may use: files that the rules allow, families, and the bundled ones."""

    def check(name: str) -> str:
        try:
            return access.check(access.resolve(name, base_folder))
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
    ) -> None:
        """With a ``device`` frames are drawn there, and downloaded."""
        width, height = timeline.width, timeline.height
        self._texts: TextRenderer | None = None
        colour = Colour(Matrix.BT709, False)
        with ExitStack() as stack:
            if device is None:
                self.pool = FramePool(width, height, format, colour)
            else:
                self.pool = FramePool(width, height, format, colour, device.pinned)
            stack.callback(self.pool.close)
            if timeline.text_tracks:
                fonts = open_fonts(access, timeline.base_folder)
                self._texts = stack.enter_context(TextRenderer(width, height, fonts))
            self.compositor: FrameComposer
            if device is None:
                self.compositor = CpuCompositor(
                    width,
                    height,
                    format,
                    self.pool.allocate,
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
                    download=self.pool.allocate,
                )
            stack.enter_context(self.compositor)
            self._stack = stack.pop_all()

    @property
    def warnings(self) -> list[str]:
        """What of the texts could not be drawn as asked so far."""
        return self._texts.warnings if self._texts is not None else []

    def close(self) -> None:
        """Closes all of it.  May be called twice; frames given out stay valid."""
        self._stack.close()
