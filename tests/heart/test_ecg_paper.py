"""The drawn electrocardiogram: millimetres are true, evidence lies where it was seen, peaks and gaps stay."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.diagnosis.rhythm import Place, Reading, Sign, read_rhythm
from suwen.diagnosis.rhythm.synthetic import LEADS, synthetic_ecg
from suwen.errors import InputError
from suwen.formats.waveforms.nouns import Recording
from suwen.report.ecg_layout import MOST_SHEETS, sheets
from suwen.report.ecg_nouns import Paper, ReadEcg, Sheet, marks_of
from suwen.report.ecg_paper import PAPER_WIDTH, ecg_svg, sheet_svg
from suwen.report.ecg_pdf import ecg_pdf, ecg_pixels
from suwen.report.ecg_trace import number, trace_path, visible
from suwen.report.ecg_trend import trend_svg

SVG = "{http://www.w3.org/2000/svg}"
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
LEFT = 10.0  # mm of paper before the trace


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314  # drawn by this package


def recording(samples: np.ndarray, rate: float, leads: tuple[str, ...]) -> Recording:
    return Recording("f" * 32, leads, rate, np.ascontiguousarray(samples, np.float32))


def read_of(one: Recording, signs: tuple[Sign, ...] | None = None) -> ReadEcg:
    """A recording read by rules, with other signs where they are given."""
    reading = read_rhythm(one.samples, one.rate, one.leads, method="rules")
    if signs is not None:
        parts = {name: getattr(reading, name) for name in Reading.__slots__ if name != "signs"}
        reading = Reading(**parts, signs=signs)
    return ReadEcg(one, reading)


@pytest.fixture(scope="module")
def twelve() -> ReadEcg:
    made = synthetic_ecg(np.random.default_rng(5), rate=500, rhythm="pvc")
    return read_of(recording(made.values, 500, LEADS))


def points(path: ElementTree.Element) -> list[list[tuple[float, float]]]:
    """The runs of a path of moves and relative lines, in mm."""
    runs = []
    for part in path.attrib["d"].split("M")[1:]:
        start, _, rest = part.partition("l")
        numbers = [float(one) for one in re.findall(r"-?\d*\.?\d+", start.split("h")[0])]
        moves = np.array([float(one) for one in re.findall(r"-?\d*\.?\d+", rest)]).reshape(-1, 2)
        line = np.cumsum(np.vstack([numbers[:2], moves]), axis=0)
        runs.append([tuple(one) for one in line.tolist()])
    return runs


def drawn(svg: str, name: str) -> list[ElementTree.Element]:
    return [one for one in parsed(svg).iter() if one.get("class") == name]


def sheet_and_svg(read: ReadEcg, **asked: object) -> tuple[Sheet, str]:
    paper = Paper(**asked)  # type: ignore[arg-type]
    sheet = sheets(read, paper)[0]
    return sheet, sheet_svg(read, sheet, paper)


@pytest.mark.parametrize("speed", [25.0, 50.0])
@pytest.mark.parametrize("gain", [5.0, 10.0, 20.0])
def test_a_millivolt_and_a_second_have_their_length(speed: float, gain: float) -> None:
    """Proves on a step of 1 mV at 1 s and a spike at 2 s that time and voltage are drawn to scale."""
    samples = np.zeros((1, 2500), np.float32)
    samples[0, 500:] = 1.0
    samples[0, 1000] = 3.0
    sheet, svg = sheet_and_svg(read_of(recording(samples, 500, ("II",))), speed=speed, gain=gain)
    root = parsed(svg)
    assert root.attrib["width"] == f"{PAPER_WIDTH:g}mm"
    assert root.attrib["viewBox"] == f"0 0 {PAPER_WIDTH:g} {sheet.height:g}"
    (run,) = points(drawn(svg, "trace")[0])
    heights = [y for _, y in run]
    low, high = max(heights), next(y for x, y in run if x > LEFT + 1.2 * speed and y > min(heights) + 1)
    assert low - high == pytest.approx(gain, abs=0.051)
    top = min(run, key=lambda point: point[1])
    assert top[0] == pytest.approx(LEFT + 2 * speed, abs=0.011)
    assert low - top[1] == pytest.approx(3 * gain, abs=0.051)
    pulse = re.search(r"v-([\d.]+)h([\d.]+)v([\d.]+)", drawn(svg, "pulse")[0].attrib["d"])
    assert pulse is not None
    assert [float(one) for one in pulse.groups()] == [gain, pytest.approx(0.2 * speed), gain]


def test_the_grid_is_a_millimetre() -> None:
    """Proves that fine lines stand every millimetre, and every fifth is one of the coarse ones."""
    _, svg = sheet_and_svg(read_of(recording(np.zeros((1, 1000)), 500, ("II",))))
    places = {
        name: [float(one) for one in re.findall(r"M([\d.]+) 0v", drawn(svg, name)[0].attrib["d"])]
        for name in ("fine", "coarse")
    }
    assert places["coarse"] == list(range(0, 261, 5))
    assert sorted(places["fine"] + places["coarse"]) == list(range(261))


@pytest.mark.parametrize(
    ("layout", "rows", "cells", "seconds"),
    [("auto", 4, 13, 2.5), ("3x4", 4, 13, 2.5), ("6x2", 6, 12, 5), ("12x1", 12, 12, 10), ("strips", 12, 12, 10)],
)
def test_layouts(twelve: ReadEcg, layout: str, rows: int, cells: int, seconds: float) -> None:
    """Proves which leads stand where, that columns follow each other in time, and that a sheet fits on A4."""
    sheet, svg = sheet_and_svg(twelve, layout=layout)
    assert len(sheet.rows) == rows
    assert sum(len(row.cells) for row in sheet.rows) == cells == len(drawn(svg, "trace"))
    first = sheet.rows[0].cells
    assert first[0].end - first[0].begin == pytest.approx(seconds)
    assert all(one.end == pytest.approx(other.begin) for one, other in pairwise(first))
    assert sheet.height <= 175
    heights = [row.y for row in sheet.rows]
    assert all(other - one >= 10 for one, other in pairwise(heights))
    assert len(svg) < 400_000


def test_every_lead_has_its_name_and_its_own_samples(twelve: ReadEcg) -> None:
    """Proves that the trace of each cell is that of its lead and time: its highest point is the lead's."""
    sheet, svg = sheet_and_svg(twelve, layout="3x4")
    cells = [(row, cell) for row in sheet.rows for cell in row.cells]
    for (row, cell), path in zip(cells, drawn(svg, "trace"), strict=True):
        values = twelve.recording.samples[cell.lead, round(cell.begin * 500) : round(cell.end * 500)]
        middle = float(np.median(values))
        run = [point for one in points(path) for point in one]
        assert row.y - min(y for _, y in run) == pytest.approx(10 * (values.max() - middle), abs=0.06)
        assert max(y for _, y in run) - row.y == pytest.approx(10 * (middle - values.min()), abs=0.06)
    words = [one.text for one in parsed(svg).iter(f"{SVG}text")]
    assert [one for one in words if one in LEADS][:4] == ["I", "aVR", "V1", "V4"]


