"""Signed CAP messages: only whoever holds the key of a pinned certificate is believed."""

import sys
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from lxml import etree

from tests.serve.test_cap import NIGHT, ZONE
from tocsin.cli import main
from tocsin.contract import InputError
from tocsin.run.messages import Messages
from tocsin.run.site import read_site
from tocsin.serve.cap import CAP, CapConfig, cap_xml, chain_of
from tocsin.serve.cap_check import SIGNATURE, check_messages, parse_safely
from tocsin.serve.cap_sign import Signer, certificate_of, verify

NEW = {
    "rsa": lambda: rsa.generate_private_key(65537, 2048),
    "ec": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
}


def made(kind="ec", until=2040):
    """Return a key and its certificate, both in PEM form."""
    key = NEW[kind]()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "duty")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(until, 1, 1, tzinfo=UTC))
        .sign(key, None if kind == "ed25519" else hashes.SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem, certificate.public_bytes(Encoding.PEM)


KEY, CERTIFICATE = made()
PINNED = [certificate_of(CERTIFICATE, "pinned")]
CHAIN = chain_of(NIGHT, 0)


def signed(key=KEY, certificate=CERTIFICATE):
    """Return a signed message."""
    config = CapConfig(sign=Signer.from_pem(key, certificate).sign)
    return cap_xml(CHAIN, ZONE, config)


def faults(message, pinned=PINNED):
    """Return what is said of a message's signature."""
    return [fault.what for fault in verify(parse_safely(message), pinned)[1]]


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_a_message_signed_by_a_pinned_certificate_is_believed(kind):
    key, certificate = made(kind)
    message = signed(key, certificate)
    assert check_messages({"m": message})["m"].faults == ()
    pinned = [*PINNED, certificate_of(certificate, "pinned")]
    assert verify(parse_safely(message), pinned) == ("CN=duty", ())
    bare = parse_safely(message)
    bare.remove(bare.find(SIGNATURE))
    plain = parse_safely(cap_xml(CHAIN, ZONE, CapConfig()))
    assert ["".join(e.itertext()).split() for e in bare] == [
        "".join(e.itertext()).split() for e in plain
    ]


def test_a_forger_with_the_same_name_is_refused():
    assert faults(signed(*made())) == [
        "is by none of the 1 pinned certificates, or the message was changed"
    ]


def test_a_changed_message_is_refused():
    message = signed()
    assert b"Severe" in message
    (what,) = faults(message.replace(b"Severe", b"Minor ", 1))
    assert "was changed" in what


def test_an_unsigned_message_is_refused_where_certificates_are_pinned():
    message = cap_xml(CHAIN, ZONE, CapConfig())
    assert faults(message) == ["is not signed"]
    assert faults(message, []) == []


def test_what_is_signed_must_be_the_whole_message():
    """A true message wrapped into a false one."""
    false = parse_safely(signed())
    true = parse_safely(signed())
    false.find(f"{{{CAP}}}note").text = "all clear"
    false.remove(false.find(SIGNATURE))
    false.append(true)
    assert faults(etree.tostring(false)) == ["is not signed"]
    false.append(true.find(SIGNATURE))
    assert any("was changed" in what for what in faults(etree.tostring(false)))


def test_a_certificate_that_was_over_when_it_was_sent_is_refused():
    key, certificate = made(until=2025)
    (what,) = faults(signed(key, certificate), [certificate_of(certificate, "pinned")])
    assert "valid from 2020-01-01 to 2025-01-01" in what


@pytest.mark.parametrize(
    ("key", "certificate", "said"),
    [
        (KEY, made()[1], "is not the certificate's"),
        (b"nonsense", CERTIFICATE, "cannot be read"),
        (KEY, b"nonsense", "is no certificate"),
        (*made("ed25519"), "is a Ed25519PrivateKey"),
    ],
)
def test_keys_that_cannot_sign_are_refused(key, certificate, said):
    with pytest.raises(InputError, match=said):
        Signer.from_pem(key, certificate)


SITE = """
[site]
latitude_deg = 38.0
longitude_deg = -20.0
[signature]
key = "cap.key"
certificate = "cap.pem"
"""


def test_a_site_with_a_key_signs_its_messages(tmp_path):
    (tmp_path / "site.toml").write_text(SITE)
    with pytest.raises(InputError, match=r"cap.key: cannot be read; check \[signature\]"):
        read_site(tmp_path / "site.toml")
    (tmp_path / "cap.key").write_bytes(KEY)
    (tmp_path / "cap.pem").write_bytes(CERTIFICATE)
    site = read_site(tmp_path / "site.toml")
    site.zones = (ZONE,)
    documents, _ = Messages(site).add(NIGHT)
    assert len(documents) == len(NIGHT)
    assert all(faults(message) == [] for message in documents.values())
    assert all(not one.faults for one in check_messages(documents).values())


def test_the_program_asks_for_pinned_certificates(tmp_path, monkeypatch, capsys):
    for name, content in {
        "m.xml": signed(),
        "own.pem": CERTIFICATE,
        "other.pem": made()[1],
    }.items():
        (tmp_path / name).write_bytes(content)
    monkeypatch.chdir(tmp_path)
    for certificate, code in (("own.pem", 0), ("other.pem", 1), ("m.xml", 2)):
        arguments = ["cap", "check", "m.xml", "--certificate", certificate]
        monkeypatch.setattr(sys, "argv", ["tocsin", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        assert int(end.value.code or 0) == code
    said = capsys.readouterr()
    assert "signed by CN=duty" in said.out
    assert "m.xml: is no certificate; give one in PEM form" in said.err
