"""Joining: what the calls of a tracker know and check where they are part of a transaction of the host's."""

from __future__ import annotations

from collections.abc import Callable, Collection

import attrs

from omnitrack.errors import HostTransactionError
from omnitrack.foundation.context import Context, Earliest, Known, Pair, Step
from omnitrack.foundation.settings import read_settings
from omnitrack.identity.tenures import Held
from omnitrack.storage.contract import Transaction


class Borrowed(Known):
    """What is known to others of the process, to be read. It learns nothing: the host may roll back what a call has written.

    Args:
        known: what the tracker that was opened knows.
    """

    def __init__(self, known: Known) -> None:
        super().__init__()
        self._known = known
        self.matching, self.feed = known.matching, known.feed

    def suppresses(self, epoch: int) -> bool | None:
        """Return whether erasures left marks in the store at this epoch; None where that is not known."""
        return self._known.suppresses(epoch)

    def is_checked(self, epoch: int) -> bool:
        """Return False: an epoch may be that of a transaction which is rolled back."""
        return False

    def view(self, epoch: int) -> tuple[dict[bytes, Held], dict[Pair, Earliest]]:
        """Return what is known at this epoch; read only."""
        return self._known.view(epoch)

    def steps_at(self, epoch: int) -> dict[Step, None]:
        """Return when identifiers were seen, as it is known at this epoch; read only."""
        return self._known.steps_at(epoch)

    def learn(
        self,
        epoch: int,
        tenures: dict[bytes, Held],
        links: dict[Pair, Earliest],
        suppresses: bool,
        steps: dict[Step, None],
    ) -> None:
        """Learn nothing."""

    def carry_over(self, epoch: int, holders: Collection[bytes]) -> None:
        """Carry nothing over: the epoch may be that of a transaction which is rolled back."""


def joined_context(ctx: Context) -> Context:
    """Return the context of calls that are part of a transaction of the host's."""
    return attrs.evolve(ctx, known=Borrowed(ctx.known))


def check_store(context: Callable[[], Context]) -> Callable[[Transaction], None]:
    """Return what is called first in each transaction of the host's: it sees that the store in it is that of the tracker.

    Args:
        context: of the tracker that was opened, which a call of another task may open first.
    """

    def check(tx: Transaction) -> None:
        settings = read_settings(tx)
        if settings is None or settings.mark_key != context().mark_key:
            raise HostTransactionError(
                "transaction: the store on its connection is another one, accepted is one to the database of the store"
            )

    return check
