import base64

from listings.deidentification import sandbox
from listings.deidentification.attacks import stage, wording
from listings.deidentification.attacks.restoration import Restorable
from listings.deidentification.reasons import REASONS

from ..samples import canonical, report_on
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


def test_what_can_be_restored_takes_all_modes_and_a_warning_takes_nothing(tmp_path) -> None:
    """And no attack that finds nothing lets a file pass that did not."""
    rows = [(30 + n % 2, "wxyz"[n // 2 % 4]) for n in range(80)]
    fine, small = (
        report_on(canonical(tmp_path, ["age", "illness"], rows[:length]), quasi_identifiers=["age"])
        for length in (80, 6)
    )
    assert (fine.passes, fine.allowed_modes, small.passes) == (True, ["platform", "download"], False)
    fails, warns = (
        Restorable("illness", "base64", level, "encoded_text", {"column": "illness", "kind": "", "method": "base64"})
        for level in ("fails", "warns")
    )
    turned = stage.heed(fine, stage.Attacked([], [fails, warns]))
    assert (turned.passes, turned.allowed_modes, turned.grade) == (False, [], 1)
    assert [(each.column, each.code) for each in turned.reasons] == [("illness", "encoded_text")]
    only_warned = stage.heed(fine, stage.Attacked([], [warns]))
    assert (only_warned.passes, only_warned.allowed_modes, only_warned.grade) == (True, ["platform", "download"], 3)
    assert not stage.heed(small, stage.Attacked([], [warns])).passes


def test_file_about_nobody_is_turned_back_all_the_same(tmp_path) -> None:
    numbers = [(n, base64.b64encode(number.encode()).decode()) for n, number in enumerate(planted.mobiles(50))]
    report = report_on(canonical(tmp_path, ["reading", "code"], numbers), about="none")
    assert (report.passes, report.attacks) == (False, [])
    assert [each["column"] for each in report.restorable] == ["code"]


def test_every_sentence_is_a_reason() -> None:
    assert wording.SENTENCES.items() <= REASONS.items()
