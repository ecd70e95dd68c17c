"""The reader: any bytes to blocks of records, each with its place."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.contract import expressions
from etl.errors import NotFound, StorageError
from etl.read import Reading, read
from etl.records import Block, Unreadable, digest

ORDERS = expressions.parse_path("$.orders[*]")
BOM = b"\xef\xbb\xbf"


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


@pytest.fixture(scope="session")
def upload(tmp_path_factory):
    """Bytes to the path of a file that holds them."""
    path = tmp_path_factory.mktemp("uploads") / "upload"

    def write(data: bytes) -> Path:
        path.write_bytes(data)
        return path

    return write


def taken(reading: Reading) -> tuple[list[tuple[bytes, int, int]], Unreadable | None]:
    """Every record as (text, line, offset), and the reader's last word."""
    items = list(reading)
    last = items.pop() if items and isinstance(items[-1], Unreadable) else None
    assert all(isinstance(item, Block) and len(item) for item in items)
    records = []
    for block in items:
        assert block.first == len(records) + 1
        records.extend((block.text(at), *block.place(block.first + at)) for at in range(len(block)))
        gaps = [block.data[end:start] for end, start in zip(block.ends[:-1], block.starts[1:], strict=True)]
        assert all(not gap.strip(b" \t\r\n") and b"\n" in gap for gap in gaps)
    return records, last


RECORDS = [
    # name, bytes, options, form, records
    ("nothing", b"", {}, "empty", []),
    ("only blanks", b" \r\n\t\n", {}, "empty", []),
    ("only a mark", BOM, {}, "empty", []),
    ("blanks, form stated", b"\n", {"delimiter": "array"}, "empty", []),
    ("lines", b'{"a":1}\n{"a":2}\n', {}, "ndjson", [(b'{"a":1}', 1, 0), (b'{"a":2}', 2, 8)]),
    ("no last line feed", b'{"a":1}\n{"a":2}', {}, "ndjson", [(b'{"a":1}', 1, 0), (b'{"a":2}', 2, 8)]),
    ("one line", b'{"a":1}', {}, "ndjson", [(b'{"a":1}', 1, 0)]),
    ("CRLF", b'{"a":1}\r\n{"a":2}\r\n', {}, "ndjson", [(b'{"a":1}', 1, 0), (b'{"a":2}', 2, 9)]),
    ("blank lines count", b'\n\n{"a":1}\n \n\n{"a":2}\n\n', {}, "ndjson", [(b'{"a":1}', 3, 2), (b'{"a":2}', 6, 13)]),
    ("blanks round a line", b'{"a":1}\n \t{"a":2} \n', {}, "ndjson", [(b'{"a":1}', 1, 0), (b'{"a":2}', 2, 10)]),
    ("a mark counts", BOM + b'{"a":1}\n{}', {}, "ndjson", [(b'{"a":1}', 1, 3), (b"{}", 2, 11)]),
    ("a broken line is a record", b'{"a":1}\nno\xff\n', {}, "ndjson", [(b'{"a":1}', 1, 0), (b"no\xff", 2, 8)]),
    ("first line broken", b'{"a":\n{"a":2}\n', {}, "ndjson", [(b'{"a":', 1, 0), (b'{"a":2}', 2, 6)]),
    ("two on a line", b"{}{}", {}, "ndjson", [(b"{}{}", 1, 0)]),
    ("deep first line", b"{" * 5000 + b"\n{}", {}, "ndjson", [(b"{" * 5000, 1, 0), (b"{}", 2, 5001)]),
    ("words", b"order,price\n1,2\n", {}, "ndjson", [(b"order,price", 1, 0), (b"1,2", 2, 12)]),
    ("stated lines", b"[1]\n[2]", {"delimiter": "new_line"}, "ndjson", [(b"[1]", 1, 0), (b"[2]", 2, 4)]),
    ("array", b'[{"a":1}, {"a":2}]', {}, "array", [(b'{"a":1}', 1, 1), (b'{"a":2}', 1, 10)]),
    ("array of lines", b'\n[\n{"a":1},\n{"a":2}\n]\n', {}, "array", [(b'{"a":1}', 3, 3), (b'{"a":2}', 4, 12)]),
    ("array of anything", b'[1 , 1,"1,1",[1,1] ,null]', {}, "array",
     [(b"1", 1, 1), (b"1", 1, 5), (b'"1,1"', 1, 7), (b"[1,1]", 1, 13), (b"null", 1, 20)]),
    ("pretty array", b'[\n  {\r\n  "a": 1\n  }\n]', {}, "array", [(b'{    "a": 1   }', 2, 4)]),
    ("empty array", b"[ ]", {}, "array", []),
    ("not UTF-8 in an array", b'["\xff"]', {}, "array", [(b'"\xff"', 1, 1)]),
    ("document", b'\n{\n "a": 1}\n', {}, "document", [(b'{  "a": 1}', 2, 1)]),
    ("stated document", b"[1,\n2] ", {"delimiter": "none"}, "document", [(b"[1, 2]", 1, 0)]),
    ("wrapped document", b'{\n"orders": [ {"a":1},\n {"a":2}] }', {"records": ORDERS}, "document",
     [(b'{"a":1}', 2, 14), (b'{"a":2}', 3, 24)]),
    ("wrapped in lines", b'{"orders":[1]}\n\n{"orders":[2,3]}', {"records": ORDERS}, "ndjson",
     [(b"1", 1, 11), (b"2", 3, 27), (b"3", 3, 29)]),
    ("wrapped in an array", b'[{"orders":[1]},\n{"orders":[2]}]', {"records": ORDERS}, "array",
     [(b"1", 1, 12), (b"2", 2, 28)]),
    ("nothing wrapped", b'{"orders":[]}\n{"orders":[]}', {"records": ORDERS}, "ndjson", []),
    ("a wrapping line that is not JSON", b'{"orders":[1]}\n{"orders":[2\n', {"records": ORDERS}, "ndjson",
     [(b"1", 1, 11), (b'{"orders":[2', 2, 15)]),
    ("a wrapping line with a key that is not UTF-8", b'{"\xff":[1]}\n', {"records": ORDERS}, "ndjson",
     [(b'{"\xff":[1]}', 1, 0)]),
    ("twice the same text", b'{"k":"[1]","orders":[1]}', {"records": ORDERS}, "ndjson", [(b"1", 1, 21)]),
    ("keys in escapes", b'{"\\u0022":0,"\\u006frders":[1]}', {"records": ORDERS}, "ndjson", [(b"1", 1, 27)]),
    ("names and indexes", b'{"d": [0, {"o": [7]}]}', {"records": expressions.parse_path("$.d[-1].o[*]")}, "ndjson",
     [(b"7", 1, 17)]),
    ("the root is the array", b"[[1,2],[3]]", {"records": expressions.parse_path("$[*]")}, "array",
     [(b"1", 1, 2), (b"2", 1, 4), (b"3", 1, 8)]),
]  # fmt: skip


