"""Finding and moving, both ways: dcmtk asks our receiver, we ask it too, and Chinese names come back as they were."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from exchange_peers import Authority, dataset_bytes, free_port, read, run, slice_of, storescp
from pydicom import Dataset

from suwen.errors import AccessError, InputError, NetworkError
from suwen.exchange import Fate, Level, Match, Peer, Query, Receiver, Rules, find, move, receive, send
from suwen.exchange.find import identifier
from suwen.exchange.index import Index

WANG, ZHANG, LI = "Wang^XiaoDong=王^小东", "张^伟", "Li^Na=李^娜"


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert [one for one in threading.enumerate() if one not in before and one.is_alive()] == []


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three studies: one of two series, one in GB18030, one in UTF-8."""
    out, folder = tmp_path_factory.mktemp("out"), tmp_path_factory.mktemp("shelf")
    for number in (1, 2, 3):
        slice_of(out / "a", number, study="1.2.3.1", name="Smith^John")
    slice_of(out / "b", 9, study="1.2.3.1", name="Smith^John", SeriesInstanceUID="1.2.3.1.2", Modality="PT")
    slice_of(out / "c", 1, study="1.2.3.2", name=WANG, charset="GB18030", StudyDate="20260115", PatientID="P2")
    slice_of(out / "d", 1, study="1.2.3.3", name=ZHANG, charset="ISO_IR 192", StudyDate="20251231", PatientID="P3")
    with receive(folder) as receiver:
        assert send(peer_of(receiver), [out]).complete
    return folder


@pytest.fixture
def archive(shelf: Path) -> Iterator[Receiver]:
    with receive(shelf) as receiver:
        yield receiver


def peer_of(receiver: Receiver) -> Peer:
    return Peer(receiver.title, "127.0.0.1", receiver.port)


def studies(found: tuple[Match, ...]) -> list[str]:
    return sorted(str(one["StudyInstanceUID"]).removeprefix("1.2.3.") for one in found)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({}, ["1", "2", "3"]),
        ({"PatientName": "smith*"}, ["1"]),
        ({"PatientName": "Smith^John"}, ["1"]),
        ({"PatientName": "Sm?th^John"}, ["1"]),
        ({"PatientName": "Smith"}, []),
        ({"PatientName": "王*"}, ["2"]),
        ({"PatientName": "Wang*"}, ["2"]),
        ({"PatientName": "张^伟"}, ["3"]),
        ({"PatientName": "[S]mith*"}, []),
        ({"PatientID": "P?"}, ["1", "2", "3"]),
        ({"StudyDate": date(2026, 1, 15)}, ["2"]),
        ({"StudyDate": (date(2026, 1, 1), date(2026, 1, 31))}, ["1", "2"]),
        ({"StudyDate": (None, date(2025, 12, 31))}, ["3"]),
        ({"StudyDate": "20260116-"}, ["1"]),
        ({"StudyInstanceUID": ["1.2.3.1", "1.2.3.3"]}, ["1", "3"]),
        ({"ModalitiesInStudy": "PT"}, ["1"]),
        ({"AccessionNumber": "A1", "PatientID": "P3"}, ["3"]),
    ],
)
def test_matching_by_the_rules_of_the_standard(archive: Receiver, keys: dict[str, object], expected: list[str]) -> None:
    for charset in ("ISO_IR 192", "GB18030"):
        assert studies(find(peer_of(archive), Query(keys=keys, charset=charset))) == expected


def test_names_come_back_in_the_character_set_they_were_written_in(archive: Receiver) -> None:
    names = {str(one["StudyInstanceUID"]): one["PatientName"] for one in find(peer_of(archive), Query())}
    assert names == {"1.2.3.1": "Smith^John", "1.2.3.2": WANG, "1.2.3.3": ZHANG}


