"""Faults of the log as they are told: neighbours as one, in the order of the entries, and not without end."""

from __future__ import annotations

from suwen.records.audit.fault import Fault, FaultKind, Faults


def test_neighbours_with_the_same_fault_are_one() -> None:
    faults = Faults()
    for seq in (8, 9, 10, 3, 4):
        faults.say(FaultKind.CHANGED, seq, seq + 1, "was changed", "were changed")
    faults.say(FaultKind.LEAF, 5, 6, "was changed", "were changed")
    assert faults.told() == (
        Fault(3, "entries 3 to 4 were changed", FaultKind.CHANGED, 4),
        Fault(5, "entry 5 was changed", FaultKind.LEAF, 5),
        Fault(8, "entries 8 to 10 were changed", FaultKind.CHANGED, 10),
    )


def test_no_more_faults_are_kept_than_can_be_read() -> None:
    faults = Faults()
    for seq in range(0, 200_010, 2):
        faults.say(FaultKind.CHANGED, seq, seq + 1, "was changed")
    assert len(faults.told()) == 100_000
    assert faults.omitted == 5
    assert faults.told()[0] == Fault(0, "entry 0 was changed", FaultKind.CHANGED, 0)
