"""What mail programs write around a quote and under a mail, in the languages that they speak."""

from __future__ import annotations


def _parted(text: str) -> tuple[str, ...]:
    return tuple(text.split("|"))


# Labels of the headers that Outlook, Hotmail, phones and forwards put above a quote.
_LABELS = {
    "from": (
        "from|von|de|da|van|från|fra|lähettäjä|od|feladó|de la|kimden|gönderen|от|від|από|מאת|من|差出人|送信者|发件人|寄件者|寄件人|보낸 사람|"
        "보낸사람|từ|người gửi|dari|expéditeur|remitente|mittente|remetente|absender|afzender|avsändare|afsender|avsender|nadawca|odesílatel|"
        "expeditor|pošiljatelj|pošiljatel|šalje|nuo|no|saatja|จาก|от кого|від кого|प्रेषक"
    ),
    "date": (
        "date|datum|fecha|data|dato|päivämäärä|päiväys|dátum|tarih|дата|ημερομηνία|תאריך|التاريخ|تاريخ|日付|日時|日期|时间|날짜|보낸날짜|ngày|"
        "tanggal|วันที่|दिनांक|तारीख"
    ),
    "sent": (
        "sent|gesendet|gesendet am|envoyé|envoyé le|enviado|enviado el|inviato|enviada|enviada em|enviado em|data de envio|verzonden|skickat|"
        "sendt|lähetetty|wysłano|wysłane|odesláno|odoslané|elküldve|küldve|trimis|gönderildi|gönderme tarihi|отправлено|дата отправки|надіслано|"
        "изпратено|στάλθηκε|נשלח|تاريخ الإرسال|送信日時|发送时间|发送日期|寄件日期|傳送時間|보낸 날짜|보낸 시간|đã gửi|dikirim|terkirim|poslano|išsiųsta|"
        "saadetud|nosūtīts|ส่ง|enviat|enviat el|भेजा गया"
    ),
    "to": (
        "to|an|à|a|para|aan|till|til|vastaanottaja|do|komu|címzett|către|catre|kime|alıcı|кому|до|προς|אל|إلى|宛先|收件人|收件者|받는 사람|받는사람|"
        "đến|tới|người nhận|kepada|za|prima|destinataire|destinatario|destinatário|empfänger|mottagare|modtager|odbiorca|kam|saaja|ถึง|pro|per a|प्रति"
    ),
    "cc": (
        "cc|bcc|kopie|kopia|kopi|kopio|dw|copie|copie à|copia|con copia|cópia|bilgi|копия|копія|κοιν.|κοινοποίηση|עותק|نسخة|抄送|副本|참조|tembusan|"
        "másolatot kap|kopija|kópia|sao"
    ),
    "subject": (
        "subject|betreff|objet|asunto|oggetto|assunto|onderwerp|ämne|emne|aihe|temat|předmět|predmet|tárgy|subiect|konu|тема|относно|θέμα|נושא|"
        "الموضوع|件名|主题|主旨|主題|제목|chủ đề|tiêu đề|subjek|perihal|judul|zadeva|tema|teema|เรื่อง|assumpte|विषय"
    ),
    "other": (
        "reply-to|reply to|antwort an|répondre à|importance|priority|attachments|attachment|anlagen|pièces jointes|adjuntos|allegati|anexos|bijlagen|"
        "organization|organisation|sender|wichtigkeit|priorität|mailed-by|signed-by|resent-from"
    ),
}

#: Role of a header by its label in lower case; a label of two roles has that of a mail that is quoted most often.
LABELS = {label: role for role, labels in _LABELS.items() for label in labels.split("|")}

