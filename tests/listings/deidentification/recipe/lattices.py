"""Small lattices for the search: UCI-Adult-like people, and ladders over any values."""

import random
from pathlib import Path

from listings.deidentification import database
from listings.deidentification.database import Column
from listings.deidentification.recipe import columns as column_steps
from listings.deidentification.recipe import frequencies as counting
from listings.deidentification.recipe.frequencies import Frequencies
from listings.deidentification.recipe.hierarchies import Tree
from listings.deidentification.recipe.ladders import Ladder
from listings.deidentification.recipe.steps import Step

ADULT = {
    "age": [[str(age), f"{age // 10 * 10}s", "young" if age < 40 else "old", "*"] for age in range(17, 80)],
    "education": [
        ["Preschool", "primary", "*"], ["5th-6th", "primary", "*"], ["9th", "secondary", "*"],
        ["HS-grad", "secondary", "*"], ["Bachelors", "higher", "*"], ["Masters", "higher", "*"],
        ["Doctorate", "higher", "*"],
    ],
    "sex": [["Male", "*"], ["Female", "*"]],
    "country": [
        ["United-States", "America", "*"], ["Mexico", "America", "*"], ["Canada", "America", "*"],
        ["China", "Asia", "*"], ["India", "Asia", "*"], ["Germany", "Europe", "*"], ["Poland", "Europe", "*"],
    ],
}  # fmt: skip


def adult(rows: int, seed: int = 7) -> list[tuple[str, ...]]:
    """People like those of the UCI Adult table; not one of them is from it."""
    dice = random.Random(seed)
    return [
        (
            str(min(79, max(17, round(dice.gauss(38, 13))))),
            dice.choices([row[0] for row in ADULT["education"]], weights=(1, 3, 5, 32, 16, 5, 1))[0],
            dice.choices(("Male", "Female"), weights=(2, 1))[0],
            dice.choices([row[0] for row in ADULT["country"]], weights=(90, 2, 1, 1, 1, 1, 1))[0],
        )
        for _ in range(rows)
    ]


def count(parquet: Path, trees: dict[str, list[list[str]]], sensitive=(), subject=None) -> Frequencies:
    """Frequencies of the columns of `trees`, each with its own hierarchy."""
    own = {name: Tree.read(rows, name) for name, rows in trees.items()}
    with database.open_parquet(parquet) as (connection, columns):
        column_steps.prepare(connection)
        known = {column.name: column for column in columns}
        ladders = [_ladder(known[name], own[name].height) for name in trees]
        return counting.read(
            connection, "SELECT * FROM data", ladders,
            sensitive=[known[name] for name in sensitive], subject=subject, trees=own,
        )  # fmt: skip


def _ladder(column: Column, height: int) -> Ladder:
    name = column.name
    ups = [
        [Step("generalise", {"column": name, "hierarchy": name, "level": level})] for level in range(1, height)
    ]  # the last level is the top
    rungs = [[], *ups, [Step("drop", {"column": name})]]
    return Ladder(column, rungs, tuple(range(len(rungs))))
