"""Profile URLs: finds the platform of a URL; otherwise it is a web site."""

from __future__ import annotations

from omnitrack.identifiers import (  # noqa: F401  (they register their schemes)
    messengers,
    networks,
    number_messengers,
    platforms,
    reviews,
    whatsapp,
    workspaces,
)
from omnitrack.identifiers.federated import Forum, Mastodon
from omnitrack.identifiers.scheme import Identifier, get_scheme, iter_schemes
from omnitrack.identifiers.social import Account
from omnitrack.identifiers.urls import Url
from omnitrack.identifiers.websites import Website


def read_profile(url: Url, raw: str) -> Identifier:
    """Return the identifier of a profile URL of any platform that is known by its host; of another host that of a web site.

    Raises:
        InvalidIdentifierError: a page of a platform that is no profile.
    """
    known = [scheme for scheme in iter_schemes() if isinstance(scheme, Account) and scheme.knows(url)]
    if not known:
        return get_scheme(Website.name).parse(raw)
    # Mastodon's servers and forums are told by a word in the name of the host, which may stand in another platform's too.
    return min(known, key=lambda scheme: isinstance(scheme, (Mastodon, Forum))).from_url(url, raw)
