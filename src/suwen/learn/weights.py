"""Models on disk: weights in safetensors beside their card, signed or pinned, and refused when anything does not fit.

Loading goes in three steps. Parse: the card is JSON and the weights are safetensors, neither can hold code. Audit: the
bytes are those that the card names, the card is pinned in this package or signed by a key the site trusts, and names,
shapes and types are exactly those of the network that the card's settings describe. Build: only then is a network made.
The threat: a model exchanged for one that answers wrongly on purpose; a file that fills the memory; a file cut off.

Signature, format 1: `NAME.sig`, JSON with `format`, `key` (SHA-256 of the raw public key) and `signature` (base64,
Ed25519 over b"suwen model 1" + SHA-256 of the card's bytes + SHA-256 of the weights' bytes).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from suwen.errors import FormatError, InputError, NotFoundError, TamperError
from suwen.learn.card import Card
from suwen.learn.nets.catalogue import build
from suwen.learn.whole_files import read_whole, write_whole

__all__ = ["SHIPPED", "Trust", "card_path", "key_id", "load_model", "pins", "save_model", "shipped"]

SHIPPED = Path(__file__).parent / "shipped"
_DOMAIN = b"suwen model 1"
_MOST = 512 * 2**20  # bytes of weights; what is shipped stays under 16 MB


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose models are loaded: cards pinned by SHA-256, keys of the site, and, only on request, unsigned ones."""

    pinned: frozenset[str] = frozenset()
    keys: tuple[Ed25519PublicKey, ...] = ()
    unsigned: bool = False


def pins() -> frozenset[str]:
    """SHA-256 of the cards that this package ships."""
    kept: dict[str, str] = json.loads((SHIPPED / "pins.json").read_text("utf-8"))
    return frozenset(kept.values())


def shipped(name: str) -> Path:
    """Where the weights of a shipped model lie.

    Raises:
        NotFoundError: none has this name; lists those there are.

    """
    names = sorted(path.stem for path in SHIPPED.glob("*.safetensors"))
    if name not in names:
        raise NotFoundError(
            f"no model called {name} is shipped; there are {', '.join(names) or 'none'}",
            zh=f"随软件没有名为 {name} 的模型；有 {'、'.join(names) or '无'}",
        )
    return SHIPPED / f"{name}.safetensors"


def card_path(weights: Path) -> Path:
    """Where the card of these weights lies."""
    return weights.with_suffix(".json")


