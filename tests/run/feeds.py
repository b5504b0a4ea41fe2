"""Loopback feeds for tests of live runs: a TCP replay and a UDP replay."""

import socket
import threading
import time
from collections.abc import Sequence


class TcpReplay:
    """Serve bytes to whoever connects, in pieces, and keep the connection open."""

    def __init__(self, data: bytes, piece: int = 97, pause_s: float = 0.0) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._data, self._piece, self._pause_s = data, piece, pause_s
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._send, args=(connection,), daemon=True).start()

    def _send(self, connection: socket.socket) -> None:
        try:
            for at in range(0, len(self._data), self._piece):
                connection.sendall(self._data[at : at + self._piece])
                time.sleep(self._pause_s)
            connection.recv(1)
        except OSError:
            pass
        finally:
            connection.close()

    def close(self) -> None:
        self._server.close()


def send_udp(port: int, datagrams: Sequence[bytes], pause_s: float = 0.002) -> None:
    """Send datagrams to a loopback port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for datagram in datagrams:
            sender.sendto(datagram, ("127.0.0.1", port))
            time.sleep(pause_s)


def pcap_payloads(data: bytes) -> list[bytes]:
    """Return the UDP payloads of a classic Ethernet pcap, read without the project's reader."""
    at, payloads = 24, []
    while at + 16 <= len(data):
        size = int.from_bytes(data[at + 8 : at + 12], "little")
        packet = data[at + 16 : at + 16 + size]
        header = (packet[14] & 0x0F) * 4
        udp = packet[14 + header :]
        payloads.append(udp[8 : int.from_bytes(udp[4:6], "big")])
        at += 16 + size
    return payloads
