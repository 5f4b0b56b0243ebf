"""x."""
from ward import Ward
from suwen.records.access import Role
from suwen.consult.chart import open_patient
from suwen.govern.upkeep import verify_store, back_up
from suwen.govern.keys import *
def test_it(either_ward: Ward, tmp_path) -> None:
    w = either_ward
    p = w.patient(1, records=20)
    assert len(open_patient(w[Role.PHYSICIAN], w.records, p)) == 21
    rotate_kek(w[Role.SECURITY_OFFICER], w.records); rotate_data_keys(w[Role.SECURITY_OFFICER], w.records)
    back_up(w[Role.ADMINISTRATOR], w.records, str(tmp_path/"b"), progress=lambda a,b:None)
    assert verify_store(w[Role.ADMINISTRATOR], w.records).faults == []
