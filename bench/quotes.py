"""How often the new text of a mail is found exactly: omnitrack beside the public libraries that are installed.

``python bench/quotes.py [FOLDER]`` reads the project's own set, and from FOLDER (default: ``OMNITRACK_DATA``) the mails of ``talon`` and
``reply_parser``. The answers to those are held as hashes, of the text without white space; not all of them were read by eye.
Signatures are left out on all sides: what is asked is where the quote begins. Libraries: talon, quotequail, email_reply_parser, mail-parser-reply.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "sources"))

from quoted_mails import NEW, answers  # noqa: E402

from omnitrack.sources.mail_parts import take_apart  # noqa: E402
from omnitrack.sources.mail_text import html_to_text, split_text  # noqa: E402

# By name: the new text alone, and with the signature below it.
TRUE: dict[str, tuple[str, str]] = {
    "talon/android.eml": ("185f8db32271", "185f8db32271"),
    "talon/aol.eml": ("185f8db32271", "185f8db32271"),
    "talon/apple_mail.eml": ("185f8db32271", "185f8db32271"),
    "talon/apple_mail_2.eml": ("185f8db32271", "185f8db32271"),
    "talon/comcast.eml": ("185f8db32271", "185f8db32271"),
    "talon/gmail.eml": ("185f8db32271", "185f8db32271"),
    "talon/hotmail.eml": ("185f8db32271", "185f8db32271"),
    "talon/iphone.eml": ("185f8db32271", "49a387fd8fe9"),
    "talon/outlook.eml": ("185f8db32271", "185f8db32271"),
    "talon/sparrow.eml": ("185f8db32271", "a773f006a1ff"),
    "talon/thunderbird.eml": ("185f8db32271", "185f8db32271"),
    "talon/yahoo.eml": ("185f8db32271", "185f8db32271"),
    "talon/gmail.html": ("183a81d308bd", "183a81d308bd"),
    "talon/hotmail.html": ("183a81d308bd", "183a81d308bd"),
    "talon/mail_ru.html": ("183a81d308bd", "183a81d308bd"),
    "talon/ms_outlook_2003.html": ("183a81d308bd", "183a81d308bd"),
    "talon/ms_outlook_2007.html": ("183a81d308bd", "183a81d308bd"),
    "talon/ms_outlook_2010.html": ("183a81d308bd", "183a81d308bd"),
    "talon/thunderbird.html": ("183a81d308bd", "183a81d308bd"),
    "talon/windows_mail.html": ("183a81d308bd", "183a81d308bd"),
    "talon/yandex_ru.html": ("183a81d308bd", "183a81d308bd"),
    "reply_parser/correct_sig.txt": ("8c93096393be", "512d723901db"),
    "reply_parser/email_1_1.txt": ("79cdfce2c843", "b275fa2a5e31"),
    "reply_parser/email_1_2.txt": ("6ff004684add", "96344d7c3414"),
    "reply_parser/email_1_3.txt": ("4ad90b8ffd45", "825114b5c97d"),
    "reply_parser/email_1_4.txt": ("87b319289fd3", "87b319289fd3"),
    "reply_parser/email_1_5.txt": ("291446429a4d", "291446429a4d"),
    "reply_parser/email_1_6.txt": ("4c015ce4cefd", "ef3cdcb5c2bf"),
    "reply_parser/email_1_7.txt": ("4069a5e41439", "4069a5e41439"),
    "reply_parser/email_1_8.txt": ("d6290405fd96", "d6290405fd96"),
    "reply_parser/email_2_1.txt": ("a5def57f63f4", "a5def57f63f4"),
    "reply_parser/email_2_2.txt": ("310af0fc9b9f", "310af0fc9b9f"),
    "reply_parser/email_2_3.txt": ("2aba9df1f9e7", "2aba9df1f9e7"),
    "reply_parser/email_BlackBerry.txt": ("cbe334ef4b61", "3e6fa4a0ec92"),
    "reply_parser/email_bullets.txt": ("014127c45d5b", "014127c45d5b"),
    "reply_parser/email_gmail.txt": ("19f98fb07cf0", "19f98fb07cf0"),
    "reply_parser/email_headers_no_delimiter.txt": ("daca0114bcbf", "daca0114bcbf"),
    "reply_parser/email_iPhone.txt": ("cbe334ef4b61", "72c5db361417"),
    "reply_parser/email_multi_word_sent_from_my_mobile_device.txt": ("cbe334ef4b61", "7683abd24854"),
    "reply_parser/email_one_is_not_on.txt": ("1d32897c8539", "1d32897c8539"),
    "reply_parser/email_partial_quote_header.txt": ("b4bb0a0975c4", "b4bb0a0975c4"),
    "reply_parser/email_sent_from_my_not_signature.txt": ("8e28195acb48", "8e28195acb48"),
    "reply_parser/email_sig_delimiter_in_middle_of_line.txt": ("b99aad6ba787", "b99aad6ba787"),
    "reply_parser/greedy_on.txt": ("b4bb0a0975c4", "b4bb0a0975c4"),
    "reply_parser/pathological.txt": ("d5b68daa56f8", "d5b68daa56f8"),
}


def bare(text: str) -> str:
    """Return a text without white space."""
    return "".join(text.split())


def print_of(text: str) -> str:
    """Return the hash by which an answer is known."""
    return hashlib.sha256(bare(text).encode()).hexdigest()[:12]


def ours(text: str) -> str:
    """Return what omnitrack takes for new, with its signature."""
    parts = split_text(text)
    return parts.new + parts.signature


def _talon() -> Callable[[str], str]:
    extract: Callable[[str], str] = import_module("talon.quotations").extract_from_plain
    return extract


def _quotequail() -> Callable[[str], str]:
    quote = import_module("quotequail").quote
    return lambda text: "\n".join(part for shown, part in quote(text, limit=10**6, quote_intro_line=True) if shown)


def _email_reply_parser() -> Callable[[str], str]:
    parser = import_module("email_reply_parser").EmailReplyParser
    return lambda text: "\n".join(
        one.content for one in parser.read(text).fragments if not one.quoted and not one.headers
    )


def _mail_parser_reply() -> Callable[[str], str]:
    made = import_module("mailparser_reply").EmailReplyParser(
        languages=["en", "de", "fr", "es", "it", "nl", "pl", "sv", "da", "cs", "ja", "ko", "zh"]
    )
    return lambda text: str(made.read(text=text).replies[0].content)


def corpus(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield (name, text) of the mails of others."""
    for path in sorted((folder / "talon/tests/fixtures/standard_replies").glob("*.eml")):
        yield f"talon/{path.name}", take_apart(message_from_bytes(path.read_bytes(), policy=policy.compat32)).text()
    for path in sorted((folder / "talon/tests/fixtures/html_replies").glob("*.html")):
        yield f"talon/{path.name}", html_to_text(path.read_text("utf-8", errors="replace"))
    for path in sorted((folder / "reply_parser/test/emails").glob("*.txt")):
        yield f"reply_parser/{path.name}", path.read_text("utf-8", errors="replace")


