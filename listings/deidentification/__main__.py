"""`python -m listings.deidentification`: one JSON command from stdin, one JSON answer to stdout.

`--confined SECONDS` (as the site calls it) first limits the process for good; `--measuring SECONDS` (where a Spark
counts) limits it less, and then it only assesses. The exit code is 0 whenever there is an answer, be it "ok" or not.
`assess`, `suggest` and `apply FILE …`, `keygen` and `verify` are for people:
see `cli`, `recipe.cli` and `signed_cli`.
"""

import json
import sys
from pathlib import Path


def main(arguments: list[str] | None = None) -> int:
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["assess"]:
        from .cli import main as assess

        return assess(arguments[1:])
    if arguments[:1] in (["suggest"], ["apply"]):
        from .recipe.cli import run

        return run(arguments)
    if arguments[:1] in (["keygen"], ["verify"]):
        from .signed_cli import main as signed

        return signed(arguments)
    from . import progress

    measuring = arguments[:1] == ["--measuring"]
    if measuring or arguments[:1] == ["--confined"]:
        from .confine import confine, subdue

        subdue() if measuring else confine(seconds=int(arguments[1]))
        progress.tell_in(Path.cwd())
    from .commands import answer, failure

    try:
        command = json.load(sys.stdin)
    except ValueError:
        reply = failure("bad_command", field="JSON")
    else:
        reply = answer(command, only="assess" if measuring else None)
    json.dump(reply, sys.stdout, allow_nan=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
