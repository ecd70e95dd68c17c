"""Each suggestion holds: its patch applies, and the upload comes to as many records more as it says."""

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.suggest.applying import apply
from tests.suggest.feeds import BLOCK, TEXTS, judged, order, published

Orders = Sequence[Mapping[str, Any]]
GOOD = [order(number) for number in range(1, 6)]


def bad(*others: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [order(100 + number, **other) for number, other in enumerate(others)]


def lines(*each: Mapping[str, Any]) -> dict[str, Any]:
    return {"lines": list(each)}


SLASHED = [order(number, day=f"{number:02}/01/2024") for number in range(1, 20)]
LOCAL = [order(number, paid_at=f"{number:02}.01.2024 10:11:12 +00:00") for number in range(1, 20)]
SECONDS = [order(number, paid_at=1_704_880_800 + number) for number in range(1, 5)]
MILLIS = [order(number, paid_at=1_704_880_800_000 + number) for number in range(1, 5)]

CASES: dict[str, tuple[Orders, list[tuple[str, str, int]]]] = {
    "a new value": (
        [*GOOD, *bad({"status": "gift"}, {"status": "gift"}, {"status": "Swap"})],
        [("enum", "add 'gift', 'swap' to the values of orders.status", 3)],
    ),
    "a new number": (
        [*GOOD, *bad(lines({"size": 40, "amount": 1}))],
        [("enum", "add 40 to the values of lines.size", 1)],
    ),
    "a value that looks like something else": (
        [*GOOD, *bad({"status": "no"}, {"status": "12"}, {"status": ""}, {"status": "a: 'b' #c"}, {"status": '"\\'})],
        [("enum", "add 'no', '12', '', 'a: 'b' #c', '\"\\' to the values of orders.status", 5)],
    ),
    "too many values": ([*GOOD, *bad(*({"status": f"s{number}"} for number in range(6)))], []),
    "a longer text": (
        [*GOOD, *bad({"note": "an é is one"}, {"note": "a" * 14})],
        [("length", "let orders.note be as long as 14 characters", 2)],
    ),
    "a text that is of another kind": ([*GOOD, *bad({"note": "a" * 200})], []),
    "a shorter text": ([*GOOD, *bad({"note": "é"})], [("length", "let orders.note be as short as 1 character", 1)]),
    "both lengths": (
        [*GOOD, *bad({"note": "é"}, {"note": "a" * 11}, {"note": "b" * 11})],
        [
            ("length", "let orders.note be as long as 11 characters", 2),
            ("length", "let orders.note be as short as 1 character", 1),
        ],
    ),
    "no value": ([*GOOD, *bad({"day": None}, {"day": None})], [("nullable", "let orders.day have no value", 2)]),
    "no value in a line": (
        [*GOOD, *bad(lines({"size": 36, "amount": None}, {"size": 36}, {"size": 36, "amount": 2}))],
        [("nullable", "let lines.amount have no value", 1)],
    ),
    "a key without a value": ([*GOOD, *bad({"id": None})], []),
    "two causes in one record": (
        [*GOOD, *bad({"status": "gift", "day": None}, {"status": "gift"})],
        [("enum", "add 'gift' to the values of orders.status", 1)],
    ),
    "only together": ([*GOOD, *bad({"status": "gift", "day": None})], []),
    "a new field": (
        [*GOOD, *bad({"gift": True}, {"gift": None})],
        [("field", "read $.gift into the new column orders.gift", 2)],
    ),
    "fields that come together, or alone": (
        [*GOOD, *bad({"gift": 1, "fee": 1.5}, {"gift": 2}, {"gift": 2})],
        [
            ("field", "read $.fee, $.gift into the new columns orders.fee, orders.gift", 3),
            ("field", "read $.gift into the new column orders.gift", 2),
        ],
    ),
    "fields of lines": (
        [*GOOD, *bad(lines({"size": 36, "amount": 1, "color of it": "red"}))],
        [("field", "read $.lines[*]['color of it'] into the new column lines.color_of_it", 1)],
    ),
    "a field whose name is a column's": (
        [*GOOD, *bad(lines({"size": 36, "amount": 1, "Order_ID": "x"}))],
        [("field", "read $.lines[*].Order_ID into the new column lines.lines_Order_ID", 1)],
    ),
    "a field without a name": ([*GOOD, *bad({"🎁": 1})], []),
    "dates in another format": (SLASHED, [("format", "read orders.day as dd/MM/yyyy", 19)]),
    "dates that are not all in it": ([*SLASHED, *bad({"day": "2024-01-10"})], []),
    "dates that may be either": (SLASHED[:12], []),
    "dates that break another rule": (
        [*SLASHED, *bad({"day": "31/12/2019"}, {"day": "1/1/2024"})],
        [("format", "read orders.day as d/M/yyyy", 20)],
    ),
    "times in another format": (LOCAL, [("format", "read orders.paid_at as dd.MM.yyyy HH:mm:ss XXX", 19)]),
    "seconds": (SECONDS, [("format", "read orders.paid_at as epochSeconds", 4)]),
    "milliseconds": (MILLIS, [("format", "read orders.paid_at as epochMillis", 4)]),
    "numbers that are no times": ([order(1, paid_at=7), order(2, paid_at=1_704_880_800)], []),
    "times without an offset": ([order(1, paid_at="2024-01-31 10:11:12")], []),
}


def shown(report: Mapping[str, Any]) -> list[tuple[str, str, int]]:
    return [(each["kind"], each["says"], each["releases"]) for each in report["suggestions"]]


@pytest.mark.parametrize("layout", TEXTS)
@pytest.mark.parametrize("name", CASES)
def test_what_is_suggested_holds(name: str, layout: str) -> None:
    orders, expected = CASES[name]
    report = judged(TEXTS[layout], orders)
    assert shown(report) == expected
    for each in report["suggestions"]:
        edited = apply(each["patch"], TEXTS[layout])
        assert published(edited, orders) == report["records"]["published"] + each["releases"]


@pytest.mark.skipif(shutil.which("patch") is None, reason="there is no `patch` here")
@pytest.mark.parametrize("name", [name for name, (_, expected) in CASES.items() if expected])
@pytest.mark.parametrize("layout", TEXTS)
def test_patch_applies_it_too(name: str, layout: str, tmp_path: Path) -> None:
    file = tmp_path / "contracts" / "feed.odcs.yaml"
    file.parent.mkdir()
    for each in judged(TEXTS[layout], CASES[name][0])["suggestions"]:
        file.write_bytes(TEXTS[layout].encode())
        arguments = ["patch", "-p0", "--binary", "--silent"]
        subprocess.run(arguments, input=each["patch"].encode(), cwd=tmp_path, check=True, timeout=60)
        assert file.read_bytes().decode() == apply(each["patch"], TEXTS[layout])


@pytest.mark.parametrize(
    ("value", "pattern"),
    [
        ("2025-03-04T10:00:00", "yyyy-MM-dd'T'HH:mm:ss"),
        ("2025-03-04T10:00:00.123", "yyyy-MM-dd'T'HH:mm:ss.SSS"),
        ("2025-03-04 10:00", "yyyy-MM-dd HH:mm"),
    ],
)
def test_times_without_an_offset_are_read_where_the_contract_has_a_zone(value: str, pattern: str) -> None:
    plain = "logicalType: timestamp\n"
    assert BLOCK.count(plain) == 1
    options = "        logicalTypeOptions: {format: dd/MM/yyyy HH:mm, defaultTimezone: America/Sao_Paulo}\n"
    text, orders = BLOCK.replace(plain, plain + options), [order(number, paid_at=value) for number in range(1, 6)]
    report = judged(text, orders)
    assert shown(report) == [("format", f"read orders.paid_at as {pattern}", 5)]
    assert published(apply(report["suggestions"][0]["patch"], text), orders) == 5


def test_the_effect_is_that_of_the_difference() -> None:
    orders = [*GOOD, *bad({"status": "gift"}, {"status": "gift"}, {"day": None}, {"gift": 1})]
    found = {each["kind"]: (each["effect"], each["step"]) for each in judged(BLOCK, orders)["suggestions"]}
    assert found == {"enum": ("safe", "minor"), "field": ("safe", "minor"), "nullable": ("breaking", "major")}


def test_a_patch_is_a_small_one() -> None:
    (found,) = judged(BLOCK, [*GOOD, *bad({"status": "gift"})])["suggestions"]
    assert found["patch"] == (
        "--- contracts/feed.odcs.yaml\n"
        "+++ contracts/feed.odcs.yaml\n"
        "@@ -21,6 +21,7 @@\n"
        "         enum:\n"
        "           - value: open\n"
        '           - value: "paid"  # by card, mostly\n'
        "+          - value: gift\n"
        "         # what follows is another column\n"
        " \n"
        "       - name: note\n"
    )


# --- any orders at all ---

_FIELDS = st.dictionaries(
    st.sampled_from(["gift", "fee", "a b"]), st.none() | st.booleans() | st.integers() | st.text() | st.just([1])
)
_LINE = st.fixed_dictionaries({"size": st.integers(35, 41)}, optional={"amount": st.just(1), "tint": st.floats(0, 9)})
_ORDER = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["open", "gift", "NO", "1.0", "é", "null", "-", None]),
        "note": st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
        "day": st.none() | st.dates().map(lambda day: f"{day:%d/%m}/{day.year:04}") | st.just("2024-01-10"),
        "paid_at": st.none() | st.integers(0, 10**13),
        "lines": st.lists(
            _LINE,
            max_size=3,
        ),
    },
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(_ORDER, _FIELDS), min_size=1, max_size=12), st.sampled_from(sorted(TEXTS)))
def test_whatever_comes_what_is_suggested_holds(made: list[tuple[dict[str, Any], dict[str, Any]]], layout: str) -> None:
    orders = [order(number, **{**other, **fields}) for number, (other, fields) in enumerate(made)]
    report = judged(TEXTS[layout], orders)
    for each in report["suggestions"]:
        edited = apply(each["patch"], TEXTS[layout])
        assert published(edited, orders) == report["records"]["published"] + each["releases"], each
        assert 0 < each["releases"] <= report["records"]["quarantined"]
    json.dumps(report)
