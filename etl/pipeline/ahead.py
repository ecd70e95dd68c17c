"""Work done ahead, in threads of its own."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

S = TypeVar("S")
T = TypeVar("T")
_END = object()


@contextmanager
def ahead(items: Iterable[T]) -> Iterator[Iterator[T]]:
    """The same items, in order; a thread is at the next one, and then waits until that is taken.

    What the thread raises is raised where its item would be taken. Nothing is left running when the context ends.
    """
    iterator = iter(items)
    with ThreadPoolExecutor(1, "etl-ahead") as thread:
        try:
            yield _taken(iterator, thread)
        finally:
            thread.shutdown(cancel_futures=True)


def _taken(items: Iterator[T], thread: ThreadPoolExecutor) -> Iterator[T]:
    coming = thread.submit(next, items, _END)
    while (item := coming.result()) is not _END:
        coming = thread.submit(next, items, _END)
        yield item  # type: ignore[misc]  # it is no END


@contextmanager
def each(work: Callable[[S], T], items: Iterable[S], threads: int) -> Iterator[Iterator[T]]:
    """The work on each item, in order; so many are worked on at the same time. Likewise in the rest."""
    with ThreadPoolExecutor(threads, "etl-each") as pool:
        try:
            yield _worked(work, items, pool, threads)
        finally:
            pool.shutdown(cancel_futures=True)


def _worked(work: Callable[[S], T], items: Iterable[S], pool: ThreadPoolExecutor, threads: int) -> Iterator[T]:
    coming: deque[Future[T]] = deque()
    for item in items:
        coming.append(pool.submit(work, item))
        if len(coming) == threads:
            yield coming.popleft().result()
    while coming:
        yield coming.popleft().result()
