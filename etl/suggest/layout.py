"""Where things stand in the YAML of a contract, and text put in there: all else stays as it is, to the last blank.

Each function gives the edited text, or None where it can't be placed safely. Positions are indexes into the text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

import yaml

_WORD = re.compile(r"[A-Za-z$][A-Za-z0-9_$.()\[\]*,/-]*")
_OTHERS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}  # of which some tool would make something else
_NOTHING_MORE = re.compile(r"[ \t]*\r?|[ \t]+#.*")


def compose(text: str) -> yaml.Node | None:
    """The tree of a text that has been read as a contract before."""
    root: yaml.Node | None = yaml.compose(text, Loader=yaml.CSafeLoader)
    return root


def at(node: yaml.Node | None, *steps: str | tuple[str, str]) -> yaml.Node | None:
    """What lies below a node: a key leads to its value, `(key, value)` to the first entry of a list that has it so."""
    for step in steps:
        node = _entry(node, *step) if isinstance(step, tuple) else _value(node, step)
    return node


def _value(node: yaml.Node | None, key: str) -> yaml.Node | None:
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    return next((value for name, value in pairs if name.value == key), None)


def _entry(node: yaml.Node | None, key: str, value: str) -> yaml.Node | None:
    entries = node.value if isinstance(node, yaml.SequenceNode) else ()
    return next((entry for entry in entries if getattr(_value(entry, key), "value", None) == value), None)


def scalar(json_text: str, *, flow: bool) -> str:
    """A JSON value as a YAML scalar; a text is quoted where it might be taken for anything else."""
    if not json_text.startswith('"'):
        return json_text
    value = json.loads(json_text)
    plain = _WORD.fullmatch(value) and value.lower() not in _OTHERS and not (flow and re.search(r"[\[\],]", value))
    return value if plain else json.dumps(value, ensure_ascii=False)


def replaced(text: str, node: yaml.Node | None, new: str) -> str | None:
    """Another scalar in place of one that stands there by itself, without an anchor."""
    if not isinstance(node, yaml.ScalarNode) or node.style in ("|", ">"):
        return None
    start, end = node.start_mark.index, node.end_mark.index
    quote = node.style or ""
    return text[:start] + new + text[end:] if text[start:end] == f"{quote}{node.value}{quote}" else None


def appended(text: str, nodes: yaml.Node | None, entries: Sequence[Mapping[str, str]]) -> str | None:
    """More mappings at the end of a list that has some; their values are JSON texts."""
    if not isinstance(nodes, yaml.SequenceNode) or not nodes.value:
        return None
    last = nodes.value[-1]
    if nodes.flow_style:
        end = last.end_mark.index if last.flow_style else None
        return None if end is None else text[:end] + "".join(f", {_flow(entry)}" for entry in entries) + text[end:]
    dash = _dash(text, last)
    after = _line_after(text, _end(text, last))
    if dash is None or after is None:
        return None
    indent = " " * _column(text, dash)
    gap = " " * max(last.start_mark.column - len(indent) - 1, 1) if last.start_mark.line == _line(text, dash) else " "
    blank = [""] if _is_after_blank(text, dash) else []
    lines = [line for entry in entries for line in (*blank, *_item(entry, indent, gap, flow=bool(last.flow_style)))]
    return _with_lines(text, after, lines)


def entered(text: str, node: yaml.Node | None, key: str, value: str) -> str | None:
    """One more entry at the beginning of a mapping that has some."""
    if not isinstance(node, yaml.MappingNode) or not node.value:
        return None
    first = node.value[0][0].start_mark
    between = ", " if node.flow_style else f"{_newline(text)}{' ' * first.column}"
    return f"{text[: first.index]}{key}: {value}{between}{text[first.index :]}"


def followed(text: str, node: yaml.Node | None, key: str, inner: Mapping[str, str]) -> str | None:
    """In a mapping, after the entry `key`, one more: `inner` is its name and then one mapping in it."""
    if not isinstance(node, yaml.MappingNode) or (value := _value(node, key)) is None:
        return None
    ((name, content),) = inner.items()
    if node.flow_style:
        end = value.end_mark.index
        return f"{text[:end]}, {name}: {{{content}}}{text[end:]}"
    after = _line_after(text, _end(text, value))
    indent = " " * node.value[0][0].start_mark.column
    return None if after is None else _with_lines(text, after, [f"{indent}{name}:", f"{indent}  {content}"])


def _flow(entry: Mapping[str, str]) -> str:
    return f"{{{', '.join(f'{key}: {scalar(value, flow=True)}' for key, value in entry.items())}}}"


def _item(entry: Mapping[str, str], indent: str, gap: str, *, flow: bool) -> list[str]:
    if flow:
        return [f"{indent}-{gap}{_flow(entry)}"]
    lines = [f"{key}: {scalar(value, flow=False)}" for key, value in entry.items()]
    return [f"{indent}-{gap}{lines[0]}", *(f"{indent} {gap}{line}" for line in lines[1:])]


def _end(text: str, node: yaml.Node) -> int:
    """Where a node ends. A block's own mark lies behind the comments that follow it."""
    if isinstance(node, yaml.ScalarNode):
        end = int(node.end_mark.index)
        return len(text[:end].rstrip()) if node.style in ("|", ">") else end
    if not isinstance(node, yaml.CollectionNode) or node.flow_style or not node.value:
        return int(node.end_mark.index)
    pairs = isinstance(node, yaml.MappingNode)
    return max(_end(text, part) for entry in node.value for part in (entry if pairs else (entry,)))


def _line_after(text: str, end: int) -> int | None:
    """Where the next line begins, if nothing but a comment follows on this one."""
    newline = text.find("\n", end)
    rest = text[end:] if newline < 0 else text[end:newline]
    if not _NOTHING_MORE.fullmatch(rest):
        return None
    return len(text) if newline < 0 else newline + 1


def _dash(text: str, entry: yaml.Node) -> int | None:
    """Where the dash of a list's entry is, if it is the first on its line."""
    dash = text.rfind("-", 0, entry.start_mark.index)
    line = text[text.rfind("\n", 0, max(dash, 0)) + 1 : max(dash, 0)]
    return None if dash < 0 or line.strip(" ") or text[dash + 1 : entry.start_mark.index].strip() else dash


def _column(text: str, position: int) -> int:
    return position - (text.rfind("\n", 0, position) + 1)


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position)


def _is_after_blank(text: str, position: int) -> bool:
    """Whether the line before is blank."""
    lines = text[:position].split("\n")
    return len(lines) > 1 and not lines[-2].strip()


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _with_lines(text: str, position: int, lines: Sequence[str]) -> str:
    """Lines put in where a line begins; at an end without a line feed, the last of them has none either."""
    newline = _newline(text)
    if position == len(text) and not text.endswith("\n"):
        return text + "".join(f"{newline}{line}" for line in lines)
    return text[:position] + "".join(f"{line}{newline}" for line in lines) + text[position:]
