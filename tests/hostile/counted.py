"""A process in which every step of an expression and every line run is counted: how much work a reader has with a text.

``python counted.py READER SEED COUNT`` prints, as a line of JSON for each text tried, its piece and the steps at three sizes. Expressions are
run by the matcher of ``backtracking`` beside that of ``re``, lines are counted by tracing. What one call of C does with a text, such as
``find`` or a slice, is one step: those have to be read for.
"""

from __future__ import annotations

import json
import random
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))


from hostile.backtracking import Matcher, TooManySteps  # noqa: E402

MOST = 3_000_000  # steps of one text; more is as good as never
SIZES = (500, 1000, 2000)
GROWTH = 2.7  # of the steps on a text of twice the length; a square makes four
SHORT = (120, 240, 480)  # of identifiers, which are 512 characters at most
FIXTURES = HERE.parent / "sources" / "fixtures"

_steps = 0


class Enough(BaseException):
    """The steps of one text are used up."""


class Counted:
    """A compiled expression that counts what its calls cost."""

    def __init__(self, pattern: re.Pattern[Any]) -> None:
        self._pattern = pattern
        self._matcher: Matcher | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pattern, name)

    def __hash__(self) -> int:
        return hash(self._pattern)

    def __eq__(self, other: object) -> bool:
        return self._pattern == (other._pattern if isinstance(other, Counted) else other)

    def _count(self, how: str, text: Any, begin: int = 0, end: int | None = None) -> None:
        global _steps
        trace = sys.gettrace()
        sys.settrace(None)
        try:
            if self._matcher is None:
                self._matcher = Matcher(self._pattern)
            text = text[:end] if isinstance(text, str) else bytes(text[:end])
            _steps += self._matcher.count(how, text, begin, MOST - min(_steps, MOST - 1))
        except TooManySteps:
            raise Enough from None
        finally:
            sys.settrace(trace)

    def match(self, string: Any, pos: int = 0, *end: int) -> Any:
        self._count("match", string, pos, *end)
        return self._pattern.match(string, pos, *end)

    def fullmatch(self, string: Any, pos: int = 0, *end: int) -> Any:
        self._count("fullmatch", string, pos, *end)
        return self._pattern.fullmatch(string, pos, *end)

    def search(self, string: Any, pos: int = 0, *end: int) -> Any:
        self._count("search", string, pos, *end)
        return self._pattern.search(string, pos, *end)

    def finditer(self, string: Any, pos: int = 0, *end: int) -> Any:
        self._count("finditer", string, pos, *end)
        return self._pattern.finditer(string, pos, *end)

    def findall(self, string: Any, pos: int = 0, *end: int) -> Any:
        self._count("finditer", string, pos, *end)
        return self._pattern.findall(string, pos, *end)

    def split(self, string: Any, maxsplit: int = 0) -> Any:
        self._count("finditer", string)
        return self._pattern.split(string, maxsplit)

    def sub(self, repl: Any, string: Any, count: int = 0) -> Any:
        self._count("finditer", string)
        return self._pattern.sub(repl, string, count)

    def subn(self, repl: Any, string: Any, count: int = 0) -> Any:
        self._count("finditer", string)
        return self._pattern.subn(repl, string, count)


def _count_expressions() -> None:
    """Let every module that is imported from here on have counting expressions."""
    compiled = re.compile
    known: dict[Any, Counted] = {}

    def counting(pattern: Any, flags: Any = 0) -> Any:
        if isinstance(pattern, Counted):
            return pattern
        key = (type(pattern), pattern, flags)
        if key not in known:
            known[key] = Counted(compiled(pattern, flags))
        return known[key]

    def call(name: str) -> Callable[..., Any]:
        def run(pattern: Any, *args: Any, flags: Any = 0, **options: Any) -> Any:
            most = 2 if name in ("sub", "subn", "split") else 1
            if len(args) > most + (name in ("sub", "subn")):
                *args, flags = args  # type: ignore[assignment]
            return getattr(counting(pattern, flags), name)(*args, **options)

        return run

    re.compile = counting
    for name in ("match", "fullmatch", "search", "finditer", "findall", "split", "sub", "subn"):
        setattr(re, name, call(name))


