"""Composes the frames of plans with whatever kernels it is given; it knows no device."""

from __future__ import annotations

from abc import abstractmethod
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from itertools import islice

from edl2ffmpeg.compositor._kernels import Plane
from edl2ffmpeg.compositor.backend import Kernels, RowJob
from edl2ffmpeg.compositor.canvas import CanvasPool
from edl2ffmpeg.compositor.component_maps import is_component_wise
from edl2ffmpeg.compositor.compositor import CompositorCounters
from edl2ffmpeg.compositor.effects import crops_inside
from edl2ffmpeg.compositor.generate import STATIC_GENERATORS, PictureGenerator
from edl2ffmpeg.compositor.geometry import Fit, Rectangle
from edl2ffmpeg.compositor.layers import LayerDrawer
from edl2ffmpeg.compositor.operations import BLACK, LayerOperation
from edl2ffmpeg.compositor.painter import Surface
from edl2ffmpeg.compositor.planes import (
    component_plane,
    component_rectangle,
    interleaved_chroma,
    rectangle_plane,
)
from edl2ffmpeg.compositor.resampling import WEIGHT_BITS
from edl2ffmpeg.compositor.route import LayerRoute, OutputShape, SourceShape
from edl2ffmpeg.compositor.text import TextRenderer
from edl2ffmpeg.compositor.transitions import Leg, TransitionDrawer, transition_legs
from edl2ffmpeg.errors import SettingsError
from edl2ffmpeg.frame import Frame, FrameAllocator, PixelFormat
from edl2ffmpeg.ownership import Owner
from edl2ffmpeg.plan.model import (
    FramePlan,
    GeneratedPicture,
    LayerPlan,
    TextPicture,
    TransitionPlan,
)
from edl2ffmpeg.timeline.effects import EffectKind, TransitionKind
from edl2ffmpeg.timeline.model import GeneratedSource

__all__ = ["STATIC_FRAMES_KEPT", "FrameComposer"]

# A timeline mixes few kinds of source at a time; a route holds some hundred kilobytes.
_ROUTES_KEPT = 16

STATIC_FRAMES_KEPT = 4
"""Drawn frames that are kept, since a still picture is shown again; one more while it changes."""

_ONE = 1 << WEIGHT_BITS

_StaticKey = tuple[tuple[GeneratedSource, Fraction], ...]


@dataclass(frozen=True, slots=True)
class _Layer:
    """One layer of a plan with its picture (None: it is generated)."""

    layer: LayerPlan
    picture: Frame | None
    operation: LayerOperation


@dataclass(frozen=True, slots=True)
class _Transition:
    """A transition of a plan with the pictures of both sides."""

    plan: TransitionPlan
    legs: tuple[Leg, Leg]
    share: Fraction


_Unit = _Layer | _Transition