@pytest.mark.parametrize("block_bytes", [1, 7, 8 << 20])
@pytest.mark.parametrize(
    ("data", "options", "form", "expected"), [case[1:] for case in RECORDS], ids=[case[0] for case in RECORDS]
)
def test_records_and_places(upload, data, options, form, expected, block_bytes):
    reading = read(upload(data), block_bytes=block_bytes, **options)
    assert taken(reading) == (expected, None)
    assert reading.form == form
    assert reading.content_id == digest(data)
    assert reading.size == len(data)


UNREADABLE = [
    # name, bytes, options, records before, line, offset, reason
    ("UTF-16", "{}".encode("utf-16"), {}, 0, 1, 0, "the upload is UTF-16, expected UTF-8"),
    ("UTF-32", "{}".encode("utf-32"), {}, 0, 1, 0, "the upload is UTF-32, expected UTF-8"),
    ("truncated array", b"[{},\n{}", {}, 0, 2, 7, "the array is not closed: the upload ends (byte 7)"),
    ("bad array", b'\n["secret",\n x]', {}, 0, 3, 13, "the array is not valid JSON: invalid character (byte 13)"),
    ("after an array", b"[1]\n[2]", {}, 0, 2, 4, "the array has ended, but the upload goes on"),
    ("mark and bad array", BOM + b"[1 2]", {}, 0, 1, 6, "expected ',' or ']' (byte 6)"),
    ("not an array", b"{}", {"delimiter": "array"}, 0, 1, 0, "the array: found an object, expected an array"),
    ("deep array", b"[" * 9999 + b"]" * 9999, {}, 0, 1, 0, "the array is nested too deep"),
    ("truncated document", b'{\n"a": 1', {}, 0, 2, 8, "the document is not closed: the upload ends (byte 8)"),
    ("after a document", b'{\n"a": 1}\nx', {}, 0, 3, 10, "the document has ended, but the upload goes on"),
    ("wrapper has no array", b'{"orders":[1]}\n{"orders":{}}', {"records": ORDERS}, 1, 2, 25,
     "$.orders of the wrapping document: found an object, expected an array"),
    ("wrapper without the array", b'{"orders":[1]}\n{"error":"no key"}', {"records": ORDERS}, 1, 2, 15,
     "there is nothing at $.orders[*]"),
    ("wrapper with null", b'{"orders":null}', {"records": ORDERS}, 0, 1, 0, "there is nothing at $.orders[*]"),
    ("no such index", b'{"d":[0]}', {"records": expressions.parse_path("$.d[1].o[*]")}, 0, 1, 5,
     "there is nothing at $.d[1].o[*]"),
    ("wrapper is no object", b"7", {"records": ORDERS}, 0, 1, 0,
     "the wrapping document: found a number, expected an object"),
    ("wrapper has a key twice", b'[\n{"orders":[1],"orders":[2]}]', {"records": ORDERS}, 0, 2, 2,
     "the wrapping document has a key twice"),
    ("wrapper's key is not UTF-8", b'[{"\xff":1}]', {"records": ORDERS}, 0, 1, 1, "a key that is not UTF-8"),
    ("truncated gzip", gzip.compress(b"{}\n" * 9)[:-1], {}, 9, None, None, "gzip: the compressed data ends"),
    ("gzip, head only", b"\x1f\x8b\x08", {}, 0, None, None, "gzip: the compressed data ends in the middle"),
    ("damaged gzip", b"\x1f\x8b\x08\x00" + b"\xff" * 20, {}, 0, None, None, "gzip: the compressed data can't be"),
    ("wrong checksum", gzip.compress(b"{}")[:-8] + bytes(8), {}, 0, None, None, "(incorrect data check)"),
    ("after gzip", gzip.compress(b"{}\n{}\n") + b"\0{}", {}, 2, None, None, "gzip: something follows"),
    ("truncated zstd", zstd(b"{}")[:-1], {}, 0, None, None, "zstd: the compressed data ends in the middle"),
    ("damaged zstd", zstd(b"{}")[:4] + b"\x20\x02\x07\x00\x00", {}, 0, None, None, "zstd: the compressed data"),
    ("after zstd", zstd(b"{}\n{}\n") + b"abcdefgh", {}, 2, None, None, "zstd: the compressed data can't be inflated"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "options", "before", "line", "offset", "reason"),
    [case[1:] for case in UNREADABLE],
    ids=[case[0] for case in UNREADABLE],
)
def test_what_cannot_be_taken_apart(upload, data, options, before, line, offset, reason):
    reading = read(upload(data), block_bytes=1, **options)
    records, last = taken(reading)
    assert last is not None
    assert reason in last.reason
    assert "secret" not in last.reason
    assert (len(records), last.line, last.offset) == (before, line, offset)
    assert (reading.content_id, reading.size) == (digest(data), len(data))


