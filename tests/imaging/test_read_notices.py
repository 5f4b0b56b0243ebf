"""Every remark of the readers can be told apart, has its values found again, and exists in English and Chinese."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from suwen.errors import FormatError, Problem
from suwen.formats.images import notice_in, notice_key, notice_text
from suwen.formats.images.notice_strings import NOTICES, REASONS
from suwen.formats.images.notices import notice, reason, unreadable


def _values(text: str) -> dict[str, str | float]:
    return dict.fromkeys(re.findall(r"\{(\w+)\}", text), 7.25)


@pytest.mark.parametrize("key", sorted(NOTICES))
def test_a_remark_is_found_again_and_said_in_chinese(key: str) -> None:
    words = NOTICES[key]
    said = notice(key, where="a.dcm", **_values(words["en"]))
    assert notice_key(said) == key
    assert re.match(r"[a-z0-9A-Z ]+: ", said.what), "a fixed name and a colon"
    chinese = notice_text(said, "zh")
    assert chinese.startswith("a.dcm：")
    assert re.search(r"[\u4e00-\u9fff]", chinese)
    assert chinese.count("7.25") == said.what.count("7.25")
    assert ("en_remedy" in words) == ("zh_remedy" in words)
    assert notice_in(said, "en") is said


@pytest.mark.parametrize("key", sorted(REASONS))
def test_a_reason_inside_a_remark_is_chinese_too(key: str) -> None:
    said = unreadable("a.dcm", FormatError(reason(key, **_values(REASONS[key]["en"]))))
    expected = REASONS[key]["zh"].format(**dict.fromkeys(_values(REASONS[key]["en"]), "7.25"))
    assert notice_in(said, "zh").what == f"未能读取：{expected}"


def test_both_languages_name_the_same_values() -> None:
    for table in (NOTICES, REASONS):
        for key, words in table.items():
            assert set(_values(words["en"])) == set(_values(words["zh"])), key


def test_a_problem_from_elsewhere_stays_as_it_is() -> None:
    other = Problem("x", "something else")
    assert notice_key(other) == ""
    assert notice_text(other, "zh") == "x：something else"


def test_the_room_loads_no_reader_of_pictures_by_itself() -> None:
    code = (
        "import suwen.formats.images, sys; "
        "print([one for one in ('pydicom', 'nibabel', 'PIL', 'gdcm', 'highdicom', 'SimpleITK') if one in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "[]"
