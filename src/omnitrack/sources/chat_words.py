"""Words that WhatsApp itself writes into an exported chat, in the languages in which they are public."""

from __future__ import annotations

import re

from omnitrack.sources.values import words

# Between date and time, or around either.
_JOINTS = words("at um à às las le les klo kl o u ob в у о г ore ora lúc pukul jam saat στις uur uhr h hrs om των")
_BEFORE_NOON = (
    *words("a.m. vm f.m. fm f.h. de ap dop pd sa pg asubuhi öö priešpiet paradite r.n. priekšp. priekšpusdienā"),
    *words("ص صباحا صباحًا ق.ظ πμ π.μ. дп пр.об. претпл. ԿԱ ү.ө. ព្រឹក 上午 早上 清晨 凌晨 午前 오전 ก่อนเที่ยง पूर्वाह्न म.पू."),
    *words('முற்பகல் ಪೂರ್ವಾಹ್ನ പൂർവ്വാഹ്നം పూర్వాహ్నం ਪੂ.ਦੁ. পূর্বাহ্ণ පෙ.ව. ጥዋት לפנה״צ לפנה"צ'),
    *("pre podne", "пре подне", "قبل از ظهر", "قبل دوپہر"),
)
_AFTER_NOON = (
    *words("p.m. nm em e.m. e.h. du ip odp pop md pasdite ch ptg alasiri ös popiet i.n. pēcp. pēcpusdienā"),
    *words("م مساء مساءً ب.ظ μμ μ.μ. пп сл.об. попл. ԿՀ ү.х. ល្ងាច 下午 晚上 傍晚 中午 午後 오후 หลังเที่ยง अपराह्न म.उ."),
    *words('பிற்பகல் ಅಪರಾಹ್ನ അപരാഹ്നം అపరాహ్నం ਬਾ.ਦੁ. অপরাহ্ণ ප.ව. ከሰዓት אחה״צ אחה"צ'),
    *("po podne", "по подне", "بعد از ظهر", "بعد دوپہر"),
)


def _folded(word: str) -> str:
    return re.sub(r"[\s.]", "", word).casefold()


_BEFORE = frozenset(map(_folded, _BEFORE_NOON))
_AFTER = frozenset(map(_folded, _AFTER_NOON))
_JOINT = frozenset(map(_folded, _JOINTS))


def half_of_day(word: str) -> str | None:
    """Return ``"before"`` or ``"after"`` noon for a word at a time, None for any other."""
    folded = _folded(word)
    return "before" if folded in _BEFORE else "after" if folded in _AFTER else None


def is_joint(word: str) -> bool:
    """Whether a word only joins a date and a time."""
    return _folded(word) in _JOINT


def _either(*texts: str) -> str:
    return "|".join(texts)


