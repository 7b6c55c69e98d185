"""Asking until the first answer, against a socket on loopback."""

import os
import socket
import threading
import time

from bench import first

# Each process that runs tests has a port of its own.
PORT = 16867 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
SERVER, RELAY = "127.0.0.1", "127.0.0.2"


def test_it_asks_before_anybody_is_there_and_says_when_it_was_answered(capsys):
    answered = []

    def serve() -> None:
        time.sleep(0.2)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind((SERVER, PORT))
            question, sender = sock.recvfrom(1500)
            sock.sendto(b"\x02" + question[1:4] + b"else" + question[8:], sender)  # Somebody else's.
            answered.append(time.monotonic())
            sock.sendto(b"\x02" + question[1:], sender)
            assert question[24:28] == socket.inet_aton(RELAY)
            assert question[236:243] == bytes((0x63, 0x82, 0x53, 0x63, 53, 1, 1))

    thread = threading.Thread(target=serve)
    thread.start()
    assert first.main(SERVER, RELAY, 20, PORT) == 0
    thread.join()
    asking, when = capsys.readouterr().out.split()
    assert asking == "asking"
    assert answered[0] <= float(when) < answered[0] + 5


def test_where_nobody_answers_it_gives_up(capsys):
    assert first.main(SERVER, RELAY, 0.1, PORT) == 1
    assert capsys.readouterr().out == "asking\n"
