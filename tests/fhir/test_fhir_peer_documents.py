"""Medplum's validator takes every other document that Suwen writes: bundles, searches, the ward, statements, audit."""

from __future__ import annotations

from datetime import date
from importlib import resources

from fhir_samples import samples
from test_fhir_peer import pytestmark, validate

from suwen.formats.fhir import Json, Stored, parse_query, read_document, search, write_bundle
from suwen.formats.fhir.searching.capability import capability_statement
from suwen.formats.fhir.tree import parse_tree, render

__all__ = ["pytestmark"]  # the same conditions


def wrong(documents: list[Json]) -> list[str]:
    """What the peer finds, but for its warnings of addresses in a bundle: it does not look where they lie."""
    found = [issue for one in validate(documents) for issue in one["issues"]]
    return [one for one in found if not (one.startswith("warning: ") and 'got "urn:uuid:' in one)]


def ward() -> list[Json]:
    """The bundles of the demonstration."""
    files = resources.files("suwen.cli").joinpath("ward").iterdir()
    return [parse_tree(one.read_text("utf-8")) for one in sorted(files, key=lambda one: one.name)]


def test_the_made_up_ward_is_sound() -> None:
    assert wrong(ward()) == []
    for one in ward():
        assert read_document(render(one)).remarks == ()


def test_bundles_of_every_kind_are_sound() -> None:
    stored = [Stored(one.resource, one.full_url) for each in ward() for one in read_document(render(each)).entries]
    # Not the document in base64 with blanks: R4's pattern has them, and the peer refuses them.
    plain = [{name: value for name, value in one.items() if name != "presentedForm"} for one in samples()]
    stored += [Stored(one, source="https://his.example.org/fhir") for one in plain]
    made = [write_bundle(stored, kind="collection"), write_bundle(stored, kind="transaction")]
    found = search(stored, parse_query("Observation?code=http://loinc.org|4548-4"))
    assert found.total == 5
    made.append(write_bundle(found.stored, kind="searchset", total=found.total))
    assert wrong(made) == []
    assert all(read_document(render(one)).entries for one in made)


def test_what_a_server_would_say_of_itself_is_sound() -> None:
    assert wrong([capability_statement(today=date(2026, 11, 25), version="0.1.0")]) == []


def test_a_broken_bundle_is_noticed() -> None:
    broken = write_bundle([Stored(one) for one in samples()], kind="collection")
    broken["entry"][0]["resource"].pop("status", None)
    broken["entry"][0]["resource"]["birthDate"] = "yesterday"
    assert any(one.startswith("error: ") for one in wrong([broken]))
