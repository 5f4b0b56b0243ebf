"""Engines of ONNX, of MONAI bundles and of our own: tiny weights made here, and the shipped hippocampus."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra learn is not installed")
pytest.importorskip("scipy", reason="the extra imaging is not installed")

from suwen.datasets import folder as data  # noqa: E402
from suwen.errors import FormatError, InputError, NotFoundError  # noqa: E402
from suwen.formats.images.nouns import Image  # noqa: E402
from suwen.imaging.engines import open_engine  # noqa: E402
from suwen.imaging.engines.own import Own  # noqa: E402
from suwen.subject import Grid, Scale  # noqa: E402

HIPPOCAMPUS = data() / "imaging" / "hippocampus"
AFFINE = ((0.0, 0.0, -1.0, 0.0), (0.0, -1.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0))


def ball(radius: float = 6.0, size: int = 24) -> Image:
    """A bright ball on a dark ground; rows run to the front, columns to the right, slices to the head."""
    at = np.indices((size, size, size)) - (size - 1) / 2
    values = np.where((at**2).sum(0) <= radius**2, 300.0, -100.0).astype(np.float32)
    return Image("1", values, Grid(values.shape, (1.0, 1.0, 1.0), Scale.PATIENT, AFFINE))


class Bright(torch.nn.Module):
    """Two outputs: nothing where dark, something where brighter than one half."""

    def __init__(self) -> None:
        super().__init__()
        self.flat = torch.nn.Conv3d(1, 2, 1)
        with torch.no_grad():
            self.flat.weight.copy_(torch.tensor([-1.0, 1.0]).reshape(2, 1, 1, 1, 1))
            self.flat.bias.copy_(torch.tensor([0.5, -0.5]))

    def forward(self, inputs: Any) -> Any:
        return self.flat(inputs)


def onnx(folder: Path, **more: Any) -> Path:
    from suwen.learn.engines import onnx_bytes  # noqa: PLC0415

    folder.mkdir(exist_ok=True)
    (folder / "model.onnx").write_bytes(onnx_bytes(Bright().eval(), torch.zeros(2, 1, 8, 8, 8)))
    told = {
        "format": 1,
        "name": "bright",
        "version": "2",
        "channels": ["CT"],
        "labels": {"1": "lesion"},
        "tile": [8, 8, 8],
        "intensity": [{"scheme": "Range", "from_low": -100, "from_high": 300}],
    }
    (folder / "engine.json").write_text(json.dumps(told | more))
    return folder


def test_onnx_draws_what_is_bright(tmp_path: Path) -> None:
    """Proves the way through ONNX: scaled, cut into tiles, drawn where the formula of the network says."""
    pytest.importorskip("onnxruntime")
    image = ball()
    found = open_engine(onnx(tmp_path / "e")).segment([image])
    assert np.array_equal(found.mask("lesion"), image.values > 100)
    assert (found.by.name, found.by.version, len(found.by.data_digest)) == ("bright", "2", 64)


def test_onnx_at_another_spacing_and_turned(tmp_path: Path) -> None:
    """Proves that an engine that works at 2 mm, turned, draws the ball at its place with its volume to 5 %."""
    pytest.importorskip("onnxruntime")
    image = ball(8.0)
    engine = open_engine(onnx(tmp_path / "e", spacing=[2, 2, 2], orientation="LPS"))
    drawn = engine.segment([image]).mask("lesion")
    assert abs(drawn.sum() / (image.values > 100).sum() - 1) < 0.05
    np.testing.assert_allclose(np.argwhere(drawn).mean(0), [11.5] * 3, atol=0.1)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"format": 2}, "format 2"),
        ({"callback": "os.system"}, "callback"),
        ({"labels": {"2": "x"}}, "numbered from 1"),
        ({"tile": "big"}, "engine.json"),
        ({"intensity": [{"scheme": "Magic"}]}, "Magic"),
        ({"intensity": [{"scheme": "Range"}, {"scheme": "Range"}]}, "2 intensity schemes"),
    ],
)
def test_a_wrong_description_is_refused(tmp_path: Path, more: dict[str, Any], said: str) -> None:
    """Proves one clear error for each way in which engine.json can be wrong."""
    pytest.importorskip("onnxruntime")
    with pytest.raises(FormatError, match=said):
        open_engine(onnx(tmp_path / "e", **more))


def test_what_is_no_onnx_is_refused(tmp_path: Path) -> None:
    """Proves it for bytes that are no model, and for a network that does not take the tile."""
    pytest.importorskip("onnxruntime")
    folder = onnx(tmp_path / "e", channels=["T1", "T2"], intensity=[])
    with pytest.raises(InputError, match="does not take a tile"):
        open_engine(folder).segment([ball(), ball()])
    (folder / "model.onnx").write_bytes(b"\x08nothing")
    with pytest.raises(FormatError, match="no ONNX model"):
        open_engine(folder)


def bundle(folder: Path, *, network: dict[str, Any] | None = None, transforms: list[Any] | None = None) -> Path:
    nets = pytest.importorskip("monai.networks.nets", reason="MONAI is not installed")
    told = {"spatial_dims": 3, "in_channels": 1, "out_channels": 2, "features": [4, 4, 4, 4, 8, 4]}
    (folder / "configs").mkdir(parents=True)
    (folder / "models").mkdir()
    torch.manual_seed(3)
    torch.save(nets.BasicUNet(**told).state_dict(), folder / "models" / "model.pt")
    steps = transforms or [
        {"_target_": "LoadImaged", "keys": "image"},
        {"_target_": "EnsureChannelFirstd", "keys": "image"},
        {"_target_": "Orientationd", "keys": "image", "axcodes": "RAS"},
        {"_target_": "Spacingd", "keys": "image", "pixdim": "@pixdim", "mode": "bilinear"},
        {"_target_": "ScaleIntensityRanged", "keys": "image", "a_min": -100, "a_max": 300, "b_min": 0, "b_max": 1},
    ]
    config = {
        "device": "$torch.device('cuda:0')",
        "pixdim": [1.0, 1.0, 1.0],
        "roi": [32, 32, 32],
        "network_def": network or {"_target_": "BasicUNet", **told},
        "network": "$@network_def.to(@device)",
        "preprocessing": {"_target_": "Compose", "transforms": steps},
        "inferer": {"_target_": "SlidingWindowInferer", "roi_size": "@roi", "overlap": 0.5, "device": "@device"},
        "postprocessing": {"_target_": "Compose", "transforms": [{"_target_": "Activationsd", "softmax": True}]},
    }
    (folder / "configs" / "inference.json").write_text(json.dumps(config))
    shown = {
        "name": "tiny",
        "version": "0.1",
        "network_data_format": {
            "inputs": {"image": {"channel_def": {"0": "CT"}}},
            "outputs": {"pred": {"channel_def": {"0": "background", "1": "spleen"}}},
        },
    }
    (folder / "configs" / "metadata.json").write_text(json.dumps(shown))
    return folder


def test_a_bundle_answers_as_monai_does(tmp_path: Path) -> None:
    """Proves on one window that labels are those of MONAI's own network on the same turned and scaled values."""
    folder = bundle(tmp_path / "b")
    image = ball(9.0, 32)
    noisy = image.values + np.random.default_rng(1).normal(0, 60, image.values.shape).astype(np.float32)
    image = Image("1", noisy, image.grid)
    found = open_engine(folder).segment([image]).labels
    nets = pytest.importorskip("monai.networks.nets")
    network = nets.BasicUNet(spatial_dims=3, in_channels=1, out_channels=2, features=(4, 4, 4, 4, 8, 4))
    network.load_state_dict(torch.load(folder / "models" / "model.pt", weights_only=True))
    given = np.ascontiguousarray((noisy.transpose(2, 1, 0) + 100) / 400)
    with torch.inference_mode():
        expected = network.eval()(torch.from_numpy(given)[None, None])[0].argmax(0).numpy().transpose(2, 1, 0)
    assert 0 < expected.mean() < 1
    assert (found == expected).mean() > 0.999


