"""A hierarchy of a stranger's scanned as a file is: what it holds goes into the result, and is kept with the recipe."""

from collections.abc import Iterable
from datetime import date

from ..reasons import BadCommand

Line = tuple[int, list[str]]


def check_labels(lines: Iterable[Line]) -> None:
    """BadCommand (hierarchy_identifier) with row, column, kind and a masked example of the first identifier.

    Labels are judged as the cells of a column are. Of the values themselves, which go, only what is an identifier
    whatever stands beside it counts: of words that never repeat, too many would look like names.
    """
    import pyarrow as pa  # not for every process

    from ..database import Column
    from ..identifiers.columns import Scanner

    numbered = list(lines)
    columns = [Column(f"level {level}", "text") for level in range(len(numbered[0][1]))]
    today = int(date.today().strftime("%Y%m%d"))
    size = sum(len(cell) for _, cells in numbered for cell in cells)
    scanner = Scanner(today, columns, size)
    for level, column in enumerate(columns):
        scanner.look(column, pa.array([cells[level] for _, cells in numbered], pa.string()).dictionary_encode())
    scanner.end(columns)
    for level, column in enumerate(columns):
        tally = scanner.tallies[column.name]
        judged = tally.firm if level == 0 else tally.firm + tally.chance
        found = {kind for kind, *_ in tally.kinds()} & set(judged)
        if found:
            _refuse(numbered, level, found, today)


def _refuse(lines: list[Line], level: int, kinds: set[str], today: int) -> None:
    from ..identifiers import automaton, cells
    from ..identifiers.masks import mask

    for number, row in lines:
        for one in cells.look(row[level], automaton.ALL, today):
            if one.kind in kinds and one.strength:
                example = mask(one.kind, one.value)
                raise BadCommand(
                    "hierarchy_identifier", row=number, column=level + 1, identifier=one.kind, example=example
                )
