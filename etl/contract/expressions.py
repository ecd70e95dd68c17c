"""The flattening map's expressions: RFC 9535 paths and the closed set of functions around them.

    $.products[*].price        names, ['any key'], [0] or [-1], [*]
    lower(trim($.email))       trim lower upper nullif coalesce index scale date json

`parse` turns `transformLogic` into these frozen nodes or raises `ExpressionError` with the position; `written` turns
them back into text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

from etl.contract.words import did_you_mean


@dataclass(frozen=True, slots=True)
class Each:
    """`[*]`"""

    def __reduce__(self) -> str:
        return "EACH"  # there is one, in every process that a contract is sent to


EACH = Each()
MAX_STEPS = 100  # the parser of documents takes 200 levels
Step = str | int | Each
_PLAIN = re.compile(r"[A-Za-z_\u0080-\U0010FFFF][A-Za-z0-9_\u0080-\U0010FFFF]*")


@dataclass(frozen=True, slots=True)
class Path:
    """Steps from the record's root: a name, an index, or `EACH`."""

    steps: tuple[Step, ...]

    @property
    def grain(self) -> Path:
        """The part up to and with the last `[*]`."""
        last = max((i for i, step in enumerate(self.steps) if step is EACH), default=-1)
        return Path(self.steps[: last + 1])

    def __str__(self) -> str:
        return self.at(())

    def at(self, positions: tuple[int, ...]) -> str:
        """The path as text, with the first `[*]`s replaced by element indexes: `$.products[2].price`."""
        left = iter(positions)
        return "$" + "".join(_segment(step, left) for step in self.steps)


def _segment(step: Step, positions: object) -> str:
    if isinstance(step, Each):
        index = next(positions, None)  # type: ignore[call-overload]
        return "[*]" if index is None else f"[{index}]"
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if _PLAIN.fullmatch(step) else f"[{_quoted(step)}]"


def _quoted(text: str) -> str:
    """A text in single quotes, written as in a normalised name selector (RFC 9535, 2.7)."""
    inner = json.dumps(text, ensure_ascii=False)[1:-1].replace('\\"', '"').replace("'", "\\'")
    return f"'{inner}'"


@dataclass(frozen=True, slots=True)
class Text:
    """`trim`, `lower` or `upper` of a text."""

    function: Literal["trim", "lower", "upper"]
    argument: Expression


@dataclass(frozen=True, slots=True)
class NullIf:
    """Null where the text equals `text`."""

    argument: Expression
    text: str


@dataclass(frozen=True, slots=True)
class Coalesce:
    """The first argument that is not null."""

    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Index:
    """The element's position in `path`, which ends with `[*]`; from 0."""

    path: Path


@dataclass(frozen=True, slots=True)
class Scale:
    """The number times ten to the power of `exponent`, exactly."""

    argument: Expression
    exponent: int


@dataclass(frozen=True, slots=True)
class Day:
    """`date(...)`: the day of a timestamp, in `timezone` (UTC unless told)."""

    argument: Expression
    timezone: str | None = None


@dataclass(frozen=True, slots=True)
class Json:
    """Whatever is there, as JSON text as written."""

    path: Path


Expression = Path | Text | NullIf | Coalesce | Index | Scale | Day | Json


