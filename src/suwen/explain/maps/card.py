"""What a card says of an explanation: each check by name, passed, failed or not run, with its figure."""

from __future__ import annotations

from collections.abc import Iterable

from suwen.errors import InputError
from suwen.explain.maps.nouns import Verdict

__all__ = ["card_lines"]

_WORDS = {
    "en": {
        True: "this map passes",
        False: "this map FAILS: it shows the image rather than what the model looks at",
        None: "not run, so nothing is known",
        "line": "{method}, {check}: {said}",
        "figure": " (rank correlation with the randomised model {value:.2f}, must be below {threshold:.2f})",
        "parameter randomisation": "parameter randomisation",
        "label randomisation": "label randomisation",
    },
    "zh": {
        True: "此热图通过检验",
        False: "此热图未通过检验：它反映的是图像本身，而非模型所依据之处",
        None: "未做检验，结果未知",
        "line": "{method}，{check}：{said}",
        "figure": "（与随机化模型热图的秩相关 {value:.2f}，须低于 {threshold:.2f}）",
        "parameter randomisation": "参数随机化检验",
        "label randomisation": "标签随机化检验",
    },
}


def card_lines(verdicts: Iterable[Verdict], *, lang: str = "en") -> tuple[str, ...]:
    """One line a verdict, in en or zh."""
    if lang not in _WORDS:
        raise InputError(f"there are sentences in en and zh, not in {lang!r}", zh=f"语句有 en 和 zh，没有 {lang!r}")
    return tuple(_line(verdict, lang) for verdict in verdicts)


def _line(verdict: Verdict, lang: str) -> str:
    words = _WORDS[lang]
    check = words.get(verdict.check, verdict.check)
    line = words["line"].format(method=verdict.method, check=check, said=words[verdict.passes])
    if verdict.passes is None:
        return line
    return line + words["figure"].format(value=verdict.figures["spearman"], threshold=verdict.threshold)
