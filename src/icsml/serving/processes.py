"""uvicorn's server and supervisor: they say when the service is ready, and end with code 0 when told to stop."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from icsml.serving.connections import ServerConfig
from icsml.serving.logs import say
from icsml.serving.worker import READY_VARIABLE

__all__ = ["Supervisor", "run_server", "stopping_quietly"]


@contextmanager
def stopping_quietly() -> Iterator[None]:
    """Let SIGTERM and SIGINT end the process with code 0, also while it starts.

    uvicorn has handlers of its own while it serves. After an orderly stop it raises the signal again, and these end the
    process.
    """
    handlers: dict[signal.Signals, Any] = {signal.SIGTERM: _stop, signal.SIGINT: _stop}
    handlers[signal.SIGHUP] = signal.SIG_IGN  # there is no model yet to look for another of
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit(0)


def run_server(config: ServerConfig, sockets: list[socket.socket], ready: Callable[[], None]) -> None:
    """Serve in this process until it is told to stop.

    Parameters
    ----------
    config : ServerConfig
        With the application itself.
    sockets : list of socket
        Bound, where to listen.
    ready : callable
        Called once requests are answered.
    """
    server = _Server(config, ready)
    try:
        server.run(sockets=sockets)
    finally:
        if server.started:
            say("stopped")
    if not server.started:
        sys.exit(STARTUP_FAILURE)


class _Server(uvicorn.Server):
    def __init__(self, config: ServerConfig, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        say("stopping")
        await super().shutdown(sockets)


class Supervisor(Multiprocess):
    """Several processes that serve, and are replaced where they end.

    Parameters
    ----------
    config : ServerConfig
        With the place of the application's factory.
    sockets : list of socket
        Bound, where to listen.
    tell_workers : callable
        Called once after the first processes were started: tells them which model to use. Its errors end all.
    """

    def __init__(self, config: ServerConfig, sockets: list[socket.socket], tell_workers: Callable[[], None]) -> None:
        super().__init__(config, sockets)
        self._tell_workers = tell_workers
        self.on_ready: Callable[[], None] = _nothing
        self.on_hangup: Callable[[], None] = _nothing
        self.on_end: Callable[[int], None] = _nothing

    def run_to_end(self) -> None:
        """Serve until told to stop; then end with code 0, or with another one if the processes could not start."""
        self.run()
        say("stopped")
        if any(process.exitcode == STARTUP_FAILURE for process in self.processes):
            sys.exit(STARTUP_FAILURE)

    def init_processes(self) -> None:
        """Start the processes and tell them what they wait for."""
        super().init_processes()
        self._close_copies()
        try:
            self._tell_workers()
        except BaseException:
            for process in self.processes:
                process.kill()
            raise

    def keep_subprocess_alive(self) -> None:
        """Replace processes that ended, and say once that all of them answer."""
        before = list(self.processes)
        super().keep_subprocess_alive()
        self._close_copies()
        for ended, present in zip(before, self.processes, strict=True):
            if ended is not present:
                say("worker_ended", "error", worker=ended.pid, code=ended.exitcode, replaced_by=present.pid)
                self.on_end(ended.pid or 0)
        if READY_VARIABLE not in os.environ and all(process.is_ready() for process in self.processes):
            os.environ[READY_VARIABLE] = "1"
            self.on_ready()

    def _close_copies(self) -> None:
        """Close this process's copy of each worker's end of a pipe: else a ping to a dead one waits its full time."""
        for process in self.processes:
            process.child_conn.close()

    def terminate_all(self) -> None:
        """Stop the processes; nobody listens any more."""
        say("stopping")
        super().terminate_all()
        for listening in self.sockets:
            listening.close()

    def handle_hup(self) -> None:
        """Look for another model; uvicorn would restart the processes."""
        self.on_hangup()


def _nothing(*_: object) -> None:
    """Until there is something to do."""
