"""A bucket in memory with uploads, and the pipeline's runs over it."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from etl import pipeline
from etl.contract.model import Contract
from etl.pipeline import Outputs
from etl.pipeline.judgement import Judged, judged
from etl.records import Upload
from etl.storage import MemoryStorage

OUTPUTS = Outputs("s3://shop/lake/", "s3://shop/quarantine/")
START = datetime(2024, 2, 1, 8, 30, tzinfo=UTC)


@dataclass
class Bucket:
    """Uploads, and what runs have made of them."""

    storage: MemoryStorage = field(default_factory=MemoryStorage)

    def copy(self) -> "Bucket":
        twin = Bucket()
        twin.storage.objects = dict(self.storage.objects)
        return twin

    def upload(self, location: str, data: bytes, minute: int = 0) -> None:
        self.storage.objects[location] = (data, START + timedelta(minutes=minute))

    def run(self, location: str, contract: Contract, storage: Any = None) -> dict[str, Any]:
        return pipeline.run(location, contract, storage or self.storage, OUTPUTS)

    @property
    def state(self) -> dict[str, bytes]:
        """All that runs have left."""
        outputs = (OUTPUTS.lake, OUTPUTS.quarantine)
        return {at: data for at, (data, _) in self.storage.objects.items() if at.startswith(outputs)}

    @property
    def reports(self) -> dict[str, bytes]:
        """The run reports."""
        return {at: data for at, data in self.published.items() if "/_runs/" in at}

    @property
    def published(self) -> dict[str, bytes]:
        """Lake, quarantine and run reports: without what runs tell each other."""
        return {at: data for at, data in self.state.items() if ".intents/" not in at}


class Judgements:
    """`pipeline.judgement.judged`, which keeps what it gave: it is a function of its arguments, and most of a run."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self._known: dict[tuple[Upload, str, str, str], Judged] = {}

    @contextmanager
    def __call__(
        self, upload: Upload, path: Path, contract: Contract, progress: Any, corrections: Mapping[int, bytes]
    ) -> Iterator[Judged]:
        key = (
            upload,
            contract.digest,
            hashlib.sha256(path.read_bytes()).hexdigest(),
            repr(sorted(corrections.items())),
        )
        if key not in self._known:
            self._known[key] = self._open.enter_context(judged(upload, path, contract, progress, corrections))
        yield self._known[key]

    def close(self) -> None:
        self._open.close()
