from __future__ import annotations

from fractions import Fraction

import numpy as np

from edl2ffmpeg.compositor.component_maps import component_maps, working_tables
from edl2ffmpeg.compositor.conversion import code_scale
from edl2ffmpeg.compositor.operations import (
    LayerOperation,
    affine_of,
    code_affine,
    code_table,
    code_values,
    coverage_weights,
    output_weights,
)
from edl2ffmpeg.plan.model import ColourMix, EffectPlan
from edl2ffmpeg.timeline.effects import EffectKind
from edl2ffmpeg.timeline.model import Generator, YuvColour
from helpers.frames import generated_layer, media_layer

LIMITED = code_scale(8, full_range=False, chroma=False)


def test_a_plain_layer_is_nothing():
    assert LayerOperation.of(media_layer()).is_nothing


def test_a_mix_at_full_weight_is_nothing():
    mix = ColourMix(YuvColour(81, 90, 240), Fraction(1))
    assert LayerOperation.of(media_layer(mix=mix)).is_nothing


def test_a_generated_colour_brings_its_opacity():
    layer = generated_layer(
        Generator.COLOUR,
        colour=YuvColour(81, 90, 240),
        opacity=Fraction(1, 3),
        source_opacity=Fraction(1, 2),
    )
    assert LayerOperation.of(layer).opacity == Fraction(1, 6)


def test_opacity_over_black_becomes_a_mix():
    mix = ColourMix(YuvColour(216, 28, 128), Fraction(1, 2))
    operation = LayerOperation.of(media_layer(mix=mix, opacity=Fraction(1, 4))).over_black()
    assert operation.opacity == 1
    assert operation.share == Fraction(1, 8)
    # A quarter of half the colour, and three quarters of black.
    assert operation.constant == (27 + 12, Fraction(7, 2) + 96, 16 + 96)


def test_doing_nothing_is_exactly_nothing_in_fixed_point():
    operation = LayerOperation.of(media_layer())
    affine = code_affine(operation, 0, LIMITED, (8, 8))
    codes = np.arange(256, dtype=np.int64)
    assert (codes * affine.scale + affine.offset >> affine.shift == codes).all()
    maps = component_maps((), Fraction(2))
    assert maps[0] is not None and maps[1] is None
    table = code_table(code_values(operation, lambda values: values, 0, LIMITED, (8, 8)), 8)
    assert (table[16:236] == codes[16:236]).all()


def test_fixed_point_never_leaves_31_bits():
    mix = ColourMix(YuvColour(255, 255, 255), Fraction(1, 3))
    operation = LayerOperation.of(media_layer(mix=mix))
    for depth in range(8, 17):
        for component in range(3):
            weights = output_weights(operation, component, depth)
            assert abs(weights.scale) * 32768 + abs(weights.opaque_offset) < 1 << 31
            source = code_scale(depth, full_range=False, chroma=component > 0)
            affine = code_affine(operation, component, source, (depth, depth))
            largest = ((1 << depth) - 1) * affine.scale + abs(affine.offset)
            assert affine.wide == (depth > 12)
            assert affine.wide or largest < 1 << 31


def test_gamma_table_maps_ends_to_themselves():
    luma, u, v = working_tables((), Fraction(22, 10))
    assert luma is not None and u is None and v is None
    table = luma.astype(int) + (1 << 14)
    assert table[16 * 128] == 16 * 128
    assert table[235 * 128] == 235 * 128
    assert table[0] == 16 * 128
    assert table[-1] == 235 * 128
    assert (np.diff(table) >= 0).all()


def test_coverage_is_exact_at_both_ends_of_every_alpha_depth():
    for depth in range(8, 17):
        weights = coverage_weights(Fraction(1), depth)
        for code, expected in ((0, 0), ((1 << depth) - 1, 1 << 14)):
            working = (code - (1 << depth - 1)) * 2 ** (15 - depth)
            covered = int(working) * weights.scale + weights.offset >> 14
            assert min(max(covered, 0), weights.most) == expected


def test_a_straight_line_between_limits_is_a_product_with_the_same_codes() -> None:
    operation = LayerOperation.of(media_layer())
    lines = 0
    for depths in ((8, 8), (10, 10), (8, 10), (10, 8)):
        source = code_scale(depths[0], full_range=False, chroma=False)
        for slope, rise in ((1.2, 0.05), (0.4, -0.1), (-0.8, 0.9)):
            curve = EffectPlan(EffectKind.Y, (), ((0.0, rise), (1.0, slope + rise)))
            found = component_maps((curve,), Fraction(1))[0]
            assert found is not None
            values = code_values(operation, found, 0, source, depths)
            line = affine_of(values, depths[1])
            if line is None:
                # A code that lies exactly between two may round the other way: the table is taken.
                continue
            lines += 1
            made = np.arange(1 << depths[0]) * line.scale + line.offset >> line.shift
            made = np.clip(made, line.minimum, line.maximum)
            assert (made == code_table(values, depths[1])).all()
    assert lines >= 8
    curved = code_values(operation, np.square, 0, LIMITED, (8, 8))
    assert affine_of(curved, 8) is None
    assert affine_of(np.full(256, 60.0), 8) is None
