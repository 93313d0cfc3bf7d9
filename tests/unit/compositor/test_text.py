"""Pixels of drawn texts.  Where exact positions matter, the text is a full block, U+2588: a
rectangle from edge to edge of its advance."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from edl2ffmpeg.compositor.text import TextPicture, TextRenderer
from edl2ffmpeg.compositor.text_layout import Paragraph
from edl2ffmpeg.errors import MediaOpenError
from edl2ffmpeg.frame import Colour, Matrix
from edl2ffmpeg.timeline.model import YuvColour
from edl2ffmpeg.timeline.text import TextFormat
from helpers.fonts import bundled_library, cjk_font, noto_font

SIZE = (1920, 1080)
YELLOW = YuvColour(210, 16, 146)
SHADE = YuvColour(60, 120, 140, 128)
PLAIN = TextFormat(colour=YELLOW)
BOXED = replace(PLAIN, background=SHADE)

# Noto Sans at 48 points: ascent 1.069 and descent 0.293 ems, each rounded up.
LINE = 67


@pytest.fixture
def renderer() -> Iterator[TextRenderer]:
    with TextRenderer(*SIZE, bundled_library()) as result:
        yield result


def drawn(renderer: TextRenderer, text: str, format: TextFormat = PLAIN) -> TextPicture:
    picture = renderer.draw(text, format)
    assert picture is not None
    return picture


def on_screen(picture: TextPicture, component: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    """A component of the picture where it is in an output of ``size``."""
    width, height = size
    whole = np.zeros((height + 2, width + 2), np.uint8)
    frame = picture.frame
    rows = slice(picture.top, picture.top + frame.height)
    whole[rows, picture.left : picture.left + frame.width] = frame.array(component)
    return whole


def extent(mask: np.ndarray) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what is set."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def ink(renderer: TextRenderer, text: str, format: TextFormat = PLAIN) -> tuple[int, ...]:
    """Where a text without boxes covers pixels."""
    return extent(on_screen(drawn(renderer, text, format), 3, size_of(renderer)))


def size_of(renderer: TextRenderer) -> tuple[int, int]:
    return renderer._width, renderer._height


def glyphs(text: str) -> list[tuple[str, int]]:
    """Fonts and numbers of a line's glyphs, from left to right."""
    with bundled_library() as fonts:
        line = Paragraph(text, fonts.stack(()), 48).lines(None)[0]
        return [(glyph.face.name, glyph.number) for glyph in line.glyphs()[0]]


# What a picture is


def test_a_picture_says_what_its_frame_is(renderer: TextRenderer) -> None:
    frame = drawn(renderer, "Hello").frame
    assert frame.format.name == "yuva444p"
    assert frame.colour == Colour(Matrix.BT709, full_range=False)


@pytest.mark.parametrize("text", ["a", "Hello", "i\nj", "\u0639"])
@pytest.mark.parametrize("points", [17, 48, 31])
@pytest.mark.parametrize("format", [PLAIN, BOXED, replace(BOXED, halign="right", valign="top")])
def test_edges_are_even(renderer: TextRenderer, text: str, points: int, format: TextFormat) -> None:
    picture = drawn(renderer, text, replace(format, size_points=Fraction(points)))
    frame = picture.frame
    assert not any(edge % 2 for edge in (picture.left, picture.top, frame.width, frame.height))


def test_an_odd_output_is_reached_over_by_at_most_a_pixel() -> None:
    with TextRenderer(101, 51, bundled_library()) as renderer:
        format = replace(
            BOXED,
            background_shape="wide",
            size_points=Fraction(1000),
            bottom_margin=Fraction(0),
            left_margin=Fraction(0),
            right_margin=Fraction(0),
        )
        picture = drawn(renderer, "x", format)
        assert picture.left + picture.frame.width == 102
        assert picture.top + picture.frame.height == 52


@pytest.mark.parametrize("alpha", [255, 128, 1])
def test_colour_is_flat_and_alpha_is_coverage_times_the_colours(
    renderer: TextRenderer, alpha: int
) -> None:
    picture = drawn(renderer, "H", replace(PLAIN, colour=replace(YELLOW, alpha=alpha)))
    for component, value in enumerate((210, 16, 146)):
        assert (picture.frame.array(component) == value).all()
    covered = picture.frame.array(3)
    # The stems of an H are solid, its edges are not, and around it is nothing.
    assert covered.max() == alpha
    assert (covered == alpha).sum() > 100
    assert covered.min() == 0


