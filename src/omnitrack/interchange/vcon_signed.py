"""Signed vCons: verifies a JWS in general JSON form (RFC 7515 section 7.2.1) with given keys."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from omnitrack.errors import SourceFormatError
from omnitrack.interchange.document import parse

# Signatures alone: neither "none" nor a MAC, whose key whoever verifies could sign with.
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]
_MOST_LAYERS = 5  # of a vCon that was signed again, as the core draft has it for certificates that expire
_MOST_SIGNATURES = 20
_MOST_HEADER = 256 * 1024  # characters: chains of certificates stand in headers
_BEGIN = "-----BEGIN "


class Keys:
    """The public keys by which signatures are believed.

    The certificates that a document brings in ``x5c`` are not: whoever wrote it put them there.

    Args:
        given: public keys or certificates of the signers, as PEM texts or the paths of PEM files.

    Raises:
        SourceFormatError: a key is not a public key, or the extra ``signed`` is not installed.
        OSError: a file cannot be read.
    """

    def __init__(self, given: Iterable[str | os.PathLike[str]] | str | os.PathLike[str]) -> None:
        several = [given] if isinstance(given, (str, os.PathLike)) else list(given)
        self._keys = [_key(_pem(one), index) for index, one in enumerate(several)]

    def opened(self, document: Any, where: str) -> Any:
        """Return the vCon in a signed one; anything else as it is.

        Raises:
            SourceFormatError: none of its signatures was made with one of the keys, or the payload is no JSON.
        """
        for _ in range(_MOST_LAYERS):
            if not is_signed(document):
                return document
            document = parse(self._verified(document, where), f"{where}.payload")
        raise SourceFormatError(f"{where}: signed more than {_MOST_LAYERS} times over, the most accepted")

    def _verified(self, document: Mapping[str, Any], where: str) -> bytes:
        from joserfc import jws
        from joserfc.errors import JoseError

        registry = jws.JWSRegistry(algorithms=_ALGORITHMS, strict_check_header=False)
        registry.max_header_length = _MOST_HEADER
        registry.max_payload_length = max(len(str(document.get("payload"))), 1)
        registry.max_signature_length = _MOST_HEADER
        for signature in _signatures(document):
            form: Any = {**signature, "payload": document["payload"]}  # flattened, RFC 7515, section 7.2.2
            for key in self._keys:
                try:
                    found = jws.deserialize_json(form, key, registry=registry)
                except (JoseError, ValueError, TypeError, KeyError, AttributeError):
                    continue  # of another key, or no signature at all
                return bytes(found.payload)
        raise SourceFormatError(f"{where}.signatures: a signed vCon (JWS) that none of the keys given has signed")


def is_signed(document: Any) -> bool:
    """Whether a document is a vCon in the signed form."""
    return isinstance(document, Mapping) and "payload" in document and "signatures" in document


def _signatures(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    found = document["signatures"]
    for item in found[:_MOST_SIGNATURES] if isinstance(found, list) else ():
        # What is verified is the protected header: an algorithm that is said outside of it is one that anybody could have written.
        if (
            isinstance(item, Mapping)
            and isinstance(item.get("protected"), str)
            and isinstance(item.get("signature"), str)
        ):
            yield {"protected": item["protected"], "signature": item["signature"]}


def _pem(given: str | os.PathLike[str]) -> str:
    return given if isinstance(given, str) and _BEGIN in given else Path(given).read_text(encoding="ascii")


def _key(pem: str, index: int) -> Any:
    try:
        from cryptography import x509
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
        from joserfc import jwk
    except ImportError:
        raise SourceFormatError("keys: to verify a signed vCon takes the extra 'signed' (joserfc)") from None
    try:
        if f"{_BEGIN}CERTIFICATE-----" in pem:
            public = x509.load_pem_x509_certificate(pem.encode()).public_key()
            pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        kind = _kind(pem)
        return jwk.import_key(pem, kind)
    except (ValueError, TypeError):
        raise SourceFormatError(f"keys[{index}]: accepted is a public key or a certificate in PEM") from None


def _kind(pem: str) -> Literal["RSA", "EC", "OKP"]:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    public = load_pem_public_key(pem.encode())
    if isinstance(public, rsa.RSAPublicKey):
        return "RSA"
    return "EC" if isinstance(public, ec.EllipticCurvePublicKey) else "OKP"
