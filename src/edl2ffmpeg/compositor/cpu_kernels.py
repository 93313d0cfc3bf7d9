"""The pixel functions on host memory; it starts no threads."""

from __future__ import annotations

from collections.abc import Sequence

from edl2ffmpeg.compositor import _kernels
from edl2ffmpeg.compositor._kernels import Channel, Coverage, Output, Plane, Program
from edl2ffmpeg.compositor.planes import new_frame

__all__ = ["CpuKernels"]


class CpuKernels:
    """:class:`Kernels` by the extension module, for one thread at a time.

    It keeps the working memory of the functions that need some.
    """

    new_frame = staticmethod(new_frame)
    mix = staticmethod(_kernels.mix)
    fill = staticmethod(_kernels.fill)
    write = staticmethod(_kernels.write)
    affine = staticmethod(_kernels.affine)
    look_up = staticmethod(_kernels.look_up)
    cross = staticmethod(_kernels.cross)
    premultiply = staticmethod(_kernels.premultiply)
    outline = staticmethod(_kernels.outline)
    rotate = staticmethod(_kernels.rotate)
    pattern = staticmethod(_kernels.pattern)
    warp = staticmethod(_kernels.warp)
    mosaic = staticmethod(_kernels.mosaic)
    unsharp = staticmethod(_kernels.unsharp)
    crop_alpha = staticmethod(_kernels.crop_alpha)
    reach = staticmethod(_kernels.reach)
    weigh = staticmethod(_kernels.weigh)

    def __init__(self) -> None:
        self._scratch = _kernels.Scratch()

    def draw(
        self,
        channels: Sequence[Channel],
        outputs: Sequence[Output],
        coverage: Coverage | None,
        row_start: int,
        row_end: int,
        program: Program | None = None,
    ) -> None:
        """See :meth:`Kernels.draw`."""
        _kernels.draw(channels, outputs, coverage, self._scratch, row_start, row_end, program)

    def blur(self, source: Plane, target: Plane, sigma_x: float, sigma_y: float) -> None:
        """See :meth:`Kernels.blur`."""
        _kernels.blur(source, target, sigma_x, sigma_y, self._scratch)
