"""Digits in free text that are not phone numbers, and the words that say what a number is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from omnitrack.identifiers.characters import words

#: Letters of scripts that are written without spaces between words: where one of them stands beside something, it is no part of it. Hangul is
#: among them, whose particles follow a word without one.
SPACELESS = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3041-\u30fa\u30fc-\u318f\u31a0-\u31bf"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff66-\uffdc\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)
_SPACELESS = re.compile(f"[{SPACELESS}]")

_DAY, _MONTH, _YEAR = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])", r"(?:18|19|20|21)\d\d"
# Nothing of the same kind behind: 01.12.45.67.89 is a number of France, and begins as a date does.
_ENDS = r"(?!\d)(?![-./]\d)"
_DATE = rf"(?:{_DAY}(?P<d>[-./])\s?{_MONTH}(?P=d)|{_MONTH}(?P<m>[-./]){_DAY}(?P=m))\s?(?:{_YEAR}|\d\d){_ENDS}"
_IPV4 = r"(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?!\d|\.\d)"
_VERSION = r"\d{1,5}(?:\.\d{1,5}){0,4}\.\d(?:\.\d{1,6}){1,4}+(?!\d|\.\d)"
_DAY_OF_DIGITS = r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_TIME_OF_DIGITS = r"(?:[01]\d|2[0-3])[0-5]\d[0-5]\d(?!\d)"
_BORN = r"(?:\d\d)?\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])[-+]\d{4}(?!\d)"
# By how they are written, and by the digits of their first group. Dates (ISO 8601, and as people write them), years from and to; IPv4 (RFC 791)
# and versions; cards of payment (ISO/IEC 7812); numbers of persons and taxes: Brazil's CPF and CNPJ, Argentina's CUIT, Chile's RUT, the SSN and
# EIN of the United States, Poland's NIP, those of Sweden, Denmark and Korea, Germany's Steuernummer, France's SIRET; ISBN.
_FIGURES = {
    1: re.compile(
        rf"{_DATE}|{_IPV4}|{_VERSION}|(?!1\.\d{{3}}\.\d{{3}}\.\d{{4}}(?!\d))\d(?:\.\d{{1,6}}){{2,9}}+(?!\d|\.\d)"
        r"|\d\.\d{3}\.\d{3}-[\dkK](?!\w)",
        re.ASCII,
    ),
    2: re.compile(
        rf"{_DATE}|{_IPV4}|{_VERSION}|\d\d\.\d{{3}}\.\d{{3}}(?:/\d{{4}}-\d\d(?!\d)|-[\dkK](?!\w))|\d\d-(?:\d{{8}}-\d|\d{{7}})(?![\d-])"
        r"|\d\d/\d{3}/\d{4,5}(?![\d/])",
        re.ASCII,
    ),
    3: re.compile(
        rf"{_IPV4}|{_VERSION}|\d{{3}}\.\d{{3}}\.\d{{3}}-\d\d(?!\d)|\d{{3}}/\d{{3}}/\d{{4,5}}(?![\d/])|\d{{3}} \d{{3}} \d{{3}} \d{{5}}(?!\d)"
        r"|\d{3}-(?:\d\d-\d{4}|\d{3}-\d\d-\d\d|(?<=[1-9]\d\d-)\d\d-\d{5})(?![\d-])|97[89][- ]\d{1,5}[- ]\d{1,7}[- ]\d{1,7}[- ][\dX](?!\d)",
        re.ASCII,
    ),
    4: re.compile(
        rf"{_YEAR}(?P<y>[-./])\s?{_MONTH}(?P=y)\s?{_DAY}{_ENDS}|{_YEAR}\s?[-–/]\s?(?:{_YEAR}|\d\d){_ENDS}|{_VERSION}"
        r"|[1-9]\d{3}(?P<c>[ -])\d{4}(?P=c)\d{4}(?P=c)\d{3,7}(?!\d)|3[47]\d\d(?P<x>[ -])\d{6}(?P=x)\d{5}(?!\d)",
        re.ASCII,
    ),
    5: re.compile(_VERSION, re.ASCII),
    6: re.compile(rf"{_BORN}|\d{{6}}-[1-8]\d{{6}}(?!\d)", re.ASCII),
    8: re.compile(rf"{_BORN}|{_DAY_OF_DIGITS}[-_]{_TIME_OF_DIGITS}", re.ASCII),
    14: re.compile(rf"{_DAY_OF_DIGITS}{_TIME_OF_DIGITS}", re.ASCII),
}
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?(?![A-Za-z0-9])")
_DATE_OF_DIGITS = re.compile(_DAY_OF_DIGITS)


def figures(text: str, groups: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield where dates, versions, addresses of networks and the like stand among groups of digits."""
    end = 0
    for start, stop in groups:
        form = _FIGURES.get(stop - start)
        # What goes on from digits before it is a part of something longer.
        if (
            form is None
            or start < end
            or (text[start - 1 : start] in ("-", ".", "/") and text[start - 2 : start - 1].isdigit())
        ):
            continue
        if (match := form.match(text, start)) is not None:
            end = match.end()
            yield start, end


