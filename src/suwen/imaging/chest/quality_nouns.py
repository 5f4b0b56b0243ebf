"""How good a chest radiograph is to read: aspects, each with its value, its limits, its words and its source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from suwen.errors import NotFoundError

__all__ = ["Aspect", "Grade", "Quality"]


class Grade(Enum):
    """Whether an image can be read: as it should be, with reserve, or not."""

    OK = "ok"
    LIMITED = "limited"
    UNUSABLE = "unusable"


@dataclass(frozen=True, slots=True)
class Aspect:
    """One aspect of quality: what was measured (None: not measurable), where it becomes limited and unusable, and why.

    `limited` and `unusable` are the ends (low, high) of what is still better than that; None: no limit on that side.
    `words` has a sentence for a reader under "en" and "zh". `source` says where criterion and limits come from.
    """

    name: str
    grade: Grade
    value: float | None
    limited: tuple[float | None, float | None]
    unusable: tuple[float | None, float | None]
    words: Mapping[str, str]
    source: str


@dataclass(frozen=True, slots=True)
class Quality:
    """All aspects of one image, in a fixed order."""

    aspects: tuple[Aspect, ...]

    @property
    def grade(self) -> Grade:
        """The worst grade of any aspect that bears on reading."""
        order = (Grade.UNUSABLE, Grade.LIMITED)
        return next((grade for grade in order if any(one.grade is grade for one in self.aspects)), Grade.OK)

    def aspect(self, name: str) -> Aspect:
        """The aspect of this name.

        Raises:
            NotFoundError: there is none; lists those there are.

        """
        found = next((one for one in self.aspects if one.name == name), None)
        if found is None:
            raise NotFoundError(
                f"no aspect of quality is called {name}; there are {', '.join(a.name for a in self.aspects)}",
                zh=f"没有名为 {name} 的质量项目；有 {'、'.join(a.name for a in self.aspects)}",
            )
        return found
