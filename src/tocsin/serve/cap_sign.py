"""Sign CAP messages, and verify signatures against pinned certificates only.

A signature proves who holds a key, and a certificate inside a message proves nothing: anybody can
make one with any name. So a message is trusted if one of the certificates that the receiver was
given beforehand verifies it, and if what that signs is the whole message.

Source: OASIS, Common Alerting Protocol 1.2 (2010), section 3.3.4.1; W3C, XML Signature Syntax and
Processing 1.1 (2013), sections 6.4 and 6.6.4.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from tocsin.contract import InputError
from tocsin.serve.cap_check import SIGNATURE, Fault
from tocsin.serve.cap_rules import instant

_DS = "http://www.w3.org/2000/09/xmldsig#"
_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
# In canonical form: what is signed are these very characters.
_SIGNED_INFO = (
    f'<ds:SignedInfo xmlns:ds="{_DS}">'
    f'<ds:CanonicalizationMethod Algorithm="{_C14N}"></ds:CanonicalizationMethod>'
    '<ds:SignatureMethod Algorithm="{}"></ds:SignatureMethod>'
    '<ds:Reference URI=""><ds:Transforms>'
    f'<ds:Transform Algorithm="{_DS}enveloped-signature"></ds:Transform>'
    f'<ds:Transform Algorithm="{_C14N}"></ds:Transform></ds:Transforms>'
    '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod>'
    "<ds:DigestValue>{}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
)
_SIGNATURE = (
    f'<ds:Signature xmlns:ds="{_DS}">{{}}<ds:SignatureValue>{{}}</ds:SignatureValue>'
    "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data>"
    "</ds:KeyInfo></ds:Signature>"
)
_EXPECTED = SignatureConfiguration(
    location="./",
    expect_references=1,
    signature_methods=frozenset(
        {
            SignatureMethod.RSA_SHA256,
            SignatureMethod.RSA_SHA384,
            SignatureMethod.RSA_SHA512,
            SignatureMethod.ECDSA_SHA256,
            SignatureMethod.ECDSA_SHA384,
            SignatureMethod.ECDSA_SHA512,
        }
    ),
    digest_algorithms=frozenset(
        {DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512}
    ),
)


@dataclass(frozen=True)
class Signer:
    """Sign with a private key.

    Args:
        key: RSA or elliptic curve.
        certificate: of that key.
    """

    key: RSAPrivateKey | EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def from_pem(cls, key: bytes, certificate: bytes, where: str = "CAP signing key") -> Signer:
        """Return the signer of a key and its certificate.

        Raises:
            InputError: the key cannot be read, is of another kind, or is not the certificate's.
        """
        try:
            private = load_pem_private_key(key, None)
        except (ValueError, TypeError) as error:
            mend = "give a PEM file with an RSA or elliptic-curve key without a pass phrase"
            raise InputError(where, f"cannot be read: {error}", mend) from error
        if not isinstance(private, RSAPrivateKey | EllipticCurvePrivateKey):
            kind = type(private).__name__
            raise InputError(where, f"is a {kind}", "use an RSA or elliptic-curve key")
        own = certificate_of(certificate, where)
        if own.public_key() != private.public_key():
            raise InputError(where, "is not the certificate's", "give the two that belong together")
        return cls(private, own)

    def sign(self, root: Any) -> Any:
        """Return a message with an enveloped signature.

        Written out here rather than by signxml, which takes twenty times as long for it, and
        thousands of messages may be due at once. What signxml verifies is still what is signed.
        """
        digest = hashlib.sha256(etree.tostring(root, method="c14n", exclusive=True)).digest()
        signed = _SIGNED_INFO.format(self._method, _base64(digest))
        value = self._signature(signed.encode())
        text = _SIGNATURE.format(signed, _base64(value), _base64(self._certificate))
        root.append(etree.fromstring(text))
        return root

    @cached_property
    def _method(self) -> str:
        kind = "rsa" if isinstance(self.key, RSAPrivateKey) else "ecdsa"
        return f"http://www.w3.org/2001/04/xmldsig-more#{kind}-sha256"

    @cached_property
    def _certificate(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    def _signature(self, data: bytes) -> bytes:
        if isinstance(self.key, RSAPrivateKey):
            return self.key.sign(data, PKCS1v15(), SHA256())
        r, s = decode_dss_signature(self.key.sign(data, ECDSA(SHA256())))
        size = (self.key.key_size + 7) // 8
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def certificate_of(pem: bytes, where: str) -> x509.Certificate:
    """Return a certificate.

    Raises:
        InputError: it cannot be read.
    """
    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise InputError(where, "is no certificate", "give one in PEM form") from error


def verify(root: Any, pinned: Sequence[x509.Certificate]) -> tuple[str, tuple[Fault, ...]]:
    """Return by whom a message is signed, and what is wrong with that.

    Args:
        root: the message.
        pinned: the certificates that are trusted; none: signatures are not looked at.
    """
    signatures = root.findall(SIGNATURE)
    if not pinned:
        return "", ()
    if not signatures:
        what, mend = "is not signed", "sign it with the key of a pinned certificate"
        return "", (Fault(root.sourceline, "alert", what, mend),)
    line = signatures[0].sourceline
    for certificate in pinned:
        if _signs(root, certificate):
            return certificate.subject.rfc4514_string(), _out_of_date(root, certificate, line)
    what = f"is by none of the {len(pinned)} pinned certificates, or the message was changed"
    mend = "trust the message only from a sender whose certificate you have from elsewhere"
    return "", (Fault(line, "alert/Signature", what, mend),)


def _signs(root: Any, certificate: x509.Certificate) -> bool:
    """Say whether a certificate's key signed the whole message."""
    pem = certificate.public_bytes(Encoding.PEM).decode()
    # Whether it was valid then is another question, see `_out_of_date`.
    expected = replace(_EXPECTED, verification_time=certificate.not_valid_before_utc)
    try:
        found: Any = XMLVerifier().verify(
            etree.tostring(root), x509_cert=pem, expect_config=expected
        )
    except (SignXMLException, ValueError):
        return False
    bare = deepcopy(root)
    for signature in bare.findall(SIGNATURE):
        bare.remove(signature)
    signed = etree.tostring(found.signed_xml, method="c14n")
    return signed == etree.tostring(bare, method="c14n")


def _out_of_date(root: Any, certificate: x509.Certificate, line: int) -> tuple[Fault, ...]:
    sent = instant(str(root.findtext("{*}sent") or ""))
    low, high = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if sent is None or low <= sent <= high:
        return ()
    what = f"is by a certificate valid from {low:%Y-%m-%d} to {high:%Y-%m-%d}, not when it was sent"
    return (Fault(line, "alert/Signature", what, "pin the sender's present certificate"),)
