"""The tables of lakes: what they are called, what columns they have, and which files they are.

A table has the columns of all contract versions under which its files were published, those of the newest first. A
column that a file lacks is null there. One that versions have typed differently has a type that holds the values of
all exactly; where only text does, it is text, and that is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from etl import lake as lakes
from etl.athena.names import table_name
from etl.contract.model import Column, Contract, Table
from etl.errors import UsageError
from etl.lake.partition import parsed
from etl.query.kept import kept, newest, read
from etl.query.runs import Agreement, Part, Published, committed
from etl.query.types import common
from etl.review.memory import Memory
from etl.storage import Storage, arrow_files


@dataclass(frozen=True, slots=True)
class LakeColumn:
    """A column, as the newest version that has it describes it."""

    name: str
    type: pa.DataType
    partition: bool = False
    description: str | None = None
    classification: str | None = None


@dataclass(frozen=True, slots=True)
class LakeTable:
    """One table. `lake` is the root (ends with `/`) in which `folder` lies; `name` is what SQL calls it, as in Athena.

    `versions` are those of the contract, the oldest first; `notes` are what who reads it should know.
    """

    name: str
    lake: str
    contract: str
    folder: str
    description: str | None
    versions: tuple[str, ...]
    columns: tuple[LakeColumn, ...]
    files: tuple[Published, ...]
    notes: tuple[str, ...] = ()

    @property
    def location(self) -> str:
        """Where its files lie."""
        return f"{self.lake}{self.folder}/"

    @property
    def rows(self) -> int:
        """How many there are."""
        return sum(file.rows for file in self.files)

    def span(self) -> dict[str, tuple[str, str]]:
        """The least and the greatest value of each partition column that files lie under, as texts."""
        found: dict[str, set[Any]] = {}
        types = {column.name: column.type for column in self.columns}
        for folder in {file.folder for file in self.files}:
            partition = parsed(folder, types)
            for name, value in zip(partition.columns, partition.values, strict=True):
                found.setdefault(name, set()).add(value.as_py())
        return {name: (_text(min(values)), _text(max(values))) for name, values in found.items()}

    def dataset(self) -> ds.Dataset:
        """Its rows. Raises `StorageError` where pyarrow has no way to them."""
        schema = pa.schema([(column.name, column.type) for column in self.columns])
        if not self.files:
            return ds.dataset(schema.empty_table())
        files, root = arrow_files(self.location)
        return lakes.dataset(schema, [(root + file.path, file.folder) for file in self.files], files)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The tables of lakes by name, and what can't be told of others: by the name that SQL would call them."""

    tables: tuple[LakeTable, ...]
    problems: tuple[tuple[str, str], ...] = ()


def catalogue(roots: Sequence[str], storage: Storage, memory: Memory | None = None) -> Catalogue:
    """The tables of the lakes at these roots (each with a final `/`) and in the folders directly below them.

    Raises `UsageError` where there is no lake at all, and `StorageError`.
    """
    found = list(dict.fromkeys(lake for root in roots for lake in _lakes(root, storage)))
    if not found:
        raise UsageError(
            f"{', '.join(roots)}: there is no lake here: the first `etl run` makes one, with the folder _runs/ in it; "
            "check the path"
        )
    every = [one for lake in found for one in _of_lake(lake, storage, memory)]
    return _apart(every)


def _lakes(root: str, storage: Storage) -> Iterator[str]:
    """Where run reports lie."""
    inside = storage.folders(root)
    if f"{root}_runs/" in inside:
        yield root
    for folder in inside:
        name = folder.removeprefix(root)
        if not name.startswith(("_", ".")) and "=" not in name and f"{folder}_runs/" in storage.folders(folder):
            yield folder


Told = LakeTable | tuple[str, str]


def _apart(every: Sequence[Told]) -> Catalogue:
    """Two tables of one name can't both be asked for by it."""
    problems = [one for one in every if isinstance(one, tuple)]
    tables = sorted((one for one in every if isinstance(one, LakeTable)), key=lambda table: table.name)
    alone = []
    for name, same in groupby(tables, key=lambda table: table.name):
        some = list(same)
        if len(some) == 1:
            alone += some
        else:
            places = " and ".join(f"{table.location} (contract {table.contract})" for table in some)
            problems.append((name, f"{name}: this would be {places}; give --lake, so that it is one"))
    return Catalogue(tuple(alone), tuple(problems))


