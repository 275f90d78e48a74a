"""Prosecutor, journalist and marketer risk (El Emam 2013, as ARX counts them), and δ-presence (Nergiz 2007).

The prosecutor knows that a person is in the file: 1 ÷ the class's size. The journalist does not, and has to tell the
person from everybody in the population: 1 ÷ the size of the same class there. The marketer wants as many as possible
and does not mind errors. Without a population table the file counts as the population.
"""

from dataclasses import dataclass

from . import database
from .database import Tables
from .reasons import BadCommand

_DIGITS = 9


@dataclass(frozen=True)
class Attacker:
    """Probabilities from 0 to 1: on average over the members, for the most endangered, and the share of members whose
    own probability is over the threshold.
    """

    average: float
    max: float
    at_risk: float


@dataclass(frozen=True)
class Risk:
    """`threshold` is the highest accepted probability, 1 ÷ the required k. `marketer` is the share that an adversary
    would get right on average. `delta` is how sure one can be that somebody of the population is in the file: {min,
    max} over the population's classes; None without a population table.
    """

    threshold: float
    prosecutor: Attacker
    journalist: Attacker
    marketer: float
    has_population: bool
    delta: dict[str, float] | None


def population_sizes(connection: Tables, population: str, names: list[str]) -> bool:
    """Tables `known` (population class by class, `people`) and `met`, the file's classes with their people.

    BadCommand (population_lacks) where the file has more in a class than the population: it is none of this file.
    """
    keys = [f"CAST({database.name(name)} AS VARCHAR) AS q{number}" for number, name in enumerate(names)]
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE known AS SELECT {', '.join([*keys, 'count(*) AS people'])} "
        f"FROM ({population}) GROUP BY ALL"
    )
    same = [f"CAST(c.q{number} AS VARCHAR) IS NOT DISTINCT FROM k.q{number}" for number in range(len(names))]
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE met AS SELECT c.size, coalesce(k.people, 0) AS people "
        f"FROM classes c LEFT JOIN known k ON {' AND '.join(same) or 'true'}"
    )
    lacking = database.one(connection, "SELECT count(*) FROM met WHERE people < size")[0]
    if lacking:
        raise BadCommand("population_lacks", classes=lacking)
    return True


def measure(sizes: list[tuple[int, int]], *, at_risk_below: int, connection: Tables | None = None) -> Risk:
    """The risks of classes of `sizes` (size, number of classes); classes without any subject count as nobody.

    With a connection, those to the population of its table `met`.
    """
    prosecutor = _prosecutor([(size, count) for size, count in sizes if size], at_risk_below)
    journalist, marketer, delta = prosecutor, prosecutor.average, None
    if connection is not None:
        journalist, marketer = _attacker(connection, "SELECT size, people FROM met", at_risk_below)
        delta = _presence(connection)
    has_population = connection is not None
    return Risk(round(1 / at_risk_below, _DIGITS), prosecutor, journalist, marketer, has_population, delta)


def _prosecutor(sizes: list[tuple[int, int]], at_risk_below: int) -> Attacker:
    if not sizes:
        return Attacker(0.0, 0.0, 0.0)
    members = sum(size * count for size, count in sizes)
    average = sum(count for _, count in sizes) / members
    at_risk = sum(size * count for size, count in sizes if size < at_risk_below) / members
    return Attacker(*(round(figure, _DIGITS) for figure in (average, 1 / min(sizes)[0], at_risk)))


def _attacker(connection: Tables, sizes: str, at_risk_below: int) -> tuple[Attacker, float]:
    """The attacker and the marketer's average. The attacker's is the larger of two, as with El Emam's jRc."""
    by_class, by_member, highest, at_risk = database.one(
        connection,
        "SELECT count(*) / sum(people), sum(size / people) / sum(size), 1 / min(people), "
        f"coalesce(sum(size) FILTER (people < {at_risk_below}), 0) / sum(size) FROM ({sizes}) WHERE size > 0",
    )
    if by_class is None:
        return Attacker(0.0, 0.0, 0.0), 0.0
    average = round(max(by_class, by_member), _DIGITS)
    return Attacker(average, round(highest, _DIGITS), round(at_risk, _DIGITS)), round(by_member, _DIGITS)


def _presence(connection: Tables) -> dict[str, float]:
    """δ over the classes of the population: members of the file ÷ people; 0 where a class has no member in the file."""
    least, most, classes = database.one(
        connection, "SELECT min(size / people), max(size / people), count(*) FROM met WHERE size > 0"
    )
    everybody = database.one(connection, "SELECT count(*) FROM known")[0]
    least = least if classes == everybody else 0.0
    return {"min": round(least or 0.0, _DIGITS), "max": round(most or 0.0, _DIGITS)}
