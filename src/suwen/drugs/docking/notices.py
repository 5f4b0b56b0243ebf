"""Every remark and refusal of docking by key, in English and simplified Chinese, and the way from one to the other.

A remark is a Problem whose `what` starts with a fixed name and a colon, as those of the readers of molecules; it
travels through a process and a file as the English sentence, and `docking_text` says it in either language.
"""

from __future__ import annotations

import re
from functools import cache

from suwen.errors import InputError, Problem
from suwen.formats.molecules import notice_text
from suwen.subject import Saying

__all__ = ["NOTICES", "docking_text", "notice", "refusal"]

NOTICES: dict[str, Saying] = {
    # what was assumed of a ligand
    "charged": Saying(
        "charged: taken as at pH 7.4 by a table of groups ({groups}); the true charge may differ",
        "电荷：按官能团规则表取pH 7.4下的形式（{groups}）；真实电荷可能不同",
    ),
    "stereo": Saying(
        "stereo: {open} stereocentres or double bonds are open; {count} of {all} forms were docked, the best is shown",
        "立体化学：有{open}处立体构型未指明；共{all}种形式，对接了{count}种，展示最优者",
    ),
    "macrocycle": Saying(
        "macrocycle: a ring of {size} atoms was kept in one shape, so poses that need another are not found",
        "大环：含{size}元环，仅按一种环构象处理，需其他构象的位姿无法找到",
    ),
    "flexible": Saying(
        "flexible: {count} bonds turn; above {most} the search rarely finds the same pose twice",
        "柔性：可旋转键{count}个；超过{most}个时搜索结果难以重复",
    ),
    "unshaped": Saying(
        "unshaped: no force field knows all its atoms, so the start shape was not relaxed",
        "未优化：力场缺少部分原子的参数，初始构象未经优化",
    ),
    # what a score cannot be trusted for
    "tight": Saying(
        "tight: stretched out the molecule takes {molecule} Å and the box is {box} Å, so that poses are cut "
        "off; enlarge the box",
        "盒子过小：分子伸展时为{molecule} Å，而盒子为{box} Å，部分位姿无法找到；请加大盒子",
    ),
    "unfit": Saying(
        "unfit: the best score, {score} kcal/mol, is not below 0: the molecule does not fit here, or the box is too "
        "small or at a wrong place",
        "不匹配：最优得分{score} kcal/mol不低于0：分子与此处不匹配，或盒子过小、位置不当",
    ),
    # why a ligand was not docked
    "element": Saying(
        "element: {elements} is not known to Vina's scoring function; dock a molecule without it",
        "元素：Vina打分函数不认识{elements}；请改用不含该元素的分子",
    ),
    "size": Saying(
        "size: {atoms} heavy atoms; docking takes {least} to {most}",
        "大小：重原子{atoms}个；对接接受{least}至{most}个",
    ),
    "torsions": Saying(
        "torsions: {count} bonds turn; more than {most} cannot be searched",
        "扭转：可旋转键{count}个；超过{most}个无法搜索",
    ),
    "shape": Saying(
        "shape: no shape in space was found for it; check its stereocentres and rings",
        "构象：无法生成三维构象；请核对立体中心与环系",
    ),
    "parts": Saying(
        "parts: it has {count} parts that are not bonded; dock one molecule at a time",
        "组分：由{count}个不相连的部分组成；请一次对接一个分子",
    ),
    "room": Saying(
        "room: the molecule is {long} Å long and the box only {box} Å; enlarge the box",
        "空间：分子长{long} Å，而盒子仅{box} Å；请加大盒子",
    ),
    "time": Saying(
        "time: given up after {seconds} seconds; allow more time, or less exhaustiveness",
        "超时：{seconds}秒后放弃；请放宽时限或降低搜索强度",
    ),
    "crash": Saying(
        "crash: the docking process ended by itself while at this molecule; it has no score",
        "崩溃：对接进程在处理该分子时异常退出；无得分",
    ),
    "engine": Saying(
        "engine: Vina or RDKit refused it ({reason}); it has no score",
        "引擎：Vina或RDKit拒绝处理（{reason}）；无得分",
    ),
    "no_pose": Saying(
        "no_pose: Vina found no pose in the box; it has no score",
        "无位姿：Vina在盒内未找到位姿；无得分",
    ),
    # what preparing a receptor did
    "waters": Saying("waters: {count} water molecules were dropped", "水：已去除{count}个水分子"),
    "dropped": Saying(
        "dropped: {names} is not part of the receptor and was dropped",
        "去除：{names}不属于受体，已去除",
    ),
    "metals": Saying("metals: {names} was kept", "金属：已保留{names}"),
    "kept": Saying("kept: {names} was kept as part of the receptor", "保留：{names}作为受体的一部分保留"),
    "modified": Saying(
        "modified: {names} has no template; types by element, hydrogens only where its file has them",
        "修饰残基：{names}无模板；按元素定型，氢原子以文件为准",
    ),
    "selenium": Saying(
        "selenium: {count} selenomethionines were taken as methionine",
        "硒：{count}个硒代甲硫氨酸按甲硫氨酸处理",
    ),
    "alternates": Saying(
        "alternates: {count} residues have several places; the fullest was taken",
        "多重构象：{count}个残基有多套坐标；取占有率最高者",
    ),
    "models": Saying("models: the first of {count} models was taken", "模型：文件含{count}个模型，取第一个"),
    "missing": Saying(
        "missing: atoms are missing in {residues}; near the box mend them before trusting a score",
        "缺失原子：{residues}；若在盒子附近，请先补全再采信得分",
    ),
    "gap": Saying("gap: the chain is broken behind {residues}", "断链：{residues}之后主链中断"),
    "histidine": Saying(
        "histidine: {count} without hydrogens were taken as neutral, hydrogen on the nitrogen that faces an acceptor",
        "组氨酸：{count}个无氢者按中性处理，氢置于朝向受体原子的氮上",
    ),
    "wide": Saying(
        "wide: the box has {volume} Å³; above 27000 Vina's authors advise more exhaustiveness",
        "盒子过大：{volume} Å³；超过27000时Vina作者建议提高搜索强度",
    ),
}


