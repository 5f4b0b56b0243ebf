"""That times, severity and side are read as written, and are given to the mention they belong to."""

from __future__ import annotations

from itertools import pairwise

import pytest

from suwen.language.attributes import Attributes, attributes
from suwen.language.when import times

MILD, MODERATE, SEVERE, PROFOUND = "HP:0012825", "HP:0012826", "HP:0012828", "HP:0012829"
BILATERAL, UNILATERAL, RIGHT, LEFT = "HP:0012832", "HP:0012833", "HP:0012834", "HP:0012835"


def of(marked: str) -> Attributes:
    start, end = marked.index("["), marked.index("]") - 1
    return attributes(marked.replace("[", "").replace("]", ""), (start, end), "")


@pytest.mark.parametrize(
    ("marked", "text", "days"),
    [
        ("[发热]3天", "3天", 3),
        ("近2月[烦躁]", "近2月", 60.875),
        ("半年前[抽搐]", "半年前", 182.625),
        ("[抽搐]1年半", "1年半", 547.875),
        ("十余年前[蛋白尿]", "十余年前", 3652.5),
        ("[头痛]2小时", "2小时", 0.0833),
        ("3天前受凉，出现发热，伴[咳嗽]", "3天前", 3),
        ("患者，36岁，[发热]1周余", "1周余", 7),
        ("数天前[头痛]", "数天前", None),
        ("昨日[腹痛]", "昨日", 1),
        ("[Fever] for 3 days", "for 3 days", 3),
        ("3-day history of [cough]", "3-day history", 3),
        ("[cough] x 3d", "x 3d", 3),
        ("Three days ago, he developed fever and [cough]", "Three days ago", 3),
        ("[fever] for the past 2 weeks", "for the past 2 weeks", 14),
        ("[pain] for several months", "for several months", None),
        ("[rash] last week", "last week", 7),
    ],
)
def test_durations_are_told_in_days(marked: str, text: str, days: float | None) -> None:
    when = of(marked).when
    assert when is not None
    assert (when.text, when.duration_days, when.age_years, when.date) == (text, days, None, "")


@pytest.mark.parametrize(
    ("marked", "years"),
    [
        ("6岁起病，[抽搐]", 6),
        ("6岁半时[抽搐]", 6.5),
        ("生后3月[抽搐]", 0.25),
        ("6月龄时[抽搐]", 0.5),
        ("出生后即[喂养困难]", 0),
        ("[seizures] since age 6", 6),
        ("[ataxia] at 2 years of age", 2),
        ("[tremor], onset at age six, at 18 months", None),
        ("at 18 months he had [seizures]", 1.5),
        ("[hypotonia] at birth", 0),
    ],
)
def test_ages_are_told_in_years(marked: str, years: float | None) -> None:
    when = of(marked).when
    assert (when.age_years if when else None) == years


@pytest.mark.parametrize(
    ("marked", "date"),
    [
        ("2019年3月起[头痛]", "2019-03"),
        ("2019年3月5日[头痛]", "2019-03-05"),
        ("2019-03-05[头痛]", "2019-03-05"),
        ("2019年[头痛]", "2019"),
        ("3月5日[头痛]", ""),
        ("[stroke] in March 2019", "2019-03"),
        ("[stroke] on March 5, 2019", "2019-03-05"),
        ("[seizures] since 2015", "2015"),
    ],
)
def test_dates_are_as_precise_as_written(marked: str, date: str) -> None:
    when = of(marked).when
    assert when is not None
    assert (when.date, when.duration_days, when.age_years) == (date, None, None)


@pytest.mark.parametrize(
    "marked", ["患者，36岁，[发热]", "A 7-year-old boy with [seizures]", "severe and [mild] ataxia"]
)
def test_the_age_of_the_patient_is_no_time(marked: str) -> None:
    assert of(marked).when is None


@pytest.mark.parametrize(
    ("marked", "severity", "side"),
    [
        ("双下肢重度[无力]", SEVERE, BILATERAL),
        ("左侧轻度[听力下降]，右侧正常", MILD, LEFT),
        ("[智力障碍](极重度)", PROFOUND, ""),
        ("轻中度[贫血]", MODERATE, ""),
        ("中重度[贫血]", SEVERE, ""),
        ("[头痛]3天左右", "", ""),
        ("无明显[水肿]", "", ""),
        ("右侧[面瘫]及左侧肢体麻木", "", RIGHT),
        ("severe intellectual disability and mild [ataxia]", MILD, ""),
        ("severe [intellectual disability] and mild ataxia", SEVERE, ""),
        ("mild-to-moderate [ptosis] on the right", MODERATE, RIGHT),
        ("profound [deafness] in both ears", PROFOUND, BILATERAL),
        ("[ataxia] and severe headache", "", ""),
        ("右侧面瘫、[头痛]", "", ""),
        ("unilateral [cataract]", "", UNILATERAL),
        ("left ventricular [hypertrophy]", "", ""),
        ("he left the ward with [fever]", "", ""),
        ("[severe fever], mild cough", SEVERE, ""),
    ],
)
def test_severity_and_side_are_those_nearest_in_the_clause(marked: str, severity: str, side: str) -> None:
    found = of(marked)
    assert (found.severity.value if found.severity else "") == severity
    assert (found.laterality.value if found.laterality else "") == side


def test_times_do_not_overlap() -> None:
    text = "2019年3月5日6岁时抽搐3天，for the past 2 weeks since age 6 in March 2019"
    found = sorted(one[:2] for one in times(text))
    assert len(found) == 6
    assert all(first[1] <= second[0] for first, second in pairwise(found))
