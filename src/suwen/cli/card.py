"""Models at the command line: `suwen card`, which shows what a model is, checks that it is that, and signs it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from suwen.cli.records.showing import say, write_whole
from suwen.cli.train import require_learning, site_key
from suwen.errors import InputError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from suwen.learn.card import Card

    _Key = tuple[str, Ed25519PrivateKey]

__all__ = ["card"]

_TOLD = {
    "page": {"en": "Page written to {file}", "zh": "页面已写入 {file}"},
    "signed": {"en": "Signed: {file}", "zh": "已签名：{file}"},
    "key": {
        "en": "Key made: {private} (keep it, and its passphrase, where you keep keys) and {public}. Machines that "
        "shall load models signed with it need the public file in {folder}, or in SUWEN_MODEL_KEYS.",
        "zh": "密钥已生成：{private}（请妥善保管该文件及其口令）与 {public}。"
        "须载入由其签名的模型的机器，应将公钥文件放入 {folder} 或 SUWEN_MODEL_KEYS 所指文件夹。",
    },
}


@click.command("card")
@click.argument("model", required=False)
@click.option("--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write the card as a page.")
@click.option(
    "--sign", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Sign it with this private key."
)
@click.option(
    "--new-key",
    type=click.Path(path_type=Path, file_okay=False),
    help="Make a key of the site in this folder, its private part encrypted; MODEL, if given, is signed with it.",
)
@click.option(
    "--trust",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="PUBKEY",
    help="Trust this public key as well; repeatable.",
)
@click.option("--unsigned", is_flag=True, help="Show a model nobody vouches for all the same.")
def card(model: str | None, lang: Any, sign: Path | None, new_key: Path | None, **options: Any) -> None:
    """Show the card of MODEL, a shipped name or a path, after checking that weights, card and signature are whole.

    The passphrase of a key is asked for, or taken from SUWEN_MODEL_PASSPHRASE.
    """
    require_learning()
    if sign is not None and (new_key is not None or model is None):
        raise InputError("--sign needs a model, and does not go with --new-key, which signs by itself")
    if model is None and new_key is None:
        raise InputError("name a model: one that is shipped, or the path of its .safetensors file")
    key = _made(new_key, lang) if new_key is not None else _opened(sign)
    if model is not None:
        weights = _weights(model)
        if key is not None:
            _sign(weights, key, lang)
        _show(weights, key, lang, options)


def _weights(model: str) -> Path:
    from suwen.learn.weights import shipped  # noqa: PLC0415

    path = Path(model)
    if path.suffix in {".json", ".sig"}:
        path = path.with_suffix(".safetensors")
    return path if path.suffix == ".safetensors" or path.is_file() else shipped(model)


def _made(folder: Path, lang: str) -> _Key:
    from suwen.cli.records.asking import ask_secret  # noqa: PLC0415
    from suwen.learn.site_keys import keys_folder, new_key, read_private_key  # noqa: PLC0415

    passphrase = ask_secret("new passphrase of the key", "SUWEN_MODEL_PASSPHRASE", new=True)
    private, public = new_key(folder, passphrase)
    say(_TOLD["key"][lang].format(private=private, public=public, folder=keys_folder()))
    return public.name, read_private_key(private, passphrase)


def _opened(sign: Path | None) -> _Key | None:
    key = site_key(sign)
    return None if sign is None or key is None else (sign.name, key)


def _sign(weights: Path, key: _Key, lang: str) -> None:
    from suwen.learn.site_keys import sign_model  # noqa: PLC0415

    say(_TOLD["signed"][lang].format(file=sign_model(weights, key[1])))


def _show(weights: Path, key: _Key | None, lang: Any, options: dict[str, Any]) -> None:
    from suwen.learn.site_keys import SiteKey, site_trust, trusted_keys, vouched_by  # noqa: PLC0415
    from suwen.learn.weights import load_model  # noqa: PLC0415

    own = () if key is None else (SiteKey(key[0], key[1].public_key()),)  # who signs just now trusts their own key
    keys = (*trusted_keys(options["trust"]), *own)
    _, found = load_model(weights, site_trust(keys, unsigned=options["unsigned"]))
    vouched = vouched_by(weights, keys)
    _print(found, vouched, lang, as_json=options["as_json"])
    if options["html"] is not None:
        from suwen.report.card_page import card_html  # noqa: PLC0415

        write_whole(options["html"], [card_html(found, vouched, lang=lang, created=datetime.now(UTC))])
        say(_TOLD["page"][lang].format(file=options["html"].resolve()))


def _print(found: Card, vouched: tuple[str, str], lang: Any, *, as_json: bool) -> None:
    from suwen.report.card_page import card_json, print_card  # noqa: PLC0415

    if as_json:
        click.echo(json.dumps(card_json(found, vouched), ensure_ascii=False))
        return
    from rich.console import Console  # noqa: PLC0415

    print_card(found, vouched, Console(highlight=False), lang)
