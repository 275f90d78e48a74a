"""State × actor × verb: every state of every machine, every named person and a job, every verb of its table."""

import pytest

from tests.workflow import matrix, tables
from tests.workflow.memory import remembered_sandbox  # noqa: F401

WRITING = {(noun, state): verbs for noun, state, verbs in tables.WRITING}


@pytest.mark.parametrize(("noun", "state"), tables.CASES)
def test_operations_and_pages_do_as_the_table_says_and_a_failing_ledger_undoes_all(world, noun, state, monkeypatch):
    """The state is reached once, and asked in turn: each of the three leaves it as it was."""
    table = tables.MATRICES[noun]
    obj, at = table.reach(world, state)
    assert matrix.differences(matrix.actual(table, world, state, obj, at), table.expected(state)) == {}
    if matrix.ASK != "done":
        assert matrix.differences(matrix.actual_pages(table, world, state, obj, at), table.expected_pages(state)) == {}
    matrix.check_failing_writes(table, world, state, obj, at, WRITING.get((noun, state), []), monkeypatch)
