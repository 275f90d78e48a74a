from listings.deidentification import sandbox
from listings.deidentification.attacks import wording
from listings.deidentification.reasons import REASONS

from ..samples import canonical
from . import planted

COUNT = 1_000


def test_unsalted_hash_of_mobile_numbers_fails_the_gate_in_the_confined_process(tmp_path) -> None:
    rows = [(30 + n % 2, planted.digest("md5", number).hex()) for n, number in enumerate(planted.mobiles(COUNT))]
    parquet = canonical(tmp_path, ["age", "phone"], rows)
    command = {
        "do": "assess", "parquet": str(parquet), "about": "persons", "quasi_identifiers": ["age"],
        "today": "2025-06-30",
    }  # fmt: skip
    answer = sandbox.run(command, seconds=280)
    assert answer["ok"], answer
    report = answer["report"]
    assert ("phone", "hash_restored") in [(reason["column"], reason["code"]) for reason in report["reasons"]]
    assert (report["passes"], report["grade"]) == (False, 1)
    [found] = report["restorable"]
    assert found["text"] and not any(number in str(answer) for number in planted.mobiles(COUNT))


def test_every_sentence_is_a_reason() -> None:
    assert wording.SENTENCES.items() <= REASONS.items()
