"""XML parsed into a bounded tree, without document types, entities or anything fetched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from suwen.errors import FormatError

__all__ = ["Node", "tree_in"]

_DEEPEST = 64
_MOST_NODES = 500_000


@dataclass(slots=True)
class Node:
    """An element: its name and the names of its attributes without namespace, its text, and the elements in it."""

    name: str
    attributes: dict[str, str]
    children: list[Node] = field(default_factory=list)
    text: str = ""

    def all(self, *path: str) -> Iterator[Node]:
        """Every element at a path below this one."""
        if not path:
            yield self
            return
        for child in self.children:
            if child.name == path[0]:
                yield from child.all(*path[1:])

    def first(self, *path: str) -> Node | None:
        """The first element at a path below this one."""
        return next(self.all(*path), None)

    def value(self, *path: str, of: str = "value") -> str:
        """An attribute of the first element at a path, "" where there is none."""
        found = self.first(*path)
        return found.attributes.get(of, "") if found is not None else ""

    def below(self, name: str) -> Iterator[Node]:
        """Every element of a name at any depth below this one."""
        for child in self.children:
            if child.name == name:
                yield child
            yield from child.below(name)


def tree_in(data: bytes) -> Node:
    """The tree of a document; FormatError where it is no XML, declares a document type, or is too deep or too many."""
    parser = expat.ParserCreate()
    builder = _Builder()
    parser.buffer_text = True
    # A document type is the door of entities that expand to gigabytes or name files of this computer.
    parser.StartDoctypeDeclHandler = builder.refuse
    parser.EntityDeclHandler = builder.refuse
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.characters
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError("the document is no well-formed XML", zh="文档不是格式正确的 XML") from error
    if builder.root is None:
        raise FormatError("the document is no well-formed XML", zh="文档不是格式正确的 XML")
    return builder.root


class _Builder:
    """What the parser meets on its way."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self._open: list[Node] = []
        self._pieces: list[list[str]] = []
        self._count = 0

    def refuse(self, *_: object) -> None:
        raise FormatError(
            "the document declares a document type or entities, which are refused",
            zh="文档含有文档类型或实体声明，不予接受",
        )

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > _MOST_NODES or len(self._open) >= _DEEPEST:
            raise FormatError(
                "the document has too many elements, or too many one in another", zh="文档的元素过多，或嵌套过深"
            )
        node = Node(_bare(name), {_bare(key): value for key, value in attributes.items()})
        if self._open:
            self._open[-1].children.append(node)
        else:
            self.root = node
        self._open.append(node)
        self._pieces.append([])

    def end(self, _name: str) -> None:
        self._open.pop().text = "".join(self._pieces.pop())

    def characters(self, data: str) -> None:
        self._pieces[-1].append(data)


def _bare(name: str) -> str:
    return name.rpartition(":")[2]
