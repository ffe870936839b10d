"""Speed, as ratios in one run: omnitrack beside the driver of the same database, on the same rows. Prints the table of the docs.

    python bench/speed.py                     # SQLite, and the servers that answer; some minutes
    python bench/speed.py --size 20000        # smaller
    python bench/speed.py --only load record  # some rows alone

Each row is a median over rounds with its spread (lowest to highest). A ratio of rates is omnitrack's rate over the yardstick's (more is better,
1.00 is the driver itself); a ratio of times is omnitrack's time over the yardstick's (less is better).
"""

from __future__ import annotations

import argparse
import gc
import itertools
import json
import os
import random
import resource
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs

sys.path.insert(0, str(Path(__file__).parent))

import centre
import yardstick

from omnitrack import CustomerNotFoundError, Interaction, Policy, Tracker, open_async
from omnitrack.storage.registry import open_backend

POSTGRESQL = os.environ.get("OMNITRACK_TEST_POSTGRESQL", "postgresql+psycopg://postgres@127.0.0.1:5432/test")
MARIADB = os.environ.get("OMNITRACK_TEST_MARIADB", "mariadb+pymysql://root@127.0.0.1:3306/test")


@attrs.frozen
class Row:
    """One line of the table."""

    what: str
    engine: str
    ratio: float
    low: float
    high: float
    asked: str
    detail: str = ""

    def __str__(self) -> str:
        spread = f"{self.low:.2f}-{self.high:.2f}"
        return f"| {self.what} | {self.engine} | {self.ratio:.2f} | {spread} | {self.asked} | {self.detail} |"


def over(rounds: list[float]) -> tuple[float, float, float]:
    return statistics.median(rounds), min(rounds), max(rounds)


@contextmanager
def frozen() -> Iterator[None]:
    """Keep what is there out of the garbage's collections: the bench's interactions and the rows of the yardstick above all, and in a long load
    what omnitrack remembers from the part before."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def timed(work: Callable[[], Any]) -> float:
    """Return how long some work takes, with what is there before it frozen."""
    with frozen():
        return timed_once(work)


@contextmanager
def place(engine: str) -> Iterator[tuple[str, str | None, Callable[[], Callable[[Any], None]]]]:
    """Yield (url, namespace, what makes a bare writer on it) of an empty store."""
    if engine == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "store.db")
            yield f"sqlite:///{path}", None, lambda: yardstick.sqlite_writer(path)
        return
    url = POSTGRESQL if engine == "postgresql" else MARIADB
    namespace = f"bench_{secrets.token_hex(4)}"
    make = yardstick.postgresql_writer if engine == "postgresql" else yardstick.mariadb_writer
    try:
        yield url, namespace, lambda: make(url, namespace)
    finally:
        from sqlalchemy import create_engine, text

        admin = create_engine(url, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            drop = "DROP SCHEMA {} CASCADE" if engine == "postgresql" else "DROP DATABASE {}"
            connection.execute(text(drop.format(namespace)))
        admin.dispose()


def opened(url: str, namespace: str | None) -> tuple[Tracker, Any]:
    backend = open_backend(url, namespace=namespace)
    return Tracker(backend, region="GB"), backend


def engines(names: list[str]) -> list[str]:
    found = []
    for name in names:
        try:
            with place(name) as (url, namespace, _):
                tracker, _ = opened(url, namespace)
                tracker.close()
            found.append(name)
        except Exception as error:
            print(f"({name} left out: {str(error).splitlines()[0]})", file=sys.stderr)
    return found


def written_by(engine: str, items: list[Any], batch: int) -> list[yardstick.Written]:
    with place(engine) as (url, namespace, _):
        tracker, backend = opened(url, namespace)
        transactions = yardstick.spied(backend)
        tracker.record_many(items, batch_size=batch)
        tracker.close()
    return transactions


def forget() -> None:
    """Empty what the process remembers of parsed texts: a cold start."""
    from omnitrack.identifiers import scheme

    scheme.forget()


def load(engine: str, size: int, rounds: int) -> Row:
    """record_many in batches of 1,000 from a cold start, beside the driver's fastest way."""
    items = list(centre.interactions(size))
    transactions = written_by(engine, items, 1_000)
    ratios, rates = [], []
    for _ in range(rounds):
        with place(engine) as (url, namespace, _):
            tracker, _ = opened(url, namespace)
            forget()
            mine = timed(lambda tracker=tracker: tracker.record_many(items))
            tracker.close()
        with place(engine) as (url, namespace, make):
            opened(url, namespace)[0].close()
            write = make()
            bare = timed(lambda write=write: [write(t) for t in transactions])
        ratios.append(bare / mine)
        rates.append(size / mine)
    asked = "≥ 0.40" if engine == "sqlite" else "≥ 0.30"
    rows = sum(t.rows() for t in transactions)
    return Row(
        "record_many, rate",
        engine,
        *over(ratios),
        asked,
        f"{statistics.median(rates):,.0f}/s; {rows / size:.1f} rows each",
    )


