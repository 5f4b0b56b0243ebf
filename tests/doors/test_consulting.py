"""The commands `suwen consult`, `report`, `finding` and `records import|show|export --fhir|directory`, as typed."""

from __future__ import annotations

import gzip
import json
import stat
from importlib import resources
from pathlib import Path

import pytest
from typist import Desk

from suwen.formats.fhir import canonical, parse_tree, read_findings

pytestmark = pytest.mark.usefixtures("bare")
WARD = resources.files("suwen.cli").joinpath("ward")
MARFAN = "1-chen-xiaowen.json"
REASON = ("--reason", "seen on the echocardiogram")


def ward_file(name: str, folder: str = ".") -> str:
    place = Path(folder) / name
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(WARD.joinpath(name).read_bytes())
    return str(place)


@pytest.fixture
def marfan(desk: Desk) -> str:
    return desk.run("import", ward_file(MARFAN), by="dr.lin").strip()


@pytest.fixture
def consulted(desk: Desk, marfan: str) -> str:
    desk.run(marfan, "--setting", "rare", by="dr.lin", command="consult")
    return marfan


def findings(desk: Desk, patient: str) -> list[dict[str, object]]:
    said = desk.run("list", patient, "--json", by="dr.lin", command="finding")
    return [json.loads(line) for line in said.splitlines()]


# Records in


def test_a_bundle_comes_in_once(desk: Desk, marfan: str) -> None:
    assert "DEMO-0001" in desk.run("list", by="dr.lin")
    again = desk.run("import", MARFAN, by="dr.lin", stderr=True)
    assert "17 there already" in again
    assert marfan in again
    shown = desk.run("show", "--identifier", "DEMO-0001", by="dr.lin")
    assert "陈晓雯" in shown
    assert "Ectopia lentis" in shown or "双眼晶状体半脱位" in shown


def test_a_broken_bundle_is_refused_whole_with_every_problem(desk: Desk) -> None:
    tree = json.loads(WARD.joinpath(MARFAN).read_bytes())
    tree["entry"][1]["resource"]["status"] = "over"
    tree["entry"][3]["resource"]["effectiveDateTime"] = "2026-13-01"
    Path("broken.json").write_text(json.dumps(tree))
    result = desk.result("import", "broken.json", by="dr.lin")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "entry[1].resource.status" in result.stderr
    assert "entry[3].resource.effectiveDateTime" in result.stderr
    assert "2026-13-01" not in result.stderr  # what is in a record is not shown in a message
    assert "nobody is in your care" in desk.run("list", by="dr.lin", stderr=True)


def test_of_a_file_of_lines_the_sound_ones_come_in_and_the_others_are_numbered(desk: Desk) -> None:
    tree = json.loads(WARD.joinpath(MARFAN).read_bytes())
    lines = [json.dumps(one["resource"]) for one in tree["entry"]]
    about = tree["entry"][0]
    lines = [line.replace(about["fullUrl"], f"Patient/{about['resource']['id']}") for line in lines]
    lines[4:4] = ["{broken", json.dumps({"resourceType": "Observation", "status": "final"})]
    Path("bulk.ndjson").write_text("\n".join(lines), "utf-8")
    result = desk.result("import", "bulk.ndjson", by="dr.lin")
    assert result.exit_code == 1
    assert "line 5" in result.stderr
    assert "line 6" in result.stderr
    assert "2 problems" in result.stderr
    assert "17 new" in result.stderr
    patient = result.stdout.strip()
    assert "Procedure" in desk.run("show", patient, by="dr.lin")


def test_a_folder_is_taken_in_file_by_file(desk: Desk) -> None:
    for name in (MARFAN, "5-zhang-wei.json"):
        ward_file(name, "in")
    Path("in/6.json.gz").write_bytes(gzip.compress(WARD.joinpath("6-zhao-yinuo.json").read_bytes()))
    Path("in/odd.json").write_text("no json")
    result = desk.result("import", "in", by="dr.lin")
    assert result.exit_code == 1
    assert "odd.json" in result.stderr
    assert len(result.stdout.split()) == 3


