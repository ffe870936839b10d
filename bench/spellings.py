"""How many of the ways in which people write a number are read right, refused, and read as somebody else's.

    python bench/spellings.py                 # every region's example numbers in twenty written forms
    python bench/spellings.py --show wrong    # and what each of them was read as

The numbers are those that libphonenumber's metadata gives as examples, a landline and a mobile of each region.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

import phonenumbers as lib

from omnitrack import InvalidIdentifierError, phone

FORMATS = lib.PhoneNumberFormat


class Number(NamedTuple):
    region: str
    parsed: lib.PhoneNumber
    code: str
    national: str  # significant digits
    grouped: str  # in groups behind the country code
    home: str  # as it is written at home
    key: str

    @property
    def trunk(self) -> str:
        return lib.ndd_prefix_for_region(self.region, True) or ""


def numbers() -> Iterator[Number]:
    for region in sorted(lib.SUPPORTED_REGIONS):
        for kind in (lib.PhoneNumberType.FIXED_LINE, lib.PhoneNumberType.MOBILE):
            parsed = lib.example_number_for_type(region, kind)
            if parsed is None:
                continue
            international = lib.format_number(parsed, FORMATS.INTERNATIONAL)
            yield Number(
                region,
                parsed,
                str(parsed.country_code),
                lib.national_significant_number(parsed),
                international.partition(" ")[2],
                lib.format_number(parsed, FORMATS.NATIONAL),
                f"phone:{lib.format_number(parsed, FORMATS.E164)}",
            )


def abroad(number: Number) -> str:
    """A region other than the number's, where 00 is dialled."""
    return "FR" if number.code != "33" else "DE"


# What is written, and in which region it is read: None for none, "home" for the number's own, "abroad" for another.
FORMS: dict[str, tuple[Callable[[Number], str], str | None]] = {
    "+cc groups": (lambda n: f"+{n.code} {n.grouped}", None),
    "+cc digits": (lambda n: f"+{n.code}{n.national}", None),
    "+cc.digits": (lambda n: f"+{n.code}.{n.national}", None),
    "(+cc) groups": (lambda n: f"(+{n.code}) {n.grouped}", None),
    "+cc (0) groups": (lambda n: f"+{n.code} (0) {n.grouped}", None),
    "(+cc) (0)groups": (lambda n: f"(+{n.code}) (0){n.grouped}", None),
    "00cc groups, nowhere": (lambda n: f"00{n.code} {n.grouped}", None),
    "00cc groups, at home": (lambda n: f"00{n.code} {n.grouped}", "home"),
    "00cc digits, abroad": (lambda n: f"00{n.code}{n.national}", "abroad"),
    "00 cc groups, in the US": (lambda n: f"00 {n.code} {n.grouped}", "US"),
    "011 cc groups, in the US": (lambda n: f"011 {n.code} {n.grouped}", "US"),
    "ccdigits, at home": (lambda n: f"{n.code}{n.national}", "home"),
    "cc(0)groups, at home": (lambda n: f"{n.code}(0){n.grouped}", "home"),
    "as at home": (lambda n: n.home, "home"),
    "as at home, digits": (lambda n: "".join(filter(str.isdigit, n.home)), "home"),
    "as at home, 'text": (lambda n: f"'{n.home}", "home"),
    '"quoted"': (lambda n: f'"+{n.code} {n.grouped}"', None),
    "tel:+cc-groups": (lambda n: lib.format_number(n.parsed, FORMATS.RFC3966), None),
    "+cc groups ext. 12": (lambda n: f"+{n.code} {n.grouped} ext. 12", None),
    "+cc groups,,12#": (lambda n: f"+{n.code} {n.grouped},,12#", None),
}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--show", choices=("wrong", "refused"), action="append", default=[])
    arguments = options.parse_args()
    found = list(numbers())
    total: Counter[str] = Counter()
    print(f"{len(found)} numbers of {len(lib.SUPPORTED_REGIONS)} regions, phonenumbers {lib.__version__}\n")
    print(f"{'written':28s} {'right':>7s} {'refused':>8s} {'wrong':>7s}")
    for name, (write, where) in FORMS.items():
        count: Counter[str] = Counter()
        shown = []
        for number in found:
            text = write(number)
            region = {"home": number.region, "abroad": abroad(number)}.get(where or "", where)
            right = number.key + (";ext=12" if name.endswith(("12", "12#")) else "")
            try:
                key = phone(text, region).key
            except InvalidIdentifierError:
                key = "refused"
            verdict = "right" if key == right else ("refused" if key == "refused" else "wrong")
            count[verdict] += 1
            if verdict in arguments.show:
                shown.append(f"    {text!r} in {region}: {key}, not {right}")
        total += count
        print(f"{name:28s} {count['right']:7d} {count['refused']:8d} {count['wrong']:7d}")
        print(*shown, sep="\n", end="\n" if shown else "")
    shares = [f"{100 * total[one] / total.total():.2f}%" for one in ("right", "refused", "wrong")]
    print(f"{'all':28s} {shares[0]:>7s} {shares[1]:>8s} {shares[2]:>7s}")


if __name__ == "__main__":
    main()