class ExpressionError(ValueError):
    """What is wrong with an expression; `position` counts characters from 0."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


def paths(expression: Expression) -> tuple[Path, ...]:
    """Every path that the expression reads, left to right."""
    if isinstance(expression, Path):
        return (expression,)
    if isinstance(expression, Index | Json):
        return (expression.path,)
    if isinstance(expression, Coalesce):
        return tuple(path for argument in expression.arguments for path in paths(argument))
    return paths(expression.argument)


def written(expression: Expression, path: Callable[[Path], str] = str) -> str:
    """The expression as `transformLogic` has it: `parse` takes it back. `path` writes what it reads, left to right."""
    match expression:
        case Path():
            return path(expression)
        case Text(function, argument):
            return f"{function}({written(argument, path)})"
        case NullIf(argument, text):
            return f"nullif({written(argument, path)}, {_quoted(text)})"
        case Coalesce(arguments):
            return f"coalesce({', '.join(written(argument, path) for argument in arguments)})"
        case Index(of):
            return f"index({path(of)})"
        case Scale(argument, exponent):
            return f"scale({written(argument, path)}, {exponent})"
        case Day(argument, timezone):
            return f"date({written(argument, path)}{f', {_quoted(timezone)}' if timezone else ''})"
        case Json(of):
            return f"json({path(of)})"


def parse(text: str) -> Expression:
    """Parse `transformLogic`. Raises `ExpressionError`."""
    parser = _Parser(text)
    expression = parser.expression()
    parser.end()
    return expression


def parse_path(text: str) -> Path:
    """Parse a bare path. Raises `ExpressionError`."""
    expression = parse(text)
    if not isinstance(expression, Path):
        raise ExpressionError("a path is expected here, such as $.orders[*]", 0)
    return expression


class _Parser:
    """Recursive descent over one line; blanks are free between tokens outside of paths."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.blanks()

    def blanks(self) -> None:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1

    def end(self) -> None:
        if self.at < len(self.text):
            raise ExpressionError(self.superfluous(), self.at)

    def superfluous(self) -> str:
        """What to say of more text than an expression has: most often a key with a `-` or the like in it."""
        rest = self.text[self.at :]
        key = re.search(r"\.([\w-]+)$", self.text[: self.at] + re.split(r"[.\[(), ]", rest)[0])
        if key and rest[0] not in " ()," and self.text[self.at - 1] != "]":
            return f"the key '{key[1]}' goes in brackets: ['{key[1]}']"
        return f"nothing more is expected after this, found {rest!r}"

    def take(self, token: str) -> bool:
        if not self.text.startswith(token, self.at):
            return False
        self.at += len(token)
        self.blanks()
        return True

    def need(self, token: str, why: str) -> None:
        if not self.take(token):
            raise ExpressionError(f"'{token}' is expected {why}", self.at)

    def match(self, pattern: re.Pattern[str]) -> str | None:
        found = pattern.match(self.text, self.at)
        if not found:
            return None
        self.at = found.end()
        return found.group()

    def expression(self) -> Expression:
        if self.text.startswith("$", self.at):
            return self.path()
        start = self.at
        name = self.match(_PLAIN)
        if name is None:
            raise ExpressionError("a path such as $.order_id or a function is expected", start)
        self.blanks()
        build = _FUNCTIONS.get(name)
        if build is None:
            raise ExpressionError(self.no_function(name, start), start)
        self.need("(", f"after {name}")
        result = build(self)
        self.need(")", f"to close {name}(")
        return result

    def no_function(self, name: str, start: int) -> str:
        """What to say of a name that begins an expression: a function misspelt, a path without `$`, or SQL."""
        if self.text.startswith("(", self.at):
            hint = did_you_mean(name, _FUNCTIONS) or f"; there are {', '.join(_FUNCTIONS)}"
            return f"unknown function '{name}'{hint}"
        bare = re.match(r"[\w.\[\]*'\"-]+", self.text[start:])
        if bare and self.text[start + bare.end() :].lstrip()[:1] in ("", ")", ","):
            return f"a path begins with $: did you mean '$.{bare[0]}'?"
        return f"a path such as $.order_id or a function of one is expected, found '{name}': SQL is not executed here"

    def path(self) -> Path:
        self.at += 1  # the $
        steps: list[Step] = []
        while (step := self.step()) is not None:
            steps.append(step)
            if len(steps) > MAX_STEPS:
                raise ExpressionError(f"a path of over {MAX_STEPS} steps leads deeper than documents are read", self.at)
        self.blanks()
        return Path(tuple(steps))

    def step(self) -> Step | None:
        if self.text.startswith("..", self.at):
            raise ExpressionError("'..' is not supported: name every level", self.at)
        if self.text.startswith(".", self.at):
            self.at += 1
            if self.text.startswith("*", self.at):
                raise ExpressionError("'.*' is not supported: [*] stands for the elements of an array", self.at)
            name = self.match(_PLAIN)
            if name is None:
                raise ExpressionError("a name is expected after '.'; other keys go in brackets: ['order-id']", self.at)
            return name
        if self.text.startswith("[", self.at):
            return self.bracket()
        return None

    def bracket(self) -> Step:
        start = self.at
        self.at += 1
        self.blanks()
        step = self.selector(start)
        self.blanks()
        if self.text.startswith(":", self.at):
            raise ExpressionError("slices are not supported: [*] takes every element, [0] one", self.at)
        if not self.text.startswith("]", self.at):
            raise ExpressionError("']' is expected to close '['", self.at)
        self.at += 1
        return step

    def selector(self, start: int) -> Step:
        if self.text.startswith("*", self.at):
            self.at += 1
            return EACH
        if (number := self.match(re.compile(r"-?(0|[1-9][0-9]{0,14})(?![0-9])"))) is not None:
            if number == "-0":
                raise ExpressionError("-0 is not an index", start + 1)
            return int(number)
        if self.text[self.at : self.at + 1] in ("'", '"'):
            return self.quoted()
        if self.text.startswith("?", self.at):
            raise ExpressionError("filters are not supported: [*] takes every element, [0] one", self.at)
        raise ExpressionError("a quoted key, an index or * is expected in brackets", self.at)

    def quoted(self) -> str:
        """A name selector in either quotes, with JSON's escapes (RFC 9535, 2.3.1)."""
        start, quote = self.at, self.text[self.at]
        self.at += 1
        parts: list[str] = []
        while True:
            if self.at >= len(self.text):
                raise ExpressionError(f"the text is not closed: {quote} is missing", start)
            char = self.text[self.at]
            if char == quote:
                self.at += 1
                break
            if char == "\\":
                parts.append(self.escape(quote))
                continue
            parts.append('\\"' if char == '"' else char)
            self.at += 1
        try:
            text = str(json.loads('"' + "".join(parts) + '"'))
            text.encode()  # half a surrogate pair is no text
        except ValueError as error:
            raise ExpressionError("the text in quotes has a character that must be escaped", start) from error
        return text

    def escape(self, quote: str) -> str:
        pair = self.text[self.at : self.at + 2]
        if pair == "\\'" and quote == "'":
            self.at += 2
            return "'"
        found = self.match(re.compile(r'\\(["\\/bfnrt]|u[0-9a-fA-F]{4})'))
        if found is None or (found == '\\"' and quote == "'"):
            raise ExpressionError(f"{pair!r} is not an escape", self.at)
        return found

    def literal(self) -> str:
        if self.text[self.at : self.at + 1] not in ("'", '"'):
            raise ExpressionError("a text in quotes is expected, such as ''", self.at)
        text = self.quoted()
        self.blanks()
        return text

    def integer(self) -> int:
        number = self.match(re.compile(r"-?[0-9]{1,2}(?![0-9.])"))
        if number is None:
            raise ExpressionError("a power of ten between -99 and 99 is expected, such as -2", self.at)
        self.blanks()
        return int(number)