def test_levels_and_counts(archive: Receiver) -> None:
    peer = peer_of(archive)
    study = find(peer, Query(keys={"StudyInstanceUID": "1.2.3.1"}, wanted=("NumberOfStudyRelatedSeries",)))[0]
    assert (study["NumberOfStudyRelatedInstances"], study["NumberOfStudyRelatedSeries"]) == ("4", "2")
    assert study["ModalitiesInStudy"] == ["CT", "PT"]
    series = find(peer, Query(Level.SERIES, {"StudyInstanceUID": "1.2.3.1"}))
    assert {(one["Modality"], one["NumberOfSeriesRelatedInstances"]) for one in series} == {("CT", "3"), ("PT", "1")}
    images = find(peer, Query(Level.IMAGE, {"SeriesInstanceUID": "1.2.3.1.1"}, wanted=("Rows",)))
    assert sorted((one["InstanceNumber"], one["Rows"]) for one in images) == [("1", "16"), ("2", "16"), ("3", "16")]
    assert len(find(peer, Query(Level.IMAGE), limit=2)) == 2


def test_what_arrives_later_is_found(tmp_path: Path) -> None:
    with receive(tmp_path / "in") as receiver:
        assert find(peer_of(receiver), Query()) == ()
        send(peer_of(receiver), [slice_of(tmp_path / "out", study="1.2.9")])
        assert [one["StudyInstanceUID"] for one in find(peer_of(receiver), Query())] == ["1.2.9"]


@pytest.mark.parametrize(
    "query",
    [
        Query(keys={"NoSuchKeyword": "x"}),
        Query(wanted=("NoSuchKeyword",)),
        Query(keys={"StudyInstanceUID": "1.2.*"}),
        Query(keys={"StudyDate": "31.01.2026"}),
        Query(keys={"PatientName": "王"}, charset="ISO_IR 100"),
        Query(charset="klingon"),
        Query(keys={"ReferencedStudySequence": "x"}),
    ],
)
def test_what_cannot_be_asked_is_said_before_asking(query: Query) -> None:
    with pytest.raises(InputError) as caught:
        find(Peer("NOBODY", "127.0.0.1", 1), query)
    assert "王" not in str(caught.value)


def test_a_query_names_a_character_set_only_where_it_needs_one() -> None:
    assert "SpecificCharacterSet" not in identifier(Query(keys={"PatientName": "Smith"}))
    assert identifier(Query(keys={"PatientName": "王"}, charset="GB18030")).SpecificCharacterSet == "GB18030"


def test_dcmtk_asks_us(archive: Receiver, tmp_path: Path) -> None:
    out = tmp_path / "answers"
    out.mkdir()
    for model in ("-S", "-P"):
        run(
            "findscu", model, "-X", "-od", str(out), "-aec", archive.title, "127.0.0.1", str(archive.port),
            "-k", "QueryRetrieveLevel=STUDY", "-k", "PatientName=Wang*", "-k", "StudyInstanceUID", "-k", "StudyDate",
        )  # fmt: skip
        answers = [read(one) for one in out.iterdir()]
        assert [(str(one.PatientName), one.StudyInstanceUID, one.StudyDate) for one in answers] == [
            (WANG, "1.2.3.2", "20260115")
        ]
        for one in out.iterdir():
            one.unlink()
    run(
        "findscu",
        "-P",
        "-aec",
        archive.title,
        "127.0.0.1",
        str(archive.port),
        "-k",
        "QueryRetrieveLevel=PATIENT",
        "-k",
        "PatientID",
    )
    run("findscu", "-S", "-aec", archive.title, "127.0.0.1", str(archive.port), "-k", "QueryRetrieveLevel=NONSENSE")


