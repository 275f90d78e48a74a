"""State × actor × verb: every state of every machine, every named person and a job, every verb of its table."""

import pytest

from tests.workflow import matrix, tables
from tests.workflow.memory import remembered_sandbox  # noqa: F401


@pytest.mark.parametrize(("noun", "state"), tables.CASES)
def test_operations_allow_and_refuse_as_the_table_says(world, noun, state):
    table = tables.MATRICES[noun]
    assert matrix.actual(table, world, state) == table.expected(state)


@pytest.mark.parametrize(("noun", "state"), tables.CASES)
def test_pages_allow_and_refuse_as_the_table_says(world, noun, state):
    table = tables.MATRICES[noun]
    actual, expected = matrix.actual_pages(table, world, state), table.expected_pages(state)
    assert actual == {verb: {who: expected[verb][who] for who in row} for verb, row in actual.items()}


@pytest.mark.parametrize(("noun", "state"), tables.CASES)
def test_failing_ledger_write_rolls_everything_back(world, noun, state, monkeypatch):
    table = tables.MATRICES[noun]
    possible = {
        verb.name for verb in table.verbs.verbs if table.may(verb.name, state) and table.possible(verb.name, state)
    }
    assert matrix.failing_writes(table, world, state, monkeypatch) == possible
