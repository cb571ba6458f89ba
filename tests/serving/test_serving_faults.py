"""A real service under load from another process, while things break.

Every decision answered is in the ledger once, every chain verifies, reading goes on, and readiness tells the truth.
``make soak`` runs the same with more rounds.
"""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import signal
import subprocess
import time
from contextlib import contextmanager, suppress

import psutil
import pytest
from ledger_tables import execute, fresh_schema, locked, postgres_server
from service_load import Load, Served

from icsml.serving.keys import create_key

ROUNDS = int(os.environ.get("ICSML_SOAK_ROUNDS", "3"))
DATABASES = ["sqlite", "postgresql"]


@pytest.fixture(scope="module")
def postgres():
    with postgres_server(durable=True) as server:
        yield server


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("faults")


@pytest.fixture(scope="module")
def key(folder):
    return create_key(folder / "home" / "keys.json", "bank-a", "score").key


@pytest.fixture
def url(request, tmp_path):
    """The address of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ledger.db"
    return fresh_schema(request.getfixturevalue("postgres").get_uri())


both = pytest.mark.parametrize("url", DATABASES, indirect=True)


@pytest.fixture
def serve(bundle, folder, key):
    """Make services; each is stopped at the end."""
    made = []

    def make(url):
        made.append(Served(bundle.folder, folder / "home", url, folder))
        return made[-1].start()

    yield make
    for served in made:
        assert "Traceback" not in served.stop()


@pytest.fixture
def load(key, record):
    return lambda served: Load(served, key, record)


@both
def test_a_process_killed_at_any_moment_loses_no_answer_and_doubles_none(serve, load, url):
    served = serve(url).wait_until_ready()
    with load(served).running() as loaded:
        for _ in range(ROUNDS):
            loaded.wait_for_answers(random.randint(1, 40))
            time.sleep(random.random() / 20)
            served.kill()
            served.start().wait_until_ready()
        loaded.wait_for_answers(20)
    loaded.verify(url)
    assert loaded.by_key


@both
def test_a_lock_held_elsewhere_stops_nobody_who_reads(serve, load, url):
    served = serve(url).wait_until_ready()
    with load(served).running() as loaded:
        for _ in range(max(1, ROUNDS // 3)):
            loaded.wait_for_answers(10)
            with locked(url, tables="chain, heartbeat"):
                served.wait_for_the_truth()
                given, reads = len(loaded.given), loaded.statuses["read", 200]
                served.wait_for_the_truth()
                assert len(loaded.given) == given
            served.wait_until_ready(10)
            assert loaded.statuses["read", 200] > reads
        loaded.wait_for_answers(20)
    assert loaded.statuses[503] > 0
    assert loaded.statuses["read", 503] == 0
    loaded.verify(url)


@both
def test_a_clock_that_steps_back_changes_nothing(serve, load, url):
    served = serve(url).wait_until_ready()
    with load(served).running() as loaded:
        for step in (3600, -7200, 0):
            loaded.wait_for_answers(15)
            served.step_clock(step)
        loaded.wait_for_answers(15)
        assert served.is_ready()
    assert loaded.statuses[503] == 0
    times = [row[0] for row in execute(url, "SELECT recorded_at FROM chain ORDER BY sequence")]
    assert times != sorted(times)
    loaded.verify(url)


@both
def test_models_that_take_turns_lose_no_request(bundle, other_bundle, folder, key, load, url, tmp_path):
    live = shutil.copytree(bundle.folder, tmp_path / "live")
    served = Served(live, folder / "home", url, folder).start().wait_until_ready()
    try:
        with load(served).running() as loaded:
            for following in [other_bundle, bundle] * max(1, ROUNDS // 2):
                loaded.wait_for_answers(15)
                live.rename(tmp_path / "before")
                shutil.copytree(following.folder, live)
                served.process.send_signal(signal.SIGHUP)
                served.wait_for_model(following.sha256)
                shutil.rmtree(tmp_path / "before")
            loaded.wait_for_answers(15)
    finally:
        served.stop()
    assert set(loaded.statuses) == {201, ("read", 200)}
    loaded.verify(url)
    assert {decision["model"]["bundle_sha256"] for decision in map(json.loads, loaded.given.values())} == {
        bundle.sha256,
        other_bundle.sha256,
    }


def test_two_writers_of_one_file_keep_nobody_out(serve, load, tmp_path):
    url = f"sqlite:///{tmp_path}/ledger.db"
    first, second = (serve(url) for _ in range(2))
    loads = [load(served.wait_until_ready()) for served in (first, second)]
    with loads[0].running(3), loads[1].running(3):
        for loaded in loads:
            loaded.wait_for_answers(60)
    for loaded in loads:
        assert loaded.statuses[503] == 0
        loaded.verify(url)
    assert len(execute(url, "SELECT DISTINCT writer FROM chain")) == 2


def test_a_file_that_is_moved_away_and_put_back(serve, load, tmp_path):
    file = tmp_path / "ledger.db"
    served = serve(f"sqlite:///{file}").wait_until_ready()
    with load(served).running() as loaded:
        loaded.wait_for_answers(10)
        file.rename(tmp_path / "away.db")
        served.wait_for_the_truth()
        (tmp_path / "away.db").rename(file)
        served.wait_until_ready(10)
        loaded.wait_for_answers(20)
    loaded.verify(f"sqlite:///{file}")


def test_a_file_that_may_not_grow(serve, load, tmp_path):
    """The same as a full disk, for the process alone."""
    url = f"sqlite:///{tmp_path}/ledger.db"
    served = serve(url).wait_until_ready()
    pid, endless = served.process.pid, resource.RLIM_INFINITY
    with load(served).running() as loaded:
        loaded.wait_for_answers(10)
        log = (tmp_path / "ledger.db-wal").stat().st_size
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (log, endless))
        served.wait_for_the_truth()
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (endless, endless))
        served.wait_until_ready(10)
        loaded.wait_for_answers(20)
    assert loaded.statuses[503] > 0
    loaded.verify(url)


@contextmanager
def _small_disk(folder, megabytes):
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("no file system can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def _fill(ballast):
    """Take all the room that a disk has left."""
    with ballast.open("wb", buffering=0) as stream, suppress(OSError):
        while True:
            stream.write(b"x" * 4096)
    assert ballast.stat().st_size > 0


def test_a_full_disk(serve, load, tmp_path):
    with _small_disk(tmp_path / "disk", 24) as disk:
        url = f"sqlite:///{disk}/ledger.db"
        served = serve(url).wait_until_ready()
        with load(served).running() as loaded:
            loaded.wait_for_answers(10)
            ballast = disk / "ballast"
            _fill(ballast)
            served.wait_for_the_truth()
            ballast.unlink()
            served.wait_until_ready(10)
            loaded.wait_for_answers(20)
        loaded.verify(url)
        served.stop()


def test_a_full_disk_of_the_database_server(serve, load, tmp_path):
    with _small_disk(tmp_path / "disk", 200) as disk, postgres_server(durable=True, data=disk / "data") as server:
        url = fresh_schema(server.get_uri())
        served = serve(url).wait_until_ready()
        with load(served).running() as loaded:
            loaded.wait_for_answers(10)
            ballast = disk / "ballast"
            _fill(ballast)
            served.wait_for_the_truth()
            ballast.unlink()
            server.ensure_postgres_running()  # it ends itself where there is no room for its log
            served.wait_until_ready(20)
            loaded.wait_for_answers(20)
        assert loaded.statuses[503] > 0
        loaded.verify(url)
        served.stop()


def test_a_database_that_is_killed_and_started_again(serve, load, postgres):
    url = fresh_schema(postgres.get_uri())
    served = serve(url).wait_until_ready()
    with load(served).running() as loaded:
        for _ in range(max(1, ROUNDS // 3)):
            loaded.wait_for_answers(random.randint(5, 30))
            processes = [psutil.Process(postgres.get_pid())]
            processes += processes[0].children(recursive=True)
            for process in processes:
                process.kill()
            psutil.wait_procs(processes, 10)
            served.wait_for_the_truth()
            postgres.ensure_postgres_running()
            served.wait_until_ready(20)
        loaded.wait_for_answers(20)
    assert loaded.statuses[503] > 0
    loaded.verify(url)


@both
def test_what_waits_is_committed_before_the_process_ends(serve, load, url):
    served = serve(url).wait_until_ready()
    with load(served).running(8) as loaded:
        loaded.wait_for_answers(20)
        served.stop()
    loaded.verify(url)
