"""One machine and a real Spark: the same report, number by number."""

import gc
import os
import random
import shutil
import sys
from datetime import date, datetime, timedelta
from itertools import product
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from listings.deidentification import commands, database, engines, sandbox
from listings.deidentification.classes import measure
from listings.deidentification.database import Column
from listings.deidentification.identifiers import batches
from listings.deidentification.identifiers.columns import Scanner
from listings.deidentification.ingest import ingest
from listings.deidentification.reasons import BadCommand, Unavailable
from marketplace.desk.sample_data import VISIT_ROLES, write_visits

from .corpus import sheets
from .samples import TODAY, canonical, report_on, resident_id

GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华建国志文玉兰春梅海燕雪峰"
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
MASTER = "local[2]"
# for small files: hardly any compiling, no replanning
QUICK = """
spark.driver.extraJavaOptions -XX:TieredStopAtLevel=1 -XX:+UseSerialGC
spark.sql.codegen.wholeStage false
spark.sql.codegen.factoryMode NO_CODEGEN
spark.sql.adaptive.enabled false
"""


@pytest.fixture(scope="module")
def settings_of_spark(tmp_path_factory):
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        if os.environ.get("CI") == "true":
            pytest.fail("no java on the PATH: apt install openjdk-17-jre-headless")
        pytest.skip("no java on the PATH")
    folder = tmp_path_factory.mktemp("spark")
    (folder / "spark-defaults.conf").write_text(QUICK)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_CONF_DIR", str(folder))
        yield folder


@pytest.fixture(scope="module")
def spark(settings_of_spark):
    """One for all; `assess` uses the session that is open."""
    from listings.deidentification.distributed import session

    running = session.start(MASTER)
    java = running.sparkContext._gateway
    yield running
    running.stop()
    java.shutdown()
    java.proc.stdin.close()  # which Java takes as its end
    java.proc.wait(30)
    type(running.sparkContext)._gateway = type(running.sparkContext)._jvm = None


@pytest.fixture(autouse=True)
def _no_sockets():
    """Spark leaves the sockets of its answers to the garbage collector: here, not in somebody else's test."""
    yield
    gc.collect()


def table(folder: Path, columns: dict[str, pa.Array], row_group: int) -> Path:
    parquet = folder / "table.parquet"
    pq.write_table(pa.table(columns), parquet, row_group_size=row_group)
    return parquet


def visits(folder: Path) -> dict:
    parquet = folder / "visits.parquet"
    ingest(write_visits(folder / "visits.csv"), "visits.csv", parquet)
    roles = ("quasi_identifier", "sensitive")
    quasi, sensitive = ([name for name, given in VISIT_ROLES.items() if given == role] for role in roles)
    return {"parquet": parquet, "quasi_identifiers": quasi, "sensitive": sensitive}


def people(folder: Path) -> dict:
    """Nulls everywhere, visits of the same persons, numbers and texts to guess, a name that SQL stumbles over."""
    chance, rows = random.Random(1), range(400)
    columns = {
        '区`划."a"': pa.array([chance.choice(["350102", "350203", None]) for _ in rows]),
        "性别": pa.array([chance.choice("男女") for _ in rows]),
        "年龄": pa.array([chance.choice([None, *range(20, 60)]) for _ in rows]),
        "诊断": pa.array([chance.choice(["流感", "肺炎", "痛风", None]) for _ in rows]),
        "费用": pa.array([chance.choice([100, 200, 200, 300, None]) for _ in rows]),
        "患者编号": pa.array([chance.choice([None, *(f"p{n}" for n in range(150))]) for _ in rows]),
    }
    return {
        "parquet": table(folder, columns, 90), "quasi_identifiers": list(columns)[:3], "sensitive": ["诊断", "费用"],
        "subject": "患者编号",
    }  # fmt: skip


def readings(folder: Path) -> dict:
    """About nobody, it is said: identifiers in the cells, and one in the name of a column."""
    columns = {sheet.name: pa.array(sheet.cells) for sheet in sheets(size=60, seed=2)[::12]}
    number = pa.array([13800138000 + 1_000_003 * n if n % 3 else None for n in range(60)])
    return {"parquet": table(folder, {**columns, resident_id(): number}, 25), "about": "none"}


def sample_of_a_population(folder: Path) -> dict:
    everybody = [(age, sex) for age in range(30, 35) for sex in "fm" for _ in range(6)]
    columns = {"age": pa.array([age for age, _ in everybody]), "sex": pa.array([sex for _, sex in everybody])}
    population = table(folder, columns, 1000).rename(folder / "people.parquet")
    some = {name: values.slice(0, 40) for name, values in columns.items()}
    return {"parquet": table(folder, some, 1000), "quasi_identifiers": ["age", "sex"], "population": population}


FILES = [visits, people, readings, sample_of_a_population]


@pytest.mark.parametrize("make", FILES)
def test_report_through_ibis_is_the_same(tmp_path, make):
    """Needs no Java: DuckDB again, asked through Ibis, in SQL where the default counts in arrays."""
    pytest.importorskip("ibis")
    given = make(tmp_path)
    assert report_on(**given, engine="ibis").to_json() == report_on(**given).to_json()