def test_text_over_a_box_is_mixed_exactly(renderer: TextRenderer) -> None:
    text = replace(YELLOW, alpha=100)
    picture = drawn(renderer, "H", replace(BOXED, colour=text))
    planes = [on_screen(picture, part) for part in range(4)]
    solid = on_screen(drawn(renderer, "H"), 3) == 255
    alpha = 100 / 255 + 128 / 255 * (1 - 100 / 255)
    expected = [
        round((front * 100 / 255 + back * 128 / 255 * (1 - 100 / 255)) / alpha)
        for front, back in zip((210, 16, 146), (60, 120, 140), strict=True)
    ]
    for plane, value in zip(planes, [*expected, round(alpha * 255)], strict=True):
        assert set(plane[solid]) == {value}


def test_boxes_have_their_own_colour_and_alpha(renderer: TextRenderer) -> None:
    picture = drawn(renderer, "Hello", BOXED)
    box = (on_screen(picture, 3) > 0) & (on_screen(drawn(renderer, "Hello"), 3) == 0)
    assert set(on_screen(picture, 3)[box]) == {128}
    for component, value in enumerate((60, 120, 140)):
        assert set(on_screen(picture, component)[box]) == {value}


# Where a text is


@pytest.mark.parametrize("height", [1080, 720, 2160])
@pytest.mark.parametrize("halign", ["left", "middle", "right"])
@pytest.mark.parametrize("valign", ["top", "middle", "bottom"])
def test_boxes_stand_between_the_margins(height: int, halign: str, valign: str) -> None:
    scale = height / 1080
    width = height * 16 // 9
    format = TextFormat(
        background=SHADE,
        left_margin=Fraction(100),
        right_margin=Fraction(200),
        top_margin=Fraction(30),
        bottom_margin=Fraction(60),
        halign=halign,  # type: ignore[arg-type]
        valign=valign,  # type: ignore[arg-type]
    )
    with TextRenderer(width, height, bundled_library()) as renderer:
        picture = drawn(renderer, "Hg", format)
    found = extent(on_screen(picture, 3, (width, height)))
    across, down = 12 * scale, 6 * scale
    size = (found[2] - found[0] - 2 * across, found[3] - found[1] - 2 * down)
    left = {"left": 100 * scale, "right": width - 200 * scale - size[0]}
    top = {"top": 30 * scale, "bottom": height - 60 * scale - size[1]}
    middle = (width - 100 * scale - size[0]) / 2, (height - 30 * scale - size[1]) / 2
    assert found[0] + across == pytest.approx(left.get(halign, middle[0]), abs=1.01)
    assert found[1] + down == pytest.approx(top.get(valign, middle[1]), abs=1.01)
    assert size[1] == math.ceil(1.069 * 48 * scale) + math.ceil(0.293 * 48 * scale)


def test_a_point_is_a_pixel_of_em_height_at_1080_lines() -> None:
    tall = []
    for height in (540, 1080, 2160):
        with TextRenderer(height * 2, height, bundled_library()) as renderer:
            _, top, _, bottom = ink(renderer, "H", replace(PLAIN, size_points=Fraction(100)))
            tall.append(bottom - top)
    # Noto Sans' capitals are 0.714 ems tall.
    assert tall == [pytest.approx(71.4 * scale, abs=1.5) for scale in (0.5, 1, 2)]


def test_a_line_has_its_baseline_whatever_is_in_it(renderer: TextRenderer) -> None:
    bottoms = {ink(renderer, text)[3] for text in ("x", "H", "Hx", "\u00c4H", "iI", "xl")}
    assert len(bottoms) == 1
    with_arabic = ink(renderer, "H")[3], ink(renderer, "H\u0627")[3]
    assert with_arabic[0] == with_arabic[1]


def test_lines_are_equally_high(renderer: TextRenderer) -> None:
    format = replace(PLAIN, valign="top", top_margin=Fraction(0))
    tops = [ink(renderer, "\n" * number + "x\u200b", format)[1] for number in range(3)]
    # Line ends before a text are dropped, so lines above must say something.
    assert len(set(tops)) == 1
    tops = [ink(renderer, "\u00a0\n" * number + "x", format)[1] for number in range(4)]
    assert np.diff(tops).tolist() == [LINE] * 3


def test_tabs_are_four_spaces_and_line_ends_of_any_kind_end_lines(renderer: TextRenderer) -> None:
    assert ink(renderer, "a\tb") == ink(renderer, "a    b")
    assert ink(renderer, "a\r\nb\rc") == ink(renderer, "a\nb\nc")
    assert ink(renderer, "a\x00\x1bb\x7f") == ink(renderer, "ab")


