"""Knowledge: ontology and annotation files parsed, frequencies propagated, the index kept and rebuilt."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.errors import NotFoundError
from suwen.knowledge import Knowledge, build_knowledge
from suwen.knowledge.diseases import build_diseases, group_equivalents
from suwen.knowledge.hpoa import read_genes, read_hpoa
from suwen.knowledge.names import equivalents_by_name, read_sssom
from suwen.knowledge.obo import read_obo
from suwen.knowledge.ontology import Ontology, build_ontology
from suwen.knowledge.profiles import PRIOR_FREQUENCY, PRIOR_WEIGHT, direct_frequencies, propagate
from tiny import OBO, ROWS, hpoa_line, obo, write_sources

ROOT = "HP:0000118"
Parents = dict[str, tuple[str, ...]]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    return build_knowledge(write_sources(tmp_path_factory.mktemp("tiny")))


def ontology_of(folder: Path, text: str) -> Ontology:
    file = folder / "hp.obo"
    file.write_text(text, "utf-8")
    return build_ontology(read_obo(file), {})


# --- ontology ---------------------------------------------------------------------------------------------------------

STANZAS = (
    "[Term]\nid: HP:0009000\nname: obsolete Old\nis_obsolete: true\nreplaced_by: HP:0001100",
    "[Term]\nid: HP:0009001\nname: obsolete Vague\nis_obsolete: true\nconsider: HP:0001100\nconsider: HP:0002000",
    "[Term]\nid: HP:0009002\nname: obsolete Gone\nis_obsolete: true",
    "[Term]\nid: HP:0009003\nname: obsolete Chain\nis_obsolete: true\nreplaced_by: HP:0009002",
    '[Term]\nid: HP:0004000\nname: Named\nalt_id: HP:0009100\nis_a: HP:0001000 {xref="y"} ! x\n'
    'synonym: "Called \\"so\\"" EXACT []\nxref: SNOMEDCT_US:42\nxref: UMLS:C1',
    "[Term]\nid: HP:0004001\nname: Twin\nis_a: HP:0001000\nxref: SNOMEDCT_US:43",
    "[Term]\nid: HP:0004002\nname: Twin too\nis_a: HP:0001000\nxref: SNOMEDCT_US:43",
    "[Typedef]\nid: part_of\nname: part of",
)


def test_terms_as_the_file_says(tmp_path: Path) -> None:
    found = ontology_of(tmp_path, obo(OBO, *STANZAS))
    assert found.release == "2020-02-02"
    assert list(found.ids) == sorted(found.ids)
    assert "HP:0009000" not in found.number
    assert "part_of" not in found.number
    retired = {f"HP:000900{n}": "" for n in (1, 2, 3)} | {"HP:0009000": "HP:0001100", "HP:0009100": "HP:0004000"}
    assert found.retired == retired
    assert found.suggested == {"HP:0009001": ("HP:0001100", "HP:0002000")}
    assert found.snomed == {"42": "HP:0004000"}  # 43 means two terms, so it means none
    assert found.by_name["called so"] == "HP:0004000"
    assert found.label(found.number["HP:0004000"], "zh") == "Named"
    inside = {term for term, number in found.number.items() if found.in_branch(number)}
    assert inside == (set(OBO) | {"HP:0004000", "HP:0004001", "HP:0004002"}) - {
        "HP:0000001",
        "HP:0000005",
        "HP:0000006",
    }


def test_a_cycle_ends_and_its_terms_stay_outside(tmp_path: Path) -> None:
    circle = OBO | {
        "HP:0005000": ("HP:0005001", ROOT),
        "HP:0005001": ("HP:0005000",),
        "HP:0005002": ("HP:0005001",),
    }
    found = ontology_of(tmp_path, obo(circle))
    for term in ("HP:0005000", "HP:0005001", "HP:0005002"):
        assert not found.in_branch(found.number[term])
    assert found.in_branch(found.number["HP:0003100"])


def ancestors(term: str, parents: Parents) -> set[str]:
    return {term}.union(*(ancestors(parent, parents) for parent in parents[term]))


@st.composite
def graphs(draw: st.DrawFn) -> Parents:
    """Acyclic: a term's parents stand before it; term 0 is the root, names are shuffled."""
    size = draw(st.integers(1, 14))
    names = [ROOT, *draw(st.permutations([f"HP:{1000 + n:07d}" for n in range(size)]))]
    chosen = [draw(st.sets(st.integers(0, n), min_size=1, max_size=3)) for n in range(size)]
    return {ROOT: ()} | {names[n + 1]: tuple(names[p] for p in sorted(one)) for n, one in enumerate(chosen)}


