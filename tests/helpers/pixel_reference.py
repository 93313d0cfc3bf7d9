"""What the contract says a layer looks like, in slow float64; it shares no code with the product.

Results are exact code values, not rounded: a test compares with a tolerance that it names.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import numpy.typing as npt

from edl2ffmpeg.frame import Frame, Matrix, PixelFormat
from helpers.frames import codes

Array = npt.NDArray[np.float64]

KR_KB = {
    Matrix.BT601: (0.299, 0.114),
    Matrix.BT709: (0.2126, 0.0722),
    Matrix.BT2020: (0.2627, 0.0593),
    Matrix.SMPTE240M: (0.212, 0.087),
    Matrix.FCC: (0.30, 0.11),
}


def cubic(distance: float) -> float:
    x = abs(distance)
    if x < 1:
        return 1.5 * x**3 - 2.5 * x**2 + 1
    if x < 2:
        return -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return 0.0


def filter_matrix(positions: list[float], source_count: int, step: float) -> Array:
    """Rows of weights that sample a signal at ``positions`` (in source samples)."""
    width = max(1.0, step)
    matrix = np.zeros((len(positions), source_count))
    for row, centre in enumerate(positions):
        reach = int(2 * width) + 2
        for index in range(int(centre) - reach, int(centre) + reach + 1):
            matrix[row, min(max(index, 0), source_count - 1)] += cubic((index - centre) / width)
    return matrix / matrix.sum(axis=1, keepdims=True)


def sites(layout: PixelFormat, component: int, size: tuple[int, int]) -> list[list[float]]:
    """Where a component's samples lie, in pixels from the left and from the top edge."""
    columns, rows = layout.component_size(component, *size)
    across, down = (0, 0)
    if component in (1, 2) and not layout.is_rgb:
        across, down = layout.chroma_shift
    left = [0.5 + index * 2**across for index in range(columns)]  # on luma sample 2i
    top = [(index + 0.5) * 2**down for index in range(rows)]  # between luma rows
    return [left, top]


def resampled(
    frame: Frame,
    component: int,
    output: tuple[PixelFormat, int, int],
    output_component: int,
    crop: tuple[float, float, float, float],
    rectangle: tuple[int, int, int, int],
    samples: Array | None = None,
) -> Array:
    """Code values of a component at an output component's sites inside ``rectangle``.

    ``crop`` is (left, top, width, height), ``rectangle`` (left, top, right, bottom).
    ``samples`` take the place of the component's codes.
    """
    layout, width, height = output
    result = codes(frame, component) if samples is None else samples
    targets = sites(layout, output_component, (width, height))
    sources = sites(frame.format, component, (frame.width, frame.height))
    for axis in (0, 1):
        low, high = rectangle[axis], rectangle[axis + 2]
        spacing_out = targets[axis][1] - targets[axis][0] if len(targets[axis]) > 1 else 1.0
        first = sources[axis][0]
        spacing = sources[axis][1] - first if len(sources[axis]) > 1 else 1.0
        ratio = crop[axis + 2] / (high - low)
        inside = [
            site for index, site in enumerate(targets[axis]) if low <= index * spacing_out < high
        ]
        positions = [(crop[axis] + (site - low) * ratio - first) / spacing for site in inside]
        matrix = filter_matrix(positions, len(sources[axis]), spacing_out * ratio / spacing)
        result = result @ matrix.T if axis == 0 else matrix @ result
    return np.asarray(result)


def values(frame: Frame, component: int, samples: Array) -> Array:
    """Code values as y in [0, 1], c in [-1/2, 1/2], or R, G, B, A in [0, 1]."""
    depth = frame.format.depth
    top = 2.0**depth - 1
    step = 2.0 ** (depth - 8)
    if frame.format.is_rgb or component == 3:
        return samples / top
    if frame.colour.full_range or frame.format.name.startswith("yuvj"):
        return samples / top if component == 0 else (samples - 2.0 ** (depth - 1)) / top
    return (samples / step - 16) / 219 if component == 0 else (samples / step - 128) / 224


