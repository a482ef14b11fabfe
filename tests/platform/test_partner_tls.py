"""TLS to a partner: whoever cannot show that it is the one gets nothing, and this node shows its own certificate."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from tests.apps.deconfliction.test_tak import Made, made
from tests.platform.test_partner_client import SIGNED, Peer, peer

from vigil.platform.partners import client
from vigil.platform.partners.client import Unreached, send

__all__ = ["peer"]


@pytest.fixture
def over_tls(peer: Peer, tmp_path: Path, settings: Any) -> Iterator[Callable[[Made, Made], str]]:
    """`over_tls(server, trusted)`: the peer's address, where it shows one certificate and wants the node's by another
    authority; the node trusts that one alone."""
    client._pools.cache_clear()

    def start(server: Made, trusted: Made) -> str:
        (tmp_path / "server.pem").write_bytes(server.pem)
        (tmp_path / "authority.pem").write_bytes(trusted.certificate.public_bytes(Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / "server.pem")
        context.load_verify_locations(tmp_path / "authority.pem")
        context.verify_mode = ssl.CERT_REQUIRED
        peer.socket = context.wrap_socket(peer.socket, server_side=True, do_handshake_on_connect=False)
        settings.VIGIL_FEDERATION_CA = str(tmp_path / "authority.pem")
        return peer.url.replace("http://", "https://")

    yield start
    client._pools.cache_clear()


def show(certificate: Made, tmp_path: Path, settings: Any) -> None:
    (tmp_path / "own.pem").write_bytes(certificate.pem)
    settings.VIGIL_FEDERATION_CERTIFICATE = str(tmp_path / "own.pem")


def test_both_sides_show_a_certificate(
    over_tls: Callable[[Made, Made], str], peer: Peer, tmp_path: Path, settings: Any
) -> None:
    authority = made("authority")
    url = over_tls(made("elm", authority), authority)
    show(made("bay", authority), tmp_path, settings)
    peer.answers = [SIGNED]
    assert send(url, b"one", 60) == b"a.b.c"
    assert peer.heard == [b"one"]


@pytest.mark.parametrize("others", ["server", "ours", "none"])
def test_whose_certificate_is_not_of_the_authority_is_told_nothing(
    over_tls: Callable[[Made, Made], str], peer: Peer, tmp_path: Path, settings: Any, others: str
) -> None:
    authority, stranger = made("authority"), made("stranger")
    url = over_tls(made("elm", stranger if others == "server" else authority), authority)
    if others != "none":
        show(made("bay", stranger if others == "ours" else authority), tmp_path, settings)
    with pytest.raises(Unreached) as refused:
        send(url, b"one", 60)
    assert refused.value.code == "certificate" if others == "server" else refused.value.code != "timeout"
    assert peer.heard == []
