"""l-diversity: how many values of a sensitive attribute a class has, and how evenly (Machanavajjhala et al. 2007)."""

import math
from typing import Any

from . import database
from .database import Tables

_DIGITS = 9  # what is left after rounding does not depend on the order in which threads add up


def measure(connection: Tables, pairs: str) -> dict[str, Any]:
    """l_distinct, l_entropy and l_recursive over all classes of the table `pairs` (class, value, weight).

    `l_distinct` is the fewest different values in a class (null is one). `l_entropy` is the smallest exp(H) with H
    the entropy of a class in nats: entropy l-diversity holds up to it. `l_recursive` is {l, c}: with l the distinct
    one, every class satisfies r1 < c' (rl + … + rm) for each c' above c, r1 the count of the most frequent value.
    A class without any subject has no values: l is 0 then, and c None.
    """
    distinct, entropy = database.one(connection, _DISTINCT.format(pairs=pairs))
    l_entropy = round(math.exp(max(entropy, 0.0)), _DIGITS) if distinct else 0.0
    c = _recursive(connection, pairs, distinct) if distinct else None
    return {"l_distinct": distinct, "l_entropy": l_entropy, "l_recursive": {"l": distinct, "c": c}}


_DISTINCT = """
    SELECT min(l), min(entropy) FROM (
        SELECT count(*) FILTER (weight > 0) AS l,
            coalesce(ln(sum(weight)) - sum(weight * ln(weight)) FILTER (weight > 0) / sum(weight), 0) AS entropy
        FROM (SELECT class, CAST(weight AS DOUBLE) AS weight FROM {pairs})
        GROUP BY class)"""


def _recursive(connection: Tables, pairs: str, least: int) -> float:
    """The largest r1 / (rl + … + rm) of a class: what lies above the l−1 most frequent values."""
    above = f"list_sum(max(weight, {least - 1}))" if least > 1 else "0"
    query = f"SELECT max(most / (total - above)) FROM (SELECT max(weight) AS most, sum(weight) AS total, {above} AS above FROM {pairs} GROUP BY class)"  # noqa: E501
    return round(float(database.one(connection, query)[0]), _DIGITS)
