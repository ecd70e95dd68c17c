"""What an edit does to a record's key."""

from __future__ import annotations

import json
from typing import Any

import pytest

from etl.replay import key_changes
from tests.web.desks import ORDERS


def order(number: Any, *products: Any) -> bytes:
    return json.dumps({"order_id": number, "products": [{"product_id": each} for each in products]}).encode()


CASES = {
    "the same": (order(1, "a", "b"), order(1, "a", "b"), []),
    "another order": (order(2009, "a"), order(2001, "a"), [("order_id", "2009", "2001")]),
    "another order with fewer rows": (order(2009, "a", "b"), order(2001, "a"), [("order_id", "2009", "2001")]),
    "another product": (order(1, "a", "b"), order(1, "a", "c"), [("product_id", "b", "c")]),
    "another sequence": (order(1, "a", "b"), order(1, "b", "a"), []),
    "a row more": (order(1, "a"), order(1, "a", "b"), []),
    "a value where there was none": (order("x", "a"), order(1, "a"), []),
    "no rows": (order(1), order(2), []),
    "no JSON": (b"{\n\xff", order(2, "a"), []),
    "no JSON after": (order(2, "a"), b"", []),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_becomes_of_a_key(case: tuple[bytes, bytes, list[tuple[str, str, str]]]) -> None:
    before, after, expected = case
    assert [(each.column, each.before, each.after) for each in key_changes(before, after, ORDERS)] == expected
