"""Benchmarks: their measures and baselines against hand computation, and the command from end to end."""

from __future__ import annotations

import json
import lzma
import math
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from suwen import datasets
from suwen.bench import BENCHMARKS, Result, summary, write_result
from suwen.bench.cases import read_solved
from suwen.bench.naive import Naive
from suwen.bench.rare_disease import expected_calibration_error
from suwen.cli import main
from suwen.cli.bench import bench
from suwen.errors import DataError
from suwen.knowledge import Knowledge, build_knowledge
from tiny import write_sources

# --- measures ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chance", "right", "expected"),
    [
        ([1.0, 1.0], [1, 1], 0.0),
        ([1.0, 1.0], [0, 0], 1.0),
        ([0.0, 0.0], [0, 0], 0.0),
        ([0.75, 0.75, 0.75, 0.75], [1, 1, 1, 0], 0.0),
        ([0.05, 0.95], [1, 0], 0.95),
        ([0.85, 0.25, 0.25, 0.25], [1, 0, 0, 0], (0.15 + 3 * 0.25) / 4),
        ([0.61, 0.69], [1, 0], 0.15),  # one bin: mean 0.65 stated, half of them right
    ],
)
def test_expected_calibration_error_by_hand(chance: list[float], right: list[float], expected: float) -> None:
    assert expected_calibration_error(chance, right) == pytest.approx(expected)


# --- the naive baselines ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    return build_knowledge(write_sources(tmp_path_factory.mktemp("tiny")))


# Per disease: frequency (n + 0.5) / (m + 1) of its rows, 0.5 where not stated, 0.01 where never seen; maximum upwards.
ONE = {"HP:0001100": 4.5 / 11, "HP:0002100": 10.5 / 21, "HP:0001200": 0.01}
TWO = {"HP:0003100": 18.4 / 21}
THREE = {"HP:0001200": 0.5, "HP:0002100": 2.5 / 3}
FOUR = {"HP:0003100": 0.75}
ORPHA = {"HP:0001200": 3.9 / 21}


def test_naive_scores_by_hand(tiny: Knowledge) -> None:
    b100 = [ONE["HP:0001100"], TWO["HP:0003100"], 0.0, 0.0, FOUR["HP:0003100"]]
    b200 = [0.01, 0.0, 0.5, ORPHA["HP:0001200"], 0.0]
    expected = [sum(math.log(max(column[d] / (sum(column) / 5), 0.01)) for column in (b100, b200)) for d in range(5)]
    terms = [tiny.ontology.number[term] for term in ("HP:0001100", "HP:0001200")]
    ratio, resnik = Naive(tiny).scores(terms)
    assert ratio.tolist() == pytest.approx(expected, abs=1e-5)
    information = {term: float(tiny.information[tiny.ontology.number[term]]) for term in tiny.ontology.ids}
    both = information["HP:0001100"] + information["HP:0001200"]
    assert resnik[0] == pytest.approx(both, abs=1e-5)
    assert resnik[1] == pytest.approx(information["HP:0001100"] + information["HP:0001000"], abs=1e-5)
    assert resnik[2] == pytest.approx(information["HP:0001000"] + information["HP:0001200"], abs=1e-5)


def test_naive_without_a_publication_equals_rows_that_never_stood(tiny: Knowledge) -> None:
    """Without PMID:1: disease 1 keeps 1/6 of HP:0001100 and the row that PMID:2 cites too."""
    terms = [tiny.ontology.number["HP:0001100"]]
    naive = Naive(tiny)
    before, after = naive.scores(terms)[0], naive.scores(terms, ["PMID:1"])[0]
    background = naive.background[terms[0]]
    assert before[0] == pytest.approx(math.log(4.5 / 11 / background), abs=1e-5)
    assert after[0] == pytest.approx(math.log(1.5 / 7 / background), abs=1e-5)
    assert after[1] == before[1]


# --- results ----------------------------------------------------------------------------------------------------------