#: What stands between two rows of dashes, or before a colon, above a mail that is quoted or passed on.
TITLES = frozenset(
    _parted(
        "original message|original appointment|forwarded message|forwarded mail|reply message|originalnachricht|original-nachricht|"
        "originale nachricht|begin forwarded message|start of forwarded message|replied message|"
        "ursprüngliche nachricht|ursprünglicher termin|weitergeleitete nachricht|weitergeleitete mail|anfang der weitergeleiteten nachricht|"
        "anfang der weitergeleiteten e-mail|message d'origine|message d’origine|message original|message transféré|message transmis|"
        "e-mail d'origine|courriel original|mail original|début du message réexpédié|début du message transféré|mensaje original|mensaje reenviado|"
        "inicio del mensaje reenviado|mensaje de origen|messaggio originale|messaggio inoltrato|inizio messaggio inoltrato|mensagem original|"
        "mensagem encaminhada|mensagem reencaminhada|início da mensagem encaminhada|início da mensagem reencaminhada|oorspronkelijk bericht|"
        "origineel bericht|doorgestuurd bericht|begin doorgestuurd bericht|begin van doorgestuurd bericht|ursprungligt meddelande|"
        "originalmeddelande|vidarebefordrat meddelande|vidarebefordrat brev|oprindelig meddelelse|oprindelig besked|videresendt meddelelse|"
        "start på videresendt besked|opprinnelig melding|opprinnelig e-post|videresendt melding|videresendt e-post|alkuperäinen viesti|"
        "välitetty viesti|wiadomość oryginalna|oryginalna wiadomość|wiadomość przekazana|przekazana wiadomość|treść przekazanej wiadomości|"
        "původní zpráva|původní e-mail|přeposlaná zpráva|pôvodná správa|preposlaná správa|eredeti üzenet|továbbított üzenet|mesaj original|"
        "mesajul original|mesaj redirecționat|mesaj redirectionat|özgün ileti|orijinal mesaj|orijinal ileti|iletilen mesaj|yönlendirilmiş mesaj|"
        "исходное сообщение|исходное письмо|пересылаемое сообщение|пересланное сообщение|пересылаемое письмо|начало переадресованного сообщения|"
        "первоначальное сообщение|оригинальное сообщение|вихідне повідомлення|переслане повідомлення|оригинално съобщение|препратено съобщение|"
        "αρχικό μήνυμα|προωθημένο μήνυμα|הודעה מקורית|הודעה שהועברה|الرسالة الأصلية|رسالة أصلية|رسالة معاد توجيهها|元のメッセージ|元のメール|"
        "転送されたメッセージ|転送メッセージ|original message 転送|原始邮件|邮件原件|原始信息|转发的邮件|转发邮件信息|转发的消息|已转发邮件|原始郵件|轉寄郵件|轉寄的郵件|"
        "원본 메시지|원본 메일|전달된 메시지|전달된 메일|thư gốc|tin nhắn gốc|thư đã chuyển tiếp|pesan asli|pesan terusan|pesan diteruskan|"
        "izvirno sporočilo|posredovano sporočilo|originalna poruka|izvorna poruka|proslijeđena poruka|ข้อความต้นฉบับ"
    )
)

#: Forms of "wrote", by which a line that introduces a quote is told where it names no address.
WROTE = _parted(
    "wrote|writes|schrieb|geschrieben|a écrit|écrit|escribió|escribio|ha scritto|scritto|escreveu|schreef|skrev|kirjoitti|napisał|napisała|"
    "napisał(a)|pisze|napsal|napsala|napsal(a)|napísal|napísala|napísal(a)|írta|írt|a scris|yazdı|написал|написала|написал(а)|написал(-а)|пишет|пише|"
    "написав|написала|написа|έγραψε|כתב|כתבה|כתב/ה|كتب|كتبت|写道|寫道|書きました|さんのメール|작성|đã viết|menulis|napisao|napisala|je napisal|je napisala|"
    "เขียน|kirjutas|rašė|rakstīja|wrote on|quoting|zitat|citando|citat|citazione"
)

#: Words with which such a line begins in many languages; they tell how many lines above the colon belong to it.
BEGINS = _parted(
    "on|am|le|el|il|op|em|no dia|den|d.|dne|dňa|w dniu|dnia|pe|în|la data de|pada|vào|στις|בתאריך|ב-|في|a|à|в|на|lúc|kl."
)

#: What phones and programs put under a mail.
SENT_FROM = _parted(
    "sent from my|sent from a|sent from outlook|sent from mail|sent from yahoo|sent from gmx|sent from samsung|sent from proton|sent from windows|"
    "sent from the|sent from iphone|sent from ipad|sent from android|sent via|sent with proton|sent using|sent on the go|get outlook for|"
    "download outlook|von meinem|von meiner|gesendet von|gesendet mit|diese nachricht wurde von meinem|outlook für|holen sie sich outlook|"
    "envoyé de mon|envoyé depuis|envoyé à partir|obtenir outlook|télécharger outlook|enviado desde|enviado de mi|obtener outlook|inviato da|"
    "inviato dal|scarica outlook|ottieni outlook|enviado do|enviado a partir|enviado através|enviado pelo|obter o outlook|obter outlook|verstuurd vanaf|"
    "verzonden vanaf|verzonden met|verstuurd met|outlook voor|skickat från|hämta outlook|sendt fra|sendt via|hent outlook|få outlook|lähetetty|"
    "wysłane z|wysłano z|pobierz program outlook|odesláno z|odesláno ze|odoslané z|odoslané zo|elküldve|küldve az|trimis de pe|trimis din|отправлено с|отправлено из|"
    "скачать outlook|надіслано з|надіслано із|изпратено от|στάλθηκε από|נשלח מ|أُرسلت من|تم الإرسال من|مرسل من|发自我的|从我的|发自|來自我的|從我的|傳送自|나의|내 |"
    "gửi từ|đã gửi từ|dikirim dari|poslano z|poslano s|ส่งจาก"
)

#: The same where it stands at the end.
SENT_FROM_ENDS = _parted("gesendet|gönderildi|から送信|より送信|發送|发送|傳送|에서 보냄|에서 전송|lähetetty|küldve")