# Instead of a file that was not exported with the chat. Android writes one text in angle brackets, the iPhone one for each kind.
OMITTED = re.compile(
    _either(
        r"<(?:media omitted|medien ausgeschlossen|médias? omis|fichier omis|multimedia omitido|media omess[oi]|media weggelaten|mídia oculta"
        r"|arquivo de mídia oculto|ficheiro (?:não revelado|omitido)|без медиафайлов|файл пропущен|без медіафайлів|medier utelämnade|media utelatt"
        r"|medier (?:udeladt|utelatt)|pominięto multimedia|pominięto media|médiá vynechány|média vynechána|médiá vynechané|hiányzó médiafájl|fără media|fişier media omis"
        r"|medya dahil edilmedi|medya çıkarıldı|media tidak disertakan|media dikeluarkan|media disenaraikan|phương tiện bị bỏ qua|תמונה הושמטה|המדיה לא נכללה"
        r"|تم استبعاد الوسائط|رسانه حذف شد|मीडिया छोड़ा गया|মিডিয়া বাদ দেওয়া হয়েছে|媒体文件已略过|省略多媒體檔|已略過媒體檔|メディアは含まれていません|미디어 파일을 생략한 대화내용"
        r"|미디어 파일 제외|ละเว้นสื่อ|μη περιλαμβανομένων των πολυμέσων|mediji izostavljeni|media jätetty pois|multimèdia omès)>",
        r"<?(?:image|photo|video|audio|sticker|gif|document|voice message|contact card|video note|view once .{1,20}) omitted>?|null",
        r"(?:bild|video|videonachricht|audio|sticker|gif|dokument|kontaktkarte) weggelassen",
        r"(?:imagen|foto|vídeo|video|audio|sticker|documento|gif|tarjeta de contacto|nota de video) omitid[oa]",
        r"(?:image|photo|vidéo|audio|document|sticker|gif|fiche contact) (?:absente?|omise?|retirée?)",
        r"(?:immagine|video|audio|sticker|documento|gif|scheda contatto) omess[oai]",
        r"(?:imagem|vídeo|áudio|figurinha|documento|gif|cartão do contato) (?:ocultad[oa]|omitid[oa]|oculta|não revelad[oa])",
        r"(?:afbeelding|video|audio|sticker|document|gif|contactkaart) weggelaten",
        r"(?:изображение|видео|аудио|стикер|документ|gif|карточка контакта) (?:пропущен[оа]?|опущен[оа]?)",
        r"(?:görüntü|video|ses|çıkartma|belge|gif|kişi kartı) dahil edilmedi",
        r"(?:bild|video|ljud|klistermärke|dokument|gif|kontaktkort) utelämna[dts]\w*",
        r"(?:billede|bilde|video|lyd|klistremærke|klistremerke|dokument|gif) (?:udeladt|utelatt)",
        r"(?:gambar|video|audio|stiker|dokumen|gif) (?:tidak disertakan|tidak dimasukkan)",
        r"(?:pominięto) (?:obraz|wideo|audio|naklejkę|dokument|gif|kartę kontaktu)",
        r"(?:obrázek|video|audio|zvuk|nálepka|dokument|gif) (?:vynechán[oa]?|vynechan[ýáé])",
        r"(?:图片|图像|视频|音频|贴图|文档)(?:文件)?已?(?:忽略|省略|略过)|(?:圖片|影片|音訊|貼圖|文件)已略過|略過(?:圖片|影片|音訊|貼圖|文件)",
        r"(?:画像|動画|ビデオ|オーディオ|音声|スタンプ|ステッカー|文書|書類|gif)(?:は含まれていません|が省略されました|省略)",
        r"(?:사진|이미지|동영상|오디오|음성 메시지|스티커|문서|gif) (?:생략됨|생략|제외됨)",
        r"(?:الصورة|الفيديو|الصوت|الملصق|المستند|صورة|فيديو|ملصق|مستند) (?:غير مدرجة?|محذوفة?|تم استبعاد\w*)",
        r"(?:תמונה|סרטון|אודיו|סטיקר|מסמך) (?:הושמטה?|לא נכללה?|לא נכלל)",
    ),
    re.I,
)

