"""Strategies for people as they come, typos and all, shared by the tests of matching."""

from __future__ import annotations

from hypothesis import strategies as st

GIVEN = ["Jane", "John", "Robert", "Bob", "J", "Maria", "Stephen", "Steven", "Anna-Lena", "José", "李", "X Æ"]
FAMILY = ["Smith", "Zaleski", "Salesky", "van der Berg", "O'Brien", "Müller", "Garcia Lopez", "Jones", "S", "王"]

names = st.builds(lambda given, family: f"{given} {family}", st.sampled_from(GIVEN), st.sampled_from(FAMILY))
records = st.fixed_dictionaries(
    {},
    optional={
        "name": names | st.text(max_size=30),
        "birth_date": st.dates().map(str) | st.sampled_from(["03/02/1980", "19801332", "1980"]),
        "email": st.sampled_from(
            ["jane@x.example", "jame@x.example", "j.ane@x.example", "zaleski@y.example", "broken@"]
        ),
        "phone": st.sampled_from(["020 7946 0958", "020 7946 0985", "+44 20 7946 0958", "12"]),
        "postcode": st.sampled_from(["RG14 1AA", "rg141ab", "02139-4307", "1010"]),
        "address": st.sampled_from(["12 High St", "12 High Street", "Hauptstraße 5", "Flat 3"]),
        "city": st.sampled_from(["Newbury", "Nwebury", "London"]),
        "user_name": st.sampled_from(["@JaneZaleski", "jsmith68", "xX_killer_Xx"]),
        "display_name": st.sampled_from(["Jane Zaleski", "killer"]),
        "company": st.sampled_from(["Acme Ltd", "ACME", "Initech"]),
        "id_number": st.sampled_from(["6988048", "6988084", "BT-123"]),
        "language": st.sampled_from(["en", "en-GB", "pl"]),
    },
)
lists = st.lists(records, min_size=0, max_size=12)
