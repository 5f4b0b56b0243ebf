"""Each leaf of a surrogate in a sentence a clinician reads, and one row explained by the leaf it falls into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from suwen.errors import InputError
from suwen.explain.surrogate.conditions import Condition, conditions_words, leaf_conditions
from suwen.explain.surrogate.nouns import Surrogate, require_faithful
from suwen.explain.tables.attribution import as_evidence, attribute_trees
from suwen.explain.tables.chances import checked_rows, log_odds_of
from suwen.explain.tables.columns import LANGUAGES, Column
from suwen.explain.tables.trees import Tree, route, tree_leaves
from suwen.finding import Evidence
from suwen.learn.nouns import Array

__all__ = ["RowReading", "explain_row", "fidelity_words", "leaf_words", "sentence_of"]

_WHERE = {"en": ("If {}", "In all cases"), "zh": ("若{}", "所有情况")}
_SENTENCE = {
    "en": "the network answers {name} in {percent} % of {count} training {cases} (mean chance of {positive} {mean} %)",
    "zh": "{count} 例训练样本中，网络判为“{name}”者占 {percent}%（“{positive}”的平均概率为 {mean}%）",
}
_EMPTY = {
    "en": "no training case; the network's mean chance of {positive} is {mean} % on constructed rows",
    "zh": "没有训练样本；网络对构造样本给出“{positive}”的平均概率为 {mean}%",
}
_FIDELITY = {
    "en": "The tree imitates the network: same decision on {agreement} % of {n} held-out rows ({low} to {high} %), "
    "R² {r2}",
    "zh": "此树模仿网络：在 {n} 个留出样本上，{agreement}% 的判断与网络一致（{low}%–{high}%），R² 为 {r2}",
}


@dataclass(frozen=True, slots=True)
class RowReading:
    """How a faithful tree explains one row: the leaf's sentence, tree's and network's chance, evidence by feature.

    The evidence is exact path-dependent Shapley values of the tree's log odds, so it speaks of the tree, and of the
    network only as far as `fidelity` (a sentence) goes.
    """

    sentence: str
    chance: float
    network: float
    evidence: tuple[Evidence, ...]
    fidelity: str


def leaf_words(surrogate: Surrogate, lang: str = "en") -> tuple[str, ...]:
    """A sentence for each leaf, in the order in which the tree is drawn. Raises InputError below the floor."""
    require_faithful(surrogate)
    ways = leaf_conditions(surrogate.tree)
    return tuple(_leaf(surrogate, leaf, ways[leaf], lang) for leaf in tree_leaves(surrogate.tree))


def explain_row(surrogate: Surrogate, row: Array, *, network: float, lang: str = "en") -> RowReading:
    """Explain one row (features,) for which the network answered probability `network`.

    Raises InputError where the tree is below its floor, or decides this very row otherwise than the network does.
    """
    require_faithful(surrogate)
    one = checked_rows(np.atleast_2d(row), width=len(surrogate.columns), what="the explained row")
    leaf = int(route(surrogate.tree, one)[0])
    chance = surrogate.tree.nodes[leaf].value
    if (chance >= surrogate.threshold) != (network >= surrogate.threshold):
        raise InputError(
            f"the tree decides this row otherwise than the network does (chance {chance:.2f} against {network:.2f}), "
            "so it does not explain it; use attributions of the network itself"
        )
    sentence = _leaf(surrogate, leaf, leaf_conditions(surrogate.tree)[leaf], lang)
    return RowReading(sentence, chance, network, _evidence(surrogate, one[0], lang), fidelity_words(surrogate, lang))


def fidelity_words(surrogate: Surrogate, lang: str = "en") -> str:
    """How faithful the tree is, in one sentence that stands beside every explanation."""
    said = surrogate.fidelity
    shares = (100 * share for share in (said.agreement, said.agreement_low, said.agreement_high))
    agreement, low, high = (f"{share:.1f}" for share in shares)
    return _FIDELITY[_language(lang)].format(agreement=agreement, low=low, high=high, n=said.n, r2=f"{said.r2:.2f}")


def _evidence(surrogate: Surrogate, row: Array, lang: str) -> tuple[Evidence, ...]:
    """Only features on the way of some leaf can have a share; a tree of one leaf has none to show."""
    nodes = tuple(replace(node, value=float(log_odds_of(np.array(node.value)))) for node in surrogate.tree.nodes)
    asked = {node.feature for node in nodes if node.feature >= 0}
    if not asked:
        return ()
    attribution = replace(attribute_trees((Tree(nodes),), row, surrogate.columns), speaker=("tree", "树"))
    source = surrogate.source or fidelity_words(surrogate, "en")
    return tuple(one for one in as_evidence(attribution, source=source, lang=lang, most=len(asked)) if one.weight)


def _leaf(surrogate: Surrogate, place: int, conditions: Sequence[Condition], lang: str) -> str:
    node = surrogate.tree.nodes[place]
    names = (surrogate.name(node.value, _language(lang)), surrogate.name(1.0, lang))
    agreeing = node.positives if node.value >= surrogate.threshold else node.count - node.positives
    return sentence_of(surrogate.columns, conditions, node.value, (agreeing, node.count), names, lang)


def sentence_of(  # what holds, what follows, for how many, and in which words
    columns: Sequence[Column],
    conditions: Sequence[Condition],
    value: float,
    cases: tuple[int, int],
    names: tuple[str, str],
    lang: str,
) -> str:
    """A sentence: `cases` are (of these with the answer `names[0]`, training cases); `names[1]` is the positive answer.

    The mean chance is that of the positive answer.
    """
    agreeing, count = cases
    said = conditions_words(conditions, columns, lang)
    where = _WHERE[lang][0].format(said) if conditions else _WHERE[lang][1]
    joint, mean = "：" if lang == "zh" else ": ", _percent(value)
    if count == 0:
        return where + joint + _EMPTY[lang].format(positive=names[1], mean=mean)
    said = _SENTENCE[lang].format(
        name=names[0],
        percent=_percent(agreeing / count),
        count=count,
        cases="case" if count == 1 else "cases",
        positive=names[1],
        mean=mean,
    )
    return where + joint + said


def _percent(share: float) -> str:
    """A whole percentage, with a digit more where it would round to 0 or 100 without being so."""
    whole = f"{100 * share:.0f}"
    if whole in ("0", "100") and 0 < share < 1:
        return f"{min(max(100 * share, 0.1), 99.9):.1f}"
    return whole


def _language(lang: str) -> str:
    if lang not in LANGUAGES:
        raise InputError(f"the language is one of {', '.join(LANGUAGES)}, not {lang!r}")
    return lang
