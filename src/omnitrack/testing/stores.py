"""The rules of a store as a whole: what is declared, set-up, closing, opening again, namespaces, and errors of the driver."""

# ruff: noqa: D102 (the name of a test states its rule)

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from omnitrack.errors import BackendError, ConflictError, OmnitrackError
from omnitrack.storage.contract import Backend, Transaction
from omnitrack.testing.base import CAPABILITIES, Caller, ConformanceBase, Reopen, in_threads, need, no_pauses, succeeded
from omnitrack.testing.deletion import everything
from omnitrack.testing.rows import id_of, identifier, record
from omnitrack.testing.transactions import fill


class StoreRules(ConformanceBase):
    """capabilities, setup, close, from_url, reclaim, arun, aclose."""

    # -- what is declared -----------------------------------------------------------------------------------------------
    def test_capabilities_are_declared(self, backend: Backend) -> None:
        declared = getattr(type(backend), "capabilities", None)
        assert isinstance(declared, frozenset), "declare `capabilities`: a frozenset, empty where nothing of it holds"

    def test_no_capability_is_declared_that_the_contract_does_not_name(self, backend: Backend) -> None:
        assert set(getattr(type(backend), "capabilities", ())) <= CAPABILITIES

    # -- set-up and closing ---------------------------------------------------------------------------------------------
    def test_setup_again_leaves_everything(self, run: Caller) -> None:
        run(fill)
        before = run.read(everything)
        run.backend.setup()
        assert run.read(everything) == before

    def test_setup_by_several_at_once_succeeds(self, backend: Backend) -> None:
        backend.run(fill)
        succeeded(in_threads([backend.setup] * 4))
        assert len(backend.run(lambda tx: tx.find_identifiers())) == 1

    def test_closing_twice_is_harmless(self, run: Caller) -> None:
        run(fill)
        run.backend.close()
        run.backend.close()
        asyncio.run(run.backend.aclose())

    def test_closing_before_anything_was_done_is_harmless(self, backend: Backend) -> None:
        backend.close()

    def test_reclaiming_leaves_what_was_not_deleted(self, run: Caller) -> None:
        run(fill)
        run(lambda tx: tx.add_identifiers([identifier(2)]))
        run(lambda tx: tx.delete(identifiers=[id_of(2)]))
        before = run.read(everything)
        run.backend.reclaim()
        assert run.read(everything) == before

    # -- errors ---------------------------------------------------------------------------------------------------------
    def test_an_error_of_the_driver_is_a_backend_error_with_its_cause(self, unreachable: Backend) -> None:
        with pytest.raises(BackendError) as raised:
            unreachable.run(lambda tx: tx.find_identifiers(ids=[id_of(1)]))
        assert isinstance(raised.value.__cause__, Exception)
        assert not isinstance(raised.value.__cause__, OmnitrackError)
        unreachable.close()

    def test_an_error_of_the_driver_is_the_same_through_arun(self, unreachable: Backend) -> None:
        async def ask() -> None:
            try:
                await unreachable.arun(lambda tx: tx.find_identifiers(ids=[id_of(1)]))
            finally:
                await unreachable.aclose()

        with pytest.raises(BackendError) as raised:
            asyncio.run(ask())
        assert isinstance(raised.value.__cause__, Exception)
        assert not isinstance(raised.value.__cause__, OmnitrackError)

    def test_setup_of_a_store_that_cannot_be_reached_is_a_backend_error(self, unreachable: Backend) -> None:
        with pytest.raises(BackendError):
            unreachable.setup()
        unreachable.close()

    def test_an_option_that_the_backend_does_not_know_is_refused(self, reopen: Reopen) -> None:
        with pytest.raises(BackendError, match="no_such_option"):
            reopen(no_such_option=True)

    # -- opened again ---------------------------------------------------------------------------------------------------
    def test_what_was_committed_is_there_after_closing_and_opening_again(self, run: Caller, reopen: Reopen) -> None:
        run(fill)
        run(lambda tx: tx.guard(exclusive=True))
        before = run.read(lambda tx: (tx.guard(), everything(tx)))
        need(run.backend, "persistent", "the store is gone with its last backend")
        run.backend.close()
        again = reopen()
        again.setup()
        assert again.run(lambda tx: (tx.guard(), everything(tx)), write=False) == before
        again.close()

    def test_what_was_rolled_back_is_not_there_after_opening_again(self, run: Caller, reopen: Reopen) -> None:
        def fn(tx: Transaction) -> None:
            fill(tx)
            raise LookupError

        with pytest.raises(LookupError):
            run(fn)
        run.backend.close()
        again = reopen()
        again.setup()
        assert [rows for rows in again.run(everything).values() if rows] == []
        again.close()

    def test_two_backends_on_one_store_see_what_the_other_committed(self, run: Caller, reopen: Reopen) -> None:
        other = reopen()
        other.setup()
        run(lambda tx: tx.add_identifiers([identifier(1)]))
        assert other.run(lambda tx: tx.find_identifiers()) == [identifier(1)]
        other.run(lambda tx: tx.delete(identifiers=[id_of(1)]))
        assert run.read(lambda tx: tx.find_identifiers()) == []
        other.close()

    def test_two_backends_on_one_store_lose_no_count(self, run: Caller, reopen: Reopen) -> None:
        need(run.backend, "processes", "one backend at a time has the store open")
        backends = [run.backend, reopen(), reopen()]
        run(lambda tx: tx.put_records([record("count", "0")]))

        def count(tx: Transaction) -> None:
            (row,) = tx.find_records("kit", keys=["count"])
            tx.put_records([row._replace(value=str(int(row.value) + 1))])

        def counting(backend: Backend) -> Callable[[], object]:
            return lambda: [backend.run(count) for _ in range(5)]

        succeeded(in_threads([counting(backend) for backend in backends]))
        assert run.read(lambda tx: tx.find_records("kit"))[0].value == "15"
        for backend in backends[1:]:
            backend.close()

    def test_a_first_setup_by_several_at_once_succeeds(self, reopen: Reopen) -> None:
        backends = [reopen(namespace="at_once") for _ in range(3)]
        together = threading.Barrier(3)

        def first(backend: Backend) -> Callable[[], object]:
            return lambda: (together.wait(30), backend.setup())

        succeeded(in_threads([first(backend) for backend in backends]))
        backends[0].run(fill)
        assert len(backends[1].run(lambda tx: tx.find_identifiers())) == 1
        for backend in backends:
            backend.close()

    # -- namespaces -----------------------------------------------------------------------------------------------------
    def test_namespaces_of_one_store_see_nothing_of_each_other(self, run: Caller, reopen: Reopen) -> None:
        one, two = reopen(namespace="brand_one"), reopen(namespace="brand_two")
        one.setup()
        two.setup()
        one.run(fill)
        epoch = two.run(lambda tx: tx.guard())
        one.run(lambda tx: tx.guard(exclusive=True))
        assert two.run(lambda tx: tx.guard()) == epoch
        assert [rows for rows in two.run(everything).values() if rows] == []
        assert [rows for rows in run.read(everything).values() if rows] == []
        two.run(fill)
        two.run(lambda tx: tx.delete(identifiers=[id_of(1)], interactions=[id_of(1)], records=[("kit", "a")]))
        assert [len(rows) for rows in one.run(everything).values()] == [1] * 8
        one.close()
        two.close()

    def test_a_namespace_that_another_begins_with_is_another_store(self, run: Caller, reopen: Reopen) -> None:
        names = ("a", "a_b", "a_b_c", "a_omnitrack")
        opened = {name: reopen(namespace=name) for name in names}
        for number, backend in enumerate(opened.values(), 1):
            backend.setup()
            backend.run(lambda tx, number=number: tx.add_identifiers([identifier(number)]))  # type: ignore[misc]
        for number, backend in enumerate(opened.values(), 1):
            assert backend.run(lambda tx: tx.find_identifiers(), write=False) == [identifier(number)]
        opened["a"].run(lambda tx: tx.delete(identifiers=[id_of(number) for number in range(1, 5)]))
        left = [len(backend.run(lambda tx: tx.find_identifiers(), write=False)) for backend in opened.values()]
        assert left == [0, 1, 1, 1]
        assert run.read(lambda tx: tx.find_identifiers()) == []
        for backend in opened.values():
            backend.close()

    @pytest.mark.parametrize(
        "name",
        [
            "Brand",
            "BRAND",
            "b\u212arand",
            "brand-one",
            "brand.one",
            "brand/one",
            "brand one",
            "brand\n",
            "bränd",
            "b%",
            "b" * 41,
        ],
    )
    def test_a_namespace_that_not_every_engine_keeps_apart_is_refused(self, reopen: Reopen, name: str) -> None:
        with pytest.raises(BackendError, match="namespace"):
            reopen(namespace=name)

    def test_an_empty_namespace_is_refused_and_is_not_none(self, reopen: Reopen) -> None:
        with pytest.raises(BackendError, match="namespace"):
            reopen(namespace="")

    # -- async ----------------------------------------------------------------------------------------------------------
    def test_a_cancelled_call_is_done_whole_or_not_at_all(self, run: Caller) -> None:
        if run.mode == "sync":
            pytest.skip("a rule of arun() alone")
        backend = run.backend
        run(lambda tx: tx.guard())

        async def cancel(steps: int) -> None:
            task = asyncio.ensure_future(backend.arun(fill))
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            try:
                await task
            except asyncio.CancelledError:
                pass

        for steps in (0, 1, 2, 3, 5, 8, 13, 40):
            run.loop(cancel(steps))
            left = [len(rows) for rows in run.read(everything).values()]
            assert left in ([0] * 8, [1] * 8), f"half done when cancelled after {steps} steps"
            run(lambda tx: tx.delete(identifiers=[id_of(1)], interactions=[id_of(1)], records=[("kit", "a")]))

    def test_a_conflict_error_leaves_arun_as_it_leaves_run(self, run: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
        no_pauses(monkeypatch)
        with pytest.raises(ConflictError):
            run(lambda tx: tx.put_records([record("a", "", 5)]))
