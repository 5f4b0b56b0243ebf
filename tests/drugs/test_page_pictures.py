"""Proves that halos, joined paths and pairs say what they show, keep contrast, and are the same each time."""

from __future__ import annotations

import math
import re
from xml.etree import ElementTree

import pytest

from suwen.errors import FormatError, InputError
from suwen.formats.molecules import Molecule, picture, read_molecule
from suwen.formats.molecules.compact import compact
from suwen.formats.molecules.halos import FALLS, RISES, Halos
from suwen.formats.molecules.pair import pair_pictures

pytest.importorskip("rdkit")

SVG = "{http://www.w3.org/2000/svg}"
DIAZEPAM = read_molecule("CN1C(=O)CN=C(c2ccccc2)c2cc(Cl)ccc12", name="diazepam <b>")
ATOMS = 20


def halos_of(svg: str) -> list[tuple[float, float, str, float]]:
    """Place, colour and opacity of each halo."""
    root = ElementTree.fromstring(svg)  # noqa: S314 (our own drawing)
    colours = {one.get("id"): one[0].get("stop-color") or "" for one in root.iter(f"{SVG}radialGradient")}
    return [
        (
            float(one.get("cx") or 0),
            float(one.get("cy") or 0),
            colours[(one.get("fill") or "")[5:-1]],
            float(one.get("fill-opacity") or 0),
        )
        for one in root.iter(f"{SVG}circle")
        if (one.get("fill") or "").startswith("url")
    ]


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_halos_have_the_colour_of_the_sign_and_the_strength_of_the_size() -> None:
    numbers = [0.0] * ATOMS
    numbers[0], numbers[3], numbers[14] = 2.0, -1.0, 0.5
    found = halos_of(picture(DIAZEPAM, halos=Halos(tuple(numbers))))
    assert [(colour, strength) for _, _, colour, strength in found] == [(RISES, 1.0), (FALLS, 0.5), (RISES, 0.25)]
    shared = halos_of(picture(DIAZEPAM, halos=Halos(tuple(numbers), most=4.0)))
    assert [strength for *_, strength in shared] == [0.5, 0.25, 0.125]


def test_each_halo_lies_on_its_atom() -> None:
    """Marks are drawn by RDKit itself: a halo lies where the mark of the same atom does."""
    for at in range(ATOMS):
        numbers = [0.0] * ATOMS
        numbers[at] = 1.0
        svg = picture(DIAZEPAM, atoms=(at,), halos=Halos(tuple(numbers)))
        ((x, y, _, _),) = halos_of(svg)
        mark = re.search(rf"<ellipse cx='([\d.]+)' cy='([\d.]+)'[^>]*class='atom-{at}'", svg)
        assert mark is not None
        # RDKit centres a mark on the letters of an atom, which may reach to one side.
        assert math.dist((x, y), (float(mark[1]), float(mark[2]))) < 12


def test_letters_on_the_strongest_halo_keep_their_contrast() -> None:
    svg = picture(DIAZEPAM, halos=Halos((1.0,) * ATOMS))
    strongest = max(float(one) for one in re.findall(r"stop-opacity='([\d.]+)'", svg))
    for colour in (RISES, FALLS):
        parts = [round(int(colour[at : at + 2], 16) * strongest + 255 * (1 - strongest)) for at in (1, 3, 5)]
        assert (luminance("#" + "".join(f"{one:02x}" for one in parts)) + 0.05) / 0.05 > 4.5


def test_each_atom_tells_its_number_and_the_whole_is_described() -> None:
    numbers = (0.25, *[0.0] * 18, -1.5)
    svg = picture(DIAZEPAM, halos=Halos(numbers))
    root = ElementTree.fromstring(svg)  # noqa: S314
    told = [one.findtext(f"{SVG}title") for one in root.iter(f"{SVG}circle") if one.get("pointer-events")]
    assert (told[0], told[1], told[-1]) == ("C1: +0.25", "N2: +0", "C20: −1.5")
    said = root.findtext(f"{SVG}desc") or ""
    assert "red, raises 红色（升高）: C1" in said
    assert "blue, lowers 蓝色（降低）: C20" in said
    words = tuple(f"<{at}>" for at in range(ATOMS))
    named = ElementTree.fromstring(picture(DIAZEPAM, halos=Halos(numbers, words=words)))  # noqa: S314
    assert [one.findtext(f"{SVG}title") for one in named.iter(f"{SVG}circle") if one.get("pointer-events")] == [*words]


