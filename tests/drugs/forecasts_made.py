"""Forecasts made by hand of each endpoint, and a stand-in for the models, for tests that need no weights."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType

from suwen.drugs.admet.endpoints import ENDPOINTS
from suwen.drugs.admet.nouns import AtomShares, Endpoint, Forecast, Neighbour
from suwen.errors import InputError
from suwen.formats.molecules.nouns import Molecule

NEAR = (Neighbour("CCO", 0.625, 1.0), Neighbour("CCCO", 0.5, 0.0), Neighbour("C", 0.125, 0.0))
UNKNOWN = "[Xe]"  # of which the stand-in makes no forecast


def made(key: str, value: float, **changed: object) -> Forecast:
    """A forecast of `value`, whose interval is a tenth of it on each side."""
    endpoint: Endpoint = ENDPOINTS[key]
    is_amount = endpoint.kind == "amount"
    given: dict[str, object] = {
        "endpoint": endpoint,
        "value": value,
        "low": value - abs(value) / 10 if is_amount else None,
        "high": value + abs(value) / 10 if is_amount else None,
        "classes": () if is_amount else (value >= 0.5,),
        "coverage": 0.9,
        "inside": True,
        "familiar": 0.42,
        "nearest": NEAR,
        "percentile": None,
    }
    return Forecast(**{**given, **changed})  # type: ignore[arg-type]


def bad_of_all() -> tuple[Forecast, ...]:
    """Every endpoint far on the unwanted side of its limits (above them where it depends)."""
    found = []
    for one in ENDPOINTS.values():
        ats = [level.at for level in one.levels]
        far = 0.95 if one.kind == "chance" else max(ats) + 3 * abs(max(ats))
        near = 0.05 if one.kind == "chance" else min(ats) - 3 * abs(min(ats))
        found.append(made(one.key, near if one.wanted == "high" else far))
    return tuple(found)


def shares_made(smiles: str, atoms: Sequence[float]) -> AtomShares:
    """Shares of the atoms of a molecule as given."""
    return AtomShares(smiles, tuple(atoms), 0.25, -1.0, (("MolLogP", 0.75), ("TPSA", -0.5)), 0.8)


class StandIn(ModuleType):
    """In the place of `suwen.drugs.admet.forecast`: bad forecasts of every molecule but one, and what it was asked."""

    def __init__(self) -> None:
        super().__init__("suwen.drugs.admet.forecast")
        self.asked: list[int] = []

    def forecasts(self, molecules: Sequence[Molecule]) -> list[tuple[Forecast, ...]]:
        """All endpoints of each; InputError where one is the unknown."""
        self.asked.append(len(molecules))
        if any(one.smiles == UNKNOWN for one in molecules):
            raise InputError("xenon is unlike all that was measured")
        return [bad_of_all() for _ in molecules]

    def explain(self, molecule: Molecule, key: str) -> AtomShares:
        """The last atom drives everything up."""
        assert key in ENDPOINTS
        return shares_made(molecule.smiles, [*([-0.125] * (len(molecule.smiles) - 1)), 1.5])
