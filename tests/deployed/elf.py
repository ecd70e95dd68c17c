"""What the loader reads of a shared library (System V ABI, chapters 4 and 5; ELF-64, little-endian)."""

import struct
from dataclasses import dataclass
from pathlib import Path

MAGIC = b"\x7fELF"
MACHINES = {"x86_64": 62, "arm64": 183}  # EM_X86_64, EM_AARCH64
_LOAD, _DYNAMIC = 1, 2  # kinds of segments
_NEEDED, _TEXTS = 1, 5  # tags of the dynamic segment: DT_NEEDED, DT_STRTAB


@dataclass(frozen=True)
class Library:
    """Of an ELF file: the machine, what the loader maps of it as (offset, size), and the libraries it asks for."""

    machine: int
    segments: list[tuple[int, int]]
    needed: list[str]


def library(path: Path) -> Library:
    data = path.read_bytes()
    machine, at, size, count = struct.unpack_from("<18xH12xQ14xHH", data)
    headers = [struct.unpack_from("<IIQQQQQQ", data, at + index * size) for index in range(count)]
    loaded = [(address, offset, length) for kind, _, offset, address, _, length, _, _ in headers if kind == _LOAD]

    def offset_of(address: int) -> int:
        return next(offset + address - start for start, offset, length in loaded if start <= address < start + length)

    [(at, size)] = [(offset, length) for kind, _, offset, _, _, length, _, _ in headers if kind == _DYNAMIC]
    dynamic = list(struct.iter_unpack("<QQ", data[at : at + size]))
    texts = offset_of(next(value for tag, value in dynamic if tag == _TEXTS))
    starts = [texts + value for tag, value in dynamic if tag == _NEEDED]
    needed = [data[start : data.index(b"\0", start)].decode() for start in starts]
    return Library(machine, [(offset, length) for _, offset, length in loaded], needed)