DELETED = re.compile(
    _either(
        *(
            rf"(?:{text})[.。]?"
            for text in (
                "this message was deleted",
                "you deleted this message(?: as admin)?",
                "this message was deleted by (?:admin )?.{1,60}",
                "(?:diese|du hast diese) nachricht (?:wurde )?gelöscht",
                "ce message a été supprimé|vous avez supprimé ce message|vous avez effacé ce message",
                "se eliminó este mensaje|este mensaje (?:fue eliminado|ha sido eliminado)|eliminaste este mensaje|has eliminado este mensaje",
                "questo messaggio è stato eliminato|hai eliminato questo messaggio",
                "dit bericht (?:is|werd) verwijderd|(?:u|je|jij) (?:hebt|heeft) dit bericht verwijderd|dit bericht is gewist",
                "(?:essa|esta) mensagem foi (?:apagada|eliminada)|mensagem apagada|(?:você apagou|apagou|eliminou) (?:esta|essa) mensagem",
                "данное сообщение удалено|это сообщение удалено|вы удалили (?:данное|это) сообщение|сообщение удалено",
                "(?:це|дане) повідомлення (?:було )?видалено|ви видалили (?:це|дане) повідомлення",
                "bu mesaj silindi|bu mesajı sildiniz",
                "wiadomość (?:została )?usunięta|ta wiadomość została usunięta|(?:usunięto|usunąłeś|usunęłaś) tę wiadomość|usunięto tę wiadomość",
                "meddelandet (?:har raderats|raderades)|det här meddelandet raderades|du raderade det här meddelandet|du raderade meddelandet",
                "denne besked blev slettet|du slettede denne besked|denne beskeden blev slettet|denne meldingen ble slettet|du slettet denne meldingen",
                "tämä viesti poistettiin|poistit tämän viestin",
                "(?:tato|táto) zpráva byla (?:smazána|odstraněna)|tuto zprávu jste smazali|smazali jste tuto zprávu|táto správa bola (?:vymazaná|odstránená)",
                "(?:ez az )?üzenet törölve lett|ezt az üzenetet törölték|törölted ezt az üzenetet|törölte ezt az üzenetet",
                "acest mesaj a fost șters|ați șters acest mesaj|ai șters acest mesaj",
                "αυτό το μήνυμα διαγράφηκε|διαγράψατε αυτό το μήνυμα",
                "(?:הודעה זו|ההודעה הזו|ההודעה) נמחקה|מחקת (?:את ההודעה הזו|הודעה זו)",
                "تم حذف هذه الرسالة|حذفتَ? هذه الرسالة|لقد حذفت هذه الرسالة|این پیام حذف شد|شما این پیام را حذف کردید",
                "pesan ini (?:telah )?dihapus|anda (?:telah )?menghapus pesan ini|mesej ini telah dipadamkan|anda telah memadamkan mesej ini",
                "tin nhắn này đã bị xóa|bạn đã xóa tin nhắn này",
                "यह (?:मैसेज|संदेश) (?:हटाया|मिटाया|डिलीट किया) गया(?: था| है)?|(?:आपने|आप ने) यह (?:मैसेज|संदेश) (?:हटा|मिटा|डिलीट कर) (?:दिया|दी)(?: है)?",
                "এই মেসেজটি মুছে ফেলা হয়েছে|আপনি এই মেসেজটি মুছে ফেলেছেন",
                "(?:此|该|這則|此則)(?:消息|訊息)已(?:被)?(?:删除|刪除|撤回|收回)|(?:您|你)已?(?:删除|刪除|撤回|收回)了?(?:此|这条|該|這則|此則)(?:消息|訊息)|(?:您|你)已(?:删除|刪除)此(?:消息|訊息)",
                "このメッセージは削除されました|(?:このメッセージを|メッセージを)削除しました",
                "(?:이 메시지가|이 메시지는|메시지가) 삭제되었습니다|(?:이 )?메시지를 삭제했습니다|삭제된 메시지입니다",
                "ข้อความนี้ถูกลบ(?:แล้ว)?|คุณลบข้อความนี้(?:แล้ว)?",
                "s'ha suprimit aquest missatge|has suprimit aquest missatge|ova poruka je izbrisana|izbrisali ste ovu poruku",
            )
        )
    ),
    re.I,
)

# Instead of a message that the phone could not decrypt yet, in the languages of which it is public.
WAITING = re.compile(
    _either(
        r"waiting for this message\b.{0,60}|warte auf diese nachricht\b.{0,80}|en attente de ce message\b.{0,80}|esperando (?:el|este) mensaje\b.{0,60}",
        r"(?:aguardando|à espera d)\w* (?:essa |esta )?mensagem\b.{0,60}|in attesa del messaggio\b.{0,60}|wachten op dit bericht\b.{0,60}|ожидание (?:этого )?сообщения\b.{0,60}",
    ),
    re.I,
)

# It stands in angle brackets at the end of a text.
EDITED = re.compile(
    _either(
        *(
            rf"<(?:{text})[.。]?>"
            for text in (
                "this message was edited",
                "diese nachricht wurde bearbeitet",
                "ce message a été modifié",
                "se editó este mensaje|este mensaje (?:fue|ha sido) editado",
                "questo messaggio è stato modificato",
                "dit bericht (?:is|werd) bewerkt",
                "mensagem editada|(?:essa|esta) mensagem foi editada",
                "сообщение изменено|это сообщение (?:было )?изменено|данное сообщение изменено",
                "(?:це )?повідомлення (?:було )?(?:змінено|відредаговано)",
                "bu mesaj düzenlendi",
                "(?:ta )?wiadomość (?:została )?edytowana",
                "det här meddelandet (?:har )?redigerats|meddelandet redigerades|denne besked blev redigeret|denne meldingen ble redigert",
                "tätä viestiä on muokattu|viestiä muokattiin|tato zpráva byla upravena|acest mesaj a fost editat|az üzenetet szerkesztették",
                "αυτό το μήνυμα υποβλήθηκε σε επεξεργασία|αυτό το μήνυμα επεξεργάστηκε|ההודעה נערכה|הודעה זו נערכה",
                "تم تعديل هذه الرسالة|این پیام ویرایش شد|pesan ini diedit|mesej ini telah diedit|tin nhắn này đã được chỉnh sửa",
                "यह (?:मैसेज|संदेश) (?:एडिट|संपादित) किया गया(?: था| है)?|(?:此|该|這則)(?:消息|訊息)已(?:被)?(?:编辑|編輯)",
                "このメッセージは編集されました|이 메시지는 편집되었습니다|이 메시지가 수정되었습니다|ข้อความนี้ถูกแก้ไข(?:แล้ว)?",
            )
        )
    ),
    re.I,
)

