"""The recipe of least information loss with which a file passes, and why it is this one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from .. import database, progress
from .. import identifiers as scanning
from ..database import Column, Connection
from ..reasons import BadCommand, shown
from ..rules import Rules
from . import frequencies as counting
from .document import Recipe
from .frequencies import Frequencies
from .hierarchies import Tree
from .ladders import Ladder, find_ladder
from .search import Found, Outcome, Target, search
from .steps import Step

MOST_NODES = 100_000
MOST_COLUMNS = 15  # quasi-identifiers in the search; of more, those with the most values are dropped at once


@dataclass(frozen=True)
class Suggestion:
    """What was found. `recipe` is None where the target is out of reach, or, where somebody chose levels, what comes
    nearest: `reaches` tells; `why` are the columns as the search saw them; `binding` the column that stands in the
    way; `alternatives` the next best two."""

    recipe: Recipe | None
    loss: float | None
    removed: int
    discernibility: int | None
    classes: int | None
    why: list[dict[str, Any]]
    alternatives: list[dict[str, Any]]
    binding: str | None
    unsolved: list[str]
    target: Target
    rows: int
    nodes: int
    looked_at: int
    exact: bool

    @property
    def reaches(self) -> bool:
        return self.recipe is not None and self.loss is not None

    def to_json(self) -> dict[str, Any]:
        given = {name: getattr(self, name) for name in self.__dataclass_fields__ if name not in ("recipe", "target")}
        return {
            **given,
            "reaches": self.reaches,
            "recipe": self.recipe.to_json() if self.recipe else None,
            "target": vars(self.target),
            "removed_share": round(self.removed / self.rows, 6) if self.rows else 0.0,
        }


@dataclass(frozen=True)
class _Plan:
    """What the file is and what is done before the search: `first` steps, ladders of what is searched."""

    columns: list[Column]
    first: list[Step]
    reasons: dict[str, str]
    unsolved: list[str]
    ladders: list[Ladder]
    tops: tuple[int, ...]
    sensitive: list[Column]
    subject: str | None
    trees: dict[str, Tree] = field(default_factory=dict)
    exactly: Mapping[str, int] = field(default_factory=dict)
    unknown: Mapping[str, int] = field(default_factory=dict)  # cells that a hierarchy of the seller's does not hold


def target_of(rules: Rules, mode: str, suppression: float = 0.02) -> Target:
    """What the rules ask of a file for a mode of delivery."""
    return Target(k=rules.required_k(mode), l=rules.l, t=rules.t, suppression=suppression)


def suggest(
    parquet: Path,
    *,
    about: str,
    subject: str | None,
    quasi_identifiers: list[str],
    sensitive: list[str],
    target: Target,
    today: date,
    identifiers: Sequence[str] = (),
    hierarchies: dict[str, Tree] | None = None,
    at_most: dict[str, int] | None = None,
    exactly: dict[str, int] | None = None,
) -> Suggestion:
    """Suggest a recipe for the canonical file `parquet`; roles as in `assess`.

    Columns with identifiers (found, or named in `identifiers`) and the subject come first: dropped, or replaced by
    surrogates. `hierarchies` are the seller's own, by column; `at_most` bounds how many levels a column may climb (the
    last is to be dropped), `exactly` sets its level (from 1). Where that misses the target, what was chosen is the
    recipe all the same, without taking records out.
    Raises UnknownColumn; BadCommand (recipe_no_level) where a column has no such level.
    """
    with database.open_parquet(parquet) as (connection, columns):
        roles = [
            *quasi_identifiers,
            *sensitive,
            *([subject] if subject else []),
            *(hierarchies or {}),
            *identifiers,
            *(at_most or {}),
            *(exactly or {}),
        ]
        database.check_known(columns, roles)
        rows = database.one(connection, "SELECT count(*) FROM data")[0]
        progress.report("identifiers", 5)
        first = _first_steps(connection, columns, about, subject, identifiers, today)
        plan = _plan(
            connection, columns, about, subject, quasi_identifiers, sensitive, first, hierarchies or {}, exactly or {}
        )
        plan = replace(plan, tops=_tops(plan, at_most or {}))
        if about == "none" or not plan.ladders:
            return _without_search(plan, target, rows, about)
        progress.report("classes", 30)
        frequencies = counting.read(
            connection,
            "SELECT * FROM data",
            plan.ladders,
            sensitive=plan.sensitive,
            subject=plan.subject,
            trees=plan.trees,
        )
    progress.report("searching", 60)
    found = search(frequencies, target, plan.tops)
    return _suggestion(plan, frequencies, target, found)


def _plan(
    connection: Connection, columns: list[Column], about: str, subject: str | None, quasi_identifiers: list[str],
    sensitive: list[str], first: tuple[list[Step], dict[str, str], list[str]], hierarchies: dict[str, Tree],
    exactly: dict[str, int],
) -> _Plan:  # fmt: skip
    steps, reasons, unsolved = first
    dropped = {step.column for step in steps if step.do == "drop"}
    others = [each for each in columns if each.name != subject and each.name not in [*sensitive, *dropped]]
    searched = [each for each in others if not quasi_identifiers or each.name in quasi_identifiers]
    if about == "none":
        searched = []
    for column in _too_many(connection, searched):
        steps.append(Step("drop", {"column": column.name}))
        reasons[column.name] = "too_many_columns"
        searched.remove(column)
    trees = {f"own {place}": tree for place, tree in enumerate(hierarchies.values(), start=1)}
    own = dict(zip(hierarchies, trees.items(), strict=True))
    ladders = [find_ladder(connection, "SELECT * FROM data", each, own.get(each.name)) for each in searched]
    ladders = [_at_level(each, exactly.get(each.column.name)) for each in ladders]
    private = [each for each in columns if each.name in sensitive and each.name not in dropped]
    unknown = {each.name: _unknown(connection, each, hierarchies[each.name]) for each in searched if each.name in own}
    return _Plan(
        columns, steps, reasons, unsolved, _fewer(ladders), (), private, subject, trees, exactly, unknown
    )  # fmt: skip


def _at_level(ladder: Ladder, level: int | None) -> Ladder:
    """Only this level, and that the column is dropped, which nothing climbs to (`_tops`)."""
    if level is None:
        return ladder
    if not 0 < level < ladder.height:
        column = shown(ladder.column.name)
        raise BadCommand("recipe_no_level", column=column, level=level, levels=ladder.height - 1)
    return ladder.only((level, ladder.top))


def _unknown(connection: Connection, column: Column, tree: Tree) -> int:
    """Cells with a value that the hierarchy does not hold: they become `*`."""
    text = f"CAST({database.name(column.name)} AS VARCHAR)"
    known = f"{text} IN (SELECT unnest(?))"
    return database.one(connection, f"SELECT count(*) FROM data WHERE NOT ({known})", [[row[0] for row in tree.rows]])[
        0
    ]


def _first_steps(
    connection: Connection,
    columns: list[Column],
    about: str,
    subject: str | None,
    marked: Sequence[str],
    today: date,
) -> tuple[list[Step], dict[str, str], list[str]]:
    """What is done whatever the search finds: steps, a reason for each column, and names no recipe can mend."""
    steps, reasons, unsolved = [], {}, []
    kinds = dict.fromkeys(marked, "identifier")
    for hit in scanning.scan(connection, "data", columns, today=today):
        if getattr(hit, "in_name", False):
            unsolved.append(shown(hit.column))
        else:
            kinds.setdefault(hit.column, hit.kind)
    for column in columns:
        if column.name == subject and about != "none":
            steps.append(Step("surrogate", {"column": column.name}))
            reasons[column.name] = "subject"
        elif column.name in kinds or column.name == subject:
            steps.append(Step("drop", {"column": column.name}))
            reasons[column.name] = kinds.get(column.name, "subject")
    return steps, reasons, unsolved


def _too_many(connection: Connection, columns: list[Column]) -> list[Column]:
    """Those with the most values where there are more than a search can weigh."""
    if len(columns) <= MOST_COLUMNS:
        return []
    counts = ", ".join(f"approx_count_distinct({database.name(each.name)})" for each in columns)
    row = database.one(connection, f"SELECT {counts} FROM data")
    ranked = sorted(zip(row, columns, strict=True), key=lambda pair: -pair[0])
    return [column for _, column in ranked[: len(columns) - MOST_COLUMNS]]


def _fewer(ladders: list[Ladder]) -> list[Ladder]:
    """The ladders without some middle rungs, the longest first, until their lattice is small enough."""
    ladders = list(ladders)
    while _nodes(ladders) > MOST_NODES:
        longest = max(range(len(ladders)), key=lambda place: ladders[place].top)
        rungs = ladders[longest].rungs
        if len(rungs) <= 2:
            break
        ladders[longest] = ladders[longest].only({*range(len(rungs))} - {1})
    return ladders


def _nodes(ladders: list[Ladder]) -> int:
    nodes = 1
    for ladder in ladders:
        nodes *= len(ladder.rungs)
    return nodes


def _tops(plan: _Plan, at_most: dict[str, int]) -> tuple[int, ...]:
    return tuple(
        0 if ladder.column.name in plan.exactly else ladder.up_to(at_most.get(ladder.column.name, ladder.height))
        for ladder in plan.ladders
    )


def _without_search(plan: _Plan, target: Target, rows: int, about: str) -> Suggestion:
    """Nothing to generalise: the first steps are all there is to do."""
    recipe = Recipe(plan.first) if plan.first else None
    why = [{"column": step.column, "step": step.to_json(), "reason": plan.reasons[step.column]} for step in plan.first]
    return Suggestion(recipe, 0.0, 0, None, None, why, [], None, plan.unsolved, target, rows, 0, 0, True)


def _suggestion(plan: _Plan, frequencies: Frequencies, target: Target, found: Found) -> Suggestion:
    chosen = found.best[0] if found.best else None
    return Suggestion(
        recipe=_recipe(plan, chosen, target) if chosen else _as_chosen(plan, found.highest, target),
        loss=round(chosen.loss, 9) if chosen else None,
        removed=chosen.removed if chosen else found.highest.removed,
        discernibility=chosen.discernibility if chosen else None,
        classes=chosen.classes if chosen else None,
        why=_why(plan, frequencies, chosen),
        alternatives=[_alternative(plan, each, target) for each in found.best[1:]],
        binding=None if chosen else _binding(plan, frequencies, target),
        unsolved=plan.unsolved,
        target=target,
        rows=frequencies.total,
        nodes=found.nodes,
        looked_at=found.looked_at,
        exact=found.exact,
    )


def _as_chosen(plan: _Plan, highest: Outcome, target: Target) -> Recipe | None:
    """Where somebody chose levels and the target is missed: those levels, and all else as coarse as may be."""
    if not plan.exactly:
        return None
    recipe = _recipe(plan, replace(highest, removed=0), target)
    return recipe if recipe.steps else None


def _recipe(plan: _Plan, outcome: Outcome, target: Target) -> Recipe:
    """First steps, one rung of each ladder, and suppression of what is left; nothing where nothing is to be done."""
    chosen = [step for ladder, level in zip(plan.ladders, outcome.node, strict=True) for step in ladder.rungs[level]]
    steps = [*plan.first, *chosen, *([_suppress(plan, outcome, target)] if outcome.removed else [])]
    used = {step.given.get("hierarchy") for step in steps}
    return Recipe(steps, {name: tree for name, tree in plan.trees.items() if name in used})


def _suppress(plan: _Plan, outcome: Outcome, target: Target) -> Step:
    left = [ladder.column.name for ladder, level in zip(plan.ladders, outcome.node, strict=True) if level < ladder.top]
    given: dict[str, Any] = {"columns": left, "k": target.k}
    if plan.subject:
        given["subject"] = plan.subject
    if plan.sensitive and (target.l > 1 or target.t < 1):
        given |= {"sensitive": [column.name for column in plan.sensitive], "l": target.l, "t": target.t}
    return Step("suppress", given)


def _why(plan: _Plan, frequencies: Frequencies, outcome: Outcome | None) -> list[dict[str, Any]]:
    """A row for each column that something is done to, or that could have been generalised."""
    rows: list[dict[str, Any]] = [
        {"column": step.column, "step": step.to_json(), "reason": plan.reasons[step.column]} for step in plan.first
    ]
    for place, (ladder, climb) in enumerate(zip(plan.ladders, frequencies.climbs, strict=True)):
        losses = [round(loss, 6) for loss in climb.losses]
        name = ladder.column.name
        row: dict[str, Any] = {"column": name, "reason": "quasi_identifier", "levels": ladder.height}
        row |= {"losses": losses, "rungs": _rungs(ladder)}
        if name in plan.unknown:
            row["unknown"] = plan.unknown[name]
        if outcome:
            level = outcome.node[place]
            row |= {
                "level": ladder.numbers[level],
                "step": [step.to_json() for step in ladder.rungs[level]],
                "loss": losses[level],
            }
        rows.append(row)
    return rows


def _rungs(ladder: Ladder) -> list[dict[str, Any]]:
    """What each level between the bottom and the top does, where it is a step."""
    between = zip(ladder.numbers, ladder.rungs, strict=True)
    return [{"level": number, "step": rung[0].to_json()} for number, rung in between if 0 < number < ladder.height]


def _alternative(plan: _Plan, outcome: Outcome, target: Target) -> dict[str, Any]:
    return {
        "recipe": _recipe(plan, outcome, target).to_json(),
        "loss": round(outcome.loss, 9),
        "removed": outcome.removed,
        "discernibility": outcome.discernibility,
        "classes": outcome.classes,
        "levels": {
            each.column.name: each.numbers[level] for each, level in zip(plan.ladders, outcome.node, strict=True)
        },
    }


def _binding(plan: _Plan, frequencies: Frequencies, target: Target) -> str | None:
    """The column without which the fewest records would have to be taken out at the highest levels allowed.

    Where even the file as one class does not do, it is the sensitive column that is not diverse enough, if any.
    """
    from .search import Lattice

    everything = tuple(ladder.top for ladder in plan.ladders)
    lattice = Lattice(frequencies, target, everything)
    if not lattice.look(everything).reaches:
        poor = [
            column.name
            for column, each in zip(plan.sensitive, frequencies.sensitive, strict=True)
            if each.values < target.l
        ]
        return poor[0] if poor else None
    without = [
        (lattice.look((*plan.tops[:place], everything[place], *plan.tops[place + 1 :])).removed, ladder.column.name)
        for place, ladder in enumerate(plan.ladders)
        if plan.tops[place] < everything[place]
    ]
    return min(without)[1] if without else None


def suggest_command(command: dict[str, Any]) -> dict[str, Any]:
    """`suggest` from a command: the keys of `assess`, and suppression, hierarchies {column: rows}, at_most and
    exactly {column: n}.

    BadCommand (bad_command, recipe_malformed) for what is of the wrong type.
    """
    suppression, bounds = command.get("suppression", 0.02), ("at_most", "exactly")
    if type(suppression) not in (int, float) or not 0 <= suppression < 1:
        raise BadCommand("bad_command", field="suppression")
    for name in bounds:
        levels = command.get(name) or {}
        if not isinstance(levels, dict) or not all(type(level) is int and level >= 0 for level in levels.values()):
            raise BadCommand("bad_command", field=name)
    given = command.get("hierarchies") or {}
    if not isinstance(given, dict):
        raise BadCommand("bad_command", field="hierarchies")
    return suggest(
        Path(command["parquet"]),
        about=command["about"],
        subject=command.get("subject"),
        quasi_identifiers=command.get("quasi_identifiers") or [],
        sensitive=command.get("sensitive") or [],
        identifiers=command.get("identifiers") or [],
        target=target_of(Rules(**command.get("rules") or {}), command.get("mode", "platform"), suppression),
        today=date.fromisoformat(command["today"]),
        hierarchies={column: Tree.read(rows, f"hierarchies.{column}") for column, rows in given.items()},
        at_most=command.get("at_most"),
        exactly=command.get("exactly"),
    ).to_json()
