"""From the features a patient was given to term numbers: replaced, mapped, checked; every problem reported at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from suwen.errors import Problem, TermError
from suwen.knowledge import Ontology
from suwen.knowledge.ontology import fold
from suwen.subject import Feature, Patient, Saying, Span

__all__ = ["Features", "closure", "leaves", "resolve"]


@dataclass(frozen=True, slots=True)
class Features:
    """Term numbers of what is present and what is excluded, ascending and distinct, and remarks on what was replaced.

    Every present term counts as evidence. `leaves` are those that no other present term implies; they are what is
    compared and shown between two patients. `spans` holds, for terms that a note said in its own words, the first of
    them, by whether the term is excluded and its number.
    """

    observed: tuple[int, ...]
    excluded: tuple[int, ...]
    leaves: tuple[int, ...]
    notes: tuple[str, ...] = ()
    spans: Mapping[tuple[bool, int], Span] = field(default_factory=dict)


def resolve(patient: Patient, ontology: Ontology, *, lenient: bool = False) -> Features:
    """Resolve and check a patient's features.

    Retired identifiers are replaced, SNOMED CT concepts mapped through the ontology's cross-references, names
    looked up; each change is noted. Unknown identifiers, terms outside the phenotype branch, features both present
    and excluded, and a patient without any feature are problems: all are raised together as one TermError. With
    `lenient`, features that have a problem are left out and noted instead.
    """
    found: dict[bool, dict[int, str]] = {False: {}, True: {}}
    problems, notes, spans = list[Problem](), list[str](), dict[tuple[bool, int], Span]()
    for position, feature in enumerate(patient.features):
        where = feature.where or f"features[{position}]"
        term, remark = _term(feature, ontology)
        if isinstance(remark, Problem):
            problems.append(replace(remark, where=where))
            continue
        if remark:
            notes.append(f"{where}: {remark}")
        found[feature.excluded].setdefault(term, where)
        if feature.span is not None:
            spans.setdefault((feature.excluded, term), feature.span)
    problems += _contradictions(found[False], found[True], ontology)
    if not patient.features:
        problems.append(
            Problem(
                "",
                "the case has no phenotypic feature",
                "give at least one, such as HP:0001250",
                zh_what="该病例没有表型特征",
                zh_remedy="请至少给出一项，例如 HP:0001250",
            )
        )
    if problems and not lenient:
        raise TermError(
            f"the case cannot be used: {len(problems)} problem(s)",
            problems,
            zh=f"无法使用该病例：{len(problems)} 处问题",
        )
    notes += [str(problem) for problem in problems]
    observed = tuple(sorted(found[False]))
    excluded = tuple(sorted(set(found[True]) - set(observed)))
    return Features(observed, excluded, leaves(observed, ontology), tuple(notes), spans)


def leaves(terms: Iterable[int], ontology: Ontology) -> tuple[int, ...]:
    """Terms that are not an ancestor of another of them, ascending."""
    chosen = sorted(set(terms))
    implied = {int(a) for term in chosen for a in ontology.ancestors(term) if a != term}
    return tuple(term for term in chosen if term not in implied)


def closure(terms: Iterable[int], ontology: Ontology) -> np.ndarray:
    """All terms that `terms` imply, themselves included, ascending."""
    parts = [ontology.ancestors(term) for term in terms]
    return np.unique(np.concatenate(parts)) if parts else np.empty(0, np.int32)


def _term(feature: Feature, ontology: Ontology) -> tuple[int, str | Problem]:
    """Return (term number, remark), or (-1, what is wrong)."""
    value, remark = feature.code.value, ""
    if value.startswith("SNOMEDCT:"):
        mapped = ontology.snomed.get(value.partition(":")[2])
        if mapped is None:
            return -1, _wrong(
                Saying(f"{value} has no HPO term", f"{value} 没有对应的 HPO 术语"),
                Saying("code the feature with an HPO term", "请用 HPO 术语编码该特征"),
            )
        value, remark = mapped, f"{value} was read as {mapped} {ontology.labels[ontology.number[mapped]]}"
    elif not feature.code.system:
        named = ontology.by_name.get(fold(value))
        if named is None:
            said = Saying(f"no HPO term is called {value!r}", f"没有名为 {value!r} 的 HPO 术语")
            return -1, _wrong(said, _nearest(value, ontology))
        value = named
    if value in ontology.retired:
        replacement = ontology.retired[value]
        if not replacement:
            said = Saying(f"{value} is obsolete without a replacement", f"{value} 已废弃，且没有替代术语")
            return -1, _wrong(said, _consider(value, ontology))
        remark = f"{value} was replaced by {replacement} {ontology.labels[ontology.number[replacement]]}"
        value = replacement
    term = ontology.number.get(value)
    if term is None:
        return -1, _wrong(
            Saying(f"{value} is not in HPO release {ontology.release}", f"HPO {ontology.release} 版中没有 {value}"),
            Saying("check the identifier", "请核对标识符"),
        )
    if not ontology.in_branch(term):
        label = ontology.labels[term]
        return -1, _wrong(
            Saying(f"{value} {label} is not a phenotypic abnormality", f"{value} {label} 不是表型异常"),
            Saying("give features, not modes or modifiers", "请给出特征，而非遗传方式或修饰语"),
        )
    return term, remark


def _wrong(what: Saying, remedy: Saying) -> Problem:
    return Problem("", what.en, remedy.en, zh_what=what.zh, zh_remedy=remedy.zh)


def _contradictions(observed: dict[int, str], excluded: dict[int, str], ontology: Ontology) -> list[Problem]:
    """A feature is contradicted when it, or something it implies, is said to be absent."""
    problems = []
    for term, where in observed.items():
        for implied in (int(a) for a in ontology.ancestors(term) if int(a) in excluded):
            one, other = f"{ontology.ids[term]} {ontology.labels[term]}", ontology.ids[implied]
            same, at = implied == term, excluded[implied]
            but = "it is also excluded" if same else f"{other} which it implies is excluded"
            said = "同时又被否定" if same else f"其所蕴含的 {other} 被否定"
            problems.append(
                Problem(
                    where,
                    f"{one} is present, but {but} ({at})",
                    "keep one of the two",
                    zh_what=f"{one} 为有，但{said}（{at}）",
                    zh_remedy="请只保留其一",
                )
            )
    return problems


def _nearest(name: str, ontology: Ontology) -> Saying:
    near = difflib.get_close_matches(fold(name), ontology.by_name, n=3, cutoff=0.7)
    found = [ontology.by_name[one] for one in near]
    named = ", ".join(f"{one} {ontology.labels[ontology.number[one]]}" for one in dict.fromkeys(found))
    if not named:
        return Saying("give its HPO identifier", "请给出其 HPO 标识符")
    return Saying(f"did you mean {named}?", f"是否指 {named}？")


def _consider(value: str, ontology: Ontology) -> Saying:
    options = ontology.suggested.get(value, ())
    named = ", ".join(f"{one} {ontology.labels[ontology.number[one]]}" for one in options)
    if not named:
        return Saying("choose a current term", "请选用现行术语")
    return Saying(f"consider {named}", f"可考虑 {named}")
