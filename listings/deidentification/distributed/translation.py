"""The engine's queries are written once, for DuckDB; this says for Spark what Ibis's translator cannot.

What differs without a word is set in `session`: time zone, case of names, division by zero. Anything else that only
DuckDB knows fails loudly in Spark, and in the tests that compare the reports.
"""

from collections.abc import Callable, Iterator

import sqlglot
from sqlglot import exp


def parse(query: str) -> exp.Expression:
    """DuckDB's text as a tree that says the same in Spark."""
    tree = sqlglot.parse_one(query, dialect="duckdb")
    for select in list(tree.find_all(exp.Select)):
        _number_by_content(select)
        _meet_nearest(select)
    return tree.transform(_rewrite)


def take_parts(tree: exp.Expression) -> Iterator[tuple[str, exp.Expression, int]]:
    """The queries of WITH, taken out of the tree: name, query, how often it is used. Spark would compute one anew for
    each use."""
    for clause in list(tree.find_all(exp.With)):
        names = [table.name for table in tree.find_all(exp.Table)]
        clause.pop()
        for part in clause.expressions:
            yield part.alias, part.this, names.count(part.alias)


def _rewrite(node: exp.Expression) -> exp.Expression:
    if isinstance(node, exp.DataType) and node.is_type(exp.DataType.Type.INT128):
        return exp.DataType.build("DECIMAL(38, 0)")
    if isinstance(node, exp.RegexpFullMatch):
        return _full_match(node.this, node.expression)
    if isinstance(node, exp.Anonymous) and (rewrite := _FUNCTIONS.get(node.name.lower())):
        return rewrite(*node.expressions)
    return node


def _full_match(text: exp.Expression, pattern: exp.Expression) -> exp.Expression:
    """Java's $ would also match before a line break at the end."""
    return exp.RegexpLike(this=text, expression=exp.Literal.string(rf"\A(?:{pattern.name})\z"))


def _octets(text: exp.Expression) -> exp.Expression:
    return exp.Anonymous(this="octet_length", expressions=[text])


def _sum_of_largest(largest: exp.Expression) -> exp.Expression:
    """Of list_sum(max(x, n))."""
    count = largest.args["count"]
    values = f"sort_array(collect_list({largest.this.sql('spark')}), false)"
    return exp.maybe_parse(
        f"aggregate(slice({values}, 1, {count.sql('spark')}), CAST(0 AS BIGINT), (x, y) -> x + y)", dialect="spark"
    )


_FUNCTIONS: dict[str, Callable[..., exp.Expression]] = {
    "regexp_full_match": _full_match,
    "strlen": _octets,
    "list_sum": _sum_of_largest,
}


def _number_by_content(select: exp.Select) -> None:
    """row_number() OVER (): a name for each row of which no two are equal. In Spark the row itself, as its order may
    change when a part is computed again."""
    for place, projection in enumerate(select.expressions):
        window = projection.unalias()
        if isinstance(window, exp.Window) and isinstance(window.this, exp.RowNumber) and not _is_ordered(window):
            content = [other.copy() for other in select.expressions if other is not projection]
            name = exp.Anonymous(this="struct", expressions=content)
            select.expressions[place].replace(exp.alias_(name, projection.alias))


def _is_ordered(window: exp.Window) -> bool:
    return any(window.args.get(part) for part in ("alias", "order", "partition_by"))


def _meet_nearest(select: exp.Select) -> None:
    """A ASOF JOIN B ON A.x >= B.y: the different x, each with the row of B that has the largest y below, joined."""
    for join in select.args.get("joins") or ():
        if join.method != "ASOF":
            continue
        left, right = select.args["from_"].this.name, join.this.name
        x, y = join.args["on"].this.sql("spark"), join.args["on"].expression.sql("spark")
        nearest = (
            f"SELECT x AS minshu_x, nearest.* FROM (SELECT x, max_by(struct({right}.*), {y}) AS nearest "
            f"FROM (SELECT DISTINCT {x} AS x FROM {left}) JOIN {right} ON x >= {y} GROUP BY x)"
        )
        joined = sqlglot.parse_one(f"SELECT 1 JOIN ({nearest}) AS {right} ON {x} = minshu_x", dialect="spark")
        join.replace(joined.args["joins"][0])
