"""Connections: bounded in number, in the size of their headers, and in how long they may wait for the client.

A connection whose client has sent half a request, or none, costs a file and some memory for as long as it is open. So
headers must arrive within ``header_seconds``; and where ``max_connections`` are open, the one that has waited longest
for its client makes room for a new one. A request that is being answered is never cut off.
"""

from __future__ import annotations

import asyncio
import re
import uuid
from http import HTTPStatus
from typing import Any, Final

import uvicorn
from starlette.types import Message
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from icsml.serving.headers import add_security_headers
from icsml.serving.problems import problem_response
from icsml.serving.settings import ServingSettings

__all__ = ["Connection", "ServerConfig"]

_MAX_HEADER_BYTES: Final = 65536
_SEPARATORS: Final = 4  # a colon, a space and the end of the line
_NOT_HTTP: Final = (HTTPStatus.BAD_REQUEST, "ICS-SRV-014", "this is not an HTTP/1.1 request")
_NO_HOST: Final = (HTTPStatus.BAD_REQUEST, "ICS-SRV-014", "an HTTP/1.1 request has a header Host")
_NOT_ASCII: Final = (
    HTTPStatus.BAD_REQUEST,
    "ICS-SRV-014",
    "the address has characters that are not ASCII — percent-encode the UTF-8 bytes of the text (%E4%B8%AD)",
)
_NOT_ENCODED: Final = re.compile(rb"^[A-Z]+ /[!-~]*[\x80-\xff]", re.MULTILINE)
_TOO_LARGE: Final = (
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    "ICS-SRV-015",
    f"the headers are larger than {_MAX_HEADER_BYTES:,} bytes",
)


class ServerConfig(uvicorn.Config):
    """uvicorn's configuration for one set of settings; sent to each worker.

    Parameters
    ----------
    settings : ServingSettings
        Limits and timeouts.
    app : ASGI application or str
        The application, or where its factory is.
    **options
        More of uvicorn's own.
    """

    def __init__(self, settings: ServingSettings, app: Any, **options: Any) -> None:  # noqa: ANN401 - uvicorn's own
        self.settings = settings
        self.waiting: dict[Connection, None] = {}
        super().__init__(
            app,
            http=Connection,
            ws="none",
            workers=settings.workers,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=settings.keep_alive_seconds,
            timeout_graceful_shutdown=settings.shutdown_seconds,
            timeout_worker_healthcheck=settings.worker_seconds,
            **options,
        )


class Connection(HttpToolsProtocol):
    """One connection of a client."""

    def __init__(
        self,
        config: ServerConfig,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._settings = config.settings
        self._waiting = config.waiting  # connections without a request, that which has waited longest first
        self._deadline: asyncio.TimerHandle | None = None
        self._header_bytes = 0
        self._fault: tuple[HTTPStatus, str, str] | None = None
        self._received = b""
        self._running: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Make room for the connection, and wait for its first request."""
        super().connection_made(transport)
        if len(self.connections) > self._settings.max_connections and not self._make_room():
            self._refuse(
                HTTPStatus.SERVICE_UNAVAILABLE, "ICS-SRV-016", "too many requests at once — try again later", "5"
            )
            return
        self._wait()
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection, and tell the request under way; uvicorn tells the one that was sent last."""
        self._stop_waiting()
        if self._running is not None and not self._running.response_complete:
            self._running.disconnected = True
            self._running.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; what belongs to no request yet is headers, which must end in time and at a size."""
        self._received = data
        super().data_received(data)
        if self in self._waiting and not self.transport.is_closing():
            self._header_bytes += len(data)
            if self._header_bytes > _MAX_HEADER_BYTES:
                self._refuse(*_TOO_LARGE)
            elif self._deadline is None:
                self._arm()

    def on_headers_complete(self) -> None:
        """Start the request, unless its headers alone are at fault."""
        self._stop_waiting()
        self._fault = self._fault_of_headers()
        if self._fault is not None:
            raise ValueError  # the parser stops, and `send_400_response` is called
        super().on_headers_complete()

    def _fault_of_headers(self) -> tuple[HTTPStatus, str, str] | None:
        # However they arrived: of those that came in one piece, `data_received` sees nothing.
        size, hosts = len(self.url), 0
        for name, value in self.headers:
            size += len(name) + len(value) + _SEPARATORS
            hosts += name == b"host"
        if size > _MAX_HEADER_BYTES:
            return _TOO_LARGE
        if not hosts and self.parser.get_http_version() == "1.1":
            return _NO_HOST
        return None

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        """Start the next request that was sent already, or wait for one."""
        last = not self.pipeline
        super().on_response_complete()
        if last and not self.transport.is_closing():
            self._wait()

    def pause_writing(self) -> None:
        """Wait for the client to read, for as long as its headers might take."""
        super().pause_writing()
        self._arm()

    def resume_writing(self) -> None:
        """Write on."""
        self._disarm()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP, or not acceptable for its headers."""
        not_http = _NOT_ASCII if _NOT_ENCODED.search(self._received) else _NOT_HTTP
        self._refuse(*(self._fault or not_http))

    def _make_room(self) -> bool:
        for oldest in self._waiting:
            oldest._stop_waiting()
            oldest.connections.discard(oldest)
            oldest.transport.abort()
            return True
        return False

    def _wait(self) -> None:
        self._waiting[self] = None

    def _stop_waiting(self) -> None:
        self._waiting.pop(self, None)
        self._header_bytes = 0
        self._disarm()

    def _arm(self) -> None:
        self._disarm()
        self._deadline = self.loop.call_later(self._settings.header_seconds, self.transport.abort)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _refuse(self, status: HTTPStatus, code: str, detail: str, retry_after: str | None = None) -> None:
        """Answer before there is a request, and close."""
        request_id = str(uuid.uuid4())
        headers = {"X-Request-Id": request_id, "Connection": "close"}
        if retry_after:
            headers["Retry-After"] = retry_after
        answer = problem_response(request_id, status, code, detail, headers=headers)
        start: Message = {"type": "http.response.start", "headers": answer.raw_headers}
        add_security_headers(start)
        head = b"".join(name + b": " + value + b"\r\n" for name, value in start["headers"])
        line = f"HTTP/1.1 {int(status)} {status.phrase}\r\n".encode()
        self.transport.write(line + head + b"\r\n" + bytes(answer.body))
        self.transport.close()