def test_a_result_is_written_rounded_and_shown_beside_its_peers(tmp_path: Path) -> None:
    result = Result("x", "abc", 3, {"top1": 1 / 3}, {"peer": {"top1": 0.25}}, {"paper": {"top1": 0.2, "source": "S"}})
    write_result(result, tmp_path / "x.json")
    assert json.loads((tmp_path / "x.json").read_text("utf-8"))["metrics"] == {"top1": 0.33333}
    assert summary(result) == [("metric", "Suwen", "peer", "paper"), ("top1", "0.3333", "0.25", "0.2")]
    with pytest.raises(DataError, match=r"x\.json"):
        write_result(result, tmp_path / "nowhere" / "x.json")


# --- the command ------------------------------------------------------------------------------------------------------


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, ["bench", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def test_the_command_knows_every_benchmark() -> None:
    choice = next(parameter for parameter in bench.params if parameter.name == "name").type
    assert set(choice.choices) == set(BENCHMARKS)  # type: ignore[attr-defined]


@pytest.mark.usefixtures("furnished")
def test_rare_disease_from_end_to_end(tmp_path: Path) -> None:
    status, table, errors = run("rare-disease", "--limit", "8", "--json", str(tmp_path / "out.json"))
    assert (status, errors) == (0, "")
    found = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert found["n"] >= 8
    assert len(found["data_digest"]) == 64
    metrics = found["metrics"]
    for mode in ("a", "b"):
        top = [metrics[f"{mode}.top{k}"] for k in (1, 3, 10)]
        assert top == sorted(top)
        assert all(0 <= share <= 1 for share in top)
        assert metrics[f"{mode}.median_rank"] >= 1
    assert all(0 <= metrics[name] <= 1 for name in ("ece", "coverage90", "coverage90_strict", "b.unrankable"))
    assert metrics["coverage90"] >= metrics["coverage90_strict"]
    assert metrics["ms_per_case"] > 0
    assert {"naive likelihood ratio", "one-sided Resnik"} == set(found["baselines"])
    assert all(anchor["source"] for anchor in found["anchors"].values())
    assert "a.top1" in table
    assert "Exomiser" in table


@pytest.mark.usefixtures("furnished")
def test_similar_cases_from_end_to_end(tmp_path: Path) -> None:
    status, _, _ = run("similar-cases", "--limit", "10", "--json", str(tmp_path / "out.json"))
    metrics = json.loads((tmp_path / "out.json").read_text("utf-8"))["metrics"]
    assert status == 0
    assert 0 <= metrics["top1"] <= metrics["top5"] <= metrics["top10"] <= 1


def one_line(errors: str) -> str:
    assert errors.startswith("Error: ")
    assert "Traceback" not in errors
    assert len(errors.strip().splitlines()) == 1
    return errors


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize("name", BENCHMARKS)
def test_absent_data_end_with_status_2_and_one_line(name: str, tmp_path: Path) -> None:
    status, shown, errors = run(name, "--data", str(tmp_path))
    assert (status, shown) == (2, "")
    needed = {
        "records": "merkle",
        "fhir": "synthea",
        "phenotype-text": "gsc_plus",
        "chinese-text": "cmeee",
        "adrenal": "adrenal3d",
        "hippocampus": "hippocampus",
        "surrogate": "cleveland",
        "workstation": "synthea",
        "constraints": "heart",
        "chest": "chest",
        "chest-lesions": "chest_lesions",
        "image-reading": "imaging/chest",
        "lesion-measures": "ibsi",
        "heart-disease": "heart/uci",
        "qrs": "cpsc2019",
        "rhythm": "cpsc2021",
        "activity-cliffs": "activity_cliffs",
        "admet": "table",
        "screen": "actives",
        "risk-equations": "heart/risk",
    } | dict.fromkeys(("heat-maps", "label-noise", "pneumonia"), "pneumonia")
    assert needed.get(name, "cases.jsonl.xz") in one_line(errors)


def test_records_from_end_to_end(tmp_path: Path) -> None:
    if not (datasets.folder() / "platform/merkle/testdata").is_dir():
        pytest.skip("the Merkle proof vectors are not in the data folder (SUWEN_DATA)")
    status, table, errors = run("records", "--limit", "20", "--json", str(tmp_path / "out.json"))
    assert (status, errors) == (0, "")
    metrics = json.loads((tmp_path / "out.json").read_text("utf-8"))["metrics"]
    assert all(value > 0 for name, value in metrics.items() if not name.endswith(("_wrong", "_faults")))
    assert (metrics["verify_faults"], metrics["proof_vectors_wrong"]) == (0, 0)
    assert "bare AES-256-GCM" in table


def test_fhir_from_end_to_end(tmp_path: Path) -> None:
    for part in ("platform/synthea_r4", "diagnosis/cases.jsonl.xz"):
        if not (datasets.folder() / part).exists():
            pytest.skip(f"{part} is not in the data folder (SUWEN_DATA)")
    status, table, _ = run("fhir", "--limit", "300", "--json", str(tmp_path / "out.json"))
    assert status == 0
    metrics = json.loads((tmp_path / "out.json").read_text("utf-8"))["metrics"]
    assert metrics["import_resources"] == 300
    assert metrics["consult_resources"] == 1000
    assert metrics["lost"] == 0
    assert all(value > 0 for name, value in metrics.items() if name != "lost")
    assert "fhir.resources" in table


@pytest.mark.parametrize(
    ("name", "part", "limit"),
    [
        ("notes", "diagnosis/cases.jsonl.xz", 4),
        ("phenotype-text", "diagnosis/gsc_plus/ann", 8),
        ("chinese-text", "diagnosis/chinese/cmeee.json", 60),
    ],
)
def test_reading_from_end_to_end(name: str, part: str, limit: int, tmp_path: Path) -> None:
    if not (datasets.folder() / part).exists():
        pytest.skip(f"{part} is not in the data folder (SUWEN_DATA)")
    status, _, errors = run(name, "--limit", str(limit), "--json", str(tmp_path / "out.json"))
    assert status == 0, errors
    result = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert result["n"] <= limit
    shares = [value for key, value in result["metrics"].items() if key.endswith(("f1", "recall", "precision", "top10"))]
    assert shares
    assert all(0 <= one <= 1 for one in shares)


PACKET = {
    "id": "c1",
    "subject": {"id": "c1"},
    "phenotypicFeatures": [{"type": {"id": "HP:0001250"}}],
    "diseases": [{"term": {"id": "OMIM:154700", "label": "Marfan syndrome"}}],
}


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize("harm", ["cut", "no xz", "no JSON", "no UTF-8"])
def test_damaged_data_end_with_status_2_and_name_the_file(harm: str, tmp_path: Path) -> None:
    (tmp_path / "diagnosis").mkdir()
    file = tmp_path / "diagnosis/cases_reese.jsonl.xz"
    whole = lzma.compress(json.dumps(PACKET).encode() + b"\n")
    content = {
        "cut": whole[:-20],
        "no xz": b"x" * 40,
        "no JSON": lzma.compress(b"{\n"),
        "no UTF-8": lzma.compress(b"\xff"),
    }
    file.write_bytes(content[harm])
    (tmp_path / "diagnosis/cases.jsonl.xz").write_bytes(whole)
    status, _, errors = run("rare-disease", "--data", str(tmp_path))
    assert status == 2
    assert file.name in one_line(errors)


def test_solved_cases_are_read_without_ages_and_undiagnosed_ones(tmp_path: Path) -> None:
    aged = PACKET | {"subject": {"id": "c1", "timeAtLastEncounter": {"age": {"iso8601duration": "ADULT"}}}}
    undiagnosed = PACKET | {"id": "c2", "diseases": []}
    text = "\n".join(json.dumps(one) for one in (aged, undiagnosed)) + "\n\n"
    (tmp_path / "x.jsonl.xz").write_bytes(lzma.compress(text.encode()))
    found = read_solved(tmp_path / "x.jsonl.xz")
    assert [case.id for case in found] == ["c1"]
    assert found[0].age_years is None
    with pytest.raises(DataError, match="nowhere"):
        read_solved(tmp_path / "nowhere.jsonl.xz")


def test_naive_background_is_the_mean_over_all_diseases(tiny: Knowledge) -> None:
    naive = Naive(tiny)
    number = tiny.ontology.number["HP:0002100"]
    mean = np.mean([ONE["HP:0002100"], TWO["HP:0003100"], THREE["HP:0002100"], 0.0, FOUR["HP:0003100"]])
    assert naive.background[number] == pytest.approx(mean, abs=1e-6)