def test_dcmtk_has_us_move_to_a_known_destination_and_to_no_other(shelf: Path, tmp_path: Path) -> None:
    with storescp(tmp_path / "in", "+B") as port:
        rules = Rules(destinations=(Peer("DCMTK", "127.0.0.1", port),))
        with receive(shelf, rules=rules) as receiver:
            ask = [
                "movescu",
                "-S",
                "-aec",
                receiver.title,
                "127.0.0.1",
                str(receiver.port),
                "-k",
                "QueryRetrieveLevel=STUDY",
            ]
            run(*ask, "-aem", "DCMTK", "-k", "StudyInstanceUID=1.2.3.1")
            assert len(list((tmp_path / "in").iterdir())) == 4
            run(*ask, "-aem", "STRANGER", "-k", "StudyInstanceUID=1.2.3.2", ok=False)
            run(*ask, "-aem", "DCMTK", "-k", "PatientName=*")  # names nothing, so nothing is moved
            assert len(list((tmp_path / "in").iterdir())) == 4
    originals = {dataset_bytes(one) for one in (shelf / "1.2.3.1").rglob("*.dcm")}
    assert {dataset_bytes(one) for one in (tmp_path / "in").iterdir()} == originals


def test_we_move_from_ours_to_ours_under_tls(shelf: Path, tmp_path: Path) -> None:
    authority = Authority(tmp_path / "certificates")
    ours, theirs, port = authority.tls("ours"), authority.tls("theirs"), free_port()
    rules = Rules(tls=theirs, destinations=(Peer("READER", "127.0.0.1", port, theirs),))
    told: list[tuple[int, int]] = []
    with receive(shelf, rules=rules) as receiver:
        peer = Peer(receiver.title, "127.0.0.1", receiver.port, ours)
        fetched = move(
            peer,
            Query(Level.STUDY, {"StudyInstanceUID": "1.2.3.1"}),
            tmp_path / "in",
            title="READER",
            at=("127.0.0.1", port),
            rules=Rules(tls=ours),
            progress=lambda done, every: told.append((done, every)),
        )
    assert (fetched.complete, len(fetched.stored)) == (True, 4)
    assert told[-1] == (4, 4)
    for one in fetched.stored:
        assert dataset_bytes(one.file) == dataset_bytes(shelf / one.study / one.series / one.file.name)


def test_a_title_that_is_no_known_destination_is_said_so(archive: Receiver, tmp_path: Path) -> None:
    with pytest.raises(AccessError, match="destination"):
        move(peer_of(archive), Query(keys={"StudyInstanceUID": "1.2.3.1"}), tmp_path)


def test_while_a_study_is_awaited_no_other_is_taken(tmp_path: Path) -> None:
    other = slice_of(tmp_path / "out", study="1.2.8")
    with receive(tmp_path / "in", rules=Rules(studies=("1.2.7", "1.2.9"))) as receiver:
        assert send(peer_of(receiver), [other]).outcomes[0].fate is Fate.REFUSED
        assert send(peer_of(receiver), [slice_of(tmp_path / "out2", study="1.2.9")]).complete
    assert [one.name for one in (tmp_path / "in").iterdir()] == ["1.2.9"]


def test_a_retrieval_names_uids(archive: Receiver, tmp_path: Path) -> None:
    for keys in ({}, {"PatientName": "Smith*"}, {"StudyInstanceUID": ""}):
        with pytest.raises(InputError, match="UIDs"):
            move(peer_of(archive), Query(keys=keys), tmp_path)


def test_a_service_that_is_not_offered_is_said_so(tmp_path: Path) -> None:
    with storescp(tmp_path / "in") as port, pytest.raises(NetworkError, match="does not offer"):
        find(Peer("DCMTK", "127.0.0.1", port), Query())


def test_strangers_in_the_folder_are_no_objects(tmp_path: Path) -> None:
    inside = tmp_path / "1.2" / "1.2.1"
    inside.mkdir(parents=True)
    (inside / "1.dcm").write_bytes(b"no image")
    (inside / "2.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\xff" * 40)
    asked = Dataset()
    asked.QueryRetrieveLevel = "STUDY"
    assert list(Index(tmp_path).find(asked)) == []
