"""Refusals of the drug desk in Chinese: errors speak English, and a page says them in the language of its reader."""

from __future__ import annotations

import re

__all__ = ["refusal_in"]

_CHINESE = (
    (r"paste or draw a molecule first", "请先粘贴或绘制一个分子"),
    (r"(\d+) lines are too many at once; at most (\d+), .*", r"一次 \1 行过多，最多 \2 行；更多分子请用筛选漏斗"),
    (r"files of molecules end in (.*)", "分子文件的扩展名应为 .smi、.txt、.csv、.tsv 或 .sdf"),
    (r"the file is empty", "文件为空"),
    (r"the file is no text, .*", "文件并非文本（无论其名称如何）；请解压，或另存为 SMILES、CSV 或 SDF"),
    (r"the file is called an SDF and holds no record of a molecule", "文件名为 SDF，但其中没有分子记录"),
    (r"the file is larger than (\d+) MB; screen it instead", r"文件超过 \1 MB；请改用筛选漏斗"),
    (r"the file holds more than (\d+) molecules; .*", r"文件中的分子多于 \1 个；请改用筛选漏斗"),
    (r"the file holds no molecule that can be read: .*", "文件中没有可读取的分子：请检查文件类型及结构列"),
    (r"the library is larger than ([\d.]+) MB when packed; .*", r"化合物库压缩后超过 \1 MB；请使用 `suwen screen`"),
    (r"the library is larger than ([\d.]+) MB; .*", r"化合物库超过 \1 MB；请使用 `suwen screen`"),
    (r"docking and model files are not taken here; .*", "此处不接受对接及模型文件；请使用 `suwen screen`"),
    (r"the goals are not TOML: (.*)", r"目标不是有效的 TOML：\1"),
    (r"the goals cannot be used(.*)", r"所设目标无法使用\1"),
    (r"([\w.]+): write a number, or leave it out", r"\1：请填写数字，或留空"),
    (r"you have (\d+) unfinished jobs; .*", r"您有 \1 个未完成的任务；请等待或取消其中一个"),
)


def refusal_in(text: str, lang: str) -> str:
    """A refusal in the language of a page; one that is not in the table stays as it is."""
    if lang != "zh":
        return text
    for pattern, said in _CHINESE:
        found = re.fullmatch(pattern, text, re.DOTALL)
        if found:
            return found.expand(said)
    return text