def test_worker_process_through_ibis_is_confined(tmp_path):
    pytest.importorskip("ibis")
    parquet = canonical(tmp_path, ["站点", "值"], [("S1", 1), ("S2", 2)])
    command = {"do": "assess", "parquet": str(parquet), "about": "none", "today": TODAY.isoformat()}
    assert sandbox.run({**command, "engine": "ibis"}, scratch=tmp_path)["report"]["passes"]
    profile = {"do": "profile", "parquet": str(parquet), "minimum": 1, "engine": "ibis"}
    assert sandbox.run(profile)["ok"]  # which no process does that is only subdued


@pytest.mark.parametrize("make", FILES)
def test_report_is_the_same(spark, tmp_path, make):
    given = make(tmp_path)
    here, there = (report_on(**given, engine=engine).to_json() for engine in ("duckdb", MASTER))
    assert there == here
    assert here["identifiers"] if make is readings else here["k"]


def test_measures_of_every_type_are_the_same(spark, tmp_path):
    chance, rows = random.Random(3), range(300)
    columns = {
        "key": pa.array([chance.choice([0.0, -0.0, float("nan"), 1.5, None]) for _ in rows]),
        "at": pa.array([datetime(2025, 1, 1) + timedelta(hours=chance.randrange(3)) for _ in rows], pa.timestamp("us")),
        "day": pa.array([chance.choice([None, *(date(1890 + 20 * n, 1, 1) for n in range(6))]) for _ in rows]),
        "share": pa.array([chance.choice([0.1, 0.25, float("nan"), None]) for _ in rows]),
        "yes": pa.array([chance.choice([True, False, None]) for _ in rows]),
    }
    parquet = table(tmp_path, columns, 100)
    with database.open_parquet(parquet) as (connection, known):
        opened = engines.open_tables(MASTER, connection, {"data": parquet})
        with opened as tables:
            both = [connection, tables]
            here, there = (measure(each, "data", quasi_identifiers=["key", "at"], sensitive=known[2:]) for each in both)
    assert there == here
    assert here.classes == 12 and min(here.t.values()) > 0


def test_tallies_are_those_of_one_machine(spark, tmp_path):
    """Every kind of identifier, in more columns than are read at once. Only the first 2,000 names of a column count:
    which those are depends on the order of the file."""
    from listings.deidentification.distributed import scan

    names = ["".join(letters) for letters in product("王李张刘陈", GIVEN[:12], GIVEN)]
    cells = {"甲": names, **{sheet.name: sheet.cells for sheet in sheets(size=len(names) // 20, seed=2)}}
    filled = {name: pa.array([*values, *[None] * (len(names) - len(values))]) for name, values in cells.items()}
    parquet, columns = table(tmp_path, filled, 900), [Column(name, "text") for name in filled]
    scanner = Scanner(20250630, columns, parquet.stat().st_size)  # as the workers: compiled or not from the beginning
    for column, array in batches.of_parquet(parquet, columns):
        scanner.look(column, array)
    found = scan.scan(spark, parquet, columns, 20250630)
    assert found == scanner.tallies and len(columns) > 3 * batches.COLUMNS_AT_ONCE
    assert list(found["甲"].names) == list(scanner.tallies["甲"].names) == names[:2000]


def test_worker_process_measures_on_spark_and_leaves_nothing(settings_of_spark, tmp_path):
    parquet, scratch = canonical(tmp_path, ["站点", "值"], [("S1", 1), ("S2", 2)]), tmp_path / "scratch"
    scratch.mkdir()
    command = {"do": "assess", "parquet": str(parquet), "about": "none", "today": TODAY.isoformat()}
    answer = sandbox.run({**command, "engine": "local[1]"}, scratch=scratch)
    assert answer == sandbox.run(command) and answer["ok"]
    assert list(scratch.iterdir()) == []


def test_process_that_is_not_confined_does_nothing_but_assess(tmp_path):
    command = {"do": "ingest", "source": "a", "name": "a.csv", "target": str(tmp_path / "t"), "engine": "local[1]"}
    assert sandbox.run(command)["code"] == "bad_command"
    assert commands.answer({**command, "do": "profile"}, only="assess")["params"] == {"field": "do"}


@pytest.mark.parametrize("engine", ["", "sqlite", "local[2];x", "spark://", "spark://a b", "https://host"])
def test_engine_is_duckdb_or_a_master(engine):
    with pytest.raises(BadCommand, match="engine"):
        engines.check(engine)


@pytest.mark.parametrize(
    "engine", ["duckdb", "ibis", "local", "local[*]", "local[8]", "yarn", "spark://a:7077,b:7077", "k8s://https://a"]
)
def test_masters_are_known(engine):
    assert engines.check(engine) == engine


def test_spark_that_cannot_be_had_is_said(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "listings.deidentification.distributed.session", None)  # as without the extra
    parquet = canonical(tmp_path, ["a"], [("x",)])
    with pytest.raises(Unavailable, match="cannot be reached"):
        report_on(parquet, about="none", engine=MASTER)