def _text(function: Literal["trim", "lower", "upper"]) -> Callable[[_Parser], Expression]:
    return lambda parser: Text(function, parser.expression())


def _nullif(parser: _Parser) -> Expression:
    argument = parser.expression()
    parser.need(",", "in nullif(path, '')")
    return NullIf(argument, parser.literal())


def _coalesce(parser: _Parser) -> Expression:
    arguments = [parser.expression()]
    while parser.take(","):
        arguments.append(parser.expression())
    if len(arguments) < 2:
        raise ExpressionError("coalesce takes two paths or more", parser.at)
    return Coalesce(tuple(arguments))


def _index(parser: _Parser) -> Expression:
    start = parser.at
    path = parser.expression()
    if not isinstance(path, Path) or not path.steps or path.steps[-1] is not EACH:
        raise ExpressionError("index takes a path that ends with [*], such as $.products[*]", start)
    return Index(path)


def _scale(parser: _Parser) -> Expression:
    argument = parser.expression()
    parser.need(",", "in scale(path, -2)")
    return Scale(argument, parser.integer())


def is_timezone(name: str) -> bool:
    """Whether the IANA database has this name (asking it for all its names takes 80 ms)."""
    if name in ("", "localtime", "posixrules") or name.startswith(("right/", "posix/")):
        return False  # of this machine, or without a name in the database
    try:
        ZoneInfo(name)
    except (ValueError, KeyError, OSError):  # not a key; no such zone; a folder of zones
        return False
    return True


def _date(parser: _Parser) -> Expression:
    argument = parser.expression()
    if not parser.take(","):
        return Day(argument)
    start = parser.at
    timezone = parser.literal()
    if not is_timezone(timezone):
        raise ExpressionError(
            f"unknown time zone '{timezone}': an IANA name is expected, such as America/Recife", start
        )
    return Day(argument, timezone)


def _json(parser: _Parser) -> Expression:
    start = parser.at
    path = parser.expression()
    if not isinstance(path, Path):
        raise ExpressionError("json takes a path", start)
    return Json(path)


_FUNCTIONS: dict[str, Callable[[_Parser], Expression]] = {
    "trim": _text("trim"),
    "lower": _text("lower"),
    "upper": _text("upper"),
    "nullif": _nullif,
    "coalesce": _coalesce,
    "index": _index,
    "scale": _scale,
    "date": _date,
    "json": _json,
}
