"""Mailboxes: provider aliases that are one mailbox, role addresses and disposable domains."""

from __future__ import annotations

import re

import attrs

from omnitrack.identifiers.characters import words


@attrs.frozen(slots=True)
class Provider:
    """What a provider documents of its addresses: the domain they are one under, and what it ignores in a local part."""

    domain: str
    dots: bool = False  # dots do not count
    tags: bool = False  # "+tag" does not count
    loose_dots: bool = False  # has addresses with dots in a row or before the @, which RFC 5321 puts between quotes


# Only what the provider itself documents; elsewhere nothing is stripped, since a +tag may be somebody else's mailbox.
# Yahoo's and AOL's disposable addresses (base-keyword@) name another base than the account's, so they cannot be undone;
# Proton ignores . - _ too, but its documents do not say so.
_GMAIL = Provider("gmail.com", dots=True, tags=True)
_ICLOUD = Provider("icloud.com")
PROVIDERS: dict[str, Provider] = {
    # Dots: Gmail Help, "Dots don't matter in Gmail addresses" (support.google.com/mail/answer/7436150). Tags: Gmail Help,
    # "Create task-specific addresses". Both names are of one service; Google gave each user both.
    "gmail.com": _GMAIL,
    "googlemail.com": _GMAIL,
    # Tags: learn.microsoft.com, "Plus addressing in Exchange Online"; announced for Outlook.com and Hotmail in
    # September 2013. Dots count, and the domains are different mailboxes.
    "outlook.com": Provider("outlook.com", tags=True),
    "hotmail.com": Provider("hotmail.com", tags=True),
    "live.com": Provider("live.com", tags=True),
    "msn.com": Provider("msn.com", tags=True),
    # Tags: fastmail.help, "Plus addressing and subdomain addressing".
    "fastmail.com": Provider("fastmail.com", tags=True),
    "fastmail.fm": Provider("fastmail.fm", tags=True),
    # Domains: support.apple.com/118230, one account has the three. Apple documents no tags.
    "icloud.com": _ICLOUD,
    "me.com": _ICLOUD,
    "mac.com": _ICLOUD,
    # Tags: proton.me/support/addresses-and-aliases. The domains may be different people's.
    "proton.me": Provider("proton.me", tags=True),
    "protonmail.com": Provider("protonmail.com", tags=True),
    "protonmail.ch": Provider("protonmail.ch", tags=True),
    "pm.me": Provider("pm.me", tags=True),
    # NTT docomo and KDDI (au) gave out addresses such as try..this@ and trythis.@ until 2009, which their owners keep.
    "docomo.ne.jp": Provider("docomo.ne.jp", loose_dots=True),
    "ezweb.ne.jp": Provider("ezweb.ne.jp", loose_dots=True),
}


def provider_form(local: str, domain: str) -> tuple[str, str]:
    """Return local part and domain under which the provider of the domain keeps the mailbox.

    >>> provider_form("j.a.ne+x", "googlemail.com"), provider_form("+test", "gmail.com")
    (('jane', 'gmail.com'), ('+test', 'gmail.com'))
    """
    provider = PROVIDERS.get(domain)
    if provider is None or local.startswith('"'):
        return local, domain
    if provider.tags and (base := local.partition("+")[0].strip(".")):
        local = base
    if provider.dots and (bare := local.replace(".", "")):
        local = bare
    return local, provider.domain


