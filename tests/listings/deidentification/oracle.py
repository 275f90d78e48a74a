"""k, l, t and the risks again, row by row and by their definitions: slow, and independent of the engine."""

import math
from collections import defaultdict


def _distribution(pairs: list[tuple]) -> dict:
    """Share of each value; `pairs` are (who, value), each pair counted once."""
    distinct = set(pairs)
    weights = defaultdict(int)
    for _, value in distinct:
        weights[value] += 1
    return {value: weight / len(distinct) for value, weight in weights.items()}


def _distance(inside: dict, overall: dict, ordered: bool) -> float:
    if not ordered:
        return sum(abs(inside.get(value, 0) - share) for value, share in overall.items()) / 2
    ranked = sorted(overall, key=lambda value: (value is None, value if value is not None else 0))
    moved, gap = 0.0, 0.0
    for value in ranked:
        gap += inside.get(value, 0) - overall[value]
        moved += abs(gap)
    return moved / (len(ranked) - 1) if len(ranked) > 1 else 0.0


def measures(rows: list[dict], keys: list[str], sensitive: str, subject: str | None, ordered: bool) -> dict:
    classes = defaultdict(list)
    for number, row in enumerate(rows):
        who = number if subject is None else row[subject]
        members = classes[tuple(row[key] for key in keys)]
        if who is not None:
            members.append((who, row[sensitive]))
    everybody = [pair for members in classes.values() for pair in members]
    sizes = [len({who for who, _ in members}) for members in classes.values()]
    alone = {members[0][0] for members in classes.values() if len({who for who, _ in members}) == 1}
    overall = _distribution(everybody)
    filled = [m for m in classes.values() if m]
    least = min(len({value for _, value in members}) for members in classes.values())
    return {
        "k": min(sizes),
        "sizes": sorted((size, sizes.count(size)) for size in set(sizes))[:5],
        "all_sizes": sizes,
        "classes": len(sizes),
        "subjects": len({who for who, _ in everybody}),
        "unique": len(alone),
        "l": least,
        "l_entropy": min(map(_entropy_l, classes.values())),
        "c": max(_r1_over_rest(m, least) for m in filled) if least else None,
        "t": max((_distance(_distribution(m), overall, ordered) for m in filled), default=0.0),
        "t_equal": max((_distance(_distribution(m), overall, False) for m in filled), default=0.0),
    }


def _entropy_l(members: list[tuple]) -> float:
    shares = _distribution(members).values()
    return math.exp(-sum(share * math.log(share) for share in shares)) if members else 0.0


def _r1_over_rest(members: list[tuple], least: int) -> float:
    counts = sorted(_distribution(members).values(), reverse=True)
    return counts[0] / sum(counts[least - 1 :])


def risks(sizes: list[int], people: list[int], threshold: int) -> dict:
    """El Emam's measures for classes of `sizes` in the file and `people` in the population."""
    members = [1 / there for here, there in zip(sizes, people, strict=True) for _ in range(here)]
    by_member = sum(members) / len(members)
    return {
        "average": max(len(sizes) / sum(people), by_member),
        "max": max(members),
        "at_risk": sum(risk > 1 / threshold + 1e-12 for risk in members) / len(members),
        "marketer": by_member,
    }
