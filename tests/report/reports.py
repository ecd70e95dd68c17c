"""Run reports for tests: one that has all there is, hostile ones, and arbitrary ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from tests.examples import EXAMPLES
from tests.pages.feeds import HOSTILE

PATCH = """\
--- contracts/orders.odcs.yaml
+++ contracts/orders.odcs.yaml
@@ -120,6 +120,7 @@
         enum:
           - value: books
+          - value: pets
-          - value: toy
"""
LONG = "x" * 10_000


def example(name: str) -> dict[str, Any]:
    """The report of an example of a bad upload."""
    folder = next(folder for folder in EXAMPLES if folder.name == name)
    return dict(json.loads(Path(folder, "report.json").read_text(encoding="utf-8")))


def full() -> dict[str, Any]:
    """A report with errors, a warning, a rule on the upload, unknown fields and suggestions; some rows are split."""
    report = example("too-many-bad-orders") | {"status": "partial", "lake": "s3://shop/lake/"}
    report["records"] = {"read": 120_000, "published": 118_200, "quarantined": 1_700, "duplicates": 0, "split": 100}
    report["rules"] = [
        rule("enum", "one of 'books', 'toys'", "category", [place(3, "$.products[0].category", '"pets"')], 412, 1204),
        *report["rules"],
        rule("format", "an e-mail address", "email", [place(31_234, "$.email", "***")], 3, 3, severity="warning"),
    ]
    report["unknownFields"] = [{"path": "$.gift", "records": 1200, "first": 1}]
    report["unknownFieldsOmitted"] = 3
    report["suggestions"] = [suggestion()]
    return report


def rule(
    name: str, expected: str, column: str | None, examples: list[Any], records: int, violations: int, **keys: Any
) -> dict[str, Any]:
    entry = {"table": "orders", "column": column, "rule": name, "severity": "error", "expected": expected}
    counts = {"violations": violations, "records": records, "omitted": violations - len(examples)}
    return {**entry, **counts, "examples": examples, **keys}


def place(record: int | None, path: str | None, value: str | None, detail: str | None = None) -> dict[str, Any]:
    return {"record": record, "line": 7, "offset": 70, "path": path, "value": value, "detail": detail}


def suggestion(**keys: Any) -> dict[str, Any]:
    found = {"table": "orders", "column": "category", "rule": "enum", "kind": "enum"}
    says = {"says": "Allow 'pets' as a value of orders.category", "patch": PATCH}
    return {**found, **says, "releases": 412, "effect": "safe", "step": "minor", **keys}


def hostile(text: str) -> dict[str, Any]:
    """A report whose every text is this one, but for the words of which there is a fixed list."""
    kept = {"status", "severity", "effect", "step", "files"}

    def spoilt(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: spoilt(inner, key) for key, inner in value.items()}
        if isinstance(value, list):
            return value if name in kept else [spoilt(inner, name) for inner in value]
        return text if isinstance(value, str) and name not in kept else value

    report = spoilt(full())
    report["quarantine"]["files"] = ["report.html", "report.json", "rejected.ndjson", "upload"]
    report["tables"] = {text: {"read": 2, "published": 1, "quarantined": 1}}
    return dict(report)


HOSTILE_TEXTS = [*HOSTILE, LONG, "\u2028\u2029\u0085", "a" * 199 + "\u202e", "\ud800", "'\"`<&>\\"]

_texts = st.text(st.characters(), max_size=30) | st.sampled_from(HOSTILE_TEXTS)
_json = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**15) | st.floats() | _texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3),
    max_leaves=5,
)
_counts = st.integers(0, 10**6)
_names = ["type", "required", "minimum", "enum", "pattern", "json", "unknownFields", "maxQuarantined", "expansion"]
_details = ["found a text, expected an object", "no such day", "first in record 4", "beyond int64", "the query gave no"]
_expected = [">= 0", "a value", "date (yyyy)", "decimal(12,2)", "rowCount mustBeGreaterThan 5", "at most 3 items"]


def _edited(fields: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """What a person may make of it: a field is gone, or is something else."""
    return st.fixed_dictionaries({}, optional={name: value | _json for name, value in fields.items()})


_places = _edited(
    {
        "record": _counts | st.none(),
        "line": _counts | st.none(),
        "path": _texts | st.none(),
        "value": _texts | st.none() | st.just("***"),
        "detail": _texts | st.none() | st.sampled_from(_details),
    }
)
_stated = {
    "table": _texts | st.none(),
    "column": _texts | st.none(),
    "rule": _texts | st.sampled_from(_names),
    "expected": _texts | st.sampled_from(_expected),
    "severity": st.sampled_from(["error", "warning"]),
}
violations = _edited({**_stated, "path": _texts, "value": _texts, "detail": _texts | st.sampled_from(_details)})
reports = _edited(
    {
        "status": st.sampled_from(["published", "partial", "rejected", "empty"]),
        "contract": _edited({"name": _texts, "version": _texts}),
        "upload": _edited({"location": _texts, "arrival": _texts, "size": _counts}),
        "records": _edited(dict.fromkeys(("read", "published", "quarantined", "split"), _counts)),
        "tables": st.dictionaries(_texts, _edited({"read": _counts, "published": _counts}), max_size=2),
        "rules": st.lists(
            _edited({**_stated, "records": _counts, "violations": _counts, "omitted": _counts})
            | _edited({**_stated, "examples": st.lists(_places, max_size=2)}),
            max_size=3,
        ),
        "unknownFields": st.lists(_edited({"path": _texts, "records": _counts, "first": _counts}), max_size=2),
        "suggestions": st.lists(_edited({"says": _texts, "patch": _texts, "releases": _counts}), max_size=2),
        "quarantine": _edited({"location": _texts, "files": st.lists(_texts, max_size=2)}),
        "lake": _texts,
        "files": st.lists(_edited({"table": _texts, "location": _texts}), max_size=2),
    }
)