def accounts(text: str) -> Iterator[tuple[int, int]]:
    """Yield where numbers of bank accounts stand in a text: an IBAN whose check digits are right (ISO 13616), or that is called one."""
    for match in _IBAN.finditer(text):
        bare = re.sub("[ -]", "", match[0])
        digits = "".join(str(int(ch, 36)) for ch in bare[4:] + bare[:4])
        if int(digits) % 97 == 1 or "IBAN" in text[max(0, match.start() - 12) : match.start()].upper():
            yield match.span()


def is_date(digits: str) -> bool:
    """Return whether eight digits are a date as ISO 8601 writes one without hyphens."""
    return _DATE_OF_DIGITS.fullmatch(digits) is not None


def part_of_word(ch: str) -> bool:
    """Return whether a character beside digits makes them a part of a word or a code."""
    return (ch.isalnum() or ch == "_") and _SPACELESS.match(ch) is None


# What people say of a number that is called, in the languages of the tests and some more.
_CALL = words(
    """
    phone phones telephone tel tels ph fax mobile mobiles mob cell cellphone call calls called calling caller ring rang dial dialed dialled text
    texting texted sms mms whatsapp whats landline hotline helpline reach reached contact voicemail switchboard handset callback signal viber
    telefon telefonnr rufnummer rufnummern handy mobil mobilfunk mobiltelefon anruf anrufe anrufen rufen ruf ruft rufe angerufen festnetz
    durchwahl erreichbar erreichen erreiche erreichst telefonisch rückruf
    téléphone téléphoner téléphonez tél portable fixe appelez appeler appelle appellent appelé rappeler rappelez joindre joignable joint gsm
    télécopie
    teléfono telefono teléfonos tfno tlfno tlf telf móvil movil celular fijo llámame llamame llámeme llamar llame llamen llamada llamado llamo
    localizable wasap guasap
    cellulare chiamare chiamami chiami chiamate chiamata chiamato chiama recapito fisso telefonare
    telefone telefones telemóvel telemovel fone ligar ligue liga ligou zap contato contacto telefonar
    telefoon telefoonnummer mobiel mobieltje bellen bel belt gebeld bereikbaar bereiken
    telefonu telefonem telefonicznie komórka komórkę komórki komórkowy kom zadzwoń zadzwonić dzwonić dzwoń dzwoniłem faks
    ringa ringer ringe ringde mobilnr mobiltelefon nås nå mobilen
    telefonní volejte zavolejte volat zavolat mobilu telefonicky
    тел телефон телефону телефона телефоны мобильный мобильного моб звоните позвоните звонить перезвоните сотовый факс вотсап ватсап номеру
    телефоном дзвоніть зателефонуйте
    cep ara arayın arayabilirsiniz telefonum puhelin puh soita telefonszám hívjon sunați τηλέφωνο τηλ κινητό
    טלפון נייד هاتف هاتفي جوال تليفون اتصل موبايل الهاتف फोन मोबाइल कॉल telepon telp hubungi thoại gọi sđt
    """
)
# What they say of one that is not.
_OTHER = words(
    """
    order orders invoice invoices ticket tickets case cases ref refs reference references id ids account accounts acct acc tracking track parcel
    shipment consignment policy contract member membership booking reservation confirmation transaction payment receipt serial imei imsi iccid
    isbn issn ean upc sku gtin barcode vat tax taxpayer tin ein itin ssn utr nino passport licence license iban bic swift card version ver
    release build firmware revision rev commit epoch timestamp unix port ip code pin otp zip postcode model part item product article batch lot
    claim job po rfc doi bug issue msgid uid uuid guid latitude longitude lat lon lng price total amount sum balance usd eur gbp size bytes mac abn
    acn duns fedex ups dhl usps crn meter mpan mprn reading docket voucher coupon customerid userid orderid session hash checksum seq sequence
    offset chapter verse
    bestellung bestellnummer auftrag rechnung vertrag vertragskonto vorgang aktenzeichen steuernummer steuer ust ustid hrb sendung paket konto blz
    artikel zähler zählerstand kunde betrag geboren geb kundenkonto charge kdnr mitglied
    commande facture dossier référence réf siret siren tva compte colis suivi contrat série sécurité né née montant
    pedido factura referencia expediente nif cif dni nie cuenta seguimiento contrato póliza rfc curp cuit cuil rut nit cliente envío albarán importe
    ordine fattura pratica riferimento partita iva piva fiscale conto spedizione polizza cliente importo matricola
    encomenda fatura cpf cnpj nipc referência conta protocolo rastreio apólice
    bestelling factuur btw kvk bsn rekening referentie zending polis klant
    zamówienie zamówienia zamówieniu faktura faktury nip regon pesel krs konta przesyłki przesyłka umowa umowy sprawa sprawy zgłoszenie zgłoszenia
    beställning order ordre orgnr personnummer cvr cpr bankgiro plusgiro ocr sändning kund kunde kundenr ärende
    objednávka objednávky objednávce ičo ico dič dic účet účtu zásilka zásilky symbol vs
    заказ заказа заказу заказе счет счёт счета счету инн кпп огрн снилс договор договора трек бик паспорт накладная версия
    sipariş fatura vergi kimlik takip tilaus lasku
    """
)
_IN_CALL = re.compile(
    "電話|电话|手机|手機|携帯|ケータイ|けいたい|拨打|致电|來電|来电|联系|聯絡|聯繫|ファックス|ファクス|전화|휴대폰|핸드폰|연락|โทร|เบอร์"
)
_IN_OTHER = re.compile(
    "注文|伝票|請求書|追跡|口座|法人番号|マイナンバー|会員番号|顧客番号|受付番号|订单|訂單|单号|單號|快递|账号|帳號|賬號|卡号|发票|身份证|税号"
    "|编号|編號|版本|주문|송장|계좌|사업자|주민등록|운송장|영수증|고객번호|คำสั่งซื้อ|บัญชี"
)
# What says nothing of its own, and stands between the word that does and the number.
_BETWEEN = words(
    """
    number numbers no nos num nr nbr n is was are at on under to or and me us my his her our your their the this new old now via please back by in
    home work office business day evening night direct line main with from for here it s e a i am be can
    nummer numero número numéro numer номер číslo numara nro der die das ist lautet unter auf bitte mich uns mir meine mein
    es el la mi me al su en le les moi nous mon ma au est sur il mio mia è al o meu minha é no na op mij onze mijn is het pod mnie nasz mój
    min mitt mig på oss är er mit на мне мой нам по или ve veya and und et y
    """
)
_NUMBER_WORDS = words("number num nummer numero número numéro numer номер číslo numara nro")
_MINE = words("my his her our your their mein meine mijn mon ma mi mio meu mój min mitt мой")
_COMPOUND = re.compile(r"(.{2,}?)(?:nummern?|nr|number|numret|nummeret|numero)")
_CALLED = ("tel", "phone", "handy", "mobil", "ruf", "fax", "festnetz", "gsm", "cell", "puhelin", "contact")
_WORDS = re.compile(r"[^\W\d_]+|[#$€£¥₹]|\d+")
_BACK, _FORTH, _MOST_WORDS = 64, 24, 6
_NEW_SENTENCE = re.compile(r"[.!?]\s+(?=[A-ZÀ-ÖØ-Þ\u0391-\u03a9\u0410-\u042f])|[。！？]")
_SHORT = re.compile(r"\b[^\W\d_]{1,4}\.\s+$")  # a point behind few letters ends no sentence: Tel. No. 020

