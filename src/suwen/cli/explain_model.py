"""`suwen explain-model`: a model's answer for one input, and why, as text, JSON, picture and page."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from suwen.cli.records.showing import say, write_whole
from suwen.errors import DataError, FormatError, InputError, NotFoundError

if TYPE_CHECKING:
    from suwen.explain.opening.example import Example
    from suwen.explain.opening.opened import Opened
    from suwen.explain.opening.panels import Panels
    from suwen.explain.surrogate import Surrogate
    from suwen.learn.card import Card
    from suwen.learn.model import Model
    from suwen.learn.weights import Trust

__all__ = ["explain_model"]

_TOLD = {
    "page": {"en": "Page written to {file}", "zh": "页面已写入 {file}"},
    "png": {"en": "Picture written to {file}", "zh": "图片已写入 {file}"},
    "labels": {"en": "Outlines written to {file}", "zh": "轮廓已写入 {file}"},
}
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("explain-model")
@click.argument("model")
@click.argument("input_", metavar="INPUT")
@click.option("--method", default="", help="Method of the heat map [default: the best of the benchmark heat-maps].")
@click.option("--target", default="", metavar="CLASS", help="Class to explain, by name or number from 0.")
@click.option("--size", default="", metavar="HxW", help="Size to bring a picture to where the card names none.")
@click.option("--html", type=_FILE, help="Write the page: input, map, answer, evidence and limits.")
@click.option("--png", type=_FILE, help="Write the heat map over the input.")
@click.option("--labels", type=_FILE, help="Where outlines of a volume go [default: beside INPUT, .nii.gz].")
@click.option("--check", is_flag=True, help="Check now whether the map depends on the model (takes a while).")
@click.option("--unsigned", is_flag=True, help="Load a model that nobody signed, because you made it yourself.")
@click.option(
    "--trust",
    "trusted",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="PUBKEY",
    help="File of a public key (Ed25519, PEM) whose signed models are loaded; repeatable.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language.")
def explain_model(model: str, input_: str, **options: Any) -> None:
    """Show what MODEL answers for INPUT, on what grounds, and whether the grounds can be believed.

    MODEL is a shipped model's name or a .safetensors file. INPUT is a picture, a NIfTI volume, FILE.npz:ARRAY:INDEX
    (from 0) or FILE.csv:ROW (from 1).
    """
    from suwen.explain.opening.door import open_model  # noqa: PLC0415
    from suwen.explain.opening.example import read_example  # noqa: PLC0415

    size = _size(options["size"])
    loaded, weights = _loaded(model, unsigned=options["unsigned"], trusted=options["trusted"])
    example = read_example(input_)
    if example.kind == "row" and options["png"] is not None:
        raise InputError("a row of a table has no picture; leave out --png")
    opened = open_model(
        loaded,
        example,
        target=_target(loaded.card, options["target"]),
        method=options["method"],
        size=size,
        check=options["check"],
        surrogate=_surrogate(weights),
        lang=options["lang"],
    )
    _write(opened, example, options)
    _show(opened, options)


def _loaded(model: str, *, unsigned: bool, trusted: tuple[Path, ...]) -> tuple[Model, Path]:
    """The model and its file. A name of a shipped model comes before a file of that name in this folder."""
    from suwen.learn.model import Model  # noqa: PLC0415
    from suwen.learn.weights import Trust, load_model, pins, shipped  # noqa: PLC0415

    named = not model.endswith(".safetensors")
    if named and ("/" in model or "\\" in model):
        raise InputError(f"{model!r} is no model: give the name of a shipped one, or a .safetensors file")
    weights = shipped(model) if named else Path(model)
    pinned = pins() if named else frozenset()
    trust: Trust = Trust(pinned, tuple(_key(one) for one in trusted), unsigned)
    return Model(*load_model(weights, trust)), weights


def _key(file: Path) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415

    try:
        key = load_pem_public_key(file.read_bytes())
    except OSError as reason:
        raise DataError(f"cannot read {file.name}: {reason.strerror}") from None
    except (ValueError, UnsupportedAlgorithm):
        raise FormatError(f"{file.name} is no public key; it must be Ed25519 in PEM") from None
    if not isinstance(key, Ed25519PublicKey):
        raise FormatError(f"{file.name} is a public key of another kind; models are signed with Ed25519")
    return key


def _surrogate(weights: Path) -> Surrogate | None:
    """The tree that lies beside a model, NAME.surrogate.json, if there is one."""
    from suwen.explain.surrogate import from_json  # noqa: PLC0415

    file = weights.with_suffix(".surrogate.json")
    if not file.is_file():
        return None
    try:
        return from_json(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        raise DataError(f"cannot read {file.name}; take it away, or make it anew") from None


def _size(text: str) -> tuple[int, ...] | None:
    if not text:
        return None
    if not re.fullmatch(r"[1-9]\d{0,3}x[1-9]\d{0,3}", text):
        raise InputError(f"{text!r} is no size; write HEIGHTxWIDTH in pixels, such as 28x28")
    return tuple(int(side) for side in text.split("x"))


def _target(card: Card, text: str) -> int | None:
    """The class of this name, in either language, or number."""
    from suwen.explain.opening.words import class_name  # noqa: PLC0415

    if not text:
        return None
    names = {class_name(card, at, lang): at for at in range(len(card.classes)) for lang in ("zh", "en")}
    names |= {name: at for at, name in enumerate(card.classes)}
    if text in names:
        return names[text]
    if text.isdecimal() and int(text) < len(card.classes):
        return int(text)
    listed = ", ".join(f"{at} {name}" for at, name in enumerate(card.classes))
    raise NotFoundError(f"{card.name} has no class {text}; it has {listed}")


def _write(opened: Opened, example: Example, options: dict[str, Any]) -> None:
    """Everything is made before the first file is written, so that an error leaves none."""
    lang = options["lang"]
    drawn = _panels(opened) if options["html"] or options["png"] else None
    files: list[tuple[str, Path, list[str | bytes]]] = []
    if opened.picture is not None and opened.picture.labels is not None:
        files += _labels(opened, example, options["labels"])
    elif options["labels"] is not None:
        raise InputError(f"{opened.card.name} draws no outlines; leave out --labels")
    if options["png"] is not None:
        picture = drawn.heat or drawn.outlines if drawn is not None else b""
        files.append(("png", options["png"], [picture]))
    if options["html"] is not None:
        from suwen.report.model_page import ModelPage, model_html  # noqa: PLC0415

        page = model_html(ModelPage(opened, drawn), lang=lang, created=datetime.now(UTC))
        files.append(("page", options["html"], [page]))
    for key, file, parts in files:
        write_whole(file, parts)
        say(_TOLD[key][lang].format(file=file.resolve()))


def _panels(opened: Opened) -> Panels | None:
    from suwen.explain.opening.panels import panels  # noqa: PLC0415

    return None if opened.picture is None else panels(opened.picture, target=opened.target)


def _labels(opened: Opened, example: Example, asked: Path | None) -> list[tuple[str, Path, list[str | bytes]]]:
    from suwen.explain.opening.panels import label_volume  # noqa: PLC0415

    if opened.picture is None or opened.picture.affine is None:
        if asked is not None:
            raise InputError(
                "outlines are written as NIfTI only for a NIfTI volume: another input has no place in space"
            )
        return []
    written = label_volume(opened.picture)
    file = asked or example.file.with_name(f"{_stem(example.file)}.{opened.card.name}.nii.gz")
    if asked is None and file.exists() and file.read_bytes() != written:
        raise InputError(f"{file.name} is there already and differs; say where the outlines go: --labels FILE")
    return [("labels", file, [written])]


def _stem(file: Path) -> str:
    name = file.name
    return next((name[: -len(end)] for end in (".nii.gz", ".nii") if name.lower().endswith(end)), file.stem)


def _show(opened: Opened, options: dict[str, Any]) -> None:
    from suwen.report.model_page import model_json, print_model  # noqa: PLC0415

    if options["as_json"]:
        click.echo(json.dumps(model_json(opened), ensure_ascii=False, allow_nan=False))
        return
    from rich.console import Console  # noqa: PLC0415

    print_model(opened, Console(highlight=False), options["lang"])
