"""The context of a tracker: the settings that it goes by, its secret, and a cache of what is stored already."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping
from datetime import tzinfo
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

import attrs

from omnitrack import forks
from omnitrack.foundation.ids import now_us
from omnitrack.foundation.terms import Given, Terms
from omnitrack.identifiers.scheme import content_id
from omnitrack.identifiers.scheme import forget as forget_texts
from omnitrack.identity.mention import Tenures as Tenures
from omnitrack.identity.mention import holder_at as holder_at
from omnitrack.identity.policy import Policy
from omnitrack.identity.tenures import Held

if TYPE_CHECKING:
    from omnitrack.identifiers.own import OwnList
    from omnitrack.recording.prepare import Resolved
    from omnitrack.storage.contract import Transaction

#: Seconds after which a tracker that only reads looks again whether the store goes by other settings.
LOOK_AFTER = 5.0

K = TypeVar("K")
V = TypeVar("V")

Pair = tuple[bytes, bytes, int]  # (a, b, assurance) of a link of evidence
Earliest = tuple[int, bytes]  # (seen, evidence) of it
Step = tuple[bytes, int]  # an identifier, by its first holder, and a step of time in which it was seen


def _grown(memory: dict[K, V], added: dict[K, V]) -> dict[K, V]:
    memory.update(added)
    return memory


def _bounded(memory: dict[K, V], size: int) -> dict[K, V]:
    """Let the oldest half go when there is too much: a dict keeps the order of insertion, and a new one does not disturb readers of the old."""
    return memory if len(memory) <= size else dict(islice(memory.items(), len(memory) // 2, None))


class Known:
    """A bounded memory of identifiers and links that are stored, so that seeing them again costs no read and no write.

    It holds for one epoch of the store: what an erasure, retraction or reassignment makes stale goes with the epoch, and a transaction
    that relied on it holds the guard to its commit.
    """

    def __init__(self, size: int = 200_000) -> None:
        self._size = size
        self._lock = threading.Lock()
        self.epoch = -1
        self.tenures: dict[bytes, Held] = {}
        self.links: dict[Pair, Earliest] = {}
        self.steps: dict[Step, None] = {}
        self._suppresses: bool | None = None
        self.matching = False  # whether the store keeps the index for matching, as its settings said last
        self.feed = False  # whether the store keeps a feed
        self.look: Callable[[Transaction], None] | None = None  # sees in a transaction whether the settings are others
        self.in_force: Context | None = None  # with the settings that the store went by when they were looked at last
        self._version = 0  # of the record of these
        self._looked_at = time.monotonic()
        self._rebuilding = (-1, 0)  # the epoch at which that was looked at, and until when a rebuild is taken to run
        forks.watch(self)

    def forked(self) -> None:
        """In a child: go on, since what is known holds for its epoch in every process; unless another thread was about to change it."""
        changing = self._lock.locked()
        self._lock = threading.Lock()
        if changing:
            self.forget()

    @property
    def rebuilding(self) -> bool:
        """Whether a rebuild runs beside, as the settings said last; writers keep a journal for it."""
        return self._rebuilding[1] > 0

    def rebuilding_is_doubtful(self, now: int) -> bool:
        """Whether a rebuild was said to run, so long ago that it has to be looked at again."""
        return 0 < self._rebuilding[1] < now

    def put_in_force(self, ctx: Context, version: int) -> None:
        """Have calls go by a context from now on, unless a later one is in force already."""
        with self._lock:
            if version >= self._version:
                self.in_force, self._version = ctx, version

    def settings_are_doubtful(self) -> bool:
        """Whether the settings were not looked at for a while, as where nothing is written; who is asked looks at them now."""
        now = time.monotonic()
        if now - self._looked_at < LOOK_AFTER:
            return False
        self._looked_at = now
        return True

    def note_rebuilding(self, epoch: int, until: int) -> None:
        """Note until when a rebuild is taken to run, 0 for none; of two transactions that note it, that of the later epoch is right."""
        with self._lock:
            if epoch >= self._rebuilding[0]:
                self._rebuilding = (epoch, until)

    def suppresses(self, epoch: int) -> bool | None:
        """Return whether erasures left marks in the store at this epoch; None where that is not known."""
        return self._suppresses if epoch == self.epoch else None

    def is_checked(self, epoch: int) -> bool:
        """Whether the store's settings were compared with this tracker's at this epoch."""
        return epoch == self.epoch

    def view(self, epoch: int) -> tuple[dict[bytes, Held], dict[Pair, Earliest]]:
        """Return what is known at this epoch; read only."""
        if epoch == self.epoch:
            return self.tenures, self.links
        return {}, {}

    def steps_at(self, epoch: int) -> dict[Step, None]:
        """Return when identifiers were seen, as it is known at this epoch; read only."""
        return self.steps if epoch == self.epoch else {}

    def learn(
        self,
        epoch: int,
        tenures: dict[bytes, Held],
        links: dict[Pair, Earliest],
        suppresses: bool,
        steps: dict[Step, None],
    ) -> None:
        """Add what a transaction that has committed wrote or found."""
        with self._lock:
            if epoch < self.epoch:
                return
            if epoch > self.epoch:
                self.tenures, self.links, self.steps, self.epoch = {}, {}, {}, epoch
            self._suppresses = suppresses
            self.tenures = _bounded(_grown(self.tenures, tenures), self._size)
            self.links = _bounded(_grown(self.links, links), self._size)
            self.steps = _bounded(_grown(self.steps, steps), self._size)

    def carry_over(self, epoch: int, holders: Collection[bytes]) -> None:
        """Go on in an epoch that this process began by giving identifiers other holders: what is known of everything else still holds.

        Args:
            holders: all that those identifiers have, or had.
        """
        with self._lock:
            if epoch != self.epoch + 1:
                return
            gone = frozenset(holders)
            self.tenures = {base: held for base, held in self.tenures.items() if base not in gone}
            self.links = {pair: seen for pair, seen in self.links.items() if not (pair[0] in gone or pair[1] in gone)}
            self.epoch = epoch

    def forget(self) -> None:
        """Empty the memory."""
        with self._lock:
            self.tenures, self.links, self.steps, self.epoch, self._suppresses = {}, {}, {}, -1, None


@attrs.frozen(kw_only=True)
class Context:
    """What the use cases of one tracker share."""

    terms: Terms = attrs.field(factory=Terms)
    asked: Given = attrs.field(factory=Given)  # what whoever opened the store gave of these
    secret: bytes = attrs.field(default=b"", repr=False)
    mark_key: bytes = attrs.field(
        default=b"", repr=False
    )  # of the marks that erasures leave; known once the store is open
    known: Known = attrs.field(factory=Known)
    resolved: dict[object, Resolved] = attrs.field(factory=dict, repr=False)
    clock: Callable[[], int] = attrs.field(default=now_us, repr=False, eq=False)  # for leases; microseconds

    @property
    def policy(self) -> Policy:
        """How evidence is read."""
        return self.terms.policy

    @property
    def own(self) -> OwnList:
        """The identifiers of the company."""
        return self.terms.own

    @property
    def placeholders(self) -> OwnList:
        """Values that stand where there is none."""
        return self.terms.placeholders

    @property
    def region(self) -> str | None:
        """In which national numbers are read."""
        return self.terms.region

    @property
    def zone(self) -> tzinfo | None:
        """Of times that come without one."""
        return self.terms.zone

    @property
    def consent_words(self) -> Mapping[str, bool]:
        """Words that are a whole text message, and whether they allow."""
        return self.terms.consent_words

    @property
    def latest(self) -> Context:
        """The context by the settings that the store goes by, as far as this tracker has seen."""
        return self.known.in_force or self

    def moved_to(self, terms: Terms) -> Context:
        """Return the context by other settings. A zone that no store can keep stays this process's own."""
        if "zone" in terms.unsaid and self.zone is not None:
            terms = attrs.evolve(terms, zone=self.zone)
        return attrs.evolve(self, terms=terms, resolved={})

    def go_over(self, terms: Terms, version: int) -> Context:
        """Have every call of this tracker go by other settings from now on; return the context by them.

        Args:
            version: of the record of the settings; what an older snapshot shows does not come into force again.
        """
        moved = self.moved_to(terms)
        self.known.put_in_force(moved, version)
        return moved

    def base_id(self, key: str) -> bytes:
        """Return the content address of an identifier's first holder."""
        return content_id(key, None, self.secret)

    def learn(
        self,
        epoch: int,
        tenures: dict[bytes, Held],
        links: dict[Pair, Earliest],
        suppresses: bool,
        steps: dict[Step, None],
    ) -> None:
        """Add what a transaction that has committed wrote or found; of an epoch that began elsewhere, as an erasure does, forget the texts of before."""
        if epoch > self.known.epoch >= 0:
            self.forget()
        self.known.learn(epoch, tenures, links, suppresses, steps)

    def forget(self) -> None:
        """Forget what is stored, and the texts that were read lately, so that somebody who was erased is in no memory of this process."""
        self.known.forget()
        self.resolved.clear()
        forget_texts()

    def holder_id(self, key: str, since: int, other: bytes = b"") -> bytes:
        """Return the content address of the holder since then; ``other`` tells it from another since the same time."""
        return content_id(key, since, self.secret, other)
