"""Write orders of `contracts/orders.odcs.yaml`, or of another feed: as many as asked, clean or with broken ones.

    python bench/generate.py 200000 orders.ndjson --bad 0.01 --manifest orders.manifest.json

An order takes about 650 bytes and 2.5 product lines and falls on one of 30 days of January 2024. Equal arguments give
equal bytes. Other feeds (bench/feeds.py) are always clean. Broken orders are spread evenly, each kind in turn; the
manifest names every one of them with the rule that must be reported for it, and counts what must be published, so that
a test can hold a run to the exact split.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path

import zstandard
from feeds import FEEDS, Order

# --- the kinds of broken orders ---------------------------------------------------------------------------------------

Breaking = Callable[[bytes, bytes], bytes]  # a good order and the good one before it -> the broken one


@dataclass(frozen=True, slots=True)
class Kind:
    """One way to break an order. `rule` is the name under which the run report must list it.

    `apart`: only a line of its own can be so; within an array it would break the upload as a whole.
    """

    name: str
    rule: str
    breaking: Breaking
    apart: bool = False


def _edit(pattern: bytes, new: bytes) -> Breaking:
    find = re.compile(pattern)
    return lambda order, earlier: find.sub(new, order, count=1)


def _repeat(order: bytes, earlier: bytes) -> bytes:
    return earlier


_PRICE = rb'"price": [0-9.]+'
_QUANTITY = rb'"quantity": [0-9]+'
_TOTAL = rb'"total_amount": [0-9.]+'

KINDS = (
    Kind("missing-field", "required", _edit(rb", " + _PRICE, rb"")),
    Kind("wrong-type", "type", _edit(_QUANTITY, rb'"quantity": "one"')),
    Kind("out-of-range", "minimum", _edit(_QUANTITY, rb'"quantity": 0')),
    Kind("bad-email", "format", _edit(rb'"email": [^,]+', rb'"email": "ana.example.com"')),
    Kind("bad-date", "type", _edit(rb'"order_date": "[^"]+"', rb'"order_date": "2024-02-30"')),
    Kind("negative-price", "minimum", _edit(_PRICE, rb'"price": -5.00')),
    Kind("product-twice", "primaryKey", _edit(rb'"products": \[(\{.*?\})', rb'"products": [\1, \1')),
    Kind("order-twice", "primaryKey", _repeat),
    Kind("too-many-decimals", "type", _edit(_PRICE, rb'"price": 5.005')),
    Kind("number-too-large", "type", _edit(_QUANTITY, rb'"quantity": 9223372036854775808')),
    Kind("no-lines", "emptyRecords", _edit(rb'"products": \[.*\]', rb'"products": []')),
    Kind("not-json", "json", _edit(rb'"order_date": ', rb'"order_date" '), apart=True),
    Kind("wrong-encoding", "encoding", _edit(rb'"name": "', b'"name": "\xe3'), apart=True),
    Kind("broken-sql-rule", "total_covers_price", _edit(_TOTAL, rb'"total_amount": 0.01')),
    Kind("duplicate-json-key", "duplicateKeys", _edit(_TOTAL, rb"\g<0>, \g<0>")),
    Kind("wrong-shape", "type", _edit(rb'"customer": \{.*?\}', rb'"customer": "Ana Lima"')),
)

# --- an upload --------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Manifest:
    """What a run over the upload must come to. Record numbers count from 1."""

    records: int
    bad: list[dict[str, object]]
    published_rows: int = 0

    def document(self) -> dict[str, object]:
        """The manifest as JSON."""
        published = {"records": self.records - len(self.bad), "rows": self.published_rows}
        return {"records": self.records, "published": published, "quarantined": len(self.bad), "bad": self.bad}


def records(good: Iterable[Order], share: Fraction, kinds: tuple[Kind, ...], manifest: Manifest) -> Iterator[bytes]:
    """The records of an upload in order; `manifest` is filled on the way. Every bad one follows a good one."""
    earlier = b""
    for number, order in enumerate(good, start=1):
        if number * share.numerator % share.denominator >= share.numerator:
            manifest.published_rows += order.lines
            earlier = order.text
            yield earlier
            continue
        kind = kinds[len(manifest.bad) % len(kinds)]
        manifest.bad.append({"record": number, "kind": kind.name, "rule": kind.rule})
        yield kind.breaking(order.text, earlier)


@contextmanager
def _opened(path: Path, form: str) -> Iterator[Callable[[bytes], object]]:
    """What writes to the file; compressed bytes hold no name and no time."""
    with path.open("wb") as raw:
        if form == "gzip":
            with gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=raw, mtime=0) as packed:
                yield packed.write
        elif form == "zstd":
            with zstandard.ZstdCompressor(level=3).stream_writer(raw, closefd=False) as packed:
                yield packed.write
        else:
            yield raw.write


def write(path: Path, form: str, texts: Iterable[bytes]) -> None:
    """Write the records as an `array`, or one a line (`ndjson`, `gzip`, `zstd`)."""
    start, between, end = (b"[\n", b",\n", b"\n]\n") if form == "array" else (b"", b"\n", b"\n")
    left = iter(texts)
    with _opened(path, form) as put:
        put(start)
        separator = b""
        while part := list(islice(left, 2000)):
            put(separator + between.join(part))
            separator = between
        put(end)


# --- the command ------------------------------------------------------------------------------------------------------


def _share(text: str) -> Fraction:
    """Exact, so that the same records are bad on every machine."""
    share = Fraction(text)
    if not 0 <= share <= Fraction(1, 2):
        raise ValueError(text)
    return share


def _kinds(parser: argparse.ArgumentParser, names: str | None, form: str) -> tuple[Kind, ...]:
    possible = {kind.name: kind for kind in KINDS if not (kind.apart and form == "array")}
    chosen = names.split(",") if names else list(possible)
    if wrong := [name for name in chosen if name not in possible]:
        parser.error(f"--kinds: no such kind in {form}: {', '.join(wrong)}; there are {', '.join(possible)}")
    return tuple(possible[name] for name in chosen)


def main() -> None:
    """Read the arguments, write the upload and its manifest."""
    parser = argparse.ArgumentParser(description="Write orders of a feed.")
    parser.add_argument("amount", metavar="N", type=int, help="how many orders")
    parser.add_argument("out", metavar="OUT", type=Path, help="the file to write")
    parser.add_argument("--format", choices=("ndjson", "array", "gzip", "zstd"), default="ndjson")
    parser.add_argument(
        "--bad", metavar="SHARE", type=_share, default=Fraction(0), help="share of broken ones, 0 to 0.5"
    )
    parser.add_argument("--kinds", metavar="A,B", help=f"only these: {', '.join(kind.name for kind in KINDS)}")
    parser.add_argument("--feed", choices=FEEDS, default="orders", help="whose orders; only `orders` can be broken")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--manifest", metavar="PATH", type=Path, help="write which orders are broken, and how")
    arguments = parser.parse_args()
    if arguments.bad and arguments.feed != "orders":
        parser.error("--bad: only the feed `orders` can be broken")
    kinds = _kinds(parser, arguments.kinds, arguments.format)
    manifest = Manifest(arguments.amount, [])
    good = islice(FEEDS[arguments.feed](arguments.seed), arguments.amount)
    texts = records(good, arguments.bad, kinds, manifest)
    write(arguments.out, arguments.format, texts)
    if arguments.manifest:
        arguments.manifest.write_text(json.dumps(manifest.document(), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
