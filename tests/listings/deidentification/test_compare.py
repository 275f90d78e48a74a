import pytest

from listings.deidentification.compare import compare

from .samples import canonical

ROWS = [("福州", 1, "x"), ("厦门", 2, "y"), ("厦门", 2, "y"), ("莆田", 3, None)]
NAMES = ["区县", "次数", "科"]

COPIES = {
    "all": (NAMES, ROWS),
    "other order": (NAMES[::-1], [row[::-1] for row in ROWS[::-1]]),
    "other names": (["a", "b", "c"], ROWS),
    "fewer columns": (["科", "区县"], [(row[2], row[0]) for row in ROWS]),
    "fewer rows": (NAMES, ROWS[1:3]),
    "a constant added": ([*NAMES, "年"], [(*row, 2025) for row in ROWS]),
    "numbers spelt otherwise": (NAMES, [(row[0], float(row[1]), row[2]) for row in ROWS]),
}
NO_COPIES = {
    "something computed": ([*NAMES, "比"], [(*row, n / 10) for n, row in enumerate(ROWS)]),
    "one cell changed": (NAMES, [*ROWS[:3], ("莆田", 4, None)]),
    "a row more often than there": (NAMES, [ROWS[0], ROWS[0], ROWS[1]]),
    "other values under other names": (["a", "b"], [("甲", 1), ("乙", 9)]),
}


@pytest.mark.parametrize("how", [*COPIES, *NO_COPIES])
def test_copy_is_what_adds_no_row_and_no_telling_column(tmp_path, how):
    (tmp_path / "theirs").mkdir()
    names, rows = {**COPIES, **NO_COPIES}[how]
    origin = canonical(tmp_path / "theirs", NAMES, ROWS)
    assert compare(canonical(tmp_path, names, rows), origin).is_copy is (how in COPIES)
