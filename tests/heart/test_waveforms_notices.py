"""Every remark about a waveform exists in English and Chinese and is found again from its text."""

from __future__ import annotations

import re

import numpy as np
import pytest

from suwen.errors import InputError, NotFoundError, Problem
from suwen.formats.waveforms import notice_in, notice_key, notice_text
from suwen.formats.waveforms.notice_strings import NOTICES
from suwen.formats.waveforms.notices import notice
from suwen.formats.waveforms.nouns import Recording


@pytest.mark.parametrize("key", sorted(NOTICES))
def test_a_remark_is_found_again_and_said_in_chinese(key: str) -> None:
    words = NOTICES[key]
    names = re.findall(r"\{(\w+)\}", words["en"])
    assert sorted(set(names)) == sorted(set(re.findall(r"\{(\w+)\}", words["zh"])))
    assert ("en_remedy" in words) == ("zh_remedy" in words)
    made = notice(key, where="V1", **{name: f"7{at}" for at, name in enumerate(dict.fromkeys(names))})
    assert notice_key(made) == key
    said = notice_text(made, "zh")
    assert said.startswith("V1：")
    assert all(f"7{at}" in said for at in range(len(set(names))))
    assert re.search("[\u4e00-\u9fff]", said)
    assert notice_in(made, "en") is made


def test_other_problems_stay_as_they_are() -> None:
    other = Problem("x", "something else")
    assert notice_key(other) == ""
    assert notice_in(other, "zh") is other


def test_a_recording_keeps_its_own_rules() -> None:
    samples = np.zeros((2, 5), np.float32)
    found = Recording("a", ("I", "II"), 2.0, samples)
    assert found.seconds == 2.5
    assert found.lead("II").shape == (5,)
    assert not found.samples.flags.writeable
    with pytest.raises(NotFoundError, match="V9"):
        found.lead("V9")
    for leads, rate, values in (
        (("I",), 2.0, samples), (("I", "I"), 2.0, samples), (("I", "II"), 0.0, samples),
        (("I", "II"), float("nan"), samples), (("I", "II"), 2.0, samples.astype(np.float64)),
    ):  # fmt: skip
        with pytest.raises(InputError):
            Recording("a", leads, rate, values)
