"""Vina itself: a receptor's grids made once, ligands docked or scored in them, poses as numbers and mol blocks."""

from __future__ import annotations

import importlib
import math
from pathlib import Path
from typing import Any

import numpy as np

from suwen.drugs.docking.ligand import Ligand, forms_of, ligands_of
from suwen.drugs.docking.notices import notice, refusal
from suwen.drugs.docking.nouns import LARGEST, Box, Points, Settings
from suwen.errors import InputError, MissingExtraError, Problem
from suwen.formats.molecules.nouns import Molecule
from suwen.formats.molecules.structure import chemistry

__all__ = ["Engine", "docked_forms", "pose_block"]

_MARGIN = 1.0  # Å by which a stretched molecule may be longer than the box's diagonal, as it bends
_APART = 1.0  # Å between poses that are told apart
_STEP = 0.5  # Å by which a pose may stick out of the box, as Vina's grid goes on to its next step of 0.375 Å


class Engine:
    """Vina with one receptor's grids. Raises MissingExtraError without vina, RuntimeError for what Vina refuses."""

    def __init__(self, receptor: Path, box: Box, settings: Settings, *, threads: int = 1) -> None:
        try:
            vina = importlib.import_module("vina")
        except ImportError as absent:
            raise MissingExtraError("vina", "drugs") from absent
        self._vina = vina.Vina(sf_name="vina", cpu=threads, seed=settings.seed, verbosity=0)
        self._vina.set_receptor(str(receptor))
        self._vina.compute_vina_maps(list(box.centre), list(box.size))
        self._settings, self._box = settings, box

    def dock(self, ligand: Ligand) -> list[dict[str, Any]]:
        """Every pose that is kept, best first; one that sticks out of the box has a penalty for a score, and is none.

        Raises InputError where there is none.
        """
        extent = np.ptp(ligand.mol.GetConformer().GetPositions()[: ligand.heavy], axis=0)
        if float(np.sort(extent)[0]) > min(self._box.size) + _MARGIN:
            raise refusal("room", long=float(extent.max()), box=min(self._box.size))
        self._vina.set_ligand_from_string(ligand.pdbqt.text)
        self._vina.dock(self._settings.exhaustiveness, n_poses=self._settings.poses, min_rmsd=_APART)
        count, spread = self._settings.poses, self._settings.spread
        text = self._vina.poses(n_poses=count, energy_range=spread)
        energies = np.atleast_2d(self._vina.energies(n_poses=count, energy_range=spread))
        models = _models(text)
        if not models or len(models) != len(energies):
            raise refusal("no_pose")
        made = [_pose(ligand, places, energy) for places, energy in zip(models, energies, strict=True)]
        held = Box(self._box.centre, _wider(self._box.size))
        inside = [one for one in made if held.inside(np.asarray(one["coordinates"])).all()]
        if not inside:
            raise refusal("room", long=_extents(ligand)[0], box=min(self._box.size))
        return inside

    def remarks(self, ligand: Ligand, score: float) -> tuple[Problem, ...]:
        """What to know of a molecule's best score in this box: that the box is tight, or that nothing fits."""
        extents, edges = _extents(ligand), sorted(self._box.size, reverse=True)
        made = [notice("unfit", score=score)] if score >= 0.0 else []
        if any(extent > edge for extent, edge in zip(extents, edges, strict=True)):
            sizes = (" × ".join(f"{one:.1f}" for one in three) for three in (extents, edges))
            made.append(notice("tight", molecule=next(sizes), box=next(sizes)))
        return tuple(made)

    def score(self, ligand: Ligand) -> float:
        """Score a ligand where it lies, kcal/mol; nothing is moved."""
        self._vina.set_ligand_from_string(ligand.pdbqt.text)
        return float(self._vina.score()[0])


