"""The cues that change what a mention means, read from the rule tables and made into one pattern."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from suwen.errors import InputError, Problem
from suwen.language.cue_index import alternatives, beginnings, first_signs, index, looked_up

__all__ = ["MENTION", "Cue", "Finder", "Rulebook", "cues_in", "packaged_rules", "parse_rules"]

MENTION = "\ufffc"  # stands for each character of a mention, so that no cue is read inside one; {mention} in a table
_TABLES = ("scope_en.tsv", "scope_zh.tsv")
_EFFECTS = frozenset(
    (
        "absent",
        "possible",
        "conditional",
        "family",
        "past",
        "planned",
        "over",
        "ongoing",
        "nothing",
        "wall",
        "verb",
        "aim",
        "patient",
    )
)
_SIDES = frozenset(("after", "before", "both", "within", "-"))
_REACHES = frozenset(("near", "clause", "list", "sentence", "-"))
_LOOKAROUND = re.compile(r"\(\?<?[=!][^()]*\)")
_OF_KIN = re.compile(r"\{[a-z_]*kin")
_AFTER = "(?![a-z0-9])"
_INNERMOST = re.compile(r"\(\?:([^()]*)\)([?*+]|\{[\d,]+\})?")
_OPTIONAL = re.compile(r".(?:[?*]|\{0,\d+\})\??")
_LETTER = re.compile(r"[a-z0-9]")
Finder = tuple[str, tuple["Cue", ...]]


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
    """All cues, those that go first at one place before the others, ready to be sought.

    `starts` finds the places where a cue can begin; `finders` gives for the signs there a pattern whose group number,
    less one, is the place of the cue in the tuple beside it, and `rank` which cue goes first. Cues with a word for a
    relative have a finder of their own, `of_kin`, tried only in a sentence where `stems` finds something; `kin` finds
    the words for relatives. `within` are cues sought in the words of the mention itself.
    """

    cues: tuple[Cue, ...]
    starts: re.Pattern[str]
    finders: Mapping[str, Finder]
    of_kin: Mapping[str, Finder]
    kin: re.Pattern[str]
    stems: re.Pattern[str]
    within: tuple[Cue, ...]
    rank: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Written:
    """One way to write a cue: its pattern in full, with one choice of what opens it."""

    cue: Cue
    pattern: str


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
        raise InputError("the rules of scope cannot be read", problems, zh="无法读取语义范围规则")
    return _compiled(cues, sets)


def cues_in(rules: Rulebook, masked: str) -> Iterator[tuple[int, int, Cue]]:
    """Start, end and cue of what the rules find in `masked`, a sentence whose mentions are masked with MENTION."""
    kin = rules.of_kin if rules.stems.search(masked) else {}
    past = 0
    for start in rules.starts.finditer(masked):
        place = start.start()
        if place < past:
            continue
        cue = _first(rules.finders, masked, place)
        other = _first(kin, masked, place) if kin else None
        if other and (not cue or rules.rank[other[1].pattern] < rules.rank[cue[1].pattern]):
            cue = other
        if cue:
            past = cue[0]
            yield place, *cue


def _first(finders: Mapping[str, Finder], masked: str, place: int) -> tuple[int, Cue] | None:
    finder = looked_up(finders, masked, place)
    match = _ready(finder[0]).match(masked, place) if finder else None
    return (match.end(), finder[1][(match.lastindex or 1) - 1]) if finder and match else None


@cache
def _ready(pattern: str) -> re.Pattern[str]:
    """Compiled when it is first needed: most notes begin few cues with a given character."""
    return re.compile(pattern)


def _wrong(cells: list[str]) -> str:
    if len(cells) < 4:
        return "does not have four cells: pattern, effect, side, reach"
    if cells[1] not in _EFFECTS or cells[2] not in _SIDES or cells[3] not in _REACHES:
        return "has an effect, side or reach that is not known"
    return ""


def _compiled(cues: list[Cue], sets: dict[str, str]) -> Rulebook:
    written = [_Written(cue, one) for cue in cues if cue.side != "within" for one in _ways(cue, sets)]
    ordered = sorted(written, key=lambda one: _rank(one.pattern), reverse=True)
    of_kin = _together([one for one in ordered if _OF_KIN.search(one.cue.pattern)])
    finders = _finders(one for one in ordered if not _OF_KIN.search(one.cue.pattern))
    return Rulebook(
        cues=tuple(dict.fromkeys(one.cue for one in ordered)),
        starts=first_signs((*finders, *of_kin)),
        finders=finders,
        of_kin=of_kin,
        kin=_any_of(sets, "kin", re.IGNORECASE),
        stems=_any_of(sets, "stem", re.NOFLAG),
        within=tuple(cue for cue in cues if cue.side == "within"),
        rank={one.cue.pattern: place for place, one in enumerate(ordered)},
    )


def _ways(cue: Cue, sets: dict[str, str]) -> list[str]:
    """A cue written in full; each choice of what opens it by itself, save for relatives, who are too many."""
    written = _expanded(cue.pattern, sets)
    return [written] if _OF_KIN.search(cue.pattern) else alternatives(written)


def _any_of(sets: dict[str, str], kind: str, flags: re.RegexFlag) -> re.Pattern[str]:
    return re.compile("|".join(words for name, words in sets.items() if kind in name) or "(?!)", flags)


def _finders(ordered: Iterable[_Written]) -> dict[str, Finder]:
    """For each beginning the cues that have it, as one pattern: few are tried at each place."""
    found = index((one, beginnings(one.pattern)) for one in ordered)
    return {signs: _finder(some) for signs, some in found.items()}


def _together(written: list[_Written]) -> dict[str, Finder]:
    """One finder for all beginnings of cues whose patterns are too long to be made more than once."""
    finder = _finder(written)
    return dict.fromkeys(frozenset().union(*(beginnings(one.pattern) for one in written)) - {""}, finder)


def _finder(written: list[_Written]) -> Finder:
    return "|".join(_group(one.pattern) for one in written) or "(?!)", tuple(one.cue for one in written)


@cache
def _group(pattern: str) -> str:
    return f"({pattern}{_AFTER if _ends_latin(pattern) else ''})"


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


def _ends_latin(written: str) -> bool:
    """Whether the last character that is not pattern syntax is a Latin letter or a digit."""
    for sign in reversed(_LOOKAROUND.sub("", written).replace("(?:", "")):
        if sign not in "?()|[]\\+*":
            return bool(_LETTER.match(sign))
    return False
