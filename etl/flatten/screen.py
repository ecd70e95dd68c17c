"""Which records are straight: one JSON object each, of exactly the shape and types that the contract reads.

Told by a typed msgspec decoder, made from the tree of fields: what it refuses goes the per-record way. It sees the
records of pieces that Arrow refuses, and every record where something looks at what it decodes. Fields that no column
reads are learned as they turn up, so that a feed that always carries them stays straight.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Annotated, Any

import jiter
import msgspec
import pyarrow as pa

from etl.contract.expressions import EACH, Each, Path, Step
from etl.flatten.fields import Node

_LEARNED_AT_MOST = 64  # a feed with more unknown fields than this goes record by record
_REFUSALS = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_KEY_END = b'":'
_write = msgspec.json.Encoder().encode
Steps = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Screened:
    """Indexes of the straight records, and what was decoded of them where something looks at that."""

    straight: list[int]
    decoded: list[Any] | None


class Screen:
    """A typed decoder for one contract. Not changed once made, so that blocks can be screened at the same time.

    `reading` gives the Arrow type under which a leaf is read; `learned` are unknown fields taken as known.
    """

    def __init__(
        self, root: Node, reading: Callable[[Steps, Node], pa.DataType], learned: AbstractSet[Steps] = frozenset()
    ) -> None:
        self._root = root
        self._reading = reading
        self._attributes: dict[tuple[Steps, str], str] = {}
        self.learned = learned
        self._raw: list[Steps] = []  # what is decoded to its slice of the text: read by `json()`, or learned
        self._decoder = msgspec.json.Decoder(self._type(root, ()))
        self._keys = {f'"{name}"'.encode(): paths for name, paths in _by_last(self._raw).items()}

    def learning(self, paths: AbstractSet[Path]) -> Screen:
        """A screen that takes these unknown fields as known too; this one, if there is nothing to learn."""
        learned = self.learned | {path.steps for path in paths if _nameable(path)}
        if learned == self.learned or len(learned) > _LEARNED_AT_MOST:
            return self
        return Screen(self._root, self._reading, learned)

    @property
    def looks(self) -> bool:
        """Whether something looks at what it decodes: at unknown fields, or at what `json()` reads."""
        return bool(self._raw)

    def split(self, texts: Sequence[bytes]) -> Screened:
        """Screen the records of a block."""
        if not self.looks:
            return Screened(self._check(texts), None)
        return self._decode(texts)

    def _check(self, texts: Sequence[bytes]) -> list[int]:
        decode, straight = self._decoder.decode, []
        for index, text in enumerate(texts):
            try:
                item = decode(text)
            except _REFUSALS:
                continue
            if _has_keys_once(item, text) or is_sound(text):
                straight.append(index)
        return straight

    def _decode(self, texts: Sequence[bytes]) -> Screened:
        """Keep what was decoded."""
        decode, straight, decoded = self._decoder.decode, [], []
        for index, text in enumerate(texts):
            try:
                item = decode(text)
            except _REFUSALS:
                continue
            if self._is_sound(item, text) or is_sound(text):
                straight.append(index)
                decoded.append(item)
        return Screened(straight, decoded)

    def _is_sound(self, item: Any, text: bytes) -> bool:
        """Whether what Arrow does not read is sure to be sound: only then no other parser need see all of the text.

        A key stands in the text as often as objects have it, so that none has it twice; and each slice by itself is
        sound, as deep in arrays as it lies in the document. Where anything is escaped, a key may be, too.
        """
        if b"\\" in text:
            return False
        for key, paths in self._keys.items():
            slices = [(found, len(steps)) for steps in paths for found in self._found(item, steps)]
            if text.count(key) != len(slices):
                return False
            for found, depth in slices:
                if not is_sound(b"[" * depth + bytes(found) + b"]" * depth):
                    return False
        return True

    def _found(self, item: Any, steps: Steps) -> Iterable[Any]:
        """The slices at a path of a record; quicker than `_slices` where the record itself has the field."""
        if len(steps) > 1:
            return self._slices(item, steps, ())
        value = getattr(item, self._attributes[(), str(steps[0])])
        return () if value is msgspec.UNSET else (value,)

    def _slices(self, value: Any, steps: Steps, done: Steps) -> Iterator[Any]:
        """What there is at a path, for every element of its `[*]`s."""
        if value is None or value is msgspec.UNSET:
            return
        if not steps:
            yield value
        elif isinstance(steps[0], Each):
            for element in value:
                yield from self._slices(element, steps[1:], (*done, EACH))
        else:
            yield from self._slices(self._member(value, steps[0], done), steps[1:], (*done, steps[0]))

    def values(self, decoded: Sequence[Any], path: Path) -> list[Any]:
        """What `json()` reads, for every element of the path's `[*]`s in document order; None where absent."""
        return [value for item in decoded for value in self._values(item, path.steps, ())]

    def _values(self, value: Any, steps: Steps, done: Steps) -> Iterator[Any]:
        if not steps:
            yield None if value is None or value is msgspec.UNSET else value
        elif value is None or value is msgspec.UNSET:
            if EACH not in steps:
                yield None
        elif isinstance(steps[0], Each):
            for element in value:
                yield from self._values(element, steps[1:], (*done, EACH))
        else:
            yield from self._values(self._member(value, steps[0], done), steps[1:], _place(done, steps[0]))

    def _member(self, value: Any, step: str | int, done: Steps) -> Any:
        if isinstance(step, str):
            return getattr(value, self._attributes[done, step])
        return value[step] if -len(value) <= step < len(value) else None

    def holds(self, item: Any, steps: Steps) -> bool:
        """Whether a decoded record has this learned field, anywhere under its `[*]`s."""
        return any(True for _ in self._found(item, steps))

    def _type(self, node: Node, steps: Steps) -> Any:
        if node.whole:
            self._raw.append(steps)
            return msgspec.Raw
        if node.element is not None:
            return list[_or_null(self._type(node.element, (*steps, EACH)))]  # type: ignore[misc]
        if node.names or not node.reads:
            return self._struct(node, steps)
        return _python(self._reading(steps, node))

    def _struct(self, node: Node, steps: Steps) -> Any:
        known = {name: self._type(child, (*steps, name)) for name, child in node.names.items()}
        learned = {path[-1]: msgspec.Raw for path in self.learned if path[:-1] == steps}
        self._raw += [(*steps, name) for name in learned]
        members = [*known.items(), *learned.items()]
        names = {f"f{index}": str(name) for index, (name, _) in enumerate(members)}
        self._attributes.update({(steps, name): attribute for attribute, name in names.items()})
        fields = [(f"f{index}", _optional(type_), msgspec.UNSET) for index, (_, type_) in enumerate(members)]
        return msgspec.defstruct("Object", fields, rename=names, forbid_unknown_fields=True, gc=False)