def test_marks_lie_where_the_sign_was_seen() -> None:
    """Proves that a place in one lead is tinted there alone, one of all leads in all, a moment as a line."""
    signs = (
        Sign("pvc", {"count": 1}, (Place(2.0, 2.2),)),
        Sign("st_elevation", {"elevation": 0.2}, (Place(1.0, 1.4, "V1"),)),
        Sign("pause", {"longest": 3.1}, (Place(3.0, 3.0),)),
        Sign("sinus", {}, (Place(0.1, 9.9),)),
    )
    made = synthetic_ecg(np.random.default_rng(1), rate=250)
    read = read_of(recording(made.values, 250, LEADS), signs)
    assert [(one.number, one.sign.key) for one in read.marks] == [
        (1, "st_elevation"), (2, "pause"), (3, "pvc"), (4, "sinus"),
    ]  # fmt: skip
    sheet, svg = sheet_and_svg(read, layout="12x1")
    spans = [(one.get("data-mark"), one.get("data-lead"), one) for one in drawn(svg, "span")]
    assert {(mark, lead) for mark, lead, _ in spans} == {("1", "V1"), *(("3", lead) for lead in LEADS)}
    st_span = next(one for mark, _, one in spans if mark == "1")
    row = sheet.rows[LEADS.index("V1")]
    assert float(st_span.attrib["x"]) == pytest.approx(LEFT + 25.0)
    assert float(st_span.attrib["width"]) == pytest.approx(0.4 * 25)
    assert float(st_span.attrib["y"]) == pytest.approx(row.top, abs=0.01)
    _, columns = sheet_and_svg(read, layout="3x4")
    for one in drawn(columns, "span"):
        assert 0.4 <= float(one.attrib["width"]) <= 10
    moments = drawn(svg, "moment")
    assert len(moments) == 12
    assert {one.get("data-mark") for one in moments} == {"2"}
    assert all(one.attrib["d"].startswith(f"M{LEFT + 75:g} ") for one in moments)