@settings(max_examples=80, deadline=None)
@given(parents=graphs())
def test_the_closure_is_transitive(
    parents: dict[str, tuple[str, ...]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    found = ontology_of(tmp_path_factory.getbasetemp(), obo(parents))
    for term in parents:
        columns = found.ancestors(found.number[term])
        assert {found.ids[int(one)] for one in columns} == ancestors(term, parents)
        assert (np.diff(columns) > 0).all()


# --- annotations ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("qualifier", "frequency", "expected"),
    [
        ("", "3/4", (3.0, 4.0)),
        ("", "9/4", (4.0, 4.0)),
        ("", "0/7", (0.0, 7.0)),
        ("", "45%", (9.0, 20.0)),
        ("", "12.5%", (2.5, 20.0)),
        ("", "HP:0040280", (20.0, 20.0)),
        ("", "HP:0040281", (17.9, 20.0)),
        ("", "HP:0040282", (10.9, 20.0)),
        ("", "HP:0040283", (3.4, 20.0)),
        ("", "HP:0040284", (0.5, 20.0)),
        ("", "HP:0040285", (0.0, 20.0)),
        ("", "", (0.0, 0.0)),
        ("", "often", (0.0, 0.0)),
        ("NOT", "", (0.0, 10.0)),
        ("NOT", "0/25", (0.0, 25.0)),
        ("NOT", "3/4", (0.0, 10.0)),
    ],
)
def test_frequencies(qualifier: str, frequency: str, expected: tuple[float, float], tmp_path: Path) -> None:
    file = tmp_path / "phenotype.hpoa"
    line = hpoa_line("OMIM:1", qualifier, "HP:0001100", "PMID:1;PMID:2", frequency)
    file.write_text(f"#version: 2020-02-03\ndatabase_id\tx\n{line}\n", "utf-8")
    found = read_hpoa(file)
    row = found.rows[0]
    assert found.release == "2020-02-03"
    assert (row.seen, row.of) == pytest.approx(expected)
    assert row.negated == (qualifier == "NOT")
    assert row.references == ("PMID:1", "PMID:2")


def test_direct_frequencies_by_hand() -> None:
    """Beta posterior: (n + weight * frequency) / (m + weight); not stated: 0.4; never seen: no feature."""
    disease = np.array([0, 0, 0, 0, 1, 1], np.int32)
    term = np.array([5, 5, 6, 7, 5, 8], np.int32)
    seen = np.array([3, 1, 0, 0, 200, 0], np.float32)
    of = np.array([4, 6, 0, 9, 200, 20], np.float32)
    owner, found, frequency = direct_frequencies(disease, term, seen, of, 10)
    prior = PRIOR_WEIGHT * PRIOR_FREQUENCY
    assert owner.tolist() == [0, 0, 1]
    assert found.tolist() == [5, 6, 5]
    expected = [(4 + prior) / (10 + PRIOR_WEIGHT), 0.4, min((200 + prior) / (200 + PRIOR_WEIGHT), 0.98)]
    assert frequency.tolist() == pytest.approx(expected, abs=1e-6)
    assert frequency[0] == pytest.approx(4.48 / 14, abs=1e-6)


def test_propagation_by_hand(tiny: Knowledge) -> None:
    number = tiny.ontology.number
    direct = {"HP:0001100": 0.5, "HP:0001200": 0.2, "HP:0003100": 0.1}
    table = propagate(
        np.zeros(3, np.int32),
        np.array([number[one] for one in direct], np.int32),
        np.array(list(direct.values()), np.float32),
        tiny.ontology.closure,
        1,
    )
    found = {tiny.ontology.ids[int(t)]: float(v) for t, v in zip(table.columns(0), table.values(0), strict=True)}
    all_three = (0.5 + 1 - 0.5 * 0.8 * 0.9) / 2
    assert found == pytest.approx(
        {
            "HP:0003100": 0.1,
            "HP:0001200": 0.2,
            "HP:0001100": (0.5 + 1 - 0.5 * 0.9) / 2,
            "HP:0001000": all_three,
            "HP:0002000": 0.1,
            "HP:0002100": 0.1,
            ROOT: all_three,
        },
        abs=1e-6,
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from(sorted(OBO)[3:]), st.floats(0.001, 0.98)), max_size=14))
def test_propagation_keeps_its_bounds(tiny: Knowledge, entries: list[tuple[int, str, float]]) -> None:
    given_ = {(disease, tiny.ontology.number[term]): value for disease, term, value in entries}
    keys = np.array(list(given_), np.int32).reshape(-1, 2)
    value = np.array(list(given_.values()), np.float32)
    table = propagate(keys[:, 0], keys[:, 1], value, tiny.ontology.closure, 3)
    for disease in range(3):
        found = dict(zip(table.columns(disease).tolist(), table.values(disease).tolist(), strict=True))
        mine = {term: value for (owner, term), value in given_.items() if owner == disease}
        assert found.keys() == {int(a) for term in mine for a in tiny.ontology.ancestors(term)}
        for term, frequency in found.items():
            below = [value for one, value in mine.items() if term in tiny.ontology.ancestors(one)]
            assert max(below) - 1e-6 <= frequency <= min(1 - np.prod([1 - one for one in below]), 0.98) + 1e-6
            assert all(found[int(above)] >= frequency - 1e-6 for above in tiny.ontology.ancestors(term))