def docked_forms(engine: Engine, molecule: Molecule, settings: Settings) -> dict[str, Any]:
    """Dock each open stereoisomer of a molecule, and tell the best as plain values.

    A form that cannot be is passed over while another can. Raises InputError where none can.
    """
    best: tuple[Ligand, list[dict[str, Any]]] | None = None
    refused: InputError | None = None
    smiles, remarks = forms_of(molecule, stereoisomers=settings.stereoisomers, protonate=settings.protonate)
    docked = 0
    for form in smiles:
        try:
            shaped = ligands_of(form, seed=settings.seed, shapes=settings.shapes)
            found = [(one, engine.dock(one)) for one in shaped]
        except InputError as error:
            refused = error
            continue
        docked += 1
        for ligand, poses in found:
            if best is None or poses[0]["score"] < best[1][0]["score"]:
                best = (ligand, poses)
    if best is None:
        raise refused or refusal("no_pose")
    ligand, poses = best
    return {
        "smiles": ligand.smiles,
        "charge": ligand.charge,
        "torsions": ligand.pdbqt.torsions,
        "heavy": ligand.heavy,
        "forms": docked,
        "poses": poses,
        "noticed": [one.what for one in (*engine.remarks(ligand, poses[0]["score"]), *remarks, *ligand.noticed)],
    }


def _wider(size: tuple[float, float, float]) -> tuple[float, float, float]:
    x, y, z = (min(one + 2 * _STEP, LARGEST) for one in size)
    return x, y, z


def _extents(ligand: Ligand) -> list[float]:
    """Length, width and thickness in Å of the shape from which docking starts, between heavy atoms, however it lies."""
    places = np.asarray(ligand.mol.GetConformer().GetPositions()[: ligand.heavy])
    axes = np.linalg.svd(places - places.mean(axis=0), full_matrices=False)[2]
    return sorted((float(one) for one in np.ptp(places @ axes.T, axis=0)), reverse=True)


def _models(text: str) -> list[Points]:
    """Places [n, 3] of the atoms of each model, in the order of their serials."""
    made, rows = [], []
    for line in text.splitlines():
        if line.startswith(("ATOM", "HETATM")):
            rows.append((int(line[6:11]), *(float(line[begin : begin + 8]) for begin in (30, 38, 46))))
        elif line.startswith("ENDMDL") and rows:
            made.append(np.asarray(sorted(rows))[:, 1:])
            rows = []
    return made


def _pose(ligand: Ligand, places: Points, energy: Points) -> dict[str, Any]:
    score, inter = float(energy[0]), float(energy[1])
    if not (math.isfinite(score) and np.isfinite(places).all() and len(places) == len(ligand.pdbqt.order)):
        raise refusal("no_pose")
    block, heavy = pose_block(ligand, places)
    return {"score": score, "inter": inter, "coordinates": heavy.tolist(), "block": block}


def pose_block(ligand: Ligand, places: Points) -> tuple[str, Points]:
    """The ligand moved to places of its written atoms: a mol block with all hydrogens, and its heavy atoms' places.

    Hydrogens on carbon, which Vina does not know, are put anew, as the shape around them may have turned.
    """
    Chem, geometry = chemistry(), chemistry("rdkit.Geometry")  # noqa: N806
    with chemistry("rdkit.rdBase").BlockLogs():
        mol = Chem.RWMol(ligand.mol)
        shape = mol.GetConformer()
        for at, place in zip(ligand.pdbqt.order, places, strict=True):
            shape.SetAtomPosition(at, geometry.Point3D(*map(float, place)))
        written = set(ligand.pdbqt.order)
        for at in sorted((one for one in range(mol.GetNumAtoms()) if one not in written), reverse=True):
            _drop_hydrogen(mol, at)
        bare = mol.GetMol()
        Chem.SanitizeMol(bare)
        full = Chem.AddHs(bare, addCoords=True)
        full.SetProp("_Name", ligand.smiles[:80])
        heavy = full.GetConformer().GetPositions()[: ligand.heavy]
        return str(Chem.MolToMolBlock(full)), np.asarray(np.round(heavy, 3))


def _drop_hydrogen(mol: Any, at: int) -> None:
    """Take a hydrogen off so that its atom still counts it."""
    parent = mol.GetAtomWithIdx(at).GetNeighbors()[0]
    if parent.GetNoImplicit():
        parent.SetNumExplicitHs(parent.GetNumExplicitHs() + 1)
    mol.RemoveAtom(at)
