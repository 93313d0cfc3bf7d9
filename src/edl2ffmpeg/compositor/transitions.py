"""Draws transitions: both sides on stages of their own, then what is between them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial

from edl2ffmpeg.compositor._kernels import MixSource, Plane
from edl2ffmpeg.compositor.backend import Kernels, RowJob
from edl2ffmpeg.compositor.canvas import MASK_LAYOUT, CanvasPool, canvas_layout
from edl2ffmpeg.compositor.geometry import Rectangle
from edl2ffmpeg.compositor.painter import Surface
from edl2ffmpeg.compositor.planes import component_plane, fill_job, rectangle_plane
from edl2ffmpeg.compositor.resampling import WEIGHT_BITS, sample_grids
from edl2ffmpeg.compositor.route import OutputShape
from edl2ffmpeg.compositor.wipes import Mask, moves, transition_mask
from edl2ffmpeg.frame import Frame
from edl2ffmpeg.plan.model import ColourMix, GeneratedPicture, LayerPlan, TransitionPlan
from edl2ffmpeg.timeline.effects import TransitionKind
from edl2ffmpeg.timeline.model import GeneratedSource, Generator, YuvColour

__all__ = ["Leg", "TransitionDrawer", "transition_legs"]

_ONE = 1 << WEIGHT_BITS
_HALF = Fraction(1, 2)
_VIDEO = "video"

Run = Callable[[Iterable[RowJob]], None]
DrawLeg = Callable[[LayerPlan, "Frame | None", Surface], None]


@dataclass(frozen=True, slots=True)
class Leg:
    """One side of a transition and its decoded picture (None: it is generated)."""

    layer: LayerPlan
    picture: Frame | None


@dataclass(frozen=True, slots=True)
class _Stage:
    """A side as drawn: a canvas, and its coverage of both grids unless all is covered."""

    canvas: Frame
    coverage: tuple[Frame, Frame] | None


def transition_legs(
    plan: TransitionPlan, pictures: Iterable[Frame | None]
) -> tuple[Leg, Leg, Fraction]:
    """What lies on both sides at this moment, and the share of the second.

    A dip is two dissolves, to a colour and from it.  Between texts black is not there, and it is
    the letters that take on the colour.
    """
    found = iter(pictures)
    sides = [
        Leg(leg, next(found)) if leg is not None else Leg(_flat(plan, None), None)
        for leg in (plan.outgoing, plan.incoming)
    ]
    if plan.look.kind is not TransitionKind.DIP:
        return sides[0], sides[1], plan.progress
    is_leaving = plan.progress < _HALF
    share = plan.progress * 2 if is_leaving else plan.progress * 2 - 1
    if plan.track_kind != _VIDEO:
        weight = 1 - share if is_leaving else share
        side = _tinted(sides[0] if is_leaving else sides[1], plan.look.colour, weight)
        return side, side, share
    colour = Leg(_flat(plan, plan.look.colour), None)
    return (sides[0], colour, share) if is_leaving else (colour, sides[1], share)


def _tinted(leg: Leg, colour: YuvColour, weight: Fraction) -> Leg:
    """A side of which ``weight`` is its own colours and the rest another one."""
    return replace(leg, layer=replace(leg.layer, colour_mix=ColourMix(colour, weight)))


def _flat(plan: TransitionPlan, colour: YuvColour | None) -> LayerPlan:
    """A layer of one colour; without one it is black, or for texts nothing at all."""
    opacity = Fraction(1)
    if colour is not None:
        source = GeneratedSource(Generator.COLOUR, colour=colour)
    else:
        source = GeneratedSource(Generator.BLACK)
        opacity = Fraction(plan.track_kind == _VIDEO)
    picture = GeneratedPicture(source, 0)
    return LayerPlan(picture, plan.track, plan.json_path, plan.json_path, opacity=opacity)


class TransitionDrawer:
    """Draws what is between two layers onto a frame; ``draw_leg`` draws one layer."""

    def __init__(
        self,
        output: OutputShape,
        kernels: Kernels,
        canvases: CanvasPool,
        run: Run,
        draw_leg: DrawLeg,
        fill_black: Callable[[Frame], None],
    ) -> None:
        self._output = output
        self._kernels = kernels
        self._canvases = canvases
        self._run = run
        self._draw_leg = draw_leg
        self._fill_black = fill_black

    def draw(
        self, plan: TransitionPlan, legs: tuple[Leg, Leg], share: Fraction, target: Frame
    ) -> None:
        """Draws the transition over what is in ``target``."""
        with ExitStack() as borrowed:
            # On video track 1 bars are black and part of the picture; above they are transparent.
            is_opaque = plan.track == 1 and plan.track_kind == _VIDEO
            stages = [self._stage(leg, is_opaque, borrowed) for leg in legs]
            self._run(self._jobs(plan, (stages[0], stages[1]), share, target, borrowed))

    def _stage(self, leg: Leg, is_opaque: bool, borrowed: ExitStack) -> _Stage:
        width, height = self._output.width, self._output.height
        layout = canvas_layout(self._output.format)
        canvas = borrowed.enter_context(self._canvases.lent(width, height, layout))
        if is_opaque:
            self._fill_black(canvas)
            self._draw_leg(leg.layer, leg.picture, Surface(canvas))
            return _Stage(canvas, None)
        sizes = [layout.component_size(component, width, height) for component in (0, 1)]
        luma, chroma = (
            borrowed.enter_context(self._canvases.lent(*size, MASK_LAYOUT)) for size in sizes
        )
        self._run(fill_job(frame, 0, 0) for frame in (luma, chroma))
        self._draw_leg(leg.layer, leg.picture, Surface(canvas, (luma, chroma)))
        return _Stage(canvas, (luma, chroma))

    def _jobs(
        self,
        plan: TransitionPlan,
        stages: tuple[_Stage, _Stage],
        share: Fraction,
        target: Frame,
        borrowed: ExitStack,
    ) -> Iterable[RowJob]:
        layout, look = self._output.format, plan.look
        size = (self._output.width, self._output.height)
        cell = (1 << layout.chroma_shift[0], 1 << layout.chroma_shift[1])
        moved = moves(look, float(plan.progress), size, cell)
        for index, components in enumerate(((0,), (1, 2))):
            grids = sample_grids(layout, components[0], *size)
            spacing = (grids[0].spacing, grids[1].spacing)
            sides = [
                _side(stage, components, index, move, spacing)
                for stage, move in zip(stages, moved, strict=True)
            ]
            mask = transition_mask(look, float(plan.progress), grids, size)
            moves_pictures = look.kind in (TransitionKind.SLIDE, TransitionKind.PUSH)
            weights = None
            if mask is not None or moves_pictures:
                shares = borrowed.enter_context(
                    self._canvases.lent(grids[0].count, grids[1].count, MASK_LAYOUT)
                )
                weights = component_plane(shares, 0)
                if mask is not None:
                    self._run([RowJob(grids[1].count, partial(_reach, mask, weights))])
                else:
                    for job in _in_front(plan, moved, shares, spacing):
                        self._run([job])
            weight = round(share * _ONE)
            targets = [component_plane(target, number) for number in components]
            yield RowJob(
                grids[1].count, _mix(sides[0], sides[1], weights, weight, targets, layout.depth)
            )


def _side(
    stage: _Stage,
    components: tuple[int, ...],
    index: int,
    move: tuple[int, int],
    spacing: tuple[int, int],
) -> MixSource:
    return MixSource(
        [component_plane(stage.canvas, number) for number in components],
        component_plane(stage.coverage[index], 0) if stage.coverage is not None else None,
        move[0] // spacing[0],
        move[1] // spacing[1],
    )


def _reach(mask: Mask, target: Plane, kernels: Kernels, row_start: int, row_end: int) -> None:
    numbers = (mask.reached, mask.soft, mask.inverts)
    kernels.reach(mask.moments, target, *numbers, row_start, row_end)


def _in_front(
    plan: TransitionPlan,
    moved: tuple[tuple[int, int], tuple[int, int]],
    shares: Frame,
    spacing: tuple[int, int],
) -> Iterator[RowJob]:
    """Where the incoming picture is seen: where its frame is, or where the outgoing's is not.

    One job after the other.
    """
    outgoing_on_top = plan.look.kind is TransitionKind.SLIDE and plan.look.invert
    move = moved[0] if outgoing_on_top else moved[1]
    left, top = move[0] // spacing[0], move[1] // spacing[1]
    width, height = shares.width, shares.height
    inside, outside = (0, _ONE) if outgoing_on_top else (_ONE, 0)
    yield fill_job(shares, 0, outside)
    place = Rectangle(
        max(left, 0), max(top, 0), min(left + width, width), min(top + height, height)
    )
    if place.width > 0 and place.height > 0:
        plane = rectangle_plane(shares, 0, place)
        yield RowJob(place.height, lambda kernels, *rows: kernels.fill(plane, inside, *rows))


def _mix(
    outgoing: MixSource,
    incoming: MixSource,
    weights: Plane | None,
    weight: int,
    targets: list[Plane],
    depth: int,
) -> Callable[[Kernels, int, int], None]:
    def run(kernels: Kernels, row_start: int, row_end: int) -> None:
        kernels.mix(outgoing, incoming, weights, weight, targets, depth, row_start, row_end)

    return run
