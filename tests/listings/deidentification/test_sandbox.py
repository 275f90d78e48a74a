import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from listings.deidentification import commands, sandbox

from .samples import canonical

ROOT = Path(__file__).resolve().parents[3]


def test_sandbox_plays_a_file_through(tmp_path):
    source, parquet, out = tmp_path / "a.csv", tmp_path / "a.parquet", tmp_path / "out.csv"
    source.write_bytes("城市,数\n福州,1\n厦门,2\n".encode("gb18030"))
    assert sandbox.run({"do": "ingest", "source": str(source), "name": "a.csv", "target": str(parquet)}) == {
        "ok": True,
        "rows": 2,
        "columns": [{"name": "城市", "type": "text"}, {"name": "数", "type": "integer"}],
        "format": "csv",
        "encoding": "gb18030",
    }
    answer = sandbox.run({"do": "assess", "parquet": str(parquet), "about": "none", "today": "2025-06-30"})
    assert (answer["ok"], answer["report"]["grade"], answer["report"]["passes"]) == (True, 4, True)
    answer = sandbox.run({"do": "profile", "parquet": str(parquet), "minimum": 1})
    assert answer["columns"][1]["values"][0] == {"value": "1", "share": 0.5, "suppressed": False}
    answer = sandbox.run(
        {"do": "extract", "parquet": str(parquet), "target": str(out), "fields": ["数"], "format": "csv"}
    )
    assert answer == {"ok": True, "rows": 2, "bytes": 14, "fields": ["数"]}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "a.parquet", "out.csv"]


def test_sandbox_refuses_with_a_sentence(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"a,b\n1\n")
    command = {
        "do": "ingest",
        "source": str(tmp_path / "a.csv"),
        "name": "a.csv",
        "target": str(tmp_path / "t"),
    }
    assert sandbox.run(command) == {
        "ok": False,
        "code": "ragged",
        "params": {"line": 2, "expected": 2, "found": 1},
        "text": "Line 2 has 1 fields where 2 were expected.",
    }


@pytest.mark.parametrize("command", [{}, {"do": "dance"}, {"do": "assess"}, {"do": "extract", "parquet": "x"}])
def test_sandbox_refuses_malformed_commands(command):
    assert sandbox.run(command)["code"] == "bad_command"


def child(monkeypatch, code: str) -> None:
    """Let the sandbox run other Python instead of the engine, under the same limits."""
    confined = "import sys; sys.path.append(sys.argv[1]); from listings.deidentification.confine import confine; "
    monkeypatch.setattr(sandbox, "_START", f"{confined}confine(seconds=int(sys.argv[3]));\n{code}")


@pytest.mark.parametrize(
    ("writable", "given", "kept"),
    [(True, None, None), (False, None, "/var/site/numba"), (False, "/elsewhere", "/elsewhere")],
)
def test_compiled_code_outlives_a_command_where_the_engine_is_installed_read_only(monkeypatch, writable, given, kept):
    child(monkeypatch, "import json, os; print(json.dumps({'ok': True, 'kept': os.environ.get('NUMBA_CACHE_DIR')}))")
    monkeypatch.setenv("NUMBA_CACHE_DIR", given or "")
    if not given:
        monkeypatch.delenv("NUMBA_CACHE_DIR")
    real = os.access
    here = str(Path(sandbox.__file__).parent)
    monkeypatch.setattr(os, "access", lambda path, mode: writable if str(path) == here else real(path, mode))
    sandbox.keep_compiled(Path("/var/site/numba"))
    assert sandbox.run({}) == {"ok": True, "kept": kept}


def test_sandbox_kills_a_command_over_its_time(monkeypatch, tmp_path):
    child(monkeypatch, "import time; time.sleep(60)")
    (tmp_path / "t.part").write_bytes(b"half")
    began = time.monotonic()
    answer = sandbox.run({"do": "ingest", "target": str(tmp_path / "t")}, seconds=1, scratch=tmp_path)
    assert (answer["ok"], answer["code"], answer["params"]) == (False, "too_slow", {"seconds": 1})
    assert time.monotonic() - began < 10
    assert list(tmp_path.iterdir()) == []


