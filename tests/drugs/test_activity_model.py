"""A model is told honestly, says the same after it was kept, and refuses files that were changed or made up."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from safetensors.numpy import load, save

pytest.importorskip("rdkit")
pytest.importorskip("scipy")
pytest.importorskip("sklearn")
pytest.importorskip("lightgbm")
pytest.importorskip("torch")

from suwen.cli.fit_activity import fit_activity as command
from suwen.drugs.activity.fit import fit_activity
from suwen.drugs.activity.model import ActivityModel, forecast
from suwen.drugs.activity.nouns import MEMBERS, Assay, Measured
from suwen.drugs.activity.stored import load_activity, save_activity
from suwen.drugs.activity.sureness import fit_band
from suwen.errors import FormatError, InputError, NotFoundError, TamperError
from suwen.formats.molecules import read_molecule, write_molecules

TAILS = ("", "C", "CC", "CCC", "O", "N", "F", "Cl", "OC", "C#N")
HEADS = ("c1ccc(X)cc1", "c1ccnc(X)c1", "C1CCN(CC1)CCX", "c1cc2ccccc2cc1X", "C1CCCC1CX", "c1csc(X)c1")
WORTH = dict(zip(TAILS, (0.0, 0.2, 0.5, 0.9, -0.8, -0.5, 0.6, 1.4, 0.1, -1.2), strict=True))
SMILES = [head.replace("X", f"C(=O)NC{tail}") for head in HEADS for tail in TAILS]
ASKED = ["CCO", SMILES[3], "c1ccc(C(=O)NCBr)cc1"]


def _assay(kind: str = "amount") -> Assay:
    rng = np.random.default_rng(3)
    molecules = []
    for at, text in enumerate(SMILES):
        value = 6 + 0.4 * (at // len(TAILS)) + WORTH[TAILS[at % len(TAILS)]] + 0.1 * float(rng.normal())
        one = read_molecule(text, name=f"m{at}")
        molecules.append(Measured(one.smiles, one.key, one.name, value if kind == "amount" else float(value > 7)))
    return Assay(tuple(molecules), "pKi", "as is", kind, len(molecules))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def model() -> ActivityModel:
    return fit_activity(_assay())


@pytest.fixture(scope="module")
def kept(model: ActivityModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("kept") / "mine.safetensors"
    save_activity(model, file)
    return file


def test_what_can_be_learned_is_learned_and_the_account_says_so(model: ActivityModel) -> None:
    told = model.judged
    assert told is not None
    assert told.error.value < 0.6 * told.average
    assert told.rank.value > 0.8
    assert told.held.value >= 0.8
    assert told.average > 0.7
    assert [one.member for one in model.shares] == list(MEMBERS)
    values = np.array([one.value for one in model.assay.molecules])
    assert np.sqrt(((np.array(model.out_of_fold) - values) ** 2).mean()) == pytest.approx(told.error.value)
    assert min(one.weight for one in model.shares) >= 0


def test_of_shuffled_values_hardly_anything_is_said_and_no_member_is_told_to_be_good() -> None:
    assay = _assay()
    values = np.random.default_rng(9).permutation([one.value for one in assay.molecules]).tolist()
    mixed = tuple(replace(one, value=value) for one, value in zip(assay.molecules, values, strict=True))
    fitted = fit_activity(replace(assay, molecules=mixed), judged=False)
    assert fitted.judged is None
    assert min(one.error for one in fitted.shares) > 0.9 * np.std(values)
    said = np.array([one.value for one in forecast(fitted, [read_molecule(one) for one in SMILES])])
    assert said.std() < 0.6 * np.std(values)


def test_the_same_seed_gives_the_same_model_and_each_forecast_says_how_sure_it_is(model: ActivityModel) -> None:
    molecules = [read_molecule(one) for one in ASKED]
    said = forecast(model, molecules)
    again = forecast(fit_activity(_assay(), judged=False), molecules)
    assert said == again
    far, known, near = said
    assert (far.inside, known.inside) == (False, True)
    assert known.known == model.assay.molecules[3].value
    assert near.known is None
    assert known.similarity == 1.0
    assert known.nearest[0].smiles == model.assay.molecules[3].smiles
    for one in said:
        assert one.low is not None
        assert one.high is not None
        assert one.low < one.value < one.high


def test_a_kept_model_says_the_same_to_the_last_bit(model: ActivityModel, kept: Path) -> None:
    read = load_activity(kept)
    molecules = [read_molecule(one) for one in [*ASKED, *SMILES[:5]]]
    assert forecast(read, molecules) == forecast(model, molecules)
    assert (read.assay, read.cliffs, read.judged, read.shares, read.seed, read.out_of_fold) == (
        model.assay,
        model.cliffs,
        model.judged,
        model.shares,
        model.seed,
        model.out_of_fold,
    )
    assert sorted(one.name for one in kept.parent.iterdir()) == ["mine.json", "mine.safetensors"]


def test_classes_get_chances_and_answers_that_cannot_be_excluded(tmp_path: Path) -> None:
    fitted = fit_activity(_assay("classes"), judged=False)
    said = forecast(fitted, [read_molecule(one) for one in SMILES])
    truth = np.array([one.value for one in fitted.assay.molecules])
    chances = np.array([one.value for one in said])
    assert ((chances > 0) & (chances < 1)).all()
    assert chances[truth == 1].mean() > chances[truth == 0].mean() + 0.3
    assert all(one.low is None and one.classes for one in said)
    held = [bool(label) in one.classes for label, one in zip(truth, said, strict=True)]
    assert np.mean(held) >= 0.9
    save_activity(fitted, tmp_path / "two")
    assert forecast(load_activity(tmp_path / "two"), [read_molecule("CCO")]) == forecast(fitted, [read_molecule("CCO")])


def test_intervals_hold_what_they_promise_and_are_wider_where_members_disagree() -> None:
    rng = np.random.default_rng(0)
    disagreement, similarity = rng.uniform(0.05, 0.5, (2, 4000))
    errors = rng.normal(size=4000) * disagreement
    band = fit_band(errors[:2000], disagreement[:2000], similarity[:2000])
    half = band.half(disagreement[2000:], similarity[2000:])
    held = np.abs(errors[2000:]) <= half
    assert 0.87 < held.mean() < 0.93
    calm = disagreement[2000:] < 0.2
    assert held[calm].mean() > 0.8
    assert half[calm].mean() < 0.7 * half[~calm].mean()


@pytest.mark.parametrize(
    ("count", "act", "says"),
    [
        (10, lambda one: one, "30 to"),
        (60, lambda one: replace(one, value=5.0), "the same value"),
    ],
    ids=["few", "same"],
)
def test_too_little_is_refused(count: int, act: Callable[[Measured], Measured], says: str) -> None:
    assay = _assay()
    few = replace(assay, molecules=tuple(map(act, assay.molecules[:count])))
    with pytest.raises(InputError, match=says):
        fit_activity(few)


def _changed(
    kept: Path, folder: Path, card: Callable[[dict[str, Any]], object], arrays: Callable[[dict[str, Any]], object]
) -> Path:
    """A copy with changes, its digest made right, as one who makes up a model would."""
    tree = json.loads(kept.with_suffix(".json").read_text("utf-8"))
    tensors = {name: one.copy() for name, one in load(kept.read_bytes()).items()}
    arrays(tensors)
    data = save(tensors)
    tree["weights_sha256"] = hashlib.sha256(data).hexdigest()
    card(tree)
    (folder / "x.safetensors").write_bytes(data)
    (folder / "x.json").write_text(json.dumps(tree), "utf-8")
    return folder / "x.safetensors"


def _nothing(_tree: dict[str, Any]) -> None: ...


@pytest.mark.parametrize(
    ("card", "arrays"),
    [
        (lambda tree: tree.update(format=2), _nothing),
        (lambda tree: tree.update(kind="other"), _nothing),
        (lambda tree: tree.pop("band"), _nothing),
        (lambda tree: tree.update(band=None), _nothing),
        (lambda tree: tree["band"].update(quantile=float("nan")), _nothing),
        (lambda tree: tree["assay"]["molecules"].pop(), _nothing),
        (lambda tree: tree["assay"].update(unit="ounce"), _nothing),
        (lambda tree: tree["members"].pop("joint"), _nothing),
        (lambda tree: tree["out_of_fold"].pop(), _nothing),
        (lambda tree: tree["cliffs"].append({"first": 999, "second": 0, "difference": 2.0, "fragments": 1.0,
                                             "scaffold": 1.0, "string": 1.0}), _nothing),
        (_nothing, lambda given: given["counts.pairs.starts"].__setitem__(3, 10**9)),
        (_nothing, lambda given: given["member.joint.shares"].__setitem__(0, np.nan)),
        (_nothing, lambda given: given.update({"weights": given["weights"][:3]})),
        (_nothing, lambda given: given.pop("rows.language")),
        (_nothing, lambda given: given["member.boosted.feature"].__setitem__(0, 10**6)),
        (_nothing, lambda given: given.update({"rows.ecfp4": given["rows.ecfp4"][:, :9].copy()})),
    ],
    ids=["format", "kind", "lacking", "no-band", "nan", "molecules", "unit", "member", "account", "cliff", "starts",
         "share", "weights", "rows", "column", "narrow"],
)  # fmt: skip
def test_made_up_models_are_refused(
    kept: Path, tmp_path: Path, card: Callable[[dict[str, Any]], object], arrays: Callable[[dict[str, Any]], object]
) -> None:
    with pytest.raises(FormatError):
        load_activity(_changed(kept, tmp_path, card, arrays))


def test_a_copy_without_changes_is_read(kept: Path, tmp_path: Path) -> None:
    assert load_activity(_changed(kept, tmp_path, _nothing, _nothing)).seed == 0


def test_changed_cut_off_and_absent_files_are_refused(kept: Path, tmp_path: Path) -> None:
    data = kept.read_bytes()
    (tmp_path / "a.json").write_bytes(kept.with_suffix(".json").read_bytes())
    for bad in (data[:-1], data[:-1] + bytes([data[-1] ^ 1])):
        (tmp_path / "a.safetensors").write_bytes(bad)
        with pytest.raises(TamperError):
            load_activity(tmp_path / "a.safetensors")
    (tmp_path / "a.json").write_text("{", "utf-8")
    with pytest.raises(FormatError):
        load_activity(tmp_path / "a.safetensors")
    with pytest.raises(NotFoundError):
        load_activity(tmp_path / "none.safetensors")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_command_uses_a_kept_model_in_both_languages(kept: Path, tmp_path: Path, lang: str) -> None:
    (tmp_path / "new.csv").write_text(f"smiles,name\n{SMILES[3]},=evil()\nbad bad,x\nCCO,ethanol\n", "utf-8")
    out = tmp_path / "said.csv"
    page = tmp_path / "page.html"
    given = [
        str(kept),
        "--predict",
        str(tmp_path / "new.csv"),
        "--out",
        str(out),
        "--report",
        str(page),
        "--lang",
        lang,
    ]
    shown = CliRunner().invoke(command, given, catch_exceptions=False)
    assert shown.exit_code == 0
    assert ("研究" if lang == "zh" else "research") in shown.output
    assert ("超出适用域" if lang == "zh" else "outside the domain") in shown.output
    whole = sum(one.weight for one in load_activity(kept).shares)
    assert (f"权重合计 {whole:.2f}" if lang == "zh" else f"Weights make {whole:.2f} together") in shown.output
    assert page.read_text("utf-8").startswith("<!DOCTYPE html>")
    assert (f"合计 {whole:.2f}" if lang == "zh" else f"Together {whole:.2f}") in page.read_text("utf-8")
    lines = out.read_text("utf-8").splitlines()
    assert len(lines) == 4
    assert lines[1].startswith("'=evil()")
    assert ("第3行：字符" if lang == "zh" else "row 3: character") in lines[2]


def test_a_field_of_names_is_needed_of_what_is_asked_where_it_can_be_meant_of_nothing_else(
    kept: Path, tmp_path: Path
) -> None:
    asked = tmp_path / "new.sdf"
    write_molecules([read_molecule("CCO", name="ethanol")], asked)
    table = tmp_path / "assay.csv"
    rows = [f"{one.smiles},{one.value:.4f},n" for one in _assay().molecules]
    table.write_text("\n".join(["smiles,pIC50,lab", *rows]) + "\n", "utf-8")
    given = ["--predict", str(asked), "--name-column", "lab", "--json"]
    found = CliRunner().invoke(command, [str(kept), *given])
    assert isinstance(found.exception, InputError)
    assert "new.sdf: its records have no field 'lab'" in str(found.exception)
    shown = CliRunner().invoke(command, [str(table), "--quick", *given], catch_exceptions=False)
    assert [one["name"] for one in json.loads(shown.stdout)["forecasts"]] == ["ethanol"]


def test_the_command_reads_a_table_and_tells_all_as_json(tmp_path: Path) -> None:
    assay = _assay()
    rows = [f"{one.smiles},{10 ** (9 - one.value):.4f}" for one in assay.molecules]
    table = tmp_path / "assay.csv"
    table.write_text("smiles,Ki (nM)\n" + "\n".join([*rows, "CCCCO,>10000", rows[0]]) + "\n", "utf-8")
    given = [str(table), "--quick", "--json", "--model", str(tmp_path / "m")]
    tree = json.loads(CliRunner().invoke(command, given, catch_exceptions=False).stdout)
    assert (tree["assay"]["molecules"], tree["assay"]["merged"], len(tree["assay"]["left_out"])) == (60, 1, 1)
    assert tree["judged"] is None
    assert {one["member"] for one in tree["members"]} == set(MEMBERS)
    read = load_activity(tmp_path / "m").assay.molecules
    assert [one.value for one in read] == pytest.approx([one.value for one in assay.molecules], abs=1e-4)


def test_the_command_refuses_what_would_overwrite(tmp_path: Path) -> None:
    table = tmp_path / "assay.csv"
    table.write_text("smiles,pKi\nCCO,6\n", "utf-8")
    for given in (["--out", "x.csv"], ["--predict", str(table), "--out", str(table)], ["--report", str(table)]):
        assert isinstance(CliRunner().invoke(command, [str(table), *given]).exception, InputError)
    assert table.read_text("utf-8").startswith("smiles")
