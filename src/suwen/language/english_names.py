"""The names of the ontology compiled for matching: each name a set of word groups, filed under its rarest word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files

from suwen.knowledge.ontology import PHENOTYPE_ROOT, Ontology
from suwen.language.english_words import TOKEN, lowered, normal_form, stem

__all__ = ["Entry", "Lexicon", "Name", "Role", "Word", "compile_names", "read_rows", "role_of"]

_SKIP = frozenset([
    "of", "the", "in", "a", "an", "to", "on", "at", "for", "from", "by", "with", "his", "her", "their", "its",
    "both", "some", "several", "any", "these", "this", "that", "those", "-", "'", '"', "s",
])  # fmt: skip
_JOIN = frozenset(["and", "or", ",", "/", "&", "as", "well", "plus", "+"])
_BREAK = frozenset([
    "was", "were", "is", "are", "be", "been", "being", "has", "have", "had", "having", "which", "who", "whom",
    "whose", "but", "no", "not", "without", "due", "because", "if", "when", "while", "than", "then", "did", "do",
    "does", "can", "could", "may", "might", "will", "would", "should", "showed", "shows", "shown", "include",
    "includes", "including", "included", "such", "whereas", "although", "though", "also", "there", "he", "she", "it",
    "they", "we", "our", "(", ")", "[", "]", ":", ";", ".", "?", "!",
])  # fmt: skip
_OPPOSITE = frozenset(["without", "no", "not", "than", "due", "but"])
# Words of a name that a writer leaves out: "abnormal heart morphology" is said "heart abnormality".
_OPTIONAL = frozenset(["morphology", "system", "circulating", "concentration", "physiology", "level", "region", "body"])
_ABSENT_OR_SMALL = frozenset(["aplasia", "hypoplasia"])
_LEXICONS = ("lexicon_en.tsv", "lexicon_en_branches.tsv", "lexicon_en_clinical.tsv")
_ADJECTIVE = ("ic", "al", "ous", "ive", "ar", "ary")
_LONGEST_ABBREVIATION = 7
_DERIVED = 3


class Role:
    """What a token does between the words of a name."""

    CONTENT, SKIP, JOIN, BREAK = range(4)


@dataclass(frozen=True, slots=True)
class Name:
    """One name of one concept; `rank` 0 for a label, 1 for a synonym, 2 for our lexicon, 3 for a derived variant."""

    concept: int
    forms: tuple[str, ...]
    rank: int
    joined: bool  # the name itself has an "and", "or", comma or slash
    depth: int  # number of ancestors: of two concepts with the same name the broader one claims less


@dataclass(frozen=True, slots=True)
class Entry:
    """A set of word groups and the names that consist of exactly these."""

    groups: frozenset[int]
    names: tuple[Name, ...]
    joined: bool


@dataclass(frozen=True, slots=True)
class Word:
    """What is known of a word: `keyed` holds second group -> entries whose rarest group this is; `alone` a name."""

    role: int
    group: int
    form: str
    noun: bool  # written as the noun itself, not as its adjective
    adjective: bool = False  # ends as adjectives do
    alone: Name | None = None
    keyed: Mapping[int, tuple[Entry, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Lexicon:
    """Everything compiled: groups by stem, entries by group, one-word names by form, abbreviations as written."""

    groups: Mapping[str, int]
    keyed: Mapping[int, Mapping[int, tuple[Entry, ...]]]
    alone: Mapping[str, Name]
    short: Mapping[str, Name]

    def word(self, raw: str) -> Word:
        """Look up a token in lower case."""
        role = role_of(raw)
        if role != Role.CONTENT:
            return Word(role, self.groups.get(raw, -1) if role == Role.BREAK else -1, raw, noun=False)
        form = normal_form(raw)
        group = self.groups.get(stem(form), -1)
        noun = form[:4] == raw[:4] and not raw.endswith(("ic", "al", "ous", "ive"))
        return Word(role, group, form, noun, raw.endswith(_ADJECTIVE), self.alone.get(form), self.keyed.get(group, {}))


def role_of(raw: str) -> int:
    """The role of a token in lower case."""
    if raw in _SKIP:
        return Role.SKIP
    if raw in _JOIN:
        return Role.JOIN
    return Role.BREAK if raw in _BREAK or raw.isspace() else Role.CONTENT


def read_rows(file: str) -> list[list[str]]:
    """Rows of a tab-separated data file of this room; lines that begin with # are comments."""
    text = (files("suwen.language") / file).read_text("utf-8")
    return [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]


def compile_names(ontology: Ontology) -> Lexicon:
    """Compile labels and synonyms of the phenotype branch, and our own expressions."""
    plain, skipped = _group_words(), frozenset(row[0] for row in read_rows("ordinary_en.tsv"))
    numbering: dict[str, int] = {}
    alone, short = dict[str, Name](), dict[str, Name]()
    several: dict[frozenset[int], list[Name]] = {}
    ambiguous = set[str]()

    def number(form: str) -> int:
        base = stem(form)
        return numbering.setdefault(plain.get(base, base), len(numbering))

    for name, text in _all_names(ontology):
        if _is_abbreviation(text):
            if short.setdefault(text, name).concept != name.concept:
                ambiguous.add(text)
        elif len(name.forms) == 1:
            if text.lower() not in skipped:
                _better(alone, name.forms[0], name)
        elif name.forms:
            several.setdefault(frozenset(map(number, name.forms)), []).append(name)
    for text in ambiguous:
        del short[text]
    _rephrased(several, number)
    groups = {base: numbering[head] for base, head in _all_stems(plain, numbering)}
    return Lexicon(groups, _keyed(several), alone, short)