def test_sandbox_stops_a_real_command_over_its_time(tmp_path):
    os.mkfifo(tmp_path / "endless.parquet")
    command = {"do": "profile", "parquet": str(tmp_path / "endless.parquet"), "minimum": 1}
    assert sandbox.run(command, seconds=1)["code"] in {"too_slow", "assessment_failed"}


def test_long_command_arrives_whole_though_somebody_looks_at_it_meanwhile(monkeypatch):
    monkeypatch.setattr(sandbox, "TICK", 0.01)
    assert sandbox.run({"do": "x" * 200_000}, seconds=20, watch=lambda *_: True)["code"] == "bad_command"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import os; os.abort()", "assessment_failed"),
        ("raise ValueError('13800138000')", "assessment_failed"),
        ("print('no json')", "assessment_failed"),
        ("print('[1]')", "assessment_failed"),
        ("while True: pass", "too_slow"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "out_of_memory"),
        ("x = bytearray(5 * 1024**3)", "assessment_failed"),
    ],
)
def test_sandbox_survives_every_death(monkeypatch, capfd, code, expected):
    child(monkeypatch, code)
    answer = sandbox.run({"do": "x"}, seconds=2)
    assert (answer["ok"], answer["code"]) == (False, expected)
    assert "13800138000" not in json.dumps(answer)
    assert capfd.readouterr() == ("", "")


def test_sandbox_hides_the_environment_and_sets_limits(monkeypatch, tmp_path):
    monkeypatch.setenv("SECRET_KEY", "hush")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    child(
        monkeypatch,
        "import os, json, resource as r, sys\n"
        "limits = [r.getrlimit(w)[1] for w in (r.RLIMIT_AS, r.RLIMIT_CPU, r.RLIMIT_CORE, r.RLIMIT_FSIZE)]\n"
        "print(json.dumps({'ok': True, 'names': sorted(os.environ), 'nice': os.nice(0), 'limits': limits, "
        "'leads': os.getsid(0) == os.getpid(), 'cwd': os.getcwd(), 'path': sys.path}))",
    )
    answer = sandbox.run({}, seconds=7, scratch=tmp_path)
    assert set(answer["names"]) - {"LC_CTYPE"} == {"HOME", "LANG", "PATH", "TMPDIR", "TZ"}
    assert answer["limits"] == [4 * 1024**3, 19, 0, 4 * 1024**3]
    assert answer["nice"] >= 10
    assert (answer["leads"], "/nowhere" in answer["path"], "" in answer["path"]) == (True, False, False)
    assert answer["cwd"].startswith(str(tmp_path))


def test_engine_imports_no_django_and_starts_cheaply():
    code = "import sys; from listings.deidentification import commands, sandbox; print(sorted(sys.modules))"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True).stdout
    assert not any(f"'{name}'" in modules for name in ("django", "duckdb", "pyarrow"))
    code = (
        "import sys, pkgutil, importlib, listings.deidentification as d\n"
        "[importlib.import_module(f'{d.__name__}.{m.name}') for m in pkgutil.iter_modules(d.__path__)]\n"
        "print('django' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == "False\n"


def test_module_answers_on_the_command_line(tmp_path):
    parquet = canonical(tmp_path, ["a"], [(1,)])
    command = {"do": "assess", "parquet": str(parquet), "about": "none", "today": "2025-06-30"}
    for given, ok in ((json.dumps(command), True), ("no json", False)):
        done = subprocess.run(
            [sys.executable, "-m", "listings.deidentification"],
            input=given,
            check=False,
            capture_output=True,
            text=True,
            cwd=ROOT,
        )
        assert (done.returncode, json.loads(done.stdout)["ok"], done.stderr) == (0, ok, "")


def test_unforeseen_error_says_where_but_not_what(monkeypatch):
    def fail(command):
        raise RuntimeError("13800138000")

    monkeypatch.setitem(commands._COMMANDS, "ingest", fail)
    answer = commands.answer({"do": "ingest"})
    assert answer["code"] == "assessment_failed"
    assert answer["params"]["error"].startswith("RuntimeError at commands.py:")
    assert "138" not in json.dumps(answer)
