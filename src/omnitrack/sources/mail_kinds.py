"""What sort of mail it is: of a person or of a machine, a bounce, a receipt, an answer out of office, passed on."""

from __future__ import annotations

import re

from omnitrack.sources.mail_headers import Address, Headers
from omnitrack.sources.mail_parts import Body
from omnitrack.sources.quoting import holds_headers
from omnitrack.sources.values import words

#: Kinds of mails that nobody wrote.
BY_MACHINES = frozenset(words("bounce receipt auto-reply notification"))

_DAEMON = re.compile(
    r"(?:mailer-daemon|postmaster|mail-daemon|mailerdaemon|mdaemon|microsoftexchange[0-9a-f]{32})(?:@|$)", re.I
)
_FAILED = re.compile(
    r"(?:\[?\w{1,20}\]?:? ?)?(?:undeliver|delivery (?:status notification|failure|has failed|notification|report|problem|error)|failure notice|"
    r"(?:mail|message) (?:delivery|system) (?:failed|failure|error)|mail delivery (?:failed|subsystem|system)|returned mail|mail could not be delivered|"
    r"message undeliverable|non[- ]?deliver|nondeliverable|delayed mail|warning: (?:message|could not send)|"
    r"unzustellbar|nicht zustellbar|non remis|non distribu|échec de la remise|échec de (?:la )?distribution|no se puede entregar|no entregado|"
    r"correo no entregado|impossibile recapitare|non recapitabile|mancato recapito|não entregue|não é possível entregar|não foi possível entregar|"
    r"onbestelbaar|niet bezorgd|det går inte att leverera|kan ikke leveres|olevererat|ei voi toimittaa|niedostarczon|nie można dostarczyć|"
    r"nedoručiteln|kézbesíthetetlen|teslim edilemedi|не удается доставить|недоставлен|недоставленное|配信不能|配信できません|无法投递|未送达|無法傳遞|배달되지 않음)",
    re.I,
)
_DELAYED = re.compile(
    r"(?:delayed|delay\b|warning: (?:message|could not send)|verzögert|retard|retraso|vertraagd)", re.I
)
# What mail programs put in front of the subject of an answer that nobody wrote.
_AWAY = re.compile(
    r"(?:automatic reply|automatic response|auto[- ]?reply|auto[- ]?response|autoresponse|auto[- ]?responder|out[- ]of[- ](?:the[- ])?office|ooo|"
    r"vacation reply|vacation message|on vacation|away from (?:my|the) (?:mail|office|desk)|automatische antwort|abwesenheitsnotiz|abwesenheitsnachricht|abwesenheit|abwesend|nicht im büro|"
    r"autom\. antwort|réponse automatique|absence du bureau|respuesta automática|fuera de (?:la )?oficina|risposta automatica|fuori (?:sede|ufficio)|"
    r"resposta automática|fora do escritório|ausência temporária|automatisch antwoord|automatisch bericht|afwezig(?:heid)?|automatiskt svar|autosvar|"
    r"automatisk svar|frånvaro(?:meddelande)?|fraværende|automaattinen vastaus|poissaoloilmoitus|odpowiedź automatyczna|automatyczna odpowiedź|"
    r"automatická odpověď|automatická odpoveď|automatikus válasz|otomatik yanıt|răspuns automat|автоматический ответ|автоответ|"
    r"автоматична відповідь|автоматичен отговор|αυτόματη απάντηση|תשובה אוטומטית|رد تلقائي|自動応答|自動返信|自动答复|自动回复|自動回覆|자동 회신|자동 응답|"
    r"trả lời tự động|balas otomatis|samodejni odgovor|automatski odgovor)",
    re.I,
)
# Lotus Notes: "AUTO: Jane Roe is out of the office (returning 02/03/2026)".
_AWAY_NOTES = re.compile(r"(?:auto: )?\w[^:]{0,80} (?:is|will be) (?:out of (?:the |my )?office|away)\b", re.I)
_AFTER_AWAY = re.compile(r"\s{0,5}(?:[:：\-–—\])]|$|re:)", re.I)
_FORWARD = re.compile(
    r"\s{0,9}(?:fwd?|wg|tr|rv|enc|vs|vb|doorst|i|pd|továbbítás|ilt|пересл|转发|轉寄|전달|fyi)\s{0,3}[:：]", re.I
)
_BOX = re.compile(
    r"<([^<>\s@]{1,100}@[^<>\s@]{1,200})>|^[ \t>]{0,8}([^<>\s@:]{1,100}@[^<>\s@:]{1,200})[ \t]{0,8}(?:$|[:(])", re.M
)
# The mail that came back stands below the notice.
_RETURNED = re.compile(r"^(?:-{3,}.{0,100}$|(?:received|return-path|from|message-id|date):)", re.I | re.M)
_MOST_BOXES = 50


