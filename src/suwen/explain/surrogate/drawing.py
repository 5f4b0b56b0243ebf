"""The tree as an SVG a person can read: from left to right, one row a leaf, each leaf with its chance as a bar.

Text is placed by estimated widths that err on the wide side, so nothing overlaps in the fonts browsers substitute.
Decisions differ by word and by the bar's length, not by colour alone; screen readers get a title and a description.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from xml.sax.saxutils import escape

from suwen.explain.surrogate.conditions import number_text
from suwen.explain.surrogate.nouns import Surrogate, require_faithful
from suwen.explain.surrogate.words import fidelity_words, leaf_words
from suwen.explain.tables.columns import Column, unit_text
from suwen.explain.tables.trees import LEAF, tree_leaves

__all__ = ["draw"]

_ROW, _TOP, _MARGIN = 46, 66, 16
_SIZE, _SMALL = 13, 11.5
_BOX, _BAR = 30, 90
_FONT = "system-ui, 'Noto Sans', 'Noto Sans SC', 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif"
_INK, _LINE, _POSITIVE, _NEGATIVE, _PAPER = "#1b1f24", "#6b7280", "#b3400e", "#1d5f8a", "#ffffff"
_WORDS = {
    "en": {
        "title": "How the network decides, imitated by a tree of {depth} questions",
        "leaf": "{name} · {percent} % · n = {count}",
        "about": "Bars: the network's mean chance of {positive}; dotted line: where it decides. n: training cases.",
    },
    "zh": {
        "title": "网络如何判断：以至多 {depth} 个问题的树模仿",
        "leaf": "{name} · {percent}% · {count} 例",
        "about": "横条：网络给出“{positive}”的平均概率；虚线：网络的判断界值；例数为训练样本数。",
    },
}


@dataclass(frozen=True, slots=True)
class _Place:
    x: float
    y: float
    depth: int


@dataclass(frozen=True, slots=True)
class _Column:
    """A level of the tree: where its boxes start, how wide they are, and the room for words before them."""

    x: float
    width: float


def draw(surrogate: Surrogate, lang: str = "en") -> str:
    """The SVG document of a faithful tree. Raises InputError below the floor or for an unknown language."""
    require_faithful(surrogate)
    sentences = leaf_words(surrogate, lang)
    depths = _depths(surrogate)
    levels = _levels(surrogate, depths, lang)
    places = _places(surrogate, depths, levels)
    leaves = tree_leaves(surrogate.tree)
    width = max(_right_end(surrogate, place, places[place], lang) for place in leaves) + _MARGIN
    height = _TOP + _ROW * len(leaves) + 30
    words, positive = _WORDS[lang], surrogate.name(1.0, lang)
    title = words["title"].format(depth=max(depths.values()))
    fidelity, about = fidelity_words(surrogate, lang), words["about"].format(positive=positive)
    width = max(width, *(2 * _MARGIN + _wide(line, size) for line, size in ((title, 16), (fidelity, _SMALL))))
    parts = [_head(width, height, lang, (title, " ".join((fidelity, *sentences))))]
    parts.append(_text(_MARGIN, 26, title, size=16, weight="600"))
    parts.append(_text(_MARGIN, 46, fidelity, size=_SMALL))
    parts.append(_text(_MARGIN, height - 12, about, size=_SMALL))
    parts += [_edge(surrogate, place, places, levels, lang) for place in places if places[place].depth]
    parts += [_question(surrogate, place, places[place], levels, lang) for place in places if place not in leaves]
    parts += [_answer(surrogate, leaf, places[leaf], said, lang) for leaf, said in zip(leaves, sentences, strict=True)]
    return "\n".join((*parts, "</svg>", ""))


def _depths(surrogate: Surrogate) -> dict[int, int]:
    found = {0: 0}
    for place, node in enumerate(surrogate.tree.nodes):
        if node.feature != LEAF:
            found[node.left] = found[node.right] = found[place] + 1
    return found


def _levels(surrogate: Surrogate, depths: dict[int, int], lang: str) -> list[_Column]:
    """A column for each depth: boxes as wide as their widest question, gaps as wide as the widest branch word."""
    levels, x = [], float(_MARGIN)
    nodes = surrogate.tree.nodes
    for depth in range(max(depths.values()) + 1):
        inner = [place for place in depths if depths[place] == depth and nodes[place].feature != LEAF]
        width = max((_wide(_asked(surrogate, place, lang), _SIZE) + 20 for place in inner), default=0.0)
        words = [word for place in inner for word in _branches(surrogate, place, lang)]
        levels.append(_Column(x, width))
        x += width + max((_wide(word, _SMALL) + 34 for word in words), default=0.0)
    return levels


def _places(surrogate: Surrogate, depths: dict[int, int], levels: list[_Column]) -> dict[int, _Place]:
    found: dict[int, _Place] = {}
    for row, leaf in enumerate(tree_leaves(surrogate.tree)):
        found[leaf] = _Place(levels[depths[leaf]].x, _TOP + _ROW * (row + 0.5), depths[leaf])
    for place in range(len(surrogate.tree.nodes) - 1, -1, -1):
        node = surrogate.tree.nodes[place]
        if node.feature != LEAF:
            y = (found[node.left].y + found[node.right].y) / 2
            found[place] = _Place(levels[depths[place]].x, y, depths[place])
    return dict(sorted(found.items()))


def _asked(surrogate: Surrogate, place: int, lang: str) -> str:
    column = surrogate.columns[surrogate.tree.nodes[place].feature]
    unit = "" if column.choices else unit_text(column.unit, lang)
    joint = "（{}）" if lang == "zh" else " ({})"
    return column.label(lang) + (joint.format(unit) if unit else "")


def _branches(surrogate: Surrogate, place: int, lang: str) -> tuple[str, str]:
    """What is written on the upper and the lower branch of a question."""
    node = surrogate.tree.nodes[place]
    column = surrogate.columns[node.feature]
    if column.choices:
        return _choices(column, node.threshold, lang)
    return f"≤ {number_text(node.threshold)}", f"> {number_text(node.threshold)}"


def _choices(column: Column, threshold: float, lang: str) -> tuple[str, str]:
    joint = " / "
    below = joint.join(column.choice(one[0], lang) or "" for one in column.choices if one[0] <= threshold)
    above = joint.join(column.choice(one[0], lang) or "" for one in column.choices if one[0] > threshold)
    return below, above


def _edge(surrogate: Surrogate, child: int, places: dict[int, _Place], levels: list[_Column], lang: str) -> str:
    nodes = surrogate.tree.nodes
    parent = next(one for one, node in enumerate(nodes) if node.feature != LEAF and child in (node.left, node.right))
    start, end = places[parent], places[child]
    x = levels[start.depth].x + levels[start.depth].width
    bend = x + 10
    word = _branches(surrogate, parent, lang)[0 if nodes[parent].left == child else 1]
    path = f"M{x:.1f} {start.y:.1f}H{bend:.1f}V{end.y:.1f}H{end.x:.1f}"
    line = f'<path d="{path}" fill="none" stroke="{_LINE}" stroke-width="1.2"/>'
    return line + _text(bend + 6, end.y - 5, word, size=_SMALL)


def _question(surrogate: Surrogate, place: int, at: _Place, levels: list[_Column], lang: str) -> str:
    width = levels[at.depth].width
    box = (
        f'<rect x="{at.x:.1f}" y="{at.y - _BOX / 2:.1f}" width="{width:.1f}" height="{_BOX}" rx="6" '
        f'fill="#f3f4f6" stroke="{_LINE}"/>'
    )
    return box + _text(at.x + 10, at.y + 4.5, _asked(surrogate, place, lang))


def _answer(surrogate: Surrogate, leaf: int, at: _Place, sentence: str, lang: str) -> str:
    """The bar of a leaf, the decision as a dotted line, name and counts beside it, its sentence as its title."""
    value = surrogate.tree.nodes[leaf].value
    fill = _POSITIVE if value >= surrogate.threshold else _NEGATIVE
    y, height = at.y - 8, 16
    frame = f'<rect x="{at.x:.1f}" y="{y:.1f}" width="{_BAR}" height="{height}" fill="{_PAPER}" stroke="{fill}"/>'
    bar = f'<rect x="{at.x:.1f}" y="{y:.1f}" width="{_BAR * value:.1f}" height="{height}" fill="{fill}"/>'
    mark = at.x + _BAR * surrogate.threshold
    line = f'<path d="M{mark:.1f} {y - 3:.1f}V{y + height + 3:.1f}" stroke="{_INK}" stroke-dasharray="2 2"/>'
    words = _text(at.x + _BAR + 8, at.y + 4.5, _said(surrogate, leaf, lang), fill=fill, weight="600")
    return f"<g><title>{escape(sentence)}</title>{frame}{bar}{line}{words}</g>"


def _said(surrogate: Surrogate, leaf: int, lang: str) -> str:
    node = surrogate.tree.nodes[leaf]
    percent = f"{100 * node.value:.0f}" if 0.005 <= node.value < 0.995 else f"{100 * node.value:.1f}"
    return _WORDS[lang]["leaf"].format(name=surrogate.name(node.value, lang), percent=percent, count=node.count)


def _right_end(surrogate: Surrogate, leaf: int, at: _Place, lang: str) -> float:
    return at.x + _BAR + 8 + _wide(_said(surrogate, leaf, lang), _SIZE) * 1.06


def _wide(text: str, size: float) -> float:
    """Width of a text in pixels, estimated from above: an em for Chinese, 0.6 em for other letters."""
    return size * sum(1.02 if ord(letter) > 0x2E7F else 0.6 for letter in text)


def _text(x: float, y: float, text: str, *, size: float = _SIZE, fill: str = _INK, weight: str = "400") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" fill="{fill}"'
    return f"<text {place}>{escape(text)}</text>"


def _head(width: float, height: float, lang: str, said: tuple[str, str]) -> str:
    title, description = (escape(text) for text in said)
    language = "zh-Hans" if lang == "zh" else "en"
    mark = hashlib.sha256(repr(said).encode()).hexdigest()[:8]  # two drawings may stand on one page
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" lang="{language}" role="img" aria-labelledby="title-{mark} about-{mark}" '
        f'font-family="{_FONT}">\n<title id="title-{mark}">{title}</title>\n'
        f'<desc id="about-{mark}">{description}</desc>\n'
        f'<rect width="100%" height="100%" fill="{_PAPER}"/>'
    )
