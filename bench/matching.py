"""Accuracy and time of match() beside Splink on the same labelled records, in one run.

    python bench/matching.py --peer /path/to/python/with/splink
    python bench/matching.py --install-peer

The records are Febrl 1 to 4 and Splink's fake_1000; none of their labels is read before the scores are counted. Both sides
run by their defaults: omnitrack is called as match(list) or match(list, list) with no further argument, for all sets alike;
Splink as its published examples set it up for each set (bench/splink_peer.py). Precision, recall and F1 are over pairs of
records. Of Splink five figures are shown, since it leaves the threshold to its user: at the threshold of its own example,
of the pairs over it and of the clusters they make, and at whichever threshold gives the best F1, which takes the labels
to find. Seconds are of one run each, imports aside: by the clock, and of all processors together, which depends less on
what else the machine does.

A second table is of lists of other kinds (bench/sides.py): two that are made up here, and public ones where the folder of data has
them (historical/, schools/, rldata/, restaurants/). Each side runs in a process of its own, and its memory is measured too.
``--only NAME`` names one of the lists. GoldenMatch is run where the Python of ``--peer`` has it; it takes minutes for 50,000 records.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import sides

HERE = Path(__file__).resolve().parent
FILES = {
    "febrl1": ["febrl/dataset1.csv"],
    "febrl2": ["febrl/dataset2.csv"],
    "febrl3": ["febrl/dataset3.csv"],
    "febrl4": ["febrl/dataset4a.csv", "febrl/dataset4b.csv"],
    "fake_1000": ["splink_fake1000/fake_1000.csv"],
}
LABELS = {"rec_id", "unique_id", "cluster"}


def read(path: Path) -> tuple[list[str], list[str], list[dict[str, str]]]:
    """Return the ids of a file, the person that each record is of, and the records without either."""
    ids, persons, records = [], [], []
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, skipinitialspace=True):
            bare = {key.strip(): (value or "").strip() for key, value in row.items() if key}
            key = bare.get("rec_id") or bare["unique_id"]
            ids.append(key)
            persons.append(bare["cluster"] if "cluster" in bare else "-".join(key.split("-")[:2]))
            records.append({column: value for column, value in bare.items() if column not in LABELS})
    return ids, persons, records


class Truth:
    """Who each record is of, and which pairs can be asked for: all of a list, or those between two lists."""

    def __init__(self, lists: Sequence[tuple[list[str], list[str], Any]]) -> None:
        self.person = {key: person for ids, persons, _ in lists for key, person in zip(ids, persons, strict=True)}
        self.source = {key: number for number, (ids, _, _) in enumerate(lists) for key in ids}
        self.between = len(lists) > 1
        self.pairs = self._count(self.person)

    def _count(self, group: dict[str, Any]) -> int:
        pairs = sum(n * (n - 1) // 2 for n in Counter(group.values()).values())
        if self.between:
            inside = Counter((self.source[key], value) for key, value in group.items())
            pairs -= sum(n * (n - 1) // 2 for n in inside.values())
        return pairs

    def of_clusters(self, cluster: dict[str, Any]) -> tuple[float, float, float]:
        """Return precision, recall and F1 of the pairs inside clusters."""
        both = self._count({key: (cluster[key], person) for key, person in self.person.items()})
        return self._figures(both, self._count(cluster))

    def of_pairs(self, pairs: Iterable[tuple[str, str]]) -> tuple[float, float, float]:
        """Return precision, recall and F1 of pairs."""
        hits = [self.person[a] == self.person[b] for a, b in pairs]
        return self._figures(sum(hits), len(hits))

    def _figures(self, right: int, found: int) -> tuple[float, float, float]:
        precision, recall = right / found if found else 0.0, right / self.pairs
        return precision, recall, 2 * right / (found + self.pairs)

    def best(self, pairs: Sequence[tuple[str, str]]) -> tuple[float, float]:
        """Return the best F1 of pairs and of clusters over all thresholds; ``pairs`` is best first."""
        best_pairs = best_clusters = 0.0
        hits = clustered = clustered_hits = 0
        members = {key: [key] for key in self.person}
        for count, (a, b) in enumerate(pairs, 1):
            hits += self.person[a] == self.person[b]
            best_pairs = max(best_pairs, self._figures(hits, count)[2])
            if members[a] is not members[b]:
                for x in members[a]:
                    for y in members[b]:
                        if not self.between or self.source[x] != self.source[y]:
                            clustered += 1
                            clustered_hits += self.person[x] == self.person[y]
                joined = members[a] + members[b]
                members.update(dict.fromkeys(joined, joined))
                best_clusters = max(best_clusters, self._figures(clustered_hits, clustered)[2])
        return best_pairs, best_clusters


def components(keys: Iterable[str], pairs: Iterable[tuple[str, str]]) -> dict[str, int]:
    members = {key: [key] for key in keys}
    for a, b in pairs:
        if members[a] is not members[b]:
            joined = members[a] + members[b]
            members.update(dict.fromkeys(joined, joined))
    return {key: id(group) for key, group in members.items()}


def run_peer(python: str, data: Path) -> dict[str, Any]:
    output = subprocess.run(
        [python, str(HERE / "splink_peer.py"), str(data)], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    found: dict[str, Any] = json.loads(output)
    return found


def install_peer(folder: Path) -> str:
    venv.create(folder, with_pip=True)
    python = str(folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "splink", "goldenmatch", "polars", "pandas", "pyarrow"], check=True
    )
    return python


def measure(data: Path, peer: dict[str, Any] | None) -> None:
    from omnitrack.matching import match

    match([{"name": "Jane Zaleski"}, {"name": "John Smith"}])  # imports, tables of names
    version = f"Splink {peer['version']}" if peer else "Splink"
    print("| set | pairs | omnitrack P | R | F1 | s | CPU s |", end="")
    print(
        f" {version} P | R | F1 | clusters F1 | best F1 pairs | best F1 clusters | s | CPU s |\n" if peer else "\n",
        end="",
    )
    print("|---|---:|---:|---:|---:|---:|---:|" + ("---:|" * 8 if peer else ""))
    for name, files in FILES.items():
        lists = [read(data / file) for file in files]
        truth = Truth(lists)
        started, cpu = time.perf_counter(), time.process_time()
        found = match(*(records for _, _, records in lists))
        seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
        labels = {
            key: label
            for (ids, _, _), part in zip(lists, found.labels, strict=True)
            for key, label in zip(ids, part, strict=True)
        }
        cells = [
            name,
            f"{truth.pairs:,}",
            *(f"{x:.4f}" for x in truth.of_clusters(labels)),
            f"{seconds:.1f}",
            f"{cpu:.1f}",
        ]
        if peer:
            theirs = peer["sets"][name]
            ranked = sorted(theirs["pairs"], key=lambda row: -row[3])
            over = [(a, b) for a, b, probability, _ in ranked if probability >= theirs["threshold"]]
            best = truth.best([(a, b) for a, b, _, _ in ranked])
            cells += [f"{x:.4f}" for x in truth.of_pairs(over)]
            cells += [f"{truth.of_clusters(components(truth.person, over))[2]:.4f}"]
            cells += [f"{x:.4f}" for x in best] + [f"{theirs['seconds']:.1f}", f"{theirs['cpu_seconds']:.1f}"]
        print("| " + " | ".join(cells) + " |", flush=True)


def measure_others(data: Path, python: str | None, only: Sequence[str]) -> None:
    """Print precision, recall, F1, time and memory of each side on lists of other kinds."""
    print(
        "| list | records | pairs | side | P | R | F1 | s | CPU s | MB |\n|---|---:|---:|---|---:|---:|---:|---:|---:|---:|"
    )
    for name in [*sides.GENERATED, *sides.PUBLIC]:
        found = sides.read(name, data)
        if found is None or (only and name not in only):
            continue
        rows, labels = found
        keys = [str(place) for place in range(len(rows))]
        truth = Truth([(keys, labels, rows)])
        for side in sides.SIDES:
            if side != "omnitrack" and (python is None or (side == "splink" and name != "historical")):
                continue
            program = python if python and side != "omnitrack" else sys.executable
            done = subprocess.run(
                [program, str(HERE / "sides.py"), side, name, str(data)], stdout=subprocess.PIPE, text=True, check=False
            )
            if done.returncode:
                print(f"| {name} | {len(rows):,} | {truth.pairs:,} | {side} | did not run |", flush=True)
                continue
            said = json.loads(done.stdout.splitlines()[-1])
            figures = truth.of_clusters(dict(zip(keys, said["labels"], strict=True)))
            cells = [name, f"{len(rows):,}", f"{truth.pairs:,}", side, *(f"{x:.4f}" for x in figures)]
            cells += [f"{said['seconds']:.1f}", f"{said['cpu_seconds']:.1f}", f"{said['megabytes']:.0f}"]
            print("| " + " | ".join(cells) + " |", flush=True)


def measure_cost(candidates: int = 200, rounds: int = 300) -> None:
    """Print what it takes to score one person, known in every way, against so many, and to explain the best ten."""
    from omnitrack.matching import Model, normalise_traits

    rng = random.Random(5)
    given = [a + b for a in ("ka", "lo", "mi", "ru", "te", "vo") for b in ("ran", "lin", "dek", "mus", "pol")]
    family = [a + b for a in ("bor", "cal", "dun", "fen", "gar") for b in ("dale", "wick", "ston", "ham", "ley", "sby")]
    people = []
    for number in range(2_000):
        name, other = rng.choice(given), rng.choice(family)
        people.append(
            normalise_traits(
                {
                    "given_name": name,
                    "family_name": other,
                    "dob": f"{rng.randint(1930, 2005)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
                    "email": f"{name}.{other}{number}@mail.example",
                    "phone": f"+4477009{rng.randint(0, 99_999):05}",
                    "user_name": f"{name}{other}{number}",
                    "address": f"{rng.randint(1, 99)} {rng.choice(family)} street",
                    "address_2": f"{rng.choice(family)} house",
                    "city": f"{rng.choice(family)}ton",
                    "postcode": f"RG{rng.randint(1, 30)} {rng.randint(1, 9)}AA",
                }
            )
        )
    model = Model.default(1_000_000)
    times: dict[str, list[float]] = {"scored": [], "scored, the best ten explained": []}
    for _ in range(rounds):
        one, others = rng.choice(people), rng.sample(people, candidates)
        for what, call in zip(times, (model.score_many, model.suggest), strict=True):
            started = time.process_time()  # of the processor: what else the machine does is not counted
            call(one, others)
            times[what].append(time.process_time() - started)
    for what, found in times.items():
        print(
            f"one person against {candidates}, {what}: "
            f"median {statistics.median(found) * 1e3:.1f} ms, least {min(found) * 1e3:.1f} ms of one processor"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder with febrl/ and splink_fake1000/; else OMNITRACK_DATA")
    parser.add_argument(
        "--others", type=Path, help="folder with the public lists of the second table; else that of --data"
    )
    parser.add_argument("--only", nargs="*", default=[], help="lists of the second table, and nothing of the first")
    parser.add_argument("--peer", help="a Python in whose environment Splink is installed")
    parser.add_argument("--install-peer", action="store_true", help="install Splink into a temporary environment")
    args = parser.parse_args()
    data = args.data or Path(os.environ.get("OMNITRACK_DATA") or HERE.parent.parent / "shared" / "data")
    if not (data / "febrl").is_dir():
        sys.exit(f"{data}: no folder febrl there; name the data with --data or OMNITRACK_DATA")
    with tempfile.TemporaryDirectory() as folder:
        python = install_peer(Path(folder)) if args.install_peer else args.peer
        if not args.only:
            measure(data, run_peer(python, data) if python else None)
            print()
        measure_others(args.others or data, python, args.only)
    print()
    measure_cost()


if __name__ == "__main__":
    main()
