"""Stored forms: bombs of gzip and zstd, and the limits that stop them."""

import gzip
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zstandard

from tests.hostile.bounded import MEGABYTE, SOAK, bounded
from tests.hostile.feeds import NUMBER, broken, contract, reason, run, run_file

LINE = b'{"n":1}\n'
SIZE = (20_000 if SOAK else 200) * MEGABYTE  # what a bomb becomes
BOMBS = ["gzip blanks", "gzip members", "gzip of lines", "zstd blanks", "zstd lines", "zstd after lines"]


def pieces(name: str) -> Iterator[bytes]:
    """A bomb, with the first record in front."""
    how, _, what = name.partition(" ")
    text = {"blanks": b" ", "members": b"\n", "of lines": LINE, "lines": LINE, "after lines": b"x"}[what]
    piece = text * (MEGABYTE // len(text))
    pack = zlib.compressobj(9, wbits=31) if how == "gzip" else zstandard.ZstdCompressor().compressobj()
    yield pack.compress(LINE)
    for at in range(SIZE // MEGABYTE):
        yield pack.compress(piece)
        if what == "members" and at % 10 == 0:
            yield pack.flush()
            pack = zlib.compressobj(9, wbits=31)
    yield pack.flush()


def run_bomb(name: str, folder: str) -> list[Any]:
    path = Path(folder, "upload")
    with path.open("wb") as file:
        file.writelines(pieces(name))
    report = run_file(path, contract(NUMBER))
    return [report["status"], report["records"], reason(report), sorted(each.name for each in Path(folder).iterdir())]


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_rejected_before_it_goes_off(name: str, tmp_path: Path) -> None:
    status, records, words, places = bounded("test_stored:run_bomb", name, str(tmp_path), megabytes=1200, seconds=600)
    assert (status, records["read"], records["quarantined"]) == ("rejected", 1, 1)
    assert words == "the upload is compressed by more than 200 to 1 (policy maxCompression)"
    assert places == ["lake", "quarantine", "upload"]
    assert sorted(path.name for path in (tmp_path / "lake").iterdir()) == ["_contracts", "_runs"]


@pytest.mark.parametrize(
    ("policies", "status"),
    [
        ({}, "published"),  # by 400 to 1, but it is small
        ({"maxUploadSize": "1 MB"}, "rejected"),
        ({"maxUploadSize": "8 MB"}, "published"),
    ],
    ids=["usual", "below", "enough"],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.ZstdCompressor().compress])
def test_the_size_is_a_parameter(pack: Any, policies: dict[str, str], status: str) -> None:
    report = run(pack(LINE * MEGABYTE), contract(NUMBER, **policies))
    assert report["status"] == status
    if status == "rejected":
        assert "larger than 1 MB uncompressed (policy maxUploadSize)" in reason(report)


@pytest.mark.parametrize(("ratio", "status"), [(200, "rejected"), (100_000, "published")])
def test_the_ratio_is_a_parameter(ratio: int, status: str) -> None:
    data = zstandard.ZstdCompressor().compress(LINE + b"\n" * (70 << 20))
    assert run(data, contract(NUMBER, maxCompression=ratio))["status"] == status


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (
            b"\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00",
            "zstd: the compressed data can't be inflated (Frame requires too much",
        ),
        (b"\x28\xb5\x2f\xfd\xe0" + struct.pack("<Q", 2**63) + b"\x01\x00\x00", "zstd: the compressed data can't be"),
    ],
    ids=["window of 2 GB", "content of 8 EB"],
)
def test_memory_is_not_taken_on_a_frames_word(data: bytes, words: str) -> None:
    report = run(data, contract(NUMBER))
    assert report["status"] == "rejected"
    assert words in reason(report)


def test_what_is_packed_twice_is_unpacked_once() -> None:
    report = run(gzip.compress(gzip.compress(LINE)), contract(NUMBER))
    assert (report["records"]["published"], broken(report)) == (0, {":encoding": 1})
