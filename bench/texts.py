"""How much of what stands in texts find_identifiers finds, and how much of what it finds stands there.

    python bench/texts.py                     # the labelled texts beside this file, by language
    python bench/texts.py --show              # and each text that was read wrong
    python bench/texts.py --mails DIRECTORY   # what is found in the mails of a directory, to be looked through

The texts were written and labelled by hand, in the ways in which customers write: with what is to be found, and with what looks like it (dates,
orders, accounts, tax numbers, versions, addresses of networks). Numbers are those that are kept for drama, or examples of numbering plans.
"""

from __future__ import annotations

import argparse
import email
import json
from collections import Counter
from pathlib import Path

from omnitrack import find_identifiers
from omnitrack.identifiers.text import spans

TEXTS = Path(__file__).parent / "data" / "texts.jsonl"


def labelled(show: bool) -> None:
    """Print precision and recall on the labelled texts."""
    right: Counter[str] = Counter()
    found: Counter[str] = Counter()
    there: Counter[str] = Counter()
    texts: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    for line in TEXTS.read_text("utf-8").splitlines():
        one = json.loads(line)
        keys = [i.key for i in find_identifiers(one["text"], one["region"], one.get("platform"))]
        kinds = {key: key.partition(":")[0] for key in (*keys, *one["found"])}
        kinds = {key: kind if kind in ("phone", "email") else "account" for key, kind in kinds.items()}
        for name in (one["language"], "all"):
            texts[name] += 1
            whole[name] += keys == one["found"]
            found[name] += len(keys)
            there[name] += len(one["found"])
            right[name] += len(set(keys) & set(one["found"]))
        for key, kind in kinds.items():
            found[kind] += key in keys
            there[kind] += key in one["found"]
            right[kind] += key in keys and key in one["found"]
        if show and keys != one["found"]:
            print(f"{one['language']} {one['region']}: {one['text']!r}\n    found {keys}\n    right {one['found']}")
    print(f"{'':10s} {'texts':>6s} {'right':>6s} {'there':>6s} {'found':>6s} {'precision':>10s} {'recall':>8s}")
    for name in (*sorted(texts.keys() - {"all"}), "phone", "email", "account", "all"):
        count = f"{texts[name]:6d} {whole[name]:6d}" if name in texts else f"{'':6s} {'':6s}"
        precision, recall = right[name] / (found[name] or 1), right[name] / (there[name] or 1)
        print(f"{name:10s} {count} {there[name]:6d} {found[name]:6d} {precision:10.1%} {recall:8.1%}")


def mails(directory: Path, region: str) -> None:
    """Print the numbers that are found in the bodies of mails, each with what stands around it."""
    read = 0
    seen: Counter[str] = Counter()
    for path in sorted(directory.rglob("*")):
        if not path.is_file() or path.suffix == ".json":
            continue
        read += 1
        message = email.message_from_bytes(path.read_bytes())
        for part in message.walk():
            if part.get_content_type() != "text/plain":
                continue
            text = (part.get_payload(decode=True) or b"").decode("latin-1")  # type: ignore[union-attr]
            for start, stop, one in spans(text, region):
                seen[one.scheme] += 1
                if one.scheme == "phone":
                    around = text[max(0, start - 40) : start], text[start:stop], text[stop : stop + 20]
                    print("{!r:>50} [{}] {!r}".format(*around), one.value)
    print(f"{read} mails: " + ", ".join(f"{count} {name}" for name, count in seen.most_common()))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--show", action="store_true")
    options.add_argument("--mails", type=Path)
    options.add_argument("--region", default="US")
    arguments = options.parse_args()
    if arguments.mails is not None:
        mails(arguments.mails, arguments.region)
    else:
        labelled(arguments.show)


if __name__ == "__main__":
    main()
