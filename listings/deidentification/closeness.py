"""t-closeness: how far the distribution of a sensitive attribute in a class is from that of the whole file.

After Li, Li and Venkatasubramanian (ICDE 2007), with the earth mover's distance: every value equally far from
every other for text, ranks for numbers and dates. Null is a value of its own, ranked last.
"""

from . import database
from .database import Tables

_DIGITS = 9  # what is left after rounding does not depend on the order in which threads add up


def largest_distance(connection: Tables, pairs: str, overall: str, *, ordered: bool) -> float:
    """The largest distance over all classes, 0 to 1.

    `pairs` is SQL with columns class, value, weight (weight > 0), `overall` SQL with columns value, weight.
    """
    query = f"SELECT max(distance) FROM ({distances(pairs, overall, ordered=ordered)})"
    return max(0.0, database.one(connection, query)[0] or 0.0)


def distances(pairs: str, overall: str, *, ordered: bool) -> str:
    """SQL of every class with its distance, from SQL as for `largest_distance`."""
    each = _ordered(pairs, overall) if ordered else _equal(pairs, overall)
    return f"SELECT class, round(distance, {_DIGITS}) AS distance FROM ({each})"


def _equal(pairs: str, overall: str) -> str:
    """Half the sum of |p − q|; values absent from a class add their q in one sum, without a cross join."""
    return f"""
        WITH q AS (SELECT value, weight / sum(weight) OVER () AS q FROM ({overall})),
        p AS (SELECT class, value, weight / sum(weight) OVER (PARTITION BY class) AS p FROM ({pairs})),
        distances AS (
            SELECT class, (sum(abs(p - q)) + 1 - sum(q)) / 2 AS distance
            FROM p JOIN q ON p.value IS NOT DISTINCT FROM q.value GROUP BY class)
        SELECT * FROM distances"""


def _ordered(pairs: str, overall: str) -> str:
    """Sum of |P − Q| of the cumulated distributions over the m ranks, divided by m − 1.

    P is constant (c) from one of the class's values to the next, Q grows: with S the running sum of Q and x
    the last rank at which Q ≤ c, the stretch from rank a to rank b adds c(x−a+1) − (S[x]−S[a−1]) +
    (S[b]−S[x]) − c(b−x).
    """
    return f"""
        WITH counted AS (
            SELECT value, row_number() OVER place AS rank,
                sum(weight) OVER place / sum(weight) OVER () AS q
            FROM ({overall}) WINDOW place AS (ORDER BY value ASC NULLS LAST)),
        q AS (
            SELECT value, rank, q, sum(q) OVER (ORDER BY rank) AS s FROM counted
            UNION ALL SELECT NULL, 0, 0, 0),
        size AS (SELECT max(rank) AS m FROM q),
        p AS (
            SELECT class, rank AS a,
                sum(weight) OVER steps / sum(weight) OVER (PARTITION BY class) AS c,
                lead(rank) OVER steps - 1 AS until, row_number() OVER steps AS step
            FROM ({pairs}) pairs JOIN q ON rank > 0 AND pairs.value IS NOT DISTINCT FROM q.value
            WINDOW steps AS (PARTITION BY class ORDER BY rank)),
        stretches AS (
            SELECT class, a, coalesce(until, m) AS b, c FROM p CROSS JOIN size
            UNION ALL SELECT class, 1, a - 1, 0 FROM p WHERE step = 1 AND a > 1),
        crossed AS (
            SELECT class, a, b, c, greatest(a - 1, least(b, rank)) AS x
            FROM stretches ASOF JOIN q ON stretches.c >= q.q),
        distances AS (
            SELECT class, sum(c * (x - a + 1) - (at_x.s - before_a.s) + (at_b.s - at_x.s) - c * (b - x)) AS moved
            FROM crossed
            JOIN q AS at_x ON at_x.rank = x
            JOIN q AS at_b ON at_b.rank = b
            JOIN q AS before_a ON before_a.rank = a - 1
            GROUP BY class)
        SELECT class, moved / nullif((SELECT m FROM size) - 1, 0) AS distance FROM distances"""
