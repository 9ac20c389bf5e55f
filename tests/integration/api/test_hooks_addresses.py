"""Where a hook may point, and how it is called: once, at the address that was looked at, and nowhere else."""

from __future__ import annotations

import ipaddress
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from api.hooks import addresses, sending
from api.hooks.addresses import RefusedError, is_public, read_url
from api.hooks.sending import Outcome, post
from tests.integration.api.receiver import receiving

PATH = "/v1/organisations/town/hooks"
URL = "https://hooks.example.org/services/T0/B0/secret"


@pytest.fixture
def receiver():
    with receiving() as server:
        yield server


REFUSED = [
    "",
    "hooks.example.org",
    "http://hooks.example.org/",
    "ftp://hooks.example.org/",
    "https:///x",
    "https://name:word@hooks.example.org/",
    "https://hooks.example.org/#part",
    "https://hooks.example.org:22/",
    "https://hooks.example.org:99999/",
    "https://127.0.0.1/",
    "https://[::1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://169.254.169.254/latest/meta-data/",
]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("url", REFUSED)
def test_an_address_that_is_not_on_the_open_internet_is_refused(service, answered, url):
    operator = service.member("operator")
    told = answered(operator.post(PATH, json={"url": url}), 422)
    assert told["problems"][0]["where"] in {"url", "body.url"}


PRIVATE = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.1.2.3",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001:0:1::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]
PUBLIC = ["1.1.1.1", "9.9.9.9", "2606:4700:4700::1111", "2001:4860:4860::8888", "64:ff9b::808:808", "::ffff:8.8.8.8"]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_told_from_public_ones(address):
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_public(address):
    assert is_public(ipaddress.ip_address(address))


def resolving(monkeypatch, *answers):
    """Let the names of hosts be answered so, one answer per question; return the questions."""
    asked, left = [], list(answers)

    async def resolve(host, port):
        asked.append(host)
        return [ipaddress.ip_address(each) for each in (left.pop(0) if len(left) > 1 else left[0])]

    monkeypatch.setattr(addresses, "resolve", resolve)
    return asked


@pytest.mark.parametrize("found", [["10.0.0.1"], ["9.9.9.9", "127.0.0.1"], ["::ffff:127.0.0.1"], ["64:ff9b::a00:1"]])
def test_a_name_that_leads_into_a_private_network_is_not_called(monkeypatch, found):
    resolving(monkeypatch, found)
    monkeypatch.setattr(sending, "_send", None)
    outcome = post(URL, b"{}", {}, private=False)
    assert outcome.status == 0 and "private network" in outcome.told


def test_a_name_is_looked_up_once_and_called_where_that_led(monkeypatch, receiver):
    asked = resolving(monkeypatch, ["127.0.0.1"], ["127.0.0.9"])
    outcome = post(f"http://rebound.test:{receiver.port}/x", b"{}", {}, private=True)
    assert (outcome.status, asked) == (200, ["rebound.test"])
    assert receiver.got[0][1]["host"] == f"rebound.test:{receiver.port}"


def test_a_name_whose_second_answer_is_private_is_never_asked_a_second_time(monkeypatch):
    asked, called = resolving(monkeypatch, ["9.9.9.9"], ["127.0.0.1"]), []

    async def send(client, url, address, body, headers):
        called.append(str(address))
        return Outcome(200, "answered 200")

    monkeypatch.setattr(sending, "_send", send)
    assert post(URL, b"{}", {}, private=False).delivered
    assert (asked, called) == (["hooks.example.org"], ["9.9.9.9"])


def test_the_next_address_is_tried_if_one_is_silent(monkeypatch, receiver):
    resolving(monkeypatch, ["::1", "127.0.0.1"])
    assert post(f"http://two.test:{receiver.port}/", b"{}", {}, private=True).status == 200


def test_where_an_answer_leads_is_not_followed(monkeypatch, receiver):
    receiver.status, receiver.location = 302, f"http://127.0.0.1:{receiver.port}/inside"
    outcome = post(f"http://127.0.0.1:{receiver.port}/", b"{}", {}, private=True)
    assert (outcome.status, outcome.delivered, len(receiver.got)) == (302, False, 1)
    assert "leads elsewhere" in outcome.told


def test_an_answer_without_end_is_not_read(receiver):
    receiver.drips = 0.01
    began = time.monotonic()
    assert post(f"http://127.0.0.1:{receiver.port}/", b"{}", {}, private=True).status == 200
    assert time.monotonic() - began < 2


def test_who_never_answers_is_given_up(monkeypatch):
    monkeypatch.setattr(sending, "SECONDS", 0.2)
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as silent:
        began = time.monotonic()
        outcome = post(f"http://127.0.0.1:{silent.server_address[1]}/", b"{}", {}, private=True)
    assert (outcome.status == 0 and "no answer within" in outcome.told) or "Timeout" in outcome.told
    assert time.monotonic() - began < 2


def test_a_name_that_nobody_looks_up_is_given_up(monkeypatch):
    """A look-up that does not end holds up nothing: whoever has a name can make it take as long as they like."""
    ends = threading.Event()
    monkeypatch.setattr(addresses.socket, "getaddrinfo", lambda *_, **__: [ends.wait(20)][:0])
    monkeypatch.setattr(sending, "SECONDS", 0.3)
    began = time.monotonic()
    assert post("https://slow.example.org/", b"{}", {}, private=False).told.startswith("no answer within")
    assert time.monotonic() - began < 5
    ends.set()


def test_a_name_that_can_be_none_is_an_outcome_and_no_error():
    told = post(f"https://{'a' * 64}.example.org/", b"{}", {}, private=False)
    assert told == Outcome(0, "the name of the host is not known")


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://unknown.invalid/"])
def test_who_is_not_there_is_an_outcome_and_no_error(url):
    outcome = post(url, b"{}", {}, private=True)
    assert outcome.status == 0 and outcome.told


def test_the_environment_names_no_proxy(monkeypatch, receiver):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert post(f"http://127.0.0.1:{receiver.port}/", b"{}", {}, private=True).status == 200


@pytest.mark.parametrize(("name", "status"), [("hook.test", 200), ("other.test", 0)])
def test_a_certificate_has_to_be_for_the_name_of_the_host(monkeypatch, tmp_path, name, status):
    certificate = certified(tmp_path, "hook.test")
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    resolving(monkeypatch, ["127.0.0.1"])
    trusting = ssl.create_default_context(cafile=str(certificate))
    monkeypatch.setattr(sending, "_trusted", lambda: trusting)
    with receiving(serving) as server:
        outcome = post(f"https://{name}:{server.port}/", b"{}", {}, private=True)
    assert outcome.status == status, outcome.told


def certified(folder, name):
    """Write a key and a certificate that it signed for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "server.pem"
    path.write_bytes(private + made.public_bytes(pem))
    return path


def test_a_url_is_read_once_and_in_one_way():
    for text in (
        "https://good.example\\@evil.example/",
        "https://good.example@evil.example/",
        "https://\x00/",
    ):
        with pytest.raises(RefusedError):
            read_url(text, private=False)
    assert read_url("https://BÜCHER.example/", private=False).raw_host == b"xn--bcher-kva.example"
