"""How much of the corpus is found, and how much is found that is not there."""

from collections import defaultdict

import pytest

from listings.deidentification import database
from listings.deidentification.database import Column
from listings.deidentification.identifiers import KINDS, scan

from .corpus import CHECKSUMMED, sheets
from .samples import TODAY

SIZE = 40


def found(size: int = SIZE) -> list[tuple]:
    """(sheet, {kind: cells}) of the corpus, each sheet as a column of its own."""
    made, out = sheets(size), []
    table = {sheet.name: sheet.cells for sheet in made}
    columns = [Column(sheet.name, "text") for sheet in made]
    with database.open_database() as connection:
        names = ", ".join(database.name(name) for name in table)
        rows = ", ".join(
            "(" + ", ".join(database.text(cell) for cell in row) + ")" for row in zip(*table.values(), strict=True)
        )
        connection.execute(f"CREATE TEMP TABLE corpus AS SELECT * FROM (VALUES {rows}) AS v({names})")
        hits = scan(connection, "corpus", columns, today=TODAY)
    for sheet in made:
        out.append((sheet, {hit.kind: hit.cells for hit in hits if hit.column == sheet.name}))
    return out


@pytest.fixture(scope="module")
def scores() -> dict[str, tuple[int, int, int]]:
    """Kind: found rightly, found wrongly, missed (cells)."""
    right, wrong, missed = defaultdict(int), defaultdict(int), defaultdict(int)
    for sheet, counts in found():
        if sheet.kind:
            right[sheet.kind] += counts.get(sheet.kind, 0)
            missed[sheet.kind] += SIZE - counts.get(sheet.kind, 0)
        for kind, cells in counts.items():
            wrong[kind] += cells * (kind != sheet.kind)
    return {kind: (right[kind], wrong[kind], missed[kind]) for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_corpus_is_found_and_nothing_else(scores, kind):
    right, wrong, missed = scores[kind]
    recall, precision = right / (right + missed), right / max(right + wrong, 1)
    if kind in CHECKSUMMED:
        assert (recall, precision) >= (0.99, 0.99) and precision >= 0.99, scores[kind]
    assert 2 * right >= 0.9 * (2 * right + wrong + missed), scores[kind]
