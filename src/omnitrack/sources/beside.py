"""Files that lie beside logs and hold no contacts: media of chats, and what mail programs keep for themselves."""

from __future__ import annotations

from pathlib import PurePath

from omnitrack.sources.values import words

_MEDIA = frozenset(
    words(
        "jpg jpeg png gif webp heic heif bmp tif tiff svg ico mp4 m4v mov avi mkv webm 3gp 3gpp mpg mpeg mp3 m4a ogg oga opus wav amr aac flac "
        "wma caf vcf thumb"
    )
)
_INDEXES = frozenset(words("msf toc mozmsgs idx snm dat-journal sqlite-wal sqlite-shm lock"))
_OF_PROGRAMS = frozenset(
    words(
        "table_of_contents info.plist subscriptions maildirsize maildirfolder dovecot-keywords dovecot-uidlist dovecot-uidvalidity "
        "courierimapuiddb courierimapsubscribed msgfilterrules.dat filterlog.html popstate.dat foldertree.json desktop.ini thumbs.db"
    )
)


def what_beside(name: str) -> str | None:
    """Return why a file of this name is passed over, or None where it may hold contacts.

    >>> what_beside("IMG-20260203-WA0001.jpg")
    'media file'
    """
    name = name.lower()
    ending = PurePath(name).suffix.removeprefix(".")
    if ending in _MEDIA:
        return "media file"
    if ending in _INDEXES or name in _OF_PROGRAMS or name.startswith(("dovecot.", "dovecot-")):
        return "index of a mail program"
    return None
