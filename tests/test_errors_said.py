"""Errors in two languages: what is said, what survives another process, and that no page meets an English-only error.

The walk over the tree lists every error that is made in a room reachable from a page of the workstation without its
Chinese; it must be the list below, so that whoever adds an English-only error there, or mends one, is told.
"""

from __future__ import annotations

import ast
import copy
import pickle
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from suwen import errors
from suwen.errors import DataError, InputError, MissingExtraError, Problem, SuwenError
from suwen.exchange.shelf import AlreadyThereError, FullError, UidError
from suwen.records.access import Act, Purpose, Resource, ResourceKind
from suwen.records.access.refusals import refused

PACKAGE = Path(__file__).parents[1] / "src" / "suwen"
KINDS = [kind for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, SuwenError)]
PLAIN = [kind for kind in [*KINDS, UidError, FullError, AlreadyThereError] if kind is not MissingExtraError]
CHINESE = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff01-\uff5e]")  # letters, or the marks between them

# What a page of the workstation can reach when it is used, rightly or wrongly.
ROOMS = (
    *("consult", "datasets", "diagnosis", "explain/maps", "finding.py", "formats", "govern", "imaging", "knowledge"),
    *("drugs/*.py", "drugs/admet", "drugs/screening", "drugs/similarity", "language", "records", "report", "subject"),
    *("learn/card.py", "learn/log.py", "learn/model.py", "learn/weights.py", "learn/arrays.py", "learn/whole_files.py"),
    *("server/house.py", "server/visitors.py", "server/failures.py", "server/guard", "server/jobs", "server/pages"),
    *("server/smart/consent.py", "server/smart/grants.py"),
)
# Rooms within these that no page reaches, and why.
BESIDE = {
    "consult/fhir/rest": "answers systems by FHIR, whose diagnostics are English",
    "datasets/download.py": "data are fetched on the command line alone",
    "datasets/unpack.py": "as downloads",
    "formats/fhir/checking": "tells systems what is wrong with their FHIR",
    "formats/fhir/findings": "reads reports that systems send",
    "formats/fhir/searching": "answers searches of systems",
    "formats/images/deidentifying": "the command line alone",
    "govern/proofs.py": "a check of Suwen's own, run by developers",
    "language/model": "the language model is called by the command line alone",
    "server/guard/parts.py": "its status says enough: a browser does not send such a body",
}
# Single places: (file, what is made, how often). The reason stands beside each.
ALLOWED = {
    ("drugs/screening/candidates.py", "Problem", 2): "taken from a journal; problem_text says it in Chinese",
    ("drugs/screening/words.py", "Problem", 1): "only the question to the table of words",
    ("formats/document.py", "Problem", 1): "case files are read on the command line alone",
    ("formats/terms.py", "Problem", 1): "as above",
    ("formats/images/notices.py", "Problem", 1): "is the Chinese itself",
    ("formats/molecules/notices.py", "Problem", 1): "is the Chinese itself",
    ("formats/waveforms/notices.py", "Problem", 1): "is the Chinese itself",
    ("language/scope_rules.py", "Problem", 1): "a file of ours that is damaged; the error around it is in Chinese",
    ("records/access/control.py", "InputError", 1): "a mistake of a programmer",
    ("records/access/text.py", "InputError", 2): "the hospital's own policies, checked when the server starts",
    ("records/access/text.py", "Problem", 6): "as above",
}


def test_both_languages_and_english_where_there_is_one() -> None:
    for kind in PLAIN:
        both, one = kind("bad", zh="有误"), kind("bad")
        assert (str(both), both.said("en"), both.said("zh"), both.said("fr")) == ("bad", "bad", "有误", "bad")
        assert (one.said("zh"), one.zh) == ("bad", "")


def test_an_error_is_what_it_was_in_another_process() -> None:
    made: list[Any] = [kind("bad: \n两行", zh="有误") for kind in PLAIN] + [MissingExtraError("numpy", "learn")]
    made.append(InputError("bad", [Problem("a", "b", "c", zh_what="乙", zh_remedy="丙")], zh="有误"))
    for one in made:
        for again in (pickle.loads(pickle.dumps(one)), copy.copy(one)):  # noqa: S301 (made here)
            assert type(again) is type(one)
            assert (str(again), again.said("zh"), again.args) == (str(one), one.said("zh"), one.args)
            assert [str(each) for each in getattr(again, "problems", ())] == [
                str(each) for each in getattr(one, "problems", ())
            ]