def test_beats_are_told_apart_without_colour(twelve: ReadEcg) -> None:
    """Proves that there is a tick at each beat and a letter with a shape of its own at every ventricular one."""
    sheet, svg = sheet_and_svg(twelve)
    inside = twelve.reading.beats.seconds[twelve.reading.beats.seconds < sheet.end]
    ticks = [float(one) for one in re.findall(r"M([\d.]+) ", drawn(svg, "beats")[0].attrib["d"])]
    np.testing.assert_allclose(ticks, LEFT + 25 * inside, atol=0.006)
    ventricular = [kind for kind in twelve.reading.kinds if kind == "V"]
    assert len(drawn(svg, "beat-V")) == len(ventricular) > 0
    assert [one.text for one in parsed(svg).iter(f"{SVG}text")].count("V") == len(ventricular)


def test_missing_samples_are_gaps_and_bad_leads_are_named() -> None:
    """Proves that nothing is drawn where nothing was recorded, and that missing, flat and saturated leads say so."""
    made = synthetic_ecg(np.random.default_rng(2), rate=250, names=("I", "II", "III"))
    samples = made.values.copy()
    samples[0, 500:1000] = np.nan
    samples[1] = 0.3
    samples[2, 1500:1550] = samples[2].max()
    samples[2, 2000:] = np.nan
    read = read_of(recording(samples, 250, ("I", "II", "III")))
    _, svg = sheet_and_svg(read)
    before, after = points(drawn(svg, "trace")[0])
    assert before[-1][0] == pytest.approx(LEFT + 25 * 499 / 250, abs=0.02)
    assert after[0][0] == pytest.approx(LEFT + 25 * 4, abs=0.02)
    words = [one.text for one in parsed(svg).iter(f"{SVG}text")]
    assert {"missing", "flat", "saturated"} <= set(words)
    nothing = read_of(recording(np.full((1, 2500), np.nan), 250, ("II",)))
    assert "trace" not in {one.get("class") for one in parsed(ecg_svg(nothing)).iter()}


def test_a_trace_that_leaves_the_paper_is_cut_and_said() -> None:
    """Proves that a step of 100 mV draws nothing outside the sheet, and that arrows stand where it was cut."""
    samples = np.zeros((1, 2500), np.float32)
    samples[0, 1200:1210] = 100
    sheet, svg = sheet_and_svg(read_of(recording(samples, 250, ("II",))))
    assert all(0 <= y <= sheet.height for run in points(drawn(svg, "trace")[0]) for _, y in run)
    assert len(drawn(svg, "cut")) == 1


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 3_000), st.sampled_from([0.01, 0.05, 0.2]))
def test_what_is_left_out_cannot_be_seen(seed: int, count: int, step: float) -> None:
    """Proves that every sample lies within 0.05 mm of the line drawn, or between extremes of its 0.1 mm column."""
    rng = np.random.default_rng(seed)
    y = np.cumsum(rng.standard_normal(count)) * rng.choice([0.001, 0.05, 1.0])
    x = np.arange(count) * step
    kept = visible(x, y)
    assert kept[0] == 0
    assert kept[-1] == count - 1
    assert (np.diff(kept) > 0).all()
    if count <= 4 * (np.floor(x[-1] / 0.1 + 1e-6) + 1):
        np.testing.assert_allclose(np.interp(x, x[kept], y[kept]), y, atol=0.05)
    for extreme in (y.argmax(), y.argmin()):
        assert np.abs(y[kept] - y[extreme]).min() <= 0.05


