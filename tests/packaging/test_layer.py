"""What of the installed libraries goes out. That what stays is enough, tests/deployed/test_package.py shows."""

import struct
from pathlib import Path

import pytest

from etl.deployment.layer import main, trim


def shared_library(mapped: int, size: int, sections: tuple[int, int, int, int] = (0, 0, 0, 0)) -> bytes:
    """An ELF-64 file of `size` bytes: one segment up to `mapped`; where its table of sections lies, and its shape."""
    at, *shape = sections
    head = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 3, 62, 1, 0, 64, at, 0, 64, 56, 1, *shape)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, mapped, mapped, 4096)
    return (head + segment).ljust(mapped, b"M").ljust(size, b"S")


def test_what_no_segment_maps_is_cut_off_and_the_sections_with_it(tmp_path: Path) -> None:
    path = tmp_path / "library.so"
    path.write_bytes(shared_library(500, 900, sections=(700, 64, 30, 29)))
    trim(path)
    assert path.read_bytes() == shared_library(500, 500)


def test_a_library_that_patchelf_rearranged_stays_as_it_is(tmp_path: Path) -> None:
    path, data = tmp_path / "library.so", shared_library(500, 900, sections=(200, 64, 30, 29))
    path.write_bytes(data)
    trim(path)
    assert path.read_bytes() == data


FILES = {
    "pandas/core/frame.py": True,
    "pandas/tests/frame.py": False,
    "pandas/_libs/lib.pyi": False,
    "pandas-3.1.1.dist-info/METADATA": True,
    "bin/jsonschema": False,
    "pyarrow/libarrow.so.2500": True,
    "pyarrow/libarrow_python.so": False,
    "pyarrow/libarrow_python.so.2500.1.0": False,
    "pyarrow/lib.cpython-313-x86_64-linux-gnu.so": True,
    "pyarrow/libarrow_flight.so.2500": False,
    "botocore/data/endpoints.json": True,
    "botocore/data/s3/2006-03-01/service-2.json.gz": True,
    "botocore/data/ec2/2016-11-15/service-2.json.gz": False,
    "boto3/data/ec2/2016-11-15/resources-1.json": False,
    "zstandard/_cffi.cpython-313-x86_64-linux-gnu.so": False,
    "zstandard/backend_c.cpython-313-x86_64-linux-gnu.so": True,
}


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("python")
    for name in FILES:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(shared_library(500, 900))
    main(folder)
    return folder


@pytest.mark.parametrize("name", FILES)
def test_only_what_the_function_opens_stays(name: str, libraries: Path) -> None:
    assert (libraries / name).exists() == FILES[name]
