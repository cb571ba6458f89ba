"""``icsml serve``: check for everything that could be missing, find the model, then serve until told to stop."""

from __future__ import annotations

import errno
import os
import resource
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from icsml.core.paths import home
from icsml.core.private_files import exposed_advice, private_files
from icsml.errors import ConfigError, MissingError
from icsml.registry.resolve import DEFAULT_REFERENCE, fetch_bundle
from icsml.serving.connections import ServerConfig
from icsml.serving.keys import KeyStore, keys_path
from icsml.serving.logs import json_stderr, log_config, say
from icsml.serving.model_notice import NOTICE_VARIABLE, ModelNotice, notice_signature
from icsml.serving.model_poll import ModelPoll
from icsml.serving.processes import Supervisor, run_server, stopping_quietly
from icsml.serving.resolving import ANY, Resolution
from icsml.serving.settings import ServingSettings, load_settings
from icsml.serving.worker import READY_VARIABLE

if TYPE_CHECKING:
    from icsml.serving.live_model import Models

__all__ = ["serve"]

_WORKER: Final = "icsml.serving.worker:worker_app"
_MEASURES_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"  # read once, when its library is imported
_OTHER_FILES: Final = 128  # libraries, the ledger, pipes


@dataclass(frozen=True)
class _Start:
    """What is decided before the first process serves."""

    settings: ServingSettings
    reference: str
    sockets: list[socket.socket]
    notice: Path
    keys: int

    @property
    def address(self) -> str:
        host = f"[{self.settings.host}]" if ":" in self.settings.host else self.settings.host
        return f"http://{host}:{self.sockets[0].getsockname()[1]}"

    def announce(self, event: str, model: Mapping[str, str | None]) -> None:
        say(event, address=self.address, model=model, keys=self.keys, workers=self.settings.workers)

    def begin(self, model: Mapping[str, str | None]) -> None:
        self.announce("starting", model)
        if advice := exposed_advice(home()):
            say("files_exposed", "warning", message=advice)

    def poll(self, notice: ModelNotice) -> ModelPoll:
        changes = self.reference.startswith("models:") and "@" in self.reference
        seconds = self.settings.model_poll_seconds if changes else 0
        return ModelPoll(self.reference, seconds, notice, self.notice)


def serve(
    model: str | None = None, host: str | None = None, port: int | None = None, workers: int | None = None
) -> None:
    """Run the service until it is stopped.

    Parameters
    ----------
    model : str, optional
        A reference of the register or a bundle folder; by default the champion.
    host, port, workers : str, int, int, optional
        Override the settings.

    Raises
    ------
    MissingError
        ``ICS-SRV-020`` without a key, ``ICS-SRV-026`` if the port is taken, or if there is no such model.
    ConfigError, InputError, LedgerError, ModelError
        If settings, key file, ledger or bundle cannot be used; nothing is started then.
    """
    settings = load_settings(options={"host": host, "port": port, "workers": workers})
    keys = KeyStore.load(keys_path())
    _allow_files(settings.max_connections + _OTHER_FILES)
    try:
        sockets = _bound(settings.host, settings.port)
    except OSError as error:
        raise _cannot_listen(error) from error
    with ExitStack() as opened, _state_folder() as notice, stopping_quietly(), private_files():
        for bound in sockets:
            opened.enter_context(bound)
        start = _Start(settings, model or DEFAULT_REFERENCE, sockets, notice, len(keys))
        (_serve_alone if settings.workers == 1 else _serve_together)(start)


def _serve_alone(start: _Start) -> None:
    """Serve in this process; its libraries are imported while another one finds the model."""
    with _finding(start.reference) as found:
        from icsml.ledger.store import Ledger
        from icsml.serving.app import create_app
        from icsml.serving.first_model import first_model

        model, notice = first_model(start.reference, found)
    notice.write(start.notice)
    keys = KeyStore.load(keys_path())
    app = create_app(
        start.settings, model, Ledger.open(), keys, notice=start.notice, seen=notice_signature(start.notice)
    )
    models: Models = app.state.service.models
    start.begin(model.identity)
    poll = start.poll(notice)
    signal.signal(signal.SIGHUP, lambda *_: poll.look_now())
    poll.start()
    try:
        with json_stderr():
            run_server(
                ServerConfig(start.settings, app, log_config=log_config()),
                start.sockets,
                lambda: start.announce("ready", models.live.identity),
            )
    finally:
        poll.stop()


