"""The batches of a file, column by column: what the automaton decides is counted at once, the rest is looked at."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..database import Column
from . import automaton, cells, compiled, hints
from .found import CHANCE, FIRM, TRIED
from .names import is_name_shaped
from .tally import Tally

_COMPILED_FROM = 256 * 1024  # bytes of text: below, loading the compiler takes longer than Python's patterns
_SHOWN_OF_A_BATCH = 64
_LARGEST = 10**18


class Scanner:
    """Looks at arrays of cells in turn; `tallies` holds what was found, by column."""

    def __init__(self, today: int, columns: list[Column], size: int = 0) -> None:
        """`size`: bytes to come, as far as they are known: many are worth loading the compiler at once."""
        self.today = today
        self.hints = {column.name: hints.of(column.name) for column in columns}
        self.tallies = {column.name: Tally(frozenset(self.hints[column.name])) for column in columns}
        self._values = np.zeros(20, np.int64)
        self._seen = size
        self._counted: dict[str, tuple[pa.Array, np.ndarray]] = {}  # dictionaries, and how often each value occurs

    def look(self, column: Column, array: pa.Array) -> None:
        """Add the cells of `array` to the tally; those of a dictionary when another one comes, or at `end`."""
        self.tallies[column.name].cells += len(array) - array.null_count
        if not pa.types.is_dictionary(array.type):
            return self._look(column, array, None)
        values = array.dictionary
        counts = np.bincount(pc.fill_null(array.indices, len(values)), minlength=len(values))[: len(values)]
        before = self._counted.get(column.name)
        if before and before[0].equals(values.slice(0, len(before[0]))):  # the rest came with this batch
            counts[: len(before[0])] += before[1]
        elif before:
            self._look(column, *before)
        self._counted[column.name] = (values, counts)
        return None

    def end(self, columns: list[Column]) -> None:
        """Look at the values of the dictionaries that came last."""
        for column in columns:
            if column.name in self._counted:
                self._look(column, *self._counted.pop(column.name))

    def _look(self, column: Column, array: pa.Array, counts: np.ndarray | None) -> None:
        tally = self.tallies[column.name]
        self._look_by_name(column.name, tally, array, counts)
        if column.type in ("integer", "decimal") and not pa.types.is_string(array.type):
            self._look_at_numbers(tally, array)
        else:
            texts = array if pa.types.is_string(array.type) else array.cast(pa.string())  # a cast to itself copies
            self._look_at_texts(tally, texts, counts)

    def _look_by_name(self, name: str, tally: Tally, array: pa.Array, counts: np.ndarray | None) -> None:
        """The cells that only the column's name makes identifiers of."""
        for kind, hint in self.hints[name].items():
            if hint.cell is None:
                continue
            texts = array.cast(pa.string())
            fits = np.asarray(pc.fill_null(pc.match_substring_regex(texts, hint.cell), False))
            number = int(fits.sum() if counts is None else counts[: len(fits)][fits].sum())
            tally.by_name[kind] += number
            for place in np.flatnonzero(fits)[:_SHOWN_OF_A_BATCH]:
                tally.show(kind, texts[int(place)].as_py().strip())

    def _look_at_numbers(self, tally: Tally, array: pa.Array) -> None:
        if not pa.types.is_int64(array.type):
            array = _whole(array)
        if array is None or not len(array):
            return
        values = np.ascontiguousarray(array.drop_null().to_numpy())
        large = values[(values >= 10**9) | (values <= -(10**9))]
        if len(large):
            self._count(tally, self._features_of_whole(large), None, lambda place: str(abs(int(large[place]))))

    def _look_at_texts(self, tally: Tally, array: pa.Array, counts: np.ndarray | None) -> None:
        if not len(array):
            return
        features = self._features_of_texts(array)
        self._count(tally, features, counts, lambda place: array[place].as_py())
        for place in np.flatnonzero((features > 0) & (features & automaton.DECIDED == 0)):
            number = 1 if counts is None else int(counts[place])
            if number and (cell := array[int(place)].as_py()) is not None:
                found = list(cells.look(cell, int(features[place]), self.today))
                if found:
                    tally.add(found, number)

    def _count(self, tally: Tally, features: np.ndarray, counts: np.ndarray | None, cell: Any) -> None:
        """Count the cells that the automaton decided on, by what it found."""
        chosen = np.flatnonzero(features > automaton.DECIDED * 2 - 1)
        if not len(chosen):
            return
        for value in np.unique(features[chosen]):
            places = chosen[features[chosen] == value]
            if counts is not None:
                places = places[counts[places] > 0]
            number = len(places) if counts is None else int(counts[places].sum())
            if not number:
                continue
            kinds = cells.decided(int(value))
            for kind, is_one, by_chance in kinds:
                strength = (TRIED, CHANCE, FIRM)[0 if not is_one else 1 if by_chance else 2]
                (tally.tried, tally.chance, tally.firm)[strength][kind] += number
                for place in places[:_SHOWN_OF_A_BATCH] if is_one else ():
                    tally.show(kind, cell(int(place)).upper())

    def _features_of_texts(self, array: pa.Array) -> np.ndarray:
        kernels = self._kernels(array.nbytes)
        if kernels is None:
            return features_by_patterns(array, self.today)
        from .tables import TABLES

        out = np.zeros(len(array), np.int32)
        _, offsets, data = array.buffers()
        ends = np.frombuffer(offsets, np.int32)[array.offset : array.offset + len(array) + 1]
        kernels.scan_text(
            np.frombuffer(data or b"\0", np.uint8), ends, len(array), self.today, TABLES, self._values, out
        )
        return out

    def _features_of_whole(self, values: np.ndarray) -> np.ndarray:
        kernels = self._kernels(values.nbytes)
        out = np.zeros(len(values), np.int32)
        scan_whole = kernels.scan_whole if kernels else automaton.scan_whole
        scan_whole(values if kernels else values.tolist(), len(values), self.today, self._values, out)
        return out

    def _kernels(self, size: int) -> compiled.Kernels | None:
        self._seen += size
        return compiled.load() if self._seen > _COMPILED_FROM else None


def features_by_patterns(array: pa.Array, today: int) -> np.ndarray:
    """Without the automaton: every text is looked at, plain numbers too."""
    everything = automaton.ALL & ~automaton.NAME
    texts = array.to_pylist()
    return np.fromiter(
        (0 if not text else everything | automaton.NAME * is_name_shaped(text.strip(" ")) for text in texts),
        np.int32,
        len(texts),
    )


def _whole(array: pa.Array) -> pa.Array:
    """The whole numbers among others, up to 18 digits."""
    doubles = array.cast(pa.float64(), safe=False)
    values = doubles.drop_null().to_numpy()
    values = values[np.isfinite(values) & (np.abs(values) < _LARGEST)]
    return pa.array(values[values == np.trunc(values)].astype(np.int64))
