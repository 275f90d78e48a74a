"""The engine as a wheel: the same bytes each time, and at work in an environment and a folder of its own."""

import json
import os
import random
import re
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from deploy import engine_wheel
from listings.deidentification.rules import ENGINE_VERSION, RULE_SET
from marketplace.desk.sample_data import write_visits

ROOT = Path(__file__).resolve().parents[3]
GUIDE = ROOT / "docs" / "seller.md"


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A seller's machine: Python with the wheel and what it needs, nothing of this checkout."""
    folder = tmp_path_factory.mktemp("house")
    wheel = engine_wheel.build(folder / "dist")
    python = folder / "venv" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-deps", "--no-index"]
    subprocess.run([*install, "--disable-pip-version-check", str(wheel)], check=True, stdin=subprocess.DEVNULL)
    site = next((folder / "venv").glob("lib/python*/site-packages"))
    (site / "locked.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    return python


def run(house: Path, folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": f"{house.parent}:{os.environ['PATH']}", "LANG": "C.UTF-8", "HOME": str(folder)}
    return subprocess.run(
        ["bash", "-euc", command], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300
    )


def test_the_same_sources_give_the_same_bytes(tmp_path):
    first, second = (engine_wheel.build(tmp_path / name) for name in ("first", "second"))
    assert first.name == f"minshu_deidentification-{ENGINE_VERSION}-py3-none-any.whl"
    assert first.read_bytes() == second.read_bytes()
    assert ENGINE_VERSION.startswith(f"{RULE_SET}.")


def test_the_wheel_holds_the_engine_and_nothing_of_the_site(tmp_path):
    with zipfile.ZipFile(engine_wheel.build(tmp_path)) as wheel:
        names = wheel.namelist()
        imports = {
            found
            for name in names
            if name.endswith(".py")
            for found in re.findall(r"^\s*(?:from|import) ([a-z_0-9]+)", wheel.read(name).decode(), re.MULTILINE)
        }
        needs = re.findall(r"^Requires-Dist: ([\w-]+)", wheel.read(f"{engine_wheel.INFO}/METADATA").decode(), re.M)
    assert {name.split("/")[0] for name in names} == {"minshu_deidentification", engine_wheel.INFO}
    assert "minshu_deidentification/recipe/trees/regions.csv" in names
    on_a_spark = {"ibis", "pyspark", "sqlglot"}  # asked for by `distributed` alone, where a Spark is named
    foreign = imports - set(sys.stdlib_module_names) - on_a_spark
    assert foreign == {name.replace("python-stdnum", "stdnum") for name in needs}


def test_it_assesses_a_file_outside_the_checkout(house, tmp_path):
    write_visits(tmp_path / "visits.csv")
    done = run(house, tmp_path, "minshu-deidentification assess visits.csv --quasi-identifiers 区县 --json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["with_suggested"]["k"] == 25
    where = run(house, tmp_path, "python -c 'import minshu_deidentification as one; print(one.__file__)'")
    assert str(house.parents[1]) in where.stdout
    assert run(house, tmp_path, "python -c 'import listings'").returncode == 1


def test_every_command_of_the_guide_works_as_it_stands_there(house, tmp_path):
    write_visits(tmp_path / "visits.csv")
    chance = random.Random(5)
    rows = [f"{chance.randrange(20, 80)},{chance.choice('男女')},{chance.choice('甲乙丙丁')}" for _ in range(3000)]
    (tmp_path / "patients.csv").write_text("\n".join(["年龄,性别,病种", *rows]) + "\n")
    blocks = re.findall(r"```bash\n(.*?)```", GUIDE.read_text(), flags=re.DOTALL)
    assert [len(block.splitlines()) for block in blocks] == [2, 4, 5]
    assert blocks[0].startswith("make engine\npip install dist/")  # which `house` has done
    done = run(house, tmp_path, "\n".join(blocks[1:]))
    assert (done.returncode, done.stderr) == (0, "")
    assert "通过" in done.stdout
    before = "python -m minshu_deidentification assess patients.csv --mode download --sensitive 病种"
    assert run(house, tmp_path, before).returncode == 2
    assert (tmp_path / "minshu-key.pem").stat().st_mode & 0o777 == 0o600
    assert json.loads((tmp_path / "milder.json").read_text())["body"]["report"]["passes"] is True
