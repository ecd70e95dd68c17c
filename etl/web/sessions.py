"""Who may come in: a token that works once, and the session that it opens. Nothing is kept beyond the process."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Tone = Literal["good", "bad", "plain"]
_MESSAGES = 20
_SESSIONS = 32  # browsers of one person


@dataclass(frozen=True, slots=True)
class Message:
    """What an action came to, told on the next page. `link` leads on from there: words, and an address here."""

    text: str
    tone: Tone = "plain"
    link: tuple[str, str] | None = None


@dataclass(slots=True)
class Session:
    """One browser's. `csrf` stands in each of its forms; `revealed`: since when a record (folder, number) is shown."""

    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    messages: list[Message] = field(default_factory=list)
    revealed: dict[tuple[str, int], datetime] = field(default_factory=dict)

    def tell(self, message: Message) -> None:
        self.messages = [*self.messages, message][-_MESSAGES:]

    def told(self) -> list[Message]:
        """The messages that are yet to be seen; they are seen then."""
        messages, self.messages = self.messages, []
        return messages


class Door:
    """Opens once for each token; a new one is announced when a spent one is tried, for another browser of the person.

    `announce` is told the token, and shows it where only this person looks.
    """

    def __init__(self, announce: Callable[[str], None]) -> None:
        self._announce = announce
        self._sessions: dict[str, Session] = {}
        self._spent = False
        self.token = secrets.token_urlsafe(32)

    def enter(self, token: str) -> str | None:
        """The id of the new session; None where the token is not, or no more, the one."""
        if not secrets.compare_digest(token.encode(), self.token.encode()):
            return None
        if self._spent:
            self._renew()
            return None
        self._spent = True
        name = secrets.token_urlsafe(32)
        self._sessions[name] = Session()
        while len(self._sessions) > _SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        return name

    def session(self, name: str | None) -> Session | None:
        return self._sessions.get(name or "")

    def _renew(self) -> None:
        self.token, self._spent = secrets.token_urlsafe(32), False
        self._announce(self.token)