def _of_lake(lake: str, storage: Storage, memory: Memory | None) -> Iterator[Told]:
    """Tables of which files are committed, and those of the newest contracts of which there are none yet."""
    copies = kept(lake, storage)
    contracts = {(copy.name, copy.digest): copy for copy in copies}

    @cache
    def contract_of(name: str, digest: str) -> Contract | str:
        copy = contracts.get((name, digest))
        return read(copy, storage) if copy else f"{lake}_contracts/{name}/: it is gone; put it back from a backup"

    filed = _filed(committed(lake, storage, memory), [(copy.name, copy.digest) for copy in copies])
    for copy in newest(copies).values():
        contract = contract_of(copy.name, copy.digest)
        if isinstance(contract, Contract):
            for table in contract.tables:
                agreement = Agreement(contract.name, contract.version, contract.digest)
                filed.setdefault((contract.name, table.name), {agreement: []})
    for (name, folder), by_agreement in sorted(filed.items()):
        yield _told(lake, name, folder, by_agreement, contract_of)


Filed = dict[tuple[str, str], dict[Agreement, list[Published]]]


def _filed(parts: Sequence[Part], order: Sequence[tuple[str, str]]) -> Filed:
    """Files by contract and folder, and then by version, in this order."""
    place = {one: at for at, one in enumerate(order)}
    found: Filed = {}
    for part in sorted(parts, key=lambda part: place.get((part.agreement.name, part.agreement.digest), -1)):
        for file in part.files:
            by_agreement = found.setdefault((part.agreement.name, file.table), {})
            by_agreement.setdefault(part.agreement, []).append(file)
    return found


def _told(
    lake: str,
    name: str,
    folder: str,
    filed: Mapping[Agreement, Sequence[Published]],
    contract_of: Callable[[str, str], Contract | str],
) -> Told:
    """A table, or why it can't be read."""
    called = table_name(name, folder)
    versions: list[_Version] = []
    for agreement, files in filed.items():
        contract = contract_of(agreement.name, agreement.digest)
        table = (
            None if isinstance(contract, str) else next((one for one in contract.tables if one.name == folder), None)
        )
        if isinstance(contract, str) or table is None:
            why = contract if isinstance(contract, str) else f"contract {name} {agreement.version} has no such table"
            return called, f"{called}: {len(files):,} of its files can't be read without the contract of then: {why}"
        versions.append(_Version(contract, table))
    columns, notes = _columns(called, versions)
    return LakeTable(
        called,
        lake,
        name,
        folder,
        versions[-1].table.description,
        tuple(dict.fromkeys(version.contract.version for version in versions)),
        columns,
        tuple(sorted((file for files in filed.values() for file in files), key=lambda file: file.path)),
        notes,
    )


# The columns of several versions.


@dataclass(frozen=True, slots=True)
class _Version:
    contract: Contract
    table: Table


def _columns(called: str, versions: Sequence[_Version]) -> tuple[tuple[LakeColumn, ...], tuple[str, ...]]:
    """Those of the newest first; and what is to be said of them."""
    having: dict[str, list[tuple[str, Column]]] = {}
    for version in reversed(versions):
        for column in version.table.columns:
            having.setdefault(column.name, []).append((version.contract.version, column))
    partitions = {name for version in versions for name in version.table.partitions}
    columns, notes = [], []
    for name, found in having.items():
        newest_one = found[0][1]
        kind = common(column.type.arrow for _, column in found)
        if kind is None or (kind == pa.string() and any(column.type.arrow != kind for _, column in found)):
            notes.append(_differing(f"{called}.{name}", found, left_out=kind is None))
        if kind is not None:
            about = newest_one.description, newest_one.classification
            columns.append(LakeColumn(name, kind, name in partitions, *about))
    if any(version.contract.policies.lineage_columns for version in versions):
        columns += [LakeColumn(name, pa.string()) for name in lakes.LINEAGE]
    return tuple(columns), tuple(notes)


def _differing(column: str, found: Sequence[tuple[str, Column]], *, left_out: bool) -> str:
    by_type: dict[str, list[str]] = {}
    for version, one in reversed(found):
        by_type.setdefault(one.cast.expected or str(one.type.arrow), []).append(version)
    types = ", ".join(f"{kind} in files of version {' and '.join(some)}" for kind, some in by_type.items())
    if left_out:
        return f"{column} is left out, since no one type holds its values: {types}"
    return f"{column} is text here, since nothing else holds its values: {types}; CAST it, or ask for _contract_version"