def test_profiles_of_the_real_release_are_monotone(knowledge: Knowledge) -> None:
    table, ontology = knowledge.profiles.by_disease, knowledge.ontology
    for disease in range(0, len(table), 997):
        found = dict(zip(table.columns(disease).tolist(), table.values(disease).tolist(), strict=True))
        for term, frequency in found.items():
            assert 0 < frequency <= 0.98
            assert all(found[int(above)] >= frequency - 1e-5 for above in ontology.ancestors(term))


# --- the whole --------------------------------------------------------------------------------------------------------


def test_the_tiny_medicine(tiny: Knowledge) -> None:
    assert tiny.diseases.ids == ("OMIM:1", "OMIM:2", "OMIM:3", "ORPHA:1", "OMIM:4")
    assert tiny.diseases.equivalent.tolist() == [0, 1, 2, 0, 4]  # "Disease 1" twice: OMIM stands for ORPHA
    assert tiny.sources == {"HPO": "2020-02-02", "HPO annotations": "2020-02-03", "equivalents": "identical names"}
    assert set(tiny.references) == {"PMID:1", "PMID:2", "PMID:3", "OMIM:3", "ORPHA:1"}
    assert tiny.group(3).tolist() == [0, 3]
    assert {int(tiny.mates.columns(1)[0]), int(tiny.mates.columns(1)[1])} == {0, 2}
    assert tiny.mates.columns(0).tolist() == [1]
    own, standing = tiny.profiles.by_disease.values(3), tiny.profiles.by_disease.values(0)
    assert own.tolist() == standing.tolist()  # equivalents share what is known


def test_onset_inheritance_and_genes(tmp_path: Path) -> None:
    lines = [
        hpoa_line("OMIM:1", "", "HP:0003596", "PMID:1", "", aspect="C"),
        hpoa_line("OMIM:1", "", "HP:0011463", "PMID:1", "", aspect="C"),
        hpoa_line("OMIM:2", "", "HP:0001419", "PMID:1", "", aspect="I"),
    ]
    sources = write_sources(tmp_path, lines=lines)
    rows = read_hpoa(sources.hpoa).rows
    found = build_diseases(rows, read_genes(sources.genes), {"OMIM:1": "甲病"}, ())
    assert found.onset_years[0] == 1.0
    assert np.isnan(found.onset_years[1])
    assert found.x_linked.tolist() == [False, True, False, False, False]
    assert found.genes[:3] == ("GEN1", "GEN1,GEN2", "GEN2")
    assert found.code(0, "zh").label == "甲病"
    assert found.code(1, "zh").label == "Disease 2"


def test_retired_terms_of_annotations_are_followed(tmp_path: Path) -> None:
    rows = (*ROWS, ("OMIM:5", "", "HP:0009000", "PMID:9", "1/1"), ("OMIM:5", "", "HP:0009002", "PMID:9", "1/1"))
    found = build_knowledge(write_sources(tmp_path, rows=rows, stanzas=STANZAS))
    terms = found.rows.term[found.rows_of_disease.columns(found.diseases.number["OMIM:5"])]
    assert [found.ontology.ids[int(one)] for one in terms] == ["HP:0001100"]


PAIRS = [("M:1", "OMIM:2"), ("M:1", "ORPHA:7"), ("M:2", "ORPHA:7"), ("M:2", "OMIM:1"), ("M:3", "OMIM:99")]


def test_equivalents_that_share_a_member_are_one_group() -> None:
    ids = ("ORPHA:7", "OMIM:1", "OMIM:2", "ORPHA:8")
    found = group_equivalents(ids, {code: number for number, code in enumerate(ids)}, PAIRS)
    assert found.tolist() == [1, 1, 1, 3]
    assert group_equivalents(ids, {code: number for number, code in enumerate(ids)}, reversed(PAIRS)).tolist() == [
        1,
        1,
        1,
        3,
    ]


def test_equivalents_by_name_only_where_unique() -> None:
    names = {"OMIM:1": "Marfan Syndrome", "ORPHA:1": "marfan-syndrome", "OMIM:2": "X", "OMIM:3": "x", "ORPHA:2": "X"}
    assert equivalents_by_name(names) == [("name:marfan syndrome", "OMIM:1"), ("name:marfan syndrome", "ORPHA:1")]


