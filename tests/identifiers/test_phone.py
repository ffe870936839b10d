"""Phone numbers: any way of writing one, one normal form."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from omnitrack.errors import InvalidIdentifierError, WithheldError
from omnitrack.identifiers import phone
from omnitrack.identifiers.dialling import read_grouped
from omnitrack.identifiers.numbering import _settle, read_plain
from omnitrack.identifiers.phone import _settled

LONDON = "+442079460958"

EXAMPLES = [
    (phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), region)
    for region in sorted(phonenumbers.SUPPORTED_REGIONS)
    for kind in (phonenumbers.PhoneNumberType.FIXED_LINE, phonenumbers.PhoneNumberType.MOBILE)
    if (number := phonenumbers.example_number_for_type(region, kind)) is not None
]
FORMS = [
    "+{code} {groups}",
    "(+{code}) {groups}",
    "00{code} {groups}",
    "00{code}{digits}",
    "{code}{digits}",
    "+{code} (0){groups}",
    "'+{code}{digits}",
]


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("020 7946 0958", "GB"),
        ("020 7946 0958", "gb"),
        ("0044 20 7946 0958", "GB"),
        ("+44 (0)20 7946 0958", None),
        ("011 44 20 7946 0958", "US"),
        ("442079460958", "GB"),
        ("tel:+44-20-7946-0958", None),
        ("tel:%2B442079460958", None),
        ("tel:7946-0958;phone-context=+4420", None),
        ("sip:+442079460958@sbc.example", None),
        ("sips:+44-20-7946-0958:secret@sbc.example:5061;transport=tls", None),
        ("sip:02079460958@sbc.example;user=phone", "GB"),
        ('"Jane Doe" <sip:+442079460958;npdi@sbc.example>;tag=1928301774', None),
        ('"Jane Doe" <02079460958>', "GB"),
        ("０２０ ７９４６ ０９５８", "GB"),
        ("＋４４２０７９４６０９５８", None),
        ("٠٢٠ ٧٩٤٦ ٠٩٥٨", "GB"),
        ("०२० ७९४६ ०९५८", "GB"),
        ("\u202a+44 20\u00a07946\u20110958\u202c", None),
        ("+44\u200920\u30007946\u22120958", None),
        ("+44\u201420\u20137946\u00ad0958", None),
        (" +44.20.7946.0958 ", None),
        ("Tel.: +44 20 7946 0958", None),
        ("+44 20 7946 0958 (home)", None),
        ("020 7946 0958 work", "GB"),
        ("+44 20/7946 0958", None),
        ("(+44) 20 7946 0958", None),
        ("(+44) (0)20 7946 0958", None),
        ("[+44] 20 7946 0958", None),
        ("(0044) 20 7946 0958", None),
        ("0044 20 7946 0958", None),
        ("0044 (0)20 7946 0958", None),
        ("0044 20 7946 0958", "US"),
        ("0044 20 7946 0958", "AU"),
        ("0044 20 7946 0958", "BR"),
        ("+0044 20 7946 0958", None),
        ("44(0)20 7946 0958", "GB"),
        ("44 (0) 20 7946 0958", None),
        ("(0)20 7946 0958", "GB"),
        ("+44 44 20 7946 0958", None),
        ("'+442079460958", None),
        ("'020 7946 0958", "GB"),
        ('"+442079460958"', None),
        ('="02079460958"', "GB"),
        ("\u201c+44 20 7946 0958\u201d", None),
        ("+44 20 7946 0958 ext.", None),
    ],
)
def test_every_way_of_writing_a_number_is_one_identifier(text: str, region: str | None) -> None:
    assert phone(text, region).key == f"phone:{LONDON}"


@pytest.mark.parametrize(
    ("text", "region", "value"),
    [
        ("(650) 253-0000 ext. 123", "US", "+16502530000;ext=123"),
        ("(650) 253-0000 ext. 007", "US", "+16502530000;ext=007"),
        ("(650) 253-0000 (ext. 4)", "US", "+16502530000;ext=4"),
        ("(650) 253-0000 x4", "US", "+16502530000;ext=4"),
        ("650-253-0000x4", "US", "+16502530000;ext=4"),
        ("650 253 0000 #12", "US", "+16502530000;ext=12"),
        ("650 253 0000,,12", "US", "+16502530000;ext=12"),
        ("tel:+1-650-253-0000;ext=12-34", None, "+16502530000;ext=1234"),
        ("+16502530000;ext=12345678", None, "+16502530000;ext=12345678"),
        ("tel:+1-650-253-0000;isub=1411", None, "+16502530000"),
        ("+1 650 253 0000 \u0434\u043e\u0431. 89", None, "+16502530000;ext=89"),
        ("650 253 0000 extensi\u00f3n 12", "US", "+16502530000;ext=12"),
        ("650 253 0000 (x12)", "US", "+16502530000;ext=12"),
        ("650 253 0000 poste 12", "US", "+16502530000;ext=12"),
        ("650 253 0000 Durchwahl 12", "US", "+16502530000;ext=12"),
        ("650 253 0000 ~12", "US", "+16502530000;ext=12"),
        ("650 253 0000,12", "US", "+16502530000;ext=12"),
        ("650 253 0000, 12", "US", "+16502530000;ext=12"),
        ("650 253 0000,,12#", "US", "+16502530000;ext=12"),
        ("650 253 0000-12#", "US", "+16502530000;ext=12"),
        ("650 253 0000 ext.-12", "US", "+16502530000;ext=12"),
        ("650 253 0000 xtn 12", "US", "+16502530000;ext=12"),
        ("650 253 0000 extensi\u006f\u0301n 12", "US", "+16502530000;ext=12"),
        ("+1 650 253 0000 \u0414\u041e\u0411 12", None, "+16502530000;ext=12"),
        ("+1 650 253 0000 \u5185\u7dda12", None, "+16502530000;ext=12"),
        ("+1 650 253 0000\u8f6c12", None, "+16502530000;ext=12"),
        ("+1 650 253 0000 \ub0b4\uc120 12", None, "+16502530000;ext=12"),
    ],
)
def test_an_extension_is_kept_as_it_is(text: str, region: str | None, value: str) -> None:
    assert phone(text, region).value == value


def test_two_extensions_of_one_number_are_two_identifiers() -> None:
    assert phone("650 253 0000 x4", "US") != phone("650 253 0000 ext 5", "US")


def test_a_number_with_an_extension_identifies() -> None:
    assert phone("+16502530000;ext=4").linkable


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("+39 06 6982 0000", "+390669820000"),
        ("+225 07 08 09 10 11", "+2250708091011"),
        ("+54 11 2345 6789", "+541123456789"),
        ("+54 9 11 2345 6789", "+5491123456789"),
        ("+447700900123", "+447700900123"),
        ("+52 1 55 1234 5678", "+525512345678"),
        ("+55 11 8765-4321", "+5511987654321"),
        ("+55 11 98765-4321", "+5511987654321"),
        ("+55 45 3278-2153", "+554532782153"),
        ("+229 97 12 34 56", "+2290197123456"),
        ("+229 01 97 12 34 56", "+2290197123456"),
        ("+225 08 09 10 11", "+2250708091011"),
        ("+225 04 09 10 11", "+2250504091011"),
        ("+225 41 09 10 11", "+2250141091011"),
    ],
)
def test_national_peculiarities(text: str, value: str) -> None:
    assert phone(text).value == value


@pytest.mark.parametrize("text", ["030/123456", "06221/123456", "089 / 1234567"])
def test_a_slash_behind_an_area_code_is_part_of_one_number(text: str) -> None:
    assert phone(text, "DE").value == "+49" + re.sub(r"\D", "", text)[1:]


@pytest.mark.parametrize(
    ("text", "region", "value", "kind"),
    [
        ("1-800-FLOWERS", "US", "+18003569377", "toll-free"),
        ("+800 1357 2468", None, "+80013572468", "toll-free"),
        ("+44 909 879 0000", None, "+449098790000", "premium-rate"),
        ("+61 1300 975 707", None, "+611300975707", "shared-cost"),
        ("+44 55 1357 2468", None, "+445513572468", "UAN"),
    ],
)
def test_a_service_number_is_kept_but_does_not_identify(text: str, region: str | None, value: str, kind: str) -> None:
    one = phone(text, region)
    assert (one.value, one.linkable) == (value, False)
    assert kind in str(one.reason)


def test_a_number_shorter_than_its_plan_is_kept_but_does_not_identify() -> None:
    # Of France, whose plan has been the same in every edition of the metadata; what that calls short in others changes from one to the next.
    one = phone("+33 85 75 12 34")
    assert (one.value, one.linkable) == ("+3385751234", False)


@pytest.mark.parametrize(
    ("text", "region", "value", "private"),
    [
        ("*67 650 253 0000", "US", "+16502530000", True),
        ("*67+442079460958", None, LONDON, True),
        ("*82 650 253 0000", "US", "+16502530000", False),
        ("141 020 7946 0958", "GB", LONDON, True),
        ("1410207 946 0958", "GB", LONDON, True),
        ("1470 020 7946 0958", "GB", LONDON, False),
        ("#31#07700900123", "GB", "+447700900123", True),
        ("*31#07700900123", "GB", "+447700900123", False),
        ("1831 02 5550 1234", "AU", "+61255501234", True),
        ("133 2345 6789", "HK", "+85223456789", True),
        ("020 7946 0958", "GB", LONDON, False),
        ("0141 496 0123", "GB", "+441414960123", False),
        ("141 496 0123", "GB", "+441414960123", False),
    ],
)
def test_a_request_for_privacy_is_noted(text: str, region: str | None, value: str, private: bool) -> None:
    one = phone(text, region)
    assert (one.value, one.private) == (value, private)


@pytest.mark.parametrize(
    "text",
    [
        "anonymous",
        "Anonymous",
        "withheld",
        "Number Withheld",
        "PRIVATE",
        "unknown",
        "<unknown>",
        "Unavailable",
        "no caller id",
        "n/a",
        "P",
        "",
        "   ",
        "-",
        '"" <>',
        "+266696687",
        "266696687",
        "+7378742833",
        "+17378742833",
        "+86282452253",
        "sip:anonymous@anonymous.invalid",
        '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=9',
        "sip:unavailable@unknown.invalid",
        "unterdrückt",
    ],
)
def test_a_withheld_caller_gives_no_identifier(text: str) -> None:
    with pytest.raises(WithheldError):
        phone(text)


def test_digits_that_spell_a_word_are_a_number_where_a_region_makes_them_one() -> None:
    assert phone("266 696 687", "PT").value == "+351266696687"


@pytest.mark.parametrize(
    ("text", "region", "says"),
    [
        ("020 7946 0958", None, "a region is needed"),
        ("999", "GB", "too short"),
        ("112", None, None),
        ("0000000000", "GB", "zeros"),
        ("0000000000", "US", "zeros"),
        ("2041", "GB", "extension"),
        ("253-0000", "US", "area code"),
        ("+999 123 456 789", None, "country code"),
        ("020 7946 0958 020 7946 0959", "GB", "two numbers"),
        ("4.47701E+11", "GB", "spreadsheet has rounded"),
        ("4,47701e+11", "DE", "spreadsheet has rounded"),
        ("4.4E11", None, "spreadsheet has rounded"),
        ("301234567.0", "DE", "last 0 is none"),
        ("hello there 12345", "GB", None),
        ("Flat 3, 020 7946 0958", "GB", "letters"),
        ("020 7946 0958 jane", "GB", "letters"),
        ("+44 20 7946 0958²", None, "digit"),
        ("*123#", "GB", None),
        ("sip:jane@voip.example", None, "name"),
        ("020 7946 0958", "UK", "GB"),
        ("020 7946 0958", "", "region"),
        ("+", None, None),
        ("jane@example.com", None, None),
    ],
)
def test_what_is_no_number_is_refused_with_the_reason(text: str, region: str | None, says: str | None) -> None:
    with pytest.raises(InvalidIdentifierError, match=says):
        phone(text, region)


@pytest.mark.parametrize(
    "text",
    [
        "020 7946 0958 / 0959",
        "020 7946 0958 or 020 7946 0959",
        "020 7946 0958, 020 7946 0959",
        "020 7946 0958;020 7946 0959",
        "07700 900123\n07700 900124",
        "+44 20 7946 0958 +44 20 7946 0959",
        "020 7946 0958 & 0959",
    ],
)
def test_two_numbers_in_one_field_are_refused_and_both_named(text: str) -> None:
    with pytest.raises(InvalidIdentifierError, match=r"two numbers, '.*\*.*' and '.*\*.*'"):
        phone(text, "GB")


@pytest.mark.parametrize(
    "text", ["020 7946 0958 / 0959", "+44 20 7946 095 xyz", "0 2 0 7 9 4 6 0 9 5 8", "+4420794609581234567"]
)
def test_errors_hold_no_whole_number(text: str) -> None:
    with pytest.raises(InvalidIdentifierError) as caught:
        phone(text)
    said = str(caught.value).partition("accepted")[0]
    assert "7946" not in said
    assert "7 9 4 6" not in said


@pytest.mark.parametrize("wrong", [None, 442079460958, b"+442079460958", "+" + "4" * 600])
def test_what_is_no_string_or_too_long_is_refused(wrong: object) -> None:
    with pytest.raises(InvalidIdentifierError):
        phone(wrong)  # type: ignore[arg-type]


def test_people_are_shown_the_international_form() -> None:
    assert phone("020 7946 0958", "GB").display == "+44 20 7946 0958"


def test_every_example_number_of_libphonenumber_round_trips(data: Path) -> None:
    with (data / "libphonenumber" / "examples.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    numbers = [f"+{row['calling_code']}{row['national_number']}" for row in rows]
    assert len(numbers) >= 1_147
    assert [phone(number).value for number in numbers] == numbers


def test_every_national_example_of_libphonenumber_is_its_number(data: Path) -> None:
    wrong = []
    with (data / "libphonenumber" / "examples.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            value = f"+{row['calling_code']}{row['national_number']}"
            if row["region"] not in phonenumbers.SUPPORTED_REGIONS:
                continue
            number = phonenumbers.parse(value)
            if (
                phonenumbers.is_possible_number_with_reason(number) != 0
            ):  # such as Canada's 310-1234, without an area code
                continue
            written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
            if phone(written, row["region"]).value != value:
                wrong.append((written, row["region"]))
    assert wrong == []


_CODES = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)
_NUMBERS = st.one_of(
    st.from_regex(r"\+[1-9][0-9]{6,15}", fullmatch=True),
    st.builds(
        lambda code, rest: f"+{code}{rest}", st.sampled_from(_CODES), st.from_regex(r"[0-9]{5,12}", fullmatch=True)
    ),
    st.builds("+44{}".format, st.from_regex(r"(?:0|1|20|7|8|9)[0-9]{6,10}", fullmatch=True)),
    st.builds("+1{}".format, st.from_regex(r"(?:1|2|6|8|9)[0-9]{8,9}", fullmatch=True)),
)


def _slow(text: str) -> tuple[str, str | None] | str | None:
    try:
        return _settle(
            phonenumbers.format_number(phonenumbers.parse(text), phonenumbers.PhoneNumberFormat.E164),
            international=True,
        )
    except phonenumbers.NumberParseException:
        return None


@given(_NUMBERS)
@example("+442079460958")
@example("+448001111111")
@example("+18003569377")
@example("+4400000000000")
def test_the_fast_road_gives_the_answer_of_the_slow_one(text: str) -> None:
    fast = read_plain(text)
    assert fast is None or fast == _slow(text)


def test_the_fast_road_is_taken_for_most_numbers_and_is_right(data: Path) -> None:
    taken = 0
    with (data / "libphonenumber" / "examples.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        number = f"+{row['calling_code']}{row['national_number']}"
        fast = read_plain(number)
        if fast is not None:
            taken += 1
            assert fast == _slow(number)
    assert taken > len(rows) * 0.9


@given(_NUMBERS, st.sampled_from([None, "GB", "US", "DE", "IT", "AR", "BR", "MX"]))
def test_the_normal_form_of_a_normal_form_is_itself(text: str, region: str | None) -> None:
    try:
        one = phone(text, region)
    except InvalidIdentifierError:
        return
    again = phone(one.value)
    assert (again.key, again.linkable, again.reason) == (one.key, one.linkable, one.reason)


@given(st.from_regex(r"[0-9+() ./,;#*x-]{1,24}", fullmatch=True), st.sampled_from([None, "GB", "US", "DE", "AU"]))
def test_what_a_keypad_can_write_is_read_stably_or_refused(text: str, region: str | None) -> None:
    try:
        one = phone(text, region)
    except InvalidIdentifierError:
        return
    assert phone(one.value).key == one.key


@pytest.mark.parametrize(
    ("text", "region", "value"),
    [
        ("4915228817386", "DE", "+4915228817386"),
        ("468123456", "SE", "+468123456"),
        ("628123456789", "ID", "+628123456789"),
        ("38344123456", "XK", "+38344123456"),
        ("046 812 34 56", "SE", "+46468123456"),
        ("4747123456", "NO", "+4747123456"),
        ("47123456", "NO", "+4747123456"),
        ("3912345678", "IT", "+393912345678"),
        ("9198765432", "IN", "+919198765432"),
        ("919876543210", "IN", "+919876543210"),
        ("044 55 1234 5678", "MX", "+525512345678"),
        ("045 55 1234 5678", "MX", "+525512345678"),
        ("011 15-2345-6789", "AR", "+5491123456789"),
    ],
)
def test_digits_with_the_country_code_of_the_region_are_international(text: str, region: str, value: str) -> None:
    assert phone(text, region).value == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("+48 (0) 22 512 34 56", "+48225123456"),
        ("+39 (0)11 651 1111", "+390116511111"),
        ("+39 (0) 333 123 4567", "+393331234567"),
    ],
)
def test_a_zero_in_brackets_is_dialled_only_where_numbers_begin_with_one(text: str, value: str) -> None:
    assert phone(text).value == value


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("+2125550100", "US"),
        ("+117755555555", None),
        ("+1 0213 215523", None),
        ("+353ghd.123456789", None),
        ("+44 (0)", None),
    ],
)
def test_what_may_be_somebody_elses_number_is_refused(text: str, region: str | None) -> None:
    with pytest.raises(InvalidIdentifierError):
        phone(text, region)


@pytest.mark.parametrize(
    ("text", "region"), [("+44 20 7946 0958 123#", None), ("447700900123,0", "GB"), ("650,253,0000", "US")]
)
def test_digits_that_may_be_the_numbers_are_no_extension(text: str, region: str | None) -> None:
    with pytest.raises(InvalidIdentifierError):
        phone(text, region)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("+551187654321", "+5511987654321"),
        ("+5215512345678", "+525512345678"),
        ("+22997123456", "+2290197123456"),
        ("+22507123456", "+2250707123456"),
        ("+22547123456", "+2250747123456"),
        ("+22505123456", "+2250505123456"),
    ],
)
def test_a_number_of_an_older_plan_is_that_of_today_however_it_is_written(old: str, new: str) -> None:
    country = old[:3] if old[1] == "5" else old[:4]
    for text in (old, f"{country} {old[len(country) :]}", f"00{old[1:]}", f"tel:{old}"):
        assert phone(text).value == new


@pytest.mark.parametrize(
    "text", ["044 55 1234 5678", "045 55 1234 5678", "01 55 1234 5678", "55 1234 5678", "1 55 1234 5678"]
)
def test_what_was_dialled_in_mexico_is_none_of_the_number(text: str) -> None:
    assert phone(text, "MX").value == "+525512345678"


@given(
    st.sampled_from([region for region in phonenumbers.SUPPORTED_REGIONS if region != "001"]),
    st.from_regex(r"[0-9]{4,11}", fullmatch=True),
    st.sampled_from(["0{}", "0{} ", "(0{}) ", "+{} "]),
    st.integers(1, 5),
    st.booleans(),
)
@settings(max_examples=300)
def test_the_fast_road_of_written_numbers_gives_the_answer_of_the_slow_one(
    region: str, digits: str, form: str, first: int, known: bool
) -> None:
    if known and (one := phonenumbers.example_number(region)) is not None:
        digits = phonenumbers.national_significant_number(one)
    lead = f"{phonenumbers.country_code_for_region(region)}" if form[0] == "+" else digits[:first]
    text = form.format(lead) + (digits if form[0] == "+" else digits[first:])
    fast = read_grouped(text, region)
    assert fast is None or fast == _settled(text, region)


@pytest.mark.parametrize("region", ["GB", "DE", "AU", "CN", "KR", "FR", "IN"])
def test_numbers_with_a_0_take_the_fast_road_whatever_else_may_be_dialled_there(region: str) -> None:
    number = phonenumbers.example_number(region)
    assert number is not None
    text = f"0{phonenumbers.national_significant_number(number)}"
    assert read_grouped(text, region) == _settled(text, region)


@pytest.mark.parametrize(("text", "region"), [("0141 201 2345", "CO"), ("010 2123456", "BO"), ("0802 312 3456", "KR")])
def test_a_carrier_dialled_behind_the_0_takes_the_slow_road(text: str, region: str) -> None:
    assert read_grouped(text, region) is None


@pytest.mark.parametrize("text", ["+1 555 123 4567 8", "+12125550100", "+49 1"])
def test_only_a_number_of_its_countrys_plan_identifies(text: str) -> None:
    try:
        one = phone(text)
    except InvalidIdentifierError:
        return
    lib = phonenumbers
    parsed = lib.parse(one.value)
    assert parsed.country_code is not None
    metadata = lib.PhoneMetadata.metadata_for_region(lib.region_code_for_country_code(parsed.country_code))
    assert metadata is not None
    assert metadata.general_desc is not None
    pattern = str(metadata.general_desc.national_number_pattern)
    assert one.linkable == bool(re.fullmatch(pattern, lib.national_significant_number(parsed)))


def test_a_number_outside_of_its_plan_says_so() -> None:
    one = phone("+34 132 465 798")
    assert (one.linkable, one.reason) == (False, "it is outside of the numbering plan of its country")


@given(st.sampled_from(EXAMPLES), st.sampled_from(FORMS))
def test_every_written_form_of_a_number_is_that_number_or_refused(example_: tuple[str, str], form: str) -> None:
    value, region = example_
    lib = phonenumbers
    parsed = lib.parse(value)
    groups = lib.format_number(parsed, lib.PhoneNumberFormat.INTERNATIONAL).partition(" ")[2]
    text = form.format(code=parsed.country_code, groups=groups, digits=lib.national_significant_number(parsed))
    for where in (None, region):
        try:
            assert phone(text, where).value == value
        except InvalidIdentifierError:
            assert "(0)" in text or (where is None and not text.lstrip("([").startswith(("+", "00")))