@pytest.mark.parametrize(
    ("network", "transforms", "said"),
    [
        ({"_target_": "os.system", "command": "false"}, None, "network is system"),
        ({"_target_": "BasicUNet", "spatial_dims": "$__import__('os').system('false')"}, None, "expression"),
        ({"_target_": "BasicUNet", "spatial_dims": 3, "in_channels": 1, "out_channels": 5}, None, "model.pt"),
        (None, [{"_target_": "monai.transforms.Lambdad", "func": "$x"}], "expression"),
        (None, [{"_target_": "RandAffined"}], "RandAffined"),
    ],
)
def test_a_bundle_runs_no_expression(tmp_path: Path, network: Any, transforms: Any, said: str) -> None:
    """Proves that what is not on the visible list is refused by name, and expressions are never run."""
    folder = bundle(tmp_path / "b", network=network, transforms=transforms)
    with pytest.raises(FormatError, match=said):
        open_engine(folder)


def test_a_bundle_without_weights(tmp_path: Path) -> None:
    """Proves that TorchScript, which is a program, is not asked for in their place."""
    folder = bundle(tmp_path / "b")
    (folder / "models" / "model.pt").rename(folder / "models" / "model.ts")
    with pytest.raises(NotFoundError, match="TorchScript"):
        open_engine(folder)


@pytest.mark.skipif(not HIPPOCAMPUS.is_dir(), reason="the hippocampus data are not here (SUWEN_DATA)")
def test_our_own_network_by_the_same_interface() -> None:
    """Proves on stored volumes that the shipped network draws by the interface what it draws by itself."""
    nibabel = pytest.importorskip("nibabel")
    from suwen.learn.model import Model  # noqa: PLC0415
    from suwen.learn.weights import Trust, load_model, pins, shipped  # noqa: PLC0415

    model = Model(*load_model(shipped("hippocampus"), Trust(pinned=pins())))
    both = [
        one for one in sorted((HIPPOCAMPUS / "labels").glob("*.nii.gz")) if (HIPPOCAMPUS / "images" / one.name).exists()
    ]
    file = both[3]
    stored = nibabel.load(HIPPOCAMPUS / "images" / file.name)
    values = np.asarray(stored.dataobj, np.float32)
    turned = np.diag([-1.0, -1, 1, 1]) @ stored.affine @ np.eye(4)[[2, 1, 0, 3]]
    affine = tuple(tuple(float(one) for one in row) for row in turned)
    spacing = tuple(float(one) for one in np.linalg.norm(turned[:3, :3], axis=0))
    image = Image("1", values.transpose(2, 1, 0).copy(), Grid(values.shape[::-1], spacing, Scale.PATIENT, affine))
    found = Own(model).segment([image])
    assert np.array_equal(found.labels, model.labels(values[None]).transpose(2, 1, 0))
    truth = np.asarray(nibabel.load(file).dataobj).transpose(2, 1, 0) > 0
    drawn = found.labels > 0
    assert 2 * (drawn & truth).sum() / (drawn.sum() + truth.sum()) > 0.8
