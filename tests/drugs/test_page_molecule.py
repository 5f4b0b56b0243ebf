"""Proves that the pages of molecules are whole, escaped, bilingual and self-contained, and show every figure."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

pytest.importorskip("rdkit")

from page_reading import CHINESE, EVIL, read, words

from suwen.drugs.admet.endpoints import ENDPOINTS
from suwen.drugs.admet.levels import concern
from suwen.drugs.admet.nouns import AtomShares, Endpoint, Forecast, Neighbour
from suwen.drugs.nouns import Profile
from suwen.drugs.profile import profile
from suwen.drugs.rules import RULES
from suwen.drugs.sources import source_text
from suwen.drugs.units import unit_text
from suwen.errors import InputError, Problem
from suwen.formats.molecules import Molecule, Refused, read_molecule
from suwen.report.molecule_charts import Marks, interval, scale_of, usual_band
from suwen.report.molecule_page import render_molecule
from suwen.report.molecule_strings import MOLECULE_STRINGS, say
from suwen.report.molecule_table import MOST_ON_A_PAGE, render_molecules
from suwen.report.molecule_words import amount_text, formula_text, number_text
from suwen.report.strings import Language

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
LANGUAGES: tuple[Language, ...] = ("en", "zh")
WRITTEN = "[Na+].C[C@H](Cc1ccc(O)c(O)c1)N/N=C/c1ccc([N+](=O)[O-])cc1C(=O)[O-]"
ATOMS = 26


def forecast(endpoint: Endpoint, *, inside: bool = True) -> Forecast:
    near = (Neighbour("Oc1ccccc1O", 0.61, 1.0), Neighbour("CCO", 0.4, 0.0))
    if endpoint.kind == "chance":
        return Forecast(endpoint, 0.87, None, None, (True,), 0.9, inside, 0.4, near, 63.0)
    value = endpoint.levels[0].at if endpoint.levels else 1.0
    low, high = (value / 3, value * 3) if endpoint.log else (value - 1, value + 1)
    near = tuple(replace(one, measured=high) for one in near)
    return Forecast(endpoint, value, low, high, (), 0.9, inside, 0.4, near, None)


def shares() -> AtomShares:
    smiles = read_molecule(WRITTEN).smiles
    return AtomShares(
        smiles, (0.31, *[0.0] * (ATOMS - 2), -0.2), 0.4, -0.2, (("MolLogP", 0.3), ("BalabanJ", -0.1)), 0.72
    )


@pytest.fixture(scope="module")
def found() -> Profile:
    made = profile(read_molecule(WRITTEN, name=EVIL))
    forecasts = tuple(forecast(one, inside=key != "herg") for key, one in ENDPOINTS.items())
    molecule = replace(made.molecule, fields=((EVIL, EVIL),), written=WRITTEN + EVIL)
    return replace(made, forecasts=forecasts, molecule=molecule)


@pytest.fixture(scope="module")
def pages(found: Profile) -> dict[Language, str]:
    explained = {"herg": shares(), "caco2": shares()}
    return {lang: render_molecule(found, shares=explained, lang=lang, created=NOON) for lang in LANGUAGES}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_page_is_balanced_self_contained_and_escaped(pages: dict[Language, str], lang: Language) -> None:
    reader = read(pages[lang])
    assert reader.scripts == []
    assert EVIL in words(pages[lang]).replace(" ", "") or EVIL in words(pages[lang])
    assert "<script" not in pages[lang]


def test_a_page_is_the_same_each_time(found: Profile, pages: dict[Language, str]) -> None:
    again = render_molecule(found, shares={"herg": shares(), "caco2": shares()}, lang="zh", created=NOON)
    assert again == pages["zh"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_property_rule_alert_and_endpoint_is_on_the_page(
    found: Profile, pages: dict[Language, str], lang: Language
) -> None:
    text = words(pages[lang])
    for one in found.properties:
        assert one.quantity.name.said(lang) in text
        assert source_text(one.quantity.source, lang) in text
    for rule in RULES.values():
        assert rule.name.said(lang) in text
        assert source_text(rule.source, lang) in text
    assert pages[lang].count('class="rule ') == len(RULES)
    for one in found.forecasts:
        assert one.endpoint.name.said(lang) in text
        assert one.endpoint.meaning.said(lang) in text
        assert source_text(one.endpoint.source, lang) in text
    assert pages[lang].count('class="endpoint"') == len(ENDPOINTS) == 27
    assert pages[lang].count(f'class="chip bad">{say("mol_out_domain", lang)}<') == 1
    assert say("mol_caution", lang) in text


def test_each_alert_is_drawn_with_its_atoms(found: Profile, pages: dict[Language, str]) -> None:
    assert len(found.alerts) >= 3
    section = pages["en"].split('aria-labelledby="alerts"')[1].split("</section>")[0]
    assert section.count("<svg") == len(found.alerts)
    described = re.findall(r"marked atoms 标记原子: ([^<]+)", section)
    assert len(described) == len(found.alerts)
    first = sorted({atom for place in found.alerts[0].places for atom in place.indices})
    assert described[0].split(", ")[0].lstrip("CNO") == str(first[0] + 1)


def test_criteria_met_and_not_met_are_told_without_colour(found: Profile, pages: dict[Language, str]) -> None:
    states = [one.met for rule in found.rules for one in rule.criteria]
    for sign, state in (("✓", True), ("✗", False), ("?", None)):
        assert pages["en"].count(f">{sign}</span>") == states.count(state)
    assert states.count(False) > 0


def test_atoms_are_coloured_by_their_share_with_words(pages: dict[Language, str]) -> None:
    page = pages["en"]
    assert page.count("<radialGradient") == 2 * 2
    assert page.count("<title>C1: +0.31</title>") == 2
    assert "Start −0.2, atoms +0.11, whole molecule +0.4: together 0.31." in words(page)
    assert "72%" in words(page)
    assert "logP (octanol/water, Crippen) +0.3" in words(page)
    assert "BalabanJ −0.1" in words(page)


def test_forecasts_on_the_unwanted_side_are_told_first(found: Profile, pages: dict[Language, str]) -> None:
    unwanted = [one.endpoint.key for one in found.forecasts if concern(one) is not None]
    assert "herg" in unwanted  # 0.87, wanted low
    assert "hia_hou" not in unwanted  # 0.87, wanted high
    first = pages["en"].split('aria-labelledby="glance"')[1].split("</section>")[0]
    assert re.findall(r'href="#endpoint-(\w+)"', first) == unwanted


def test_what_standardising_changed_is_told(pages: dict[Language, str]) -> None:
    assert "salt: sodium ion taken off" in words(pages["en"])
    assert "钠离子" in words(pages["zh"])
    clean = render_molecule(profile(read_molecule("CCO")), created=NOON)
    assert say("mol_unchanged", "en") in words(clean)
    assert say("mol_alerts_none", "en") in words(clean)
    read(clean)


def test_an_english_page_speaks_no_chinese(pages: dict[Language, str]) -> None:
    # Descriptions of drawings are in both languages.
    assert not CHINESE.search(words(re.sub(r"<desc>.*?</desc>", "", pages["en"], flags=re.DOTALL)))


def test_words_stand_in_both_languages() -> None:
    for key, both in MOLECULE_STRINGS.items():
        assert set(both) == {"en", "zh"}, key
        fields = [sorted(re.findall(r"\{(\w+)\}", text)) for text in both.values()]
        assert fields[0] == fields[1], key
        assert not CHINESE.search(both["en"]), key


def test_a_language_that_is_not_spoken_is_refused(found: Profile) -> None:
    with pytest.raises(InputError):
        render_molecule(found, lang="fr", created=NOON)  # type: ignore[arg-type]


# Words and drawings of numbers


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (-1.234, "−1.23"), (359.3, "359"), (1234.0, "1,234"), (0.00012, "1.20×10⁻⁴"), (float("nan"), "–")],
)
def test_numbers_are_written_as_on_paper(value: float, text: str) -> None:
    assert number_text(value) == text


def test_units_are_written_as_on_paper() -> None:
    assert [unit_text(one) for one in ("Ao2", "1", "uL/min/10^6 cells", "log cm/s", "-log10(mol/kg)")] == [
        "Å²", "", "µL/min/10⁶ cells", "log₁₀ cm/s", "−log₁₀(mol/kg)"]  # fmt: skip
    assert amount_text(92.0, "%") == "92%"
    assert formula_text("C17H17N3O6") == "C₁₇H₁₇N₃O₆"


@pytest.mark.parametrize("log", [False, True])
def test_an_axis_holds_what_is_drawn_on_it(log: bool) -> None:
    numbers = [0.03, 0.5, 20.0, 300.0]
    axis = scale_of(numbers, log=log)
    places = [axis.at(one) for one in numbers]
    assert places == sorted(set(places))
    assert places[0] > 0
    assert places[-1] < 100
    assert len(axis.ticks) >= 3
    assert all(0 <= one.x <= 100 for one in axis.ticks)


def test_one_number_alone_has_an_axis() -> None:
    assert scale_of([5.0]).at(5.0) == 50.0
    assert scale_of([0.0], log=True).log is False  # logarithms need a number above 0
    assert [one.text for one in scale_of([], chance=True).ticks] == ["0%", "25%", "50%", "75%", "100%"]


def test_an_interval_is_drawn_where_it_lies() -> None:
    axis = scale_of([0.0, 10.0])
    svg = interval(Marks(5.0, 2.0, 8.0, levels=(7.0,), measured=(1.0,), sure=False), axis, "<a>")
    low, high = axis.at(2.0), axis.at(8.0)
    assert f'x="{low}%"' in svg
    assert f'width="{round(high - low, 2)}%"' in svg
    assert f'cx="{axis.at(5.0)}%"' in svg
    assert "unsure" in svg
    assert 'aria-label="&lt;a&gt;"' in svg


@pytest.mark.parametrize(("value", "odd"), [(3.0, False), (0.0, True), (12.0, True), (1.0, False), (10.0, False)])
def test_outside_the_usual_range_is_another_sign(value: float, odd: bool) -> None:
    assert ("odd" in usual_band(value, 1.0, 10.0, "x")) is odd
    assert ("odd" in usual_band(value, None, 10.0, "x")) is (value > 10.0)


# Many molecules


@pytest.fixture(scope="module")
def many(found: Profile) -> list[Profile | Refused]:
    plain = [
        profile(read_molecule(smiles, name=f"m{at}")) for at, smiles in enumerate(("CCO", "CCCCCCCCCCCCCCCCCCCCC"))
    ]
    return [found, *plain, Refused(7, "C1CC" + EVIL, Problem("", "ring not closed: number 1 at place 2 stands alone"))]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_table_is_whole_and_escaped(many: list[Profile | Refused], lang: Language) -> None:
    page = render_molecules(many, lang=lang, created=NOON)
    reader = read(page)
    assert len(reader.scripts) == 1
    assert page.count('<tr data-broken="') == 3
    assert page == render_molecules(many, lang=lang, created=NOON)
    text = words(page)
    assert EVIL in text
    assert say("mols_refused", lang) in text
    assert ENDPOINTS["herg"].name.said(lang) in text
    assert page.count('<input type="checkbox"') == len(RULES) + 1


def test_rows_carry_what_is_sorted_and_filtered_by(many: list[Profile | Refused]) -> None:
    page = render_molecules(many, created=NOON)
    rows = re.findall(r'<tr data-broken="([^"]*)">(.*?)</tr>', page, flags=re.DOTALL)
    profiles = [one for one in many if isinstance(one, Profile)]
    for (broken, row), one in zip(rows, profiles, strict=True):
        assert set(broken.split()) == {rule.key for rule in one.rules if rule.kept is False} | (
            {"no-alert"} if one.alerts else set()
        )
        assert f'data-value="{one.numbers()["weight"]:.6g}"' in row
    assert page.count("<abbr") == 1  # hERG of the first molecule: outside the domain


def test_too_many_molecules_are_refused_with_a_hint(many: list[Profile | Refused]) -> None:
    one = next(two for two in many if isinstance(two, Profile))
    with pytest.raises(InputError, match="--csv"):
        render_molecules([one] * (MOST_ON_A_PAGE + 1), created=NOON)


def test_no_molecule_at_all_is_a_page_too() -> None:
    read(render_molecules([], created=NOON))


def test_a_name_is_drawn_as_text() -> None:
    page = render_molecules([replace(profile(read_molecule("C")), molecule=Molecule("C", "", name=EVIL))], created=NOON)
    read(page)
