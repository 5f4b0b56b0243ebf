"""Proves that SMILES are cut without loss, and that the shipped language model of molecules tells what it learned."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suwen.formats.molecules.tokens import BEGIN, END, MASK, TOKENS, UNKNOWN, numbers_of, tokens_of

ASPIRIN, CAFFEINE, L_ALANINE = "CC(=O)Oc1ccccc1C(=O)O", "Cn1c(=O)c2c(ncn2C)n(C)c1=O", "C[C@H](N)C(=O)O"


@given(st.text(max_size=60))
def test_tokens_joined_are_the_text_again(text: str) -> None:
    assert "".join(tokens_of(text)) == text
    numbers = numbers_of(text)
    assert (numbers[0], numbers[-1], len(numbers)) == (BEGIN, END, len(tokens_of(text)) + 2)
    assert all(0 <= number < len(TOKENS) for number in numbers)


@pytest.mark.parametrize(
    ("smiles", "tokens"),
    [
        ("ClCBr", ["Cl", "C", "Br"]),
        ("C[C@@H](N)O", ["C", "[", "C", "@@", "H", "]", "(", "N", ")", "O"]),
        ("[Na+].[O-]", ["[", "Na", "+", "]", ".", "[", "O", "-", "]"]),
        ("C%12CC%12", ["C", "%", "1", "2", "C", "C", "%", "1", "2"]),
        ("c1cc[nH]c1", ["c", "1", "c", "c", "[", "n", "H", "]", "c", "1"]),
    ],
)
def test_tokens_are_elements_bonds_and_rings(smiles: str, tokens: list[str]) -> None:
    assert tokens_of(smiles) == tokens
    assert UNKNOWN not in numbers_of(smiles)


def test_every_token_is_there_once_and_what_is_none_is_unknown() -> None:
    assert len(set(TOKENS)) == len(TOKENS)
    assert numbers_of("C水")[2] == UNKNOWN
    assert [TOKENS[one] for one in numbers_of("Cl")[1:-1]] == ["Cl"]


def network() -> tuple[Any, Any]:
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    weights = pytest.importorskip("suwen.learn.weights")
    return torch, weights.load_model(weights.shipped("molecules"), weights.Trust(pinned=weights.pins()))


@pytest.mark.parametrize("smiles", [ASPIRIN, CAFFEINE, L_ALANINE])
def test_the_shipped_model_tells_hidden_tokens(smiles: str) -> None:
    torch, (model, card) = network()
    numbers = numbers_of(smiles)
    right = 0
    with torch.no_grad():
        for place in range(1, len(numbers) - 1):
            shown = torch.tensor([numbers])
            shown[0, place] = MASK
            right += int(model(shown)[0][0, place].argmax()) == numbers[place]
    assert right / (len(numbers) - 2) > 0.6  # one token in 88 by chance
    assert card.figures["masked"].low > 0.9


def test_the_vector_of_a_molecule_does_not_depend_on_what_stands_beside_it() -> None:
    torch, (model, _card) = network()
    rows = [numbers_of(one) for one in (ASPIRIN, CAFFEINE)]
    longest = max(map(len, rows)) + 5
    padded = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
    with torch.no_grad():
        together = model.embed(padded)
        alone = torch.cat([model.embed(torch.tensor([row])) for row in rows])
    assert torch.allclose(together, alone, atol=1e-4)
    assert together.shape == (2, 192)


def test_numbers_that_are_not_whole_are_refused() -> None:
    torch, (model, _card) = network()
    with pytest.raises(ValueError, match="whole"):
        model(torch.zeros(1, 4))