class FrameComposer(Owner):
    """A :class:`Compositor` but for the device: that is what derived classes bring.

    Output frames come from ``allocate``, which must give frames of ``width`` x ``height`` in
    ``format``, in the memory of ``kernels``, that nobody reads any more.  Frames that may be
    returned again (black, static colours) are allocated once and kept.  ``texts`` draws texts,
    and is the caller's to close.
    """

    def __init__(
        self,
        width: int,
        height: int,
        format: PixelFormat,
        kernels: Kernels,
        allocate: FrameAllocator,
        fit: Fit,
        texts: TextRenderer | None,
    ) -> None:
        """Raise ``SettingsError`` when ``format`` cannot be drawn to."""
        if format.is_rgb or format.has_alpha or len(format.components) != 3:
            raise SettingsError(
                f"cannot composite to pixel format {format.name!r}: choose one of the "
                "Y'CbCr formats without alpha, such as yuv420p or yuv422p10le"
            )
        self.counters = CompositorCounters()
        self._shape = OutputShape(width, height, format, fit)
        self._kernels = kernels
        self._allocate = allocate
        self._generator = PictureGenerator(width, height, format, kernels)
        self._texts = texts
        self._routes: OrderedDict[tuple[SourceShape, Rectangle | None], LayerRoute] = OrderedDict()
        self._static: OrderedDict[_StaticKey, Frame] = OrderedDict()
        self._canvases = CanvasPool(kernels.new_frame)
        self._layers = LayerDrawer(self._shape, kernels, self._canvases, self._run)
        self._transitions = TransitionDrawer(
            self._shape,
            kernels,
            self._canvases,
            self._run,
            self._draw_layer,
            self._fill_all_black,
        )
        self._closed = False

    @abstractmethod
    def _run(self, jobs: Iterable[RowJob]) -> None:
        """Runs jobs; what they write is there for whatever is run after them."""

    def _present(self, picture: Frame) -> Frame:
        """``picture`` in memory that the kernels read."""
        return picture

    def _may_pass(self, picture: Frame) -> bool:
        """Whether the reader of the output can have ``picture`` itself."""
        return True

    def _finished(self, target: Frame) -> Frame:
        """What is handed out for a frame that was drawn."""
        return target

    def compose(self, plan: FramePlan, pictures: Sequence[Frame | None]) -> Frame:
        """Draw ``plan``; see :meth:`Compositor.compose`."""
        if self._closed:
            raise ValueError("the compositor is closed: it cannot compose any more")
        if len(pictures) != len(plan.pictures):
            raise ValueError(
                f"frame {plan.number} has {len(plan.pictures)} pictures, got {len(pictures)}"
            )
        units = self._visible(_units(plan, pictures))
        if len(units) == 1 and isinstance(units[0], _Layer):
            picture = units[0].picture
            if picture is not None and self._is_untouched(units[0]) and self._may_pass(picture):
                self.counters.passed_through += 1
                return picture
        key = _static_key(units)
        if key is None:
            self.counters.composed += 1
            return self._draw(units)
        if key in self._static:
            self.counters.reused += 1
            self._static.move_to_end(key)
        else:
            self.counters.composed += 1
            self._static[key] = self._draw(units)
            if len(self._static) > STATIC_FRAMES_KEPT:
                self._static.popitem(last=False)
        return self._static[key]

    def close(self) -> None:
        """Give up buffers; see :meth:`Compositor.close`."""
        self._closed = True
        self._routes.clear()
        self._static.clear()
        self._canvases.clear()
        self._generator.close()

    def _visible(self, units: Sequence[_Unit]) -> list[_Unit]:
        """What is left to draw: nothing below a picture that hides it all."""
        found: list[_Unit] = []
        for unit in units:
            if isinstance(unit, _Layer):
                if unit.operation.opacity <= 0:
                    continue
                if self._hides_all(unit):
                    found.clear()
            found.append(unit)
        return found

    def _hides_all(self, unit: _Layer) -> bool:
        layer = unit.layer
        if unit.operation.opacity != 1 or layer.transforms:
            return False
        if any(effect.kind is EffectKind.CROP or crops_inside(effect) for effect in layer.effects):
            return False
        if isinstance(layer.picture, GeneratedPicture):
            source = layer.picture.source
            return source.width is None and source.height is None
        if isinstance(layer.picture, TextPicture):
            return False
        route = self._route(SourceShape.of(_given(layer, unit.picture)))
        return route.fills_output and not route.has_alpha

    def _is_untouched(self, unit: _Layer) -> bool:
        """Whether a layer comes out as its picture went in."""
        layer, picture = unit.layer, unit.picture
        # A generated frame belongs to its generator, which will draw on it again.
        if picture is None or isinstance(layer.picture, GeneratedPicture):
            return False
        if layer.effects or layer.transforms:
            return False
        route = self._route(SourceShape.of(picture))
        return unit.operation.is_nothing and route.keeps_samples

    def _draw(self, units: Sequence[_Unit]) -> Frame:
        target = self._allocate()
        if not units:
            self._fill_all_black(target)
        for index, unit in enumerate(units):
            if isinstance(unit, _Layer):
                if index == 0:
                    self._draw_first(unit, target)
                else:
                    self._draw_layer(unit.layer, unit.picture, Surface(target))
            elif index > 0 or not self._crossed(unit, target):
                if index == 0:
                    self._fill_all_black(target)
                self._transitions.draw(unit.plan, unit.legs, unit.share, target)
        return self._finished(target)

    def _draw_first(self, unit: _Layer, target: Frame) -> None:
        """The lowest layer, over black."""
        layer, operation = unit.layer, unit.operation
        everything = Rectangle(0, 0, self._shape.width, self._shape.height)
        found = self._prepared(layer, unit.picture)
        if found is None or not _is_simple(layer, found[1]):
            self._fill_black(target, [everything])
            if found is not None:
                self._layers.draw(layer, *found, Surface(target))
            return
        frame, route = found
        operation = operation if route.has_alpha else operation.over_black()
        covered = route.placement.target
        beneath = [everything] if route.has_alpha else _around(covered, everything)
        self._fill_black(target, beneath)
        self._run(route.jobs(frame, target, operation, layer.effects))

    def _draw_layer(self, layer: LayerPlan, picture: Frame | None, surface: Surface) -> None:
        """A layer over what the surface shows already."""
        operation = LayerOperation.of(layer)
        if operation.opacity <= 0:
            return
        found = self._prepared(layer, picture)
        if found is None:
            return
        frame, route = found
        if surface.stored is None and _is_simple(layer, route):
            self._run(route.jobs(frame, surface.frame, operation, layer.effects))
        else:
            self._layers.draw(layer, frame, route, surface)

    def _crossed(self, unit: _Transition, target: Frame) -> bool:
        """Mixes two untouched pictures at once, where a transition is no more than that."""
        if unit.plan.look.kind is not TransitionKind.DISSOLVE:
            return False
        layers = [_Layer(leg.layer, leg.picture, LayerOperation.of(leg.layer)) for leg in unit.legs]
        if not all(self._is_untouched(layer) for layer in layers):
            return False
        weight = round(unit.share * _ONE)
        for component in range(3):
            outgoing, incoming = (
                component_plane(self._picture(side.layer, side.picture), component)
                for side in layers
            )
            result = component_plane(target, component)
            height = target.format.component_size(component, target.width, target.height)[1]
            self._run([RowJob(height, partial(_cross, outgoing, incoming, result, weight))])
        return True

    def _prepared(self, layer: LayerPlan, picture: Frame | None) -> tuple[Frame, LayerRoute] | None:
        """A layer's picture and the way it goes; None for a text of which nothing is seen."""
        if not isinstance(layer.picture, TextPicture):
            frame = self._picture(layer, picture)
            return frame, self._route(SourceShape.of(frame))
        if self._texts is None:
            raise ValueError(f"there is no renderer for the text of {layer.json_path}")
        source = layer.picture.source
        drawn = self._texts.draw(source.text, source.format)
        if drawn is None:
            return None
        frame = self._present(drawn.frame)
        # In an output of odd size the picture of a text may reach a pixel beyond it.
        right = min(drawn.left + frame.width, self._shape.width)
        bottom = min(drawn.top + frame.height, self._shape.height)
        shown = replace(frame, width=right - drawn.left, height=bottom - drawn.top)
        place = Rectangle(drawn.left, drawn.top, right, bottom)
        return shown, self._route(SourceShape.of(shown), place)

    def _picture(self, layer: LayerPlan, picture: Frame | None) -> Frame:
        if isinstance(layer.picture, GeneratedPicture):
            return self._generator.draw(layer.picture)
        return self._present(_given(layer, picture))

    def _route(self, shape: SourceShape, place: Rectangle | None = None) -> LayerRoute:
        """The way for pictures of a shape, fitted into the output or put at ``place``."""
        key = (shape, place)
        route = self._routes.get(key)
        if route is None:
            self.counters.prepared += 1
            route = self._routes[key] = LayerRoute(shape, self._shape, self._kernels, place)
            if len(self._routes) > _ROUTES_KEPT:
                self._routes.popitem(last=False)
        else:
            self._routes.move_to_end(key)
        return route

    def _fill_all_black(self, target: Frame) -> None:
        self._fill_black(target, [Rectangle(0, 0, target.width, target.height)])

    def _fill_black(self, target: Frame, rectangles: Iterable[Rectangle]) -> None:
        layout = target.format
        codes = [code << (layout.depth - 8) for code in (BLACK.y, BLACK.u, BLACK.v)]
        for pixels in rectangles:
            for component, code in enumerate(codes):
                samples = component_rectangle(layout, component, pixels)
                if samples.width == 0 or samples.height == 0:
                    continue
                both = interleaved_chroma(target, samples) if component else None
                plane = both or rectangle_plane(target, component, samples)
                self._kernels.fill(plane, code, 0, samples.height)
                if both is not None:
                    break


