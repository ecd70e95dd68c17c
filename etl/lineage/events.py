"""What OpenLineage is told of a run: (run report, contract) -> event. Pure; no event holds a value of a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

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


@dataclass(frozen=True, slots=True)
class Told:
    """A run while it is told of: its id, the namespace of its job, and the contract that judges."""

    id: str
    namespace: str
    contract: Contract

    def started(self, location: str, when: datetime) -> RunEvent:
        """An upload's run begins."""
        return self._event(RunState.START, when, inputs=[datasets.upload(location, self.contract)])

    def completed(self, report: Mapping[str, Any], when: datetime) -> RunEvent:
        """An upload's run is committed. A rejected upload is no failed run: its assertions failed."""
        contract, location = self.contract, report["upload"]["location"]
        outputs: list[OutputDataset] = []
        if report["status"] in ("published", "partial"):
            document = datasets.source(location, contract)
            outputs += datasets.tables(contract, report["lake"], report["files"], document)
        if kept := datasets.quarantined(report):
            outputs.append(kept)
        inputs = [datasets.upload(location, contract, report)]
        return self._event(RunState.COMPLETE, when, inputs, outputs, {"etl_upload": facets.of_upload(report)})

    def failed(self, location: str, reason: str | None, when: datetime) -> RunEvent:
        """An upload's run came to no end, for this reason (of no value of a record); aborted, where there is none."""
        inputs = [datasets.upload(location, self.contract)]
        if reason is None:
            return self._event(RunState.ABORT, when, inputs)
        error = error_message_run.ErrorMessageRunFacet(reason, "PYTHON")
        return self._event(RunState.FAIL, when, inputs, about={"errorMessage": error})

    def _event(
        self,
        state: RunState,
        when: datetime,
        inputs: Sequence[InputDataset] = (),
        outputs: Sequence[OutputDataset] = (),
        about: Mapping[str, RunFacet] | None = None,
    ) -> RunEvent:
        contract: dict[str, RunFacet] = {"etl_contract": facets.of_run(self.contract)}
        return RunEvent(
            eventType=state,
            eventTime=when.isoformat(),
            run=event_v2.Run(self.id, {**contract, **(about or {})}),
            job=self._job(),
            inputs=list(inputs),
            outputs=list(outputs),
        )

    def _job(self) -> event_v2.Job:
        about: dict[str, JobFacet] = {"jobType": job_type_job.JobTypeJobFacet("BATCH", "ETL", "JOB")}
        if self.contract.description:
            about["documentation"] = documentation_job.DocumentationJobFacet(self.contract.description)
        return event_v2.Job(self.namespace, f"etl.{self.contract.name}", about)