# Background


def boxes(renderer: TextRenderer, text: str, shape: str, **keys: object) -> np.ndarray:
    format = replace(BOXED, background_shape=shape, **keys)  # type: ignore[arg-type]
    return on_screen(drawn(renderer, text, format), 3) > 0


def test_ragged_boxes_are_one_for_each_line(renderer: TextRenderer) -> None:
    mask = boxes(renderer, "wide wide line\n\nx", "ragged")
    bottom = 1080 - 54
    rows = [extent(mask[bottom - LINE * n : bottom - LINE * (n - 1)]) for n in (1, 3)]
    assert rows[0][2] - rows[0][0] < 60 < 300 < rows[1][2] - rows[1][0]
    assert not mask[bottom - 2 * LINE + 8 : bottom - LINE - 8].any()
    widths = mask.sum(1)
    assert set(widths[bottom - LINE : bottom + 6]) == {widths[bottom]}


def test_neighbouring_ragged_boxes_do_not_darken_each_other(renderer: TextRenderer) -> None:
    picture = drawn(renderer, "\u00a0a\n\u00a0a", BOXED)
    alphas = picture.frame.array(3)
    assert set(alphas[:, 2]) <= {0, 128}


def test_a_rectangle_is_one_box_round_the_block(renderer: TextRenderer) -> None:
    mask = boxes(renderer, "wide wide line\n\nx", "rectangle")
    left, top, right, bottom = extent(mask)
    assert mask[top:bottom, left:right].all()
    assert (top, bottom) == (1080 - 54 - 3 * LINE - 6, 1080 - 54 + 6)
    ragged = extent(boxes(renderer, "wide wide line", "ragged"))
    assert (left, right) == (ragged[0], ragged[2])


def test_wide_boxes_cross_the_picture(renderer: TextRenderer) -> None:
    mask = boxes(renderer, "x\ny", "wide", halign="right")
    assert extent(mask) == (0, 1080 - 54 - 2 * LINE - 6, 1920, 1080 - 54 + 6)


def test_boxes_end_at_the_picture(renderer: TextRenderer) -> None:
    mask = boxes(renderer, "x\n" * 40, "rectangle", valign="middle")
    assert extent(mask)[1::2] == (0, 1080)


# Lines


def line_texts(renderer: TextRenderer, text: str, format: TextFormat) -> list[str]:
    stack = renderer._fonts.stack(format.fonts)
    room = 1920 - float(format.left_margin + format.right_margin)
    lines = Paragraph(text, stack, float(format.size_points)).lines(room)
    return [text[line.start : line.end] for line in lines]


def test_lines_are_wrapped_between_the_margins(renderer: TextRenderer) -> None:
    format = replace(PLAIN, left_margin=Fraction(700), right_margin=Fraction(800), halign="left")
    text = "The quick brown fox jumps over the lazy dog"
    lines = line_texts(renderer, text, format)
    assert " ".join(lines) == text
    assert len(lines) > 2
    left, _, right, _ = ink(renderer, text, format)
    assert left >= 699
    assert right <= 1920 - 800
    # Nothing that would have fit was put on the next line.
    for line, following in pairwise(lines):
        longer = f"{line} {following.split()[0]}"
        wide = ink(renderer, longer, replace(format, wraps=False))
        assert wide[2] - wide[0] > 420 - 4


def test_manual_lines_break_only_where_the_text_says(renderer: TextRenderer) -> None:
    format = replace(PLAIN, wraps=False, left_margin=Fraction(900), right_margin=Fraction(900))
    left, top, right, bottom = ink(renderer, "one line wider than its room", format)
    assert right - left > 300
    assert bottom - top < LINE
    assert (left + right) / 2 == pytest.approx(960, abs=4)


def test_a_word_wider_than_a_line_is_broken_between_letters(renderer: TextRenderer) -> None:
    format = replace(PLAIN, left_margin=Fraction(900), right_margin=Fraction(900))
    lines = line_texts(
        renderer, "a supercalifragilistic e\u0301e\u0301e\u0301e\u0301e\u0301", format
    )
    assert len(lines) > 4
    assert not any(line.startswith("\u0301") for line in lines)
    assert "".join(lines).replace(" ", "") == (
        "asupercalifragilistice\u0301e\u0301e\u0301e\u0301e\u0301"
    )


def test_a_line_narrower_than_any_letter_has_one_letter(renderer: TextRenderer) -> None:
    format = replace(PLAIN, left_margin=Fraction(959), right_margin=Fraction(960))
    assert line_texts(renderer, "Hg Hg", format) == ["H", "g", "H", "g"]
    drawn(renderer, "Hg Hg", format)


