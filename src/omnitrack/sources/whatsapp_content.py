"""What a message of the WhatsApp Business Platform says, by its type, as text and attachments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from omnitrack.model import Attachment
from omnitrack.sources.values import body_of, list_of, mapping_of, name_of, text_of, words

MEDIA = words("image video audio voice document sticker")


def content(message: Mapping[str, Any], kind: str) -> tuple[str | None, tuple[Attachment, ...]]:
    """Return what a message says, and the media that came with it.

    Args:
        message: as the platform reports it.
        kind: its type, which names the part that holds it.
    """
    part = mapping_of(message.get(kind))
    if kind in MEDIA:
        file = Attachment(
            name=name_of(part.get("filename")) or name_of(part.get("id")),
            media_type=name_of(part.get("mime_type")) or kind,
            sha256=name_of(part.get("sha256")),
            url=text_of(part.get("url")),
        )
        return body_of(part.get("caption")), (file,)
    if kind == "contacts":
        return body_of("\n".join(_cards(list_of(message.get(kind))))), ()
    if kind == "order":
        return body_of("\n".join(_order(part))), ()
    if kind == "interactive":
        reply = next((mapping_of(value) for name, value in part.items() if name.endswith("_reply")), {})
        named = [text_of(reply.get(name)) for name in ("title", "name", "body", "response")]
        return body_of(next(filter(None, named), None)), ()
    if kind == "location":
        named = [text_of(part.get("name")), text_of(part.get("address"))]
        point = [text_of(part.get("latitude")), text_of(part.get("longitude"))]
        return ", ".join(filter(None, named)) or ", ".join(filter(None, point)) or None, ()
    for name in ("body", "text", "emoji"):
        if body_of(part.get(name)):
            return body_of(part.get(name)), ()
    return None, ()


def _cards(cards: list[Any]) -> Iterator[str]:
    """A line for each contact that was sent: who it is, and how to reach them."""
    for card in map(mapping_of, cards):
        name = mapping_of(card.get("name"))
        parts = [text_of(name.get("first_name")), text_of(name.get("last_name"))]
        who = text_of(name.get("formatted_name")) or " ".join(filter(None, parts))
        reach = [text_of(mapping_of(one).get("phone")) for one in list_of(card.get("phones"))]
        reach += [text_of(mapping_of(one).get("email")) for one in list_of(card.get("emails"))]
        yield ": ".join(filter(None, (who, ", ".join(filter(None, reach)))))


def _order(order: Mapping[str, Any]) -> Iterator[str]:
    """The words that came with an order, and a line for each thing."""
    if text := text_of(order.get("text")):
        yield text
    for item in map(mapping_of, list_of(order.get("product_items"))):
        price = " ".join(filter(None, (text_of(item.get("item_price")), text_of(item.get("currency")))))
        what = f"{text_of(item.get('quantity')) or '1'} × {text_of(item.get('product_retailer_id')) or '?'}"
        yield f"{what} ({price})" if price else what
