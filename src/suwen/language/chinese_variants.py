"""Other ways to write a Chinese expression: fillers between its parts, like words, one slip of the pen, word order."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping

from suwen.language.chinese_words import alike, standard, words
from suwen.language.phrases import Endings, Phrases

__all__ = ["Slips", "Variants"]

Span = tuple[int, int, str]
_HEAD = 3  # characters of an expression that must be right for a slip to be looked for in the rest
_LEAST = 5  # characters of an expression in which one slip is forgiven
_LIGHT = frozenset("的了地得性样部侧状处区度呈现有着较稍很且并微")  # whose presence or absence changes no meaning here


def _alternatives(words: frozenset[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, sorted(words, key=lambda word: (-len(word), word)))))


class Variants:
    """Expressions compared without fillers and by standard words: 双下肢明显乏力 is found as 下肢无力.

    A form that two codes would share is left out, and so is an expression that itself contains a filler, which says
    something of its own there (慢性, 双侧).
    """

    def __init__(self, table: Mapping[str, str]) -> None:
        self._standard = standard()
        self._words = _alternatives(words("filler", "neutral") | frozenset(self._standard))
        special = _alternatives(words("filler"))
        turned = _Turned()
        forms: dict[str, set[str]] = defaultdict(set)
        for expression, code in table.items():
            if not special.search(expression):
                for order in (expression, *turned(expression)):
                    forms[self.form(order)].add(code)
        self._codes = {form: min(codes) for form, codes in forms.items() if len(codes) == 1 and _telling(form)}
        self._phrases = Phrases(self._codes)

    def form(self, expression: str) -> str:
        """The form by which expressions are compared."""
        return self._words.sub(lambda word: self._standard.get(word.group(), ""), expression)

    def code(self, expression: str) -> str:
        """The code of an expression in whatever form, "" for none."""
        return self._codes.get(self.form(expression), "")

    def find(self, text: str) -> list[Span]:
        """Spans in the text and their codes, the longest at each place."""
        form, starts, ends = self._mapped(text)
        return [(starts[begin], ends[end - 1], self._codes[form[begin:end]]) for begin, end in self._phrases.find(form)]

    def _mapped(self, text: str) -> tuple[str, list[int], list[int]]:
        """The form of a text, and of each of its characters where that begins and ends in the text."""
        pieces, starts, ends = list[str](), list[int](), list[int]()
        begin = 0
        for match in self._words.finditer(text):
            first, last = match.span()
            standard = self._standard.get(match.group(), "")
            pieces += (text[begin:first], standard)
            starts += [*range(begin, first), *[first] * len(standard)]
            ends += [*range(begin + 1, first + 1), *[last] * len(standard)]
            begin = last
        pieces.append(text[begin:])
        starts += range(begin, len(text))
        ends += range(begin + 1, len(text) + 1)
        return "".join(pieces), starts, ends


def _telling(form: str) -> bool:
    """Two characters alone would meet by chance across a filler: 病有些脑 is not 病脑."""
    return len(form) > 2 or (len(form) == 2 and form.endswith("痛"))


class _Turned:
    """The other word order, where an expression is a part or quantity and a manifestation: 肿大肝脏 of 肝脏肿大."""

    def __init__(self) -> None:
        self._parts = words("body", "measured")
        done = words("transitive")
        turned = (word for word in words("manifestation") if standard().get(word, word) not in done)
        self._manifestations = Endings(frozenset(turned))

    def __call__(self, expression: str) -> list[str]:
        manifestation = self._manifestations.longest(expression, len(expression))
        part = expression.removesuffix(manifestation)
        return [manifestation + part] if len(manifestation) > 1 and len(part) > 1 and part in self._parts else []


class Slips:
    """Long expressions with one slip after the third and before the last character.

    A slip is a light character too many or too few, or a character typed for one like it.
    """

    def __init__(self, table: Mapping[str, str]) -> None:
        self._table = table
        self._long: dict[str, list[str]] = defaultdict(list)
        for expression in sorted(table, key=len, reverse=True):
            if len(expression) >= _LEAST:
                self._long[expression[:_HEAD]].append(expression)
        self._heads = Phrases(self._long)
        self._alike = alike()

    def find(self, text: str) -> list[Span]:
        """Spans and their codes, the longest expression at each place; expressions without a slip are not repeated."""
        found = []
        for start, head in self._heads.find(text):
            for expression in self._long[text[start:head]]:
                size = len(expression)
                # The last character must be right: a quick test that spares most of the comparisons.
                if expression[-1] not in text[start + size - 2 : start + size + 1]:
                    continue
                end = self._end(text, start, expression)
                if end:
                    found.append((start, end, self._table[expression]))
                    break
        return found

    def _end(self, text: str, start: int, expression: str) -> int:
        """Where the expression with one slip ends, 0 where it does not stand here."""
        same = _HEAD
        while same < len(expression) and text[start + same : start + same + 1] == expression[same]:
            same += 1
        rest, at = expression[same:], start + same
        if not rest or at >= len(text):
            return 0
        if text[at] in _LIGHT and text.startswith(rest, at + 1):
            return at + 1 + len(rest)
        if len(rest) > 1 and rest[0] in _LIGHT and text.startswith(rest[1:], at):
            return at + len(rest) - 1
        if (text[at], rest[0]) in self._alike and text.startswith(rest[1:], at + 1):
            return at + len(rest)
        return 0
