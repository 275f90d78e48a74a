"""State × actor × verb: every state of every machine, every named person and a job, every verb of its table."""

import pytest

from tests.workflow import matrix, tables
from tests.workflow.memory import remembered_sandbox  # noqa: F401


@pytest.mark.parametrize(("noun", "state"), tables.CASES)
def test_operations_allow_and_refuse_as_the_table_says(world, noun, state):
    table = tables.MATRICES[noun]
    assert matrix.differences(matrix.actual(table, world, state), table.expected(state)) == {}


@pytest.mark.parametrize(("noun", "state"), tables.CASES)
def test_pages_allow_and_refuse_as_the_table_says(world, noun, state):
    table = tables.MATRICES[noun]
    assert matrix.differences(matrix.actual_pages(table, world, state), table.expected_pages(state)) == {}


@pytest.mark.parametrize(
    ("noun", "state", "verbs"), tables.WRITING, ids=lambda value: "+".join(value) if isinstance(value, list) else value
)
def test_failing_ledger_write_rolls_everything_back(world, noun, state, verbs, monkeypatch):
    matrix.check_failing_writes(tables.MATRICES[noun], world, state, verbs, monkeypatch)