def to_709(frame: Frame, planes: list[Array]) -> list[Array]:
    """y, u, v of BT.709 from the frame's own components (as ``values``)."""
    if len(planes) == 1:
        return [planes[0], np.zeros_like(planes[0]), np.zeros_like(planes[0])]
    if frame.format.is_rgb:
        red, green, blue = planes
    else:
        kr, kb = KR_KB[frame.colour.matrix]
        y, u, v = planes
        red = y + 2 * (1 - kr) * v
        blue = y + 2 * (1 - kb) * u
        green = (y - kr * red - kb * blue) / (1 - kr - kb)
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return [y, (blue - y) / 1.8556, (red - y) / 1.5748]


def layer(
    frame: Frame,
    output: tuple[PixelFormat, int, int],
    *,
    crop: tuple[float, float, float, float] | None = None,
    rectangle: tuple[int, int, int, int] | None = None,
    gamma: Fraction | int = 1,
    mix: tuple[tuple[int, int, int], Fraction] | None = None,
    opacity: Fraction | int = 1,
    beneath: tuple[int, int, int] = (16, 128, 128),
) -> list[Array]:
    """Code values of the output inside ``rectangle``: the layer over a flat colour."""
    layout, width, height = output
    crop = crop or (0, 0, frame.width, frame.height)
    rectangle = rectangle or (0, 0, width, height)
    scale = 2.0 ** (layout.depth - 8)
    colour_count = 1 if len(frame.format.components) == 1 else 3
    result = []
    for component in range(3):
        inputs = [
            sampled_value(frame, number, output, component, crop, rectangle)
            for number in range(colour_count)
        ]
        value = to_709(frame, inputs)[component]
        if frame.format.has_alpha:
            # Where next to nothing is seen, colours are not let out of all bounds.
            low, high = ((-48, 272), (-160, 160))[min(component, 1)]
            value = np.clip(
                value, low / (219, 224)[min(component, 1)], high / (219, 224)[min(component, 1)]
            )
        if component == 0 and gamma != 1:
            value = np.clip(value, 0, 1) ** float(1 / gamma)
        code = (16 + 219 * value if component == 0 else 128 + 224 * value) * scale
        if mix is not None:
            weight = float(mix[1])
            code = weight * code + (1 - weight) * mix[0][component] * scale
        alpha: Array | float = float(opacity)
        if frame.format.has_alpha:
            samples = resampled(frame, 3, output, component, crop, rectangle)
            alpha = alpha * np.clip(values(frame, 3, samples), 0, 1)
        code = alpha * code + (1 - alpha) * beneath[component] * scale
        result.append(np.clip(code, 0, 2.0**layout.depth - 1))
    return result


def sampled_value(
    frame: Frame,
    number: int,
    output: tuple[PixelFormat, int, int],
    component: int,
    crop: tuple[float, float, float, float],
    rectangle: tuple[int, int, int, int],
) -> Array:
    """A component's values at an output component's sites; what is transparent has no say."""
    where = (output, component, crop, rectangle)
    if not frame.format.has_alpha:
        return values(frame, number, resampled(frame, number, *where))
    # Every pixel has its own alpha: chroma is brought to the pixels first.
    whole = (0, 0, frame.width, frame.height)
    itself = (frame.format, frame.width, frame.height)
    samples = resampled(frame, number, itself, 0, whole, whole)
    colour = values(frame, number, np.clip(samples, 0, 2.0**frame.format.depth * (1 - 2.0**-15)))
    alpha = np.clip(values(frame, 3, codes(frame, 3)), 0, 1)
    share = resampled(frame, 3, *where, samples=alpha)
    total = resampled(frame, 3, *where, samples=colour * alpha)
    return np.where(share > 1e-3, total / np.maximum(share, 1e-3), 0.0)


def psnr(first: Array, second: Array, peak: float) -> float:
    """Peak signal to noise ratio in dB."""
    error = float(np.mean((first - second) ** 2))
    return float("inf") if error == 0 else 10 * np.log10(peak * peak / error)
