"""Peers agree where definitions coincide: captum on integrated gradients and occlusion, MONAI on the CAMs."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from bright_blob import flat_net, held_out, solid_net
from torch import nn

from suwen.explain.maps import grad_cam, grad_cam_plus_plus, integrated_gradients, occlusion


def pairs() -> list[tuple[nn.Module, np.ndarray]]:
    return [(flat_net(), held_out(1)[0][0]), (solid_net(), held_out(1, (10, 12, 14))[0][0])]


def close(ours: np.ndarray, theirs: np.ndarray, tolerance: float = 1e-4) -> bool:
    return bool(np.abs(ours - theirs).max() <= tolerance * max(np.abs(theirs).max(), 1))


def test_captum_integrates_the_same() -> None:
    captum = pytest.importorskip("captum.attr", reason="captum is not installed")
    for net, image in pairs():
        start = np.full_like(image, 0.1)
        theirs = captum.IntegratedGradients(net).attribute(
            torch.from_numpy(image)[None], torch.from_numpy(start)[None], target=1, n_steps=50
        )
        assert close(integrated_gradients(net, image, 1, baseline=start), theirs[0].sum(0).detach().numpy())


def test_captum_occludes_the_same() -> None:
    """Where the stride fits; elsewhere captum cuts its last window and ours are spread evenly."""
    captum = pytest.importorskip("captum.attr", reason="captum is not installed")
    for net, image in pairs():
        axes = image.ndim - 1
        theirs = captum.Occlusion(net).attribute(
            torch.from_numpy(image)[None], (1, *(4,) * axes), strides=(1, *(2,) * axes), baselines=0.1, target=1
        )
        ours = occlusion(net, image, 1, window=4, stride=2, baseline=np.full_like(image, 0.1))
        assert close(ours, theirs[0, 0].detach().numpy())


@pytest.mark.parametrize("layer", ["6", "2"])
def test_monai_draws_the_same_grad_cam(layer: str) -> None:
    """Before its own upsampling and its scaling to 1..0; this network's cells tile the input, so both stretch alike."""
    monai = pytest.importorskip("monai.visualize", reason="MONAI is not installed")
    for net, image in pairs():
        cam = monai.GradCAM(net, target_layers=layer)
        coarse = cam.compute_map(torch.from_numpy(image)[None], class_idx=1).detach()
        mode = "bilinear" if image.ndim == 3 else "trilinear"
        theirs = nn.functional.interpolate(coarse, image.shape[1:], mode=mode, align_corners=False)[0, 0].numpy()
        assert close(grad_cam(net, image, 1, layer=layer), theirs)


def test_grad_cam_plus_plus_is_the_papers_equation() -> None:
    """By loops over channels at the first stage, whose gradients differ from cell to cell (equations 10 and 19)."""
    net, image = pairs()[0]
    with torch.no_grad():
        answer = net[:3](torch.from_numpy(image)[None])
    answer.requires_grad_(True)
    (gradients,) = torch.autograd.grad(net[3:](answer)[0, 1], answer)
    expected = np.zeros(image.shape[1:])
    for channel, gradient in zip(answer[0].detach().double().numpy(), gradients[0].double().numpy(), strict=True):
        below = 2 * gradient**2 + channel.sum() * gradient**3
        alpha = np.divide(gradient**2, below, out=np.zeros_like(below), where=below != 0)
        expected += (alpha * np.maximum(gradient, 0)).sum() * channel
    assert close(grad_cam_plus_plus(net, image, 1, layer="2"), np.maximum(expected, 0), 1e-3)


def test_monai_draws_nearly_the_same_grad_cam_plus_plus() -> None:
    """Its weights carry exp(score), and its denominators 1e-7, which is not small beside a squared gradient."""
    monai = pytest.importorskip("monai.visualize", reason="MONAI is not installed")
    net, image = pairs()[0]
    coarse = monai.GradCAMpp(net, target_layers="6").compute_map(torch.from_numpy(image)[None], class_idx=1).detach()
    theirs = nn.functional.interpolate(coarse, image.shape[1:], mode="bilinear", align_corners=False)[0, 0].numpy()
    values = grad_cam_plus_plus(net, image, 1, layer="6")
    assert close(values / values.max(), theirs / theirs.max(), 1e-2)
