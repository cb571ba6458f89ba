"""``icsml serve``: resolve the model once, check for everything that could be missing, then start the processes."""

from __future__ import annotations

import errno
import os
import socket
import sys
from contextlib import ExitStack, suppress

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from icsml.core.paths import home
from icsml.core.private_files import exposed_advice, private_files
from icsml.errors import MissingError
from icsml.ledger.store import Ledger
from icsml.model.bundle import read_bundle
from icsml.registry.resolve import DEFAULT_REFERENCE, fetch_bundle
from icsml.serving.app import BUNDLE_VARIABLE, VERSION_VARIABLE
from icsml.serving.keys import KeyStore, keys_path
from icsml.serving.logs import json_stderr, log_config, say
from icsml.serving.settings import load_settings

__all__ = ["serve"]

_FACTORY = "icsml.serving.worker:worker_app"


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
    Ledger.open().close()
    fetched = fetch_bundle(model or DEFAULT_REFERENCE)
    bundle = read_bundle(fetched.folder)
    try:
        sockets = _bound(settings.host, settings.port)
    except OSError as error:
        raise _cannot_listen(error) from error
    os.environ[BUNDLE_VARIABLE] = str(fetched.folder.absolute())
    os.environ[VERSION_VARIABLE] = fetched.version or ""
    say(
        "starting",
        address=f"http://{settings.host}:{sockets[0].getsockname()[1]}",
        model={"name": bundle.name, "version": fetched.version, "bundle_sha256": bundle.sha256},
        keys=len(keys),
        workers=settings.workers,
    )
    config = uvicorn.Config(
        _FACTORY,
        factory=True,
        workers=settings.workers,
        access_log=False,
        server_header=False,
        timeout_keep_alive=settings.keep_alive_seconds,
        timeout_graceful_shutdown=settings.shutdown_seconds,
        timeout_worker_healthcheck=settings.worker_seconds,
        log_config=log_config(),
    )
    if advice := exposed_advice(home()):
        say("files_exposed", "warning", message=advice)
    with json_stderr(), private_files():
        _run(config, sockets)


def _run(config: uvicorn.Config, sockets: list[socket.socket]) -> None:
    if config.workers > 1:
        with suppress(KeyboardInterrupt):
            Multiprocess(config, sockets=sockets).run()
        return
    config.load_app()
    server = uvicorn.Server(config)
    with suppress(KeyboardInterrupt):
        server.run(sockets=sockets)
    if not server.started:
        sys.exit(STARTUP_FAILURE)


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
