"""A document comes in whole or not at all, with every problem told, and goes out with every digit it came with."""

from __future__ import annotations

import gzip
import lzma
from decimal import Decimal

import pytest
from fhir_samples import bundle, sample, samples

from suwen.datasets import folder
from suwen.errors import FormatError
from suwen.formats.document import root
from suwen.formats.fhir.checking.validate import check
from suwen.formats.fhir.documents import read_document, write_bundle
from suwen.formats.fhir.nouns import Json
from suwen.formats.fhir.patients import read_fhir
from suwen.formats.fhir.stored import Stored
from suwen.formats.fhir.tree import canonical, parse_tree, render

UUID = "c757873d-ec9a-4326-a141-556f43239520"


def refused(document: Json) -> list[str]:
    with pytest.raises(FormatError) as caught:
        read_document(render(document))
    return [problem.where for problem in caught.value.problems]


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lzma.compress], ids=["plain", "gzip", "xz"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_packings_and_encodings(pack, encoding: str) -> None:
    text = render(bundle(*samples())).decode()
    document = read_document(pack(text.encode(encoding)))
    assert (document.kind, len(document.entries), document.remarks) == ("collection", len(samples()), ())
    assert [canonical(one.resource) for one in document.entries] == [canonical(one) for one in samples()]
    assert document.entries[3].where == "entry[3].resource"
    assert document.entries[3].full_url == "http://example.org/fhir/Observation/o1"


def test_a_single_resource_is_a_document() -> None:
    document = read_document(render(sample("Condition")))
    assert (document.kind, [one.kind for one in document.entries]) == ("resource", ["Condition"])


def test_every_digit_and_every_unknown_element_survives() -> None:
    text = (
        '{"resourceType":"Observation","status":"final","code":{"text":"x"},"mood":{"a":[1.50,{"b":1E-7}]},'
        '"valueQuantity":{"value":0.070,"_value":{"id":"q"},"colour":"red"}}'
    )
    document = read_document(text.encode())
    assert [one.where for one in document.remarks] == ["mood", "valueQuantity.colour"]
    assert render(document.entries[0].resource).decode() == text
    packed = Stored.from_bytes(Stored(document.entries[0].resource).to_bytes())
    again = read_document(render(write_bundle([packed], kind="collection")))
    assert render(again.entries[0].resource).decode() == text


def test_all_problems_of_all_resources_are_told_at_once() -> None:
    document = bundle(sample("Patient", gender="x"), sample("Observation", status=None), kind="heap")
    assert refused(document) == ["type", "entry[0].resource.gender", "entry[1].resource.status"]


def test_a_thousand_problems_are_enough() -> None:
    names = [{"given": [""]}] * 1_500
    with pytest.raises(FormatError, match="1000 or more problems in this FHIR document") as caught:
        read_document(render(sample("Patient", name=names)))
    assert len(caught.value.problems) == 1_000


@pytest.mark.parametrize("text", ["[]", "1", '"x"', "{}", '{"resourceType": 3}', "", "<Patient/>", '{"a": 1, "a": 2}'])
def test_what_is_no_fhir_is_refused(text: str) -> None:
    with pytest.raises(FormatError):
        read_document(text.encode())


def test_what_stands_twice() -> None:
    one, other = sample("Patient"), sample("Patient", active=False)
    document = read_document(render(bundle(one, one)))
    assert len(document.entries) == 1
    assert [remark.where for remark in document.remarks] == ["entry[1].resource"]
    assert refused(bundle(one, other)) == ["entry[1].resource"]
    apart = bundle(one, other)
    apart["entry"][1]["fullUrl"] = f"urn:uuid:{UUID}"
    assert refused(apart) == ["entry[1].resource"]  # the same type and id
    nameless = bundle(sample("Patient"), sample("Observation"))
    for entry in nameless["entry"]:
        entry["fullUrl"] = f"urn:uuid:{UUID}"
    assert refused(nameless) == ["entry[1].resource"]  # the same fullUrl
    twins = bundle(one, one)
    for entry in twins["entry"]:
        del entry["fullUrl"]
        entry["resource"] = sample("Patient", id=None)
    assert len(read_document(render(twins)).entries) == 2  # nothing says that they are the same


def test_an_address_agrees_with_what_it_stands_for() -> None:
    document = bundle(sample("Patient"))
    document["entry"][0]["fullUrl"] = "http://example.org/fhir/Patient/p2"
    assert refused(document) == ["entry[0].fullUrl"]
    document["entry"][0]["fullUrl"] = "http://example.org/fhir/Observation/p1"
    assert refused(document) == ["entry[0].fullUrl"]
    document["entry"][0]["fullUrl"] = "http://example.org/patients/p2"
    assert len(read_document(render(document)).entries) == 1


def test_bundles_in_bundles_are_refused_and_empty_entries_told() -> None:
    inner = bundle(sample("Patient"))
    outer = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": inner}]}
    assert refused(outer) == ["entry[0].resource"]
    request = {"request": {"method": "DELETE", "url": "Patient/p1"}}
    document = read_document(render({"resourceType": "Bundle", "type": "transaction", "entry": [request]}))
    assert (document.entries, [one.where for one in document.remarks]) == ((), ["entry[0]"])


def test_references_in_circles_hang_nothing() -> None:
    first = sample("Observation", id="o1", hasMember=[{"reference": "Observation/o2"}])
    second = sample("Observation", id="o2", derivedFrom=[{"reference": "Observation/o1"}])
    assert len(read_document(render(bundle(first, second))).entries) == 2


@pytest.mark.parametrize("kind", ["collection", "transaction", "searchset"])
def test_written_bundles_pass_our_own_check_and_read_back(kind) -> None:
    stored = [
        Stored(sample("Patient"), "http://example.org/fhir/Patient/p1", "http://example.org/fhir"),
        Stored(sample("Encounter"), "", "http://example.org/fhir/"),
        Stored(sample("Condition", id=UUID)),
        Stored(sample("Procedure")),
        Stored(sample("ServiceRequest", id=None)),
    ]
    written = write_bundle(stored, kind=kind, total=70)
    assert (check(written).problems, check(written).remarks) == ((), ())
    assert written.get("total") == (70 if kind == "searchset" else None)
    assert [entry.get("fullUrl") for entry in written["entry"]] == [
        "http://example.org/fhir/Patient/p1",
        "http://example.org/fhir/Encounter/e1",
        f"urn:uuid:{UUID}",
        None,
        None,
    ]
    requests = [entry.get("request") for entry in written["entry"]]
    if kind == "transaction":
        assert requests[0] == {"method": "PUT", "url": "Patient/p1"}
        assert requests[4] == {"method": "POST", "url": "ServiceRequest"}
    else:
        assert requests == [None] * 5
    again = read_document(render(written))
    assert again.kind == kind
    assert [canonical(one.resource) for one in again.entries] == [canonical(one.resource) for one in stored]


def test_an_empty_bundle_has_no_entries() -> None:
    written = write_bundle([], kind="searchset", total=0)
    assert written == {"resourceType": "Bundle", "type": "searchset", "total": 0}
    assert check(written).problems == ()


def test_what_is_read_at_the_greatest_depth_can_be_written_again() -> None:
    nested: Json = {"a": 1}
    refused_at = None
    for depth in range(80, 100):
        resource = sample("Patient", deep=nested)
        for _ in range(depth):
            resource["deep"] = {"a": resource["deep"]}
        try:
            document = read_document(render(resource))
        except FormatError:
            refused_at = depth
            break
        stored = Stored.from_bytes(Stored(document.entries[0].resource).to_bytes())
        read_document(render(write_bundle([stored], kind="transaction")))
    assert refused_at is not None
    assert refused_at > 80


def test_places_and_patients_read_trees_of_decimals() -> None:
    place = root({"a": Decimal("0.50"), "b": Decimal("1E+400"), "c": Decimal("-0.0"), "d": "x"}, "tree")
    assert (place.number("a"), place.number("b"), place.number("c"), place.number("d")) == (0.5, None, 0.0, None)
    assert [problem.where for problem in place.problems] == ["b", "d"]
    condition = sample("Condition")
    tree = parse_tree(render(bundle(sample("Patient", birthDate="1970-05-01"), condition)).decode())
    assert isinstance(tree["entry"][1]["resource"]["onsetAge"]["value"], Decimal)
    (patient,) = read_fhir(tree).patients
    assert [(one.code.value, one.onset_years) for one in patient.features] == [("HP:0001250", 3.5)]


SYNTHEA = folder() / "platform" / "synthea_r4"


@pytest.mark.skipif(not SYNTHEA.is_dir(), reason="the Synthea sample is not there")
def test_real_exports_have_no_problem_and_come_out_as_they_went_in() -> None:
    paths = sorted(SYNTHEA.glob("*.json.gz"))
    assert paths
    for path in paths:
        data = path.read_bytes()
        tree = parse_tree(gzip.decompress(data).decode())
        document = read_document(data)
        assert document.remarks == ()
        assert [canonical(one.resource) for one in document.entries] == [
            canonical(one["resource"]) for one in tree["entry"]
        ]
