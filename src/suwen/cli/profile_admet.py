"""The learned endpoints of `suwen profile`: whether they can be worked out, and how they are shown and written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from suwen.cli.records.showing import say
from suwen.errors import MissingExtraError, NotFoundError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from suwen.drugs.admet.nouns import AtomShares, Endpoint, Forecast, Level
    from suwen.formats.molecules.nouns import Molecule

__all__ = ["is_wanted", "shares_of", "show_endpoints", "table_cells", "table_header", "tree_of"]

_WORDS = {
    "value": {"en": "value", "zh": "数值"},
    "interval": {"en": "truth lies in", "zh": "真值所在"},
    "says": {"en": "what it says", "zh": "含义"},
    "nearest": {"en": "nearest known: likeness, measured", "zh": "最近已知分子：相似度、实测"},
    "medicines": {"en": "among approved medicines", "zh": "在已获批药物中"},
    "endpoints": {"en": "Learned endpoints", "zh": "学习所得终点"},
    "legend": {
        "en": "!: on the unwanted side of its limit; ?: unlike the molecules that were measured",
        "zh": "!：处于界限的不利一侧；?：与已测分子不相似",
    },
    "driven": {"en": "What drives each endpoint", "zh": "各终点的驱动因素"},
    "scale": {"en": "shares in", "zh": "份额单位"},
    "up": {"en": "atoms up", "zh": "升高的原子"},
    "down": {"en": "atoms down", "zh": "降低的原子"},
    "whole": {"en": "properties of the whole", "zh": "整体性质"},
    "explained": {"en": "of the forecast", "zh": "占预测"},
    "no_torch": {
        "en": "No learned endpoints: PyTorch is not installed (pip install 'suwen[learn]')",
        "zh": "无学习所得终点：未安装PyTorch（pip install 'suwen[learn]'）",
    },
    "no_weights": {
        "en": "No learned endpoints: their weights are not installed",
        "zh": "无学习所得终点：未安装其权重",
    },
}
_WIDE = 140  # characters of a terminal that seven columns fit into
_PARTS = {"amount": ("", ".low", ".high", ".inside"), "chance": ("", ".answers", ".inside")}


def is_wanted(asked: bool | None, lang: str) -> bool:
    """Whether endpoints are worked out: as `asked`; where nothing was asked, if they can be, else it says why not.

    Raises MissingExtraError without PyTorch and NotFoundError without the weights, where they were asked for.
    """
    if asked is False:
        return False
    has_torch, has_weights = find_spec("torch") is not None, _has_weights()
    if has_torch and has_weights:
        return True
    if not asked:
        say(_WORDS["no_weights" if has_torch else "no_torch"][lang])
        return False
    if has_torch:
        raise NotFoundError("the weights of the learned endpoints are not installed; install Suwen anew")
    raise MissingExtraError("torch", "learn")


def _has_weights() -> bool:
    from suwen.learn.arrays import SHIPPED_ARRAYS  # noqa: PLC0415

    return (SHIPPED_ARRAYS / "admet.json").is_file()


def shares_of(molecule: Molecule) -> dict[str, AtomShares]:
    """The shares of the atoms in each endpoint of a molecule."""
    from suwen.drugs.admet.endpoints import ENDPOINTS  # noqa: PLC0415
    from suwen.drugs.admet.forecast import explain  # noqa: PLC0415

    return {key: explain(molecule, key) for key in ENDPOINTS}


def table_header() -> list[str]:
    """Columns of a table: of an amount value, low, high, inside; of a chance value, answers, inside."""
    from suwen.drugs.admet.endpoints import ENDPOINTS  # noqa: PLC0415

    return [f"admet.{one.key}{part}" for one in ENDPOINTS.values() for part in _PARTS[one.kind]]


def table_cells(forecasts: Sequence[Forecast]) -> list[str]:
    """What stands in these columns; blank for an endpoint that was not worked out."""
    from suwen.drugs.admet.endpoints import ENDPOINTS  # noqa: PLC0415

    found = {one.endpoint.key: one for one in forecasts}
    return [cell for endpoint in ENDPOINTS.values() for cell in _cells(endpoint, found.get(endpoint.key))]


def _cells(endpoint: Endpoint, forecast: Forecast | None) -> list[str]:
    if forecast is None:
        return [""] * len(_PARTS[endpoint.kind])
    inside = str(int(forecast.inside))
    if endpoint.kind == "chance":
        return [f"{forecast.value:.4g}", "|".join(str(int(one)) for one in forecast.classes), inside]
    return [f"{forecast.value:.4g}", *("" if end is None else f"{end:.4g}" for end in (forecast.low, forecast.high)),
            inside]  # fmt: skip


def tree_of(forecasts: Sequence[Forecast], shares: Mapping[str, AtomShares], lang: str) -> dict[str, Any]:
    """The endpoints as JSON, by key; `atoms` where shares were worked out."""
    return {
        one.endpoint.key: {**_answer(one, lang), **_known(one, lang), **_atoms(shares.get(one.endpoint.key))}
        for one in forecasts
    }


def _answer(forecast: Forecast, lang: str) -> dict[str, Any]:
    from suwen.drugs.admet.levels import concern  # noqa: PLC0415

    endpoint = forecast.endpoint
    uncertain: dict[str, Any] = {"answers": [int(one) for one in forecast.classes]}
    if endpoint.kind == "amount":
        uncertain = {"unit": endpoint.unit, "low": forecast.low, "high": forecast.high}
    return {
        "name": endpoint.name.said(lang),
        "group": endpoint.group,
        "kind": endpoint.kind,
        "value": forecast.value,
        **uncertain,
        "coverage": forecast.coverage,
        "inside": forecast.inside,
        "familiar": forecast.familiar,
        "percentile": forecast.percentile,
        "concern": concern(forecast) is not None,
    }


def _known(forecast: Forecast, lang: str) -> dict[str, Any]:
    from suwen.drugs.sources import source_text  # noqa: PLC0415

    endpoint = forecast.endpoint
    return {
        "limits": [_limit(forecast, level, lang) for level in endpoint.levels],
        "nearest": [
            {"smiles": one.smiles, "similarity": one.similarity, "measured": one.measured} for one in forecast.nearest
        ],
        "meaning": endpoint.meaning.said(lang),
        "wanted": endpoint.wanted,
        "source": source_text(endpoint.source, lang),
    }


def _limit(forecast: Forecast, level: Level, lang: str) -> dict[str, Any]:
    from suwen.drugs.admet.levels import is_sure  # noqa: PLC0415
    from suwen.drugs.sources import source_text  # noqa: PLC0415

    is_above = forecast.value >= level.at
    return {
        "at": level.at,
        "side": "above" if is_above else "below",
        "sure": is_sure(forecast, level),
        "says": (level.above if is_above else level.below).said(lang),
        "source": source_text(level.source, lang),
    }


def _atoms(shares: AtomShares | None) -> dict[str, Any]:
    if shares is None:
        return {}
    return {
        "atoms": {
            "shares": list(shares.atoms),
            "whole": shares.whole,
            "base": shares.base,
            "strongest_properties": dict(shares.columns),
            "explained": shares.explained,
        }
    }


def show_endpoints(
    console: Console, forecasts: Sequence[Forecast], shares: Mapping[str, AtomShares], lang: str
) -> None:
    """The endpoints as a table for each group, and the atoms that drive them where these were worked out."""
    from suwen.drugs.admet.endpoints import GROUPS  # noqa: PLC0415

    is_wide = console.width >= _WIDE
    for group, name in GROUPS.items():
        members = [one for one in forecasts if one.endpoint.group == group]
        if members:
            console.print(_table(f"{_WORDS['endpoints'][lang]} · {name.said(lang)}", members, lang, is_wide=is_wide))
    if not is_wide:
        _say_concerns(console, forecasts, lang)
    console.print(_WORDS["legend"][lang], style="dim", markup=False)
    if shares:
        console.print(_driven(forecasts, shares, lang))


def _table(title: str, forecasts: Sequence[Forecast], lang: str, *, is_wide: bool) -> Table:
    """Name, flag, value, interval; on a wide terminal also what it says, the nearest molecule and the place."""
    from rich.table import Column, Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from suwen.drugs.admet.words import closest_texts, interval_text, percentile_text, value_text  # noqa: PLC0415

    keys = ("value", "interval", "says", "nearest", "medicines") if is_wide else ("value", "interval")
    heads = [title, "", *(_WORDS[key][lang] for key in keys)]
    table = Table(*(Column(head, overflow="fold") for head in heads), box=None)  # Chinese has no blanks to break at
    for one in forecasts:
        cells = [one.endpoint.name.said(lang), _flag(one), value_text(one), interval_text(one, lang)]
        if is_wide:
            place = percentile_text(one, lang) if one.percentile is not None else ""
            cells += ["; ".join(closest_texts(one, lang)), _nearest(one, lang), place]
        table.add_row(*map(Text, cells))
    return table


def _say_concerns(console: Console, forecasts: Sequence[Forecast], lang: str) -> None:
    """What the limits say of each endpoint on the unwanted side of one, a line each."""
    from suwen.drugs.admet.levels import concern  # noqa: PLC0415
    from suwen.drugs.admet.words import closest_texts  # noqa: PLC0415

    for one in forecasts:
        if concern(one):
            said = "; ".join(closest_texts(one, lang))
            console.print(f"! {one.endpoint.name.said(lang)}: {said}", markup=False)


def _nearest(forecast: Forecast, lang: str) -> str:
    """How like the nearest measured molecule is, and what was measured of it."""
    from suwen.drugs.admet.words import measured_text  # noqa: PLC0415

    near = forecast.nearest[:1]
    return "".join(f"{one.similarity:.2f}: {measured_text(forecast.endpoint, one.measured, lang)}" for one in near)


def _flag(forecast: Forecast) -> str:
    from suwen.drugs.admet.levels import concern  # noqa: PLC0415

    return ("!" if concern(forecast) else "") + ("" if forecast.inside else "?")


def _driven(forecasts: Sequence[Forecast], shares: Mapping[str, AtomShares], lang: str) -> Table:
    from rich.table import Column, Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from suwen.drugs.admet.words import scale_text  # noqa: PLC0415

    heads = [_WORDS[key][lang] for key in ("driven", "scale", "up", "down", "whole", "explained")]
    table = Table(*(Column(head, overflow="fold") for head in heads), box=None)
    for one in forecasts:
        its = shares[one.endpoint.key]
        strongest = ", ".join(f"{key} {share:+.2f}" for key, share in its.columns)
        cells = [one.endpoint.name.said(lang), scale_text(one.endpoint, lang), _pushing(its, 1.0), _pushing(its, -1.0),
                 strongest, f"{100 * its.explained:.0f} %"]  # fmt: skip
        table.add_row(*map(Text, cells))
    return table


def _pushing(shares: AtomShares, sign: float) -> str:
    """The atoms that drive the value most in a direction, each with its share."""
    from suwen.drugs.admet.words import strongest_atoms  # noqa: PLC0415

    return ", ".join(f"{at} {shares.atoms[at]:+.2f}" for at in strongest_atoms(shares, sign=sign))
