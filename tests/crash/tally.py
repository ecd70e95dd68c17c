"""What a suite has done, and what of the records is missing or there twice. README quotes the sums."""

import io
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import pyarrow.parquet as pq


@dataclass
class Figures:
    """The sums of one test. `lost` and `doubled` count records, in lake and quarantine."""

    suite: str
    faults: int = 0
    runs: int = 0
    lost: int = 0
    doubled: int = 0

    def compare(self, found: Mapping[str, bytes], due: Mapping[str, bytes]) -> None:
        """Count the records that an undisturbed run has left and this one has not, and the other way round."""
        if found == due:
            return
        there, wanted = records(found), records(due)
        self.lost += len(wanted - there)
        self.doubled += len(there - wanted)


def records(objects: Mapping[str, bytes]) -> Counter[str]:
    """How often each record is there: its rows in the lake, and itself in quarantine."""
    found: Counter[str] = Counter()
    for at, data in objects.items():
        if at.endswith(".parquet"):
            found.update(_rows(data))
        elif at.endswith("/rejected.ndjson"):
            found.update(_rejected(data))
    return found


@lru_cache(maxsize=4096)
def _rows(data: bytes) -> tuple[str, ...]:
    return tuple(pq.read_table(io.BytesIO(data), columns=["_record_id"])["_record_id"].to_pylist())


@lru_cache(maxsize=4096)
def _rejected(data: bytes) -> tuple[str, ...]:
    envelopes = map(json.loads, data.splitlines())
    return tuple(f"{each['upload']['id']}-{each['record']}" for each in envelopes)
