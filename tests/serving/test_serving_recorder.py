"""The recorder by itself: groups, limits, trouble, and what callers are told."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import deque

import pytest
from ledger_tables import payload

from icsml.errors import ConflictError, IcsmlError, LedgerError
from icsml.ledger import Entry, Recorded
from icsml.ledger.payload import payload_parts
from icsml.serving.problems import RequestError
from icsml.serving.recorder import Recorder


def entry(number):
    return Entry.of("bank-a", f"d-{number}", payload_parts(f"d-{number}", payload(f"d-{number}")))


class Ledger:
    """Notes its groups; commits when it is let, and fails as it is told."""

    def __init__(self):
        self.groups = []
        self.failures = deque()
        self.proofs = []
        self.free = threading.Event()
        self.free.set()
        self.begun = threading.Event()
        self.proof_fails = False
        self.index_fails = False

    def record_all(self, entries):
        self.begun.set()
        assert self.free.wait(30)
        self.groups.append([one.decision_id for one in entries])
        failure = self.failures.popleft() if self.failures else None
        if isinstance(failure, Exception) and not isinstance(failure, IcsmlError):
            raise failure
        return [failure or Recorded(one.decision_id, one.answer, replayed=False) for one in entries]

    def prove(self, size):
        self.proofs.append(size)
        if self.proof_fails:
            raise LedgerError("ICS-LED-003", "no")

    def catch_up(self):
        if self.index_fails:
            raise LedgerError("ICS-LED-003", "no")


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def failure():
    return LedgerError("ICS-LED-003", "no")


@pytest.fixture
def ledger():
    return Ledger()


async def _until(condition):
    for _ in range(5000):
        if condition():
            return
        await asyncio.sleep(0.002)
    pytest.fail("it never came to be")


async def _stuck(recorder, ledger, *numbers):
    """Let the first commit begin and stand still, with the others waiting behind it."""
    ledger.free.clear()
    tasks = [asyncio.create_task(recorder.record(entry(numbers[0])))]
    await _until(ledger.begun.is_set)
    tasks += [asyncio.create_task(recorder.record(entry(number))) for number in numbers[1:]]
    await asyncio.sleep(0)
    return tasks


def test_what_waits_behind_a_commit_is_one_group(ledger):
    async def scenario():
        recorder = Recorder(ledger)
        await recorder.start()
        tasks = await _stuck(recorder, ledger, *range(10))
        assert recorder.waiting == 10
        assert not any(task.done() for task in tasks)
        ledger.free.set()
        recorded = await asyncio.gather(*tasks)
        await recorder.stop()
        return [one.decision_id for one in recorded]

    assert asyncio.run(scenario()) == [f"d-{number}" for number in range(10)]
    assert ledger.groups == [["d-0"], [f"d-{number}" for number in range(1, 10)]]


def test_a_group_is_bounded_and_never_splits_what_belongs_together(ledger):
    async def scenario():
        recorder = Recorder(ledger)
        (first,) = await _stuck(recorder, ledger, 0)
        tasks = [
            asyncio.create_task(recorder.record_all([entry(100 * n + i) for i in range(size)]))
            for n, size in enumerate((40, 24, 1, 100, 1), start=1)
        ]
        await asyncio.sleep(0)
        ledger.free.set()
        await asyncio.gather(first, *tasks)
        await recorder.stop()

    asyncio.run(scenario())
    assert [len(group) for group in ledger.groups] == [1, 64, 1, 100, 1]


def test_each_is_told_its_own_outcome(ledger):
    conflict = ConflictError("ICS-LED-007", "used")
    ledger.failures.append(conflict)

    async def scenario():
        recorder = Recorder(ledger)
        with pytest.raises(ConflictError) as caught:
            await recorder.record(entry(1))
        assert caught.value is conflict
        assert (await recorder.record(entry(2))).decision_id == "d-2"  # a conflict is no trouble of the ledger
        await recorder.stop()

    asyncio.run(scenario())


class TestTrouble:
    def test_after_a_failure_nothing_is_taken_until_a_row_is_written(self, ledger, capsys):
        ledger.failures.append(failure())
        ledger.proof_fails = True

        async def scenario():
            recorder = Recorder(ledger)
            with pytest.raises(LedgerError):
                await recorder.record(entry(1))
            assert not recorder.ready()
            with pytest.raises(RequestError) as caught:
                await recorder.record(entry(2))
            assert (caught.value.code, caught.value.status) == ("ICS-SRV-013", 503)
            tried = len(ledger.proofs)
            await _until(lambda: len(ledger.proofs) > tried + 1)
            assert not recorder.ready()
            ledger.proof_fails = False
            await _until(recorder.ready)
            await recorder.record(entry(3))
            await recorder.stop()

        asyncio.run(scenario())
        assert ledger.groups == [["d-1"], ["d-3"]]
        # In trouble as much is written as a group of decisions takes: a small row may still fit on a full disk.
        assert max(ledger.proofs) > 100_000
        lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
        assert [line["event"] for line in lines] == ["ledger_failed", "ledger_answers"]
        assert lines[0]["code"] == "ICS-LED-003"

    def test_what_waits_behind_a_failed_attempt_does_not_wait_for_another(self, ledger):
        ledger.failures.append(failure())
        ledger.proof_fails = True

        async def scenario():
            recorder = Recorder(ledger)
            ledger.free.clear()
            first = asyncio.create_task(recorder.record(entry(1)))
            await _until(ledger.begun.is_set)
            second = asyncio.create_task(recorder.record(entry(2)))
            await _until(lambda: recorder.waiting == 2)
            ledger.free.set()
            with pytest.raises(LedgerError):
                await first
            with pytest.raises(RequestError) as caught:
                await second
            assert caught.value.code == "ICS-SRV-013"
            await recorder.stop()

        asyncio.run(scenario())
        assert ledger.groups == [["d-1"]]

    def test_an_index_that_cannot_be_brought_up_to_date_is_told_and_decisions_go_on(self, ledger, capsys):
        ledger.index_fails = True

        async def scenario():
            recorder = Recorder(ledger)
            await recorder.start()
            await recorder.record(entry(1))
            assert recorder.ready()
            await recorder.stop()

        asyncio.run(scenario())
        lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
        assert {(line["event"], line["code"]) for line in lines} == {("index_behind", "ICS-LED-003")}

    def test_a_mistake_in_a_commit_is_told_and_the_thread_lives(self, ledger):
        ledger.failures.append(ZeroDivisionError("a mistake"))

        async def scenario():
            recorder = Recorder(ledger)
            with pytest.raises(ZeroDivisionError):
                await recorder.record(entry(1))
            await _until(recorder.ready)
            await recorder.record(entry(2))
            await recorder.stop()

        asyncio.run(scenario())

    def test_it_is_ready_once_it_has_tried_and_as_long_as_it_proves(self, ledger):
        clock = Clock()

        async def scenario():
            recorder = Recorder(ledger, clock=clock)
            assert not recorder.ready()
            await recorder.start()
            assert recorder.ready()
            (task,) = await _stuck(recorder, ledger, 1)
            clock.now += 2.9
            assert recorder.ready()
            clock.now += 0.2  # the commit still stands: no proof for more than three seconds
            assert not recorder.ready()
            assert recorder.lag == pytest.approx(3.1)
            ledger.free.set()
            await task
            assert recorder.ready()
            assert recorder.lag == recorder.silence == 0
            await recorder.stop()

        asyncio.run(scenario())

    def test_a_database_that_hangs_keeps_no_process_from_starting_or_stopping(self, ledger, monkeypatch):
        hanging = threading.Event()
        monkeypatch.setattr(ledger, "prove", lambda _: hanging.wait(30))

        async def scenario():
            recorder = Recorder(ledger, patience=0.01, commit_seconds=0.01)
            await recorder.start(seconds=0.01)
            assert not recorder.ready()
            await recorder.stop()
            assert not hanging.is_set()

        asyncio.run(scenario())
        hanging.set()

    def test_a_start_in_trouble_ends_and_is_not_ready(self, ledger):
        ledger.proof_fails = True

        async def scenario():
            recorder = Recorder(ledger)
            await recorder.start()
            assert not recorder.ready()
            await recorder.stop()

        asyncio.run(scenario())


class TestShedding:
    def test_a_full_queue_refuses_at_once(self, ledger):
        async def scenario():
            recorder = Recorder(ledger, limit=3)
            tasks = await _stuck(recorder, ledger, 1, 2, 3, 4)
            with pytest.raises(RequestError) as caught:
                recorder.require_open()
            assert (caught.value.code, caught.value.status) == ("ICS-SRV-050", 503)
            ledger.free.set()
            await asyncio.gather(*tasks)
            recorder.require_open()
            await recorder.stop()

        asyncio.run(scenario())

    def test_who_has_waited_too_long_is_refused_and_not_recorded(self, ledger):
        clock = Clock()

        async def scenario():
            recorder = Recorder(ledger, clock=clock)
            first, second = await _stuck(recorder, ledger, 1, 2)
            clock.now += 2.5
            with pytest.raises(RequestError) as caught:
                await second
            assert caught.value.code == "ICS-SRV-050"
            with pytest.raises(RequestError) as caught:  # the commit under way is late already
                await recorder.record(entry(3))
            assert caught.value.code == "ICS-SRV-050"
            assert not first.done()
            ledger.free.set()
            await first
            await recorder.stop()

        asyncio.run(scenario())
        assert ledger.groups == [["d-1"]]

    def test_of_a_commit_without_end_the_outcome_is_said_not_to_be_known(self, ledger):
        clock = Clock()

        async def scenario():
            recorder = Recorder(ledger, clock=clock)
            (task,) = await _stuck(recorder, ledger, 1)
            clock.now += 6.5
            with pytest.raises(RequestError) as caught:
                await task
            assert caught.value.code == "ICS-SRV-051"
            ledger.free.set()
            await recorder.stop()

        asyncio.run(scenario())
        assert ledger.groups == [["d-1"]]


def test_a_caller_that_goes_away_takes_nothing_back(ledger):
    async def scenario():
        recorder = Recorder(ledger)
        first, second = await _stuck(recorder, ledger, 1, 2)
        second.cancel()
        await asyncio.sleep(0)
        ledger.free.set()
        await first
        await recorder.stop()

    asyncio.run(scenario())
    assert ledger.groups == [["d-1"], ["d-2"]]


def test_stopping_commits_what_waits_and_takes_nothing_more(ledger):
    async def scenario():
        recorder = Recorder(ledger)
        await recorder.start()
        tasks = await _stuck(recorder, ledger, 1, 2, 3)
        stopping = asyncio.create_task(recorder.stop())
        await asyncio.sleep(0)
        with pytest.raises(RequestError) as caught:
            await recorder.record(entry(4))
        assert caught.value.code == "ICS-SRV-050"
        ledger.free.set()
        await stopping
        assert [(await task).decision_id for task in tasks] == ["d-1", "d-2", "d-3"]
        await recorder.stop()
        await recorder.start()  # the same again, as an application that is started anew
        await recorder.record(entry(5))
        await recorder.stop()

    asyncio.run(scenario())
    assert ledger.groups == [["d-1"], ["d-2", "d-3"], ["d-5"]]


def test_a_loop_that_has_ended_hinders_no_other(ledger):
    recorder = Recorder(ledger)

    async def leave():
        await _stuck(recorder, ledger, 1)

    async def go_on():
        task = asyncio.create_task(recorder.record(entry(2)))
        await asyncio.sleep(0)
        ledger.free.set()
        await task
        await recorder.stop()

    asyncio.run(leave())
    asyncio.run(go_on())
    assert ledger.groups == [["d-1"], ["d-2"]]
