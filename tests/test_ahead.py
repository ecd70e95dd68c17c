"""Work done ahead: the same items in order, errors where their item would be, and nothing left running."""

import threading
from collections.abc import Iterator

import pytest

from etl.pipeline.ahead import ahead, each


def counted(limit: int, seen: list[int]) -> Iterator[int]:
    for number in range(limit):
        seen.append(number)
        yield number


def failing(number: int) -> int:
    if number == 3:
        raise ValueError(number)
    return number * 10


@pytest.mark.parametrize("limit", [0, 1, 5])
def test_the_same_items_in_order(limit):
    with ahead(counted(limit, [])) as items, each(lambda number: number * 10, items, 2) as worked:
        assert list(worked) == [number * 10 for number in range(limit)]


def test_one_item_is_made_ahead_and_no_more():
    seen: list[int] = []
    with ahead(counted(10, seen)) as items:
        assert next(items) == 0
    assert seen in ([0], [0, 1])


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_an_error_is_raised_where_its_item_would_be(threads):
    taken = []
    with pytest.raises(ValueError, match="3"), each(failing, range(9), threads) as worked:
        taken.extend(worked)
    assert taken == [0, 10, 20]
    with each(failing, range(3), threads) as worked:
        assert list(worked) == [0, 10, 20]


def test_an_error_while_items_are_made_is_raised_too():
    taken = []
    with pytest.raises(ValueError, match="3"), ahead(map(failing, range(9))) as items:
        taken.extend(items)
    assert taken == [0, 10, 20]


def test_nothing_runs_when_the_context_has_ended():
    before = threading.active_count()
    with ahead(iter(range(100))) as items, each(lambda number: number, items, 2) as worked:
        next(worked)
    assert threading.active_count() == before