@settings(max_examples=50, deadline=None)
@given(st.lists(st.one_of(st.floats(-50, 50), st.just(float("nan"))), min_size=1, max_size=200))
def test_paths_hold_what_was_drawn(values: list[float]) -> None:
    """Proves that rounding never adds up, that runs are as many as the gaps make, and that no number is odd."""
    y = np.array(values)
    path = trace_path(np.arange(len(y)) * 0.4, y)
    assert set(path) <= set("Mlh0123456789.- ")
    runs = points(parsed(f'<p d="{path}"/>'))
    there = np.isfinite(y)
    assert len(runs) == int((np.diff(np.concatenate([[False], there]).astype(int)) == 1).sum())
    if runs:
        assert runs[-1][-1] == pytest.approx((0.4 * np.flatnonzero(there)[-1], y[there][-1]), abs=0.006)


def test_numbers_are_short() -> None:
    assert [number(one) for one in (0.0, -0.001, 0.5, -0.25, 10.0, 12.351, 100.0)] == [
        "0", "0", ".5", "-.25", "10", "12.35", "100",
    ]  # fmt: skip


def long_read(signs: tuple[Sign, ...], seconds: float = 600) -> ReadEcg:
    made = synthetic_ecg(np.random.default_rng(3), seconds=seconds, rate=100, names=("II",))
    return read_of(recording(made.values, 100, ("II",)), signs)


def test_long_recordings_show_the_most_urgent_evidence_first() -> None:
    """Proves which pieces are drawn: one of each sign by urgency, then more of them, never more than the limit."""
    many = tuple(Place(float(at), at + 0.1) for at in range(20, 580, 15))
    read = long_read((Sign("pac", {}, many), Sign("vt", {}, (Place(300.0, 304.0),)), Sign("sinus", {})))
    found = sheets(read, Paper())
    assert len(found) <= MOST_SHEETS
    assert (found[0].begin <= 300, found[0].end >= 304) == (True, True)
    assert found[1].begin <= 20 <= found[1].end
    assert len({sheet.begin for sheet in found}) == len(found) > 2
    svg = ecg_svg(read)
    lanes = [one.get("data-mark") for one in parsed(svg).iter() if one.get("class") == "lane"]
    assert lanes == ["1", "2"]


def test_the_overview_lies_true_in_time() -> None:
    """Proves that an episode of the middle fifth is a bar over the middle fifth of the strip."""
    svg = trend_svg(long_read((Sign("af", {}, (Place(240.0, 360.0),)),)))
    bar = re.match(r"M([\d.]+) [\d.]+h([\d.]+)v", drawn(svg, "lane")[0].attrib["d"])
    assert bar is not None
    assert float(bar[1]) == pytest.approx(LEFT + 250 * 0.4, abs=0.3)
    assert float(bar[2]) == pytest.approx(250 * 0.2, abs=0.5)
    assert drawn(svg, "rate")


def test_a_part_that_was_asked_for() -> None:
    """Proves that begin and length are those asked for, in rows of 10 s, and that impossible parts are refused."""
    read = long_read(())
    found = sheets(read, Paper(begin=42.5, seconds=25))
    assert [(one.begin, one.end) for one in found] == [(42.5, 52.5), (52.5, 62.5), (62.5, 67.5)]
    with pytest.raises(InputError, match="ends after 600"):
        sheets(read, Paper(begin=700))
    with pytest.raises(InputError, match="at most 600 s"):
        sheets(long_read((), 700), Paper(seconds=650))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"layout": "2x2"}, "layout"),
        ({"speed": 30.0}, "25, 50"),
        ({"gain": 7.0}, "5, 10, 20"),
        ({"begin": -1.0}, "from 0 on"),
        ({"seconds": 0.0}, "longer than 0"),
        ({"begin": float("nan")}, "from 0 on"),
    ],
)
def test_other_paper_is_refused(asked: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        Paper(**asked)  # type: ignore[arg-type]


def test_layouts_of_twelve_need_twelve() -> None:
    read = read_of(recording(np.zeros((2, 1000)), 100, ("I", "II")))
    with pytest.raises(InputError, match="III, aVR"):
        sheets(read, Paper(layout="3x4"))


def test_drawing_is_deterministic_and_holds_no_script(twelve: ReadEcg) -> None:
    """Proves that equal input gives equal bytes, and that the file asks for nothing."""
    svg = ecg_svg(twelve)
    assert svg == ecg_svg(twelve)
    assert not re.search(r"<script|<style|<image|href|url\(|@import|on\w+=", svg)
    assert "pvc" not in svg
    for lang, said in (("en", "premature ventricular beats"), ("zh", "室性早搏")):
        assert said in ecg_svg(twelve, lang=lang)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ['<script>alert(1)</script>"', "a&b", "\x00\x1b[31m", "\u202e", "\ufffe", "导联"])
