"""A picture as something to sample: planes, grids and the way to working samples."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from edl2ffmpeg.compositor._kernels import Axis, Channel
from edl2ffmpeg.compositor.planes import mirrored_plane
from edl2ffmpeg.compositor.resampling import WEIGHT_BITS, SampleGrid, sample_grids
from edl2ffmpeg.frame import Frame

__all__ = ["Picture", "canvas_picture"]

# Vector loads take eight taps along a row at once, and pairs of rows down a column.
_TAPS_ACROSS = 8
_TAPS_DOWN = 2

Direction = tuple[SampleGrid, int, int]
"""A target grid, its first sample that is drawn, and how many are."""


@dataclass(frozen=True, slots=True)
class Picture:
    """An upright picture, and what of it is shown.

    ``crop`` is (left, top, width, height) in pixels of ``frame``.  ``grids`` are those of the
    components.  ``weights`` and ``offsets`` (14 fractional bits) are the matrix from
    components to y, u and v; alpha is none of its inputs.
    ``alpha_depth`` is the depth that opaque alpha is the largest code of.  The components of
    one that ``is_premultiplied`` were multiplied by it (Note [Premultiplied sampling]).
    """

    frame: Frame
    crop: tuple[float, float, float, float]
    grids: tuple[tuple[SampleGrid, SampleGrid], ...]
    weights: tuple[tuple[int, ...], ...]
    offsets: tuple[int, ...]
    alpha_depth: int | None = None
    is_premultiplied: bool = False

    @property
    def has_alpha(self) -> bool:
        """Whether it says itself where it is transparent."""
        return self.alpha_depth is not None

    def inputs_of(self, components: tuple[int, ...]) -> tuple[int, ...]:
        """The components of the picture that y, u or v depend on."""
        count = len(self.weights[0])
        return tuple(
            number
            for number in range(count)
            if any(self.weights[component][number] for component in components)
        )

    def channel(
        self,
        component: int,
        columns: Direction,
        rows: Direction,
        map_x: tuple[float, float],
        map_y: tuple[float, float],
    ) -> Channel:
        """One component on a target grid; ``map_x`` is (half width, centre) of the picture there.

        A negative half width shows the picture mirrored.
        """
        across, down = self.grids[component]
        plane = mirrored_plane(self.frame, component, map_x[0] < 0, map_y[0] < 0)
        return Channel(
            plane,
            self.frame.format.depth,
            _axis(columns, across, (self.crop[0], self.crop[2], self.frame.width), map_x, True),
            _axis(rows, down, (self.crop[1], self.crop[3], self.frame.height), map_y, False),
        )


def _axis(
    target: Direction,
    source: SampleGrid,
    shown: tuple[float, float, int],
    placed: tuple[float, float],
    is_across: bool,
) -> Axis:
    grid, start, count = target
    crop_start, crop_length, length = shown
    half, centre = placed
    first_pixel = float(grid.first) + start * grid.spacing
    position = (first_pixel - centre) / abs(half)
    if half < 0:
        source = source.mirrored(length)
        crop_start = length - crop_start - crop_length
    pixel = crop_start + (position + 1) / 2 * crop_length
    step = grid.spacing / abs(half) * crop_length / 2
    return _resampling(
        count,
        source.count,
        (pixel - float(source.first)) / source.spacing,
        step / source.spacing,
        _TAPS_ACROSS if is_across else _TAPS_DOWN,
    )


# A layer that stands still has the same filters in frame after frame, and so have its planes.
_resampling = lru_cache(maxsize=64)(Axis.resampling)


def canvas_picture(
    canvas: Frame, alpha_depth: int | None, *, is_premultiplied: bool = False
) -> Picture:
    """A canvas as a picture; ``alpha_depth`` belongs to its fourth component."""
    one, half = 1 << WEIGHT_BITS, 1 << (WEIGHT_BITS - 1)
    weights = tuple(tuple(one if i == j else 0 for i in range(3)) for j in range(3))
    size = (canvas.width, canvas.height)
    return Picture(
        canvas,
        (0.0, 0.0, float(size[0]), float(size[1])),
        tuple(
            sample_grids(canvas.format, number, *size)
            for number in range(len(canvas.format.components))
        ),
        weights,
        (half, half, half),
        alpha_depth,
        is_premultiplied,
    )