LINES = b'{"a":1}\n{"a":2}\n'


@pytest.mark.parametrize(
    ("data", "compression"),
    [
        (LINES, "none"),
        (gzip.compress(LINES), "gzip"),
        (gzip.compress(LINES[:5]) + gzip.compress(b"") + gzip.compress(LINES[5:]), "gzip"),
        (gzip.compress(LINES) + bytes(512), "gzip"),
        (zstd(LINES), "zstd"),
        (zstd(LINES[:5]) + zstd(LINES[5:]), "zstd"),
        (b"\x5f\x2a\x4d\x18\x02\x00\x00\x00ab" + zstd(LINES) + b"\x50\x2a\x4d\x18\x00\x00\x00\x00", "zstd"),
    ],
    ids=["plain", "gzip", "members", "padded", "zstd", "frames", "skippable"],
)
def test_compression_is_told_by_content(upload, data, compression):
    reading = read(upload(data))
    assert taken(reading) == ([(b'{"a":1}', 1, 0), (b'{"a":2}', 2, 8)], None)
    assert (reading.compression, reading.form) == (compression, "ndjson")
    assert (reading.content_id, reading.size) == (digest(data), len(data))


@pytest.mark.parametrize("pack", [gzip.compress, zstd])
def test_an_empty_upload_may_be_compressed(upload, pack):
    reading = read(upload(pack(b"")))
    assert taken(reading) == ([], None)
    assert reading.form == "empty"


def test_what_is_broken_is_hashed_to_its_end(upload):
    data = b"\x1f\x8b\x08\x00" + b"\xff" * (3 << 20)
    reading = read(upload(data))
    assert taken(reading)[1] is not None
    assert (reading.content_id, reading.size) == (digest(data), len(data))


def test_blocks_have_about_the_size_asked_for(upload):
    blocks = list(read(upload(b'{"a":1}\n' * 100 + b"x" * 500 + b"\n{}\n"), block_bytes=80))
    assert [len(block) for block in blocks] == [10] * 10 + [2]