# Mailboxes of a function, not of a person. RFC 2142 names the first group (business, network, services); the others are
# what companies and systems use. Compared without . - _ and without a +tag.
_ROLES = words(
    """
    info marketing sales support abuse noc security postmaster hostmaster usenet news webmaster www uucp ftp
    listowner owner request
    admin administrator administration root sysadmin system systems operator ops devops it itsupport helpdesk
    servicedesk service services servicecentre servicecenter desk host daemon mailer mailerdaemon mail email
    contact contacts contactus contato contacto kontakt hello hi hola hallo ask enquiries enquiry inquiries inquiry
    questions feedback suggestions complaints complaint reklamation care customercare customerservice customerservices
    customersupport customerrelations clientservices clients client kundenservice kundendienst atencionalcliente
    servicioalcliente serviceclient techsupport technical technik team staff everyone all allstaff company
    office reception frontdesk secretary secretariat sekretariat buero mailroom post poststelle
    accounts accounting accountspayable accountsreceivable accountsdepartment billing invoice invoices invoicing
    finance payments payment payroll buchhaltung rechnung rechnungen facturacion facturation purchasing procurement
    purchase orders order ordering bookings booking reservations reservation tickets shop store verkauf vertrieb
    einkauf ventas comercial shipping delivery deliveries logistics warehouse returns refunds
    hr humanresources jobs job careers career recruitment recruiting recruiter bewerbung personal personnel
    press media pr publicrelations communications comms presse editor editorial newsroom advertising ads events
    partners partner partnerships affiliates investors investorrelations ir legal compliance privacy dataprotection
    dpo gdpr datenschutz copyright dmca trademark ombudsman fraud spam phishing soc cert csirt psirt
    newsletter newsletters subscribe unsubscribe subscriptions mailinglist list lists listserv majordomo updates
    noreply donotreply noresponse nepasrepondre nichtantworten noreplies autoreply autoresponder automated robot bot
    alert alerts notification notifications notify notifier monitoring monitor cron backup backups logs status
    bounce bounces returnpath dns domains domain domainadmin ssladmin ssl dev developer developers engineering
    qa web website webadmin webteam scanner printer fax voicemail switchboard emergency
    help enq enquire enquires faq ithelp hrdept custserv customersuccess customerfeedback salesteam salesops marketingteam
    supportteam allemployees allusers everybody users members member membership community forum social socialmedia
    director directors direction directeur direccion diretoria manager managers management ceo cfo cto coo president
    headoffice hq frontoffice officemanager registrar registration signup login account accountant ap ar receipts
    expenses finanzas finanzen financeiro tesoreria compta comptabilite contabilidad contabilidade amministrazione
    administracion administracao administratie verwaltung biuro oficina escritorio secretaria segreteria geral recepcion
    soporte suporte assistenza asistencia atendimento klantenservice kundeservice kundtjanst bestellung bestellungen
    compras vendas commercial commerciale reservas rezervari reservierung zakaz reklama reklame publicidade recursoshumanos
    rrhh rh recrutement formation formacion redaktion redaction redaccion redazione comunicacion comunicazione leads
    campaign campaigns promo promotions offers survey surveys welcome reminder reminders receipt report reports alarm
    alarms devnull nospam junk mailbox inbox postbox postfix mailman listproc smtp imap ftpadmin server
    network networks hosting cloud database securityalert securityalerts accountsecurity memberservices
    program projects product products production pressoffice school library faculty students volunteers
    donations eventsteam shopping wholesale retail travel tours catering maintenance facilities dispatch transport
    """
)
# Senders put a token behind these: bounces-4711@, noreply-abc@.
_ROLE_PREFIXES = re.compile(
    r"(?:no|donot|dont|never)(?:t)?repl(?:y|ies)|mailerdaemon|bounces?(?:\d|$)|unsubscribe|(?:bounces?|returnpath)[-+=]"
)


def is_role(local: str) -> bool:
    """Return whether a local part names a function (RFC 2142 and common use) rather than a person.

    >>> is_role("info"), is_role("no-reply"), is_role("customer.service+de"), is_role("jane.sales")
    (True, True, True, False)
    """
    base = local.strip('"').partition("+")[0]
    compact = base.replace(".", "").replace("-", "").replace("_", "")
    return (
        compact in _ROLES
        or "noreply" in compact
        or _ROLE_PREFIXES.match(compact) is not None
        or _ROLE_PREFIXES.match(base) is not None
    )


_disposable: frozenset[str] | None = None


def is_disposable(domain: str) -> bool:
    """Return whether addresses of this domain, or of one above it, are handed out for a moment.

    The list is that of the package ``disposable-email-domains``, loaded on first use.
    """
    global _disposable
    if _disposable is None:
        from disposable_email_domains import blocklist

        _disposable = frozenset(blocklist)
    while "." in domain:
        if domain in _disposable:
            return True
        domain = domain.partition(".")[2]
    return False
