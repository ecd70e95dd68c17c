"""Documents: nested deep, endless lines, huge numbers, characters that are none, a million fields, rows without end."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from etl.read import read
from etl.records import Block
from etl.storage import MemoryStorage
from tests.hostile.bounded import MEGABYTE, SOAK, bounded
from tests.hostile.feeds import NUMBER, broken, contract, reason, run, run_file

TEXT = "{name: a, logicalType: string}"
GOOD = b'{"n":1}\n'
DEPTH = 100_000


def deep(opening: bytes, closing: bytes) -> bytes:
    return opening * DEPTH + b"1" + closing * DEPTH


ARRAYS, OBJECTS = deep(b"[", b"]"), deep(b'{"a":', b"}")
NESTED = {  # name: upload, status, records quarantined
    "line of objects": (GOOD + OBJECTS + b"\n" + GOOD, "partial", 1),
    "line of arrays": (GOOD + ARRAYS + b"\n" + GOOD, "partial", 1),
    "unclosed line": (GOOD + b"[" * DEPTH + b"\n" + GOOD, "partial", 1),
    "unknown field": (GOOD + b'{"n":2,"x":' + OBJECTS + b"}\n", "partial", 1),
    "field that is read": (GOOD + b'{"n":' + ARRAYS + b"}\n", "partial", 1),
    "json() column": (GOOD + b'{"n":2,"whole":' + ARRAYS + b"}\n", "partial", 1),
    "list column": (GOOD + b'{"n":2,"list":' + ARRAYS + b"}\n", "partial", 1),
    "array": (ARRAYS, "rejected", 1),
    "element of an array": (b'[{"n":1},{"n":2,"x":' + OBJECTS + b"}]", "rejected", 1),
    "document": (b'{"n":1,\n"x":' + OBJECTS + b"}", "rejected", 1),
}


def run_nested() -> dict[str, list[list[Any]]]:
    """Every one of them, in the main thread and in another, whose stack is smaller."""
    feed = contract(
        NUMBER,
        "{name: whole, logicalType: string, transformLogic: json($.whole)}",
        "{name: list, logicalType: array, items: {logicalType: string}}",
    )
    found: dict[str, list[list[Any]]] = {name: [] for name in NESTED}

    def run_all() -> None:
        for name, (data, _, _) in NESTED.items():
            report = run(data, feed)
            found[name].append(
                [report["status"], report["records"]["quarantined"], list(broken(report)), reason(report)]
            )

    run_all()
    threading.stack_size(1 << 20)
    thread = threading.Thread(target=run_all)
    thread.start()
    thread.join()
    return found


@pytest.fixture(scope="module")
def nested() -> Any:
    return bounded("test_documents:run_nested")


@pytest.mark.parametrize("name", NESTED)
def test_a_hundred_thousand_levels(nested: Any, name: str) -> None:
    _, status, quarantined = NESTED[name]
    main, thread = nested[name]
    assert main[:2] == [status, quarantined]
    assert main[2] == [":unreadable" if status == "rejected" else ":json"]
    assert "recursion limit" in main[3] or "nested too deep" in main[3]
    assert main == thread


LINE = (1000 if SOAK else 64) * MEGABYTE
BEYOND = max(LINE, 256 * MEGABYTE)
LINES = {
    "text": (b'{"n":1,"a":"', b"x", b'"}', "published"),
    "blanks": (b'{"n":1', b" ", b"}", "published"),
    "digits": (b'{"n":', b"9", b"}", "rejected"),
    "junk": (b"", b"x", b"", "rejected"),
}


def run_line(name: str, folder: str, longest: str, length: int) -> list[Any]:
    before, letter, after, _ = LINES[name]
    path = Path(folder, "upload")
    with path.open("wb") as file:
        file.write(before)
        for _ in range(length // MEGABYTE):
            file.write(letter * MEGABYTE)
        file.write(after)
    report = run_file(path, contract(NUMBER, TEXT, maxDocumentSize=longest, maxQuarantined="0 records"))
    shown = len(json.dumps(report))
    return [report["status"], broken(report), shown]


@pytest.mark.parametrize("name", LINES)
def test_a_line_of_a_gigabyte_is_a_record(name: str, tmp_path: Path) -> None:
    megabytes = 1000 + 16 * LINE // MEGABYTE
    status, _, shown = bounded("test_documents:run_line", name, str(tmp_path), "2 GB", LINE, megabytes=megabytes)
    assert status == LINES[name][3]
    assert shown < 10_000


@pytest.mark.parametrize("name", LINES)
def test_a_line_beyond_the_limit_is_not_held(name: str, tmp_path: Path) -> None:
    found = bounded("test_documents:run_line", name, str(tmp_path), "8 MB", BEYOND, megabytes=1000)
    assert found[:2] == ["rejected", {":unreadable": 1}]


def test_the_longest_line_is_exactly_that_long() -> None:
    feed = contract(NUMBER, TEXT, maxDocumentSize="100 kB")
    line = b'{"n":1,"a":"%s"}'
    fits, beyond = (line % (b"x" * (100_000 - len(line) + 2 + more)) for more in (0, 1))
    assert run(GOOD + fits + b"\n" + GOOD * 50_000, feed)["status"] == "published"
    report = run(GOOD * 3 + beyond + b"\n" + GOOD, feed)
    assert (report["status"], report["rules"][0]["examples"][0]["line"]) == ("rejected", 4)
    assert "a line, an array or a document is larger than 100 kB (policy maxDocumentSize)" in reason(report)
    for whole in (b"[" + beyond + b"]", b'{\n"n":1,"a":"' + b"x" * 100_000 + b'"}'):
        assert "100 kB" in reason(run(whole, feed))


NUMBERS = {  # token, and the columns that can't hold it
    "a million digits": ("9" * 1_000_000, {":json"}),
    "5,000 digits": ("-" + "9" * 5_000, {":json"}),
    "an exponent of 1,000 digits": ("1e" + "9" * 1_000, {"i:type", "f:type", "d:type"}),
    "a tiny exponent of 100,000 digits": ("1E-" + "9" * 100_000, {"i:type", "d:type"}),
    "a billion digits, in eleven characters": ("1e999999999", {"i:type", "f:type", "d:type"}),
    "a million zeros after the point": ("1." + "0" * 1_000_000, set()),
    "a million zeros before a 1": ("0." + "0" * 1_000_000 + "1", {"i:type", "d:type"}),
    "a text of a million digits": ('"' + "9" * 1_000_000 + '"', {"i:type", "f:type", "d:type"}),
}


def run_numbers() -> dict[str, list[str]]:
    types = {"i": "logicalType: integer", "f": "logicalType: number", "s": "logicalType: string"}
    types["d"] = "logicalType: number, physicalType: 'decimal(38,10)'"
    feed = contract(*(f"{{name: {name}, {type_}, transformLogic: $.v}}" for name, type_ in types.items()))
    return {name: list(broken(run(b'{"v":%s}\n' % token.encode(), feed))) for name, (token, _) in NUMBERS.items()}


@pytest.fixture(scope="module")
def numbers() -> Any:
    return bounded("test_documents:run_numbers")


@pytest.mark.parametrize("name", NUMBERS)
def test_huge_numbers_are_no_work(numbers: Any, name: str) -> None:
    assert set(numbers[name]) == NUMBERS[name][1]


@pytest.mark.parametrize(
    ("line", "rules"),
    [
        (b'{"n":1,"a":"\\ud800"}', {":json": 1}),
        (b'{"n":1,"a":"\\udc00\\ud800"}', {":json": 1}),
        (b'{"n":1,"\\ud800":2}', {":json": 1}),
        (b'{"n":1,"a":"\xed\xa0\x80"}', {":encoding": 1}),
        (b'{"n":1,"a":"\x00"}', {":json": 1}),
        (b'{"n":1,"a":"\x1b[31m"}', {":json": 1}),
        (b'{"n":1,"a":"x"}\x00', {":json": 1}),
        (b"\x00" * 1000, {":json": 1}),
        (b'{"n":1,"n":1}', {":duplicateKeys": 1}),
        (b'{"n":1,"\\u006e":1}', {":duplicateKeys": 1}),
        (b'{"n":1,"x":[{"":1,"":2}]}', {":duplicateKeys": 1}),
        (b'{"n":NaN}', {":json": 1}),
        (b'{"n":1,"x":-Infinity}', {":json": 1}),
    ],
    ids=[
        "half",
        "wrong order",
        "key",
        "bytes",
        "NUL",
        "escape",
        "after",
        "NULs",
        "twice",
        "escaped",
        "unknown",
        "NaN",
        "Infinity",
    ],
)
def test_what_is_no_text_is_a_violation_and_the_report_is_text(line: bytes, rules: dict[str, int]) -> None:
    storage = MemoryStorage()
    report = run(GOOD + line + b"\n" + GOOD, contract(NUMBER, TEXT), storage)
    assert (report["records"]["published"], broken(report)) == (2, rules)
    [rejected] = [data for location, (data, _) in storage.objects.items() if location.endswith("rejected.ndjson")]
    assert len(rejected.splitlines()) == 1
    json.loads(rejected)


FIELDS = 1_000_000 if SOAK else 100_000


def run_fields(policy: str) -> list[Any]:
    """Two records of many fields each, all of them different."""
    fields = (",".join(f'"k{record}-{at}":1' for at in range(FIELDS)) for record in (1, 2))
    report = run("\n".join(f'{{"n":1,{some}}}' for some in fields).encode(), contract(NUMBER, unknownFields=policy))
    listed = len(report["unknownFields"]) + report["unknownFieldsOmitted"]
    return [report["status"], listed, [rule["violations"] for rule in report["rules"]], len(json.dumps(report))]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("ignore", ["published", 0, []]),
        ("warn", ["published", 2 * FIELDS, []]),
        ("reject", ["partial", 2 * FIELDS, [2 * FIELDS]]),
    ],
)
def test_a_million_unknown_fields(policy: str, expected: list[Any]) -> None:
    megabytes = 8000 if SOAK else 2500
    *found, shown = bounded("test_documents:run_fields", policy, megabytes=megabytes, seconds=300)
    assert found == expected
    assert shown < 50_000


LINES_OF = ("{name: note, logicalType: string}", "{name: sku, logicalType: integer, transformLogic: '$.lines[*].sku'}")


def notes(length: int, element: bytes, count: int) -> bytes:
    return b'{"note":"%s","lines":[%s]}' % (b"x" * length, b",".join([element] * count))


ROWS = {  # name: upload, and whether it goes too far
    "a text over an array": (notes(10**6, b'{"sku":1}', 10**4), True),
    "a text over odd elements": (notes(10**6, b'{"sku":"1"},{}', 10**4), True),
    "many small ones": (b"\n".join([notes(30_000, b"{}", 9_000)] * 70), True),
    "an endless array": (notes(1, b"{}", 10**6), True),
    "an endless array of numbers": (notes(1, b"1", 10**6), True),
    "what an order may be": (notes(1000, b'{"sku":1}', 20_000), False),
}


def run_rows() -> dict[str, list[Any]]:
    feed = contract(*LINES_OF)
    return {
        name: [broken(report), report["records"]] for name, (data, _) in ROWS.items() for report in [run(data, feed)]
    }


@pytest.fixture(scope="module")
def rows() -> Any:
    return bounded("test_documents:run_rows", megabytes=2000)  # of which Arrow reserves 1,000 and uses few


@pytest.mark.parametrize("name", ROWS)
def test_rows_do_not_outgrow_their_record(rows: Any, name: str) -> None:
    rules, records = rows[name]
    assert rules == ({":expansion": records["read"]} if ROWS[name][1] else {})
    assert records["quarantined"] == (records["read"] if ROWS[name][1] else 0)


ABOVE = {  # what stands above the rows, and is repeated in all of them: its column, its JSON, how many rows; the rule
    "numbers": ("logicalType: array, items: {logicalType: integer}", b"[%s]" % b",".join([b"0"] * 20_000), 20_000, ""),
    "nulls": ("logicalType: array, items: {logicalType: string}", b"[%s]" % b",".join([b"null"] * 20_000), 20_000, ""),
    "empty texts": (
        "logicalType: array, items: {logicalType: string}",
        b"[%s]" % b",".join([b'""'] * 20_000),
        20_000,
        "",
    ),
    "few rows of a long text": ("logicalType: string", b'"%s"' % (b"x" * (25 << 20)), 100, ""),
    "a long text that is no date": ("logicalType: date", b'"%s"' % (b"x" * 10**6), 90_000, "v:type"),
}


def run_above() -> dict[str, list[Any]]:
    found = {}
    for name, (column, value, count, _) in ABOVE.items():
        feed = contract(f"{{name: v, {column}}}", "{name: q, logicalType: integer, transformLogic: '$.lines[*].q'}")
        report = run(b'{"v":%s,"lines":[%s]}' % (value, b",".join([b"{}"] * count)), feed)
        found[name] = [broken(report), report["records"]["quarantined"]]
    return found


@pytest.fixture(scope="module")
def above() -> Any:
    return bounded("test_documents:run_above", megabytes=3000)


@pytest.mark.parametrize("name", ABOVE)
def test_whatever_is_repeated_counts(above: Any, name: str) -> None:
    assert above[name] == [{ABOVE[name][3] or ":expansion": 1}, 1]


@pytest.mark.parametrize(
    "data", [b"{}\n" * 100_000, b"[" + b",".join([b"{}"] * 100_000) + b"]"], ids=["lines", "array"]
)
def test_a_block_is_of_so_many_records_however_short(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(data)
    counts = [len(block) for block in read(path) if isinstance(block, Block)]
    assert (sum(counts), max(counts)) == (100_000, 1 << 15)
