"""Makes installed libraries fit into Lambda: `python -m etl.deployment.layer FOLDER`.

A function and its layers may take 262,144,000 bytes unzipped; the libraries alone take 370 MB. Out goes what the
function never opens; `tests/deployed/test_package.py` runs every example with what is left.
"""

from __future__ import annotations

import shutil
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

_UNUSED = (
    "bin",  # commands
    "*.pth",
    ".lock",  # of the installation
    "**/tests",
    "**/*.py[ixd]", "**/*.pxi", "**/*.h", "**/*.hpp", "**/*.cc",  # for type checkers and compilers
    "pyarrow/include",
    "pyarrow/src",
    "pyarrow/*flight*",  # Arrow Flight, 31 MB: nothing links to it but its own module
    "pyarrow/_pyarrow_cpp_tests*",
    "pyarrow/libarrow*.so", "pyarrow/libarrow*.so.*.*.*",  # copies: programs ask for lib*.so.<major>
    "numpy/_core/_simd*", "numpy/_core/_multiarray_tests*",  # only its tests import them
    "numpy/f2py",
    "zstandard/_cffi*",  # for PyPy; CPython has backend_c
    "adbc_driver_duckdb", "_duckdb-stubs", "duckdb/experimental",
    "aws_lambda_powertools/event_handler/openapi/swagger_ui/*.min.*",
)  # fmt: skip
_SERVICES = frozenset({"s3", "sns"})  # that the function calls; botocore describes each in a folder of its data

# ELF-64, little-endian (System V ABI, "Object Files"): where its tables of headers are told, and one program header.
_TABLES, _PROGRAM, _SECTIONS = struct.Struct("<QQ"), struct.Struct("<IIQQQQQQ"), struct.Struct("<HHHHH")
_TABLES_AT, _SECTIONS_AT = 32, 54


def main(folder: Path) -> None:
    """Removes what the function does not need from `folder`, in place. Raises `OSError`."""
    for path in [*_unused(folder), *_undescribed(folder)]:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)  # its folder went first
    for path in sorted(folder.rglob("*.so*")):
        trim(path)


def _unused(folder: Path) -> Iterator[Path]:
    for pattern in _UNUSED:
        yield from folder.glob(pattern)


def _undescribed(folder: Path) -> Iterator[Path]:
    """The data of AWS services that are not called."""
    for package in ("botocore", "boto3"):
        services = (path for path in (folder / package / "data").iterdir() if path.is_dir())
        yield from (path for path in services if path.name not in _SERVICES)


def trim(library: Path) -> None:
    """Cut off what stands after the last byte that a shared library's program headers map: symbols for debuggers.

    `strip` would take more, but needs a toolchain for the other architecture, and has broken libraries that `patchelf`
    rearranged, as many in wheels are. A loader reads the program headers only. The table of sections goes too, since
    it tells of what was cut off.
    """
    data = bytearray(library.read_bytes())
    programs_at, sections_at = _TABLES.unpack_from(data, _TABLES_AT)
    _, count, *_ = _SECTIONS.unpack_from(data, _SECTIONS_AT)
    headers = (_PROGRAM.unpack_from(data, programs_at + index * _PROGRAM.size) for index in range(count))
    end = max(offset + size for _, _, offset, _, _, size, _, _ in headers)
    if end <= sections_at:
        _TABLES.pack_into(data, _TABLES_AT, programs_at, 0)
        _SECTIONS.pack_into(data, _SECTIONS_AT, _PROGRAM.size, count, 0, 0, 0)
        library.write_bytes(data[:end])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
