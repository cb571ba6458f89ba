"""Reading apart from the event loop: bounded in time, whatever the event loop does meanwhile."""

from __future__ import annotations

import asyncio
import inspect
import threading
import time

import pytest

from icsml.ledger.store.database import READ_SECONDS
from icsml.serving.problems import RequestError
from icsml.serving.readers import Readers


def run(readers, act):
    try:
        return asyncio.run(act())
    finally:
        readers.close()


def test_what_was_read_while_the_event_loop_stood_still_is_returned():
    readers = Readers(1, seconds=0.05)

    async def act():
        reading = asyncio.create_task(readers.run(lambda: "read"))
        await asyncio.sleep(0)
        time.sleep(0.2)  # as a collection of garbage, or a machine that stands still
        return await reading

    assert run(readers, act) == "read"


def test_who_reads_too_long_is_told_and_the_thread_goes_on():
    readers, free = Readers(1, seconds=0.05), threading.Event()

    async def act():
        with pytest.raises(RequestError) as caught:
            await readers.run(free.wait)
        free.set()
        return caught.value.code

    assert run(readers, act) == "ICS-SRV-052"


def test_the_service_tells_within_a_second_that_reading_takes_too_long():
    """The other tests of the service give its readers a minute."""
    assert READ_SECONDS < inspect.signature(Readers).parameters["seconds"].default < 1.0


def test_an_error_of_the_reading_is_that_of_the_caller():
    readers = Readers(1)

    def fail():
        raise KeyError("x")

    async def act():
        with pytest.raises(KeyError):
            await readers.run(fail)

    run(readers, act)


def test_a_caller_that_goes_away_leaves_the_thread_to_others():
    readers, free = Readers(1), threading.Event()

    async def act():
        gone = asyncio.create_task(readers.run(free.wait))
        await asyncio.sleep(0)
        gone.cancel()
        free.set()
        return await readers.run(lambda: "read")

    assert run(readers, act) == "read"