def _serve_together(start: _Start) -> None:
    """Serve in several processes, which import their libraries while the model is found; this one reads no bundle."""
    measures = start.notice.with_name("metrics")
    measures.mkdir()
    os.environ.setdefault(_MEASURES_VARIABLE, str(measures))
    from icsml.ledger.store import Ledger

    KeyStore.load(keys_path())
    Ledger.open().close()
    config = ServerConfig(start.settings, _WORKER, factory=True, log_config=log_config())
    with _finding(start.reference) as found, ExitStack() as running:

        def tell_workers() -> None:
            notice = found()
            notice.write(start.notice)
            start.begin(notice.identity)
            poll = start.poll(notice)
            running.callback(poll.stop)
            poll.start()
            supervisor.on_hangup = poll.look_now
            supervisor.on_ready = lambda: start.announce("ready", notice.identity)

        supervisor = Supervisor(config, start.sockets, tell_workers)
        supervisor.on_end = _forget_process
        with json_stderr():
            supervisor.run_to_end()


def _forget_process(process: int) -> None:
    from icsml.serving.metrics import forget_process

    forget_process(process)


@contextmanager
def _finding(reference: str) -> Iterator[Callable[[], ModelNotice]]:
    """Begin to find the bundle of a reference, and yield a function that waits for it."""
    if not reference.startswith(("models:", "runs:")):
        notice = ModelNotice.of(fetch_bundle(reference).folder.absolute(), None).kept()
        yield lambda: notice
        return
    resolution = Resolution(reference, ANY)
    try:
        yield resolution.result
    finally:
        resolution.stop()


@contextmanager
def _state_folder() -> Iterator[Path]:
    """Name to the processes of this service a file in a folder of its own, and yield it."""
    with tempfile.TemporaryDirectory(prefix="icsml-serve-", ignore_cleanup_errors=True) as folder:
        os.environ[NOTICE_VARIABLE] = str(Path(folder) / "model.json")
        try:
            yield Path(os.environ[NOTICE_VARIABLE])
        finally:
            for name in (NOTICE_VARIABLE, READY_VARIABLE, _MEASURES_VARIABLE):
                os.environ.pop(name, None)


def _allow_files(needed: int) -> None:
    """Let this process and those it starts open so many files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < needed:
        if hard != resource.RLIM_INFINITY and hard < needed:
            raise ConfigError(
                "ICS-SRV-024",
                f"a process may open {hard:,} files here, which are too few for so many connections",
                field="max_connections",
                remedy=f"set it to at most {max(hard - _OTHER_FILES, 1):,}, or raise the limit (ulimit -n)",
            )
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def _bound(host: str, port: int) -> list[socket.socket]:
    """Return a socket bound to each address of the host: uvicorn would report a failure late, in its own words."""
    addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    with ExitStack() as opened:
        sockets = []
        for family, kind, protocol, _, address in addresses:
            bound = opened.enter_context(socket.socket(family, kind, protocol))
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            bound.bind(address)
            bound.set_inheritable(True)
            sockets.append(bound)
        opened.pop_all()
    return sockets


def _cannot_listen(error: OSError) -> MissingError:
    if error.errno == errno.EADDRINUSE:
        return MissingError("ICS-SRV-026", "taken", field="port", remedy="choose another with --port")
    if error.errno in (errno.EACCES, errno.EPERM):
        return MissingError("ICS-SRV-026", "may not be listened on", field="port", remedy="choose one above 1023")
    return MissingError(
        "ICS-SRV-026", "no address of this machine", field="host", remedy="choose another with --host, or 0.0.0.0"
    )
