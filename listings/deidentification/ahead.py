"""Read on one processor what is worked on with the other."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def iterate(items: Iterator[T]) -> Iterator[T]:
    """The same items, of which the next is fetched in a thread while one is used; none may be None."""
    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = reader.submit(next, items, None)
            yield item
