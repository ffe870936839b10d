"""Headings of columns: the trait that a heading names, in English, German, French, Spanish, Italian, Dutch and Portuguese."""

from __future__ import annotations

import re
from functools import lru_cache

from omnitrack.matching.text import fold_words

_ALIASES = {
    "name": """
        name full_name fullname customer_name contact_name person_name person contact customer sender recipient first_and_surname
        first_and_last_name given_and_family_name display_as
        kunde kundenname vollname vollstandiger_name vor_und_nachname vorname_nachname ansprechpartner
        nom_complet nom_et_prenom nom_prenom prenom_nom nom_du_client client
        nombre_completo nombre_y_apellidos nombre_apellidos nombre_del_cliente cliente
        nome_completo nome_e_cognome nome_cognome cognome_e_nome nome_do_cliente nome_cliente
        naam volledige_naam klant klantnaam
    """,
    "given_name": """
        given_name given first_name firstname first fname forename forenames christian_name first_names given_names
        vorname vornamen rufname prenom prenoms nombre nombres nombre_de_pila primer_nombre nome nome_proprio primeiro_nome
        voornaam voornamen roepnaam fname_c1
    """,
    "middle_name": """
        middle_name middle_names middle middle_initial second_given_name zweiter_vorname deuxieme_prenom segundo_nombre
        secondo_nome tweede_voornaam segundo_nome fname_c2
    """,
    "family_name": """
        family_name family surname last_name lastname last lname family_names surnames
        nachname familienname zuname nom nom_de_famille patronyme apellido apellidos primer_apellido cognome cognomi
        achternaam familienaam apelido apelidos sobrenome ultimo_nome lname_c1
    """,
    "suffix": "suffix name_suffix generation generational_suffix namenszusatz suffixe sufijo suffisso sufixo achtervoegsel",
    "display_name": "display_name displayname screen_title profile_name nickname anzeigename pseudo apodo weergavenaam",
    "user_name": """
        user_name username user handle screen_name screenname login twitter x instagram facebook tiktok x_handle
        twitter_handle instagram_handle benutzername nom_d_utilisateur nom_dutilisateur usuario nome_utente utente
        gebruikersnaam nome_de_usuario utilizador
    """,
    "email": """
        email e_mail mail email_address e_mail_address mail_address emailaddress email_id mail_id
        mailadresse e_mail_adresse emailadresse courriel adresse_mail adresse_email adresse_electronique mel
        correo correo_electronico direccion_de_correo posta_elettronica indirizzo_email indirizzo_e_mail
        e_mailadres emailadres mailadres correio_eletronico correio_electronico endereco_de_email
    """,
    "phone": """
        phone telephone tel phone_number phonenumber telephone_number mobile mobile_phone mobile_number cell cellphone
        cell_phone landline home_phone work_phone msisdn fax_or_phone phone_no tel_no
        telefon telefonnummer rufnummer festnetz handy handynummer mobil mobilnummer mobiltelefon
        numero_de_telephone portable telephone_portable telephone_fixe
        telefono telefono_movil numero_de_telefono movil celular telefono_fijo
        cellulare numero_di_telefono telefono_cellulare telefoon telefoonnummer gsm mobiel mobiele_nummer
        telefone telemovel numero_de_telefone telefone_celular
    """,
    "birth_date": """
        birth_date birthdate birthday date_of_birth dateofbirth dob born birth
        geburtsdatum geburtstag geb_datum gebdatum geboren geb date_de_naissance naissance ne_le date_naissance
        fecha_de_nacimiento fecha_nacimiento nacimiento data_di_nascita data_nascita nascita geboortedatum
        data_de_nascimento data_nascimento nascimento
    """,
    "birth_year": """
        birth_year year_of_birth yob birthyear by geburtsjahr annee_de_naissance ano_de_nacimiento anno_di_nascita
        geboortejaar ano_de_nascimento
    """,
    "birth_month": """
        birth_month month_of_birth mob birthmonth bm geburtsmonat mois_de_naissance mes_de_nacimiento mese_di_nascita
        geboortemaand mes_de_nascimento
    """,
    "birth_day": """
        birth_day day_of_birth bd jour_de_naissance dia_de_nacimiento giorno_di_nascita geboortedag dia_de_nascimento
    """,
    "birth_place": """
        birth_place birthplace place_of_birth birth_town birth_city city_of_birth birth_country country_of_birth
        geburtsort geburtsland lieu_de_naissance lugar_de_nacimiento luogo_di_nascita geboorteplaats
        local_de_nascimento naturalidade
    """,
    "gender": "gender sex geschlecht sexe sexo sesso genere genero geslacht",
    "occupation": """
        occupation profession job job_title beruf berufsbezeichnung metier emploi profesion ocupacion puesto professione
        occupazione beroep profissao ocupacao
    """,
    "postcode": """
        postcode post_code postalcode postal_code postal zip zipcode zip_code plz postleitzahl code_postal cp codigo_postal
        codice_postale cap codice_di_avviamento_postale codigo_de_endereco_postal cep pin_code pincode eircode
    """,
    "house_number": """
        house_number house_no houseno street_number street_no streetnumber building_number hausnummer hausnr hnr
        numero_de_rue numero_de_voie numero_de_casa numero_civico civico huisnummer numero_da_porta house
    """,
    "address": """
        address addr address_line street_address postal_address street street_name address_1 address1 addr1
        address_line_1 address_line1 line1 street_1 thoroughfare full_address
        adresse anschrift strasse strassenname rue voie adresse_postale direccion calle domicilio
        indirizzo via straat straatnaam adres endereco morada rua logradouro
    """,
    "address_extra": """
        address_extra address_2 address2 addr2 address_line_2 address_line2 line2 address_3 address3 address_line_3
        address_line3 line3 flat unit apartment building building_name dependent_locality
        adresszusatz complement_d_adresse complement_adresse piso complemento appartamento toevoeging
    """,
    "city": """
        city town suburb locality post_town posttown municipality ort place stadt wohnort gemeinde ville commune localite
        ciudad localidad municipio poblacion citta comune localita stad plaats woonplaats gemeente cidade concelho
    """,
    "state": """
        state county region province bundesland admin_area kanton departement provincia regione provincie distrito estado
        comunidad_autonoma
    """,
    "company": """
        company company_name organisation organization organisation_name organization_name employer business business_name
        firm site_name school school_name institution establishment trading_name legal_name
        firma firmenname unternehmen organisationsname arbeitgeber betrieb societe entreprise raison_sociale organisme
        empresa razon_social compania nombre_de_empresa azienda ragione_sociale societa ditta
        bedrijf bedrijfsnaam organisatie razao_social nome_da_empresa
    """,
    "id_number": """
        id_number national_id soc_sec_id ssn social_security_number social_security nino ni_number
        national_insurance_number nhs_number medicare_number tax_id passport passport_number account account_number
        account_no customer_number customer_no membership_number
        kundennummer kundennr kunden_nr kontonummer ausweisnummer personalausweis steuernummer steuer_id sozialversicherungsnummer
        mitgliedsnummer numero_client numero_de_client n_client numero_de_securite_sociale numero_de_compte
        dni nif nie numero_de_cliente numero_de_cuenta codice_fiscale partita_iva numero_cliente klantnummer bsn
        burgerservicenummer rekeningnummer cpf cnpj numero_de_conta contribuinte
    """,
    "language": """
        language lang locale preferred_language sprache langue idioma lengua lingua taal lingua_preferida
    """,
}
_TRAIT_OF = {alias: trait for trait, aliases in _ALIASES.items() for alias in aliases.split()}
#: The names of the traits that are compared.
TRAITS: tuple[str, ...] = tuple(_ALIASES)

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NUMBERED = re.compile(r"(?:_|(?<!\d))\d+$")
#: Words next to the one that names the trait: whose it is, where it is from, what was done to it.
_BESIDE = frozenset(
    [
        "customer",
        "customers",
        "client",
        "contact",
        "person",
        "personal",
        "persons",
        "patient",
        "member",
        "applicant",
        "subscriber",
        "caller",
        "guest",
        "user",
        "primary",
        "main",
        "home",
        "private",
        "current",
        "new",
        "old",
        "raw",
        "clean",
        "cleaned",
        "original",
        "fake",
        "synthetic",
        "anonymised",
        "anonymized",
        "masked",
        "std",
        "standardised",
        "standardized",
        "norm",
        "normalised",
        "normalized",
        "text",
        "value",
        "field",
        "col",
        "column",
        "input",
        "src",
        "source",
        "the",
        "of",
        "in",
        "de",
        "la",
        "le",
        "el",
        "il",
        "di",
        "do",
        "da",
        "des",
        "der",
        "die",
        "das",
        "des",
        "kunde",
        "kunden",
        "kd",
        "person",
        "personen",
        "cliente",
        "clientes",
        "klant",
        "persona",
        "persoon",
        "pessoa",
        "haupt",
        "privat",
        "billing",
        "invoice",
        "mailing",
        "delivery",
        "postal",
        "rechnung",
        "liefer",
        "legal",
        "fiscal",
        "site",
        "location",
    ]
)


@lru_cache(maxsize=4096)
def trait_of(column: str) -> str | None:
    """Return the trait that a column of this name holds, None if the name does not tell.

    >>> trait_of("Date of Birth"), trait_of("firstName"), trait_of("email2"), trait_of("Prénom"), trait_of("cluster")
    ('birth_date', 'given_name', 'email', 'given_name', None)
    """
    name = _words(column)
    return _TRAIT_OF.get(name) or _TRAIT_OF.get(name.replace("_", "")) or _TRAIT_OF.get(_NUMBERED.sub("", name))


@lru_cache(maxsize=4096)
def hinted_trait(column: str) -> str | None:
    """Return the trait that a name mentions among other words, which counts if the values agree.

    >>> hinted_trait("postcode_fake"), hinted_trait("Kunden-PLZ"), hinted_trait("valid until")
    ('postcode', 'postcode', None)
    """
    words = _NUMBERED.sub("", _words(column)).split("_")
    left = [word for word in words if word not in _BESIDE]
    return _TRAIT_OF.get("_".join(left)) if left and left != words else None


def _words(column: str) -> str:
    return fold_words(_CAMEL.sub(" ", column.strip())).replace(" ", "_")
