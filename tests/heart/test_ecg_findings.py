"""Proves that signs become findings with places, figures and a weight that is what was counted, in both languages."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from ecg_maker import RATE
from ecg_maker import made as twelve

from suwen.diagnosis.rhythm.findings import figures_text, finding_of, findings, record_text, stretches, territory
from suwen.diagnosis.rhythm.labels import LABELLED, LABELS, RECORDINGS, labelled
from suwen.diagnosis.rhythm.meanings import MEANINGS
from suwen.diagnosis.rhythm.measured import Counted, chance_of, counted, ratio_of
from suwen.diagnosis.rhythm.nouns import Place, Sign
from suwen.diagnosis.rhythm.rhythm import read_rhythm
from suwen.diagnosis.rhythm.synthetic import LEADS, synthetic_ecg
from suwen.diagnosis.rhythm.vocabulary import FIGURES, GROUPS, SIGNS
from suwen.finding import Bearing
from suwen.subject import Kind, Measurement, Reference, Saying, Stretch

MADE = Saying("made", "自制")
PATIENT = Reference(Kind.PATIENT, "p")


@pytest.mark.parametrize("rhythm", ["sinus", "af", "pvc", "rbbb"])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_sign_of_a_trace_is_a_finding_with_evidence(rhythm: str, lang: str) -> None:
    trace = synthetic_ecg(np.random.default_rng(5), seconds=20, rhythm=rhythm)
    reading = read_rhythm(trace.values, trace.rate, LEADS, method="rules")
    made = findings(reading, lang, subject="p", signal="s")
    assert [one.code.label for one in made] == [sign.said(lang) for sign in reading.signs]
    assert [one.code.value for one in made] == [SIGNS[sign.key].code for sign in reading.signs]
    assert made == findings(reading, lang, subject="p", signal="s")
    for one in made:
        assert all(math.isfinite(each.weight) and each.sentence.strip() for each in one.evidence)
        assert all(each.seen.signal == "s" for each in one.evidence if isinstance(each.seen, Stretch))


def test_the_weight_is_the_likelihood_ratio_of_the_counts() -> None:
    """By hand: 9 of 10 and 1 of 20, half a trace added: (9.5 / 11) / (1.5 / 21) = 12.09."""
    ratio = ratio_of(Counted(9, 10, 1, 20, MADE))
    assert ratio is not None
    assert ratio.value == pytest.approx(12.0909, abs=1e-4)
    assert ratio.low < ratio.value < ratio.high
    assert ratio.low * ratio.high == pytest.approx(ratio.value**2)
    assert ratio_of(Counted(0, 0, 0, 24, MADE)) is None
    assert ratio_of(Counted(3, 24, 0, 0, MADE)) is None


def test_more_traces_narrow_the_interval_and_more_errors_lower_the_ratio() -> None:
    few, many, worse = (ratio_of(Counted(*row, MADE)) for row in ((9, 10, 1, 20), (90, 100, 10, 200), (9, 10, 8, 20)))
    assert few is not None
    assert many is not None
    assert worse is not None
    assert many.high / many.low < few.high / few.low
    assert worse.value < few.value


def test_the_chance_is_bayes_upon_how_common_the_label_is() -> None:
    ratio = ratio_of(Counted(9, 10, 1, 20, MADE))
    assert ratio is not None
    found = chance_of("af", ratio)
    assert found is not None
    share = LABELLED["af"] / RECORDINGS
    assert found[0] == pytest.approx(share * ratio.value / (share * ratio.value + 1 - share))
    assert found[1] < found[0] < found[2]
    assert chance_of("pause", ratio) is None


def test_the_chance_of_a_sign_stays_unknown_and_says_why() -> None:
    said = finding_of(Sign("sinus_tachycardia", {"rate": 104.0}, (), "rule"), "en", subject=PATIENT).chance
    assert said.value is None
    assert "which is not known here" in said.calibration
    assert "where 2.8% have it" in said.calibration  # 2,454 of 88,253


def test_what_was_not_measured_has_neither_weight_nor_chance() -> None:
    key = next(key for key in SIGNS if key not in LABELS)
    one = finding_of(Sign(key), "en", subject=PATIENT)
    assert one.chance.value is None
    assert one.evidence[0].weight == 0
    assert one.evidence[0].bearing is Bearing.NEUTRAL
    assert "not measured" in one.evidence[0].sentence


def test_places_of_one_time_are_one_stretch_and_what_is_too_many_is_counted() -> None:
    pair = (Place(1.0, 1.2, "V1"), Place(1.0, 1.2, "V2"), Place(0.2, 0.4))
    assert stretches(pair, "s") == (Stretch("s", 0.2, 0.4), Stretch("s", 1.0, 1.2, ("V1", "V2")))
    many = Sign("pvc", {"count": 9.0}, tuple(Place(at, at + 0.1) for at in range(9)), "rule")
    said = finding_of(many, "en", subject=PATIENT).evidence
    assert sum(isinstance(one.seen, Stretch) for one in said) == 7
    assert "3 more places" in said[-1].sentence


@pytest.mark.parametrize(("lang", "wall", "side"), [("en", "inferior", "high lateral"), ("zh", "下壁", "高侧壁")])
def test_the_sentence_tells_figures_rule_and_territory_in_one_language(lang: str, wall: str, side: str) -> None:
    """Proves that what a reader needs is in the first piece of evidence, and that the source is the same for all."""
    reading = read_rhythm(twelve({"II": {"j": 0.2}, "I": {"j": -0.08}}), RATE, LEADS, method="rules", age=60.0)
    for key, part in (("st_elevation", wall), ("st_depression", side)):
        sign = reading.sign(key)
        assert sign is not None
        first = finding_of(sign, lang, subject=PATIENT).evidence[0]
        assert part in first.sentence
        assert sign.rule.said(lang)[1:] in first.sentence
        assert figures_text(sign.figures, lang)[1:] in first.sentence
        assert record_text(sign, lang) in first.sentence
        assert first.source.startswith(sign.source)
        assert bool(re.search(r"[\u4e00-\u9fff]", first.sentence)) is (lang == "zh")
    mirrored = reading.sign("st_depression")
    assert mirrored is not None
    assert mirrored.detail[0].said(lang)[1:] in finding_of(mirrored, lang, subject=PATIENT).evidence[0].sentence


def test_exchanged_electrodes_are_named() -> None:
    """Proves that the likely exchange is told, of limbs and of the chest, in both languages."""
    values = twelve()
    arms = values[[0, 2, 1, 4, 3, *range(5, 12)]] * np.array([-1.0] + [1.0] * 11)[:, None]
    chest = values[[0, 1, 2, 3, 4, 5, 6, 9, 8, 7, 10, 11]]
    for trace, key, en, zh in (
        (arms, "reversed_leads", "right and left arm exchanged", "左、右上肢电极接反"),
        (chest, "chest_order", "V2 and V4 exchanged", "V2 与 V4 电极接反"),
    ):
        sign = read_rhythm(trace, RATE, LEADS, method="rules").sign(key)
        assert sign is not None
        assert sign.detail == (Saying(en, zh),)
        for lang, said in (("en", en), ("zh", zh)):
            assert said[1:] in finding_of(sign, lang, subject=PATIENT).evidence[0].sentence


def test_only_signs_of_st_q_and_t_have_a_territory() -> None:
    where = (Place(0, 1, "V3"), Place(0, 1, "V4"))
    assert [one.en for one in territory(Sign("q_waves", {}, where))] == ["anterior"]
    assert territory(Sign("rbbb", {}, where)) == ()
    assert territory(Sign("st_elevation", {}, (Place(0, 1),))) == ()


def test_figures_are_told_with_name_and_unit() -> None:
    assert figures_text({"pr": 214.4, "elevation": 0.153}, "en") == "PR interval 214 ms, highest ST at J 0.15 mV"
    assert figures_text({"pr": 214.4}, "zh") == "PR 间期 214 ms"
    assert figures_text({"rate": 71.6, "axis": -31.2}, "zh") == "心室率 72 次/分，额面电轴 −31°"
    first = finding_of(Sign("first_degree", {"pr": 214.0}, (), "rule"), "en", subject=PATIENT).evidence[0]
    assert isinstance(first.seen, Measurement)
    assert (first.seen.value, first.seen.unit) == (214.0, "ms")


def test_tables_agree_with_each_other() -> None:
    assert set(LABELS) == set(LABELLED)
    assert set(LABELS) | set(MEANINGS) | set(counted()) <= set(SIGNS)
    assert set(counted()) == set(LABELS)
    assert all(kind.name.en and kind.name.zh and kind.group in GROUPS for kind in SIGNS.values())
    assert all(kind.name.en and kind.name.zh for kind in FIGURES.values())
    assert len({kind.code for kind in SIGNS.values()}) == len(SIGNS)
    assert labelled(["426783006", "1"]) == {"sinus"}
    codes = [code for same in LABELS.values() for code in same]
    assert len(codes) - len(set(codes)) <= 1  # fibrillation and flutter in one