def test_a_drawing_with_halos_is_the_same_each_time_and_its_names_are_its_own() -> None:
    one, other = (picture(DIAZEPAM, halos=Halos((value,) * ATOMS)) for value in (1.0, -1.0))
    assert one == picture(DIAZEPAM, halos=Halos((1.0,) * ATOMS))
    names = [set(re.findall(r"id='([^']+)'", svg)) for svg in (one, other)]
    assert all(len(found) == 2 for found in names)
    assert not names[0] & names[1]


@pytest.mark.parametrize(
    "wrong",
    [
        {"numbers": (float("nan"),)},
        {"numbers": (float("inf"),)},
        {"numbers": (1.0,), "words": ("a", "b")},
        {"numbers": (1.0,), "most": 0.0},
    ],
)
def test_halos_that_cannot_be_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError):
        Halos(**wrong)  # type: ignore[arg-type]


def test_halos_of_another_molecule_are_refused() -> None:
    with pytest.raises(InputError, match="20 atoms, not 3"):
        picture(DIAZEPAM, halos=Halos((1.0, 2.0, 3.0)))


def test_all_zero_and_a_lone_atom_are_drawn() -> None:
    assert halos_of(picture(DIAZEPAM, halos=Halos((0.0,) * ATOMS))) == []
    assert len(halos_of(picture(read_molecule("C"), halos=Halos((1.0,))))) == 1


def test_stereo_is_named_only_where_asked() -> None:
    chiral = Molecule("C[C@H](N)C(=O)O", "")
    assert picture(chiral, stereo=True) != picture(chiral)
    assert picture(chiral, stereo=True).count("CIP_Code") == 3  # ( S )
    assert "CIP_Code" not in picture(chiral)


def test_joined_paths_draw_the_same_lines_in_less() -> None:
    for svg in (picture(DIAZEPAM, atoms=(1, 2)), picture(DIAZEPAM, halos=Halos((1.0,) * ATOMS), stereo=True)):
        small = compact(svg)
        assert len(small) < 0.75 * len(svg)
        before, after = (re.sub(r"\s", "", "".join(re.findall(r"\bd='([^']*)'", one))) for one in (svg, small))
        assert before == after
        roots = [ElementTree.fromstring(one) for one in (svg, small)]  # noqa: S314
        assert roots[0].findtext(f"{SVG}desc") == roots[1].findtext(f"{SVG}desc")
        for tag in ("rect", "ellipse", "circle", "radialGradient"):
            assert len(list(roots[0].iter(f"{SVG}{tag}"))) == len(list(roots[1].iter(f"{SVG}{tag}")))
        assert compact(small) == small


def marked(svg: str) -> str:
    """The atoms that the description calls different."""
    return re.findall(r"different atoms 不同的原子: ([^<]*)", svg)[0]


def test_a_pair_marks_what_differs() -> None:
    one, other = pair_pictures(Molecule("CC(=O)Nc1ccc(O)cc1", ""), Molecule("CC(=O)Nc1ccc(OC)cc1", "", name="<i>"))
    assert (marked(one), marked(other)) == ("–", "C10")
    assert "&lt;i&gt;" in other
    assert (
        pair_pictures(Molecule("CC(=O)Nc1ccc(O)cc1", ""), Molecule("CC(=O)Nc1ccc(OC)cc1", "", name="<i>"))[1] == other
    )


def test_a_pair_of_mirror_images_marks_the_centre() -> None:
    one, other = pair_pictures(Molecule("C[C@H](N)Cc1ccccc1", ""), Molecule("C[C@@H](N)Cc1ccccc1", ""))
    assert (marked(one), marked(other)) == ("C2", "C2")


def test_a_pair_that_shares_little_is_drawn_apart() -> None:
    one, other = pair_pictures(Molecule("CC(=O)Oc1ccccc1C(=O)O", ""), Molecule("FC(F)(F)F", ""))
    assert (marked(one), marked(other)) == ("–", "–")
    with pytest.raises(FormatError):
        pair_pictures(Molecule("C1CC", ""), Molecule("C", ""))
