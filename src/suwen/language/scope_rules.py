"""The cues that change what a mention means, read from the rule tables and made into one pattern."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from suwen.errors import InputError, Problem
from suwen.language.cue_index import first_signs

__all__ = ["MENTION", "Cue", "Rulebook", "cues_in", "packaged_rules", "parse_rules"]

MENTION = "\ufffc"  # stands for each character of a mention, so that no cue is read inside one; {mention} in a table
_TABLES = ("scope_en.tsv", "scope_zh.tsv")
_EFFECTS = frozenset(
    ("absent", "possible", "conditional", "family", "past", "planned", "ongoing", "nothing", "wall", "verb", "patient")
)
_SIDES = frozenset(("after", "before", "both", "within", "-"))
_REACHES = frozenset(("near", "clause", "list", "sentence", "-"))
_LOOKAROUND = re.compile(r"\(\?<?[=!][^()]*\)")
_OF_KIN = re.compile(r"\{[a-z_]*kin")
_AFTER = "(?![a-z0-9])"
_INNERMOST = re.compile(r"\(\?:([^()]*)\)([?*+]|\{[\d,]+\})?")
_OPTIONAL = re.compile(r".(?:[?*]|\{0,\d+\})\??")
_LETTER = re.compile(r"[a-z0-9]")
_Finder = tuple[str, tuple["Cue", ...]]


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

    `starts` finds the places where a cue can begin; `finders` gives, for the character there, a pattern whose group
    number, less one, is the place of the cue in the tuple beside it. Cues with a word for a relative have one finder
    of their own, `of_kin`, tried only in a sentence where `stems` finds something; `kin` finds the words for relatives.
    `within` are cues sought in the words of the mention itself; `rank` tells which cue goes first.
    """

    cues: tuple[Cue, ...]
    starts: re.Pattern[str]
    finders: Mapping[str, _Finder]
    of_kin: _Finder
    kin: re.Pattern[str]
    stems: re.Pattern[str]
    within: tuple[Cue, ...]
    rank: Mapping[Cue, int]


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
    kin = rules.stems.search(masked) is not None
    place = 0
    while start := rules.starts.search(masked, place):
        place = start.end()
        found = _at(rules, masked, start.start(), kin)
        if found:
            yield start.start(), *found
            place = max(found[0], place)


def _at(rules: Rulebook, masked: str, place: int, kin: bool) -> tuple[int, Cue] | None:
    finder = rules.finders.get(masked[place])
    own = _first(finder, masked, place) if finder else None
    other = _first(rules.of_kin, masked, place) if kin else None
    if own and other:
        return min(own, other, key=lambda one: rules.rank[one[1]])
    return own or other


def _first(finder: _Finder, masked: str, place: int) -> tuple[int, Cue] | None:
    match = _ready(finder[0]).match(masked, place)
    return (match.end(), finder[1][(match.lastindex or 1) - 1]) if match else None


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
    written = {cue: _expanded(cue.pattern, sets) for cue in cues if cue.side != "within"}
    ordered = sorted(written, key=lambda cue: _rank(written[cue]), reverse=True)
    of_kin = [cue for cue in ordered if _OF_KIN.search(cue.pattern)]
    plain = [cue for cue in ordered if not _OF_KIN.search(cue.pattern)]
    finders = _finders(plain, written)
    others = "".join(sign for sign in _signs(ordered, written) if not _LETTER.match(sign))
    return Rulebook(
        cues=tuple(ordered),
        starts=re.compile(rf"(?<![a-z0-9])[a-z0-9]|[{re.escape(others)}]" if others else "(?<![a-z0-9])[a-z0-9]"),
        finders=finders,
        of_kin=(_either(of_kin, written) or "(?!)", tuple(of_kin)),
        kin=_any_of(sets, "kin"),
        stems=_any_of(sets, "stem"),
        within=tuple(cue for cue in cues if cue.side == "within"),
        rank={cue: place for place, cue in enumerate(ordered)},
    )


def _any_of(sets: dict[str, str], kind: str) -> re.Pattern[str]:
    return re.compile("|".join(words for name, words in sets.items() if kind in name) or "(?!)", re.IGNORECASE)


def _signs(ordered: list[Cue], written: dict[Cue, str]) -> list[str]:
    return sorted(set().union(*(first_signs(written[cue]) for cue in ordered)))


def _finders(ordered: list[Cue], written: dict[Cue, str]) -> dict[str, _Finder]:
    """For each character the cues that can begin with it, as one pattern: few are tried at each place."""
    beginning: dict[str, list[Cue]] = {}
    for cue in ordered:
        for sign in first_signs(written[cue]):
            beginning.setdefault(sign, []).append(cue)
    return {sign: (_either(some, written), tuple(some)) for sign, some in beginning.items()}


def _either(cues: list[Cue], written: dict[Cue, str]) -> str:
    return "|".join(f"({written[cue]}{_AFTER if _ends_latin(written[cue]) else ''})" for cue in cues)


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