# Every language says in its notice on encryption that it goes from end to end; the rest is what else the app tells of itself.
_ENCRYPTED = (
    r"end-to-end|ende-zu-ende|ende-til-ende|de bout en bout|extremo a extremo|(?:ponta|ponto) a (?:ponta|ponto)|crittografia|eind-tot-eind",
    r"uçtan uca|сквозн\w{1,4} шифр|наскрізн\w{1,4} шифр|шифруван|шифрова|szyfrowan|šifrov|végpontok közöt|capăt la capăt|άκρο σε άκρο|מקצה לקצה",
    r"تمام[اً]+ بين الطرفين|طرف إلى طرف|مشف[ّ]?رة|رمزنگاری سرتاسر|एंड-टू-एंड|এন্ড-টু-এন্ড|端到端|端對端|エンドツーエンド|종단간|종단 간",
    r"mã hóa (?:hai )?đầu cuối|đầu cuối|ต้นทางถึงปลายทาง|ujung ke ujung|hujung ke hujung|päästä päähän|extrem a extrem|hela vägen",
)
NOTICE = re.compile(
    _either(
        *_ENCRYPTED,
        r"security code .{0,80}chang|sicherheitsnummer|code de sécurité|código de seguridad|código de segurança|codice di sicurezza|beveiligingscode|код безопасности",
        r"disappearing messages|selbstlöschende nachrichten|messages éphémères|mensajes temporales|mensagens temporárias|messaggi effimeri|zelfverwijderende berichten",
        r"is a contact\b|is in your contacts|blocked this contact|business account|unternehmenskonto|compte professionnel|cuenta de empresa|conta comercial",
        r"created (?:this |the )?group|joined using|joined from the community|added you|was added|changed (?:the|this) (?:subject|group|name)|changed the settings|changed to \+|pinned a message",
    ),
    re.I,
)
# The same notice where its mark was lost: it begins by saying what is encrypted.
ENCRYPTED = re.compile(
    r"(?:the )?(?:messages|nachrichten|les messages|los mensajes|(?:as )?mensagens|i messaggi|berichten|сообщения|повідомлення|mesajlar|wiadomości|meddelanden"
    r"|beskeder|meldinger|viestit|zprávy|správy|az üzenetek|mesajele|τα μηνύματα|ההודעות|الرسائل|पیام|pesan|mesej|tin nhắn|मैसेज|消息|訊息|メッセージ|메시지)"
    rf"\b.{{0,80}}?(?:{'|'.join(_ENCRYPTED)})",
    re.I,
)

# A call is a contact, though the app writes it.
CALL = re.compile(
    _either(
        r"(?:missed|silenced|declined) .{0,12}call|(?:voice|video|group) call\b|no answer|tap to call back|verpasste[rn]? .{0,15}anruf|(?:sprach|video)anruf",
        r"appel (?:vocal|vidéo|manqué)|llamada (?:perdida|de voz|de video|de vídeo|grupal)|videollamada|(?:chamada|ligação) (?:de voz|de vídeo|perdida)",
        r"chiamata (?:vocale|persa|video)|videochiamata|(?:gemiste?|spraak|video)-?\s?oproep|пропущенный .{0,12}звонок|(?:аудио|видео)звонок|(?:sesli|görüntülü|cevapsız) .{0,12}arama",
        r"połączenie (?:głosowe|wideo)|nieodebrane|missat .{0,10}samtal|panggilan (?:suara|video|tak terjawab)|未接|语音通话|視訊通話|语音来电|不在着信|부재중|音声通話|ビデオ通話",
    ),
    re.I,
)
_MISSED = re.compile(
    _either(
        r"missed|verpasst|manqué|perdida|persa|gemist|пропущ|cevapsız|nieodebr|missat|tak terjawab|未接|不在着信|부재중|no answer|declined|silenced"
    ),
    re.I,
)


def missed(text: str) -> bool:
    """Whether what the app says of a call is that nobody took it."""
    return _MISSED.search(text) is not None
