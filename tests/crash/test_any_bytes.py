"""Any bytes at all end in a run report whose sums hold: drawn bytes, and real uploads that are cut, mixed, packed."""

import gzip
import io
import json
from typing import Any

import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from etl.contract.model import Contract
from tests.crash import SOAK
from tests.crash.bucket import OUTPUTS, Bucket
from tests.crash.tally import Figures
from tests.crash.test_every_call import CASES
from tests.test_examples import schema

SUITE = "any bytes"
KEY = "s3://shop/in/any"

UPLOADS = [case.versions[0] for case in CASES.values()]
CONTRACTS = {case.contract.digest: case.contract for case in CASES.values()}.values()
TOKENS = [
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b'"',
        b",",
        b":",
        b"\n",
        b"\r\n",
        b" ",
        b"\\",
        b"\0",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\xe3",
    ),
    *(
        b"null",
        b"true",
        b"NaN",
        b"-Infinity",
        b"-0",
        b"1.50",
        b"1e400",
        b"1e-400",
        b"1E+2147483648",
        b"9" * 400,
        b"0x1",
    ),
    *(b'"\\ud800"', b'"\\u0000"', b'"\xf0\x9f\x92\xa9"', b'"\xed\xa0\x80"', b'"' + b"a" * 70_000 + b'"'),
    *(b'"order_id"', b'"order_date"', b'"products"', b'"customer"', b'"price"', b'"2024-01-10"', b'"orders"', b"{}"),
    *(b'{"order_id": 1}', b"[[", b"[" * 2000, b'{"a":' * 2000, b"]" * 2000, b"\n\n", b"\x1f\x8b", b"\x28\xb5\x2f\xfd"),
]


REPORT, REJECTED = schema("report"), schema("rejected")


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A real upload, to which a few things were done."""
    data = draw(st.sampled_from(UPLOADS))
    for _ in range(draw(st.integers(1, 4))):
        at, end = sorted((draw(st.integers(0, len(data))), draw(st.integers(0, len(data)))))
        other = draw(st.sampled_from(UPLOADS))
        data = draw(
            st.sampled_from(
                [
                    data[:end],
                    data[at:],
                    data[:at] + data[end:],
                    data[:at] + draw(st.sampled_from(TOKENS)) + data[at:],
                    data[:at] + draw(st.binary(min_size=1, max_size=4)) + data[at + 1 :],
                    data[:at] + other[at:end] + data[end:],
                    data[:end] + data[at:],
                    data + b"\n" + other,
                ]
            )
        )
    return data


plain = st.one_of(st.binary(max_size=200), st.lists(st.sampled_from(TOKENS), max_size=25).map(b"".join), mutated())


@st.composite
def packed(draw: st.DrawFn) -> bytes:
    """Compressed, once or twice, in one piece or two; then perhaps cut, or a byte of it changed."""
    data = draw(plain)
    for _ in range(draw(st.integers(1, 2))):
        pack = draw(st.sampled_from([_gzip, zstandard.ZstdCompressor().compress]))
        half = draw(st.integers(0, len(data)))
        data = pack(data[:half]) + pack(data[half:]) if draw(st.booleans()) else pack(data)
    at = draw(st.integers(0, len(data)))
    changed = data[:at] + draw(st.binary(min_size=1, max_size=1)) + data[at + 1 :]
    return draw(st.sampled_from([data, data[:at], changed, data + data[:at]]))


def _gzip(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


@pytest.mark.parametrize("part", range(8 if SOAK else 1))
def test_any_bytes_end_in_a_report(figures: Figures, part: int) -> None:
    @settings(
        max_examples=2000 if SOAK else 300, deadline=None, derandomize=not SOAK, suppress_health_check=list(HealthCheck)
    )
    @given(data=plain | packed(), contract=st.sampled_from(list(CONTRACTS)))
    @example(data=b"", contract=next(iter(CONTRACTS)))
    def end_in_a_report(data: bytes, contract: Contract) -> None:
        bucket = Bucket()
        bucket.upload(KEY, data)
        report = bucket.run(KEY, contract)
        figures.runs += 1
        figures.faults += 1
        REPORT.validate(report)
        _conserves(report, bucket.state, figures)

    end_in_a_report()


def _conserves(report: dict[str, Any], state: dict[str, bytes], figures: Figures) -> None:
    """What the report says is there, and nothing else; every record is in the lake or in quarantine."""
    records, own = report["records"], report["quarantine"] or {"location": "", "files": []}
    assert records["read"] == records["published"] + records["quarantined"] + records["split"]
    named = [file["location"] for file in report["files"]] + [own["location"] + name for name in own["files"]]
    name, version, digest = (report["contract"][key] for key in ("name", "version", "digest"))
    run = f"{OUTPUTS.lake}_runs/{name}/{report['upload']['id']}.json"
    kept = f"{OUTPUTS.lake}_contracts/{name}/{version}-{digest}.odcs.yaml"
    assert sorted(state) == sorted([*named, run, kept])
    assert json.loads(state[run]) == report
    for table, rows in report["tables"].items():
        assert rows["read"] == rows["published"] + rows["quarantined"]
        found = [state[file["location"]] for file in report["files"] if file["table"] == table]
        assert sum(pq.read_metadata(io.BytesIO(each)).num_rows for each in found) == rows["published"]
    rejected = [json.loads(line) for line in state.get(f"{own['location']}rejected.ndjson", b"").splitlines()]
    for line in rejected:
        REJECTED.validate(line)
    numbers = [line["record"] for line in rejected]
    figures.doubled += len(numbers) - len(set(numbers))
    if report["status"] != "rejected":
        figures.lost += records["quarantined"] + records["split"] - len(numbers)
    assert (figures.lost, figures.doubled) == (0, 0)
