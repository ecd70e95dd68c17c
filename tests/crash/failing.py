"""A storage that fails at one call: as a broken S3 does, or as a process does that is killed there."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from etl.errors import Conflict, StorageError

When = Literal["before", "amid", "after"]
Kind = Literal["error", "kill", "echo"]


class Killed(BaseException):
    """The process ends here: nothing that catches errors sees it."""


@dataclass(frozen=True)
class Fault:
    """Call number `at` (from 0) fails before its effect, after it, or amid it (some of several objects removed).

    error: the storage says so. kill: so does every later call, none of which has an effect. echo: the write is done,
    the answer is lost, and the client that tries again is told that it came too late.
    """

    at: int
    when: When
    kind: Kind


class Passing:
    """Passes calls on to a storage, and keeps their names."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.names: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            self.names.append(name)
            return self.called(name, lambda *given: getattr(self.inner, name)(*(given or args), **kwargs), args)

        return call

    def called(self, name: str, call: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        return call()


class Failing(Passing):
    """Fails as `fault` says. With `meanwhile`, something else happens right before the call of that number."""

    def __init__(
        self, inner: Any, fault: Fault | None, meanwhile: tuple[int, Callable[[], object]] | None = None
    ) -> None:
        super().__init__(inner)
        self.fault, self.meanwhile = fault, meanwhile
        self.dead = False

    def called(self, name: str, call: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        number = len(self.names) - 1
        if self.dead:
            raise Killed
        if self.meanwhile and self.meanwhile[0] == number:
            self.meanwhile[1]()
        if self.fault is None or self.fault.at != number:
            return call()
        self._take_effect(self.fault, name, call, args)
        raise self._failure(self.fault)

    def _take_effect(self, fault: Fault, name: str, call: Callable[..., Any], args: tuple[Any, ...]) -> None:
        if fault.when == "after":
            with suppress(StorageError):
                call()
        elif fault.when == "amid" and name == "delete":
            call(list(args[0])[::2])

    def _failure(self, fault: Fault) -> BaseException:
        if fault.kind == "kill":
            self.dead = True
            return Killed()
        if fault.kind == "echo":
            return Conflict("another version is here than the one expected")
        return StorageError("the storage failed")


def faults(names: list[str]) -> Iterator[Fault]:
    """Every fault that there is in a run of these calls."""
    for at, name in enumerate(names):
        moments: list[When] = ["before", "amid", "after"] if name == "delete" else ["before", "after"]
        for when in moments:
            yield Fault(at, when, "error")
            yield Fault(at, when, "kill")
        if name == "write":
            yield Fault(at, "after", "echo")
