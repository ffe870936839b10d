"""Placeholders that programs, spreadsheets, call servers and people write in place of a missing value: the one list of them.

Everybody who has none has the same one, so an identifier made of it would join strangers. Whence the list:

- null and its kin are what JavaScript, Python, Java, SQL, Go, Ruby, R, C and PHP print for no value; pandas reads most of them as one
  (``pandas.read_csv``, ``na_values``), and PostHog and Amplitude refuse most of them as ids of users, after people were merged by them;
- the error values of spreadsheets: Microsoft Support, "Error.Type function"; Google Sheets (``#ERROR!``); LibreOffice (``Err:502``);
- the nil and the max UUID: RFC 9562 sections 5.9 and 5.10. The advertising id of a device that does not allow one is the former (Apple,
  ``advertisingIdentifier``; Google Play services, "Advertising ID"). 02:00:00:00:00:00 is what Android gives for a hardware address since
  version 6; 9774d56d682e549c is the id that many devices of Android 2.2 had in common;
- the empty id of Salesforce, 000000000000000 and its form of 18 characters (Apex Developer Guide, "ID");
- ids that documents and tools put into examples: of Swagger UI, of Wikipedia's article on UUIDs;
- what people type to get past a form that insists: from reports of false merges in customer systems.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import unquote

from omnitrack.identifiers.characters import words

REASON = "it is a placeholder, which stands where there is no value"

# None in a field of any kind. Compared in one case, without what separates words, quotes and brackets: "nullvalue" is "<Null value>".
WORDS = words(
    r"""
    null nullvalue none nonetype nil nul nan na nv undefined undef empty missing novalue nodata notset notavailable notapplicable
    notprovided notspecified notassigned notknown notgiven notfound unset unspecified unassigned unavailable unknown ukn unk
    objectobject objectnull objectundefined objectpromise 1#ind 1#qnan 1#snan #nana \n optionalnil optionalempty anonymous redacted
    restricted withheld unbekannt keineangabe nichtangegeben inconnu nonrenseigné desconocido sindato sindatos desconhecido
    sconosciuto nonspecificato onbekend okänd ukendt ukjent nieznany tuntematon
    """
)

# None as an id, and perhaps somebody's name: what programs print besides, what people write where something has to be given, and names
# of fields that stand where the value should.
ID_WORDS = words(
    """
    nat nul void blank array object promise function symbol infinity qnan snan true false yes anon deleted removed hidden masked
    keine kein keiner aucun aucune ninguno ninguna nenhum nessuno geen ingen brak
    test testing dummy placeholder example sample fake guest notauthenticated tbd tba tbc tobeconfirmed tobedetermined todo
    asdf asdfg asdfgh asdfghjkl qwerty qwertz azerty noname nonumber nophone noemail nomail noaddress
    id userid customerid accountid contactid clientid memberid distinctid anonymousid deviceid cookieid personid
    email emailaddress phone phonenumber username accountnumber customernumber
    """
)

# Before the @ of an address that nobody has: what an agent types into a form that insists on one, at any domain.
_MAIL = words(
    """
    none null nil undefined unknown na notavailable notapplicable notprovided notgiven notknown nobody noone anonymous anon
    noemail noemails nomail noemailaddress nomailaddress noaddress nomailid noemailid noemailprovided noemailgiven noemailavailable
    noneprovided nonegiven donthaveone donthaveemail doesnothaveemail hasnoemail nohasemail customerhasnoemail declined refused
    emailrefused test tests testing tester testuser testemail testmail dummy dummyemail fake fakeemail fakemail placeholder
    example sample asdf asdfg asdfgh asdfghjkl qwerty qwertz azerty invalid invalidemail unbekannt keine keinemail keineemail
    sinemail sincorreo notiene inconnu pasdemail pasdadresse sansemail geenemail geenmail ingenmail nessuna
    """
)
# Those that forms make different by a number behind them.
_MAIL_NUMBERED = words("noemail nomail noaddress dummy test")
# Those that are none at a domain of the same name, or of one that says as little: no@no.com, abc@abc.com, no@email.com.
_MAIL_SAME = words("no abc abcd xyz asd qwe 123 1234 12345 me email mail")
# Domains of the same kind, by their first label.
_MAIL_HOSTS = words(
    "noemail nomail noemails none null undefined noaddress noemailaddress nomailaddress donotemail fakeemail fakemail"
)

# Ids that many have in common, without what separates their parts.
_CONSTANTS = words(
    """
    020000000000 9774d56d682e549c 000000000000000aaa 123e4567e89b12d3a456426614174000 123e4567e89b12d3a456426655440000
    3fa85f6457174562b3fc2c963f66afa6 12345678123412341234123456789012 12345678123456781234567812345678
    123456781234123412341234567890ab 0123456789abcdef0123456789abcdef 0123456789abcdef
    """
)
# Codes of statistics for a missing number.
_MINUS = re.compile(r"[-−–]\s?(?:0|1|9{1,7})(?:[.,]0+)?")

_AROUND = "\"'`´“”„‟‘’‚«»‹›()[]{}<>"
_TEMPLATE = re.compile(r"\{\{.*\}\}|\$\{.*\}|<%.*%>|%%.*%%|\*\|.*\|\*|\[\[.*\]\]", re.DOTALL)
_SHEET = re.compile(r"#[¡¿]?[^\W_][\w/]*[!?]|#n/?[avd]|#getting_data|err:\d{3}")
_PRINTED = re.compile(
    r"%![a-z]\(.*\)|<.* at 0x[0-9a-f]+>|(?:hash|array|code|scalar)\(0x[0-9a-f]+\)|\[?l?java\.(?:lang|util)\.[\w.$]+;?(?:@[0-9a-f]+)?"
    r"|\[object \w+\]|function ?\w*\(.*|promise \{.*|system\.(?:object|string|guid|__comobject)(?:\[\])?|optional\.empty"
)
_APART = re.compile(r"[\s_\-./\\:,;+()\[\]{}~|]+")
_WORDY = re.compile(r"[\s_\-./\\,;:~|]+")

# From how many digits on a number of one repeated digit, or of digits that run up or down, is one that nobody has. Shorter ones
# are numbers of accounts like any other.
LEAST_DIGITS = 7
# A phone number that is this run and little else is one too: 07123 456789.
_RUN = "123456789"

_UP, _DOWN = "01234567890123456789", "98765432109876543210"


def is_nothing(text: str) -> bool:
    """Return whether a value is none, however it is spelt: in any case and width, with quotes and brackets around it.

    >>> [is_nothing(text) for text in ("null", " 'N/A' ", "[object Object]", "{{user.id}}", "-1", "()", "1234567890")]
    [True, True, True, True, True, True, True]
    >>> [is_nothing(text) for text in ("BT123", "1", "4711", "nullable", "00001")]
    [False, False, False, False, False]
    """
    return is_written_for_nothing(text) or _is_filled_in(_bare(text))


def is_written_for_nothing(text: str) -> bool:
    """Return whether a program or a spreadsheet wrote this where there was no value.

    It is the narrower question, for fields that hold words: somebody's name is ``Guest``, nobody's is ``N/A``.

    >>> is_written_for_nothing("#REF!"), is_written_for_nothing("Guest"), is_written_for_nothing("1234567890")
    (True, False, False)
    """
    if text.isascii() and text.isalnum() and (len(text) > 20 or not text.isalpha()):
        return False  # nearly every id
    bare = _bare(text)
    if bare in WORDS or _WORDY.sub("", bare) in WORDS:
        return True
    return _says_nothing(bare) or any(
        _TEMPLATE.fullmatch(form) or _SHEET.fullmatch(form) or _PRINTED.fullmatch(form) for form in _within(text)
    )


def is_placeholder_number(digits: str) -> bool:
    """Return whether a national number is one digit repeated, the first one aside, or 123456789 with at most one digit in front and a 0 behind.

    Of more digits in front, the run is made by where an area code ends: 11 2345-6789 in Buenos Aires is somebody's.

    >>> [is_placeholder_number(n) for n in ("1234567890", "7123456789", "5555555555", "7000000000", "5512345678", "91123456789")]
    [True, True, True, True, False, False]
    """
    if len(digits) < LEAST_DIGITS:
        return False
    run = digits.removesuffix("0")
    return len(set(digits[1:])) == 1 or (run.endswith(_RUN) and len(run) <= len(_RUN) + 1)


def is_placeholder_mailbox(local: str, domain: str) -> bool:
    """Return whether a mail address stands where nobody gave one: ``noemail@`` and its kin at any domain, anything at ``noemail.com``.

    >>> is_placeholder_mailbox("no.email", "example.com"), is_placeholder_mailbox("a", "a.com"), is_placeholder_mailbox("jane", "example.com")
    (True, True, False)
    """
    base = local.strip('"').partition("+")[0] or local
    compact = base.replace(".", "").replace("-", "").replace("_", "")
    host = domain.partition(".")[0].replace("-", "")
    if host in _MAIL_HOSTS or compact in _MAIL or compact.rstrip("0123456789") in _MAIL_NUMBERED:
        return True
    if (compact == host and (compact in _MAIL_SAME or len(set(compact)) == 1)) or (
        compact == "no" and host in ("email", "mail")
    ):
        return True
    if len(compact) >= 3 and not compact.strip("x"):
        return True
    is_number = len(compact) >= LEAST_DIGITS and is_placeholder_digits(compact)
    return not compact or is_number or compact in _CONSTANTS


def is_placeholder_digits(text: str) -> bool:
    """Return whether a text of digits is all zeros, or one that ``LEAST_DIGITS`` make a placeholder."""
    if not text.isdecimal():
        return False
    digits = "".join(str(unicodedata.decimal(ch)) for ch in text)
    return not digits.strip("0") or (len(digits) >= LEAST_DIGITS and _is_run(digits))


def _plain(text: str) -> str:
    """Return a text in one case and width, with single spaces."""
    if "%" in text:
        text = unquote(text)
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _within(text: str) -> Iterator[str]:
    """Yield a text, and what is left of it as one quote or bracket after the other is taken off at both ends."""
    text = _plain(text)
    yield text
    while len(text) > 2 and text[0] in _AROUND and text[-1] in _AROUND:
        text = text[1:-1].strip()
        yield text


def _bare(text: str) -> str:
    """Return a text in one case and width, without quotes and brackets around it and with single spaces."""
    text = _plain(text)
    while (inner := text.strip(_AROUND).strip()) != text:
        text = inner
    # A backslash is around what was quoted twice, and stands in the NULL of a dump of MySQL or PostgreSQL.
    return _bare(text.strip("\\")) if text != r"\n" and text.strip("\\") != text else text


def _says_nothing(bare: str) -> bool:
    """Return whether there is nothing to read: no letter, no digit and no picture."""
    return not any(unicodedata.category(ch)[0] in "LNM" or unicodedata.category(ch) == "So" for ch in bare)


def _is_filled_in(bare: str) -> bool:
    if _MINUS.fullmatch(bare) or _WORDY.sub("", bare) in ID_WORDS:
        return True
    plain = _APART.sub("", bare.removeprefix("urn:uuid:"))
    if is_placeholder_digits(plain) or re.fullmatch(r"0+[.,]0+", bare):
        return True
    if plain in _CONSTANTS or (len(plain) >= 3 and not plain.strip("x")):
        return True
    # The max UUID, and hardware addresses of nothing but ones; of a UUID, any digit repeated.
    return (len(plain) >= 8 and not plain.strip("f")) or (
        len(plain) == 32 and len(set(plain)) == 1 and plain[0] in "0123456789abcdef"
    )


def _is_run(digits: str) -> bool:
    return len(set(digits)) == 1 or digits in _UP or digits in _DOWN
