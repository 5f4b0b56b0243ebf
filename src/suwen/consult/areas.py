"""The areas of a consult: a visible table of what looks at a patient, each given only what it needs.

A further field of medicine is one function that makes an `Area`, and a line in `default_areas`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from suwen.consult import projections
from suwen.consult.areas_ecg import ecg_area
from suwen.consult.areas_heart import heart_area
from suwen.consult.nouns import Area, Filing, Status, Weighed
from suwen.errors import DataError
from suwen.finding import Finding
from suwen.subject import Feature, Patient

if TYPE_CHECKING:
    from suwen.diagnosis import Chronicle, Engine
    from suwen.diagnosis.features import Features
    from suwen.knowledge import Ontology
    from suwen.language.corrections import Correction
    from suwen.language.reader import Reader

__all__ = ["consistency_area", "default_areas", "differential_area"]

_RULES = "1"  # raised whenever these functions answer otherwise for the same noun
_LANGUAGES = ("en", "zh")
_NAMED = 30  # codes that a remark names
_LEAST = 0.01  # chance from which on a disease is filed
_ISSUE = 1  # urgency: a record that contradicts itself should be put right soon
_SETTINGS = MappingProxyType(
    {
        "common": {"en": "general practice", "zh": "一般门诊"},
        "rare": {"en": "a clinic for rare diseases", "zh": "罕见病门诊"},
    }
)


def default_areas(
    engine: Engine | None,
    *,
    setting: str = "common",
    top: int = 10,
    least: float = _LEAST,
    reader: Reader | None = None,
) -> tuple[Area, ...]:
    """Every area there is. Without an `engine` the differential is reported as unavailable, the others answer.

    `setting`, `top` and `least` are those of the differential; with a `reader` the texts of the record are read too.
    Raises InputError for an unknown setting.
    """
    return (
        differential_area(engine, setting=setting, top=top, least=least, reader=reader),
        consistency_area(reader),
        heart_area(),
        ecg_area(),
    )


def differential_area(
    engine: Engine | None,
    *,
    setting: str = "common",
    top: int = 10,
    least: float = _LEAST,
    reader: Reader | None = None,
) -> Area:
    """Rare diseases that may explain the patient's features: the `top` most probable, and none of these.

    A disease of a chance below `least` is not filed. With a `reader`, texts are read beside what is coded.
    """
    from suwen.diagnosis import Prior  # noqa: PLC0415 - numpy comes with it
    from suwen.diagnosis.model import load_model  # noqa: PLC0415

    prior, model = Prior(setting=setting), load_model()
    library = engine.library.digest[:16] if engine and engine.library else "none"
    knowledge = engine.knowledge.digest[:16] if engine else "none"
    filed = f"{setting}; top {top}; from {least:g}; {reader.version if reader else 'coded only'}"
    version = f"{model.name} {model.version}; knowledge {knowledge}; cases {library}; {filed}; {_RULES}"
    return Area(
        name="differential",
        title={"en": "Rare disease differential", "zh": "罕见病鉴别诊断"},
        kinds=projections.PATIENT_KINDS | (projections.TEXT_KINDS if reader else frozenset()),
        version=version,
        prepare=partial(projections.features, reader=reader),
        weigh=partial(_differential, engine, prior.setting, top, least, reader is not None),
        missing={} if engine else {"en": "no knowledge of diseases is installed", "zh": "未安装疾病知识库"},
        corrected=_corrected(reader, partial(differential_area, engine, setting=setting, top=top, least=least)),
    )


def consistency_area(reader: Reader | None = None) -> Area:
    """The chart held against itself: what cannot be so, or was written twice; with a `reader` its texts as well."""
    from suwen.diagnosis.consistency import VERSION  # noqa: PLC0415

    return Area(
        name="consistency",
        title={"en": "Consistency of the record", "zh": "记录一致性"},
        kinds=projections.CHRONICLE_KINDS | (projections.TEXT_KINDS if reader else frozenset()),
        version=f"suwen-consistency {VERSION}; {_RULES}; {reader.version if reader else 'coded only'}",
        prepare=partial(projections.chronicle, reader=reader),
        weigh=_consistency,
        corrected=_corrected(reader, consistency_area),
    )


def _corrected(reader: Reader | None, area: Callable[..., Area]) -> Callable[[Sequence[Correction]], Area] | None:
    """How an area that reads texts is made anew with corrections."""
    return (lambda corrections: area(reader=reader.corrected_by(corrections))) if reader is not None else None


def _consistency(chronicle: Chronicle) -> Weighed:
    from suwen.diagnosis.consistency import LIMITS, inconsistencies  # noqa: PLC0415

    if not chronicle.events:
        reason = {"en": "the record holds nothing with a date", "zh": "记录中没有带日期的资料"}
        return Weighed(status=Status.NOTHING, reason=reason, limits=LIMITS)
    answers = (inconsistencies(chronicle, lang=lang) for lang in _LANGUAGES)
    return Weighed(_filings(answers, urgency=_ISSUE), limits=LIMITS)


def _differential(
    engine: Engine | None, setting: str, top: int, least: float, texts: bool, patient: Patient
) -> Weighed:
    from suwen.diagnosis import Explainer, Prior, assess  # noqa: PLC0415
    from suwen.diagnosis.features import resolve  # noqa: PLC0415

    if engine is None:
        raise DataError(
            "no knowledge of diseases is installed; run: suwen data fetch",
            zh="未安装疾病知识库；请运行：suwen data fetch",
        )
    ontology, limits = engine.knowledge.ontology, _limits(setting, least, texts=texts)
    features = resolve(patient, ontology, lenient=True)
    said, unusable = _remarks(patient, features, ontology)
    remarks, others = said["en"], {lang: said[lang] for lang in _LANGUAGES[1:]}
    left_out = {projections.NO_TERM: unusable} if unusable else {}
    if not features.observed and not features.excluded:
        reason = {
            "en": "the record holds no coded feature that the differential knows",
            "zh": "记录中没有鉴别诊断可用的编码表型",
        }
        return Weighed((), (), limits, remarks, others, left_out, Status.NOTHING, reason)
    assessment = assess(patient, knowledge=engine, prior=Prior(setting=setting), lenient=True)
    answers = ([one for one in Explainer(assessment, lang).findings(top) if _counts(one, least)] for lang in _LANGUAGES)
    return Weighed(_filings(answers), _sources(engine), limits, remarks, others, left_out)


def _counts(finding: Finding, least: float) -> bool:
    """Whether a disease is probable enough to be filed; ten of a thousandth each would bury what matters."""
    from suwen.diagnosis import NONE_OF_THESE  # noqa: PLC0415

    chance = finding.chance.value
    return finding.code.value == NONE_OF_THESE or chance is None or chance >= least


def _filings(answers: Iterator[Sequence[Finding]], *, urgency: int = 0) -> tuple[Filing, ...]:
    """The same findings in each of the languages, English first, as things to be filed."""
    return tuple(
        Filing(first, dict(zip(_LANGUAGES[1:], others, strict=True)), urgency)
        for first, *others in zip(*answers, strict=True)
    )


def _sources(engine: Engine) -> tuple[str, ...]:
    named = [f"{name} {release}" for name, release in sorted(engine.knowledge.sources.items())]
    cases = [f"{len(engine.library)} solved cases ({engine.library.digest[:16]})"] if engine.library else []
    return (*named, *cases)


def _remarks(patient: Patient, features: Features, ontology: Ontology) -> tuple[Mapping[str, tuple[str, ...]], int]:
    """What became of the patient's codes, by language, and how many of them could not be used."""
    from suwen.diagnosis.features import resolve  # noqa: PLC0415

    said: dict[str, list[str]] = {lang: [] for lang in _LANGUAGES}
    unusable = []
    for one in patient.features:
        alone = resolve(Patient("", (one,)), ontology, lenient=True)
        terms = alone.observed or alone.excluded
        if not terms:
            unusable.append(one.code.value)
        elif ontology.ids[terms[0]] != one.code.value:
            _say(said, "read", code=one.code.value, term=terms[0], ontology=ontology)
    for term, implied in _contradictions(features, patient.features, ontology):
        _say(said, "contradiction", code=ontology.ids[implied], term=term, ontology=ontology)
    if unusable:
        named = ", ".join(unusable[:_NAMED]) + (f" (+{len(unusable) - _NAMED})" if len(unusable) > _NAMED else "")
        for lang in _LANGUAGES:
            said[lang].append(_REMARKS["unusable"][lang].format(codes=named))
    return {lang: tuple(dict.fromkeys(lines)) for lang, lines in said.items()}, len(unusable)