def test_what_is_about_nobody_is_for_the_administrator(desk: Desk) -> None:
    Path("house.json").write_text(
        json.dumps(
            {
                "resourceType": "Bundle",
                "type": "collection",
                "entry": [{"resource": {"resourceType": "Organization", "id": "a", "name": "Ward Seven"}}],
            }
        )
    )
    refused = desk.result("import", "house.json", by="dr.lin")
    assert refused.exit_code == 1
    assert "administrator" in refused.stderr
    assert "1 in the directory" in desk.run("import", "house.json", by="administrator", stderr=True)
    assert "Ward Seven" in desk.run("directory", by="dr.lin")
    assert "Ward Seven" in desk.run("directory", "--json", by="administrator")
    desk.fails("directory", by="auditor")


# Looking and searching


def test_a_search_finds_by_code_and_date(desk: Desk) -> None:
    patient = desk.run("import", ward_file("5-zhang-wei.json"), by="dr.lin").strip()
    query = "Observation?code=http://loinc.org|4548-4&date=ge2026-01-01&_sort=-date"
    bundle = json.loads(desk.run("show", patient, "--search", query, "--json", by="dr.lin"))
    assert bundle["type"] == "searchset"
    assert bundle["total"] == 3
    dates = [one["resource"]["effectiveDateTime"] for one in bundle["entry"]]
    assert dates == sorted(dates, reverse=True)
    assert "no-such" in desk.fails("show", patient, "--search", "Observation?no-such=1", by="dr.lin")
    assert "--search" in desk.fails("show", patient, "--json", by="dr.lin")
    desk.fails("show", patient, by="dr.wu")


# Consulting


def test_a_consult_files_what_it_finds_once(desk: Desk, marfan: str) -> None:
    shown = desk.run(marfan, "--setting", "rare", by="dr.lin", command="consult")
    assert "Marfan syndrome" in shown
    first = findings(desk, marfan)
    chinese = desk.run(marfan, "--setting", "rare", "--lang", "zh", by="dr.lin", command="consult")
    assert "马" in chinese or "要点" in chinese
    assert findings(desk, marfan) == first
    desk.fails(marfan, by="dr.wu", command="consult")


def test_without_a_consult_there_is_no_report(desk: Desk, marfan: str) -> None:
    assert "suwen consult" in desk.fails(marfan, by="dr.lin", command="report")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_report_as_page_paper_and_data(desk: Desk, consulted: str, lang: str) -> None:
    outs = [part for name in ("r.html", "r.pdf", "r.json") for part in ("--out", name)]
    desk.run(consulted, *outs, "--lang", lang, by="dr.lin", command="report")
    assert "OMIM:154700" in Path("r.html").read_text("utf-8")
    assert Path("r.pdf").read_bytes().startswith(b"%PDF-")
    assert "OMIM:154700" in json.dumps(json.loads(Path("r.json").read_text("utf-8")))
    assert {stat.S_IMODE(Path(name).stat().st_mode) for name in ("r.html", "r.pdf", "r.json")} == {0o600}


def test_a_report_of_an_unknown_kind_is_refused_before_anything_is_opened(desk: Desk, consulted: str) -> None:
    assert ".pdf" in desk.fails(consulted, "--out", "r.docx", by="dr.lin", command="report")
    assert "cannot write" in desk.fails(consulted, "--out", "no/such/r.html", by="dr.lin", command="report")


# Judging


def test_a_verdict_needs_a_reason_and_stays_with_its_history(desk: Desk, consulted: str) -> None:
    one = str(findings(desk, consulted)[0]["record"])
    desk.fails("confirm", consulted, one, "--reason", "yes", by="dr.lin", command="finding")
    desk.run("confirm", consulted, one[:8], *REASON, by="dr.lin", command="finding")
    desk.run("reject", consulted, one, *REASON, by="dr.lin", command="finding")
    history = desk.run("history", consulted, one, by="dr.lin", command="finding").splitlines()
    verdicts = [[review["verdict"] for review in json.loads(line)["reviews"]] for line in history]
    assert verdicts == [[], ["confirmed"], ["confirmed", "rejected"]]
    assert findings(desk, consulted)[-1]["record"] == one  # what was rejected comes last
    (label,) = map(json.loads, desk.run("labels", consulted, by="dr.lin", command="finding").splitlines())
    assert label["verdict"] == "rejected"


def test_an_amended_finding_says_what_it_is_instead(desk: Desk, consulted: str) -> None:
    one = str(findings(desk, consulted)[0]["record"])
    right = ("--code", "OMIM:609192", "--label", "Loeys-Dietz syndrome 1")
    desk.run("amend", consulted, one, *right, *REASON, by="dr.lin", command="finding")
    said = next(each for each in findings(desk, consulted) if each["record"] == one)
    assert said["finding"]["code"] == "OMIM:609192"  # type: ignore[index]
    assert said["finding"]["probability"] is None  # type: ignore[index]
    assert said["claim"] != "OMIM:609192"
    assert "Loeys-Dietz syndrome 1" in desk.run(consulted, by="dr.lin", command="report")


