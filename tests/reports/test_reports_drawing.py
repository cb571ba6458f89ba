"""Drawings: words stay words, marks stay apart, nothing is placed by a font, and the bytes are the same again."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from html import unescape
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from icsml.reports import plots
from icsml.reports.svg_figure import label_lines, style

HOSTILE = '</text><script>alert(1)</script> $x$ & "q"'
LABELS = [
    "R&D intensity",
    "研发投入强度",
    HOSTILE,
    "A label that is so long that it does not fit into two lines, ever and ever",
]


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(5)
    values = rng.normal(size=(700, 4))
    values[rng.random(values.shape) < 0.1] = np.nan
    return np.nan_to_num(values) * [0.9, -0.6, 0.3, 0.1], values


def _drawn(rows):
    terms, values = rows
    sizes = np.abs(terms).mean(axis=0)
    x, colour = plots.Axis(values[:, 0], LABELS[0], percent=True), plots.Axis(values[:, 1], LABELS[1])
    thresholds, values_shown = [(0.0, "0 %"), (0.06, "6 %")], [(label, "12%") for label in LABELS]
    rest = {"most": 2, "others": "其余 2 项", "xlabel": "log-odds"}
    return [
        plots.importance("importance", "Sizes", LABELS, sizes, "log-odds"),
        plots.beeswarm("beeswarm", "Every term", LABELS, terms, values, "log-odds"),
        plots.dependence("dependence", HOSTILE, x, terms[:, 0], "log-odds", colour=colour, thresholds=thresholds),
        plots.dependence("plain", "Plain", x, terms[:, 0], "log-odds"),
        plots.waterfall("waterfall", "One", values_shown, terms[0], -4.0, **rest),
    ]


@pytest.fixture(scope="module")
def drawn(rows):
    return _drawn(rows)


def test_the_same_values_give_the_same_bytes_whatever_was_drawn_before(drawn, rows):
    np.random.seed(99)
    assert [each.svg for each in _drawn(rows)] == [each.svg for each in drawn]


def test_whoever_draws_besides_finds_everything_as_it_was(rows):
    import matplotlib as mpl
    from matplotlib import pyplot

    np.random.seed(11)
    expected = np.random.random(3)
    np.random.seed(11)
    before = dict(mpl.rcParams)
    _drawn(rows)
    assert np.array_equal(np.random.random(3), expected)
    assert dict(mpl.rcParams) == before
    assert pyplot.get_fignums() == []


def test_words_stay_words_and_name_no_font(drawn):
    text = " ".join(each.inline for each in drawn)
    assert "研发投入强度" in text
    assert "font-family: 'DejaVu" not in text
    assert "&lt;script&gt;" in text
    assert "<script" not in text
    assert "$x$" in text


def test_a_part_of_a_page_names_no_address_and_shares_no_mark(drawn):
    for each in drawn:
        assert not re.search(r"https?:|xmlns|<!DOCTYPE|<style|<\?xml", each.inline)
        references = re.findall(r'(?:href="#|url\(#)([^")]+)', each.inline)
        marks = re.findall(r' id="([^"]+)"', each.inline)
        assert set(references) == set(marks)
        assert all(mark.startswith(f"{each.name}-") for mark in marks)
        ElementTree.fromstring(each.inline)
    marks = re.findall(r' id="([^"]+)"', " ".join(each.inline for each in drawn))
    assert len(marks) == len(set(marks))


def test_what_cannot_be_seen_is_said(drawn):
    assert [re.search(r'aria-label="([^"]*)"', each.inline)[1] for each in drawn][:2] == ["Sizes", "Every term"]
    assert "&lt;script&gt;" in re.search(r'aria-label="([^"]*)"', drawn[2].inline)[1]


def test_a_file_of_its_own_is_a_sound_svg(drawn):
    for each in drawn:
        root = ElementTree.fromstring(each.svg)
        assert root.tag == "{http://www.w3.org/2000/svg}svg"


def _texts(each):
    return re.findall(r"<text[^>]*>([^<]*)<", each.inline)


def test_the_waterfall_names_the_largest_terms_first_and_the_rest_together(drawn, rows):
    terms, _ = rows
    order = np.argsort(-np.abs(terms[0]))
    texts = [unescape(text) for text in _texts(drawn[-1])]
    places = [next(i for i, text in enumerate(texts) if LABELS[at][:8] in text) for at in order[:2]]
    assert places == sorted(places)
    assert "其余 2 项" in texts
    assert sum("= 12%" in text for text in texts) == 2


def test_the_numbers_are_those_that_shap_writes_in_its_own_plots(drawn, rows):
    import shap
    from matplotlib import pyplot

    terms, _ = rows
    sizes = np.abs(terms).mean(axis=0)
    with style():
        for explanation, draw, ours in (
            (shap.Explanation(sizes[None, :], feature_names=list("abcd")), shap.plots.bar, drawn[0]),
            (shap.Explanation(terms[0], base_values=-4.0, feature_names=list("abcd")), shap.plots.waterfall, drawn[-1]),
        ):
            draw(explanation, max_display=3 if ours is drawn[-1] else 4, show=False)
            theirs = [float(text.get_text().replace("\N{MINUS SIGN}", "-")) for text in pyplot.gcf().axes[0].texts]
            pyplot.close("all")
            written = [text for text in _texts(ours) if re.fullmatch(r"[+−]?\d\.\d{2,3}", text)]
            ticks = {text for _, text in _ticks(ours)}
            numbers = [float(text.replace("−", "-")) for text in written if text[0] in "+−" or text not in ticks]
            assert sorted(numbers)[-len(theirs) :] == pytest.approx(sorted(theirs), abs=0.0051)


def test_every_row_is_a_dot_and_rows_without_a_value_stand_at_the_edge(rows, monkeypatch):
    terms, values = rows
    seen = []
    monkeypatch.setattr(plots, "dots", lambda axes, x, y, colours, size: seen.append((x, y, colours)))
    plots.beeswarm("b", "b", LABELS, terms, values, "log-odds")
    for column, (x, y, colours) in enumerate(seen):
        assert sorted(x) == sorted(terms[:, column])
        assert np.all(np.abs(y - (len(LABELS) - 1 - column)) < 0.5)
        assert (colours[:, 0] == colours[:, 1]).sum() == np.isnan(values[:, column]).sum()  # grey
        high, low = values[:, column] > 1.7, values[:, column] < -1.7
        of = {tuple(np.round(term, 12)): place for place, term in enumerate(terms[:, [column]])}
        rows_of = [of[(round(float(term), 12),)] for term in x]
        known = [place for place, row in enumerate(rows_of) if not np.isnan(values[row, column])]
        red = colours[[place for place in known if high[rows_of[place]]], 0]
        blue = colours[[place for place in known if low[rows_of[place]]], 0]
        assert red.min() > 0.9 > 0.1 > blue.max()
    seen.clear()
    plots.dependence("d", "d", plots.Axis(values[:, 0], "x"), terms[:, 0], "log-odds")
    assert sorted(seen[0][1]) == sorted(terms[~np.isnan(values[:, 0]), 0])


def test_thresholds_are_drawn_and_named(drawn):
    assert {"0 %", "6 %"} <= set(_texts(drawn[2]))
    assert drawn[2].inline.count("#b36b00") > drawn[3].inline.count("#b36b00") == 0


def _ticks(each):
    """Names of values on the x axis, by their place in points."""
    found = re.findall(
        r'<text style="[^"]*text-anchor: middle[^"]*" x="([\d.]+)" y="([\d.]+)"[^>]*>([−\d.%]+)<', each.inline
    )
    lowest = max(float(y) for _, y, _ in found)
    return sorted((float(x), text) for x, y, text in found if float(y) > lowest - 1)


@pytest.mark.parametrize("size", [1e-3, 0.02, 0.26, 0.6, 1.1, 1.7, 7.0, 180.0])
def test_names_of_values_on_an_axis_do_not_touch(rows, size):
    terms, values = rows
    terms = terms * size / np.abs(terms).max()
    rest = {"most": 2, "others": "others", "xlabel": "log-odds"}
    for each in (
        plots.beeswarm("b", "b", LABELS, terms, values, "log-odds"),
        plots.importance("i", "i", LABELS, np.abs(terms).max(axis=0), "log-odds"),
        plots.waterfall("w", "w", [(label, "1") for label in LABELS], terms[0], -4.8, **rest),
    ):
        ticks = _ticks(each)
        assert len(ticks) > 1
        for (left, first), (right, second) in pairwise(ticks):
            assert right - left > 5.6 * (len(first) + len(second)) / 2 + 2, ticks


def test_an_axis_of_counts_names_whole_numbers_only(rows):
    terms, _ = rows
    counts = np.tile([0.0, 1.0], 350)
    ticks = _ticks(plots.dependence("d", "d", plots.Axis(counts, "awards"), terms[:, 0], "log-odds"))
    assert [text for _, text in ticks] == ["0", "1"]


def test_nothing_is_drawn_by_how_wide_a_word_is(drawn):
    """Every row's label is anchored at its end; so a reader's font cannot push it over the bars."""
    for each in drawn[:2]:
        for style_, text in re.findall(r'<text style="([^"]*)"[^>]*>([^<]*)<', each.inline):
            if any(line.startswith(text) for label in LABELS for line in label_lines(label)):
                assert "text-anchor: end" in style_


def test_features_without_known_or_with_one_value_are_drawn():
    none, one = np.full(600, np.nan), np.full(600, 3.0)
    for values in (none, one):
        made = plots.dependence("d", "d", plots.Axis(values, "x"), np.zeros(600), "y", thresholds=[(3.0, "3")])
        assert made.svg


@given(st.text(min_size=1, max_size=80), st.sampled_from(["", "12.3%", "1,234,567"]))
def test_a_label_is_broken_into_short_lines_and_its_value_is_whole(label, value):
    lines = label_lines(label, value=value)
    assert len(lines) <= 2
    if value:
        assert lines[-1].endswith(f"= {value}")
    assert all(len(line) <= 27 + (len(value) if value else 0) for line in lines)


def test_a_chinese_character_is_as_wide_as_two():
    assert label_lines("近两年省级及以上科技奖励数量合计") == ["近两年省级及以上科技奖励数", "量合计"]
    assert label_lines("Share of staff with a postgraduate degree") == ["Share of staff with a", "postgraduate degree"]


def test_the_style_ends_with_its_block():
    import matplotlib as mpl

    with style():
        assert mpl.rcParams["svg.fonttype"] == "none"
    assert mpl.rcParams["svg.fonttype"] != "none"
