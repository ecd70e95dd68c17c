"""Many reports, read side by side; what each comes to is remembered on this machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import TypeVar

import msgspec

from etl.errors import EtlError
from etl.records import Upload
from etl.review.memory import Memory
from etl.storage import Storage

THREADS = 24  # that a pool does well to have: to read is to wait

S = TypeVar("S", bound=msgspec.Struct)


def recalled(
    reports: Sequence[Upload],
    understand: Callable[[bytes, str], S],
    kind: type[S],
    storage: Storage,
    memory: Memory,
    pool: Executor,
) -> dict[str, S | EtlError]:
    """What reports come to, or what is wrong with them, by location. `understand` makes it of a report's bytes and
    location, and may raise `EtlError`.
    """

    def read(report: Upload) -> S | EtlError:
        try:
            return understand(storage.read(report.location)[0], report.location)
        except EtlError as error:
            return error

    known = memory.known(reports)
    found: dict[str, S | EtlError] = {at: one for at, data in known.items() if (one := _remembered(data, kind))}
    new = [report for report in reports if report.location not in found]
    fresh = list(zip(new, pool.map(read, new), strict=True))
    memory.remember((report, msgspec.json.encode(one)) for report, one in fresh if not isinstance(one, EtlError))
    return found | {report.location: one for report, one in fresh}


def _remembered(data: bytes, kind: type[S]) -> S | None:
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.MsgspecError:
        return None