def key_id(key: Ed25519PublicKey) -> str:
    """SHA-256 of the raw public key, by which a signature names it."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()


def save_model(network: nn.Module, card: Card, folder: Path, *, key: Ed25519PrivateKey | None = None) -> Card:
    """Write NAME.safetensors, NAME.json and, with a key, NAME.sig; gives the card with the digest of the weights.

    The weights are written first and the card last, each in one step: a card never names weights that are not there.
    """
    weights = save({name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()})
    card = replace(card, weights_sha256=hashlib.sha256(weights).hexdigest())
    written = card.to_json().encode()
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / f"{card.name}.safetensors", weights)
    signature = folder / f"{card.name}.sig"
    signature.unlink(missing_ok=True)
    if key is not None:
        write_whole(signature, _signed(key, written, weights))
    write_whole(folder / f"{card.name}.json", written)
    return card


def load_model(weights: Path, trust: Trust) -> tuple[nn.Module, Card]:
    """Network in evaluation mode, and its card, after the audit described above.

    Raises:
        NotFoundError: weights or card are not there.
        FormatError: a file is not what it should be, or weights and card describe different networks.
        TamperError: bytes are not those that were signed or pinned.
        InputError: nobody the site trusts vouches for the model, and it was not asked to load it all the same.

    """
    data, written = read_whole(weights, _MOST), read_whole(card_path(weights), 2**20)
    card = Card.from_json(written)
    if hashlib.sha256(data).hexdigest() != card.weights_sha256:
        raise TamperError(
            f"{weights.name} is not the file that its card names: it was changed or cut off; get both anew",
            zh=f"{weights.name} 不是其模型卡所列的文件：被改动或截断；请重新获取两者",
        )
    _vouched(weights, written, data, trust)
    tensors = _parsed(weights.name, data)
    network = _audited(card, tensors, weights.name)
    network.load_state_dict(tensors)
    return network.eval(), card


def _parsed(name: str, data: bytes) -> dict[str, Tensor]:
    try:
        tensors = load(data)
    except SafetensorError as error:
        raise FormatError(
            f"{name} is not a safetensors file, or cut off", zh=f"{name} 不是 safetensors 文件，或不完整"
        ) from error
    for key, value in tensors.items():
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            raise FormatError(
                f"{name}: {key} holds values that are not finite numbers", zh=f"{name}：{key} 含有非有限的数值"
            )
    return tensors


def _audited(card: Card, tensors: Mapping[str, Tensor], name: str) -> nn.Module:
    """A new network, if names, shapes and types of the weights are its own; measured before memory is taken."""
    kind, settings = card.network.get("kind"), card.network.get("settings")
    members = card.network.get("members", 1)
    if not isinstance(kind, str) or not isinstance(settings, dict) or not isinstance(members, int):
        raise FormatError("the card does not say which network it describes", zh="模型卡未说明所描述的网络")
    with torch.device("meta"):
        outline = _shapes(build(kind, settings, members=members).state_dict())
    given = _shapes(tensors)
    if outline != given:
        odd = sorted(key for key in outline.keys() | given.keys() if outline.get(key) != given.get(key))
        raise FormatError(
            f"{name} does not hold the network of its card: {len(odd)} tensors differ, first {odd[0]}",
            zh=f"{name} 所含的不是其模型卡的网络：{len(odd)} 个张量不同，首个为 {odd[0]}",
        )
    return build(kind, settings, members=members)


def _shapes(tensors: Mapping[str, Tensor]) -> dict[str, tuple[Any, ...]]:
    return {name: (tuple(value.shape), value.dtype) for name, value in tensors.items()}


def _vouched(weights: Path, card: bytes, data: bytes, trust: Trust) -> None:
    if hashlib.sha256(card).hexdigest() in trust.pinned:
        return
    signature = weights.with_suffix(".sig")
    if signature.exists():
        _verified(signature.name, read_whole(signature, 2**16), card, data, trust.keys)
    elif not trust.unsigned:
        raise InputError(
            f"{weights.name} is neither shipped with this release nor signed, so it is not loaded; have it signed with "
            "the site's key, or ask for unsigned models if you made it yourself",
            zh=f"{weights.name} 既非随本版本提供也未签名，因此不予载入；"
            "请用本院密钥签名，若为自行训练可允许未签名的模型",
        )


def _verified(name: str, text: bytes, card: bytes, data: bytes, keys: Iterable[Ed25519PublicKey]) -> None:
    try:
        values = json.loads(text)
        signer, signature = values["key"], base64.b64decode(values["signature"], validate=True)
        known = values["format"] == 1
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise FormatError(f"{name} is not a signature of Suwen", zh=f"{name} 不是 Suwen 的签名") from error
    key = next((one for one in keys if key_id(one) == signer), None)
    if not known or key is None:
        raise InputError(
            f"{name} was made with a key this site does not trust ({str(signer)[:16]}); add the key if it should",
            zh=f"{name} 由本院不信任的密钥（{str(signer)[:16]}）签名；如应信任请添加该密钥",
        )
    try:
        key.verify(signature, _message(card, data))
    except InvalidSignature as error:
        raise TamperError(
            f"{name} does not fit the model: card or weights were changed after signing",
            zh=f"{name} 与模型不符：模型卡或权重在签名后被改动",
        ) from error


def _signed(key: Ed25519PrivateKey, card: bytes, data: bytes) -> bytes:
    made = {"format": 1, "key": key_id(key.public_key())}
    made["signature"] = base64.b64encode(key.sign(_message(card, data))).decode()
    return json.dumps(made).encode()


def _message(card: bytes, data: bytes) -> bytes:
    return _DOMAIN + hashlib.sha256(card).digest() + hashlib.sha256(data).digest()
