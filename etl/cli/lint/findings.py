"""One thing that lint found, and the forms it is given in.

text    `file:line:column: message`, the line with a caret under the place, and a summary of each contract
json    one object a line: `file`, `line`, `column`, `level` (`error` or `hint`), `message`
github  workflow commands, which GitHub shows beside the lines of a pull request
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from rich.cells import cell_len

from etl.cli.show import plain
from etl.errors import Fault

Level = Literal["error", "hint"]
_BEFORE, _AFTER = 70, 50  # characters of a long line that are shown round a place


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """A fault of a contract, or something that is allowed but probably not meant."""

    fault: Fault
    level: Level


@dataclass(frozen=True, slots=True)
class Linted:
    """One contract file: its text, what was found in it, and what is to be said if it is right."""

    file: str
    text: str
    findings: tuple[Finding, ...]
    remark: str = ""

    @property
    def falls_short(self) -> bool:
        return any(finding.level == "error" for finding in self.findings)


class Form(StrEnum):
    """The values of `--format`."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


def lines(every: Sequence[Linted], form: Form) -> Iterator[str]:
    """What was found, in one of its forms."""
    return _FORMS[form](every)


# For people.


def _text(every: Sequence[Linted]) -> Iterator[str]:
    for one in every:
        lines = one.text.split("\n")
        for finding in one.findings:
            yield _headline(finding)
            yield from _excerpt(lines, finding.fault)
    yield from map(_summary, every)


def _headline(finding: Finding) -> str:
    fault = finding.fault
    level = "hint: " if finding.level == "hint" else ""
    return plain(f"{fault.file}:{fault.line}:{fault.column}: {level}{fault.message}")


def _excerpt(lines: Sequence[str], fault: Fault) -> Iterator[str]:
    """The line, and a caret under the place; not of the file's beginning, which stands for the whole."""
    line = lines[fault.line - 1].rstrip() if fault.line <= len(lines) else ""
    if not line or (fault.line, fault.column) == (1, 1):
        return
    at = fault.column - 1
    indent = len(line) - len(line.lstrip())
    start = max(indent, at - _BEFORE)
    before = ("..." if start > indent else "") + plain(line[start:at])
    after = plain(line[at : at + _AFTER]) + ("..." if len(line) > at + _AFTER else "")
    yield f"    {before}{after}"
    yield f"    {' ' * cell_len(before)}^"


def _summary(one: Linted) -> str:
    faults = sum(finding.level == "error" for finding in one.findings)
    hints = len(one.findings) - faults
    counts = [_counted(faults, "fault")] + ([_counted(hints, "hint")] if hints else [])
    return plain(f"{one.file}: {', '.join(counts)}{'' if faults else one.remark}")


def _counted(count: int, what: str) -> str:
    return f"{count or 'no'} {what}{'' if count == 1 else 's'}"


# For programs.


def _json(every: Sequence[Linted]) -> Iterator[str]:
    for finding in _findings(every):
        fault = finding.fault
        place = {"file": fault.file, "line": fault.line, "column": fault.column}
        yield json.dumps({**place, "level": finding.level, "message": fault.message}, ensure_ascii=False)


def _github(every: Sequence[Linted]) -> Iterator[str]:
    for finding in _findings(every):
        fault = finding.fault
        command = "error" if finding.level == "error" else "warning"
        place = f"file={_property(fault.file)},line={fault.line},col={fault.column}"
        yield f"::{command} {place}::{_data(fault.message)}"


def _data(text: str) -> str:
    """As GitHub's toolkit escapes what follows the second `::`; its first step must be `%`."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _findings(every: Sequence[Linted]) -> Iterator[Finding]:
    return (finding for one in every for finding in one.findings)


_FORMS: Mapping[Form, Callable[[Sequence[Linted]], Iterator[str]]] = {
    Form.TEXT: _text,
    Form.JSON: _json,
    Form.GITHUB: _github,
}