def _trace(frame: Any, event: str, arg: Any) -> Any:
    if frame.f_code.co_filename.endswith(("backtracking.py", "counted.py")):
        return None
    return _line


def _line(frame: Any, event: str, arg: Any) -> Any:
    global _steps
    _steps += 1
    if _steps >= MOST:
        raise Enough
    return _line


PIECES = [
    *"a1. @:;,/<>\"'()[]{}=+-_*&%#?\\\n\t\r",
    "é", "\u0660", "\u2028", "\u200e", "ａ", "a ", " a", "1 ", "1-", "a.", "a@", "@a", "a@b ", "a-", "-a", "/a", "a\n", "\n ", " \n", "\r\n", "\n\n",
    "> ", "\n>", ">\n", "<a", "<a ", "</a>", "<title>", "<!--", "-->", "<blockquote>", "&#1", "&amp", "%41", "%25", "=41", "=?", "=?utf-8?q?a?= ",
    "\"a\",", "\"\n", "\\\"", "{\"a\":", "[", "[{", "}{", "},{", "From ", "\nFrom ", "From 1:11 2026\n", "a: b\n", "To:", "boundary=b;", ";a=b", ";a*0=b",
    "\n--b\n", "--b", "\n-- ", "___", "\n_____\n", "From: a\n", "On 1/1/2026 1:11 a@b wrote:\n", "\n\nFrom \nTo: a\nCc: b\n", "\nContent-Length: 9\n\nFrom -\n",
    "\\u1 ", "{\\*", "\\'e9", "\x1b$B!!", "\x1b(I", "On a wrote:\n", "wrote:", " schrieb ", "http://", "https://x.com/", "www.a.b/", "x.com/a ", "urn:", "tel:", "sip:a@",
    ";ext=1", " ext 1", ",,1", " or ", "+1", "+44 ", "(0)", "00", "1/2/", "12:34 ", "2026-01-01 ", "05/01/2026, 09:00 - J: ", "<attached: ", "(1)", "<a>", "\"J\" <1>",
    "SIP/a-", "xn--", "did:", "ext", "GMT", "Mr ", "12 High St, ", "t1:11", "null,", "1e9", "\"a\"", "a@b.c", "jane@example.com ", "020 7946 0958 ",
]  # fmt: skip


def mail(head: str, body: str = "Hello") -> bytes:
    text = f"From: jane@example.com\nDate: Mon, 5 Jan 2026 09:00:00 +0000\nMessage-ID: <1@b.example>\n{head}\n\n{body}"
    return text.encode("utf-8", "replace")