def test_builtins_keep_their_ways() -> None:
    """OSError takes two arguments for an errno and a text, and ImportError reads a name; neither may happen here."""
    with pytest.raises(OSError, match=r"^bad$") as caught:
        raise DataError("bad", zh="有误")
    assert (caught.value.errno, caught.value.strerror) == (None, None)
    with pytest.raises(ImportError, match="pip install"):
        raise MissingExtraError("numpy", "learn")
    assert MissingExtraError("numpy", "learn").said("zh") == "未安装 numpy；请运行：pip install 'suwen[learn]'"


def test_problems_are_told_in_the_language_of_the_reader() -> None:
    both = Problem("sbp", "not a number", "write one", zh_what="不是数字", zh_remedy="请填写", zh_where="收缩压")
    one = Problem("ldl", "unknown")
    assert (both.said("zh"), one.said("zh")) == ("收缩压：不是数字（请填写）", "ldl: unknown")
    assert both == Problem("sbp", "not a number", "write one")  # the Chinese says the same again
    error = InputError("bad", [both, one], zh="有误")
    assert str(error) == "bad\n  - sbp: not a number (write one)\n  - ldl: unknown"
    assert error.said("zh") == "有误\n  - 收缩压：不是数字（请填写）\n  - ldl: unknown"
    assert InputError("bad", [both]).said("zh") == "bad\n  - 收缩压：不是数字（请填写）"
    assert InputError("bad", [one]).said("zh") == str(InputError("bad", [one]))


@pytest.mark.parametrize("act", list(Act))
@pytest.mark.parametrize("kind", list(ResourceKind))
def test_a_refusal_names_act_purpose_and_what_would_help(act: Act, kind: ResourceKind) -> None:
    for purpose in Purpose:
        plain = refused(act, Resource(kind), purpose, ())
        assert str(plain).startswith(f"you may not {act.value} ({kind.value}) for the purpose {purpose.value}: ")
        assert not re.search(r"[A-Za-z]", plain.said("zh"))
        why = "A cohort serves research and nothing else. 队列仅用于科研"
        assert refused(act, Resource(kind), purpose, [why, ""]).said("zh").endswith("：队列仅用于科研")


# The walk


def within(path: str, rooms: Any) -> bool:
    return any(path == room or path.startswith(f"{room}/") or Path(path).match(room) for room in rooms)


def lacking(source: str) -> Counter[str]:
    """How often each kind of error is made without its Chinese."""
    names = {kind.__name__ for kind in PLAIN} | {"Problem", "HTTPException"}
    found: Counter[str] = Counter()
    for call in ast.walk(ast.parse(source)):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in names:
            given = {word.arg: word.value for word in call.keywords}
            said = given.get("zh_what" if call.func.id == "Problem" else "zh")
            texts = [one.value for one in ast.walk(said) if isinstance(one, ast.Constant)] if said else []
            is_text = isinstance(said, ast.Constant | ast.JoinedStr)
            if said is None or (is_text and not any(CHINESE.search(str(one)) for one in texts)):
                found[call.func.id] += 1
    return found


def test_no_page_meets_an_error_in_english_alone() -> None:
    found = {
        (path, kind, count)
        for file in sorted(PACKAGE.rglob("*.py"))
        if within(path := file.relative_to(PACKAGE).as_posix(), ROOMS) and not within(path, BESIDE)
        for kind, count in lacking(file.read_text("utf-8")).items()
    }
    new, mended = found - set(ALLOWED), set(ALLOWED) - found
    assert not new, f"give these their Chinese (zh=..., or zh_what= of a Problem): {sorted(new)}"
    assert not mended, f"these are in Chinese by now, or fewer; take them off the list: {sorted(mended)}"


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ('raise InputError("bad")', 1),
        ('raise InputError("bad", zh="bad")', 1),
        ('raise InputError("bad", zh="有误")', 0),
        ('raise InputError(f"bad {one}", zh=f"{one}有误")', 0),
        ("raise InputError(said.en, zh=said.zh)", 0),
        ('Problem("a", "b", "c")', 1),
        ('Problem("a", "b", zh_what="乙")', 0),
        ('raise HTTPException(400, "bad")', 1),
        ('raise MissingExtraError("numpy", "learn")', 0),
        ('raise ValueError("bad")', 0),
    ],
)
def test_the_walk_sees_what_it_looks_for(source: str, count: int) -> None:
    assert lacking(source).total() == count


def test_every_room_of_the_walk_is_there() -> None:
    for room in (*ROOMS, *BESIDE):
        assert list(PACKAGE.glob(room)), room
