"""Hostile models are refused: each way in which bytes, names, shapes or signatures can lie meets the right error."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import pickle
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save, save_file
from torch import nn

from suwen.errors import FormatError, InputError, NotFoundError, SuwenError, TamperError
from suwen.learn.card import Card
from suwen.learn.nets.catalogue import build
from suwen.learn.weights import SHIPPED, Trust, load_model, pins, save_model, shipped

KEY, OTHER = (Ed25519PrivateKey.from_private_bytes(bytes([one]) * 32) for one in (1, 2))
SITE = Trust(keys=(KEY.public_key(),))
ANY = Trust(unsigned=True)
NETWORK = {"kind": "perceptron", "settings": {"features": 3, "widths": [4]}, "members": 1}


def network(seed: int = 0) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return build("perceptron", NETWORK["settings"])


def card(name: str = "one") -> Card:
    words = {"en": "For tests.", "zh": "测试用。"}
    limits = {"en": ("Of no use.",), "zh": ("无实际用途。",)}
    return Card(name, "1", words, "classes", ("a", "b"), NETWORK, {}, (), {}, limits, "CC0")


def made(folder: Path, name: str = "one", *, key: Ed25519PrivateKey | None = KEY, seed: int = 0) -> Path:
    save_model(network(seed), card(name), folder, key=key)
    return folder / f"{name}.safetensors"


def recarded(weights: Path, **changes: object) -> None:
    """Change the card as somebody would who can write files but holds no key."""
    file = weights.with_suffix(".json")
    values = json.loads(file.read_text("utf-8"))
    values |= {"weights_sha256": hashlib.sha256(weights.read_bytes()).hexdigest(), **changes}
    file.write_text(json.dumps(values), "utf-8")


@pytest.mark.parametrize("trust", [SITE, ANY], ids=["site", "any"])
def test_what_was_saved_comes_back(tmp_path: Path, trust: Trust) -> None:
    weights = made(tmp_path, key=KEY if trust is SITE else None)
    loaded, told = load_model(weights, trust)
    assert not loaded.training
    for name, value in network().state_dict().items():
        assert torch.equal(value, loaded.state_dict()[name])
    assert replace(told, weights_sha256="") == card()
    assert told.weights_sha256 == hashlib.sha256(weights.read_bytes()).hexdigest()
    assert not list(tmp_path.glob("*.part"))


def test_the_same_model_is_written_as_the_same_bytes(tmp_path: Path) -> None:
    one, two = made(tmp_path / "a"), made(tmp_path / "b")
    for ending in (".safetensors", ".json", ".sig"):
        assert one.with_suffix(ending).read_bytes() == two.with_suffix(ending).read_bytes()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scratch")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), ending=st.sampled_from([".safetensors", ".json", ".sig"]))
def test_a_bit_flipped_anywhere_is_noticed(whole: Path, scratch: Path, data: st.DataObject, ending: str) -> None:
    for one in whole.parent.iterdir():
        shutil.copy(one, scratch / one.name)
    file = (scratch / whole.name).with_suffix(ending)
    bytes_ = bytearray(file.read_bytes())
    place = data.draw(st.integers(0, len(bytes_) - 1))
    bytes_[place] ^= 1 << data.draw(st.integers(0, 7))
    file.write_bytes(bytes_)
    wanted = {
        ".safetensors": TamperError,
        ".json": (FormatError, TamperError),
        ".sig": (FormatError, InputError, TamperError),
    }
    with pytest.raises(wanted[ending]) as told:
        load_model(scratch / whole.name, SITE)
    assert "\n" not in str(told.value) or ending == ".json"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), ending=st.sampled_from([".safetensors", ".json", ".sig"]))
def test_a_file_that_was_cut_is_noticed(whole: Path, scratch: Path, data: st.DataObject, ending: str) -> None:
    for one in whole.parent.iterdir():
        shutil.copy(one, scratch / one.name)
    file = (scratch / whole.name).with_suffix(ending)
    bytes_ = file.read_bytes()
    file.write_bytes(bytes_[: data.draw(st.integers(0, len(bytes_) - 2))])  # the last byte of a card is a line feed
    with pytest.raises((FormatError, TamperError)):
        load_model(scratch / whole.name, SITE)


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    weights = made(tmp_path)
    weights.with_suffix(".json").unlink()
    with pytest.raises(NotFoundError, match=r"one\.json"):
        load_model(weights, SITE)
    weights.unlink()
    with pytest.raises(NotFoundError, match=r"one\.safetensors"):
        load_model(weights, SITE)


def test_nobody_vouches_for_an_unsigned_model(tmp_path: Path) -> None:
    weights = made(tmp_path, key=None)
    with pytest.raises(InputError, match="neither shipped with this release nor signed") as told:
        load_model(weights, SITE)
    assert "\n" not in str(told.value)


def test_a_key_that_is_not_trusted_is_refused_even_where_unsigned_ones_are_asked_for(tmp_path: Path) -> None:
    weights = made(tmp_path, key=OTHER)
    for trust in (SITE, ANY, Trust(keys=(KEY.public_key(),), unsigned=True)):
        with pytest.raises(InputError, match="key this site does not trust"):
            load_model(weights, trust)


def test_a_signature_that_claims_a_trusted_key_is_refused(tmp_path: Path) -> None:
    weights = made(tmp_path, key=OTHER)
    file = weights.with_suffix(".sig")
    mine = json.loads(made(tmp_path / "b").with_suffix(".sig").read_text())
    file.write_text(json.dumps(json.loads(file.read_text()) | {"key": mine["key"]}))
    with pytest.raises(TamperError, match="changed after signing"):
        load_model(weights, SITE)


def test_the_signature_of_another_model_is_refused(tmp_path: Path) -> None:
    weights, other = made(tmp_path, "one"), made(tmp_path, "two", seed=1)
    shutil.copy(other.with_suffix(".sig"), weights.with_suffix(".sig"))
    with pytest.raises(TamperError):
        load_model(weights, SITE)


@pytest.mark.parametrize("ending", [".safetensors", ".json"])
def test_files_of_two_signed_models_are_not_mixed(tmp_path: Path, ending: str) -> None:
    weights, other = made(tmp_path, "one"), made(tmp_path, "two", seed=1)
    shutil.copy(other.with_suffix(ending), weights.with_suffix(ending))
    with pytest.raises(TamperError):
        load_model(weights, SITE)


def test_both_files_of_another_model_do_not_have_this_signature(tmp_path: Path) -> None:
    weights, other = made(tmp_path, "one"), made(tmp_path, "two", seed=1)
    for ending in (".safetensors", ".json"):
        shutil.copy(other.with_suffix(ending), weights.with_suffix(ending))
    with pytest.raises(TamperError, match="changed after signing"):
        load_model(weights, SITE)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "null", "1", "{}", '{"format": 1}', '{"format": 1, "key": 7, "signature": "%%"}', "{" * 5000, "\0"],
)
def test_a_signature_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    weights = made(tmp_path)
    weights.with_suffix(".sig").write_text(text)
    with pytest.raises(InputError):
        load_model(weights, SITE)


def test_a_signature_of_a_later_format_is_refused(tmp_path: Path) -> None:
    weights = made(tmp_path)
    file = weights.with_suffix(".sig")
    file.write_text(json.dumps(json.loads(file.read_text()) | {"format": 2}))
    with pytest.raises(InputError):
        load_model(weights, SITE)


def test_a_short_signature_is_refused(tmp_path: Path) -> None:
    weights = made(tmp_path)
    file = weights.with_suffix(".sig")
    file.write_text(json.dumps(json.loads(file.read_text()) | {"signature": base64.b64encode(b"x" * 63).decode()}))
    with pytest.raises(TamperError):
        load_model(weights, SITE)


class _Bomb:
    """What a pickle would run."""

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, ("touch exploded",)


@pytest.mark.parametrize("maker", ["pickle", "torch"])
def test_a_pickle_in_other_clothes_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, maker: str) -> None:
    monkeypatch.chdir(tmp_path)
    weights = made(tmp_path, key=None)
    if maker == "pickle":
        weights.write_bytes(pickle.dumps({"body.0.weight": _Bomb()}))
    else:
        torch.save({"body.0.weight": _Bomb()}, weights)
    recarded(weights)
    with pytest.raises(FormatError, match="not a safetensors file"):
        load_model(weights, ANY)
    assert not Path("exploded").exists()


def test_a_header_that_claims_terabytes_is_refused(tmp_path: Path) -> None:
    weights = made(tmp_path, key=None)
    header = json.dumps({"body.0.weight": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}}).encode()
    weights.write_bytes(len(header).to_bytes(8, "little") + header)
    recarded(weights)
    with pytest.raises(FormatError):
        load_model(weights, ANY)


def _changed(weights: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> None:
    tensors = load_file(weights)
    change(tensors)
    save_file(tensors, weights)
    recarded(weights)


FIRST = "body.0.weight"
CHANGES: dict[str, Callable[[dict[str, torch.Tensor]], object]] = {
    "another shape": lambda them: them.update({FIRST: torch.zeros(4, 7)}),
    "turned": lambda them: them.update({FIRST: them[FIRST].T.contiguous()}),
    "one too many": lambda them: them.update({"more": torch.zeros(1)}),
    "one too few": lambda them: them.pop(FIRST),
    "another type": lambda them: them.update({FIRST: them[FIRST].double()}),
    "another name": lambda them: them.update({"body.9.weight": them.pop(FIRST)}),
    "not a number": lambda them: them[FIRST].__setitem__((0, 0), float("nan")),
    "infinite": lambda them: them[FIRST].__setitem__((0, 0), float("inf")),
}


@pytest.mark.parametrize("change", CHANGES)
def test_weights_of_another_network_are_refused(tmp_path: Path, change: str) -> None:
    weights = made(tmp_path, key=None)
    _changed(weights, CHANGES[change])
    with pytest.raises(FormatError, match=r"tensors differ|not finite"):
        load_model(weights, ANY)


@pytest.mark.parametrize(
    "told",
    [
        {"kind": "residual", "settings": {}, "members": 1},
        {"kind": "os.system", "settings": {}, "members": 1},
        {"kind": "perceptron", "settings": {"features": 3, "widths": [5]}, "members": 1},
        {"kind": "perceptron", "settings": {"features": 3, "widths": [4]}, "members": 2},
        {"kind": "perceptron", "settings": {"features": 3, "widths": [4], "weights": "x"}, "members": 1},
        {"kind": "perceptron", "settings": {"features": 10**12, "widths": [4]}, "members": 1},
        {"kind": "perceptron", "settings": {"features": 3, "widths": [10**9]}, "members": 1},
        {"kind": "perceptron", "settings": {"features": -3, "widths": [4]}, "members": 1},
        {"kind": "perceptron", "settings": {"features": True, "widths": [4]}, "members": 1},
        {"kind": "perceptron", "settings": {"features": 3, "widths": []}, "members": 1},
        {"kind": "perceptron", "settings": {"features": 3, "widths": [4], "activation": "__class__"}, "members": 1},
        {"kind": "perceptron", "settings": {"features": 3, "widths": [4]}, "members": 10**9},
        {"kind": "perceptron", "settings": {"features": 3, "widths": [4]}, "members": 0},
        {"kind": "perceptron", "settings": [], "members": 1},
        {"kind": ["perceptron"], "settings": {}, "members": 1},
        {"settings": {"features": 3}},
        {},
    ],
    ids=str,
)
def test_a_card_that_names_another_network_is_refused(tmp_path: Path, told: dict[str, object]) -> None:
    weights = made(tmp_path, key=None)
    recarded(weights, network=told)
    with pytest.raises((FormatError, InputError, NotFoundError)) as refused:
        load_model(weights, ANY)
    assert isinstance(refused.value, SuwenError)


def test_links_are_followed_and_what_they_lead_to_is_verified(tmp_path: Path) -> None:
    weights, other = made(tmp_path, "one"), made(tmp_path, "two", seed=1)
    link = tmp_path / "links"
    link.mkdir()
    for ending in (".safetensors", ".json", ".sig"):
        (link / f"one{ending}").symlink_to(weights.with_suffix(ending))
    load_model(link / "one.safetensors", SITE)
    (link / "one.safetensors").unlink()
    (link / "one.safetensors").symlink_to(other)
    with pytest.raises(TamperError):
        load_model(link / "one.safetensors", SITE)


def test_links_that_lead_nowhere_or_in_a_circle_are_refused(tmp_path: Path) -> None:
    weights = made(tmp_path)
    weights.unlink()
    weights.symlink_to(tmp_path / "gone")
    with pytest.raises(NotFoundError):
        load_model(weights, SITE)
    weights.unlink()
    weights.symlink_to(weights)
    with pytest.raises(FormatError):
        load_model(weights, SITE)
    weights.unlink()
    weights.mkdir()
    with pytest.raises(FormatError):
        load_model(weights, SITE)


def test_a_card_that_is_too_long_is_not_read_whole(tmp_path: Path) -> None:
    weights = made(tmp_path)
    with weights.with_suffix(".json").open("ab") as file:
        file.truncate(2**20 + 1)
    with pytest.raises(FormatError, match="larger"):
        load_model(weights, SITE)


def test_a_pinned_card_vouches_for_its_weights_only(tmp_path: Path) -> None:
    weights = made(tmp_path, key=None)
    pinned = Trust(pinned=frozenset({hashlib.sha256(weights.with_suffix(".json").read_bytes()).hexdigest()}))
    load_model(weights, pinned)
    weights.write_bytes(save(network(1).state_dict()))
    with pytest.raises(TamperError):
        load_model(weights, pinned)
    recarded(weights)
    with pytest.raises(InputError, match="nor signed"):
        load_model(weights, pinned)


def test_saving_without_a_key_takes_the_old_signature_away(tmp_path: Path) -> None:
    made(tmp_path)
    weights = made(tmp_path, key=None, seed=1)
    assert not weights.with_suffix(".sig").exists()
    load_model(weights, ANY)


def test_a_name_that_is_not_shipped_lists_those_that_are() -> None:
    with pytest.raises(NotFoundError, match="there are"):
        shipped("../../etc/passwd")


@pytest.mark.skipif(not (SHIPPED / "pins.json").exists(), reason="this package ships no models yet")
def test_shipped_models_load_as_shipped() -> None:
    for weights in SHIPPED.glob("*.safetensors"):
        _, told = load_model(weights, Trust(pins()))
        assert told.name == weights.stem
