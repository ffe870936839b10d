"""One matter over three channels: a direct message on X, the mail that brings the code along, the call on which the next code is keyed.

Each comes in as its platform gives it: an event of the X API, a mail (RFC 5322), a contact record of Amazon Connect. What an agent sees when the telephone rings is
printed. Run it from anywhere:

    python examples/handover.py
"""

from __future__ import annotations

import json
import tempfile
from datetime import datetime, timedelta, timezone
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import omnitrack

NOW = datetime.now(timezone.utc).replace(microsecond=0)
CARE, MIKE = "20001", "44196397001"  # accounts on X
OWN = [f"x-id:{CARE}", "x:northlinkcare", "email:*@northlink.example", "phone:08081570100"]


def direct_message(text: str, at: datetime) -> dict[str, Any]:
    """Return what ``GET /2/dm_events`` gives for a direct message from Mike."""
    event = {
        "id": "1585321444547837956",
        "event_type": "MessageCreate",
        "text": text,
        "sender_id": MIKE,
        "dm_conversation_id": f"{CARE}-{MIKE}",
        "created_at": f"{at:%Y-%m-%dT%H:%M:%S.000Z}",
    }
    user = {"id": MIKE, "username": "MikeSamuels68", "name": "Mike Samuels"}
    return {"data": [event], "includes": {"users": [user]}}


def mail(text: str, at: datetime) -> bytes:
    """Return a mail from Mike as it arrives."""
    message = EmailMessage()
    message["From"] = "Mike Samuels <mike.samuels@example.org>"
    message["To"] = "Northlink Care <care@northlink.example>"
    message["Subject"] = "No broadband"
    message["Date"] = format_datetime(at)
    message["Message-ID"] = "<20260302.1@example.org>"
    message.set_content(text)
    return message.as_bytes()


def contact_record(keyed: str, at: datetime) -> dict[str, Any]:
    """Return the contact record of a call; its contact flow has stored the digits that the caller keyed."""
    return {
        "AWSAccountId": "111122223333",
        "ContactId": "3b6b8a4c-5a5e-4a63-9a43-6a2f1a5f7f11",
        "Channel": "VOICE",
        "InitiationMethod": "INBOUND",
        "InitiationTimestamp": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "DisconnectTimestamp": f"{at + timedelta(minutes=4):%Y-%m-%dT%H:%M:%SZ}",
        "CustomerEndpoint": {"Address": "+442079460958", "Type": "TELEPHONE_NUMBER"},
        "SystemEndpoint": {"Address": "+448081570100", "Type": "TELEPHONE_NUMBER"},
        "Attributes": {"keyed": keyed},
    }


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, omnitrack.open("memory://", region="GB", own=OWN) as tracker:
        message, letter, call = (Path(folder) / name for name in ("dm.json", "mail.eml", "call.json"))

        message.write_text(json.dumps(direct_message("No broadband for 3 days", NOW - timedelta(hours=2))), "utf-8")
        print(tracker.load(message))
        first = tracker.hand_over(
            tracker.timeline("x:MikeSamuels68")[0],
            to="email",
            reason="needs a photo of the router",
            address="care@northlink.example",
        )
        print(first.text)

        letter.write_bytes(mail(f"Here is the photo.\n\n> ... with code {first.code} ...\n", NOW - timedelta(hours=1)))
        print(tracker.load(letter))
        second = tracker.hand_over(
            tracker.timeline("mike.samuels@example.org")[0],
            to="phone",
            reason="to test the line together",
            address="0808 157 0100",
        )
        print(second.text)

        call.write_text(json.dumps(contact_record(second.digits, NOW)), "utf-8")
        print(tracker.load(call))

        print()
        print(tracker.brief("020 7946 0958"))
        print()
        for conversation in tracker.conversations("020 7946 0958"):
            print(conversation)
            for item in conversation.items:
                print(" ", item)
        print()
        print(tracker.explain("x:MikeSamuels68", "020 7946 0958"))


if __name__ == "__main__":
    main()
