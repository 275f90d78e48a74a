"""The steps a recipe may hold: one row a step, from which checking and the seller's documentation come."""

from dataclasses import dataclass
from typing import Any

LONGEST = 1_000


@dataclass(frozen=True)
class Field:
    """A parameter of a step; `kind` names its check in `document`, `required` whether it may be left out."""

    kind: str
    meaning: str
    required: bool = True


@dataclass(frozen=True)
class StepKind:
    """What a step is called, what it does to a file, and its parameters."""

    name: str
    meaning: str
    fields: dict[str, Field]


@dataclass(frozen=True)
class Step:
    """One step of a recipe; `given` holds its checked parameters."""

    do: str
    given: dict[str, Any]

    @property
    def column(self) -> str:
        """The column of a step that changes one column; "" for suppress and aggregate."""
        return self.given.get("column", "")

    def to_json(self) -> dict[str, Any]:
        return {"do": self.do, **self.given}


_COLUMN = Field("column", "the column")
_SUBJECT = Field("column", "count distinct values of this column instead of rows", required=False)

KINDS = {
    kind.name: kind
    for kind in (
        StepKind("drop", "takes the column out", {"column": _COLUMN}),
        StepKind(
            "mask",
            "replaces all but the first and last characters by `*`; nothing is kept of what is no longer than that",
            {
                "column": _COLUMN,
                "keep_first": Field("count", "characters kept at the beginning (default 0)", required=False),
                "keep_last": Field("count", "characters kept at the end (default 0)", required=False),
            },
        ),
        StepKind(
            "truncate",
            "keeps only the first characters",
            {"column": _COLUMN, "length": Field("size", "how many characters are kept")},
        ),
        StepKind(
            "generalise",
            "replaces a value by what stands above it in a hierarchy; what the hierarchy does not know becomes `*`",
            {
                "column": _COLUMN,
                "hierarchy": Field("hierarchy", "a built-in hierarchy, or one of the recipe's own"),
                "level": Field("size", "how many levels up, from 1"),
            },
        ),
        StepKind(
            "band",
            "replaces a number by the band it lies in: bands of equal width, or between edges (one of the two)",
            {
                "column": _COLUMN,
                "width": Field("positive", "the width of a band", required=False),
                "start": Field("number", "where a band begins (default 0)", required=False),
                "edges": Field("edges", "ascending numbers at which a new band begins", required=False),
            },
        ),
        StepKind(
            "top_code",
            "replaces what is larger by the bound",
            {"column": _COLUMN, "at": Field("bound", "a number or a date (YYYY-MM-DD), like the column")},
        ),
        StepKind(
            "bottom_code",
            "replaces what is smaller by the bound",
            {"column": _COLUMN, "at": Field("bound", "a number or a date (YYYY-MM-DD), like the column")},
        ),
        StepKind(
            "surrogate",
            "replaces each value by a random one, the same value always by the same within the file; neither key nor "
            "mapping is kept",
            {"column": _COLUMN},
        ),
        StepKind(
            "suppress",
            "takes out the records of classes (rows that agree in the columns) that are too small or not diverse",
            {
                "columns": Field("columns", "the quasi-identifiers"),
                "k": Field("size", "the smallest class that stays"),
                "subject": _SUBJECT,
                "sensitive": Field("columns", "the columns that `l` and `t` are about", required=False),
                "l": Field("size", "fewest distinct sensitive values of a class that stays", required=False),
                "t": Field("share", "largest distance from the whole file of a class that stays", required=False),
            },
        ),
        StepKind(
            "aggregate",
            "replaces the records by groups with counts, sums and means; groups that are too small are taken out. "
            "Only as the last step",
            {
                "by": Field("columns", "the columns that make a group"),
                "measures": Field("measures", "list of `{function: count|sum|mean, column}`; `count` needs no column"),
                "minimum": Field("size", "the smallest group that stays"),
                "subject": _SUBJECT,
            },
        ),
    )
}
