"""What OpenLineage is told of a run: (run report, contract) -> event. Pure; no event holds a value of a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from openlineage.client import event_v2
from openlineage.client.event_v2 import InputDataset, OutputDataset, RunEvent, RunState
from openlineage.client.facet_v2 import (
    JobFacet,
    RunFacet,
    documentation_job,
    error_message_run,
    job_type_job,
    set_producer,
)

from etl.contract.model import Contract
from etl.lineage import datasets, facets

set_producer(facets.PRODUCER)


class Replayed(Protocol):
    """What became of a replay: how many records were tried, and which files hold those that passed."""

    @property
    def waiting(self) -> int: ...
    @property
    def files(self) -> Sequence[Mapping[str, Any]]: ...


@dataclass(frozen=True, slots=True)
class _Told:
    """A run while it is told of: its id, the namespace of its job, the contract that judges, and what it reads."""

    id: str
    namespace: str
    contract: Contract
    location: str

    def started(self, when: datetime) -> RunEvent:
        """It begins."""
        return self._event(RunState.START, when, self._source())

    def failed(self, reason: str | None, when: datetime) -> RunEvent:
        """It came to no end, for this reason (of no value of a record); aborted, where there is none."""
        if reason is None:
            return self._event(RunState.ABORT, when, self._source())
        error = error_message_run.ErrorMessageRunFacet(reason, "PYTHON")
        return self._event(RunState.FAIL, when, self._source(), about={"errorMessage": error})

    def _source(self) -> InputDataset:
        raise NotImplementedError

    def _name(self) -> str:
        return f"etl.{self.contract.name}"

    def _event(
        self,
        state: RunState,
        when: datetime,
        source: InputDataset,
        outputs: Sequence[OutputDataset] = (),
        about: Mapping[str, RunFacet] | None = None,
    ) -> RunEvent:
        contract: dict[str, RunFacet] = {"etl_contract": facets.of_run(self.contract)}
        return RunEvent(
            eventType=state,
            eventTime=when.isoformat(),
            run=event_v2.Run(self.id, {**contract, **(about or {})}),
            job=self._job(),
            inputs=[source],
            outputs=list(outputs),
        )

    def _job(self) -> event_v2.Job:
        about: dict[str, JobFacet] = {"jobType": job_type_job.JobTypeJobFacet("BATCH", "ETL", "JOB")}
        if self.contract.description:
            about["documentation"] = documentation_job.DocumentationJobFacet(self.contract.description)
        return event_v2.Job(self.namespace, self._name(), about)


class ToldRun(_Told):
    """The run of an upload, which lies at `location`."""

    def completed(self, report: Mapping[str, Any], when: datetime) -> RunEvent:
        """It is committed. A rejected upload is no failed run: its assertions failed.

        A report by another contract is of newer content, behind which this run stepped back: it has judged nothing that
        is there, and adds nothing; the run that has tells of it.
        """
        location, outputs = report["upload"]["location"], []
        about = {"etl_upload": facets.of_upload(report)}
        if report["contract"]["digest"] != self.contract.digest:
            return self._event(RunState.COMPLETE, when, self._source(), (), about)
        if report["status"] in ("published", "partial"):
            document = datasets.source(location, self.contract)
            outputs = datasets.tables(self.contract, report["lake"], report["files"], document)
        if kept := datasets.quarantined(report):
            outputs.append(kept)
        source = datasets.upload(location, self.contract, report)
        return self._event(RunState.COMPLETE, when, source, outputs, about)

    def _source(self) -> InputDataset:
        return datasets.upload(self.location, self.contract)


class ToldReplay(_Told):
    """The replay of a quarantine folder, which is at `location`: another job, as it reads something else."""

    def completed(self, replayed: Replayed, when: datetime) -> RunEvent:
        """It is done: what passed is in the tables."""
        source = datasets.rejected(self.location, replayed.waiting)
        return self._event(RunState.COMPLETE, when, source, datasets.added(self.contract, replayed.files))

    def _source(self) -> InputDataset:
        return datasets.rejected(self.location)

    def _name(self) -> str:
        return f"{super()._name()}.replay"
