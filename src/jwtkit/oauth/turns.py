"""Turns: one at a time, without a lock and without a thread.

Rules of this room: every hand-over is one `dict.setdefault`, which is atomic, so that of any number who ask at the same
moment exactly one gets the turn. A turn that nobody ends, because its steps were abandoned, ends by itself.
"""

from __future__ import annotations

from typing import Final

__all__ = ["Turn", "Turns"]


class Turn:
    """Somebody's turn, and the one that followed it, once there is one."""

    __slots__ = ("_began", "_next", "_over")

    def __init__(self, began: float) -> None:
        self._began: Final = began
        self._over = False
        self._next: Final[dict[str, Turn]] = {}

    def end(self) -> None:
        """Give the turn back; it is no mistake to do it twice."""
        self._over = True

    def lasts(self, now: float, longest: float) -> bool:
        """Tell whether this turn is still somebody's; a clock that was set back ends it too."""
        return not self._over and abs(now - self._began) < longest

    def followed_by(self, turn: Turn) -> Turn:
        """Give the turn that follows this one: `turn`, unless another one was faster."""
        return self._next.setdefault("turn", turn)

    def newest(self) -> Turn:
        """Give the last one in the row that begins here."""
        turn = self
        while turn._next:
            turn = turn._next["turn"]
        return turn


class Turns:
    """A row of turns, of which only the last one can be somebody's."""

    __slots__ = ("_known", "_longest")

    def __init__(self, longest: float) -> None:
        """Begin a row.

        Args:
            longest: seconds after which a turn that was not given back is taken for abandoned.
        """
        self._longest: Final = longest
        first = Turn(0.0)
        first.end()
        # A late thread may put an older one here; the walk to the newest makes up for it.
        self._known = first

    def take(self, now: float) -> Turn | None:
        """Give a turn that is the caller's until it ends it, or None where another one has it."""
        newest = self._known.newest()
        if newest.lasts(now, self._longest):
            return None
        mine = Turn(now)
        if newest.followed_by(mine) is not mine:
            return None
        self._known = mine
        return mine

    def is_taken(self, now: float) -> bool:
        """Tell whether somebody has the turn."""
        return self._known.newest().lasts(now, self._longest)