# Scripts


def test_arabic_letters_join() -> None:
    isolated, joined = glyphs("\u0628"), glyphs("\u0628" * 3)
    # First, middle and last form are not the isolated one; only the dot is the same.
    assert len(set(joined)) == 4
    assert len(set(joined) & set(isolated)) == 1
    # Lam and alef take the forms of their ligature.
    assert not set(glyphs("\u0644\u0627")) & {*glyphs("\u0644"), *glyphs("\u0627")}


def test_arabic_runs_from_right_to_left(renderer: TextRenderer) -> None:
    # Alef is a bare stroke, ten seens are a long way to its left.
    left, _, right, _ = ink(renderer, "\u0627" + "\u0633" * 10)
    mask = on_screen(drawn(renderer, "\u0627" + "\u0633" * 10), 3)
    tall = np.flatnonzero((mask[:, left:right] > 0).sum(0) > 25)
    assert tall.min() > (right - left) * 0.8


def test_mixed_directions_are_ordered(renderer: TextRenderer) -> None:
    found = glyphs("\u05d0 12 \u05d1")
    one, two, alef, bet = (glyphs(letter)[0] for letter in "12\u05d0\u05d1")
    order = [found.index(glyph) for glyph in (bet, one, two, alef)]
    assert order == sorted(order)


@pytest.mark.parametrize("text", ["\u05d0\u05d1", "ab"])
def test_left_and_right_are_sides_whatever_the_direction(renderer: TextRenderer, text: str) -> None:
    assert ink(renderer, text, replace(PLAIN, halign="left"))[0] < 65
    assert ink(renderer, text, replace(PLAIN, halign="right"))[2] > 1920 - 65


def test_devanagari_vowels_and_conjuncts_are_shaped() -> None:
    ka, sign_i = glyphs("\u0915")[0], glyphs("\u0939\u093f")[0]
    # The vowel sign i is spoken after its consonant and written before it.
    shaped = glyphs("\u0915\u093f")
    assert shaped[-1] == ka
    assert len(shaped) == 2
    assert sign_i[0] == ka[0] == "Noto Sans Devanagari Regular"
    # Ka, virama and ssa are one conjunct.
    assert len(glyphs("\u0915\u094d\u0937")) == 1


def test_devanagari_pixels_differ_from_the_letters_set_side_by_side(
    renderer: TextRenderer,
) -> None:
    # A zero width non-joiner keeps letters from forming conjuncts.
    conjunct = ink(renderer, "\u0915\u094d\u0937")
    apart = ink(renderer, "\u0915\u094d\u200c\u0937")
    assert conjunct[2] - conjunct[0] < 0.8 * (apart[2] - apart[0])


def test_cjk_text_has_ink_and_no_boxes(renderer: TextRenderer) -> None:
    text = "\u65e5\u672c\u8a9e\u3001\u4e2d\u6587\u3001\ud55c\uad6d\uc5b4"
    assert all(name.startswith("Noto Sans CJK") and number for name, number in glyphs(text))
    drawn(renderer, text, replace(PLAIN, fonts=(str(cjk_font()),)))
    drawn(renderer, text)
    assert not renderer.warnings


def test_han_characters_have_the_shapes_of_the_texts_language() -> None:
    # U+76F4 is drawn otherwise in Chinese than in Japanese.
    assert glyphs("\u76f4")[0] != glyphs("\u76f4\u306e")[0]


def test_marks_stand_on_their_letters(renderer: TextRenderer) -> None:
    assert ink(renderer, "e\u0301") == ink(renderer, "\u00e9")
    x, marked = ink(renderer, "x"), ink(renderer, "x\u0304\u0323")
    assert marked[1] < x[1] < x[3] < marked[3]
    assert (x[0] + x[2]) / 2 == pytest.approx((marked[0] + marked[2]) / 2, abs=4)


def test_a_font_file_draws_what_it_has_and_others_the_rest(renderer: TextRenderer) -> None:
    format = replace(PLAIN, fonts=(str(noto_font("Arabic")),))
    drawn(renderer, "\u0639 \u0915 A", format)
    assert not renderer.warnings
    drawn(renderer, "A", replace(PLAIN, fonts=("No Such Family",)))
    drawn(renderer, "B", replace(PLAIN, fonts=("No Such Family",)))
    assert len(renderer.warnings) == 1
    with pytest.raises(MediaOpenError):
        renderer.draw("A", replace(PLAIN, fonts=("/no/such/font.ttf",)))


