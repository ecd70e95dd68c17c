"""A run report as a person reads it at a glance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

STYLES = {"published": "bold green", "partial": "bold yellow", "rejected": "bold red", "empty": "bold"}
_VERDICTS = {
    "published": "every record is in the lake",
    "partial": "some records are in quarantine",
    "none": "every record is in quarantine",
    "rejected": "the whole upload is in quarantine; the lake holds nothing of it, nor of an earlier version",
    "empty": "the upload holds no records",
}
_DRY_VERDICTS = {
    "published": "every record would be published",
    "partial": "some records would be quarantined",
    "none": "every record would be quarantined",
    "rejected": "the whole upload would be quarantined, and nothing published",
    "empty": "the upload holds no records",
}
_FIELDS = 5  # unknown fields named at the terminal; the report has them all


def summary(report: Mapping[str, Any], console: Console, *, dry: bool = False) -> None:
    """Print one upload's summary. With `dry`, say what would happen."""
    status = report["status"]
    contract = report["contract"]
    head = Text(f"{status:<10}", STYLES[status])
    head.append(f"{plain(near(report['upload']['location']))}", "bold")
    head.append(plain(f"  by contract {contract['name']} {contract['version']}"), "dim")
    console.print(head, soft_wrap=True)
    _print(list(_lines(report, dry)), console)


def _print(lines: Sequence[tuple[str, Text]], console: Console) -> None:
    """Names and lines in two columns: folded within theirs on a terminal, left whole in a pipe."""
    width = max(len(name) for name, _ in lines)
    if not console.is_terminal:
        for name, line in lines:
            console.print(f"  {name:<{width}}  ", line, sep="", soft_wrap=True, markup=False)
        return
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, line in lines:
        grid.add_row(f"  {name}", line)
    console.print(grid)


def _lines(report: Mapping[str, Any], dry: bool) -> Iterator[tuple[str, Text]]:
    yield "verdict", Text((_DRY_VERDICTS if dry else _VERDICTS)[_verdict(report)])
    yield "records", Text(_records(report["records"]))
    for name, rows in report["tables"].items():
        yield plain(f"rows of {name}"), Text(f"{rows['published']:,} published, {rows['quarantined']:,} quarantined")
    for rule in report["rules"]:
        yield ("warning" if rule["severity"] == "warning" else "broken"), _rule(rule)
    for suggestion in report.get("suggestions", ()):  # none in the reports of version 1.0
        yield "suggestion", Text(suggested(suggestion))
    if report["unknownFields"]:
        yield "unread", Text(_unknown(report))
    if report["quarantine"]:
        name = "report.html" if "report.html" in report["quarantine"]["files"] else "report.json"  # an older report
        yield "report", Text(plain(near(report["quarantine"]["location"] + name)))


def _verdict(report: Mapping[str, Any]) -> str:
    """The status, and whether none of a partial upload is in the lake."""
    records = report["records"]
    none = report["status"] == "partial" and records["quarantined"] == records["read"]
    return "none" if none else str(report["status"])


def _records(records: Mapping[str, int]) -> str:
    parts = [
        f"{records['read']:,} read",
        f"{records['published']:,} published",
        f"{records['quarantined']:,} quarantined",
    ]
    if records["split"]:
        parts.append(f"{records['split']:,} split")
    return " = ".join([parts[0], " + ".join(parts[1:])])


def _rule(rule: Mapping[str, Any]) -> Text:
    place = ".".join(part for part in (rule["table"], rule["column"]) if part)
    text = Text(
        plain(" ".join(filter(None, (place, rule["rule"])))), "yellow" if rule["severity"] == "warning" else "red"
    )
    text.append(f": {_expected(rule['expected'])} ({_times(rule)})", "none")
    if rule["examples"]:
        text.append(f"; {'first' if rule['records'] else 'found'} {_example(rule['examples'][0])}", "none")
    return text


def _expected(words: str) -> str:
    """Short words follow "expected"; a description in the contract is a sentence of its own."""
    return plain(words.rstrip(".") if words[:1].isupper() and " " in words else f"expected {words}")


def _times(rule: Mapping[str, Any]) -> str:
    if not rule["records"]:
        return "the upload as a whole"
    records = f"{rule['records']:,} record{'s' if rule['records'] != 1 else ''}"
    return records if rule["violations"] == rule["records"] else f"{records}, {rule['violations']:,} places"


def _example(found: Mapping[str, Any]) -> str:
    """`record 2, line 6, $.customer.email: "joao.example.com": why`, as far as it is known."""
    where = [
        f"record {found['record']}" if found["record"] else None,
        f"line {found['line']}" if found["line"] else None,
        found["path"],
    ]
    value = None if (found["detail"] or "").startswith(found["value"] or " ") else found["value"]
    return plain(": ".join(filter(None, [", ".join(filter(None, where)), value, found["detail"]])))


_EFFECTS = {
    "breaking": "breaks a promise to readers of the lake",
    "tightening": "tightens the contract",
    "safe": "loosens the contract",
}


def suggested(suggestion: Mapping[str, Any]) -> str:
    """`add 'gift' to the values of orders.status (contracts/orders.odcs.yaml): would release 412 records; ...`"""
    file = suggestion["patch"].partition("\n")[0].removeprefix("--- ").rstrip("\t")
    count = suggestion["releases"]
    effect = f"{_EFFECTS[suggestion['effect']]}: {suggestion['step']} version"
    released = f"would release {count:,} record{'s' if count != 1 else ''}"
    return plain(f"{suggestion['says']} ({file}): {released}; {effect}")


def _unknown(report: Mapping[str, Any]) -> str:
    fields = report["unknownFields"]
    named = ", ".join(f"{field['path']} (in {field['records']:,})" for field in fields[:_FIELDS])
    more = len(fields) - _FIELDS + report["unknownFieldsOmitted"]
    return plain(f"no column reads {named}{f' and {more} more' if more > 0 else ''}")


def state_words(state: str) -> str:
    """A review state, for people."""
    return state.replace("_", " ")


def near(location: str) -> str:
    """A local location as seen from the current folder, if it lies below it."""
    here = f"{Path.cwd().as_posix()}/"
    return location.removeprefix(here)


def plain(text: str) -> str:
    """Text of a document, safe on a terminal: control characters are shown, not obeyed."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
