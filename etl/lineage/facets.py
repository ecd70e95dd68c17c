"""What OpenLineage has no facet for. Their schemas are `etl/schemas/openlineage.*.schema.json`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attr
from openlineage.client.facet_v2 import DatasetFacet, RunFacet

from etl.contract.model import Contract

PRODUCER = "urn:etl:lineage:1.0"
"""Who tells. A name and no address: the project has no public one."""

_CONTRACT = "urn:etl:openlineage:contract:1.0#/$defs/ContractFacet"
_UPLOAD = "urn:etl:openlineage:upload:1.0#/$defs/UploadRunFacet"


@attr.define
class ContractRunFacet(RunFacet):
    """The contract that judged. `digest` is the hash of the parsed contract: comments don't change it."""

    id: str
    name: str
    version: str
    digest: str

    @staticmethod
    def _get_schema() -> str:
        return _CONTRACT


@attr.define
class ContractDatasetFacet(DatasetFacet):
    """The contract that a table follows; likewise."""

    id: str
    name: str
    version: str
    digest: str

    @staticmethod
    def _get_schema() -> str:
        return _CONTRACT


@attr.define
class UploadRunFacet(RunFacet):
    """The very upload, and what became of its records: the run report's own words."""

    location: str
    contentId: str  # noqa: N815  the event's spelling
    arrival: str
    etag: str | None
    version: str | None
    form: str
    status: str
    records: dict[str, int]
    quarantine: str | None

    @staticmethod
    def _get_schema() -> str:
        return _UPLOAD


def of_run(contract: Contract) -> ContractRunFacet:
    """The contract, as a facet of a run."""
    return ContractRunFacet(contract.id, contract.name, contract.version, contract.digest)


def of_table(contract: Contract) -> ContractDatasetFacet:
    """The contract, as a facet of a table."""
    return ContractDatasetFacet(contract.id, contract.name, contract.version, contract.digest)


def of_upload(report: Mapping[str, Any]) -> UploadRunFacet:
    """The upload of a run report."""
    upload = report["upload"]
    return UploadRunFacet(
        location=upload["location"],
        contentId=upload["contentId"],
        arrival=upload["arrival"],
        etag=upload["etag"],
        version=upload["version"],
        form=upload["form"],
        status=report["status"],
        records=dict(report["records"]),
        quarantine=(report["quarantine"] or {}).get("location"),
    )