def _units(plan: FramePlan, pictures: Sequence[Frame | None]) -> list[_Unit]:
    """The plan's layers with their pictures."""
    found: list[_Unit] = []
    rest = iter(pictures)
    for layer in plan.layers:
        if isinstance(layer, TransitionPlan):
            first, second, share = transition_legs(layer, islice(rest, len(layer.legs)))
            found.append(_Transition(layer, (first, second), share))
        else:
            found.append(_Layer(layer, next(rest), LayerOperation.of(layer)))
    return found


def _is_simple(layer: LayerPlan, route: LayerRoute) -> bool:
    """Whether one pass of its route draws a layer."""
    if layer.transforms or not all(map(is_component_wise, layer.effects)):
        return False
    # The letters of a text have the same colour where they are transparent: a filter mixes nothing.
    return isinstance(layer.picture, TextPicture) or not route.resamples_alpha


def _static_key(units: Sequence[_Unit]) -> _StaticKey | None:
    """What makes an unchanging picture the same; None where time or a file has a say."""
    key = []
    for unit in units:
        if isinstance(unit, _Transition) or unit.layer.effects or unit.layer.transforms:
            return None
        layer = unit.layer
        picture = layer.picture
        if not isinstance(picture, GeneratedPicture):
            return None
        # The weight of a fade differs from frame to frame: keeping those would only use memory.
        if picture.source.generator not in STATIC_GENERATORS or unit.operation.share != 1:
            return None
        if layer.opacity != 1:
            return None
        key.append((picture.source, layer.gamma))
    return tuple(key)


def _given(layer: LayerPlan, picture: Frame | None) -> Frame:
    if picture is None:
        raise ValueError(f"no picture was given for the media layer {layer.json_path}")
    return picture


def _cross(
    outgoing: Plane,
    incoming: Plane,
    target: Plane,
    weight: int,
    kernels: Kernels,
    row_start: int,
    row_end: int,
) -> None:
    kernels.cross(outgoing, incoming, target, weight, row_start, row_end)


def _around(inner: Rectangle, outer: Rectangle) -> list[Rectangle]:
    """The bars that ``inner`` leaves of ``outer``."""
    return [
        bar
        for bar in (
            Rectangle(outer.left, outer.top, outer.right, inner.top),
            Rectangle(outer.left, inner.bottom, outer.right, outer.bottom),
            Rectangle(outer.left, inner.top, inner.left, inner.bottom),
            Rectangle(inner.right, inner.top, outer.right, inner.bottom),
        )
        if bar.width > 0 and bar.height > 0
    ]
