"""One command, as a dictionary from JSON, to one answer."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from . import engines
from .reasons import BadCommand, Refused, sentence


def answer(command: Any, *, only: str | None = None) -> dict[str, Any]:
    """{"ok": true, …} or {"ok": false, "code", "params", "text"}; never an exception, and never its text.

    `only` is the one command that is carried out, None for all. Where something unforeseen went wrong, params hold the
    kind of the error and the line of code, no data.
    """
    try:
        return {"ok": True, **_run(command, only)}
    except Refused as refusal:
        return failure(refusal.code, **refusal.params)
    except MemoryError:
        return failure("out_of_memory")
    except Exception as error:
        if type(error).__name__ == "OutOfMemoryException":  # DuckDB's, not imported for every command
            return failure("out_of_memory")
        return failure("assessment_failed", error=_where(error))


def failure(code: str, **params: Any) -> dict[str, Any]:
    """The answer of a command that was not carried out."""
    return {"ok": False, "code": code, "params": params, "text": sentence(code, params)}


def _run(command: Any, only: str | None) -> dict[str, Any]:
    if not isinstance(command, dict) or command.get("do") not in ([only] if only else _COMMANDS):
        raise BadCommand("bad_command", field="do")
    try:
        return _COMMANDS[command["do"]](command)
    except KeyError as missing:
        raise BadCommand("bad_command", field=str(missing.args[0])[:40]) from None


def _ingest(command: dict) -> dict[str, Any]:
    from .ingest import ingest

    parquet = Path(command["target"])
    read = asdict(ingest(Path(command["source"]), command["name"], parquet))
    return {**read, "hints": _hints(parquet, command["hint_share"])} if "hint_share" in command else read


def _hints(parquet: Path, least_share: float) -> list[dict[str, Any]]:
    """A word of advice: where there is none, the file was read all the same."""
    from .hinting import hints_of

    try:
        return hints_of(parquet, least_share=least_share)
    except Exception:
        return []


def _assess(command: dict) -> dict[str, Any]:
    from .assess import assess
    from .rules import Rules

    report = assess(
        Path(command["parquet"]),
        about=command["about"],
        subject=command.get("subject"),
        quasi_identifiers=command.get("quasi_identifiers") or [],
        sensitive=command.get("sensitive") or [],
        rules=Rules(**command.get("rules") or {}),
        today=date.fromisoformat(command["today"]),
        mode=command.get("mode", "platform"),
        identifiers=command.get("identifiers") or [],
        population=Path(command["population"]) if command.get("population") else None,
        engine=command.get("engine") or engines.DUCKDB,
    )
    return {"report": report.to_json()}


def _scan(command: dict) -> dict[str, Any]:
    from .apart import scan_command

    return scan_command(command)


def _profile(command: dict) -> dict[str, Any]:
    from .profile import profile

    columns = profile(
        Path(command["parquet"]),
        subject=command.get("subject"),
        sensitive=command.get("sensitive") or [],
        minimum=command["minimum"],
    )
    return {"columns": [asdict(column) for column in columns]}


def _sample(command: dict) -> dict[str, Any]:
    from .sample import of_report

    found = of_report(
        Path(command["parquet"]), command["report"], minimum=int(command["minimum"]), hidden=command["hidden"]
    )  # fmt: skip
    return {"sample": asdict(found)}


def _link(command: dict) -> dict[str, Any]:
    from .linkage import Side, measure_linkage

    first, second = (
        Side(
            parquet=Path(side["parquet"]),
            fields=side["fields"],
            quasi_identifiers=side.get("quasi_identifiers") or [],
            sensitive=side.get("sensitive") or [],
            subject=side.get("subject"),
            pseudonyms=side.get("pseudonyms") or [],
        )
        for side in (command["first"], command["second"])
    )
    return {"linkage": asdict(measure_linkage(first, second))}


def _extract(command: dict) -> dict[str, Any]:
    from .extract import extract

    return asdict(extract(Path(command["parquet"]), Path(command["target"]), command["fields"], command["format"]))


def _compare(command: dict) -> dict[str, Any]:
    from .compare import compare

    return asdict(compare(Path(command["parquet"]), Path(command["origin"])))


def _suggest(command: dict) -> dict[str, Any]:
    from .recipe.suggest import suggest_command

    return {"suggestion": suggest_command(command)}


def _apply(command: dict) -> dict[str, Any]:
    from .recipe.apply import apply_command

    return apply_command(command)


_COMMANDS: dict[str, Callable[[dict], dict[str, Any]]] = {
    "ingest": _ingest,
    "assess": _assess,
    "scan": _scan,
    "profile": _profile,
    "sample": _sample,
    "extract": _extract,
    "link": _link,
    "compare": _compare,
    "suggest": _suggest,
    "apply": _apply,
}


def _where(error: Exception) -> str:
    """Such as `BinderException at classes.py:40`: the innermost line of this package."""
    place, traceback = "?", error.__traceback__
    while traceback:
        file = Path(traceback.tb_frame.f_code.co_filename)
        if file.parent == Path(__file__).parent:
            place = f"{file.name}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return f"{type(error).__name__} at {place}"
