"""The drug desk: profiles of what is pasted, refusals in place, likeness in a file, screening as a job; every role."""

from __future__ import annotations

import base64
import gzip
import re
from typing import Any

import pytest
from served import Served

from suwen.errors import FormatError, InputError
from suwen.govern import Job, JobFile, JobState, Role
from suwen.server.pages import molecules_reading
from suwen.server.pages.molecules_job import MOST_PACKED, _screened, pack
from suwen.server.pages.molecules_svg import unstyled
from suwen.subject import Saying

pytest.importorskip("rdkit", reason="the extra drugs is not installed")
PART = {"hx-request": "true"}
ASPIRIN = "CC(=O)Oc1ccccc1C(=O)O"
STYLE = re.compile(r"""<[^>]*\sstyle\s*=""")
LIBRARY = b"CC(=O)Oc1ccccc1C(=O)O aspirin\nOC(=O)c1ccccc1O salicylic acid\nCCO ethanol\nnonsense one\n"


@pytest.fixture(autouse=True)
def _models_stay_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening them takes many seconds; what they answer is tested where they are made."""
    monkeypatch.setattr(molecules_reading.Warming, "begin", lambda self: self)


@pytest.mark.parametrize("role", list(Role), ids=lambda one: one.value)
def test_it_is_open_to_every_role(served: Served, role: Role) -> None:
    client = served.client(role)
    assert client.get("/molecules").status_code == 200
    assert client.get("/molecules/screening").status_code == 200
    assert client.post("/molecules/profile", data={"entered": "CCO"}, headers=PART).status_code == 200


def test_nobody_is_sent_to_sign_in(served: Served) -> None:
    for path in ("/molecules", "/molecules/screening", f"/molecules/screening/{'0' * 32}"):
        assert served.client().get(path).headers["location"] == "/sign-in"


def test_a_profile_in_both_languages(served: Served) -> None:
    for lang, words in (
        ("en", ("Properties", "Rules of thumb", "molecular weight", "Sources")),
        ("zh", ("性质", "经验规则", "分子量", "来源")),
    ):
        page = served.client(Role.PHYSICIAN, lang=lang).post("/molecules/profile", data={"entered": ASPIRIN})
        assert page.status_code == 200
        assert "BSYNRYMUTXBXSQ-UHFFFAOYSA-N" in page.text
        assert "180.2" in page.text
        assert all(one in page.text for one in words)
        assert not STYLE.search(page.text)
        assert "<style" not in page.text


def test_an_inchi_is_the_same_molecule(served: Served) -> None:
    inchi = "InChI=1S/C9H8O4/c1-6(10)13-8-5-3-2-4-7(8)9(11)12/h2-5H,1H3,(H,11,12)"
    page = served.client(Role.AUDITOR).post("/molecules/profile", data={"entered": inchi}, headers=PART).text
    assert "BSYNRYMUTXBXSQ-UHFFFAOYSA-N" in page


def test_a_list_is_compared_and_what_is_none_is_told_by_line(served: Served) -> None:
    entered = f"{ASPIRIN} aspirin\n\nnot a molecule\nCCO <b>ethanol</b>"
    page = served.client(Role.PHYSICIAN).post("/molecules/profile", data={"entered": entered}, headers=PART).text
    assert "aspirin" in page
    assert "line 3" in page
    assert "<b>ethanol</b>" not in page
    assert "&lt;b&gt;ethanol" in page


@pytest.mark.parametrize("entered", ["", "   \n ", "C1CC", "Xx", "InChI=1S/none", "C" * 6000, "\n".join(["C"] * 101)])
def test_one_clear_error_in_place(served: Served, entered: str) -> None:
    answer = served.client(Role.PHYSICIAN).post("/molecules/profile", data={"entered": entered}, headers=PART)
    assert answer.status_code == 422
    assert answer.text.count('role="alert"') == 1
    assert "<html" not in answer.text


@pytest.mark.parametrize(
    ("entered", "said"),
    [("", "请先粘贴或绘制一个分子"), ("\n".join(["C"] * 101), "一次 101 行过多")],
    ids=["none", "many"],
)
def test_a_refusal_in_chinese(served: Served, entered: str, said: str) -> None:
    client = served.client(Role.PHYSICIAN, lang="zh")
    assert said in client.post("/molecules/profile", data={"entered": entered}, headers=PART).text


def test_the_likest_of_a_file_come_first(served: Served) -> None:
    answer = served.client(Role.PHYSICIAN).post(
        "/molecules/similar", data={"smiles": ASPIRIN}, files={"file": ("own.smi", LIBRARY)}, headers=PART
    )
    assert answer.status_code == 200
    assert "3 molecules of your file" in answer.text
    assert "1 rows could not be read" in answer.text
    names = re.findall(r"aspirin|salicylic acid|ethanol", re.sub(r"<svg.*?</svg>", "", answer.text, flags=re.DOTALL))
    assert names == ["aspirin", "salicylic acid", "ethanol"]
    assert "1.00" in answer.text


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.exe", b"CCO"),
        ("a.smi", b""),
        ("a.smi", b"PK\x03\x04rest"),
        ("a.sdf", b"CCO"),
        ("a.smi", b"\x1f\x8b\x08"),
        ("a.csv", b"a\n1\n"),
    ],
    ids=["suffix", "empty", "zip", "no-record", "gzip", "no-structure"],
)
def test_a_wrong_file_is_refused_in_place(served: Served, name: str, data: bytes) -> None:
    client = served.client(Role.PHYSICIAN)
    similar = client.post("/molecules/similar", data={"smiles": "CCO"}, files={"file": (name, data)}, headers=PART)
    assert similar.status_code == 422
    assert 'role="alert"' in similar.text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"weight.high": "many"}, "write a number"),
        ({"toml": "this is = not toml ["}, "not TOML"),
        ({"toml": "[docking]\nreceptor = '/etc/passwd'\n"}, "not taken here"),
        ({"toml": "[[models]]\nfile = '/etc/passwd'\nname = 'x'\n"}, "not taken here"),
        ({"rule": "no-such-rule"}, "no-such-rule"),
        ({"like": "C1CC"}, "goals"),
    ],
    ids=["number", "toml", "docking", "model-file", "rule", "like"],
)
def test_goals_that_cannot_be_used(served: Served, fields: dict[str, str], said: str) -> None:
    answer = served.client(Role.PHYSICIAN).post(
        "/molecules/screening", data=fields, files={"file": ("own.smi", LIBRARY)}, headers=PART
    )
    assert answer.status_code == 422
    assert said in answer.text
    assert "root:" not in answer.text


def test_a_screening_is_ones_own(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """It becomes a job with the goals checked; nobody else sees it."""
    asked: dict[str, Any] = {}

    class Desk:
        def submit(self, _actor: Any, kind: str, parameters: dict[str, Any], _title: Any) -> str:
            asked.update(parameters, kind=kind)
            return "1" * 32

    monkeypatch.setattr("suwen.server.pages.molecules_screening.jobs_of", lambda _: Desk())
    answer = served.client(Role.NURSE).post(
        "/molecules/screening",
        data={"weight.high": "300", "rule": "lipinski", "pick": "2", "model.herg": ""},
        files={"file": ("../../own.smi", LIBRARY)},
    )
    assert answer.status_code == 303
    assert asked["kind"] == "screening"
    assert asked["name"] == "own.smi"
    assert asked["goals"]["filters"]["quantities"] == {"weight": {"at_most": 300.0}}
    assert gzip.decompress(base64.b64decode(asked["library"])) == LIBRARY


def test_what_comes_of_a_screening_is_counted_shown_and_exported(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The funnel itself, told stage by stage; its result on a page in both languages, with links to the files."""
    told: list[str] = []
    goals = {"filters": {"quantities": {"weight": {"at_least": 100.0}}}, "rank": {"keep": 10}}
    library = LIBRARY + b"OC(=O)c1ccccc1OC(C)=O again\n"
    result, files = _screened(lambda _done, _whole, said: told.append(said.en), library, ".smi", "own.smi", goals)
    assert any("filters: 5" in one for one in told)
    shown = result["en"]
    assert [one["name"] for one in shown["kept"]] == ["aspirin", "salicylic acid"]
    assert shown["count"] == 2
    counts = {stage["stage"]: (stage["entered"], stage["kept"], stage["failed"]) for stage in shown["stages"]}
    assert counts["filters"] == (5, 2, 1)
    assert files[0].decode("utf-8-sig").splitlines()[1].startswith("CC(=O)Oc1ccccc1C(=O)O")
    assert files[1].count(b"$$$$") == 2

    kept = tuple(JobFile(name, kind, len(files[0]), ()) for name, kind in (("survivors.csv", "text/csv"),))
    job = Job("2" * 32, "", "screening", Saying("Screening", "筛选"), JobState.DONE, True, 0, 0, files=kept)

    class Desk:
        def get(self, _actor: Any, _job: str) -> Job:
            return job

        def result(self, _actor: Any, _job: str) -> Any:
            return result

    monkeypatch.setattr("suwen.server.pages.molecules_screening.jobs_of", lambda _: Desk())
    for lang, words in (("en", ("What is left: 2", "Limits")), ("zh", ("留下 2 个", "限制"))):
        page = served.client(Role.AUDITOR, lang=lang).get(f"/molecules/screening/{job.id}").text
        assert all(one in page for one in words)
        assert f"/jobs/{job.id}/files/survivors.csv" in page
        assert not STYLE.search(page)


