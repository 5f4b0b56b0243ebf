"""Engines draw what their makers' tools draw, whatever way the volume lies, and load nothing that could be called."""

from __future__ import annotations

import base64
import json
import os
import pickle
import zlib
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="the extra learn is not installed")
pytest.importorskip("scipy", reason="the extra imaging is not installed")

import nnunet_maker as maker  # noqa: E402

from suwen.errors import FormatError, InputError, NotFoundError  # noqa: E402
from suwen.formats.images.nouns import Image  # noqa: E402
from suwen.imaging.engines import Engine, open_engine  # noqa: E402
from suwen.imaging.engines.nnunet import open_nnunet  # noqa: E402
from suwen.imaging.engines.orient import Order, order_to  # noqa: E402
from suwen.imaging.engines.resample import called, new_shape, resampled  # noqa: E402
from suwen.imaging.engines.tiles import Tiling, starts, tiled  # noqa: E402
from suwen.imaging.engines.totalsegmentator import open_totalsegmentator  # noqa: E402
from suwen.subject import Grid, Scale  # noqa: E402

GOLDEN = Path(__file__).parents[1] / "golden" / "imaging" / "nnunet.json"
LPS = ((0.0, 0.0, 2.0, 5.0), (0.0, 2.0, 0.0, -7.0), (2.5, 0.0, 0.0, 11.0), (0.0, 0.0, 0.0, 1.0))


def volume(values: np.ndarray, spacing: tuple[float, ...] = (2.5, 2.0, 2.0), affine=LPS) -> Image:
    return Image("1.2.3", values.astype(np.float32), Grid(values.shape, spacing, Scale.PATIENT, affine))


@pytest.mark.parametrize("name", sorted(maker.CASES))
def test_nnunet_is_read_as_nnunet_reads_it(tmp_path: Path, name: str) -> None:
    """Proves the whole way from plan to labels against what nnU-Net itself drew, for each kind of plan."""
    values, spacing = maker.image(name)
    engine = open_nnunet(maker.make(tmp_path / "D" / "m", name, folds=2 if name == "plain" else 1))
    drawn = engine.segment([volume(values, spacing, None)]).labels
    kept = json.loads(GOLDEN.read_text())["cases"][name]
    expected = np.frombuffer(zlib.decompress(base64.b64decode(kept["labels"])), np.uint8).reshape(kept["shape"])
    assert (drawn == expected).mean() > 0.999


def test_a_network_sees_its_own_axes_however_the_volume_lies(tmp_path: Path) -> None:
    """Proves that a volume stored in another order and direction gets the same labels at the same places."""
    values, spacing = maker.image("plain")
    maker.make(tmp_path / "Dataset900_A" / "m", "plain")
    engine = open_totalsegmentator(tmp_path)
    affine = ((0.0, 0.0, -1.9, 0.0), (0.0, -1.9, 0.0, 0.0), (2.5, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0))
    straight = engine.segment([volume(values, spacing, affine)]).labels
    turned = values.transpose(2, 0, 1)[::-1]
    other = ((1.9, 0.0, 0.0, -1.9 * (values.shape[2] - 1)), (0.0, 0.0, -1.9, 0.0), (0.0, 2.5, 0.0, 0.0), affine[3])
    found = engine.segment([volume(turned, (1.9, 2.5, 1.9), other)]).labels
    assert len(np.unique(straight)) > 1
    assert np.array_equal(found, straight.transpose(2, 0, 1)[::-1])


def test_parts_are_joined_by_name(tmp_path: Path) -> None:
    """Proves that labels of several parts get numbers of their own, and that a later part counts where two draw."""
    for at, names in enumerate((("liver", "spleen"), ("spleen", "aorta")), 291):
        folder = maker.make(tmp_path / f"Dataset{at}_part" / "m", "plain")
        told = json.loads((folder / "dataset.json").read_text())
        told["labels"] = {"background": 0, names[0]: 1, names[1]: 2}
        (folder / "dataset.json").write_text(json.dumps(told))
    engine = open_engine(tmp_path)
    assert dict(engine.names) == {1: "liver", 2: "spleen", 3: "aorta"}
    values, spacing = maker.image("plain")
    seen: list[tuple[int, int]] = []
    affine = ((0.0, 0.0, -1.9, 0.0), (0.0, -1.9, 0.0, 0.0), (2.5, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0))
    found = engine.segment([volume(values, spacing, affine)], progress=lambda done, count: seen.append((done, count)))
    single = open_totalsegmentator(tmp_path / "x") if (tmp_path / "x").exists() else open_nnunet(folder, turn="SAR")
    alone = single.segment([volume(values, spacing, affine)]).labels
    assert np.array_equal(found.mask("aorta"), alone == 2)
    assert found.labels.max() <= 3
    assert seen[-1][0] == seen[-1][1]
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    with pytest.raises(InputError, match="draws no 'heart'"):
        found.mask("heart")


