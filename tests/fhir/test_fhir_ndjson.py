"""A bulk file is read line by line: a wrong line keeps no other, and reading goes on where it stopped."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest
from fhir_samples import bundle, sample, samples

from suwen.errors import FormatError, NotFoundError
from suwen.formats.fhir.ndjson import MAX_LINE, Line, open_lines, read_lines
from suwen.formats.fhir.tree import canonical, render

GOOD = b"\n".join(render(one) for one in samples())


def lines(data: bytes) -> list[Line]:
    return list(read_lines(io.BytesIO(data)))


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n\r\n"])
def test_every_resource_comes_out_as_it_went_in(end: bytes) -> None:
    found = lines(b"\xef\xbb\xbf" + GOOD + end)
    assert [canonical(line.entry.resource) for line in found] == [canonical(one) for one in samples()]
    assert [line.entry.where for line in found] == [f"line {n + 1}" for n in range(len(found))]
    assert [line.number for line in found] == list(range(1, len(found) + 1))


def test_blank_lines_count_and_are_passed_by() -> None:
    found = lines(b"\n  \r\n" + render(sample("Patient")) + b"\n\n" + render(sample("Condition")))
    assert [line.number for line in found] == [3, 5]


def test_a_mark_at_the_start_makes_no_line() -> None:
    (line,) = lines(b"\xef\xbb\xbf\n" + render(sample("Patient")))
    assert (line.number, line.problems) == (2, ())


WRONG = (
    (b"{", "line 2"),
    (b"\xff\xfe", "line 2"),
    (b"[]", "line 2"),
    (b"3", "line 2"),
    (render(bundle(sample("Patient"))), "line 2"),
    (render(sample("Patient", gender="x")), "line 2, gender"),
    (b'{"resourceType": "Patient", "id": "a", "id": "b"}', "line 2"),
)


@pytest.mark.parametrize(("line", "where"), WRONG, ids=[f"{n}" for n in range(len(WRONG))])
def test_a_line_with_a_problem_keeps_no_other(line: bytes, where: str) -> None:
    first, second, third = lines(b"\n".join([render(sample("Patient")), line, render(sample("Condition"))]))
    assert first.entry is not None
    assert third.entry is not None
    assert second.entry is None
    assert [problem.where for problem in second.problems] == [where]


def test_remarks_carry_the_number_too() -> None:
    (line,) = lines(render(sample("Patient", mood="x")))
    assert line.entry is not None
    assert [remark.where for remark in line.remarks] == ["line 1, mood"]


class Counting(io.BytesIO):
    """A file that knows the longest piece it was asked for."""

    longest = 0

    def readline(self, size: int | None = -1) -> bytes:  # type: ignore[override]
        piece = super().readline(size)
        self.longest = max(self.longest, len(piece))
        return piece


def test_a_line_that_is_too_long_is_never_held_whole() -> None:
    file = Counting(b'"' + b"x" * (2 * MAX_LINE) + b'"\n' + render(sample("Patient")))
    found = list(read_lines(file))
    assert [(line.number, line.entry is None) for line in found] == [(1, True), (2, False)]
    assert "16 MiB" in found[0].problems[0].what
    assert (found[0].end_offset, found[1].end_offset) == (2 * MAX_LINE + 3, len(file.getvalue()))
    assert file.longest <= MAX_LINE + 1


@pytest.mark.parametrize("is_packed", [False, True], ids=["plain", "gzip"])
def test_reading_goes_on_where_it_stopped(tmp_path: Path, is_packed: bool) -> None:
    path = tmp_path / "Mixed.ndjson"
    path.write_bytes(gzip.compress(GOOD) if is_packed else GOOD)
    with open_lines(path) as file:
        whole = list(read_lines(file))
    for stop in whole:
        with open_lines(path) as file:
            assert list(read_lines(file, start=stop.end_offset, number=stop.number)) == whole[stop.number :]


def test_a_damaged_file_is_told_after_the_lines_that_could_be_read(tmp_path: Path) -> None:
    path = tmp_path / "cut.ndjson.gz"
    path.write_bytes(gzip.compress(GOOD * 20)[:-20])
    with open_lines(path) as file, pytest.raises(FormatError, match="damaged or cut short after line"):
        list(read_lines(file))
    with pytest.raises(NotFoundError), open_lines(tmp_path / "none.ndjson"):
        pass