def test_a_screening_of_somebody_else_is_none(served: Served) -> None:
    assert served.client(Role.PHYSICIAN).get(f"/molecules/screening/{'0' * 32}").status_code == 404


def test_a_library_that_is_too_large_is_refused() -> None:
    noise = bytes(range(256)) * 20_000
    assert pack(noise)
    import random  # noqa: PLC0415

    with pytest.raises(InputError, match="when packed"):
        pack(random.Random(1).randbytes(MOST_PACKED + 1000))  # noqa: S311


def test_what_is_called_a_list_must_be_text() -> None:
    with pytest.raises(FormatError):
        molecules_reading.kind_of_file("a.smi", b"CC\0O")
    assert molecules_reading.kind_of_file("A.SMILES", b"CCO") == ".smi"


def test_drawings_lose_their_styles_and_nothing_else() -> None:
    drawing = (
        "<svg><path d='M 0,0' style='fill:none;stroke:#000;stroke-width:2.0px'/><title>a style='x' b</title></svg>"
    )
    assert unstyled(drawing) == (
        "<svg><path d='M 0,0' fill='none' stroke='#000' stroke-width='2.0px'/><title>a style='x' b</title></svg>"
    )
    hostile = "<rect style='fill:url(javascript:x);background:red;stroke:#fff'/>"
    assert unstyled(hostile) == "<rect stroke='#fff'/>"


def test_a_missing_package_is_named(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    lacks = (molecules_reading._PARTS[1],)
    for room in ("molecules", "molecules_screening", "molecules_reading"):
        monkeypatch.setattr(f"suwen.server.pages.{room}.lacking", lambda: lacks)
    client = served.client(Role.PHYSICIAN, lang="zh")
    assert "pip install &#39;suwen[learn]&#39;" in client.get("/molecules").text
    endpoints = client.post("/molecules/endpoints", data={"smiles": "CCO"}, headers=PART)
    assert endpoints.status_code == 200
    assert "torch" in endpoints.text
