"""Names of persons: a cell alone says little, a column of them a lot."""

from collections.abc import Set

from .surnames import COMMON, COMPOUND, SURNAMES, WORDS

SHORTEST, LONGEST = 2, 4
ENOUGH_DISTINCT = 8
SHAPED, COMMON_SHARE, LEAST_VARIETY = 0.6, 0.4, 0.12


def is_name_shaped(text: str) -> bool:
    """Two to four Chinese characters (four only with a compound surname), the first a surname, no word we know."""
    if not SHORTEST <= len(text) <= LONGEST or (text[0] not in SURNAMES and text[:2] not in COMPOUND):
        return False
    if not all("一" <= sign <= "鿿" for sign in text) or text in WORDS:
        return False
    return len(text) < LONGEST or text[:2] in COMPOUND


def is_column_of_names(values: Set[str], *, shaped: int, cells: int, hinted: bool) -> bool:
    """Whether a column holds names: `shaped` of its `cells` look like one, `values` are up to 2,000 different ones.

    高中 repeats, names vary: their given names differ even where surnames do not. A column called 姓名 needs less.
    """
    if not shaped or len(values) < (1 if hinted else ENOUGH_DISTINCT):
        return False
    if hinted:
        return shaped >= 0.2 * cells
    common = sum(value[0] in COMMON for value in values) / len(values)
    given = len({value[1:] for value in values}) / len(values)
    tried = min(shaped, 2000)
    varied = len(values) >= LEAST_VARIETY * tried
    return shaped >= SHAPED * cells and common >= COMMON_SHARE and given >= 0.05 and varied and _many_surnames(values)


def _many_surnames(values: Set[str]) -> bool:
    """Three surnames at least, none of which heads nine in ten: 金融部 and 金属部 are no family."""
    heads: dict[str, int] = {}
    for value in values:
        heads[value[0]] = heads.get(value[0], 0) + 1
    return len(heads) >= 3 and max(heads.values()) < 0.9 * len(values)