def _rephrased(several: dict[frozenset[int], list[Name]], number: Callable[[str], int]) -> None:
    """Add the variants of names by phrases of the same meaning; what already names something is left as it is."""
    swaps: dict[int, list[tuple[frozenset[int], frozenset[int], tuple[str, ...]]]] = {}
    for row in read_rows("phrases_en.tsv"):
        sides = [(_content(TOKEN.findall(phrase)), phrase) for phrase in row]
        for old, _ in sides:
            for new, _ in sides:
                before, after = frozenset(map(number, old)), frozenset(map(number, new))
                if before != after:
                    swaps.setdefault(min(before), []).append((before, after, new))
    derived: dict[frozenset[int], Name] = {}
    for groups, names in several.items():
        best = min(names, key=lambda name: (name.rank, name.depth))
        for before, after, new in (swap for group in groups for swap in swaps.get(group, ())):
            changed = groups - before | after
            if before <= groups and len(changed) > 1 and changed not in several:
                name = Name(best.concept, new, _DERIVED, best.joined, best.depth)
                if changed not in derived or derived[changed].depth > best.depth:
                    derived[changed] = name
    for groups, name in derived.items():
        several[groups] = [name]


def _all_stems(plain: Mapping[str, str], numbering: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    yield from ((base, base) for base in numbering)
    yield from ((base, head) for base, head in plain.items() if head in numbering)


def _group_words() -> dict[str, str]:
    """Stem to the stem that stands for its group."""
    found: dict[str, str] = {}
    for row in read_rows("words_en.tsv"):
        head = "=" + row[0]
        for word in row:
            found.setdefault(stem(normal_form(word)), head)
    return found


def _better(names: dict[str, Name], form: str, name: Name) -> None:
    if form not in names or (name.rank, name.depth) < (names[form].rank, names[form].depth):
        names[form] = name


def _is_abbreviation(text: str) -> bool:
    return text.isalnum() and len(text) <= _LONGEST_ABBREVIATION and sum(map(str.isupper, text)) > 1


def _all_names(ontology: Ontology) -> Iterator[tuple[Name, str]]:
    for concept, identifier in enumerate(ontology.ids):
        if identifier == PHENOTYPE_ROOT or not ontology.in_branch(concept):
            continue
        depth = len(ontology.ancestors(concept))
        yield from _variants(concept, ontology.labels[concept], 0, depth)
        for synonym in filter(None, ontology.synonyms[concept].split("\t")):
            yield from _variants(concept, synonym, 1, depth)
    for text, identifier, *_ in (row for file in _LEXICONS for row in read_rows(file)):
        number = ontology.number.get(identifier)
        if number is not None:
            yield from _variants(number, text, 2, len(ontology.ancestors(number)))


def _variants(concept: int, text: str, rank: int, depth: int) -> Iterator[tuple[Name, str]]:
    """The name as it is, then without the words that a writer leaves out."""
    tokens = TOKEN.findall(lowered(text))
    forms = _content(tokens)
    joined = any(role_of(token) == Role.JOIN for token in tokens)
    yield Name(concept, forms, rank, joined, depth), text
    fewer = tuple(form for form in forms if form not in _OPTIONAL)
    if 1 < len(fewer) < len(forms):
        yield Name(concept, fewer, _DERIVED, joined, depth), text
    if set(forms) >= _ABSENT_OR_SMALL and len(forms) > len(_ABSENT_OR_SMALL):
        for one in _ABSENT_OR_SMALL:
            yield Name(concept, tuple(form for form in forms if form != one), _DERIVED, joined, depth), text


def _content(tokens: Iterable[str]) -> tuple[str, ...]:
    """Forms of the words that count; "without" and "no" count in a name, or it would mean its opposite."""
    counting = (token for token in tokens if role_of(token) == Role.CONTENT or token in _OPPOSITE)
    return tuple(dict.fromkeys(map(normal_form, counting)))


def _keyed(several: Mapping[frozenset[int], Sequence[Name]]) -> dict[int, dict[int, tuple[Entry, ...]]]:
    often = Counter(group for groups in several for group in groups)
    filed: dict[int, dict[int, list[Entry]]] = {}
    for groups, names in several.items():
        ordered = sorted(groups, key=lambda group: (often[group], group))
        first, second = ordered[0], ordered[min(1, len(ordered) - 1)]
        entry = Entry(groups, tuple(names), any(name.joined for name in names))
        filed.setdefault(first, {}).setdefault(second, []).append(entry)
    return {first: {second: tuple(found) for second, found in rest.items()} for first, rest in filed.items()}