@pytest.mark.parametrize("pack", [gzip.compress, zstd])
def test_blocks_depend_on_the_text_alone(upload, pack):
    text = b"".join(b'{"order_id":%d}\n' % i for i in range(200_000))
    packed, plain = (list(read(upload(data), block_bytes=1 << 18)) for data in (pack(text), text))
    assert [block.data for block in packed] == [block.data for block in plain]


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstd])
def test_memory_stays_flat(upload, pack):
    path = upload(pack(b'{"order_id":1,"note":"%s"}\n' % (b"x" * 1000) * 40_000))
    tracemalloc.start()
    count = sum(len(block) for block in read(path, block_bytes=1 << 20))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 40_000
    assert peak < 20 << 20  # of 41 MB


def test_no_file():
    with pytest.raises(NotFound, match="there is no such file"):
        list(read(Path("nowhere")))


def test_a_folder(tmp_path):
    with pytest.raises(StorageError, match="can't be read"):
        list(read(tmp_path))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.lists(st.dictionaries(st.text(), JSON, max_size=4), min_size=1, max_size=6)
SIZES = st.sampled_from([1, 10, 100, 8 << 20])
FAST = settings(deadline=None, max_examples=60)


@FAST
@given(OBJECTS, SIZES, st.booleans())
def test_every_form_gives_the_same_records(upload, objects, block_bytes, ascii_only):
    def dumps(value: object, indent: int | None = None) -> bytes:
        return json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode("utf-8", "replace")

    lines = b"\n".join(map(dumps, objects))
    forms = [(lines, None), (dumps(objects), None), (dumps(objects, 2), None), (dumps({"orders": objects}), ORDERS)]
    forms.append((dumps({"page": 1, "orders": objects}, 1), ORDERS))
    expected = [json.loads(dumps(each)) for each in objects]
    for text, records in forms:
        for plain, data in ((text, text), (BOM + text,) * 2, (text, gzip.compress(text)), (text, zstd(text))):
            found, last = taken(read(upload(data), records=records, block_bytes=block_bytes))
            assert last is None
            assert [json.loads(each) for each, _, _ in found] == expected
            for each, line, offset in found:
                assert each == plain[offset : offset + len(each)].replace(b"\n", b" ")
                assert line == plain.count(b"\n", 0, offset) + 1


ELEMENTS = st.sampled_from(["{}", '{"a": 1}', '{"a":\n[1,\r\n2]}', "7", '","'])
GAPS = st.sampled_from([",", ", ", ",\n", " ,", "\r\n,\r\n", "," + " " * 70])


@FAST
@given(st.lists(st.tuples(ELEMENTS, GAPS), max_size=8), GAPS, SIZES)
def test_elements_are_found_whatever_stands_between_them(upload, elements, gap, block_bytes):
    """The same everywhere, or the same for a while and then something else."""
    texts = [text for text, _ in elements]
    for gaps in ([gap] * len(texts), [each for _, each in elements]):
        array = "[\n" + "".join(a + b for a, b in zip(texts, [*gaps[1:], "\n"], strict=False)) + "]"
        found, last = taken(read(upload(array.encode()), block_bytes=block_bytes))
        assert last is None
        assert [json.loads(each) for each, _, _ in found] == [json.loads(text) for text in texts]
        for (each, line, offset), text in zip(found, texts, strict=True):
            assert each.decode() == text.replace("\n", " ").replace("\r", " ")
            assert array[offset : offset + len(text)] == text
            assert line == array.count("\n", 0, offset) + 1


PIECES = st.lists(
    st.sampled_from([b"{", b"}", b"[", b"]", b",", b":", b'"', b'"orders"', b"1", b"\n", b"\r", b" ", b"\xff", BOM])
).map(b"".join)


@FAST
@given(
    st.one_of(PIECES, st.binary(), st.binary().map(gzip.compress), st.binary().map(zstd)),
    st.sampled_from([b"", b"\x1f\x8b\x08\0", b"\x28\xb5\x2f\xfd", b"[", b'{"orders":', b'{"orders":[{}]}\n']),
    st.sampled_from([None, "new_line", "array", "none"]),
    st.sampled_from([None, ORDERS]),
    SIZES,
)
def test_any_bytes_end_in_blocks_or_a_reason(upload, tail, head, delimiter, records, block_bytes):
    data = head + tail
    reading = read(upload(data), delimiter=delimiter, records=records, block_bytes=block_bytes)
    taken(reading)
    assert (reading.content_id, reading.size) == (digest(data), len(data))


@FAST
@given(st.lists(st.sampled_from([b"{}", b"x", b"", b" ", b"\t7\r", b"\xff"])), SIZES)
def test_lines_are_as_split(upload, lines, block_bytes):
    data = b"\n".join(lines)
    expected, offset = [], 0
    for number, line in enumerate(lines, 1):
        if text := line.strip(b" \t\r\n"):
            expected.append((text, number, offset + line.index(text)))
        offset += len(line) + 1
    assert taken(read(upload(data), delimiter="new_line", block_bytes=block_bytes)) == (expected, None)
