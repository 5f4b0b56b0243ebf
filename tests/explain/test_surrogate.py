"""Surrogates: a network that is a tree is recovered, a random one is refused, and the words are the tree's own."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from functools import cache
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.errors import FormatError, InputError
from suwen.explain.surrogate import (
    Effort,
    Fidelity,
    Floor,
    RuleList,
    Surrogate,
    draw,
    explain_row,
    explained_variance,
    fidelity_words,
    from_json,
    imitate,
    imitate_by_rules,
    imitating_tree,
    leaf_words,
    measure,
    rule_answers,
    rule_words,
    to_json,
    unfaithful,
)
from suwen.explain.surrogate.conditions import leaf_conditions, meets
from suwen.explain.surrogate.fidelity import wilson
from suwen.explain.surrogate.fitting import folds_of
from suwen.explain.surrogate.growing import Asked, binned, descend, grow, leaf_chances, roundest, thresholds_of
from suwen.explain.surrogate.queries import DENSITIES, draw_queries
from suwen.explain.surrogate.refining import imitation_loss, refine
from suwen.explain.tables import Column, Node, Tree, tree_values
from suwen.explain.tables.trees import route, tree_depth, tree_leaves
from suwen.learn.nouns import Array

COLUMNS = (
    Column("area", "worst area", "最大面积", "mm2"),
    Column("texture", "texture", "纹理"),
    Column(
        "pain", "chest pain", "胸痛", choices=((1, "typical", "典型"), (2, "atypical", "不典型"), (3, "none", "无"))
    ),
)
NAMES = (("benign", "良性"), ("malignant", "恶性"))
QUICK = Effort(queries=3000, candidates=2)


def table(n: int, seed: int = 0) -> Array:
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.normal(900, 250, n).round(1), rng.normal(20, 4, n).round(2), rng.integers(1, 4, n)])


def planted(rows: Array) -> Array:
    """A network that is a tree of depth 2 with four different answers."""
    upper = np.where(rows[:, 1] <= 20, 0.7, 0.95)
    lower = np.where(rows[:, 2] <= 2, 0.05, 0.3)
    return np.where(rows[:, 0] > 880, upper, lower)


def smooth(rows: Array) -> Array:
    return 1 / (1 + np.exp(-((rows[:, 0] - 900) / 120 + (rows[:, 1] - 20) / 8)))


def noise(rows: Array) -> Array:
    """A network that answers without rhyme or reason, yet always the same to the same row."""
    return (np.sin(rows @ np.array([1234.5, 9876.5, 321.1])) * 43758.5453) % 1.0


def parsed(drawing: str) -> ElementTree.Element:
    return ElementTree.fromstring(drawing)  # noqa: S314  # our own drawing


@cache
def made() -> Surrogate:
    return imitate(
        planted,
        table(300),
        COLUMNS,
        rng=np.random.default_rng(0),
        depth=2,
        deepest=3,
        names=NAMES,
        effort=QUICK,
        held_out=table(400, 1),
    )


@cache
def listed() -> RuleList:
    return imitate_by_rules(
        planted, table(300), COLUMNS, rng=np.random.default_rng(0), names=NAMES, effort=QUICK, held_out=table(400, 1)
    )


# --- planted truth ----------------------------------------------------------------------------------------------------


def test_a_network_that_is_a_tree_is_recovered() -> None:
    found = made()
    assert found.fidelity.agreement == 1.0
    assert found.fidelity.r2 > 0.97
    assert {node.feature for node in found.tree.nodes if node.feature >= 0} == {0, 1, 2}
    root = found.tree.nodes[0]
    assert root.feature == 0
    assert root.threshold == pytest.approx(880, abs=8)
    answers = sorted(found.tree.nodes[leaf].value for leaf in tree_leaves(found.tree))
    assert answers == pytest.approx([0.05, 0.3, 0.7, 0.95], abs=0.03)


def test_refining_never_imitates_worse_and_often_better() -> None:
    """What a split is worth to the splits below it, greedy growth cannot see."""
    gained = []
    for seed in range(5):
        rows = np.random.default_rng(seed).uniform(0, 1, (600, 3))
        chance = np.where((rows[:, 0] > 0.55) != (rows[:, 1] > 0.45), 0.9, 0.1) + 0.08 * rows[:, 2]
        asked = Asked(binned(rows, thresholds_of(rows)), chance, np.full(600, 1 / 600))
        grown = grow(asked, depth=3, least=0.01)
        losses = []
        for shape in (grown, refine(grown, asked, least=0.01, emphasis=0.1, threshold=0.5)):
            leaf = descend(shape, asked.bins)
            assert np.bincount(leaf)[np.unique(leaf)].min() >= 6
            said = leaf_chances(shape, leaf, asked)[leaf]
            losses.append(imitation_loss(said, chance, emphasis=0.1, threshold=0.5).mean())
        gained.append(1 - losses[1] / losses[0])
    assert min(gained) >= 0
    assert max(gained) > 0.2


def test_a_network_without_rhyme_is_refused_everywhere() -> None:
    rng = np.random.default_rng(0)
    found = imitate(noise, table(200), COLUMNS, rng=rng, depth=2, deepest=2, effort=QUICK)
    rules = imitate_by_rules(noise, table(200), COLUMNS, rng=rng, effort=QUICK)
    assert found.fidelity.r2 < 0.2
    reason = unfaithful(found)
    assert reason is not None
    assert f"{found.fidelity.agreement:.3f}" in reason
    assert "0.900" in reason
    for act in (draw, leaf_words, lambda one: explain_row(one, table(1)[0], network=0.9)):
        with pytest.raises(InputError, match="does not explain the network"):
            act(found)
    with pytest.raises(InputError, match="does not explain the network"):
        rule_words(rules)


def test_the_floor_is_what_is_stated() -> None:
    found = replace(made(), fidelity=replace(made().fidelity, agreement=0.93, r2=0.81))
    assert unfaithful(found) is None
    for agreement, r2, faithful in ((0.93, 0.81, True), (0.931, 0.81, False), (0.93, 0.811, False), (0.5, 0.5, True)):
        assert (unfaithful(replace(found, floor=Floor(agreement, r2))) is None) is faithful
    with pytest.raises(InputError, match="floor"):
        Floor(agreement=1.2)


def test_deeper_trees_imitate_better_and_all_stay_within_their_depth() -> None:
    rng = np.random.default_rng(0)
    found = imitate(smooth, table(300), COLUMNS, rng=rng, depth=3, deepest=5, effort=QUICK, held_out=table(500, 2))
    curve = [fidelity.r2 for _, fidelity in found.by_depth]
    assert [depth for depth, _ in found.by_depth] == [1, 2, 3, 4, 5]
    assert all(later > earlier - 0.02 for earlier, later in pairwise(curve))
    assert curve[-1] > curve[0] + 0.1
    assert tree_depth(found.tree) <= 3
    assert dict(found.by_depth)[3] == found.fidelity


def test_a_constant_network_is_one_leaf_and_says_so() -> None:
    def always(rows: Array) -> Array:
        return np.full(len(rows), 0.2)

    found = imitate(always, table(60), COLUMNS, rng=np.random.default_rng(0), deepest=4, effort=QUICK)
    assert len(found.tree.nodes) == 1
    assert (found.fidelity.agreement, found.fidelity.r2) == (1.0, 1.0)
    assert leaf_words(found)[0].startswith("In all cases: the network answers negative in 100 % of 60")
    assert leaf_words(found, "zh")[0].startswith("所有情况：")
    assert explain_row(found, table(1)[0], network=0.2).evidence == ()
    parsed(draw(found))


def test_the_same_seed_gives_the_same_tree() -> None:
    one, two = (imitating_tree(smooth, table(100), rng=np.random.default_rng(7), effort=QUICK) for _ in range(2))
    assert one == two


def test_rows_of_one_group_share_a_fold() -> None:
    groups = [f"patient {number % 23}" for number in range(100)]
    fold = folds_of(100, groups, rng=np.random.default_rng(0))
    assert len(set(zip(groups, fold.tolist(), strict=True))) == 23
    assert sorted(np.bincount(fold)) == pytest.approx([20] * 5, abs=6)
    found = imitate(smooth, table(100), COLUMNS, rng=np.random.default_rng(0), groups=groups, deepest=4, effort=QUICK)
    assert found.fidelity.n == 100
    assert "five folds" in found.fidelity.measured_on
    with pytest.raises(InputError, match="100 rows have 2 groups"):
        folds_of(100, ("a", "b"), rng=np.random.default_rng(0))


# --- fidelity ---------------------------------------------------------------------------------------------------------


def test_fidelity_by_hand() -> None:
    network, said = np.array([0.1, 0.4, 0.6, 0.9]), np.array([0.1, 0.6, 0.6, 0.9])
    found = measure(said, network, threshold=0.5, measured_on="here", rng=np.random.default_rng(0))
    assert found.agreement == 0.75
    assert found.r2 == pytest.approx(1 - 0.04 / 0.34)
    assert (found.n, found.measured_on) == (4, "here")
    assert found.r2_low <= found.r2 <= found.r2_high
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)  # Newcombe 1998, method 3
    assert explained_variance(np.full(4, 0.3), np.full(4, 0.3)) == 1.0
    assert explained_variance(np.full(4, 0.4), np.full(4, 0.3)) == 0.0


# --- queries and thresholds -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("density", DENSITIES)
def test_queries_stay_where_training_rows_lie(density: str) -> None:
    rows = table(200)
    drawn = draw_queries(rows, 2000, density=density, rng=np.random.default_rng(0))
    assert drawn.shape == (2000, 3)
    assert np.all(drawn >= rows.min(axis=0))
    assert np.all(drawn <= rows.max(axis=0))
    assert set(np.unique(drawn[:, 2])) <= {1.0, 2.0, 3.0}
    assert drawn.mean(axis=0) == pytest.approx(rows.mean(axis=0), rel=0.05)


def test_the_copula_keeps_margins_and_correlation() -> None:
    rng = np.random.default_rng(0)
    first = rng.normal(size=1000)
    rows = np.column_stack([np.exp(first), first + 0.3 * rng.normal(size=1000)])
    drawn = draw_queries(rows, 4000, density="copula", rng=rng)
    quantiles = [0.1, 0.5, 0.9]
    assert np.quantile(drawn, quantiles, axis=0) == pytest.approx(np.quantile(rows, quantiles, axis=0), abs=0.2)
    ranks = [np.corrcoef(np.argsort(np.argsort(part, axis=0), axis=0).T)[0, 1] for part in (rows, drawn)]
    assert ranks[0] == pytest.approx(ranks[1], abs=0.03)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(low=st.floats(-1e6, 1e6, allow_subnormal=False), gap=st.floats(1e-9, 1e6))
def test_thresholds_are_round_and_separate_their_neighbours(low: float, gap: float) -> None:
    high = low + gap
    if not low < high:
        return
    found = roundest(low, high)
    assert low <= found < high


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(879.3, 881.9, 881), (0.1341, 0.1369, 0.136), (1, 2, 1.5), (-0.3, 0.4, 0), (12, 13, 12.5)],
)
def test_the_roundest_number_by_hand(low: float, high: float, expected: float) -> None:
    found = roundest(low, high)
    assert low <= found < high
    assert len(f"{found:g}") <= len(f"{expected:g}")


# --- words, drawing, rules --------------------------------------------------------------------------------------------


def test_each_leaf_is_said_as_the_tree_holds_it() -> None:
    """The sentence's numbers are the tree's own: rows that meet the words are those of the leaf."""
    found, rows = made(), table(300)
    ways = leaf_conditions(found.tree)
    place = route(found.tree, rows)
    for leaf, sentence in zip(tree_leaves(found.tree), leaf_words(found), strict=True):
        inside = meets(rows, ways[leaf])
        assert np.array_equal(inside, place == leaf)
        node = found.tree.nodes[leaf]
        assert (node.count, node.positives) == (inside.sum(), (planted(rows[inside]) >= 0.5).sum())
        assert f"of {node.count} training cases" in sentence
        for one in ways[leaf]:
            for end in (one.low, one.high):
                if math.isfinite(end) and not COLUMNS[one.feature].choices:
                    assert f" {np.format_float_positional(end, trim='-')}" in sentence
    said = " ".join(leaf_words(found))
    assert re.search(r"worst area is above 8\d\d(\.\d)? mm²", said)
    assert "chest pain is typical or atypical" in said
    assert "malignant in 100 %" in said
    assert any("若最大面积" in one and "恶性" in one for one in leaf_words(found, "zh"))


def test_counts_of_a_node_are_those_of_its_children() -> None:
    nodes = made().tree.nodes
    assert nodes[0].count == 300
    for node in nodes:
        if node.feature >= 0:
            for part in ("count", "positives", "cover"):
                assert getattr(node, part) == getattr(nodes[node.left], part) + getattr(nodes[node.right], part)


def test_one_row_is_explained_by_its_leaf_or_not_at_all() -> None:
    found, row = made(), np.array([1200.0, 25.0, 3.0])
    read = explain_row(found, row, network=0.95)
    assert read.sentence in leaf_words(found)
    assert read.chance == tree_values(found.tree, row[None, :])[0]
    assert read.fidelity == fidelity_words(found)
    assert max(read.evidence, key=lambda one: one.weight).seen.code.value == "area"  # type: ignore[union-attr]
    assert all(one.source and one.sentence for one in read.evidence)
    with pytest.raises(InputError, match="otherwise than the network"):
        explain_row(found, row, network=0.2)
    with pytest.raises(InputError, match="language"):
        explain_row(found, row, network=0.95, lang="fr")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_drawing_is_well_formed_accessible_and_inside_its_frame(lang: str) -> None:
    found = made()
    root = parsed(draw(found, lang))
    space = {"s": "http://www.w3.org/2000/svg"}
    width, height = (float(root.get("viewBox", "").split()[place]) for place in (2, 3))
    ids = {one.get("id") for one in root.iter() if one.get("id")}
    assert set(root.get("aria-labelledby", "").split()) == ids
    titles = [one.text for one in root.iterfind(".//s:g/s:title", space)]
    assert titles == list(leaf_words(found, lang))
    texts = [
        (float(one.get("x", "")), float(one.get("y", "")), one.text or "") for one in root.iterfind(".//s:text", space)
    ]
    sizes = [float(one.get("font-size", "")) for one in root.iterfind(".//s:text", space)]
    assert min(sizes) >= 11
    boxes = []
    for (x, y, text), size in zip(texts, sizes, strict=True):
        wide = size * sum(1.0 if ord(letter) > 0x2E7F else 0.56 for letter in text)
        boxes.append((x, y - 0.8 * size, x + wide, y + 0.2 * size))
        assert 0 <= x < x + wide <= width
        assert 0 <= y <= height
    for place, one in enumerate(boxes):
        for two in boxes[place + 1 :]:
            assert one[2] <= two[0] or two[2] <= one[0] or one[3] <= two[1] or two[3] <= one[1]
    assert (
        {"良性", "恶性"} <= set(re.findall("良性|恶性", draw(found, lang)))
        if lang == "zh"
        else "malignant" in draw(found)
    )


def test_names_with_markup_are_only_text() -> None:
    found = replace(made(), columns=(Column("a", "<script>x</script> & y"), *COLUMNS[1:]), positive=("<b>", "<b>"))
    assert "<script>" not in draw(found)
    parsed(draw(found))


def test_the_rule_list_imitates_and_is_read_in_order() -> None:
    found, rows = listed(), table(500, 3)
    assert found.fidelity.agreement == 1.0
    assert found.fidelity.r2 > 0.95
    assert found.rules[-1].conditions == ()
    assert all(len(rule.conditions) <= 3 for rule in found.rules)
    assert sum(rule.count for rule in found.rules) == 300
    by_hand = []
    for row in rows:
        first = next(rule for rule in found.rules if meets(row[None, :], rule.conditions)[0])
        by_hand.append(first.value)
    assert rule_answers(found.rules, rows) == pytest.approx(by_hand)
    english, chinese = rule_words(found), rule_words(found, "zh")
    assert english[0].startswith("If ")
    assert english[-1].startswith("In all other cases: ")
    assert all(one.startswith("Otherwise, if ") for one in english[1:-1])
    assert chinese[-1].startswith("其余情况：")
    assert len(english) == len(chinese) == len(found.rules)


# --- stored -----------------------------------------------------------------------------------------------------------


def test_a_surrogate_comes_back_as_it_was_written() -> None:
    found = made()
    assert from_json(to_json(found)) == found
    assert to_json(from_json(to_json(found))) == to_json(found)
    assert json.loads(to_json(found))["format"] == 1


@pytest.mark.parametrize(
    "harm",
    [
        lambda said: said | {"format": 2},
        lambda said: said | {"kind": "other"},
        lambda said: said | {"tree": []},
        lambda said: said | {"tree": [{**said["tree"][0], "left": 0}, *said["tree"][1:]]},
        lambda said: said | {"tree": [{**said["tree"][0], "feature": 99}, *said["tree"][1:]]},
        lambda said: said | {"tree": [{**said["tree"][0], "threshold": "1"}, *said["tree"][1:]]},
        lambda said: said | {"tree": [{**said["tree"][0], "call": "x"}, *said["tree"][1:]]},
        lambda said: said | {"tree": [{**said["tree"][0], "threshold": True}, *said["tree"][1:]]},
        lambda said: said | {"threshold": 2},
        lambda said: {key: value for key, value in said.items() if key != "columns"},
        lambda said: [said],
    ],
)
def test_damaged_documents_are_refused(harm) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(FormatError):
        from_json(json.dumps(harm(json.loads(to_json(made())))))


@pytest.mark.parametrize("text", ["", "{", "[" * 100000, '{"kind": NaN}', "null"])
def test_what_is_no_document_is_refused(text: str) -> None:
    with pytest.raises(FormatError):
        from_json(text)


# --- input ------------------------------------------------------------------------------------------------------------


def test_bad_input_is_refused_in_one_sentence() -> None:
    rng, rows = np.random.default_rng(0), table(50)
    for change, match in (
        ({"columns": COLUMNS[:2]}, "2 columns are described but the table has 3"),
        ({"training": rows[0]}, "must be a table"),
        ({"training": np.where(rows > 1000, np.nan, rows)}, "missing"),
        ({"model": lambda asked: asked[:, 0]}, r"0\.\.1"),
        ({"depth": 9}, "depths"),
        ({"training": rows[:6]}, "ten groups"),
    ):
        asked = {"model": smooth, "training": rows, "columns": COLUMNS} | change
        with pytest.raises(InputError, match=match):
            imitate(**asked, rng=rng, effort=QUICK)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="density"):
        draw_queries(rows, 5, density="uniform", rng=rng)
    with pytest.raises(InputError, match="leaves"):
        Effort(least=0.0)
    told = Fidelity(1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1, "x")
    with pytest.raises(InputError, match="asks for column 2"):
        Surrogate(Tree((Node(0, 1, 2, 0.0, 1, 2), Node(0, 1), Node(0, 1))), COLUMNS[:1], told, ())
