from pathlib import Path

import duckdb
import pyarrow
import pytest

from listings.deidentification import database


@pytest.fixture
def locked(tmp_path: Path):
    (tmp_path / "mine.csv").write_text("a\n1\n")
    (tmp_path / "other.csv").write_text("a\nsecret\n")
    with database.open_database(reads=[tmp_path / "mine.csv"]) as connection:
        yield connection, tmp_path


def test_database_reads_the_file_it_was_given(locked):
    connection, folder = locked
    assert connection.execute(f"SELECT a FROM read_csv('{folder}/mine.csv')").fetchall() == [(1,)]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_csv('{folder}/other.csv')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM glob('/etc/*')",
        "COPY (SELECT 1) TO '{folder}/elsewhere.csv'",
        "ATTACH '{folder}/elsewhere.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET threads = 8",
        "SET memory_limit = '8GB'",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "RESET memory_limit",
        "PRAGMA threads = 8",
        "SET allowed_paths = ['/etc/passwd']",
    ],
)
def test_database_refuses_everything_else(locked, statement):
    connection, folder = locked
    with pytest.raises((duckdb.PermissionException, duckdb.InvalidInputException)):
        connection.execute(statement.format(folder=folder))
    assert not list(folder.glob("elsewhere*"))


def test_database_limits_are_set(locked):
    connection, _ = locked
    settings = connection.execute("SELECT current_setting('memory_limit'), current_setting('threads')").fetchone()
    assert settings == ("488.2 MiB", 2)
    with database.open_database(memory=database.ASSESSING) as connection:
        assert database.one(connection, "SELECT current_setting('memory_limit')") == ("276.5 MiB",)


def test_database_does_not_see_python_variables(locked):
    connection, _ = locked
    other = pyarrow.table({"a": [1]})
    assert other.num_rows == 1
    with pytest.raises(duckdb.CatalogException):
        connection.execute("SELECT * FROM other")


def test_path_with_a_wildcard_is_refused():
    with pytest.raises(ValueError, match="wildcard"):
        database.path(Path("/tmp/*.parquet"))


def test_spill_directory_is_removed(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with database.open_database() as connection:
        connection.execute("SELECT 1")
        assert len(list(tmp_path.iterdir())) == 1
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_drawn_into_the_answer():
    """The bar of a long query would go to standard output, where the answer goes."""
    with database.open_database() as connection:
        assert database.one(connection, "SELECT current_setting('enable_progress_bar')") == (False,)
