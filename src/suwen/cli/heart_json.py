"""The answer of `suwen heart`, and its inputs and equations, for a program."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from suwen.diagnosis.heart.answer import Answer
from suwen.diagnosis.heart.catalogue import EQUATIONS
from suwen.diagnosis.heart.china_2019 import Stratum, at_its_cuts, lipid_table, stratum_2019
from suwen.diagnosis.heart.estimate import Change
from suwen.diagnosis.heart.factors import FACTORS
from suwen.diagnosis.heart.findings import weights
from suwen.diagnosis.heart.formula import formula_of
from suwen.diagnosis.heart.nouns import Equation, Formula, Risk
from suwen.diagnosis.heart.outcomes import compare, horizon
from suwen.diagnosis.heart.unknowns import unknowns

__all__ = ["answer_json", "inputs_json"]

_FORMAT = 1


def answer_json(answer: Answer, lang: str) -> dict[str, Any]:
    """The whole answer for a program; risks in 0..1, values in the units of the inputs."""
    person = answer.read.person
    return {
        "format": _FORMAT,
        "person": dict(person.values),
        "derived": [one.said(lang) for one in answer.read.derived],
        "risks": [_risk_json(one, answer, lang) for one in answer.risks],
        "not_applicable": [
            {"equation": one.equation, "name": one.name.said(lang), "reasons": [why.said(lang) for why in one.reasons]}
            for one in answer.refused
        ],
        "compared": [
            {
                "outcome": one.name.said(lang),
                "horizon": horizon(EQUATIONS[one.risks[0].equation]).said(lang),
                "equations": [risk.equation for risk in one.risks],
                "agree": one.agree,
            }
            for one in compare(answer.risks)
        ],
        "what_if": [_change_json(one, lang) for one in answer.changes],
        "china": {
            "2019": _stratum_json(stratum_2019(person), lang),
            "lipids": _stratum_json(lipid_table(person), lang),
            "at_the_cuts_of_2019": {
                key: None if band is None else band.said(lang) for key, band in at_its_cuts(answer.risks).items()
            },
        },
    }


def _bare_json(risk: Risk, lang: str) -> dict[str, Any]:
    return {
        "equation": risk.equation,
        "name": EQUATIONS[risk.equation].name.said(lang),
        "outcome": risk.outcome.said(lang),
        "years": risk.years or None,
        "horizon": horizon(EQUATIONS[risk.equation]).said(lang),
        "value": risk.value,
        "low": risk.low,
        "high": risk.high,
        "points": risk.points,
        "band": None if risk.band is None else risk.band.said(lang),
    }


def _risk_json(risk: Risk, answer: Answer, lang: str) -> dict[str, Any]:
    shares = weights(risk, answer.read.person)
    terms = [
        {
            "key": term.key,
            "name": FACTORS[term.key].name.said(lang),
            "value": answer.read.person.values[term.key],
            "share": term.share,
            "log10_odds": shares[term.key],
            "modifiable": FACTORS[term.key].modifiable,
        }
        for term in risk.terms
    ]
    equation = EQUATIONS[risk.equation]
    spans = unknowns(equation, answer.read.person)
    return {
        **_bare_json(risk, lang),
        "terms": terms,
        "formula": _formula_json(formula_of(equation, answer.read.person), lang),
        "missing": list(risk.missing),
        "missing_alone": [{"key": one.key, "low": one.low, "high": one.high} for one in spans],
        "limits": [one.said(lang) for one in risk.limits],
        "population": equation.population.said(lang),
        "unverified": None if equation.unverified is None else equation.unverified.said(lang),
        "notice": None if equation.notice is None else equation.notice.said(lang),
        "source": risk.source,
    }


def _formula_json(formula: Formula | None, lang: str) -> dict[str, Any] | None:
    if formula is None:
        return None
    rows = [
        {"part": one.said.said(lang), "size": one.size, "coefficient": one.coefficient, "product": one.product}
        for one in formula.rows
    ]
    return {"rows": rows, "steps": [one.said(lang) for one in formula.steps]}


def _change_json(change: Change, lang: str) -> dict[str, Any]:
    return {
        "before": _bare_json(change.before, lang),
        "after": _bare_json(change.after, lang),
        "moved": [{"key": one.key, "before": one.before, "after": one.after} for one in change.shifts],
        "followed": [one.said(lang) for one in change.followed],
    }


def _stratum_json(stratum: Stratum, lang: str) -> dict[str, Any]:
    return {
        "band": None if stratum.band is None else stratum.band.said(lang),
        "lifetime": None if stratum.lifetime is None else stratum.lifetime.said(lang),
        "reasons": [one.said(lang) for one in stratum.reasons],
        "path": [
            {"asks": one.asks.said(lang), "answer": None if one.answer is None else one.answer.said(lang)}
            for one in stratum.path
        ],
        "unverified": None if stratum.unverified is None else stratum.unverified.said(lang),
        "source": stratum.source,
    }


def inputs_json(equations: Iterable[Equation], lang: str) -> dict[str, Any]:
    """Inputs and equations for a program."""
    chosen = tuple(equations)
    keys = dict.fromkeys(key for one in chosen for key in (*one.needs, *one.uses, *one.excludes))
    return {
        "format": _FORMAT,
        "inputs": [_input_json(key, lang) for key in keys],
        "equations": [
            {
                "key": one.key,
                "name": one.name.said(lang),
                "outcome": one.outcome.said(lang),
                "years": one.years or None,
                "horizon": horizon(one).said(lang),
                "needs": list(one.needs),
                "uses": list(one.uses),
                "range": {key: list(span) for key, span in one.range.items()},
                "excludes": list(one.excludes),
                "population": one.population.said(lang),
                "unverified": None if one.unverified is None else one.unverified.said(lang),
                "notice": None if one.notice is None else one.notice.said(lang),
                "source": one.source,
            }
            for one in chosen
        ],
    }


def _input_json(key: str, lang: str) -> dict[str, Any]:
    factor = FACTORS[key]
    return {
        "key": key,
        "name": factor.name.said(lang),
        "kind": factor.kind.value,
        "unit": factor.unit,
        "other_units": list(factor.others),
        "low": factor.low,
        "high": factor.high,
        "choices": list(factor.choices),
        "modifiable": factor.modifiable,
    }