def share(
    readers: dict[str, Callable[[str], str]], mails: list[tuple[str, str, Callable[[str], bool]]], title: str
) -> None:
    """Print for each reader how many of the mails it reads exactly."""
    print(f"{title} ({len(mails)})")
    for name, read in readers.items():
        wrong = []
        for what, text, right in mails:
            try:
                found = read(text)
            except Exception as error:  # a library of others may raise on anything
                found = f"{type(error).__name__}"
            if not right(found):
                wrong.append(what)
        print(
            f"  {name:20} {(len(mails) - len(wrong)) / len(mails):7.1%}"
            + (f"   not: {'; '.join(wrong[:8])}" if name == "omnitrack" and wrong else "")
        )


def main() -> None:
    """Print the shares."""
    readers: dict[str, Callable[[str], str]] = {"omnitrack": ours}
    for name, make in (
        ("talon", _talon),
        ("quotequail", _quotequail),
        ("email_reply_parser", _email_reply_parser),
        ("mail-parser-reply", _mail_parser_reply),
    ):
        try:
            readers[name] = make()
        except ImportError:
            print(f"{name} is not installed")
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("OMNITRACK_DATA", ROOT.parent / "shared/data"))
    own = [(what, text, new) for what, text, new in answers()]
    phone = bare("Sent from my iPhone")

    def is_new(new: str) -> Callable[[str], bool]:
        return lambda found: bare(found).removesuffix(phone) == bare(new) or bare(found) == bare(new)

    share(readers, [(what, text, is_new(new)) for what, text, new in own if what not in NEW], "own set: answers")
    share(readers, [(what, text, is_new(new)) for what, text, new in own if what in NEW], "own set: all of it new")
    others = list(corpus(folder))
    for start in ("talon", "reply_parser"):
        known = [
            (name, text, lambda found, n=name: print_of(found) in TRUE[n])
            for name, text in others
            if name.startswith(start) and name in TRUE
        ]
        if known:
            share(readers, known, start)


if __name__ == "__main__":
    main()
