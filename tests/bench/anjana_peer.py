"""anjana on the people and trees that come in as JSON; run in an environment of its own (deploy/peers-anjana.lock).

In: {"columns", "rows", "trees": {column: [[value, level 1, …], …]}, "k", "suppression" (percent)}.
Out: {"levels": [one a column], "removed": records taken out, "milliseconds"}.
"""

import json
import sys
from time import perf_counter

import pandas as pd
from anjana.anonymity._k_anonymity import k_anonymity_inner


def main() -> None:
    given = json.load(sys.stdin)
    data = pd.DataFrame(given["rows"], columns=given["columns"])
    trees = {
        name: {level: pd.Series([row[level] for row in rows]) for level in range(len(rows[0]))}
        for name, rows in given["trees"].items()
    }
    began = perf_counter()
    _, removed, levels = k_anonymity_inner(data, [], given["columns"], given["k"], given["suppression"], trees)
    took = 1000 * (perf_counter() - began)
    json.dump(
        {"levels": [levels[name] for name in given["columns"]], "removed": int(removed), "milliseconds": took},
        sys.stdout,
    )


if __name__ == "__main__":
    main()
