"""The navigation: the parts of the house, whom they are for, and the key that leads there."""

from __future__ import annotations

from dataclasses import dataclass

from suwen.govern import Role
from suwen.subject import Saying

__all__ = ["CLINICAL", "PLACES", "Place"]

CLINICAL = (Role.PHYSICIAN, Role.IMAGING_SPECIALIST, Role.NURSE)


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the navigation; `roles` whom it is shown to (everybody where there are none), `key` its shortcut."""

    path: str
    name: Saying
    key: str
    roles: tuple[Role, ...] = ()


PLACES = (
    Place("/worklist", Saying("Worklist", "工作列表"), "w", CLINICAL),
    Place("/molecules", Saying("Molecules", "分子"), "m"),
    Place("/models", Saying("Models", "模型"), "o"),
    Place("/jobs", Saying("Jobs", "任务"), "j"),
    Place("/security", Saying("Security", "安全"), "s", (Role.ADMINISTRATOR, Role.SECURITY_OFFICER, Role.AUDITOR)),
    Place("/help", Saying("Help", "帮助"), "h"),
)
