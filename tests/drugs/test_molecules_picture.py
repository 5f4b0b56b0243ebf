"""Proves that a drawing is plain SVG that says what it shows, the same each time, and readable by contrast."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from suwen.errors import InputError
from suwen.formats.molecules import picture, read_molecule

pytest.importorskip("rdkit")

ASPIRIN = read_molecule("CC(=O)Oc1ccccc1C(=O)O", name="aspirin <b>")
ATOMS = 13
SVG = "{http://www.w3.org/2000/svg}"


def colours(svg: str) -> dict[int, str]:
    """The colour behind each atom that has one."""
    found = re.findall(r"<ellipse[^>]*class='atom-(\d+)'\s+style='[^']*fill:(#[0-9A-F]{6})", svg)
    return {int(at): colour for at, colour in found}


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_a_picture_is_plain_svg_with_words() -> None:
    svg = picture(ASPIRIN, atoms=(0, 1), legend="a <script>alert(1)</script>", size=(300, 200))
    root = ElementTree.fromstring(svg)  # noqa: S314 (our own drawing)
    assert (root.tag, root.get("width"), root.get("role")) == (f"{SVG}svg", "300px", "img")
    assert root.findtext(f"{SVG}title") == "aspirin <b>"
    assert "C1, C2" in (root.findtext(f"{SVG}desc") or "")
    tags = {one.tag.removeprefix(SVG) for one in root.iter()}
    assert tags <= {"svg", "title", "desc", "rect", "path", "ellipse", "text", "tspan", "g"}
    assert not [name for one in root.iter() for name in one.attrib if name.startswith("on") or "href" in name]
    assert svg == picture(ASPIRIN, atoms=(0, 1), legend="a <script>alert(1)</script>", size=(300, 200))


def test_a_legend_is_text_in_any_language_and_cut_to_the_width() -> None:
    root = ElementTree.fromstring(picture(ASPIRIN, legend="阿司匹林 <aspirin>"))  # noqa: S314
    assert [one.text for one in root.iter(f"{SVG}text")] == ["阿司匹林 <aspirin>"]
    assert (root.get("height"), root.get("viewBox")) == ("260px", "0 0 360 260")
    (ground,) = root.iter(f"{SVG}rect")
    assert (ground.get("width"), ground.get("height")) == ("360.0", "260.0")
    (line,) = ElementTree.fromstring(picture(ASPIRIN, legend="阿" * 90, size=(200, 90))).iter(f"{SVG}text")  # noqa: S314
    assert (line.text or "")[-1] == "…"
    assert len(line.text or "") < 15


def test_atoms_are_marked_and_no_others() -> None:
    assert set(colours(picture(ASPIRIN, atoms=(3, 7)))) == {3, 7}
    assert colours(picture(ASPIRIN)) == {}


def test_weights_are_red_and_blue_by_sign_and_size() -> None:
    weights = [0.0] * ATOMS
    weights[2], weights[5], weights[9] = 1.0, -1.0, 0.3
    svg = picture(ASPIRIN, weights=weights)
    found = colours(svg)
    assert set(found) == {2, 5, 9}
    red, blue, pale = (found[at] for at in (2, 5, 9))
    assert int(red[1:3], 16) > int(red[5:7], 16)
    assert int(blue[1:3], 16) < int(blue[5:7], 16)
    assert luminance(pale) > luminance(red)
    # Black letters on it: 4.5 to 1 (WCAG AA).
    assert all((luminance(one) + 0.05) / 0.05 > 4.5 for one in (red, blue, pale))
    said = ElementTree.fromstring(svg).findtext(f"{SVG}desc") or ""  # noqa: S314
    assert "red, for 红色（支持）: O3, C10" in said
    assert "blue, against 蓝色（反对）: C6" in said


@pytest.mark.parametrize(
    "wrong",
    [
        {"atoms": (13,)},
        {"atoms": (-1,)},
        {"weights": [1.0]},
        {"weights": [float("nan")] * ATOMS},
        {"size": (10, 200)},
        {"size": (200, 10**6)},
    ],
)
def test_what_cannot_be_drawn_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError):
        picture(ASPIRIN, **wrong)  # type: ignore[arg-type]