def test_hostile_names_of_leads_are_escaped(name: str) -> None:
    """Proves that a drawing stays well-formed XML whatever a lead is called, in marks, labels and titles."""
    samples = synthetic_ecg(np.random.default_rng(1), rate=100, names=("II",)).values
    read = read_of(recording(samples, 100, (name,)), (Sign("st_elevation", {}, (Place(1.0, 2.0, name),)),))
    root = parsed(ecg_svg(read))
    assert {one.tag for one in root.iter()} <= {f"{SVG}{tag}" for tag in ("svg", "g", "path", "rect", "text", "title")}


def test_without_baseline_only_where_asked_and_said() -> None:
    """Proves that drift is drawn as recorded unless it is asked for, and that the page says which."""
    made = synthetic_ecg(np.random.default_rng(2), rate=250, names=("II",))
    drift = 1.5 * np.sin(2 * np.pi * 0.2 * np.arange(2500) / 250)
    read = read_of(recording(made.values + drift, 250, ("II",)))
    heights = {}
    for level in (False, True):
        _, svg = sheet_and_svg(read, level=level)
        run = points(drawn(svg, "trace")[0])[0]
        heights[level] = float(np.ptp([y for _, y in run]))
    assert heights[False] > heights[True] + 15
    assert "as recorded" in ecg_svg(read)
    assert "baseline taken out" in ecg_svg(read, Paper(level=True))


def test_marks_are_numbered_by_urgency_and_keep_their_places() -> None:
    reading = long_read((Sign("sinus"), Sign("vt", {}, (Place(5, 6), Place(1, 2)))), 20).reading
    first, second = marks_of(reading, 20)
    assert (first.sign.key, first.partial, first.places[0].begin) == ("vt", True, 1)
    assert (second.sign.key, second.partial) == ("sinus", False)


def test_pages_of_paper_are_true_to_scale(twelve: ReadEcg) -> None:
    """Proves on the typeset page that the pulse is 10 mm high and 5 mm wide, and that the page is A4 landscape."""
    image = pytest.importorskip("PIL.Image", reason="pillow is not installed")
    pypdf = pytest.importorskip("pypdf", reason="pypdf is not installed")
    per_mm = 8.0
    # four rows of a flat lead: nothing else is black in the first 9 mm of the paper
    page = image.open(io.BytesIO(ecg_pixels(twelve, created=NOON, per_mm=per_mm)[0])).convert("L")
    paper = np.flatnonzero((np.asarray(page)[round(60 * per_mm) : round(90 * per_mm)] < 255).any(axis=0))
    assert np.ptp(paper) / per_mm == pytest.approx(PAPER_WIDTH, abs=0.4)
    assert page.size == (pytest.approx(297 * per_mm, abs=2), pytest.approx(210 * per_mm, abs=2))
    grey = np.asarray(page)
    strip = grey[round(30 * per_mm) :, round(18.7 * per_mm) : round(27.4 * per_mm)] < 90
    rows = np.flatnonzero(strip.any(axis=1))
    first = rows[: np.flatnonzero(np.diff(rows) > 2)[0] + 1]  # the uppermost pulse
    assert np.ptp(first) / per_mm == pytest.approx(10, abs=0.4)
    columns = np.flatnonzero(strip[first[0] : first[0] + 3].any(axis=0))
    assert np.ptp(columns) / per_mm == pytest.approx(5, abs=0.4)
    for lang, said in (("en", "Electrocardiogram"), ("zh", "室性早搏")):
        made = ecg_pdf(twelve, lang=lang, created=NOON)  # type: ignore[arg-type]
        assert made == ecg_pdf(twelve, lang=lang, created=NOON)  # type: ignore[arg-type]
        pages = pypdf.PdfReader(io.BytesIO(made)).pages
        assert [float(one) for one in pages[0].mediabox[2:]] == [
            pytest.approx(841.89, abs=0.1), pytest.approx(595.28, abs=0.1),
        ]  # fmt: skip
        words = "".join(page.extract_text() for page in pages)
        assert said in words
        assert "25 mm/s" in words
        assert "aVR" in words