def kind_of(headers: Headers, body: Body, senders: list[Address]) -> tuple[str, str | None, str | None]:
    """Tell people's mails from machines': delivery reports (RFC 3464), receipts (RFC 8098), auto-replies (RFC 3834).

    Many servers follow none of them, so the subjects and senders that they use are known as well.

    Args:
        headers: of the mail.
        body: of the mail.
        senders: by From.

    Returns:
        The kind, the outcome, and the Message-ID of the mail that it is about.
    """
    content_type = (headers.get("content-type") or "").lower()
    subject = (headers.text("subject") or "").strip()[:300]
    if body.delivery or "report-type=delivery-status" in content_type.replace('"', "").replace(" ", ""):
        actions = {fields.get("action", "").lower().split(" ")[0] for fields in body.delivery}
        outcome = (
            "bounced"
            if "failed" in actions or not actions - {""}
            else "delayed"
            if "delayed" in actions
            else "delivered"
        )
        return "bounce", outcome, body.about
    path = headers.get("return-path")
    null_path = path is not None and path.strip(" \t<>").lower().partition("@")[0] in ("", "mailer-daemon")
    from_daemon = bool(senders and _DAEMON.match(senders[0].mailbox)) or (
        not senders and "mailer-daemon" in (headers.get("from") or "").lower()[:300]
    )
    if headers.get("x-failed-recipients") or (
        from_daemon and (null_path or "multipart/report" in content_type or _FAILED.match(subject))
    ):
        return "bounce", "delayed" if _DELAYED.search(subject) else "bounced", body.about
    if "disposition-notification" in content_type:
        return "receipt", None, body.about
    submitted = (headers.get("auto-submitted") or "no").lower().partition(";")[0].strip()
    by_machine = null_path or submitted != "no" or _suppressed(headers)
    away = _away(subject, by_machine) or (null_path and not from_daemon and bool(headers.get("in-reply-to")))
    if _answered_by_machine(headers, submitted) or away:
        return "auto-reply", None, None
    if submitted != "no" or (null_path and not from_daemon and _suppressed(headers)):
        return "notification", None, None
    return "message", None, None


def bounced_boxes(headers: Headers, text: str) -> list[str]:
    """Return the addresses that a bounce without a report for machines names: in X-Failed-Recipients, or in its text."""
    failed = [address.mailbox for address in headers.addresses("x-failed-recipients")]
    if not failed:
        notice = text[:20_000]
        returned = _RETURNED.search(notice)
        others = {address.mailbox.lower() for address in headers.addresses("to", "cc", "from")}
        failed = [found[1] or found[2] for found in _BOX.finditer(notice[: returned.start() if returned else None])]
        failed = [box for box in failed if box.lower() not in others and not _DAEMON.match(box)]
    return list(dict.fromkeys(box.rstrip(".,") for box in failed))[:_MOST_BOXES]


def forwarded(headers: Headers, text: str) -> bool:
    """Return whether somebody passed on what another wrote: sent again (RFC 5322 section 3.6.6), or as the subject and text say."""
    if headers.get("resent-from"):
        return True
    subject = headers.text("subject") or ""
    return _FORWARD.match(subject) is not None and holds_headers(text)


def _away(subject: str, by_machine: bool) -> bool:
    """Whether a subject is that of an answer out of office; one that a person could write counts where a machine sent it."""
    text = subject.lstrip("[(")
    end = 0
    while (found := _AWAY.match(text, end)) is not None:  # "Out of Office AutoReply:"
        end = found.end() + (text[found.end() : found.end() + 1] == " ")
    if end:
        return by_machine or _AFTER_AWAY.match(text, end) is not None
    notes = _AWAY_NOTES.match(text)
    return notes is not None and (by_machine or text[:5].lower() == "auto:")


def _answered_by_machine(headers: Headers, submitted: str) -> bool:
    if submitted.startswith("auto-replied"):
        return True
    if "auto_reply" in ((headers.get("precedence") or "").lower(), (headers.get("preference") or "").lower()):
        return True
    if any(
        headers.get(name)
        for name in ("x-autoreply", "x-autorespond", "x-autoresponder", "x-autoreply-from", "x-mail-autoreply")
    ):
        return True
    if any(
        "autoresponder" in value.lower()
        for name in ("delivered-to", "x-post-messageclass")
        for value in headers.all_of(name)
    ):
        return True
    # Exchange calls an answer out of office generated; what made it says that it is one.
    return "mailbox rules agent" in (headers.get("x-ms-exchange-generated-message-source") or "").lower()


def _suppressed(headers: Headers) -> bool:
    """Whether it asks other machines not to answer, as only machines do."""
    return bool(headers.get("x-auto-response-suppress") or headers.get("x-loop"))
