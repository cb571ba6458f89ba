"""Connections that send nothing, half a request, or too much: bounded, and no hindrance to others."""

from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import ExitStack, contextmanager, suppress

import httpx
import pytest
import uvicorn

from icsml.serving.access_log import FAILURE_LOGGER
from icsml.serving.connections import ServerConfig
from icsml.serving.problems import Problem
from icsml.serving.settings import ServingSettings

HALF = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: "
WITH_BODY = b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"
WHOLE = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


class _Server(uvicorn.Server):
    """Tells when it listens."""

    def __init__(self, config):
        super().__init__(config)
        self.listens = threading.Event()

    async def startup(self, sockets=None):
        await super().startup(sockets)
        self.listens.set()


@pytest.fixture
def service(make_app):
    """Serve the application with these settings by a thread, and return its address and URL."""
    running = []

    def start(**changes):
        settings = ServingSettings(**changes)
        server = _Server(ServerConfig(settings, make_app(settings=settings), log_level="critical"))
        listening = socket.create_server(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        running.append((server, thread))
        assert server.listens.wait(30)
        address = listening.getsockname()
        return address, f"http://127.0.0.1:{address[1]}"

    start.state = lambda: running[-1][0].server_state
    yield start
    for server, thread in running:
        server.force_exit = server.should_exit = True
        thread.join(timeout=30)
        assert not thread.is_alive()


@contextmanager
def _connected(address, *sent):
    with socket.create_connection(address, timeout=30) as client:
        for data in sent:
            client.sendall(data)
        yield client


def _wait_until(reached):
    end = time.monotonic() + 30
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.02)


def _until_closed(client):
    """Return all that is still sent; a client that is cut off is told so by a reset."""
    received = b""
    try:
        while data := client.recv(65536):
            received += data
    except ConnectionResetError:
        pass
    return received


def _problem(received, status):
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"content-type: application/problem+json" in head.lower()
    return Problem.model_validate(json.loads(body))


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param([], id="nothing"),
        pytest.param([b"GET /he"], id="half a line"),
        pytest.param([HALF], id="half a header"),
        pytest.param([WHOLE, HALF], id="half a second request"),
        pytest.param([WHOLE, b"\r\n"], id="an empty line after a request"),
        pytest.param([WITH_BODY, b"12"], id="half a body nobody reads"),
    ],
)
def test_who_waits_is_closed(service, sent):
    address, _ = service(header_seconds=0.5, keep_alive_seconds=1)
    with _connected(address, *sent) as client:
        received = _until_closed(client)
    assert received.count(b"HTTP/1.1 ") == len(sent) // 2


def test_a_trickle_of_bytes_gains_no_time(service):
    address, _ = service(header_seconds=1)
    with _connected(address, HALF) as client:
        client.settimeout(0.05)
        for _ in range(400):
            try:
                client.sendall(b"a")
                if client.recv(1) == b"":
                    return
            except TimeoutError:
                continue
            except OSError:
                return
    pytest.fail("still open")


def test_who_does_not_read_the_answers_is_closed(service, caplog):
    address, _ = service(header_seconds=0.5)
    asked = 2000
    with _connected(address, b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * asked) as client:
        _wait_until(lambda: not service.state().connections)
        assert 0 < _until_closed(client).count(b"HTTP/1.1 200 ") < asked
    assert [line for line in caplog.records if line.name == FAILURE_LOGGER] == []


def test_half_open_connections_do_not_stop_others(service):
    address, url = service(header_seconds=60)
    with ExitStack() as opened:
        for _ in range(500):
            opened.enter_context(_connected(address, HALF))
        assert httpx.get(url + "/readyz", timeout=30).status_code == 200


def test_above_the_bound_the_one_that_waited_longest_makes_room(service):
    address, url = service(header_seconds=60, max_connections=20)
    with ExitStack() as opened:
        clients = [opened.enter_context(_connected(address, HALF)) for _ in range(200)]
        assert httpx.get(url + "/readyz", timeout=30).status_code == 200
        assert _until_closed(clients[0]) == b""
        newest = clients[-1]
        newest.sendall(b"x\r\n\r\n")
        assert newest.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_where_all_connections_are_at_work_a_new_one_is_told_to_come_again(service, keys):
    address, _ = service(max_connections=1, body_seconds=60)
    head = f"POST /v1/assessments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {keys.score}\r\n"
    head += "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n"
    with _connected(address, head.encode() + b"{") as working:
        _wait_until(lambda: service.state().tasks)
        with _connected(address) as refused:
            problem = _problem(_until_closed(refused), 503)
        assert problem.code == "ICS-SRV-016"
        working.sendall(b"}")
        assert working.recv(65536).startswith(b"HTTP/1.1 422 ")


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01", 400, "ICS-SRV-014"),
        (b"GET / HTTP/9.9\r\n\r\n", 400, "ICS-SRV-014"),
        (b"GET / HTTP/1.1\r\nX-Long: " + b"a" * 200_000, 431, "ICS-SRV-015"),
        (b"GET /" + b"a" * 200_000, 431, "ICS-SRV-015"),
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 70_000 + b"\r\n\r\n", 431, "ICS-SRV-015"),
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"X-Many: a\r\n" * 7_000 + b"\r\n", 431, "ICS-SRV-015"),
        (b"GET /healthz HTTP/1.1\r\nX-Host: x\r\n\r\n", 400, "ICS-SRV-014"),
        ("GET /healthz?等级=高 HTTP/1.1\r\nHost: x\r\n\r\n".encode(), 400, "ICS-SRV-014"),
    ],
    ids=["TLS", "version", "headers", "line", "whole headers", "many headers", "no host", "not encoded"],
)
def test_what_is_no_request_is_answered_and_closed(service, sent, status, code):
    address, _ = service()
    with _connected(address) as client:
        with suppress(OSError):
            client.sendall(sent)
        answer = _until_closed(client)
    assert _problem(answer, status).code == code
    head = answer.partition(b"\r\n\r\n")[0].lower()
    for name in (b"cache-control", b"content-security-policy", b"x-content-type-options", b"x-frame-options"):
        assert head.count(b"\r\n" + name + b":") == 1


def test_an_address_that_is_not_encoded_is_named_as_what_it_is(service):
    address, _ = service()
    for path in ("/healthz?a=高", "/v1/rulebooks/国家"):
        with _connected(address, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()) as client:
            assert "percent-encode" in _problem(_until_closed(client), 400).detail


def test_a_body_does_not_count_as_headers(service):
    address, _ = service()
    head = b"POST /healthz HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 60_000 + b"\r\nContent-Length: 70000\r\n\r\n"
    with _connected(address, head + b"a" * 70_000) as client:
        assert client.recv(65536).startswith(b"HTTP/1.1 405 ")


def test_what_follows_a_refused_request_is_not_answered(service):
    address, _ = service()
    with _connected(address, b"GET /healthz HTTP/1.1\r\n\r\n", WHOLE) as client:
        answer = _until_closed(client)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"x-request-id: ") == 1


def test_who_speaks_an_older_version_names_no_host(service):
    address, _ = service()
    with _connected(address, b"GET /healthz HTTP/1.0\r\n\r\n") as client:
        assert _until_closed(client).startswith(b"HTTP/1.1 200 ")
