"""The cues that change what a mention means, read from the rule tables and made into one pattern."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from suwen.errors import InputError, Problem

__all__ = ["MENTION", "Cue", "Rulebook", "cues_in", "packaged_rules", "parse_rules"]

MENTION = "\ufffc"  # stands for each character of a mention, so that no cue is read inside one; {mention} in a table
_TABLES = ("scope_en.tsv", "scope_zh.tsv")
_EFFECTS = frozenset(
    ("absent", "possible", "conditional", "family", "past", "planned", "ongoing", "nothing", "wall", "verb", "patient")
)
_SIDES = frozenset(("after", "before", "both", "within", "-"))
_REACHES = frozenset(("near", "clause", "list", "sentence", "-"))
_LOOKAROUND = re.compile(r"\(\?<?[=!][^()]*\)")
_AFTER = "(?![a-z0-9])"
_INNERMOST = re.compile(r"\(\?:([^()]*)\)([?*+]|\{[\d,]+\})?")
_OPTIONAL = re.compile(r".(?:[?*]|\{0,\d+\})\??")
_LETTER = re.compile(r"[a-z0-9]")


@dataclass(frozen=True, slots=True)
class Cue:
    """One line of a rule table: what to look for, what it does, to mentions on which side, and how far.

    `side` is where the mention stands: "after" the cue, "before" it, or "both".
    """

    pattern: str
    effect: str
    side: str
    reach: str
    name: str


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All cues, the longer first, and one pattern whose group number, less one, is the cue's place.

    `within` are cues sought in the words of the mention itself; `kin` finds the words for relatives.
    """

    cues: tuple[Cue, ...]
    finder: re.Pattern[str]
    within: tuple[Cue, ...]
    kin: re.Pattern[str]


@cache
def packaged_rules() -> Rulebook:
    """The rules that come with Suwen, for English and Chinese together: notes mix them."""
    folder = files(__package__) / "rules"
    return parse_rules("\n".join((folder / name).read_text(encoding="utf-8") for name in _TABLES))


def parse_rules(text: str) -> Rulebook:
    """Read a table of cues.

    A line is `pattern<TAB>effect<TAB>side<TAB>reach`, or `@name<TAB>a|b|c` for a set that patterns name as `{name}`;
    `#` opens a comment. Patterns are regular expressions in small letters, without groups that capture; a space stands
    for any white space. Raises InputError naming each line that is not so.
    """
    sets: dict[str, str] = {"mention": MENTION}
    cues: list[Cue] = []
    problems: list[Problem] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        cells = [cell.strip() for cell in line.split("\t")]
        if cells[0].startswith("@"):
            sets[cells[0][1:]] = f"(?:{cells[1]})"
        elif wrong := _wrong(cells):
            problems.append(Problem(f"line {number}", wrong))
        else:
            cues.append(Cue(cells[0], cells[1], cells[2], cells[3], f"{cells[1]}:{cells[0]}"))
    if problems:
        raise InputError("the rules of scope cannot be read", problems)
    return _compiled(cues, sets)


def cues_in(rules: Rulebook, masked: str) -> Iterator[tuple[int, int, Cue]]:
    """Start, end and cue of what the rules find in `masked`, a sentence whose mentions are masked with MENTION."""
    cues = rules.cues
    for match in rules.finder.finditer(masked):
        yield match.start(), match.end(), cues[(match.lastindex or 1) - 1]


def _wrong(cells: list[str]) -> str:
    if len(cells) < 4:
        return "does not have four cells: pattern, effect, side, reach"
    if cells[1] not in _EFFECTS or cells[2] not in _SIDES or cells[3] not in _REACHES:
        return "has an effect, side or reach that is not known"
    return ""


def _compiled(cues: list[Cue], sets: dict[str, str]) -> Rulebook:
    """Cues that begin with a Latin letter share one border before them: tried at word starts only, they cost little."""
    written = {cue: _expanded(cue.pattern, sets) for cue in cues if cue.side != "within"}
    ordered = sorted(written, key=lambda cue: _rank(written[cue]), reverse=True)
    latin = [cue for cue in ordered if _latin(_LOOKAROUND.sub("", written[cue]))]
    others = [cue for cue in ordered if cue not in set(latin)]
    parts = [f"(?<![a-z0-9])(?:{_either(latin, written)})"] * bool(latin) + [_either(others, written)] * bool(others)
    kin = "|".join(words for name, words in sets.items() if "kin" in name) or "(?!)"
    within = tuple(cue for cue in cues if cue.side == "within")
    return Rulebook((*latin, *others), re.compile("|".join(parts)), within, re.compile(kin, re.IGNORECASE))


def _either(cues: list[Cue], written: dict[Cue, str]) -> str:
    return "|".join(
        f"({written[cue]}{_AFTER if _latin(_LOOKAROUND.sub('', written[cue])[::-1]) else ''})" for cue in cues
    )


def _rank(written: str) -> tuple[int, int, int]:
    """What makes a cue come before others at one place: the least it must cover, then a look around, then detail."""
    bare = _LOOKAROUND.sub("", written)
    least = re.sub(r"\\[sS]\+?", " ", re.sub(r"\[[^\]]*\]|\\.", "x", bare.replace(r"\s*", "").replace(r"\s+", " ")))
    while group := _INNERMOST.search(least):
        shortest = min(group.group(1).split("|"), key=lambda one: len(_OPTIONAL.sub("", one)))
        kept = "" if (group.group(2) or "").startswith(("?", "*", "{0")) else _OPTIONAL.sub("", shortest)
        least = least[: group.start()] + kept + least[group.end() :]
    least = _OPTIONAL.sub("", _LOOKAROUND.sub("", least))
    return len(least), len(bare) < len(written), len(written)


def _expanded(pattern: str, sets: dict[str, str]) -> str:
    named = re.sub(r"\{([a-z_]+)\}", lambda found: sets[found.group(1)], pattern)
    return named.replace(" ?", r"\s*").replace(" ", r"\s+")


def _latin(written: str) -> bool:
    """Whether the outermost character that is not pattern syntax is a Latin letter or a digit."""
    for sign in written.replace("(?:", "").replace(":?(", ""):  # or written backwards
        if sign not in "?()|[]\\+*":
            return bool(_LETTER.match(sign))
    return False
