"""What goes on round a run: told when it begins and when it ends, whatever becomes of the telling."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from etl.contract.model import Contract
from etl.errors import EtlError
from etl.lineage.configured import is_configured
from etl.lineage.sending import Sending

if TYPE_CHECKING:
    from etl.lineage.events import Replayed, ToldReplay, ToldRun

Came = TypeVar("Came")
Report = TypeVar("Report", bound=Mapping[str, Any])
Outcome = TypeVar("Outcome", bound="Replayed")
Warn = Callable[[str, str], None]
"""Is given a location and a reason."""

_PATIENCE = 10.0  # seconds that a run, which is committed then, waits for its events to be sent
_PAUSE = 60.0  # seconds in which nothing is told after that failed: of many uploads few have to wait
_LENGTH = 1_000  # characters of a reason


class Lineage:
    """Tells OpenLineage of runs; where it is not configured, and while its server is away, of none.

    One for many uploads, since it remembers a failure for a minute. `warn` hears of events that could not be sent: once
    for each pause, never as an exception.
    """

    def __init__(self, warn: Warn) -> None:
        self._warn = warn
        self._is_on = is_configured()
        self._silent_until = 0.0

    def follow(self, location: str, contract: Contract, run: Callable[[], Report]) -> Report:
        """`run()`, told of: it processes the upload at `location`, and gives its run report or raises, as does this.

        The run never fails for want of lineage; it may take up to ten seconds longer.
        """
        return self._follow(lambda: _Following(location, contract), run)

    def replay(self, folder: str, contract: Contract, run: Callable[[], Outcome]) -> Outcome:
        """Likewise of a replay of the quarantine folder at `folder`; not of one that only tries."""
        return self._follow(lambda: _Following(folder, contract, replays=True), run)

    def _follow(self, begin: Callable[[], _Following], run: Callable[[], Came]) -> Came:
        if not self._is_on or time.monotonic() < self._silent_until:
            return run()
        following = begin()
        try:
            came = run()
        except BaseException as error:
            following.failed(error)
            self._conclude(following)
            raise
        following.completed(came)
        self._conclude(following)
        return came

    def _conclude(self, following: _Following) -> None:
        if fault := following.sending.finish(_PATIENCE):
            self._silent_until = time.monotonic() + _PAUSE
            reason = f"OpenLineage could not be told of this run, nor is it of those of the next minute: {fault}"
            self._warn(following.location, reason)


class _Following:
    """One run while it is followed. The events are made where they are sent."""

    def __init__(self, location: str, contract: Contract, *, replays: bool = False) -> None:
        self.location = location
        self.sending = Sending()
        self._replays = replays
        self._contract = contract
        self._began = datetime.now(UTC)
        self.sending.send(lambda: self._told.started(self._began))

    def completed(self, came: Any) -> None:
        ended = datetime.now(UTC)
        self.sending.send(lambda: self._told.completed(came, ended))

    def failed(self, error: BaseException) -> None:
        ended, reason = datetime.now(UTC), _reason(error)
        self.sending.send(lambda: self._told.failed(reason, ended))

    @cached_property
    def _told(self) -> ToldRun | ToldReplay:
        from openlineage.client.constants import DEFAULT_NAMESPACE_NAME
        from openlineage.client.uuid import generate_new_uuid

        from etl.lineage import events

        namespace = os.environ.get("OPENLINEAGE_NAMESPACE") or DEFAULT_NAMESPACE_NAME
        kind = events.ToldReplay if self._replays else events.ToldRun
        return kind(str(generate_new_uuid(self._began)), namespace, self._contract, self.location)


def _reason(error: BaseException) -> str | None:
    """Why a run failed, without values of records; None where it was stopped.

    Our own errors name places, and say nothing of what uploads hold. Of others it is not known: their kind must do.
    """
    match error:
        case EtlError():
            return " ".join(str(error).split())[:_LENGTH]
        case Exception():
            return f"{type(error).__name__}: this is a bug"
    return None
