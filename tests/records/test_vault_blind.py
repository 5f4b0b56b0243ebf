"""The blind index: what a reader takes for the same has the same tag, everything else another."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suwen.records.vault import BlindIndex
from suwen.records.vault.blind import normal

INDEX = BlindIndex(bytes(range(32)))
# ı is left out: its capital is the I of i, so in capitals the two cannot be told apart, and Unicode keeps them apart
values = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="ı"), max_size=20)
fields = st.sampled_from(["identifier", "name", "birth_date"])


@given(fields, values)
def test_case_width_composition_and_spacing_do_not_matter(field: str, value: str) -> None:
    tag = INDEX.tag(field, value)
    assert len(tag) == 16
    for same in (
        value.upper(),
        value.lower(),
        value.casefold(),
        *(unicodedata.normalize(form, value) for form in ("NFC", "NFD", "NFKC", "NFKD")),
        f" \t{value}\n",
        value.replace(" ", "\u3000 "),  # the wide space of Chinese text
        "".join(wide(letter) for letter in value),
    ):
        assert INDEX.tag(field, same) == tag


def wide(letter: str) -> str:
    return chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter


def test_every_letter_has_one_spelling_however_it_is_written_but_for_the_dotless_i() -> None:
    letters = (chr(one) for one in range(sys.maxunicode + 1) if not 0xD800 <= one < 0xE000)
    assert [one for one in letters if {normal(same) for same in spellings(one)} != {normal(one)}] == ["ı"]


def spellings(letter: str) -> set[str]:
    forms = (unicodedata.normalize(form, letter) for form in ("NFC", "NFD", "NFKC", "NFKD"))
    return {normal(letter), letter.upper(), letter.lower(), letter.casefold(), *forms}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("MRN-7", "mrn-7"),
        ("Müller  Anna", "MU\u0308LLER\u00a0anna"),
        ("Weiß", "WEISS"),
        ("MRN-7", "\uff2d\uff32\uff2e\uff0d\uff17"),  # full width
        ("张 伟", "张\u3000伟"),
        ("Γεώργιος Ῥοΐδης", "ΓΕΏΡΓΙΟΣ ῬΟΪ́ΔΗΣ"),  # small letters end in ς, capitals in Σ
    ],
)
def test_names_as_people_write_them(one: str, other: str) -> None:
    assert INDEX.tag("name", one) == INDEX.tag("name", other)


@given(values, values)
def test_what_is_not_the_same_has_another_tag(one: str, other: str) -> None:
    assert (INDEX.tag("name", one) == INDEX.tag("name", other)) == (normal(one) == normal(other))


@pytest.mark.parametrize(("one", "other"), [("MRN-7", "MRN7"), ("Anna", "Ana"), ("张伟", "张玮"), ("Müller", "Muller")])
def test_neighbours_have_other_tags(one: str, other: str) -> None:
    assert INDEX.tag("name", one) != INDEX.tag("name", other)


@given(values)
def test_the_same_value_in_another_field_or_under_another_key_has_another_tag(value: str) -> None:
    tags = {INDEX.tag(field, value) for field in ("identifier", "name", "birth_date")}
    assert len(tags) == 3
    assert BlindIndex(bytes(32)).tag("name", value) not in tags
    assert BlindIndex(bytes(range(32))).tag("name", value) in tags