class _Runs:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("false",)


@pytest.mark.parametrize("how", ["program", "garbage", "empty", "other"])
def test_a_checkpoint_that_holds_more_is_refused(tmp_path: Path, how: str) -> None:
    """Proves that a checkpoint with something callable is refused before it runs, and damage is named."""
    folder = maker.make(tmp_path / "D" / "m", "plain")
    file = folder / "fold_0" / "checkpoint_final.pth"
    if how == "program":
        torch.save({"network_weights": {}, "init_args": _Runs()}, file)
    elif how == "garbage":
        file.write_bytes(b"\x80\x04nothing of the kind")
    elif how == "empty":
        file.write_bytes(b"")
    else:
        file.write_bytes(pickle.dumps([1, 2]))
    with pytest.raises(FormatError, match=r"checkpoint_final\.pth"):
        open_nnunet(folder)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("network_class_name", "evil.module.Network", "names the network"),
        ("conv_op", "os.system", "os.system"),
        ("features_per_stage", [4, 6, 10**9], "features"),
        ("features_per_stage", [4, 6, 9], "weights of the checkpoint"),
        ("strides", [[1, 1, 1], [2, 2, 2]], "strides"),
        ("nonlin", "torch.nn.GELU", "nonlin"),
    ],
)
def test_a_plan_that_does_not_fit_is_refused(tmp_path: Path, key: str, value: object, said: str) -> None:
    """Proves that a plan names only networks known here that fit the weights, and that nothing else is imported."""
    folder = maker.make(tmp_path / "D" / "m", "plain")
    plans = json.loads((folder / "plans.json").read_text())
    told = plans["configurations"]["base"]["architecture"]
    (told if key == "network_class_name" else told["arch_kwargs"])[key] = value
    (folder / "plans.json").write_text(json.dumps(plans))
    with pytest.raises(FormatError, match=said):
        open_nnunet(folder)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    """Proves one clear error for a folder without engine, without folds, without images, or with too many voxels."""
    with pytest.raises(NotFoundError, match="no folder"):
        open_engine(tmp_path / "nowhere")
    with pytest.raises(FormatError, match="no engine"):
        open_engine(tmp_path)
    folder = maker.make(tmp_path / "D" / "m", "plain")
    with pytest.raises(NotFoundError, match="fold_7"):
        open_nnunet(folder, folds=["7"])
    engine = open_nnunet(folder)
    with pytest.raises(InputError, match="1 image"):
        engine.segment([])
    flat = Image("1", np.ones((8, 8), np.float32), Grid((8, 8), (1.0, 1.0), Scale.STATED))
    with pytest.raises(InputError, match="flat"):
        engine.segment([flat])
    with pytest.raises(InputError, match="no scale"):
        engine.segment([Image("1", np.ones((8, 8, 8), np.float32), Grid((8, 8, 8)))])
    with pytest.raises(InputError, match="GiB"):
        tiled(lambda tile: tile, np.ones((1, 20, 20, 20), np.float32), 1, Tiling((8, 8, 8), memory=1000))


def test_nothing_but_nothing_is_drawn_on_an_empty_volume(tmp_path: Path) -> None:
    """Proves that a volume of zeros has no structure, and no tile is asked."""
    engine = open_nnunet(maker.make(tmp_path / "D" / "m", "plain"))
    assert not engine.segment([volume(np.zeros((12, 14, 16)))]).labels.any()