def test_mondo_exact_matches(tmp_path: Path) -> None:
    text = "#x: y\nsubject_id\tpredicate_id\tobject_id\nMONDO:1\tskos:exactMatch\tOrphanet:7\n"
    text += "MONDO:1\tskos:exactMatch\tOMIM:1\nMONDO:2\tskos:broadMatch\tOMIM:2\n"
    (tmp_path / "omim.sssom.tsv.gz").write_bytes(gzip.compress(text.encode()))
    (tmp_path / "omim.sssom.tsv").write_text(text, "utf-8")
    for name in ("omim.sssom.tsv.gz", "omim.sssom.tsv"):
        assert read_sssom(tmp_path / name) == [("MONDO:1", "ORPHA:7"), ("MONDO:1", "OMIM:1")]


# --- find a disease ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["OMIM:154700", "omim:154700", " OMIM:154700 ", "Marfan syndrome", "MARFAN  SYNDROME"])
def test_find_a_disease(text: str, knowledge: Knowledge) -> None:
    assert knowledge.diseases.ids[knowledge.diseases.find(text)] == "OMIM:154700"


def test_find_spellings_of_orphanet(knowledge: Knowledge) -> None:
    codes = [f"{prefix}:558" for prefix in ("ORPHA", "Orpha", "Orphanet", "ORPHANET")]
    assert {knowledge.diseases.ids[knowledge.diseases.find(code)] for code in codes} == {"ORPHA:558"}


def test_find_by_chinese_name(tmp_path: Path) -> None:
    found = build_knowledge(write_sources(tmp_path, names_zh={"OMIM:2": "马凡综合征；马方综合征"})).diseases
    assert found.find("马凡综合征") == 1
    with pytest.raises(NotFoundError, match="OMIM:2"):
        found.find("马凡氏综合征")


@pytest.mark.parametrize(("text", "hint"), [("Marfan syndrom", "OMIM:154700"), ("qqqqqq", "give a code"), ("", "give")])
def test_an_unknown_disease_names_the_nearest(text: str, hint: str, knowledge: Knowledge) -> None:
    with pytest.raises(NotFoundError, match=hint):
        knowledge.diseases.find(text)


# --- without a publication --------------------------------------------------------------------------------------------


def rebuilt_without(folder: Path, publications: set[str]) -> Knowledge:
    """Knowledge from a file in which the rows that cite nothing but these publications never stood."""
    kept = [row for row in ROWS if not (set(row[3].split(";")) <= publications)]
    order = [row[0] for row in ROWS]  # diseases keep their numbers: each is named once, in order, by an inheritance row
    named = [hpoa_line(code, "", "HP:0000006", "PMID:0", "", aspect="I") for code in dict.fromkeys(order)]
    sources = write_sources(folder, rows=(), lines=[*named, *(hpoa_line(*row) for row in kept)])
    return build_knowledge(sources)


@pytest.mark.parametrize(
    "left_out", [{"PMID:1"}, {"PMID:2"}, {"PMID:3"}, {"PMID:1", "PMID:2"}, {"ORPHA:1"}, {"PMID:1", "ORPHA:1", "OMIM:3"}]
)
def test_without_equals_a_file_without_those_rows(left_out: set[str], tiny: Knowledge, tmp_path: Path) -> None:
    naive, change = rebuilt_without(tmp_path, left_out), tiny.without(left_out)
    assert change is not None
    assert naive.diseases.ids == tiny.diseases.ids
    for changed, part, whole, expected in (
        (change.diseases, change.profiles, tiny.profiles, naive.profiles),
        (change.related, change.relatives, tiny.relatives, naive.relatives),
    ):
        assert changed.tolist() == sorted(set(changed.tolist()))
        for disease in range(len(tiny.diseases)):
            place = changed.tolist().index(disease) if disease in changed else None
            table, row = (whole.by_disease, disease) if place is None else (part.by_disease, place)
            assert table.columns(row).tolist() == expected.by_disease.columns(disease).tolist(), disease
            assert table.values(row).tolist() == pytest.approx(expected.by_disease.values(disease).tolist(), abs=1e-6)


@pytest.mark.parametrize("left_out", [set(), {"PMID:99"}, {""}])
def test_without_nothing_changes_nothing(left_out: set[str], tiny: Knowledge) -> None:
    assert tiny.without(left_out) is None


def test_a_disease_described_by_one_publication_alone_is_left_with_nothing(tiny: Knowledge) -> None:
    change = tiny.without(["PMID:3"])
    assert change is not None
    assert change.diseases.tolist() == [4]
    assert len(change.profiles.by_disease.columns(0)) == 0