_UNITS = re.compile(
    r"\s?(?:[€$£¥₹%°]|(?:EUR|USD|GBP|CHF|JPY|INR|kr|zł|Kč|euros?|dollars?|pounds?|руб|km|kg|mb|kb|gb|ms|bytes|secs?|seconds|utc|gmt|points|steps"
    r"|kwh|m3|ml|mm|cm)\b|(?:円|元|원|บาท))",
    re.IGNORECASE,
)


def says(text: str, start: int, stop: int) -> int:
    """Return what the words around a number say of it: 1 that it is called, -1 that it is something else, 0 nothing."""
    if _UNITS.match(text, stop):
        return -1
    said = _said(_before(text, start))
    if not said:
        following = [word.casefold() for word in _WORDS.findall(text[stop : stop + _FORTH].partition("\n")[0])][:3]
        if any(_kind(word) > 0 for word in following):
            return 1
        if len(following) == 3 and following[1] in _MINE and following[2] in _NUMBER_WORDS:
            return 1
    return said


def _before(text: str, start: int) -> str:
    """Return what stands before a place, in its sentence; of the line above where it is a heading."""
    line = text[max(0, start - _BACK) : start]
    above, newline, here = line.rpartition("\n")
    if newline and (here.strip(" \t>*|-") or not above.rstrip().endswith(":")):
        line = here
    for match in list(_NEW_SENTENCE.finditer(line)):
        if not _SHORT.search(line[: match.end()]):
            line = " " * match.end() + line[match.end() :]
    return line


def _said(before: str) -> int:
    after_number_word, clear, sharp = False, True, False
    for word in reversed([word.casefold() for word in _WORDS.findall(before)][-_MOST_WORDS:]):
        if _SPACELESS.search(word):
            called = max((match.end() for match in _IN_CALL.finditer(word)), default=0)
            other = max((match.end() for match in _IN_OTHER.finditer(word)), default=0)
            if called or other:
                return 1 if called > other else -1
        kind = _kind(word)
        if kind > 0 or (after_number_word and word in _MINE):
            return 1
        if sharp:
            return -1
        if word == "#":  # "order #", but "ph#"
            sharp = True
            continue
        if kind < 0 and clear:
            return -1
        after_number_word = after_number_word or word in _NUMBER_WORDS
        # Of a thing that is named some words before, the number need not be: "my order has not come, 650-253-0000".
        clear = clear and (word in _BETWEEN or len(word) == 1)
    return -1 if sharp else 0


def _kind(word: str) -> int:
    word = unicodedata.normalize("NFC", word)
    if word in _CALL:
        return 1
    if word in _OTHER or word in "$€£¥₹":
        return -1
    if compound := _COMPOUND.fullmatch(word):
        return 1 if compound[1].startswith(_CALLED) else -1
    return 0
