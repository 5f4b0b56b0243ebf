"""Settings of a key provider: names and types checked at the border, all problems told at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suwen.errors import InputError, Problem

__all__ = ["complete"]


def complete(settings: Mapping[str, Any], *, kind: str, defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Return `settings` with `defaults` filled in; a default of "" that is not named in `settings` stays "".

    Raises:
        InputError: a name is unknown, a value is of another type than its default, or `kind` is another one.

    """
    given = {name: value for name, value in settings.items() if name != "kind"}
    problems = [
        Problem(
            name,
            "is not a setting of this key provider",
            f"known are: {', '.join(defaults) or 'none'}",
            zh_what="不是该密钥服务的设置项",
            zh_remedy=f"已知的有：{'、'.join(defaults) or '无'}",
        )
        for name in given
        if name not in defaults
    ]
    problems += [
        Problem(
            name,
            f"is {type(given[name]).__name__}, not {type(default).__name__}",
            zh_what=f"类型为 {type(given[name]).__name__}，而非 {type(default).__name__}",
        )
        for name, default in defaults.items()
        if name in given and type(given[name]) is not type(default)
    ]
    if settings.get("kind", kind) != kind:
        problems.append(
            Problem("kind", f"is {settings['kind']!r}, not {kind!r}", zh_what=f"为 {settings['kind']!r}，而非 {kind!r}")
        )
    if problems:
        raise InputError(
            f"The settings of the key provider {kind!r} cannot be used.",
            problems,
            zh=f"无法使用密钥服务 {kind!r} 的设置",
        )
    return {**defaults, **given}
