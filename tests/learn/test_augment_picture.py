"""Proves the picture of augmentations: a readable PNG whose first column is the original and whose others differ."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from suwen.errors import InputError, MissingExtraError
from suwen.learn.augment.intensity import Intensity
from suwen.learn.augment.picture import picture
from suwen.learn.augment.signals import Signals
from suwen.learn.augment.spatial import Spatial

image = pytest.importorskip("PIL.Image", reason="pictures need pillow")
STEP, SIDE, HEAD, TILE = 132, 120, 20, 128


def shown(data: bytes) -> np.ndarray:
    assert data.startswith(b"\x89PNG")
    return np.asarray(image.open(io.BytesIO(data)).convert("RGB"))


def tile(sheet: np.ndarray, row: int, column: int) -> np.ndarray:
    return sheet[HEAD + row * STEP :, SIDE + column * STEP :][:TILE, :TILE]


def spots(*sides: int) -> Tensor:
    inputs = torch.zeros(2, 1, *sides)
    inputs[(slice(None), 0, *(slice(side // 4, side // 2) for side in sides))] = 1
    return inputs


@pytest.mark.parametrize("sides", [(32, 32), (12, 16, 16)])
def test_rows_are_examples_and_columns_draws(sides: tuple[int, ...]) -> None:
    sheet = shown(picture(spots(*sides), [Spatial(rotation=40, probability=1)], draws=3, names=["one", "two"]))
    assert sheet.shape == (HEAD + 2 * STEP, SIDE + 4 * STEP, 3)
    assert np.array_equal(tile(sheet, 0, 0), tile(sheet, 1, 0))
    for row in range(2):
        for column in range(1, 4):
            assert not np.array_equal(tile(sheet, row, column), tile(sheet, row, 0))
    assert not np.array_equal(sheet[HEAD : HEAD + STEP, :SIDE], sheet[HEAD + STEP : HEAD + 2 * STEP, :SIDE])


def test_the_original_stands_where_it_is_in_the_example() -> None:
    sheet = shown(picture(spots(32, 32), [Intensity()], draws=1))
    first = tile(sheet, 0, 0)
    assert first[48, 48].tolist() == [255, 255, 255]
    assert first[100, 100].tolist() == [0, 0, 0]


def test_an_oblong_picture_keeps_its_proportions() -> None:
    first = tile(shown(picture(torch.ones(1, 1, 10, 20) * torch.linspace(0.5, 1, 20), [Intensity()], draws=1)), 0, 0)
    assert first[:32].max() == 0
    assert first[96:].max() == 0
    assert first[64].max() == 255


def test_masks_tint_what_they_cover() -> None:
    inputs = spots(32, 32)
    sheet = shown(picture(inputs, [Spatial()], masks=(inputs[:, 0] > 0).long(), draws=1))
    red, green, blue = (int(one) for one in tile(sheet, 0, 0)[48, 48])
    assert red > green > blue
    assert len(set(tile(sheet, 0, 0)[100, 100].tolist())) == 1


def test_signals_are_drawn_as_lines() -> None:
    wave = torch.sin(torch.arange(300) / 10).expand(1, 2, 300).clone()
    masks = torch.zeros(1, 300, dtype=torch.long)
    masks[:, 100:150] = 1
    sheet = shown(picture(wave, [Signals(shift=0.3, probability=1.0)], masks=masks, draws=2))
    assert (tile(sheet, 0, 0) == 0).all(axis=2).any(axis=0).sum() > 120
    assert not np.array_equal(tile(sheet, 0, 0), tile(sheet, 0, 1))


def test_colours_stay_colours() -> None:
    inputs = torch.zeros(1, 3, 16, 16)
    inputs[0, 0] = 1
    assert tile(shown(picture(inputs, [], draws=1)), 0, 0)[64, 64].tolist() == [255, 0, 0]


def test_the_same_seed_draws_the_same_picture() -> None:
    first, again, other = (picture(spots(16, 16), [Spatial()], seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_chinese_needs_a_font_and_uses_it() -> None:
    from suwen import report  # noqa: PLC0415

    font = Path(report.__file__).parent / "fonts" / "NotoSansCJKsc-Regular.otf"
    with pytest.raises(InputError, match="font"):
        picture(spots(16, 16), [], lang="zh")
    chinese = shown(picture(spots(16, 16), [], lang="zh", font=font, draws=2))
    english = shown(picture(spots(16, 16), [], font=font, draws=2))
    assert not np.array_equal(chinese[:HEAD], english[:HEAD])
    assert np.array_equal(chinese[HEAD:, SIDE:], english[HEAD:, SIDE:])
    heads = [chinese[:HEAD, SIDE + column * STEP :][:, :STEP] for column in (1, 2)]
    assert not np.array_equal(*heads)


@pytest.mark.parametrize(
    ("inputs", "names", "draws"),
    [(torch.zeros(0, 1, 4, 4), (), 1), (torch.zeros(2, 3), (), 1), (torch.zeros(2, 1, 4, 4), ("a",), 1),
     (torch.zeros(2, 1, 4, 4), (), 0)],
)  # fmt: skip
def test_what_cannot_be_shown_is_refused(inputs: Tensor, names: tuple[str, ...], draws: int) -> None:
    with pytest.raises(InputError):
        picture(inputs, [], names=names, draws=draws)


def test_a_file_that_is_no_font_is_told(tmp_path: Path) -> None:
    path = tmp_path / "letters.ttf"
    path.write_bytes(b"no font")
    with pytest.raises(InputError, match=r"letters\.ttf"):
        picture(spots(8, 8), [], font=path)


def test_without_pillow_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("suwen.learn.augment.picture.find_spec", lambda _name: None)
    assert "PIL" in sys.modules
    with pytest.raises(MissingExtraError, match="pillow"):
        picture(spots(8, 8), [])


@pytest.mark.parametrize("sides", [(16, 16), (300,)])
def test_a_change_of_brightness_is_seen(sides: tuple[int, ...]) -> None:
    inputs = torch.linspace(0, 1, sides[-1]).expand(1, 1, *sides).clone()

    def brighter(given: Tensor, masks: Tensor | None, generator: torch.Generator) -> tuple[Tensor, Tensor | None]:
        del generator
        return given + 0.1, masks

    sheet = shown(picture(inputs, [brighter], draws=1)).astype(int)
    before, after = tile(sheet, 0, 0), tile(sheet, 0, 1)
    if len(sides) == 2:
        assert (after - before)[:, 10:100].min() > 15
    else:
        ink = [np.argwhere((one == 0).all(axis=2))[:, 0].mean() for one in (before, after)]
        assert 4 < ink[0] - ink[1] < 12
