"""`keygen` and `verify`: the key that signs reports, and whether a report is as it was signed."""

import argparse
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from . import signed
from .cli import FAILS, KEY, PASSES, UNREADABLE
from .reasons import Refused
from .words import LANGUAGES, sentence_in, word_in


def main(arguments: list[str]) -> int:
    """0 done (for `verify`: it holds, whatever the verdict), 2 the report does not hold, 1 a file cannot be used."""
    parser = argparse.ArgumentParser(prog=f"python -m {__package__}")
    commands = parser.add_subparsers(required=True)
    keygen = commands.add_parser("keygen", help="make a key that signs reports; only you can read it")
    keygen.add_argument("key", type=Path, nargs="?", default=KEY)
    keygen.set_defaults(run=_keygen)
    verify = commands.add_parser("verify", help="is the report as it was signed?")
    verify.add_argument("report", type=Path, metavar="FILE.json")
    verify.add_argument("--file", type=Path, help="is it about this file?")
    verify.add_argument("--lang", choices=LANGUAGES, default="en", help="of what is said")
    verify.set_defaults(run=_verify)
    given = parser.parse_args(arguments)
    try:
        return int(given.run(given))
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
        return UNREADABLE


def _keygen(given: argparse.Namespace) -> int:
    key = signed.make_key(given.key)
    print(f"{given.key}: {signed.fingerprint(signed.public_half(key))}")
    return PASSES


def _verify(given: argparse.Namespace) -> int:
    try:
        found = signed.verify(given.report.read_bytes(), at=datetime.now(UTC))
    except Refused as refusal:
        print(sentence_in(given.lang, refusal.code, refusal.params), file=sys.stderr)
        return FAILS
    word = partial(word_in, given.lang)
    verdict, mode = word("passes" if found.report["passes"] else "does not pass"), word(found.mode)
    print(word("{0} ({1}), k = {2}, rule set {3}", verdict, mode, found.k, found.report["rule_set"]))
    print(word("{0}, {1} bytes, SHA-256 {2}", found.name, found.size, found.sha256))
    print(word("assessed {0} by engine {1}", found.assessed_at.isoformat(), found.engine))
    print(word("signed by the key {0}", signed.fingerprint(found.public_key)))
    if given.file and (its := signed.sha256_of(given.file)) != found.sha256:
        print(word("{0} is another file: its SHA-256 is {1}", given.file, its), file=sys.stderr)
        return FAILS
    return PASSES
