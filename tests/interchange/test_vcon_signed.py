"""Signed vCons: verified with a key that was given, refused with any other and without one."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

import omnitrack
import testdata
from omnitrack.errors import SourceFormatError
from omnitrack.interchange import vcon
from omnitrack.interchange.vcon_signed import Keys

pytest.importorskip("joserfc")
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from joserfc import jwk, jws

VCON = {
    "uuid": "019f15a6-a752-826f-b9a2-279e0d16bc46",
    "parties": [{"tel": "+12025550100", "role": "customer"}, {"name": "Bob", "role": "agent"}],
    "dialog": [{"type": "recording", "start": "2026-03-01T09:30:00Z", "parties": [0, 1]}],
}
RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
OTHER = ec.generate_private_key(ec.SECP256R1())


def public(key: Any) -> str:
    return str(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())


def signed(payload: Any, key: Any, algorithm: str, **header: Any) -> dict[str, Any]:
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    member: Any = {"protected": {"alg": algorithm}, **({"header": header} if header else {})}
    registry = jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    private = jwk.import_key(pem, "RSA") if algorithm.startswith("R") else jwk.import_key(pem, "EC")
    out = jws.serialize_json([member], json.dumps(payload).encode(), private, registry=registry)
    return dict(out)


def load(document: Any, *keys: str) -> list[Any]:
    return list(vcon.load(document, keys=Keys(keys))[0])


@pytest.mark.parametrize(("key", "algorithm"), [(RSA, "RS256"), (EC, "ES256")])
def test_a_vcon_is_read_that_one_of_the_keys_has_signed(key: Any, algorithm: str) -> None:
    assert len(load(signed(VCON, key, algorithm), public(OTHER), public(key))) == 1


def test_a_vcon_that_was_signed_again_is_verified_layer_by_layer() -> None:
    twice = signed(signed(VCON, EC, "ES256"), RSA, "RS256")
    assert len(load(twice, public(EC), public(RSA))) == 1
    with pytest.raises(SourceFormatError, match="none of the keys"):
        load(twice, public(RSA))


def test_another_key_or_another_payload_is_refused() -> None:
    document = signed(VCON, EC, "ES256")
    with pytest.raises(SourceFormatError, match="none of the keys"):
        load(document, public(OTHER))
    forged = base64.urlsafe_b64encode(json.dumps({**VCON, "subject": "forged"}).encode()).decode().rstrip("=")
    with pytest.raises(SourceFormatError, match="none of the keys"):
        load({**document, "payload": forged}, public(EC))


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_an_algorithm_that_proves_no_signer_is_refused(algorithm: str) -> None:
    payload = base64.urlsafe_b64encode(json.dumps(VCON).encode()).decode().rstrip("=")
    protected = base64.urlsafe_b64encode(json.dumps({"alg": algorithm}).encode()).decode().rstrip("=")
    signature = ""
    if algorithm == "HS256":  # the public key taken as the secret
        import hashlib
        import hmac

        mac = hmac.new(public(EC).encode(), f"{protected}.{payload}".encode(), hashlib.sha256).digest()
        signature = base64.urlsafe_b64encode(mac).decode().rstrip("=")
    with pytest.raises(SourceFormatError, match="none of the keys"):
        load({"payload": payload, "signatures": [{"protected": protected, "signature": signature}]}, public(EC))


@pytest.mark.parametrize("signatures", [[], None, [7], [{"signature": "x"}], [{"protected": "%", "signature": "%"}]])
def test_signatures_of_no_form_are_refused(signatures: object) -> None:
    with pytest.raises(SourceFormatError):
        load({"payload": "e30", "signatures": signatures}, public(EC))


def test_what_is_no_public_key_is_refused_by_its_place() -> None:
    with pytest.raises(SourceFormatError, match=r"keys\[1\]"):
        Keys([public(EC), "-----BEGIN PUBLIC KEY-----\nxx\n-----END PUBLIC KEY-----\n"])


def test_the_signed_sample_of_the_draft_is_verified_by_the_certificate_of_its_signer() -> None:
    path = testdata.find("vcon_core") / "examples/ab_call_ext_rec_signed.vcon"
    chain = json.loads(path.read_text())["signatures"][0]["header"]["x5c"]
    certificate = x509.load_der_x509_certificate(base64.b64decode(chain[0])).public_bytes(Encoding.PEM).decode()
    with omnitrack.open("memory://", region="US") as tracker:
        assert tracker.load(path, keys=[certificate]).added == 1
        assert tracker.load(path, keys=[public(EC)]).rejected_total == 1
        assert tracker.load(path).rejected_total == 1