def percentile(times: list[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


def record(engine: str, size: int, rounds: int) -> list[Row]:
    """Record one interaction a transaction, beside the driver, and SQLAlchemy Core, writing the same rows one transaction each."""
    items = list(centre.interactions(size))
    transactions = written_by(engine, items, 1)
    by_driver, by_core, tails, rates = [], [], [], []
    for _ in range(rounds):
        with place(engine) as (url, namespace, _):
            tracker, _ = opened(url, namespace)
            forget()
            mine = each_timed(lambda fields, tracker=tracker: tracker.record(**fields), list(map(fields_of, items)))
            tracker.close()
        with place(engine) as (url, namespace, make):
            opened(url, namespace)[0].close()
            bare = each_timed(make(), transactions)
        with place(engine) as (url, namespace, _):
            opened(url, namespace)[0].close()
            prepare, write = yardstick.core_writer(url, namespace)
            core = each_timed(write, list(map(prepare, transactions)))
        by_driver.append(sum(bare) / sum(mine))
        by_core.append(sum(core) / sum(mine))
        tails.append(percentile(mine, 0.99) / percentile(bare, 0.99))
        rates.append(size / sum(mine))
    return [
        Row("record, rate", engine, *over(by_driver), "≥ 0.30", f"{statistics.median(rates):,.0f}/s"),
        Row("record, rate by Core's", engine, *over(by_core), "≥ 0.60"),
        Row("record, p99 time", engine, *over(tails), "≤ 4"),
    ]


FIELDS = [
    "channel",
    "occurred_at",
    "direction",
    "customers",
    "kind",
    "ended_at",
    "subject",
    "body",
    "agent",
    "outcome",
    "source",
    "source_id",
]


def fields_of(item: Interaction) -> dict[str, Any]:
    """Return what record() is called with."""
    return {name: getattr(item, name) for name in FIELDS}


def each_timed(work: Callable[[Any], Any], items: list[Any]) -> list[float]:
    """Return how long the work takes on each item, with what is there before frozen."""
    with frozen():
        return [timed_once(lambda item=item: work(item)) for item in items]  # type: ignore[misc]


def timed_once(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


PAGE = """
SELECT i.* FROM omnitrack_entries e JOIN omnitrack_interactions i ON i.id = e.interaction
WHERE e.identifier = {mark} AND e.removed_at IS NULL AND e.role = 0
ORDER BY e.occurred_at DESC, e.interaction DESC LIMIT {limit}
"""


def bare_reader(engine: str, url: str, namespace: str | None) -> Callable[[str, list[Any]], list[Any]]:
    """Return what runs a query with the bare driver."""
    if engine == "sqlite":
        import sqlite3

        connection: Any = sqlite3.connect(url.removeprefix("sqlite:///"))
        cursor = connection.cursor()

        def run(text: str, values: list[Any]) -> list[Any]:
            return cursor.execute(text.replace("{mark}", "?"), values).fetchall()  # type: ignore[no-any-return]

        return run
    if engine == "postgresql":
        import psycopg

        connection = psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
        connection.execute(f"SET search_path TO {namespace}")
        # Left to itself the server sorts the whole history for the first fifty; the yardstick is the faster plan.
        connection.execute("SET enable_bitmapscan = off")
        cursor = connection.cursor(binary=True)
    else:
        import pymysql
        from sqlalchemy import make_url

        where = make_url(url)
        connection = pymysql.connect(
            host=where.host, user=where.username, password=where.password or "", database=namespace, autocommit=True
        )
        cursor = connection.cursor()

    def run_server(text: str, values: list[Any]) -> list[Any]:
        cursor.execute(text.replace("{mark}", "%s"), values)
        return list(cursor.fetchall())

    return run_server


def analyse(url: str, namespace: str | None) -> None:
    """Have the server look at its tables, as it does by itself a minute after a load: the yardstick's plans go by what it sees."""
    from sqlalchemy import create_engine, text

    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        for table in ("entries", "interactions", "identifiers"):
            connection.execute(text(f"ANALYZE {namespace}.omnitrack_{table}"))
    admin.dispose()


def core_reader(url: str, namespace: str | None) -> tuple[Any, Any]:
    """Return (connection, tables) of SQLAlchemy Core."""
    from sqlalchemy import create_engine

    from omnitrack.storage.sql.tables import make_tables

    return create_engine(url, isolation_level="AUTOCOMMIT").connect(), make_tables(schema=namespace)


def per_call(work: Callable[[], Any], calls: int = 200) -> float:
    times = []
    for _ in range(calls):
        times.append(timed_once(work))
    return statistics.median(times)


def reads(engine: str, size: int, rounds: int) -> list[Row]:
    """timeline(identifier).page(50) and customer(identifier), beside the bare driver and SQLAlchemy Core."""
    from sqlalchemy import select

    with place(engine) as (url, namespace, _):
        tracker, _ = opened(url, namespace)
        tracker.record_many(centre.interactions(size))
        # Somebody with a long history, under one anchor.
        long = f"phone:{centre.phone_of(3)}"
        rnd = random.Random(1)
        tracker.record_many(centre.interaction(rnd, 3, "x", centre.START, 10_000_000 + n) for n in range(2_000))
        if engine == "postgresql":
            analyse(url, namespace)
        who = "x:user3"
        bare, (connection, tables) = bare_reader(engine, url, namespace), core_reader(url, namespace)
        anchor = tracker._ctx.base_id("x:user3")
        text = PAGE.format(mark="{mark}", limit=50)
        e, i, t = tables.entries, tables.interactions, tables.identifiers
        page = (
            select(i)
            .join(e, e.c.interaction == i.c.id)
            .where(e.c.identifier == anchor, e.c.removed_at.is_(None), e.c.role == 0)
            .order_by(e.c.occurred_at.desc(), e.c.interaction.desc())
            .limit(50)
        )
        by_bare, by_core, customer = [], [], []
        assert len(tracker.timeline(who).page(50)) == len(bare(text, [anchor])) == 50
        person = tracker._ctx.base_id(long)
        home = select(t.c.customer).where(t.c.id == person).scalar_subquery()
        members = select(t).where(t.c.customer == home)
        for _ in range(rounds):
            mine = per_call(lambda: tracker.timeline(who).page(50))
            by_bare.append(mine / per_call(lambda: bare(text, [anchor])))
            by_core.append(mine / per_call(lambda: connection.execute(page).all()))
            customer.append(
                per_call(lambda: tracker.customer(long)) / per_call(lambda: connection.execute(members).all())
            )
        connection.close()
        connection.engine.dispose()
        tracker.close()
    return [
        Row("timeline page of 50, time, by the driver", engine, *over(by_bare), "≤ 6"),
        Row("timeline page of 50, time, by Core", engine, *over(by_core), "≤ 2"),
        Row("customer, time, by Core", engine, *over(customer), "≤ 2"),
    ]


def depth(engine: str, rounds: int, length: int = 100_000) -> list[Row]:
    """Page 1,000 beside page 1 of a long history, its customer beside one of ten; a customer of 50 identifiers beside the bare union."""
    with place(engine) as (url, namespace, _):
        tracker, _ = opened(url, namespace)
        rnd = random.Random(1)
        tracker.record_many(centre.interaction(rnd, 1, "x", centre.START, n) for n in range(length))
        tracker.record_many(centre.interaction(rnd, 2, "x", centre.START, length + n) for n in range(10))
        if engine == "postgresql":
            analyse(url, namespace)
        cursor = None
        for _ in range(length // 100 - 1):
            cursor = tracker.timeline("x:user1").page(100, cursor).next
        deep = [
            per_call(lambda: tracker.timeline("x:user1").page(100, cursor), 50)
            / per_call(lambda: tracker.timeline("x:user1").page(100), 50)
            for _ in range(rounds)
        ]
        flat = [
            per_call(lambda: tracker.customer("x:user1")) / per_call(lambda: tracker.customer("x:user2"))
            for _ in range(rounds)
        ]
        names = ["account:1@bt", *(f"x:wide{n}" for n in range(49))]
        tracker.close()
    with place(engine) as (url, namespace, _):
        backend = open_backend(url, namespace=namespace)
        tracker = Tracker(backend, policy=Policy(limits={"*": None}))
        for name in names[1:]:
            tracker.link(names[0], name)
        tracker.record_many(
            Interaction(
                channel="x",
                occurred_at=centre.START + timedelta(minutes=n),
                customers=[[names[n % 50]]],
                body=" ".join(centre.WORDS[:25]),
                source="wide",
                source_id=str(n),
            )
            for n in range(10_000)
        )
        if engine == "postgresql":
            analyse(url, namespace)
        bare = bare_reader(engine, url, namespace)
        union = " UNION ALL ".join(f"SELECT * FROM ({PAGE.format(mark='{mark}', limit=50)}) p{n}" for n in range(50))
        text = f"SELECT * FROM ({union}) u ORDER BY occurred_at DESC, id DESC LIMIT 50"
        ids = [tracker._ctx.base_id(name) for name in names]
        assert len(tracker.customer(names[0]).identifiers) == 50
        wide = [
            per_call(lambda: tracker.timeline(names[5]).page(50), 50) / per_call(lambda: bare(text, ids), 50)
            for _ in range(rounds)
        ]
        tracker.close()
    return [
        Row(f"page {length // 100:,} by page 1, time", engine, *over(deep), "≤ 1.5"),
        Row(f"customer of {length:,} interactions by one of 10, time", engine, *over(flat), "flat"),
        Row("customer of 50 identifiers by the bare union, time", engine, *over(wide), "≤ 4"),
    ]


def merges(engine: str, rounds: int) -> Row:
    """A link and its retraction between two long histories, beside two short ones."""
    with place(engine) as (url, namespace, _):
        tracker, _ = opened(url, namespace)
        rnd = random.Random(1)
        for person, length in ((1, 50_000), (2, 50_000), (3, 10), (4, 10)):
            tracker.record_many(
                centre.interaction(rnd, person, "x", centre.START, person * 1_000_000 + n) for n in range(length)
            )

        def merged(a: int, b: int) -> None:
            tracker.retract(tracker.link(f"x:user{a}", f"x:user{b}"))

        ratios = [per_call(lambda: merged(1, 2), 40) / per_call(lambda: merged(3, 4), 40) for _ in range(rounds)]
        tracker.close()
    return Row("merge and split, 50,000 by 10 interactions each, time", engine, *over(ratios), "≤ 1.5")


def partitions(rounds: int, size: int) -> Row:
    """Rebuilding the partition beside scipy's connected_components on the same edges; processor time of both."""
    script = Path(__file__).with_name("rebuilding.py")
    runs = []
    for _ in range(rounds):
        out = subprocess.run([sys.executable, str(script), str(size)], capture_output=True, text=True, check=True)
        runs.append(json.loads(out.stdout))
    solving = [run["solved"] / run["scipy"] for run in runs]
    whole = statistics.median((run["taken"] + run["solved"]) / run["scipy"] for run in runs)
    memory = statistics.median(run["bytes"] for run in runs)
    what = f"partition of {size:,} identifiers and {runs[0]['links']:,} links by scipy's components, time"
    detail = f"{whole:.1f} with ids turned into numbers; {memory:.0f} bytes an identifier (asked: 1,024)"
    return Row(what, "numpy", *over(solving), "≤ 10", detail)


def imports(rounds: int) -> Row:
    """import omnitrack beside importing SQLAlchemy alone."""

    def run(text: str) -> float:
        code = f"import time; s = time.perf_counter(); {text}; print(time.perf_counter() - s)"
        return min(
            float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
            for _ in range(5)
        )

    ratios = [run("import omnitrack") / run("import sqlalchemy") for _ in range(rounds)]
    return Row("import omnitrack by import sqlalchemy, time", "Python", *over(ratios), "≤ 1.1")


def pages(tracker: Tracker, people: int, calls: int = 2_000) -> list[float]:
    """Return the times of first pages of people drawn at random, those with a phone that called."""
    rnd = random.Random(people)
    times: list[float] = []
    while len(times) < calls:
        who = f"phone:{centre.phone_of(rnd.randrange(people))}"
        start = time.perf_counter()
        try:
            tracker.timeline(who).page(50)
        except CustomerNotFoundError:
            continue
        times.append(time.perf_counter() - start)
    return times[calls // 10 :]  # the first compile what they ask


def growth(engine: str, size: int, options: str) -> list[Row]:
    """A long load: its rate from the first tenth to the last, the memory that it takes, and a page at its end beside one at 100,000.

    It takes so long that the machine's own speed is another at its end: each tenth is beside a small load into a new store, at its side in time.
    """

    def memory() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

    early, step, tenth = min(100_000, size // 10), min(10_000, size // 10), size // 10
    rates: list[float] = []
    besides: list[float] = []
    before: list[float] = []
    # After a million what a tracker remembers is as much as it ever will be.
    settled = 1_000_000 if size > 1_000_000 else size // 5
    then = at = end = 0
    with place(engine) as (url, namespace, _):
        tracker, _ = opened(url + options, namespace)
        items = centre.interactions(size)
        for number in range(10):
            spent = 0.0
            for start in range(number * tenth, (number + 1) * tenth, step):
                few = min(step, (number + 1) * tenth - start)
                batch = list(itertools.islice(items, few))  # made outside what is timed
                spent += timed(lambda batch=batch: tracker.record_many(batch))  # type: ignore[misc]
                if not before and start + step >= early:
                    before = pages(tracker, early // 5)
            rates.append(tenth / spent)
            besides.append(small_load(engine, min(20_000, tenth), number))
            if not then and (number + 1) * tenth >= settled:
                then, at = memory(), (number + 1) * tenth
            done = f"{(number + 1) * tenth:,}: {rates[-1]:,.0f}/s, a small load beside it {besides[-1]:,.0f}/s"
            print(f"({done})", file=sys.stderr, flush=True)
        after, end = pages(tracker, size // 5), memory()
        tracker.close()
    tail = percentile(after, 0.95) / percentile(before, 0.95)
    of = f"{size:,}{options and f' ({options[1:]})'}"
    fall = rates[-1] / rates[0]
    return [
        Row(
            f"load of {of}: last tenth by first, rate", engine, *over([fall]), "≥ 0.85",
            f"{rates[0]:,.0f}/s, then {rates[-1]:,.0f}/s; small loads beside them {besides[0]:,.0f}/s, {besides[-1]:,.0f}/s",
        ),
        Row(f"p95 of a page at {size:,} by that at {early:,}", engine, *over([tail]), "≤ 1.3", f"{percentile(after, 0.95) * 1e3:.2f} ms"),
        Row(f"memory at its end by that at {at:,}", engine, *over([end / then]), "flat", f"{end / 2**20:.0f} MiB"),
    ]  # fmt: skip


def pages_of_store(namespace: str, size: int, early: int = 100_000) -> Row:
    """The p95 of a first page in a store on PostgreSQL that a long load left, beside that in a new one of 100,000."""
    tracker, _ = opened(POSTGRESQL, namespace)
    after = pages(tracker, size // 5)
    tracker.close()
    with place("postgresql") as (url, new, _):
        tracker, _ = opened(url, new)
        tracker.record_many(centre.interactions(early))
        before = pages(tracker, early // 5)
        tracker.close()
    p95, then = percentile(after, 0.95), percentile(before, 0.95)
    details = f"{p95 * 1e3:.2f} ms, median {percentile(after, 0.5) * 1e3:.2f}; {then * 1e3:.2f} ms, median {percentile(before, 0.5) * 1e3:.2f}"
    return Row(f"p95 of a page at {size:,} by that at {early:,}", "postgresql", *over([p95 / then]), "≤ 1.3", details)


def small_load(engine: str, size: int, number: int) -> float:
    """Return the rate of a load into a new store, which tells how fast the machine is just now."""
    items = list(centre.interactions(size, seed=number))
    with place(engine) as (url, namespace, _):
        tracker, _ = opened(url, namespace)
        forget()
        rate = size / timed(lambda: tracker.record_many(items))
        tracker.close()
    return rate


def _writer(url: str, namespace: str, start: int, count: int, go: Any, done: Any) -> None:
    tracker, _ = opened(url, namespace)
    items = list(centre.interactions(count, seed=start, start=start))
    go.wait()
    began = time.perf_counter()
    tracker.record_many(items, batch_size=200)
    done.put(time.perf_counter() - began)
    tracker.close()


def processes(rounds: int, count: int) -> Row:
    """Two processes recording at once, beside one, on PostgreSQL."""
    import multiprocessing

    context = multiprocessing.get_context("spawn")

    def rate(number: int) -> float:
        with place("postgresql") as (url, namespace, _):
            opened(url, namespace)[0].close()
            go, done = context.Event(), context.Queue()
            workers = [
                context.Process(target=_writer, args=(url, namespace, 100_000 * (n + 1), count, go, done))
                for n in range(number)
            ]
            for worker in workers:
                worker.start()
            time.sleep(6)  # until they stand ready
            go.set()
            times = [done.get() for _ in workers]
            for worker in workers:
                worker.join()
        return number * count / max(times)

    ratios = [rate(2) / rate(1) for _ in range(rounds)]
    return Row("two processes by one, rate", "postgresql", *over(ratios), "≥ 1.4")


def concurrently(rounds: int) -> Row:
    """A thousand concurrent timelines through AsyncTracker, beside as many from threads on as many connections."""
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

    connections = 8
    with place("postgresql") as (url, namespace, _):
        tracker, _ = opened(url, namespace)
        tracker.record_many(centre.interactions(5_000))
        people = [f"phone:{centre.phone_of(n % 900)}" for n in range(1_000)]

        def read(who: str) -> int:
            try:
                return len(tracker.timeline(who).page(50))
            except CustomerNotFoundError:
                return 0

        def by_threads() -> None:
            with ThreadPoolExecutor(connections) as pool:
                list(pool.map(read, people))

        async def by_tasks() -> float:
            # asyncpg is the driver that an async caller gets where none is named.
            async with open_async(url.replace("+psycopg", ""), namespace=namespace, region="GB") as atracker:
                gate = asyncio.Semaphore(1_000)

                async def one(who: str) -> int:
                    async with gate:
                        try:
                            return len(await atracker.timeline(who).page(50))
                        except CustomerNotFoundError:
                            return 0

                await asyncio.gather(*map(one, people[:50]))
                start = time.perf_counter()
                await asyncio.gather(*map(one, people))
                return time.perf_counter() - start

        by_threads()
        ratios = [timed(by_threads) / asyncio.run(by_tasks()) for _ in range(rounds)]
        tracker.close()
    return Row("a thousand timelines, tasks by threads, rate", "postgresql", *over(ratios), "≥ 0.8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=50_000, help="interactions of a load")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--only", nargs="*", help="load record reads depth merges partition import growth processes async pages"
    )
    parser.add_argument("--engines", nargs="*", default=["sqlite", "postgresql", "mariadb"])
    parser.add_argument("--growth", type=int, help="interactions of the long load; else 20 times --size")
    parser.add_argument("--options", default="", help="of the long load's store, as a URL has them: ?cache_mib=4096")
    parser.add_argument("--store", help="namespace on PostgreSQL with --growth interactions, of which pages are asked")
    chosen = parser.parse_args()
    there = engines(chosen.engines)
    size, rounds = chosen.size, chosen.rounds
    jobs: list[tuple[str, Callable[[], Any]]] = []
    for engine in there:
        jobs += [
            ("load", lambda engine=engine: load(engine, size, rounds)),
            ("record", lambda engine=engine: record(engine, max(2_000, size // 25), rounds)),
            ("reads", lambda engine=engine: reads(engine, size // 2, rounds)),
            ("depth", lambda engine=engine: depth(engine, rounds)),
            ("merges", lambda engine=engine: merges(engine, rounds)),
            ("growth", lambda engine=engine: growth(engine, chosen.growth or size * 20, chosen.options)),
        ]
    jobs += [
        ("partition", lambda: partitions(rounds, size * 20)),
        ("import", lambda: imports(rounds)),
    ]
    if "postgresql" in there:
        jobs += [("processes", lambda: processes(rounds, size // 5)), ("async", lambda: concurrently(rounds))]
    if chosen.store:
        jobs.append(("pages", lambda: pages_of_store(chosen.store, chosen.growth)))
    print(
        f"{os.cpu_count()} cores, shared by client and server; Python {sys.version.split()[0]}; {size:,} interactions\n"
    )
    print("| what | engine | median | spread | asked | |\n|---|---|---|---|---|---|")
    for name, job in jobs:
        if chosen.only and name not in chosen.only:
            continue
        rows = job()
        for row in rows if isinstance(rows, list) else [rows]:
            print(attrs.evolve(row, asked="shown") if row.engine == "mariadb" else row, flush=True)


if __name__ == "__main__":
    main()
