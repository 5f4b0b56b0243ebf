"""The drug desk: a molecule pasted or drawn and its profile, learned endpoints with what drives them, its like."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, File, Form, Request, Response, UploadFile

from suwen.errors import FormatError, InputError, MissingExtraError
from suwen.server.guard.parts import FormRoute
from suwen.server.house import house_of
from suwen.server.pages.molecules_reading import MOST_PASTED, kind_of_file, lacking, on_disk, pasted, warm
from suwen.server.pages.molecules_words import MOLECULE_WORDS
from suwen.server.showing import is_fragment, show
from suwen.server.visitors import Signed, Visitor
from suwen.subject import Saying

__all__ = ["router"]

router = APIRouter(include_in_schema=False, prefix="/molecules", route_class=FormRoute)
Language = Literal["en", "zh"]
Structure = Annotated[str, Form(max_length=5_000)]
_LONGEST = 600_000  # characters of a pasted list
_MOST_COMPARED, _LARGEST = 2_000, 4 * 2**20
_SHOWN = 20
_EXAMPLES = (
    ("aspirin 阿司匹林", "CC(=O)Oc1ccccc1C(=O)O"),
    ("ibuprofen 布洛芬", "CC(C)Cc1ccc(cc1)C(C)C(=O)O"),
    ("terfenadine 特非那定", "CC(C)(C)c1ccc(cc1)C(O)CCCN1CCC(CC1)C(O)(c1ccccc1)c1ccccc1"),
    ("artemisinin 青蒿素", "CC1CCC2C(C)C(=O)OC3OC4(C)CCC1C23OO4"),
)
# Parts that are put where the cursor stands: "#" is the number of a ring, one that the text does not use yet.
_BLOCKS = (
    (Saying("benzene ring", "苯环"), "c#ccccc#"),
    (Saying("pyridine ring", "吡啶环"), "c#ccncc#"),
    (Saying("cyclohexane ring", "环己烷"), "C#CCCCC#"),
    (Saying("piperazine ring", "哌嗪环"), "N#CCNCC#"),
    (Saying("carboxylic acid", "羧基"), "C(=O)O"),
    (Saying("amide", "酰胺"), "C(=O)N"),
    (Saying("hydroxyl", "羟基"), "O"),
    (Saying("amine", "氨基"), "N"),
    (Saying("methyl", "甲基"), "C"),
    (Saying("fluorine", "氟"), "F"),
    (Saying("chlorine", "氯"), "Cl"),
    (Saying("trifluoromethyl", "三氟甲基"), "C(F)(F)F"),
    (Saying("cyano", "氰基"), "C#N"),
    (Saying("sulfonamide", "磺酰胺"), "S(=O)(=O)N"),
    (Saying("branch", "支链"), "()"),
)


@router.get("")
def molecules_page(request: Request, visitor: Signed) -> Response:
    """Where molecules are entered."""
    if not lacking():
        warm(house_of(request))
    return _page(request, visitor)


@router.post("/profile")
def molecules_profile(
    request: Request, visitor: Signed, entered: Annotated[str, Form(max_length=_LONGEST)] = ""
) -> Response:
    """The profile of one molecule, or several side by side."""
    try:
        found = pasted(entered)
        content = _profiled(found, visitor)
    except (FormatError, InputError) as wrong:
        return _page(request, visitor, entered=entered, wrong=wrong.said(visitor.lang))
    return _page(request, visitor, entered=entered, **content)


@router.post("/preview")
def molecules_preview(
    request: Request, visitor: Signed, entered: Annotated[str, Form(max_length=_LONGEST)] = ""
) -> Response:
    """What is read of the text so far: drawn, and named for whoever does not see the drawing."""
    from suwen.server.pages.molecules_view import preview_content  # noqa: PLC0415

    content: dict[str, Any] = {"read": None, "count": 0, "wrong": ""}
    try:
        if entered.strip():
            content |= preview_content(pasted(entered), _lang(visitor))
    except (FormatError, InputError) as wrong:
        content["wrong"] = wrong.said(visitor.lang)
    return _show(request, visitor, "molecules_preview.html", **content)


@router.post("/endpoints")
def molecules_endpoints(request: Request, visitor: Signed, smiles: Structure) -> Response:
    """The learned endpoints of a molecule; waits for the models where they are not open yet."""
    from suwen.formats.molecules import read_molecule  # noqa: PLC0415 - RDKit is an extra
    from suwen.server.pages.molecules_view import endpoint_content  # noqa: PLC0415

    try:
        warm(house_of(request))
        content = endpoint_content(read_molecule(smiles), _lang(visitor))
    except MissingExtraError as missing:
        return _show(request, visitor, "molecules_missing.html", why=missing.said(visitor.lang), missing=lacking())
    return _show(request, visitor, _whole(request, "molecules_endpoints"), **content)


@router.post("/atoms/{endpoint}")
def molecules_atoms(request: Request, visitor: Signed, endpoint: str, smiles: Structure) -> Response:
    """What the atoms of a molecule add to one endpoint."""
    from suwen.formats.molecules import read_molecule  # noqa: PLC0415
    from suwen.server.pages.molecules_view import shares_content  # noqa: PLC0415

    content = shares_content(read_molecule(smiles), endpoint, _lang(visitor))
    return _show(request, visitor, _whole(request, "molecules_shares"), **content)


@router.post("/similar")
def molecules_similar(
    request: Request, visitor: Signed, smiles: Structure, file: Annotated[UploadFile, File()]
) -> Response:
    """The molecules of a file most like one; the file is forgotten."""
    from suwen.server.pages.molecules_view import given  # noqa: PLC0415

    try:
        data = file.file.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise InputError(
                f"the file is larger than {_LARGEST // 2**20} MB; screen it instead",
                zh=f"文件超过 {_LARGEST // 2**20} MB；请改用筛选漏斗",
            )
        content = _similar(smiles, file.filename or "", data)
    except (FormatError, InputError) as wrong:
        return _show(request, visitor, "molecules_wrong.html", status=422, wrong=wrong.said(visitor.lang))
    return _show(request, visitor, _whole(request, "molecules_similar"), **given(_lang(visitor)), **content)


def _profiled(found: list[Any], visitor: Visitor) -> dict[str, Any]:
    from suwen.formats.molecules import Molecule, notice_text  # noqa: PLC0415
    from suwen.server.pages.molecules_view import list_content, one_content  # noqa: PLC0415

    lang = _lang(visitor)
    if len(found) > 1:
        return {"many": True, **list_content(found, lang)}
    only = found[0]
    if isinstance(only, Molecule):
        return {"one": True, **one_content(only, lang)}
    raise FormatError(notice_text(only.problem, "en"), zh=notice_text(only.problem, "zh"))


def _similar(smiles: str, name: str, data: bytes) -> dict[str, Any]:
    """Compare with every molecule of a file, exactly."""
    from suwen.drugs.admet.neighbours import nearest  # noqa: PLC0415
    from suwen.drugs.similarity.fingerprints import fingerprint, fingerprints  # noqa: PLC0415
    from suwen.formats.molecules import Molecule, read_molecule, read_molecules  # noqa: PLC0415
    from suwen.report.molecule_pictures import small  # noqa: PLC0415

    asked = read_molecule(smiles)
    known: list[Molecule] = []
    refused = 0
    with on_disk(data, kind_of_file(name, data)) as file:
        for one in read_molecules(file):
            if isinstance(one, Molecule):
                known.append(one)
            else:
                refused += 1
            if len(known) + refused > _MOST_COMPARED:
                raise InputError(
                    f"the file holds more than {_MOST_COMPARED} molecules; screen it instead",
                    zh=f"文件中的分子多于 {_MOST_COMPARED} 个；请改用筛选漏斗",
                )
    if not known:
        raise FormatError(
            "the file holds no molecule that can be read: look at its kind and its columns",
            zh="文件中没有可读取的分子：请检查文件类型及结构列",
        )
    words = fingerprints([one.smiles for one in known])
    places = [str(at) for at in range(len(known))]
    near = nearest(fingerprint(asked.smiles), words, places, [0.0] * len(known), count=_SHOWN)
    rows = [(known[int(one.smiles)], f"{one.similarity:.2f}") for one in near]
    return {
        "compared": len(known),
        "refused": refused,
        "rows": [(small(one.smiles, one.name), one.name, one.smiles, likeness) for one, likeness in rows],
    }


def _page(request: Request, visitor: Visitor, **content: Any) -> Response:
    filled = {"entered": "", "wrong": "", "one": False, "many": False, **content}
    template = "molecules_answer.html" if is_fragment(request) else "molecules.html"
    return _show(
        request,
        visitor,
        template,
        status=422 if filled["wrong"] else 200,
        missing=lacking(),
        most=MOST_PASTED,
        compared_most=_MOST_COMPARED,
        compared_size=_LARGEST // 2**20,
        examples=_EXAMPLES,
        blocks=_BLOCKS,
        **filled,
    )


def _whole(request: Request, name: str) -> str:
    return f"{name}.html" if is_fragment(request) else f"{name}_page.html"


def _show(request: Request, visitor: Visitor, template: str, **content: Any) -> Response:
    return show(request, template, MOLECULE_WORDS, visitor=visitor, **content)


def _lang(visitor: Visitor) -> Language:
    return "zh" if visitor.lang == "zh" else "en"
