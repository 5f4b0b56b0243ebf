"""`suwen heart`: cardiovascular risk of a person by the published equations, with what each factor adds and what if."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from suwen.errors import FormatError, InputError

if TYPE_CHECKING:
    from suwen.diagnosis.heart.answer import Answer
    from suwen.diagnosis.heart.nouns import Equation

__all__ = ["heart"]

_MOST = 2**20  # bytes of a patient's file


@click.command("heart")
@click.argument("patient", required=False, type=click.Path(path_type=Path, allow_dash=True, dir_okay=False))
@click.option("--set", "stated", multiple=True, metavar="KEY=VALUE", help="An input, with its unit; repeatable.")
@click.option("--no-others", is_flag=True, help="State that rarer illnesses and drugs not mentioned are absent.")
@click.option("--what-if", "changes", default="", metavar="KEY=VALUE,...", help="Risks again with these changed.")
@click.option("--equation", "chosen", multiple=True, metavar="KEY", help="Only this equation; repeatable.")
@click.option("--all", "everything", is_flag=True, help="Every model of every equation, each with its bars.")
@click.option("--list", "listed", is_flag=True, help="List the inputs with units and ranges, and the equations.")
@click.option("--report", type=click.Path(path_type=Path, dir_okay=False), help="Write a page (HTML) here too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language.")
def heart(patient: Path | None, **options: Any) -> None:
    """Estimate the cardiovascular risk of PATIENT: a YAML or JSON file of inputs, or - for standard input.

    A bare number is in the unit of its input (see --list); what looks like another unit is refused. What is unknown
    gives an interval, not a default. Equations that do not apply are named with the reasons.
    """
    from suwen.cli.heart_json import answer_json, inputs_json  # noqa: PLC0415
    from suwen.cli.heart_show import print_answer, print_inputs  # noqa: PLC0415
    from suwen.diagnosis.heart.catalogue import EQUATIONS, equation  # noqa: PLC0415

    lang = options["lang"]
    chosen = tuple(equation(key) for key in options["chosen"])
    if options["listed"]:
        listed = chosen or tuple(EQUATIONS.values())
        if options["as_json"]:
            _print_json(inputs_json(listed, lang))
        else:
            print_inputs(listed, lang)
        return
    _require_place(patient, options["report"])
    answer = _answer(patient, options, chosen)
    if options["report"] is not None:
        _write(answer, options["report"], lang)
    if options["as_json"]:
        _print_json(answer_json(answer, lang))
    else:
        print_answer(answer, lang, bars=options["everything"] or bool(chosen))


def _require_place(patient: Path | None, report: Path | None) -> None:
    """Refuse a page that cannot be written or would replace the inputs, before anything is computed.

    Threat: a page written over the file of the person would destroy what is known of a patient.
    """
    from suwen.cli.image_places import require_places  # noqa: PLC0415

    if report is None:
        return
    if patient is not None and report.resolve() == patient.resolve():
        raise InputError("--report would overwrite the file of the person; name another file")
    require_places(Path(), {"report": report}, {})


def _print_json(found: dict[str, Any]) -> None:
    click.echo(json.dumps(found, ensure_ascii=False, indent=1))


def _answer(patient: Path | None, options: dict[str, Any], chosen: tuple[Equation, ...]) -> Answer:
    from suwen.diagnosis.heart.answer import answer_of  # noqa: PLC0415
    from suwen.diagnosis.heart.catalogue import EQUATIONS  # noqa: PLC0415
    from suwen.diagnosis.heart.foremost import foremost  # noqa: PLC0415
    from suwen.diagnosis.heart.person import read_inputs, read_values  # noqa: PLC0415

    if patient is None and not options["stated"]:
        raise InputError("no person was given; name a file, or state inputs with --set KEY=VALUE (see --list)")
    read = read_inputs(_over(_file(patient), _pairs(options["stated"])), nothing_else=options["no_others"])
    changes = read_values(_pairs(_split(options["changes"])))
    everything = tuple(EQUATIONS.values())
    asked = chosen or (everything if options["everything"] else foremost(everything, read.person))
    return answer_of(read, asked, changes)


def _write(answer: Answer, file: Path, lang: Any) -> None:
    from suwen.cli.records.showing import say, write_whole  # noqa: PLC0415
    from suwen.report.heart_page import heart_html  # noqa: PLC0415

    write_whole(file, [heart_html(answer, lang=lang, created=datetime.now(UTC))])
    say({"en": "Page written to {file}", "zh": "报告已写入 {file}"}[lang].format(file=file))


def _over(filed: dict[str, Any], stated: dict[str, str]) -> dict[str, Any]:
    """What the file says, with what the options say in its place, under whatever name."""
    from suwen.diagnosis.heart.words import key_of  # noqa: PLC0415

    said = {key_of(word) or word for word in stated}
    return {**{word: value for word, value in filed.items() if (key_of(word) or word) not in said}, **stated}


def _file(patient: Path | None) -> dict[str, Any]:
    if patient is None:
        return {}
    if str(patient) == "-":
        text = sys.stdin.read(_MOST + 1)
    else:
        try:
            with patient.open(encoding="utf-8-sig") as stream:
                text = stream.read(_MOST + 1)
        except FileNotFoundError:
            raise InputError(f"there is no file {patient}; name a YAML or JSON file, or - for standard input") from None
        except UnicodeDecodeError:
            raise FormatError("the file of the person is not text in UTF-8; save it as UTF-8") from None
        except OSError as error:
            raise InputError(f"{patient} cannot be read: {error.strerror}; look at its permissions") from None
    if len(text) > _MOST:
        raise FormatError("the file of the person is larger than 1 MiB; it should hold one value a line")
    return _flat(_parsed(text))


def _parsed(text: str) -> object:
    """What YAML or JSON says; of an input stated twice none is right, and YAML would keep the last in silence."""
    import yaml  # noqa: PLC0415

    try:
        _require_once(yaml.compose(text, yaml.SafeLoader))
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        if isinstance(error, InputError):
            raise
        raise FormatError(
            "the file of the person is neither YAML nor JSON; write one 'key: value unit' a line"
        ) from None


def _require_once(node: Any) -> None:
    seen: set[str] = set()
    for key, _value in node.value if isinstance(getattr(node, "value", None), list) and node.id == "mapping" else ():
        word = str(key.value)
        if word in seen:
            raise InputError(f"the input {word[:40]!r} is stated twice; state it once")
        seen.add(word)


def _flat(found: object) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise FormatError("the file of the person holds no inputs; write one 'key: value unit' a line")
    for key, value in found.items():
        if not isinstance(value, str | int | float | bool | None):
            raise FormatError(f"the input {str(key)[:40]!r} is not one value")
    return {str(key): value for key, value in found.items()}


def _split(text: str) -> list[str]:
    return [one for one in text.replace("，", ",").replace("；", ",").split(",") if one.strip()]


def _pairs(texts: Iterable[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise InputError("an input is written KEY=VALUE, for example sbp=130 or ldl='70 mg/dL'")
        if key.strip() in pairs:
            raise InputError(f"the input {key.strip()[:40]!r} is stated twice; state it once")
        pairs[key.strip()] = value.strip()
    return pairs