def readers() -> dict[str, Callable[[], Iterator[tuple[str, Callable[[str], Any]]]]]:
    """Return, by name, what yields the calls to make with a crafted text; each says what it is."""
    from omnitrack.identifiers import iter_schemes
    from omnitrack.sources import get_source, open_source
    from omnitrack.sources.registry import detect

    def schemes() -> Iterator[tuple[str, Callable[[str], Any]]]:
        from omnitrack.identifiers.text import identifier

        for scheme in iter_schemes():
            for before in ("", "a", "1", "+4420", "a@", "https://www.linkedin.com/in/", "name="):
                yield (
                    f"{scheme.name} {before!r}",
                    partial(lambda s, b, text: s.parse((b + text)[:510] + "_", region="GB"), scheme, before),
                )
        for before in (
            *("", "tg://resolve?a", "sip:", "a@", '"a" <', "tel:1", "account:", "mailto:a"),
            *("urn:mbid:a", "slack://user?team=T", "slack:<@U01|", "teams:8:acs:", "447700900123:1@", "website:a.b/./"),
            *(
                "https://www.reddit.com/user/",
                "https://app.slack.com/client/T/user_profile/",
                "https://vk.com/a#!/",
                "viber://chat?number=",
            ),
        ):
            yield f"identifier {before!r}", partial(lambda b, text: identifier((b + text)[:1000] + "_", "GB"), before)

    def texts() -> Iterator[tuple[str, Callable[[str], Any]]]:
        from omnitrack.identifiers import OwnList, email, find_identifiers, phone
        from omnitrack.identifiers.spellings import Spellings
        from omnitrack.matching.traits import normalise_traits, trait_of
        from omnitrack.sources.mail_charset import decode_bytes
        from omnitrack.sources.mail_dates import parse_date
        from omnitrack.sources.mail_headers import decode_words, parse_addresses
        from omnitrack.sources.mail_text import html_to_text, split_text
        from omnitrack.sources.rtf import rtf_to_text

        named = Spellings([phone("+442079460958"), email("jane.doe@gmail.com")], ["Jane Doe"], "GB")
        own = OwnList(["email:*a*a*a*@bt.example", "phone:+44800*"])
        yield "find_identifiers", lambda text: find_identifiers(text, "GB", "x")
        yield "html_to_text", html_to_text
        yield "split_text", split_text
        yield "redaction", lambda text: named.replace(text + " 020 7946 0958 jane.doe@gmail.com", "-")
        yield "decode_words", decode_words
        yield "parse_addresses", lambda text: parse_addresses([text])
        yield "parse_date", parse_date
        yield "rtf_to_text", lambda text: rtf_to_text(b"{\\rtf1 " + text.encode("utf-8", "replace"))
        yield "decode_bytes", lambda text: decode_bytes(b"\x1b$B" + text.encode("utf-8", "replace"), "iso-2022-jp")
        yield "trait_of", trait_of
        yield (
            "traits",
            lambda text: normalise_traits(
                dict.fromkeys(("name", "address", "birth_date", "postcode", "phone"), text), region="GB"
            ),
        )
        yield "own", lambda text: own.matches(email("a" * 40 + "@bt.example.com"))

    def mails() -> Iterator[tuple[str, Callable[[str], Any]]]:
        def read(data: bytes, name: str = "eml") -> list[Any]:
            return list(open_source(data, name, trusted_mail_server="mx.b"))

        for name in (
            "To",
            "Subject",
            "Date",
            "References",
            "Content-Type",
            "Received",
            "Authentication-Results",
            "X-A",
        ):
            start = {"Content-Type": "text/plain; charset=", "Authentication-Results": "mx.b; ", "Date": "Mon, "}.get(
                name, ""
            )
            yield f"header {name}", partial(lambda n, s, text: read(mail(f"{n}: {s}{text}b")), name, start)
        for kind in (
            "text/plain",
            "text/html",
            "multipart/mixed; boundary=b",
            "multipart/report; boundary=b",
            "message/delivery-status",
        ):
            yield f"body {kind}", partial(lambda k, text: read(mail(f"Content-Type: {k}", text + "\x01")), kind)
        yield (
            "mailbox",
            lambda text: read(b"From a Mon Jan  5 09:00:00 2026\n" + mail("Subject: x", text + "\n\n" + text), "mbox"),
        )

    def files() -> Iterator[tuple[str, Callable[[str], Any]]]:
        for file, name, options in _formats():
            data = (FIXTURES / file).read_text("utf-8")
            words = sorted(set(re.findall(r"[A-Za-z0-9+@.:/ -]{4,60}", data[:20_000])), key=len)
            for word in words[:: max(1, len(words) // 4)]:
                yield (
                    f"{name}, {word!r}",
                    partial(
                        lambda d, w, n, o, text: list(
                            get_source(n)(_few(d.replace(w, w + text + "\x7f", 3)).encode("utf-8", "replace"), **o)
                        ),
                        *(data, word, name, options),
                    ),
                )

    def detection() -> Iterator[tuple[str, Callable[[str], Any]]]:
        folder = Path(tempfile.mkdtemp())

        def known(before: str, text: str) -> Any:
            file = folder / "unknown.dat"
            file.write_text(before + text + "\x01", "utf-8", errors="replace")
            try:
                return detect(file)
            finally:
                file.unlink()

        for before in ("", "From ", '{"a": "', "Subject: x\n", "05/01/2026, 09:00 - ", "window.YTD"):
            yield f"detect behind {before!r}", partial(known, before)

    def interchange() -> Iterator[tuple[str, Callable[[str], Any]]]:
        from omnitrack.interchange.formats import NAMES, get_format, lines
        from omnitrack.model import Attachment, Interaction

        def again(name: str, text: str) -> Any:
            one = Interaction(
                channel="email", occurred_at=_moment(), customers=[["jane@example.com"]], subject="SUBJECT", body="BODY", thread="THREAD",
                attachments=[Attachment(name="NAME", media_type="text/plain", url="https://x.example/URL")], source="s", source_id="ID",
            )  # fmt: skip
            documents, _ = get_format(name).dump([one])
            data = "".join(lines(documents))
            quoted = json.dumps(text[:900])[1:-1]
            for word in (
                "SUBJECT",
                "BODY",
                "THREAD",
                "NAME",
                "URL",
                "text/plain",
                "2026-01-05T09:00:00",
                "jane@example.com",
            ):
                try:
                    interactions, _ = get_format(name).load(data.replace(word, word + quoted).encode())
                    list(interactions)
                except ValueError:
                    continue

        def as_it_is(name: str, text: str) -> Any:
            return list(get_format(name).load(text.encode("utf-8", "replace"))[0])

        for name in NAMES:
            yield name, partial(again, name)
            yield f"{name}, as it is", partial(as_it_is, name)

    return {
        "schemes": schemes,
        "texts": texts,
        "mails": mails,
        "files": files,
        "detection": detection,
        "interchange": interchange,
    }  # fmt: skip


def _moment() -> Any:
    from datetime import datetime, timezone

    return datetime(2026, 1, 5, 9, tzinfo=timezone.utc)


def _formats() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        ("Master.csv", "asterisk-cdr", {}),
        ("freeswitch.csv", "freeswitch-csv", {}),
        ("freeswitch.json", "freeswitch-json", {}),
        ("x_posts.json", "x", {}),
        ("direct-messages.js", "x-archive", {}),
        ("whatsapp_webhooks.jsonl", "whatsapp-cloud", {}),
        ("WhatsApp Chat with +44 7700 900123.txt", "whatsapp-chat", {"own_name": "Care Team"}),
        ("chatwoot.jsonl", "chatwoot", {"identifier_scope": "bt"}),
        ("zendesk.json", "zendesk", {}),
        ("connect.json", "amazon-connect", {"identifiers": {"accountNumber": "account:{}@bt"}}),
        ("selfservice.jsonl", "segment", {}),
        ("cloudevents.json", "cloudevents", {}),
        ("letters.csv", "csv", {"mapping": FIXTURES / "letters.toml"}),
        ("comments.jsonl", "jsonl", {"mapping": FIXTURES / "comments.toml"}),
    ]


def _few(data: str) -> str:
    """Return the first lines of a long file of lines: the crafted text is in them."""
    lines = data.splitlines(keepends=True)
    return data if data[:1] in "[{w" and not data.startswith('{"type') else "".join(lines[:6])


def steps(call: Callable[[str], Any], text: str) -> int:
    """Return the steps of one call; what it raises is its answer."""
    global _steps
    from omnitrack.identifiers.scheme import forget

    forget()
    _steps = 0
    sys.settrace(_trace)
    try:
        call(text)
    except Enough:
        return MOST
    except (ValueError, LookupError):
        pass
    finally:
        sys.settrace(None)
    return _steps


def main() -> None:
    """Print what the chosen pieces cost one reader."""
    reader, seed, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    rng = random.Random(seed)
    for what, call in readers()[reader]():
        steps(call, "a")  # what is compiled and imported on first use
        for piece in rng.sample(PIECES, min(count, len(PIECES))):
            taken = [steps(call, piece * (size // len(piece))) for size in (SHORT if reader == "schemes" else SIZES)]
            if reader != "schemes" and taken[2] > GROWTH * taken[1]:
                # Where more is done from some size on, such as for a thousand columns, the next doubling is the one that tells.
                taken = [*taken[1:], steps(call, piece * (2 * SIZES[-1] // len(piece)))]
            print(json.dumps([what, piece, taken]), flush=True)


if __name__ == "__main__":
    _count_expressions()
    main()
