"""One report in words, and what became of its folder since."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from rich.console import Console
from rich.text import Text

from etl.cli import show
from etl.cli.show import near, plain, state_words
from etl.errors import NotFound, QuarantineError, UsageError
from etl.replay import waiting
from etl.report import MASK, words
from etl.review import Folder, Line, lines, report
from etl.review.choosing import chosen
from etl.review.folders import REJECTED
from etl.review.history import Event, history
from etl.storage import Storage

_NAMED = 10  # records that are named
Named = tuple[str | None, str | None, str]  # a rule: table, column, rule


def one(which: str, quarantines: Callable[[], Sequence[str]], storage: Storage) -> Folder:
    """The one folder that is meant. Raises `UsageError` where there are several."""
    found = chosen([which], quarantines, storage)
    if len(found) != 1:
        several = ", ".join(each.location for each in found[:5])
        raise UsageError(
            f"{which}: one report is shown at a time, and this means {len(found)}{several and ': '}{several}"
        )
    return found[0]


def print_report(folder: Folder, storage: Storage, console: Console) -> None:
    """The verdict, every broken rule with its first places, suggestions, the states. Raises `EtlError`."""
    body, events = report(folder, storage), history(folder, storage)
    try:
        show.summary(body, console)
        for rule in body["rules"]:
            _print_rule(rule, console)
        for suggestion in body["suggestions"]:
            _print_suggestion(suggestion, console)
    except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
        raise QuarantineError(
            f"{folder.location}report.json: this is no run report; it was edited by hand: run the upload again"
        ) from error
    console.print()
    _print(console, f"state: {state_words(folder.state)}", "bold")
    _print(console, f"  {_waiting(folder, storage)}")
    for event in events:
        _print(console, f"  {said(event)}")


def _waiting(folder: Folder, storage: Storage) -> str:
    """What is left to replay, or why that can't be known."""
    try:
        left = waiting(folder, storage)
    except QuarantineError as error:
        return f"it can't be told what waits: {error}"
    if not left:
        return "nothing waits"
    named = f": {', '.join(map(str, left[:_NAMED]))}{', ...' if len(left) > _NAMED else ''}"
    return f"{len(left):,} record{'' if len(left) == 1 else 's'} to be replayed or corrected{named}"


def said(event: Event) -> str:
    """`2024-01-10 08:15 dismissed by ana: a test order`"""
    if event.fault:
        return f"{state_words(event.state)}: {event.fault}"
    when = event.when[:16].replace("T", " ")
    why = f": {event.details['why']}" if event.details.get("why") else ""
    details = _details({key: value for key, value in event.details.items() if key != "why"})
    return f"{when} {state_words(event.state)} by {event.who}{why}{f' ({details})' if details else ''}"


def _details(found: Mapping[str, Any]) -> str:
    """`records: tried 2, released 1`; what is empty is left out."""
    parts = (
        f"{key}: {_details(value)}" if isinstance(value, Mapping) else f"{key} {value}"
        for key, value in found.items()
        if value not in (None, 0, "")
    )
    return ", ".join(parts)


def _print_rule(rule: Mapping[str, Any], console: Console) -> None:
    """Its first places, where there are more than the one that the summary names."""
    if len(rule["examples"]) < 2:
        return
    name = " ".join(filter(None, (".".join(filter(None, (rule["table"], rule["column"]))), rule["rule"])))
    console.print()
    _print(console, name, "yellow" if rule["severity"] == "warning" else "red")
    for example in rule["examples"]:
        _print(console, f"  {_where(example)}{words.plain(words.broken({**rule, **example}))}")
    if rule["omitted"]:
        _print(console, f"  and {rule['omitted']:,} more", "dim")


def _where(example: Mapping[str, Any]) -> str:
    """`record 2, line 6: ` as far as it is known."""
    record, line = example["record"], example["line"]
    parts = [f"record {record}" if record else "", f"line {line}" if line else ""]
    return f"{', '.join(filter(None, parts))}: " if record else ""


def _print_suggestion(suggestion: Mapping[str, Any], console: Console) -> None:
    console.print()
    _print(console, f"suggestion: {show.suggested(suggestion)}", "bold")
    for line in suggestion["patch"].splitlines():
        _print(console, f"  {line}", "dim")


def _print(console: Console, text: str, style: str = "") -> None:
    console.print(Text(plain(text), style), soft_wrap=True)


# One record.


def print_record(folder: Folder, number: int, storage: Storage, console: Console, *, payload: bool) -> None:
    """A record's violations with their paths; its document too, if that is asked for. Raises `EtlError`.

    Values that the report masks are masked, unless the document is shown.
    """
    line = record(folder, number, storage)
    shown = None if payload else _unmasked(report(folder, storage))
    where = f", line {line.line}" if line.line else ""
    _print(console, f"record {number}{where} of {near(folder.location)}", "bold")
    for violation in line.violations:
        _print(console, f"  {_violation(violation, shown)}")
    if line.rows is not None:
        rows = "; ".join(f"{table} {', '.join(map(str, ordinals))}" for table, ordinals in line.rows.items())
        _print(console, f"  its rejected rows, counted from 0: {rows}", "dim")
    if line.document is None:
        _print(console, "  its document was erased")
    elif payload:
        _print(console, line.document.decode(errors="backslashreplace"))


def record(folder: Folder, number: int, storage: Storage) -> Line:
    """A record's line in `rejected.ndjson`. Raises `UsageError` where it has none, and `QuarantineError`."""
    at = folder.location + REJECTED
    with suppress(NotFound), storage.fetch(at) as (_, path):
        found = next((line for line in lines(path, at) if line.record == number), None)
        if found is None:
            raise UsageError(f"--record {number}: no such record is in {at}: it broke no rule by itself")
        return found
    raise QuarantineError(f"{at}: it is gone; run the upload again, or look at report.json")


def _unmasked(body: Mapping[str, Any]) -> frozenset[Named]:
    """The rules of which the report shows values: others may be about a person."""
    return frozenset(
        (rule["table"], rule["column"], rule["rule"])
        for rule in body["rules"]
        if any(each["value"] not in (None, MASK) for each in rule["examples"])
    )


def _violation(found: Mapping[str, Any], shown: frozenset[Named] | None) -> str:
    """`orders.price minimum: -1.00 at $.products[0].price is less than 0`; only values of rules that are `shown`."""
    table, column, rule = (found.get(key) for key in ("table", "column", "rule"))
    if found.get("value") is not None and shown is not None and (table, column, rule) not in shown:
        found = {**found, "value": MASK}
    place = ".".join(str(part) for part in (table, column) if part)
    return f"{f'{place} {rule}'.strip()}: {words.plain(words.broken(found))}"


# For programs.


def document(folder: Folder, storage: Storage) -> str:
    """The run report, with the folder's state and what led to it. Raises `EtlError`."""
    body = report(folder, storage)
    return json.dumps(body | {"state": folder.state, "history": list(_events(folder, storage))}, ensure_ascii=False)


def _events(folder: Folder, storage: Storage) -> Iterator[Mapping[str, Any]]:
    for event in history(folder, storage):
        head = {"state": event.state, "who": event.who, "when": event.when}
        yield {"state": event.state, "fault": event.fault} if event.fault else {**event.details, **head}
