"""Senders that are too slow, and senders that are too many."""

import socket
import time

import psutil

from tests.chaos.world import World

FEW_CONNECTIONS = {
    "HIRESTREAM_RECEIVER__MAX_CONNECTIONS": "200",
    "HIRESTREAM_RECEIVER__HEADERS_TIMEOUT_SECONDS": "3",
    "HIRESTREAM_RECEIVER__BODY_TIMEOUT_SECONDS": "4",
}

MAX_GROWTH = 300 * 2**20
"""Bytes: 200 connections with a body of a megabyte each, and some."""


def slow_and_half_open_clients(world: World) -> None:
    world.receiver.stop()
    world.receiver = world.start_receiver(**FEW_CONNECTIONS)
    port = world.settings.receiver.port
    open_ones: list[socket.socket] = []
    for number in range(300):
        connection = socket.create_connection(("127.0.0.1", port), timeout=5)
        if number % 3:
            connection.sendall(b"POST /webhooks/popp HTTP/1.1\r\nhost: x\r\n")
        if number % 3 == 2:
            connection.sendall(b"content-length: 1000\r\nx-signature: 00\r\n\r\n{")
        open_ones.append(connection)
    for _ in range(6):
        time.sleep(1)
        for connection in open_ones[1::3]:
            _drip(connection)
    assert world.answers(), "the slow ones have all connections"
    for connection in open_ones:
        connection.close()


def _drip(connection: socket.socket) -> None:
    try:
        connection.send(b"a")
    except OSError:
        return


def flood(world: World) -> None:
    world.receiver.stop()
    world.receiver = world.start_receiver(**FEW_CONNECTIONS)
    process, port = psutil.Process(world.receiver.process.pid), world.settings.receiver.port
    before = process.memory_info().rss
    floods = [world.start("-m", "tests.chaos.flood", str(port), "700", "6") for _ in range(2)]
    large = world.start("-m", "tests.chaos.unfinished", str(port), "600", "6")
    peak = before
    while any(each.running for each in (*floods, large)):
        peak = max(peak, process.memory_info().rss)
        time.sleep(0.2)
    assert peak - before < MAX_GROWTH, f"the receiver grew by {(peak - before) / 2**20:.0f} MiB"
    statuses = {part for each in floods for part in each.words().split()}
    assert {"200"} < statuses <= {"200", "429", "503", "0"}, statuses
