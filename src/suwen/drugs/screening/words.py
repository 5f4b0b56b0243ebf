"""Problems of a screening in English and Chinese, and the way from one to the other."""

from __future__ import annotations

import re
from functools import cache

from suwen.errors import Problem
from suwen.formats.molecules.notices import notice_text
from suwen.subject import Saying

__all__ = ["problem", "problem_text"]

_WORDS = {
    "failed": Saying("the chemistry library failed on this molecule ({why})", "化学库处理该分子时出错（{why}）"),
    "broke": Saying(
        "the chemistry library broke down on this molecule; check its structure", "化学库处理该分子时崩溃；请检查其结构"
    ),
    "model": Saying("the model cannot tell: {why}", "模型无法判断：{why}"),
    "no_number": Saying("the model {key} gave no number", "模型{key}未给出数值"),
    "no_score": Saying("docking gave no number", "对接未给出数值"),
    "no_shape": Saying("no conformer of this molecule can be made", "无法生成该分子的构象"),
    "large": Saying(
        "shapes are compared up to {most} heavy atoms, not {count}", "形状比较最多{most}个重原子，该分子有{count}个"
    ),
    "not_laid": Saying("it cannot be laid over ({why})", "无法叠合（{why}）"),
    "size": Saying(
        "the molecule has {count} heavy atoms; a profile is for 1 to {most}",
        "该分子有{count}个重原子；可处理范围为1至{most}",
    ),
}


def problem(key: str, /, *, where: str = "", **values: str | float) -> Problem:
    """The problem of that key with its values."""
    inner = {name: _inner(str(one)) for name, one in values.items()}
    return Problem(where, _WORDS[key].en.format(**values), zh_what=_WORDS[key].zh.format(**inner))


def problem_text(found: Problem, lang: str) -> str:
    """A problem of any stage as one line for a reader, in English ("en") or Chinese ("zh")."""
    if lang == "zh" and found.zh_what:
        return found.said("zh")
    if lang == "zh":
        for key, said in _WORDS.items():
            match = _pattern(key).fullmatch(found.what)
            if match is not None:
                place = f"{found.where}：" if found.where else ""
                return place + said.zh.format(**{name: _inner(one) for name, one in match.groupdict().items()})
    from suwen.drugs.docking.notices import docking_text  # noqa: PLC0415 (docking is looked into only to speak of it)

    return docking_text(found, lang) if lang == "zh" else notice_text(found, "en")


def _inner(value: str) -> str:
    """A value in Chinese where it is one of these sentences itself; a name, a number or a library's words stay."""
    return problem_text(Problem("", value), "zh")


@cache
def _pattern(key: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", _WORDS[key].en)
    made = [re.escape(part) if at % 2 == 0 else f"(?P<{part}>.+?)" for at, part in enumerate(parts)]
    return re.compile("".join(made), re.DOTALL)
