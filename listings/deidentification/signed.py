"""A report that leaves the house: what was found in which file, in canonical JSON (RFC 8785), signed with Ed25519.

The signature proves who says so, and that nothing was changed since. It does not prove that it is true: the site reads
such a report and measures the file all the same.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from .limits import MAX_NAME_CHARACTERS, MIB
from .reasons import Refused, shown
from .report import Report
from .rules import ENGINE_VERSION, Rules

FORMAT = "minshu-report-1"
MOST_BYTES = 4 * MIB
_FUTURE = timedelta(minutes=5)  # that clocks may differ
_TOP, _BODY = {"body", "public_key", "signature"}, {"format", "engine", "assessed_at", "mode", "file", "report"}
_NUMBER = (int, float)
_FIGURES: dict[str, tuple[type, ...]] = {
    "quasi_identifiers": (list,), "subject": (str, type(None)), "subjects": (int, type(None)),
    "k": (int, type(None)), "l_distinct": (dict, type(None)), "t": (dict, type(None)),
    "unique_share": (*_NUMBER, type(None)),
}  # fmt: skip
_REPORT: dict[str, tuple[type, ...]] = {
    **_FIGURES, "rows": (int,), "about": (str,), "sensitive": (list,), "identifiers": (list,), "restorable": (list,),
    "with_suggested": (dict, type(None)), "allowed_modes": (list,), "grade": (int,), "passes": (bool,),
    "rule_set": (str,), "rules": (dict,), "reasons": (list,),
}  # fmt: skip
_ITEMS: dict[str, tuple[type, ...]] = {
    "quasi_identifiers": (str,), "sensitive": (str,), "allowed_modes": (str,), "identifiers": (dict,),
    "restorable": (dict,), "reasons": (dict,), "l_distinct": _NUMBER, "t": _NUMBER,
}  # fmt: skip


@dataclass(frozen=True)
class Signed:
    """A report whose signature holds and whose figures fit its verdict; `public_key` in hexadecimal."""

    public_key: str
    engine: str
    assessed_at: datetime
    mode: str
    name: str
    size: int
    sha256: str
    report: dict[str, Any]

    @property
    def k(self) -> int | None:
        """The smallest class, over the marked columns and with the suggested ones."""
        found = [figures["k"] for figures in (self.report, self.report["with_suggested"]) if figures]
        return min((k for k in found if k is not None), default=None)


def make_key(path: Path) -> Ed25519PrivateKey:
    """A new key in the file `path` that only its owner can read. Raises FileExistsError: no key is ever replaced."""
    key = Ed25519PrivateKey.generate()
    written = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(written)
    return key


def key_at(path: Path) -> Ed25519PrivateKey:
    """The key in `path`, made at its first use. Raises Refused (report_key)."""
    try:
        return make_key(path)
    except FileExistsError:
        pass
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise Refused("report_key", name=shown(path.name)) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise Refused("report_key", name=shown(path.name))
    return key


def public_half(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes_raw().hex()


def fingerprint(public_key: str) -> str:
    """SHA-256 of a public key, its first 16 bytes in groups of four digits: what is read out over the telephone."""
    digest = hashlib.sha256(bytes.fromhex(public_key)).hexdigest()[:32]
    return " ".join(digest[at : at + 4] for at in range(0, 32, 4))


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sign(report: Report, source: Path, key: Ed25519PrivateKey, *, mode: str, at: datetime) -> dict[str, Any]:
    """The signed document about the original file `source`, delivered by `mode`; `at` is aware."""
    digest = sha256_of(source)
    body: dict[str, Any] = {
        "format": FORMAT,
        "engine": ENGINE_VERSION,
        "assessed_at": at.isoformat(timespec="seconds"),
        "mode": mode,
        "file": {"name": shown(source.name), "size": source.stat().st_size, "sha256": digest},
        "report": report.to_json(),
    }
    return {"body": body, "public_key": public_half(key), "signature": key.sign(rfc8785.dumps(body)).hex()}


def verify(content: bytes, *, at: datetime) -> Signed:
    """What a signed document says. Raises Refused: report_malformed, report_signature, report_contradicts."""
    document = _parsed(content)
    body = document["body"]
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(document["public_key"])).verify(
            bytes.fromhex(document["signature"]), rfc8785.dumps(body)
        )
    except InvalidSignature as error:
        raise Refused("report_signature") from error
    except (ValueError, TypeError, RecursionError) as error:
        raise _malformed("signature") from error
    signed = _read(document["public_key"].lower(), body)
    if found := next(_contradictions(signed, at), None):
        raise Refused("report_contradicts", field=found)
    return signed


def _parsed(content: bytes) -> dict[str, Any]:
    if len(content) > MOST_BYTES:
        raise _malformed("size")
    try:
        document = json.loads(content, object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise _malformed("JSON") from error
    if not isinstance(document, dict) or set(document) != _TOP or b"\\u0000" in content:
        raise _malformed("JSON")
    if not isinstance(document["body"], dict) or set(document["body"]) != _BODY:
        raise _malformed("body")
    return document


def _read(public_key: str, body: dict[str, Any]) -> Signed:
    file, report = body["file"], body["report"]
    _check(body, "body", {"engine": (str,), "mode": (str,), "assessed_at": (str,), "file": (dict,), "report": (dict,)})
    _check(file, "file", {"name": (str,), "size": (int,), "sha256": (str,)})
    _check(report, "report", _REPORT)
    if report["with_suggested"] is not None:
        _check(report["with_suggested"], "with_suggested", _FIGURES)
    is_version = len(body["engine"]) <= 40 and body["engine"].isprintable()
    if body["format"] != FORMAT or not is_version or body["mode"] not in ("platform", "download"):
        raise _malformed("body")
    if len(file["name"]) > MAX_NAME_CHARACTERS or not file["name"].isprintable():
        raise _malformed("file")
    if len(file["sha256"]) != 64 or set(file["sha256"]) - set("0123456789abcdef"):
        raise _malformed("sha256")
    try:
        assessed_at = datetime.fromisoformat(body["assessed_at"])
    except ValueError as error:
        raise _malformed("assessed_at") from error
    if assessed_at.tzinfo is None:
        raise _malformed("assessed_at")
    return Signed(
        public_key, body["engine"], assessed_at, body["mode"], file["name"], file["size"], file["sha256"], report
    )


def _check(found: Any, place: str, kinds: dict[str, tuple[type, ...]]) -> None:
    """Each name is there and of one of its types; a truth value is no number."""
    for name, allowed in kinds.items():
        if name not in found or type(found[name]) not in allowed:
            raise _malformed(f"{place}.{name}")
        items = found[name].values() if isinstance(found[name], dict) else found[name]
        if name in _ITEMS and any(type(item) not in _ITEMS[name] for item in items or ()):
            raise _malformed(f"{place}.{name}")


def _contradictions(signed: Signed, at: datetime) -> Iterator[str]:
    """Where a document says two things that cannot both be true, its own thresholds taken as they stand in it."""
    report = signed.report
    if signed.assessed_at > at + _FUTURE:
        yield "assessed_at"
    if signed.size <= 0 or report["rows"] <= 0:
        yield "rows"
    try:
        rules = Rules(**report["rules"])
        required = rules.required_k(signed.mode)
    except TypeError:
        yield "rules"
        return
    if rules.label != report["rule_set"]:
        yield "rule_set"
    if report["passes"] != (not report["reasons"]):
        yield "reasons"
    if report["passes"] and (signed.mode not in report["allowed_modes"] or report["grade"] not in (3, 4)):
        yield "grade"
    if report["passes"] and (report["identifiers"] or any(one.get("level") == "fails" for one in report["restorable"])):
        yield "identifiers"
    if report["passes"] and (report["about"] == "none") != (report["k"] is None):
        yield "k"
    if report["passes"] and report["about"] != "none":
        for figures in (report, report["with_suggested"]):
            yield from _over(figures, rules, required)


def _over(figures: dict[str, Any] | None, rules: Rules, required: int) -> Iterator[str]:
    """The figures that a file which passes cannot have."""
    if figures is None:
        yield "with_suggested"
        return
    if figures["k"] is None or figures["k"] < required:
        yield "k"
    if figures["unique_share"] is None or figures["unique_share"] > rules.unique_share:
        yield "unique_share"
    for name, over in (("l_distinct", lambda value: value < rules.l), ("t", lambda value: value > rules.t)):
        values = list((figures[name] or {}).values())
        if any(over(value) for value in values):
            yield name


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name twice")
    return found


def _no_number(_text: str) -> Any:
    raise ValueError("no number")


def _malformed(field: str) -> Refused:
    return Refused("report_malformed", field=field)
