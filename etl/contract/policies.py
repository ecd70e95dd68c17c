"""The contract-level `customProperties` that steer the engine. Other names belong to other tools and are kept."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from open_data_contract_standard.model import CustomProperty

from etl.contract.expressions import EACH, ExpressionError, Path, parse_path
from etl.contract.model import Limit, Policies
from etl.contract.source import Place
from etl.contract.words import UNITS, Unfit, did_you_mean, spoken

_LIMIT = re.compile(r"([0-9]+(?:\.[0-9]+)?) (percent|records)")
_SIZE = re.compile(r"([1-9][0-9]{0,8}) (GB|MB|kB)")
_NEAR = 0.8


def policies(entries: Sequence[CustomProperty] | None, place: Place) -> Policies:
    """Read the policies; a value that is none of its kind is a fault, and then the default stays."""
    chosen: dict[str, Any] = {}
    for index, entry in enumerate(entries or ()):
        if entry.property and entry.property in _READERS:
            _read(entry.property, entry.value, place / index, chosen)
    return Policies(**chosen)


def _read(name: str, value: Any, place: Place, chosen: dict[str, Any]) -> None:
    field, read = _READERS[name]
    if field in chosen:
        (place / "property").fault(f"the policy {name} is there twice")
        return
    try:
        chosen[field] = read(value)
    except ExpressionError as error:
        (place / "value").fault_at(error.position, str(error))
    except Unfit as error:
        (place / "value").fault(str(error))


def _one_of(*known: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if value in known:
            return str(value)
        raise Unfit(f"{' or '.join(known)} is expected, found {spoken(value)}{did_you_mean(str(value), known)}")

    return read


def _limit(value: Any) -> Limit:
    found = _LIMIT.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise Unfit(f"'20 percent' or '100 records' is expected, found {spoken(value)}")
    amount = Decimal(found[1])
    if found[2] == "percent":
        if amount > 100:
            raise Unfit(f"at most 100 percent is expected, found {amount}")
        return Limit(amount, "percent")
    if amount != amount.to_integral_value():
        raise Unfit(f"a whole number of records is expected, found {amount}")
    return Limit(amount, "records")


def _size(value: Any) -> int:
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise Unfit(f"a size such as 500 MB or 2 GB is expected, found {spoken(value)}")
    return int(found[1]) * UNITS[found[2]]


def _factor(value: Any) -> int:
    if type(value) is int and value > 0:
        return value
    raise Unfit(f"a whole number above 0 is expected, found {spoken(value)}")


def _records(value: Any) -> Path:
    if not isinstance(value, str):
        raise Unfit(f"a path such as $.orders[*] is expected, found {spoken(value)}")
    path = parse_path(value)
    if not path.steps or path.steps[-1] is not EACH or path.steps.count(EACH) != 1:
        raise Unfit(f"a path that ends with its only [*] is expected, such as $.orders[*], found {value}")
    return path


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise Unfit(f"true or false is expected, found {spoken(value)}")


_READERS: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "quarantineGrain": ("quarantine_grain", _one_of("record", "row")),
    "emptyRecords": ("empty_records", _one_of("reject", "allow")),
    "unknownFields": ("unknown_fields", _one_of("ignore", "warn", "reject")),
    "maxQuarantined": ("max_quarantined", _limit),
    "maxUploadSize": ("max_upload_size", _size),
    "maxDocumentSize": ("max_document_size", _size),
    "maxCompression": ("max_compression", _factor),
    "records": ("records", _records),
    "lineageColumns": ("lineage_columns", _flag),
}


def near_misses(entries: Sequence[CustomProperty] | None, place: Place) -> None:
    """Report names that look like a policy and are none."""
    for index, entry in enumerate(entries or ()):
        near = difflib.get_close_matches(_folded(entry.property or ""), _FOLDED, n=1, cutoff=_NEAR)
        if near and entry.property not in _READERS:
            name = _FOLDED[near[0]]
            (place / index / "property").fault(f"'{entry.property}' steers nothing here; did you mean '{name}'?")


def _folded(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower())


_FOLDED = {_folded(name): name for name in _READERS}