@settings(max_examples=40)
@given(st.tuples(*[st.integers(3, 12)] * 3), st.tuples(*[st.integers(2, 8)] * 3), st.sampled_from([0.5, 1.0]))
def test_tiles_cover_all_and_change_nothing(size: tuple[int, ...], tile: tuple[int, ...], step: float) -> None:
    """Proves that tiles overlap without gap within the volume, and that a network by voxel answers as without tiles."""
    values = np.arange(np.prod(size), dtype=np.float32).reshape(1, *size) / 100
    tiling = Tiling(tile, step=step, mirror=(0, 2))
    found = tiled(lambda one: np.concatenate([one, -2 * one]), values, 2, tiling)
    np.testing.assert_allclose(found, np.concatenate([values, -2 * values]), rtol=1e-4, atol=1e-4)
    for line, n, side in zip(
        starts([max(a, b) for a, b in zip(size, tile, strict=True)], tile, step), size, tile, strict=True
    ):
        assert line[0] == 0
        assert line[-1] == max(n, side) - side
        assert all(0 < b - a <= max(1, side * step) + 1 for a, b in pairwise(line))


@given(st.permutations([0, 1, 2]), st.tuples(*[st.booleans()] * 3))
def test_turning_is_undone(axes: list[int], flipped: tuple[bool, ...]) -> None:
    """Proves the law that undo after apply leaves every voxel where it was."""
    values = np.arange(24).reshape(2, 3, 4)
    order = Order(tuple(axes), flipped)
    assert np.array_equal(order.undo(order.apply(values)), values)


@pytest.mark.parametrize("codes", ["SAR", "LPS", "RAS", "IPL", "ASR"])
def test_axes_run_where_the_codes_say(codes: str) -> None:
    """Proves it with a volume whose values are its own coordinates in the patient, obliquely stored."""
    turn = np.array([[0.1, 0.2, 2.0], [0.2, -1.9, 0.1], [-2.4, 0.1, 0.2]])
    affine = (*(tuple(float(one) for one in (*row, 3.0)) for row in turn), (0.0, 0.0, 0.0, 1.0))
    grid = Grid((4, 5, 6), (2.4, 1.9, 2.0), Scale.PATIENT, affine)
    at = np.stack(np.meshgrid(*(np.arange(n) for n in grid.shape), indexing="ij"))
    places = np.einsum("ij,jabc->iabc", turn, at)
    order = order_to(grid, codes)
    for axis, code in enumerate(codes):
        direction, sign = {"L": (0, 1), "R": (0, -1), "P": (1, 1), "A": (1, -1), "S": (2, 1), "I": (2, -1)}[code]
        line = np.moveaxis(order.apply(places[direction]), axis, 0)[:, 0, 0]
        assert (np.diff(line) * sign > 0).all()
    with pytest.raises(InputError, match="orientation"):
        order_to(grid, "SAS")
    with pytest.raises(InputError, match="not placed"):
        order_to(Grid((4, 5, 6), (1.0, 1.0, 1.0), Scale.STATED), codes)


def test_resampling_keeps_extents_and_planes() -> None:
    """Proves that a linear ramp stays one, and that thick slices are not mixed with their neighbours."""
    ramp = np.broadcast_to(np.arange(20, dtype=np.float32)[:, None, None], (20, 8, 8))[None]
    half = resampled(ramp, (10, 8, 8), ((1, 1, 1), (2, 1, 1)), order=1)[0, :, 0, 0]
    np.testing.assert_allclose(half[1:-1], np.arange(20).reshape(10, 2).mean(1)[1:-1], atol=1e-5)
    assert new_shape((20, 8, 8), (1, 1, 1), (2, 1, 0.5)) == (10, 8, 16)
    thick = resampled(ramp[:, :5], (10, 16, 16), ((6, 1, 1), (3, 0.5, 0.5)), order=3)
    assert set(np.unique(thick)) == {0, 1, 2, 3, 4}
    labels = called(np.stack([ramp[0] * 0 + 9.5, ramp[0]]), (20, 8, 8), ((1, 1, 1),) * 2)
    assert np.array_equal(labels[:, 0, 0], np.arange(20) > 9)


def test_engines_are_engines(tmp_path: Path) -> None:
    """Proves that what is opened answers by the one interface."""
    engine: Engine = open_engine(maker.make(tmp_path / "Dataset004_Liver" / "m", "plain"))
    assert engine.name == "Dataset004_Liver"
    assert engine.channels == ("CT",)
    assert dict(engine.names) == {1: "liver", 2: "spleen"}
