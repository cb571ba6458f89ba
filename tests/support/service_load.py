"""A real service process, clients that load it without a pause, and a check of all that it answered."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from contextlib import contextmanager, suppress
from itertools import count

import httpx
from ledger_tables import broken_links, connected

from icsml.ledger.sealing import opened

URL = "/v1/assessments"
SERVE = """
import sys
from datetime import timedelta
from pathlib import Path
from icsml.core import clock

folder, port, offset = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
now = clock.utc_now
clock.utc_now = lambda: now() + timedelta(seconds=float(offset.read_text()))

from icsml.serving.server import serve

serve(folder, port=port)
"""
_ANSWER_SECONDS = 1.0
_TRUTH_SECONDS = 5.0


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Served:
    """The service in a process of its own, on one port for its whole life.

    Parameters
    ----------
    bundle : Path
        Folder of the bundle.
    home, url : Path, str
        ``ICSML_HOME`` with a key file, and the ledger.
    folder : Path
        For the log and the offset of the clock.
    """

    def __init__(self, bundle, home, url, folder):
        self.address = f"http://127.0.0.1:{_free_port()}"
        self._offset = folder / f"offset-{uuid.uuid4().hex}"
        self._log = folder / f"log-{uuid.uuid4().hex}"
        self._command = [sys.executable, "-c", SERVE, str(bundle), self.address.rpartition(":")[2], str(self._offset)]
        self._environment = {**os.environ, "ICSML_HOME": str(home), "ICSML_LEDGER_URL": url}
        self.step_clock(0)
        self.process = None

    def step_clock(self, seconds):
        """Let the clock of the process be so many seconds ahead."""
        partial = self._offset.with_suffix(".partial")
        partial.write_text(str(seconds))
        partial.replace(self._offset)

    def start(self):
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(self._command, stdout=log, stderr=log, env=self._environment)
        return self

    def kill(self):
        self.process.kill()
        self.process.wait(30)

    def stop(self):
        """End it as an operator does, and return its log."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)
        return self._log.read_text()

    def is_ready(self):
        assert self.process.poll() is None, self._log.read_text()
        with suppress(httpx.TransportError):
            return httpx.get(self.address + "/readyz", timeout=_TRUTH_SECONDS).status_code == 200
        return False

    def wait_until_ready(self, seconds=60.0):
        _wait(self.is_ready, seconds, "not ready")
        return self

    def wait_for_model(self, sha256):
        """Wait until it says that the bundle of this hash decides."""

        def is_live():
            return (
                httpx.get(self.address + "/readyz", timeout=_TRUTH_SECONDS).json()["model"]["bundle_sha256"] == sha256
            )

        _wait(is_live, 30.0, "another model is live")

    def wait_for_the_truth(self):
        """Wait until it says that it is not ready."""
        _wait(lambda: not self.is_ready(), _TRUTH_SECONDS, "still said to be ready")


def _wait(condition, seconds, otherwise):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{otherwise} after {seconds} s"
        time.sleep(0.05)


class Load:
    """Clients of one service: some that want decisions, one that reads those already given.

    After a failure a client sends the same request again, with the same idempotency key if it has one.
    """

    def __init__(self, served, key, record):
        self._served = served
        self._headers = {"Authorization": f"Bearer {key}"}
        self._record = record
        self._numbers = count()
        self._given = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self.by_key = {}
        self.statuses = Counter()
        self.faults = []
        self.slowest_read = 0.0

    @property
    def given(self):
        """The decisions that were answered, by identifier."""
        with self._lock:
            return dict(self._given)

    @contextmanager
    def running(self, clients=4):
        """Load the service during the block."""
        self._ended.clear()
        threads = [threading.Thread(target=self._noting, args=(self._post,)) for _ in range(clients)]
        threads.append(threading.Thread(target=self._noting, args=(self._read,)))
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._ended.set()
            for thread in threads:
                thread.join(60)
        assert not any(thread.is_alive() for thread in threads)
        assert self.faults == []

    def wait_for_answers(self, more, seconds=30.0):
        """Wait until so many more decisions were answered."""
        target = len(self.given) + more
        _wait(lambda: len(self.given) >= target or self.faults, seconds, "too few answers")

    def _noting(self, work):
        """Note what goes wrong: an error in a thread would be lost."""
        try:
            with httpx.Client(base_url=self._served.address, headers=self._headers, timeout=20) as client:
                while not self._ended.is_set():
                    work(client)
        except Exception as error:
            self.faults.append(repr(error))

    def _post(self, client):
        number = next(self._numbers)
        record = {**self._record, "enterprise_id": f"E{number}", "staff_total": 10 + number % 90}
        keyed = number % 2 == 0
        headers = {"Idempotency-Key": f"k-{uuid.uuid4()}"} if keyed else {}
        while not self._ended.is_set():
            try:
                answer = client.post(URL, json=record, headers=headers)
            except httpx.TransportError:
                time.sleep(0.02)
                if not keyed:
                    return  # nobody knows what became of it
                continue
            self.statuses[answer.status_code] += 1
            if answer.status_code in (200, 201):
                self._note(answer, headers.get("Idempotency-Key"), number)
                return
            if answer.status_code != 503 or "Retry-After" not in answer.headers:
                self.faults.append(answer.text)
            time.sleep(0.05)

    def _note(self, answer, key, number):
        decision = answer.json()
        if decision["enterprise_id"] != f"E{number}":
            self.faults.append("a decision of another record")
        with self._lock:
            self._given[decision["decision_id"]] = answer.content
            if key is not None:
                self.by_key[key] = decision["decision_id"]

    def _read(self, client):
        known = list(self.given)
        if not known:
            time.sleep(0.01)
            return
        decision_id = random.choice(known)
        began = time.monotonic()
        try:
            answer = client.get(f"{URL}/{decision_id}")
        except httpx.TransportError:
            time.sleep(0.02)
            return
        self.slowest_read = max(self.slowest_read, time.monotonic() - began)
        self.statuses["read", answer.status_code] += 1
        if answer.status_code == 200 and answer.content != self.given[decision_id]:
            self.faults.append("another decision was read than was given")
        elif answer.status_code not in (200, 503):
            self.faults.append(answer.text)
        time.sleep(0.01)

    def verify(self, url):
        """Check that every decision answered is in the ledger once, and every hash of every chain."""
        given = self.given
        assert given
        with connected(url) as connection:
            chain = Counter(row[0] for row in connection.execute("SELECT decision_id FROM chain").fetchall())
            stored = dict(connection.execute("SELECT decision_id, bytes FROM payload").fetchall())
            opening = dict(connection.execute("SELECT decision_id, key FROM payload_key").fetchall())
            keys = dict(connection.execute("SELECT key, decision_id FROM idempotency").fetchall())
        assert [decision_id for decision_id in given if chain[decision_id] != 1] == []
        assert [
            decision_id
            for decision_id, content in given.items()
            if content not in opened(decision_id, bytes(stored[decision_id]), bytes(opening[decision_id]))[0]
        ] == []
        assert {key: keys[key] for key in self.by_key} == self.by_key
        assert set(chain) == set(stored) == set(opening)
        assert broken_links(url) == []
        assert self.slowest_read < _ANSWER_SECONDS, f"a GET took {self.slowest_read:.2f} s"
        assert self.statuses["read", 200] > 0