def test_what_no_font_has_is_a_box_and_a_warning(renderer: TextRenderer) -> None:
    drawn(renderer, "\U000f0000")
    drawn(renderer, "again \U000f0000")
    assert len(renderer.warnings) == 1
    told = renderer.warnings
    # A text that is given again is told again, and no other.
    renderer.forget_warnings()
    drawn(renderer, "A")
    assert not renderer.warnings
    drawn(renderer, "\U000f0000")
    assert renderer.warnings == told


# Limits


@pytest.mark.parametrize("text", ["", " \n\t ", "\n\n", "\u3000", "\x00\x1b", "\u200b\u200f"])
@pytest.mark.parametrize("format", [PLAIN, replace(BOXED, background_shape="wide")])
def test_a_text_without_letters_draws_nothing(
    renderer: TextRenderer, text: str, format: TextFormat
) -> None:
    assert renderer.draw(text, format) is None


@pytest.mark.parametrize("points", [0, Fraction(1, 10**12), Fraction(1, 2), 10**9, 10**300])
def test_any_size_ends_soon(renderer: TextRenderer, points: Fraction) -> None:
    picture = renderer.draw("Hg \u0639", replace(BOXED, size_points=Fraction(points)))
    assert (picture is None) == (points < 1)


@pytest.mark.parametrize("side", ["left", "right", "top", "bottom"])
@pytest.mark.parametrize("valign", ["top", "middle", "bottom"])
def test_any_margin_ends_soon(renderer: TextRenderer, side: str, valign: str) -> None:
    format = replace(BOXED, valign=valign, **{f"{side}_margin": Fraction(10**300)})  # type: ignore[arg-type]
    unused = {side, valign} == {"top", "bottom"}
    assert (renderer.draw("Hg Hg", format) is not None) == unused


@pytest.mark.parametrize(
    "part",
    ["lorem ipsum ", "x", "\u0645\u0631\u062d\u0628\u0627 ", "\u6f22\u5b57\u3001", "a\n",
     "abc \u0628\u0628 12 (\u05d0) ", "x\u0301\u0316\u0302", "\u2068\u05d0", " ", "()\u05d0"],
)  # fmt: skip
@pytest.mark.parametrize("wraps", [True, False])
def test_a_hundred_thousand_characters_take_a_moment(
    renderer: TextRenderer, part: str, wraps: bool
) -> None:
    text = (part * (100_000 // len(part))) + "a"
    started = time.process_time()
    picture = renderer.draw(text, replace(PLAIN, valign="middle", wraps=wraps))
    # It takes half a second; ten times that is far from what a square would take.
    assert time.process_time() - started < 5
    # Only the one letter after all the spaces is beside the picture.
    assert (picture is None) == (part == " " and not wraps)
    if picture is not None:
        assert picture.frame.width <= 1920
        assert picture.frame.height <= 1080


def test_a_longer_text_is_cut_with_a_warning(renderer: TextRenderer) -> None:
    drawn(renderer, "x " * 200_000, replace(PLAIN, valign="top"))
    assert renderer.warnings == ["a text of 400000 characters is cut after 200000"]


# The cache


def test_a_text_is_drawn_once_for_each_format(renderer: TextRenderer) -> None:
    first = renderer.draw("Hello", PLAIN)
    for _ in range(10):
        assert renderer.draw("Hello", replace(PLAIN)) is first
        assert renderer.draw("", PLAIN) is None
    assert renderer.drawn == 2
    assert renderer.draw("Hello", BOXED) is not first
    assert renderer.drawn == 3


def test_the_cache_is_bounded(renderer: TextRenderer, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = drawn(renderer, "0")
    monkeypatch.setattr("edl2ffmpeg.compositor.text._CACHE_BYTES", 4 * 10**6)
    wide = replace(BOXED, background_shape="wide")
    for number in range(30):
        drawn(renderer, str(number), wide)
        assert renderer._kept_bytes < 4 * 10**6
    pictures = [entry.picture for entry in renderer._kept.values()]
    kept = sum(4 * p.frame.width * p.frame.height for p in pictures if p)
    assert kept <= renderer._kept_bytes < kept + 100
    assert drawn(renderer, "0") is not picture


def test_a_closed_renderer_draws_nothing_and_its_pictures_stay(renderer: TextRenderer) -> None:
    picture = drawn(renderer, "Hello")
    renderer.close()
    renderer.close()
    assert picture.frame.array(3).max() == 255
    with pytest.raises(ValueError, match="closed"):
        renderer.draw("Hello", PLAIN)
