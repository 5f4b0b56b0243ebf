"""The models of the house: cards with purpose and limits first, figures, lineage; trainings as they run."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from fastapi import APIRouter, Request, Response

from suwen.errors import FormatError, NotFoundError
from suwen.server.house import house_of
from suwen.server.pages.trainings import Run, run_named, runs_in
from suwen.server.showing import Words, show
from suwen.server.visitors import Signed
from suwen.subject import Saying

if TYPE_CHECKING:
    from suwen.learn.card import Card

__all__ = ["MODEL_NAMES", "router"]

MODEL_NAMES: Mapping[str, Saying] = MappingProxyType(  # what the shipped models are called by people
    {
        "admet": Saying("ADMET forecasts", "ADMET 预测"),
        "adrenal": Saying("Adrenal glands (CT)", "肾上腺（CT）"),
        "chest": Saying("Chest radiograph, adults", "成人胸片"),
        "chest_anatomy": Saying("Outlines on chest radiographs", "胸片解剖轮廓"),
        "chest_shadows": Saying("Shadows on chest radiographs", "胸片阴影定位"),
        "heart_disease": Saying("Coronary artery disease", "冠心病"),
        "hippocampus": Saying("Hippocampus (MR)", "海马（磁共振）"),
        "molecules": Saying("Representation of molecules", "分子表示"),
        "pneumonia": Saying("Chest radiograph, children", "儿童胸片"),
        "qrs": Saying("QRS complexes of the ECG", "心电图 QRS 波群"),
    }
)
router = APIRouter(include_in_schema=False)
WORDS: Words = MappingProxyType(
    {
        "title": Saying("Models", "模型"),
        "lead": Saying(
            "What each model is for and where it ends, before any figure. Figures carry the interval and the examples "
            "they were measured on.",
            "先说明用途与局限，再列指标。各项指标均附区间及测得该指标的样本数。",
        ),
        "shipped": Saying("Shipped with Suwen", "随素问提供"),
        "own": Saying("Trained here", "本院训练"),
        "runs": Saying("Trainings", "训练"),
        "no_runs": Saying(
            "No training is kept in the folder of this server ({folder}).",
            "本服务器的文件夹（{folder}）中没有训练记录。",
        ),
        "no_folder": Saying(
            "No folder of trainings is set (setting: trainings).", "未设置训练文件夹（设置项：trainings）。"
        ),
        "examples": Saying("Examples learned from", "训练样本数"),
        "calibrated": Saying("Calibration", "校准"),
        "uncalibrated": Saying(
            "Not calibrated as a whole: its numbers are probabilities only where limits or figures say so.",
            "整体未经校准：仅在局限或指标中注明时，其数值方可视为概率。",
        ),
        "temperature": Saying(
            "Temperature scaling: the log odds are divided by {temperature} before they become probabilities; the "
            "number was fitted on the validation part.",
            "温度缩放：对数几率先除以 {temperature} 再转为概率；该系数由验证集拟合。",
        ),
        "calibrated_by": Saying(
            "Calibrated by {kind}; fitted on the validation part.", "以 {kind} 校准；由验证集拟合。"
        ),
        "back": Saying("All models", "全部模型"),
        "vouched": Saying("Its card is pinned in this version of Suwen.", "模型卡已固定于本版本。"),
        "epoch": Saying("Epoch", "轮次"),
        "loss": Saying("Training loss", "训练损失"),
        "validation": Saying("Validation loss", "验证损失"),
        "rate": Saying("Rate", "学习率"),
        "seconds": Saying("Seconds", "用时（秒）"),
        "figures": Saying("Figures", "指标"),
        "network": Saying("Network", "网络"),
        "running": Saying("still growing; this page follows it", "仍在进行，页面将自动更新"),
        "course": Saying("Course of the losses: training solid, validation dashed", "损失曲线：实线为训练，虚线为验证"),
    }
)


@router.get("/models")
def models(request: Request, visitor: Signed) -> Response:
    """All shipped models, and the trainings of this house."""
    folder = house_of(request).settings.trainings
    return show(
        request, "models.html", WORDS, visitor=visitor, cards=_cards(), runs=runs_in(folder) if folder else (),
        folder=folder, named=partial(_named, lang=visitor.lang),
    )  # fmt: skip


@router.get("/models/runs/{name}")
def run(request: Request, visitor: Signed, name: str) -> Response:
    """One training: its course so far; the page asks again while it grows."""
    return _course(request, visitor, name, "model_run.html")


@router.get("/models/runs/{name}/course")
def course(request: Request, visitor: Signed, name: str) -> Response:
    """The part of that page which grows."""
    return _course(request, visitor, name, "model_course.html")


def _course(request: Request, visitor: Signed, name: str, template: str) -> Response:
    from suwen.report.card_view import figure_name  # noqa: PLC0415

    named = partial(figure_name, lang="zh" if visitor.lang == "zh" else "en")
    return show(request, template, WORDS, visitor=visitor, run=_run(request, name), figure_name=named)


@router.get("/models/{name}")
def model(request: Request, visitor: Signed, name: str) -> Response:
    """The card of one model."""
    from suwen.report.card_view import card_view, told  # noqa: PLC0415

    found = next((one for one in _cards() if one.name == name), None)
    if found is None:
        raise NotFoundError("no model of this name is shipped", zh="随软件提供的模型中没有该名称")
    lang: Literal["en", "zh"] = "zh" if visitor.lang == "zh" else "en"
    view = card_view(found, lang, ("pinned", ""))
    return show(
        request, "model.html", WORDS, visitor=visitor, view=view, told=partial(told, lang=lang), card=found,
        name=_named(found.name, lang), calibration=_calibration(found, lang), short=_short,
    )  # fmt: skip


def _named(name: str, lang: str) -> str:
    return MODEL_NAMES[name].said(lang) if name in MODEL_NAMES else name


def _calibration(card: Card, lang: str) -> str:
    """How the numbers of a model were made probabilities, in a sentence."""
    kind = str(card.calibration.get("kind", "")) if card.calibration else ""
    if kind == "temperature":
        temperature = f"{float(card.calibration['temperature']):.2f}"
        return WORDS["temperature"].said(lang).format(temperature=temperature)
    return WORDS["calibrated_by"].said(lang).format(kind=kind) if kind else WORDS["uncalibrated"].said(lang)


def _short(value: object) -> str:
    """A value of a check as a reader wants it: three digits of a number."""
    if not isinstance(value, float):
        return str(value)
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def _run(request: Request, name: str) -> Run:
    folder = house_of(request).settings.trainings
    if folder is None:
        raise NotFoundError("no folder of trainings is set", zh="未设置训练结果的文件夹")
    return run_named(folder, name)


@cache
def _cards() -> tuple[Card, ...]:
    """The cards that this package ships; they are pinned by digest where their weights are loaded."""
    from suwen.learn.card import Card  # noqa: PLC0415

    found = []
    for file in sorted(_shipped().rglob("*.json")):
        try:
            found.append(Card.from_json(file.read_bytes()))
        except FormatError:  # pins.json, which is no card
            continue
    return tuple(sorted(found, key=lambda one: one.name))


def _shipped() -> Path:
    from importlib import resources  # noqa: PLC0415

    return Path(str(resources.files("suwen.learn").joinpath("shipped")))
