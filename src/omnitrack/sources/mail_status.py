"""What a mail program kept about a mail: deleted, a draft, spam, in the trash; by headers, flags, labels and folders."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from omnitrack.sources.facts import facts

if TYPE_CHECKING:
    from omnitrack.sources.mail_headers import Headers

# Names of folders and labels, in the languages of Gmail, Outlook, Apple Mail and Thunderbird, whole and without regard to case.
_DRAFTS = (
    "draft|drafts|entwurf|entwürfe|brouillon|brouillons|borrador|borradores|bozza|bozze|rascunho|rascunhos|concept|concepten|utkast|"
    "kladde|kladder|luonnos|luonnokset|szkic|szkice|wersje robocze|robocze|koncept|koncepty|piszkozat|piszkozatok|taslak|taslaklar|"
    "черновик|черновики|чернетки|чернови|πρόχειρα|ciorne|mesaje nefinalizate|טיוטות|مسودات|المسودات|下書き|草稿|草稿箱|임시보관함|임시 보관함|"
    "thư nháp|draf|koncepti|skice|templates|vorlagen|unsent messages|postausgang|outbox"
)
_SPAM = (
    "spam|junk|junk e-mail|junk email|junk-e-mail|junk mail|bulk mail|courrier indésirable|indésirables|pourriel|correo no deseado|"
    "posta indesiderata|lixo eletrônico|lixo electrónico|ongewenste e-mail|skräppost|søppelpost|uønsket post|uønsket mail|roskaposti|"
    "wiadomości-śmieci|nevyžádaná pošta|nevyžiadaná pošta|levélszemét|önemsiz|gereksiz|спам|нежелательная почта|"
    "ανεπιθύμητα|דואר זבל|ספאם|بريد غير هام|迷惑メール|垃圾邮件|垃圾郵件|스팸함|정크 메일|thư rác"
)
_TRASH = (
    "trash|deleted|deleted items|deleted messages|bin|wastebasket|papierkorb|gelöscht|gelöschte elemente|gelöschte objekte|corbeille|"
    "éléments supprimés|messages supprimés|papelera|elementos eliminados|cestino|posta eliminata|lixeira|lixo|itens excluídos|"
    "itens eliminados|prullenbak|verwijderde items|papperskorg|papperskorgen|borttagna objekt|papirkurv|papirkurven|slettet post|"
    "slettede elementer|roskakori|poistetut|kosz|elementy usunięte|koš|odstraněná pošta|kôš|lomtár|kuka|törölt elemek|çöp|çöp kutusu|"
    "silinmiş öğeler|корзина|удаленные|удалённые|кошик|кошче|κάδος|κάδος απορριμμάτων|coș de gunoi|אשפה|פריטים שנמחקו|المهملات|"
    "ゴミ箱|削除済みアイテム|已删除|已删除邮件|已刪除的郵件|废纸篓|垃圾桶|垃圾箱|휴지통|지운 편지함|thùng rác"
)
_FOLDERS = {
    **dict.fromkeys(_DRAFTS.split("|"), "draft"),
    **dict.fromkeys(_SPAM.split("|"), "spam"),
    **dict.fromkeys(_TRASH.split("|"), "trashed"),
}
_HEX = re.compile(r"[0-9a-fA-F]{1,8}$")
# Headers of filters and programs by the word in them that says spam.
_SPAM_HEADERS = {
    "x-spam-flag": "yes",
    "x-spam-status": "yes",
    "x-bogosity": "spam",
    "x-mozilla-keys": "junk",
    "x-keywords": "junk",
}


def folder_facts(name: str) -> dict[str, bool]:
    """Return what the name of a folder or of a label says of the mails in it.

    >>> folder_facts("Papierkorb")
    {'trashed': True}
    """
    fact = _FOLDERS.get(name.strip().strip('"').lower())
    return facts(**{fact: True}) if fact else {}


def flag_facts(name: str) -> dict[str, bool]:
    """Return what the flags in the name of a file of a Maildir say: ``D`` is a draft, ``T`` trashed.

    The colon before the flags is another mark where a file system has none.

    >>> flag_facts("1736154000.M1P1.host:2,DS")
    {'draft': True}
    """
    _, mark, flags = name.rpartition("2,")
    if not mark or name[-len(flags) - 3 : -len(flags) - 2] not in (":", ";", "!", "_", "-"):
        return {}
    return facts(draft="D" in flags, trashed="T" in flags)


def bits_facts(bits: int) -> dict[str, bool]:
    """Return what the ``flags`` of a file of Apple Mail (.emlx) say."""
    return facts(deleted=bits & 0b10, draft=bits & 0b100_0000, spam=bits & 1 << 24)


def header_facts(headers: Headers) -> dict[str, bool]:
    """Return what the headers say that mail programs and filters put into a mail.

    Read are Status and X-Status (mbox of Unix), X-Mozilla-Status and -Status2, X-Gmail-Labels, X-Unsent, X-Mozilla-Draft-Info,
    X-Spam-Flag and those like it.
    """
    unix = (headers.get("x-status") or "") + (headers.get("status") or "")[:10]
    mozilla, mozilla2 = _bits(headers.get("x-mozilla-status")), _bits(headers.get("x-mozilla-status2"))
    found = facts(
        deleted=mozilla & 0x0008 or mozilla2 & 0x0020_0000 or (len(unix) < 20 and "D" in unix),
        draft=(headers.get("x-status") or "").strip()[:10].find("T") >= 0
        or (headers.get("x-unsent") or "").strip() == "1"
        or (headers.get("x-mozilla-draft-info") is not None and headers.get("received") is None),
        spam=any(word in _words(headers.get(name)) for name, word in _SPAM_HEADERS.items())
        or "sfv:spm;" in (headers.get("x-forefront-antispam-report") or "")[:5_000].lower(),
    )
    for label in (headers.text("x-gmail-labels") or "").split(","):
        found |= folder_facts(label)
    return found


def _words(value: str | None) -> list[str]:
    """The first words of a header; of a verdict with a score, the verdict."""
    return [word.strip("$,;").lower() for word in (value or "")[:1_000].split()]


def _bits(value: str | None) -> int:
    return int(value, 16) if value and _HEX.match(value) else 0