def test_findings_that_are_not_there_or_not_one(desk: Desk, consulted: str) -> None:
    assert "no such finding" in desk.fails("confirm", consulted, "abc", *REASON, by="dr.lin", command="finding")
    assert "no such finding" in desk.fails("confirm", consulted, "f" * 32, *REASON, by="dr.lin", command="finding")
    desk.fails("list", consulted, by="dr.wu", command="finding")


# Records out


def test_what_came_in_goes_out_with_the_findings_beside_it(desk: Desk, consulted: str) -> None:
    assert "--fhir" in desk.fails("export", consulted, "--out", "out.json", by="dr.lin")
    desk.run("export", consulted, "--fhir", "--out", "out.json", by="dr.lin")
    assert stat.S_IMODE(Path("out.json").stat().st_mode) == 0o600
    out = parse_tree(Path("out.json").read_text("utf-8"))
    came = parse_tree(Path(MARFAN).read_text("utf-8"))
    outside = {canonical(one["resource"]) for one in out["entry"]}
    assert {canonical(one["resource"]) for one in came["entry"]} <= outside
    report = read_findings([one["resource"] for one in out["entry"]])
    assert [one.finding.code.value for one in report.findings] == [
        one["finding"]["code"]  # type: ignore[index]
        for one in findings(desk, consulted)
    ]
    desk.run("export", consulted, "--fhir", "--no-findings", "--out", "bare.json", by="dr.lin")
    assert len(parse_tree(Path("bare.json").read_text("utf-8"))["entry"]) == len(came["entry"])
    desk.run("export", consulted, "--fhir", "--transaction", "--out", "post.json", by="dr.lin")
    post = parse_tree(Path("post.json").read_text("utf-8"))
    assert post["type"] == "transaction"
    assert all(one["request"]["method"] in {"PUT", "POST"} for one in post["entry"])
    desk.fails("export", consulted, "--fhir", "--out", "stolen.json", by="dr.wu")
    assert not Path("stolen.json").exists()


def test_an_export_that_came_back_adds_nothing_twice(desk: Desk, consulted: str) -> None:
    desk.run("export", consulted, "--fhir", "--out", "out.json", by="dr.lin")
    desk.run("import", "out.json", by="dr.lin")
    desk.run("export", consulted, "--fhir", "--out", "again.json", by="dr.lin")
    out, again = (parse_tree(Path(name).read_text("utf-8")) for name in ("out.json", "again.json"))
    ids = [(one["resource"]["resourceType"], one["resource"]["id"]) for one in again["entry"]]
    assert len(set(ids)) == len(ids) == len(out["entry"])


def test_several_patients_go_into_a_folder_of_lines(desk: Desk, consulted: str) -> None:
    other = desk.run("import", ward_file("5-zhang-wei.json"), by="dr.lin").strip()
    desk.run("export", consulted, other, "--fhir", "--out", "bulk", by="dr.lin")
    patients = Path("bulk/Patient.ndjson").read_text("utf-8").splitlines()
    assert len(patients) == 2
    assert json.loads(Path("bulk/manifest.json").read_text())["output"]
    assert "not empty" in desk.fails("export", consulted, "--fhir", "--out", "bulk", by="dr.lin")
    desk.fails("export", consulted, other, "--fhir", "--out", "two.json", by="dr.lin")


# The demonstration


def test_the_demonstration_is_made_and_used_again(desk: Desk) -> None:
    first = desk.run("--folder", "d", "--out", "r.html", command="demo", stderr=True)
    assert "Marfan syndrome" in first
    assert "OMIM:154700" in Path("r.html").read_text("utf-8")
    second = desk.run("--folder", "d", "--lang", "zh", command="demo", stderr=True)
    assert "陈晓雯" in second
    assert "suwen report" in second
    Path("other").mkdir()
    Path("other/mine.txt").write_text("mine")
    assert "something else" in desk.fails("--folder", "other", command="demo")
    assert Path("other/mine.txt").read_text() == "mine"
    Path("d/secrets.json").write_text("{")
    assert "damaged" in desk.fails("--folder", "d", command="demo")