def _contradictions(features: Features, stated: Sequence[Feature], ontology: Ontology) -> Iterator[tuple[int, int]]:
    """Present terms with what they imply and is said to be absent."""
    from suwen.diagnosis.features import resolve  # noqa: PLC0415

    denied = resolve(Patient("", tuple(one for one in stated if one.excluded)), ontology, lenient=True).excluded
    for term in features.observed:
        yield from ((term, int(implied)) for implied in ontology.ancestors(term) if int(implied) in denied)


def _say(said: Mapping[str, list[str]], key: str, *, code: str, term: int, ontology: Ontology) -> None:
    for lang, lines in said.items():
        shown = f"{ontology.ids[term]} {ontology.label(term, lang)}"
        lines.append(_REMARKS[key][lang].format(code=code, term=shown))


def _limits(setting: str, least: float, *, texts: bool) -> Mapping[str, tuple[str, ...]]:
    share = f"{100 * least:g}"
    seen = {lang: (_SEEN[texts][lang], *_LIMITS[lang]) for lang in _LANGUAGES}
    said = _SETTINGS[setting]
    return {lang: tuple(one.format(setting=said[lang], least=share) for one in seen[lang]) for lang in _LANGUAGES}


_REMARKS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "read": {"en": "{code} was read as {term}", "zh": "{code} 按 {term} 理解"},
        "contradiction": {
            "en": "{term} is present, but {code}, which it implies, is said to be absent",
            "zh": "记有 {term}，却又记为无其所蕴含的 {code}",
        },
        "unusable": {
            "en": "Codes without a usable phenotype term: {codes}",
            "zh": "无可用表型术语的编码：{codes}",
        },
    }
)
_SEEN: Mapping[bool, Mapping[str, str]] = MappingProxyType(
    {
        False: {
            "en": "Only coded features, sex and age are weighed: no free text, image, laboratory value, family history "
            "or genetic result.",
            "zh": "仅权衡已编码的表型、性别与年龄，不含自由文本、影像、检验数值、家族史或基因结果。",
        },
        True: {
            "en": "Coded features, what rules read in the texts, sex and age are weighed: no image, coded laboratory "
            "value, family history or genetic result. Reading misses things and misreads some; look at the words.",
            "zh": "权衡已编码的表型、由规则从文本中读出的内容、性别与年龄，不含影像、编码的检验数值、家族史或基因结果。"
            "文本解读可能有遗漏或误读，请核对原文。",
        },
    }
)
_LIMITS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "en": (
            "Probabilities were calibrated on published solved cases of rare diseases and are set for {setting}; "
            "common diseases are covered by “none of these” alone.",
            "Diseases less probable than {least} % are not filed; the differential itself lists them.",
            "A differential is no diagnosis; a physician confirms, amends or rejects each finding.",
        ),
        "zh": (
            "概率以已发表的罕见病确诊病例校准，并按{setting}设定；常见病仅由“以上均不是”涵盖。",
            "概率低于 {least}% 的疾病不予归档，可在鉴别诊断中查看。",
            "鉴别诊断不等于诊断；每项所见须由医师确认、修正或否定。",
        ),
    }
)