def _by_last(paths: Sequence[Steps]) -> dict[Step, list[Steps]]:
    """Paths by the name they end with."""
    found: dict[Step, list[Steps]] = {}
    for steps in paths:
        found.setdefault(steps[-1], []).append(steps)
    return found


def _or_null(type_: Any) -> Any:
    """The type or null. msgspec takes `Raw` in no union; it holds a null anyway."""
    return type_ if type_ is msgspec.Raw else type_ | None


def _optional(type_: Any) -> Any:
    """The type, null or nothing at all."""
    return type_ if type_ is msgspec.Raw else type_ | None | msgspec.UnsetType


def _has_keys_once(item: Any, text: bytes) -> bool:
    """Whether what was decoded, written again, has as many keys as the text. msgspec takes a key that comes twice;
    Arrow refuses all that it reads together for it. Quicker than a look by the other parser, which then has the say."""
    return text.count(_KEY_END) == _write(item).count(_KEY_END)


def is_sound(text: bytes) -> bool:
    """Whether the per-record path's parser takes it: no key twice in an object, not nested too deep."""
    try:
        jiter.from_json(text, allow_inf_nan=False, catch_duplicate_keys=True)
    except ValueError:
        return False
    return True


def _place(done: Steps, step: str | int) -> Steps:
    """An index leads to the node that stands for every element."""
    return (*done, EACH if isinstance(step, int) else step)


def _nameable(path: Path) -> bool:
    """Whether msgspec takes the names: it refuses those that JSON would escape."""
    return all(not isinstance(step, str) or _plain(step) for step in path.steps)


def _plain(name: str) -> bool:
    return '"' not in name and "\\" not in name and all(ord(char) >= 32 for char in name)


def unnameable(node: Node) -> bool:
    """Whether some name of the tree can't be screened."""
    children = [*node.names.values(), *([node.element] if node.element else [])]
    return not all(map(_plain, node.names)) or any(map(unnameable, children))


def _python(arrow: pa.DataType) -> Any:
    if pa.types.is_string(arrow):
        return str
    if pa.types.is_boolean(arrow):
        return bool
    if pa.types.is_integer(arrow):
        return _integer(arrow)
    return _decimal(arrow) if pa.types.is_decimal(arrow) else float


def _decimal(arrow: pa.DataType) -> Any:
    """Arrow's reader checks the scale of a decimal but not its precision. Doubles round, but never across a bound."""
    bound = 10.0 ** (arrow.precision - arrow.scale)
    return Annotated[float, msgspec.Meta(gt=-bound, lt=bound)]


def _integer(arrow: pa.DataType) -> Any:
    if pa.types.is_unsigned_integer(arrow):
        top = 2**arrow.bit_width - 1
        return Annotated[int, msgspec.Meta(ge=0, le=top) if arrow.bit_width < 64 else msgspec.Meta(ge=0)]
    edge = 2 ** (arrow.bit_width - 1)
    return Annotated[int, msgspec.Meta(ge=-edge, le=edge - 1)]