def notice(key: str, *, where: str = "", **values: str | float) -> Problem:
    """The remark of that key with its values; numbers are shortened to two decimals."""
    shown = {
        name: one if isinstance(one, str) else f"{one:.2f}".rstrip("0").rstrip(".") for name, one in values.items()
    }
    chinese = {name: _value(text) for name, text in shown.items()}
    return Problem(where, NOTICES[key].en.format(**shown), zh_what=NOTICES[key].zh.format(**chinese))


def refusal(key: str, *, where: str = "", **values: str | float) -> InputError:
    """The one error that says why something was not docked."""
    return InputError("this cannot be docked", (notice(key, where=where, **values),), zh="无法对接")


def docking_text(problem: Problem, language: str) -> str:
    """A remark of docking, or of reading a molecule, as one line for a reader, in English ("en") or Chinese ("zh")."""
    key = problem.what.partition(":")[0]
    found = _pattern(key).fullmatch(problem.what) if key in NOTICES and language == "zh" else None
    if found is None:
        return notice_text(problem, "zh" if language == "zh" else "en")
    values = {name: _value(text) for name, text in found.groupdict().items()}
    place = f"{problem.where}：" if problem.where else ""
    return place + NOTICES[key].zh.format(**values)


def _value(text: str) -> str:
    from suwen.drugs.docking.protonation import GROUPS  # noqa: PLC0415 (it needs the refusals above)

    names = {group.name.en: group.name.zh for group in GROUPS}
    return "、".join(names.get(part, part) for part in text.split(", "))


@cache
def _pattern(key: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", NOTICES[key].en)
    made = [re.escape(part) if at % 2 == 0 else f"(?P<{part}>.+?)" for at, part in enumerate(parts)]
    return re.compile("".join(made), re.DOTALL)
