"""Typed rows -> violations.

    Validator        row rules: cells (Pandera), keys over the upload, conditions across columns (DuckDB)
    judge_upload     upload rules, over the staged tables

Values that did not convert are unknown, not wrong: no rule judges them. Nothing here changes a row or drops one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from pyarrow.dataset import Dataset

from etl.contract.model import Contract, Table
from etl.errors import ContractError, Fault
from etl.records import Rows, Violation
from etl.validate import cells, conditions, uploads
from etl.validate.keys import UniqueKey
from etl.validate.places import Places
from etl.validate.sql import Unusable

__all__ = ["Validator", "judge_upload"]


class Validator:
    """The row rules of a contract, over one upload: it remembers the keys it has seen."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._cells = {table.name: cells.compiled(table) for table in contract.tables}
        self._keys = {table.name: [UniqueKey(table, key) for key in table.keys] for table in contract.tables}

    def know(self, published: Mapping[str, Dataset]) -> None:
        """Take in what the lake holds of this upload already, by table: its keys are taken. Before the first block."""
        for name, keys in self._keys.items():
            for key in keys:
                key.know(published[name])

    def judge(self, rows: Mapping[str, Rows]) -> list[Violation]:
        """The violations of the next block, by table. Blocks come in record order, each once.

        Raises `ContractError` where a condition cannot be run at all, and `AccountingError` where a check fails
        without naming rows (a bug here).
        """
        with _contract_faults(self._contract):
            return [
                violation
                for table in self._contract.tables
                if table.name in rows
                for violation in self._judge(table, rows[table.name])
            ]

    def _judge(self, table: Table, rows: Rows) -> Iterator[Violation]:
        places = Places(rows)
        yield from cells.judge(self._cells[table.name], rows, places)
        for key in self._keys[table.name]:
            yield from key.judge(rows, places)
        yield from conditions.judge(table, rows, places)


def judge_upload(contract: Contract, datasets: Mapping[str, Dataset]) -> list[Violation]:
    """The upload rules that the staged tables, by name, break; as violations of record 0.

    Raises `ContractError` where a query cannot be run, and `StorageError` where the tables cannot be read.
    """
    with _contract_faults(contract):
        judged = (uploads.judge(rule, datasets) for rule in contract.upload_rules)
        return [violation for violation in judged if violation is not None]


@contextmanager
def _contract_faults(contract: Contract) -> Iterator[None]:
    """The loader has bound and checked every statement; what is left (too slow, too big) is the contract's to mend.

    The place of a rule is not known here: line 1, and the message names the rule.
    """
    try:
        yield
    except Unusable as error:
        raise ContractError([Fault(contract.file, 1, 1, str(error))]) from error
