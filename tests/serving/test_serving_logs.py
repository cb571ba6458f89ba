"""The log: every line is one JSON object that says where, and none repeats a value."""

from __future__ import annotations

import json
import logging
import logging.config
import os
import re
import socket
import subprocess
import sys
import threading
import warnings

import httpx
import pytest

from icsml.errors import LedgerError
from icsml.serving.keys import create_key
from icsml.serving.logs import JsonLines, failure, json_stderr, line, log_config, say

POISON = "PoisonGmbH4711"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
SERVE = "import sys; from icsml.serving.server import serve; serve(sys.argv[1], port=0, workers=int(sys.argv[2]))"


def _raised(error, cause=None):
    try:
        raise error from cause
    except type(error) as caught:
        return caught


def _record(name, message, *args, error=None, level=logging.ERROR):
    info = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord(name, level, "/somewhere/place.py", 7, message, args, info, "called")


def _read(text):
    assert "\n" not in text
    assert text.isascii()
    found = json.loads(text)
    assert TIME.fullmatch(found["time"])
    assert found["level"] in ("info", "warning", "error")
    assert found["event"]
    assert found["pid"] == os.getpid()
    return found


def test_a_line_keeps_to_one_line_and_shows_marks_of_direction():
    text = line("x", name="a\nb\u202ec\u2028")
    assert _read(text)["name"] == "a\nb\u202ec\u2028"
    assert "\\u202e" in text


def test_a_failure_says_where_and_not_what():
    error = _raised(ValueError(POISON), KeyError(POISON))
    found = failure(error)
    assert (found["error"], found["cause"], found["code"]) == ("ValueError", "KeyError", None)
    assert re.fullmatch(r"test_serving_logs\.py:\d+ _raised", found["at"][-1])
    assert failure(LedgerError("ICS-LED-003", POISON))["code"] == "ICS-LED-003"
    assert POISON not in str(found)


@pytest.mark.parametrize("name", ["asyncio", "sqlalchemy.pool", "root", "icsmlx"])
def test_of_a_library_only_the_place_is_kept(name):
    found = _read(JsonLines().format(_record(name, f"{POISON} %s", POISON)))
    assert found["at"] == ["place.py:7 called"]
    assert POISON not in str(found)
    found = _read(JsonLines().format(_record(name, POISON, error=_raised(ValueError(POISON)))))
    assert (found["error"], found["event"]) == ("ValueError", "library")
    assert POISON not in str(found)


def test_of_the_server_its_own_words_are_kept_and_no_error_s():
    record = _record("uvicorn.error", "Child process [%d] died\nTraceback", 12, error=_raised(ValueError(POISON)))
    found = _read(JsonLines().format(record))
    assert (found["event"], found["message"]) == ("server", "Child process [12] died")
    assert POISON not in str(found)


@pytest.mark.parametrize(
    ("level", "named"), [(logging.DEBUG, "info"), (logging.WARNING, "warning"), (logging.CRITICAL, "error")]
)
def test_a_level_is_one_of_three(level, named):
    assert _read(JsonLines().format(_record("uvicorn", "x", level=level)))["level"] == named


def _lines(capsys):
    return [_read(text) for text in capsys.readouterr().err.splitlines()]


def test_warnings_and_uncaught_errors_are_lines(capsys):
    def fail():
        raise ValueError(POISON)

    with json_stderr(), warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning(UserWarning(POISON), UserWarning, "/x/y.py", 3)
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
        error = _raised(ValueError(POISON))
        sys.excepthook(ValueError, error, error.__traceback__)
    lines = _lines(capsys)
    assert [found["event"] for found in lines] == ["warning", "failure", "failure"]
    assert (lines[0]["warning"], lines[0]["at"]) == ("UserWarning", ["y.py:3"])
    assert lines[1]["at"][-1].endswith(" fail")
    assert POISON not in str(lines)


def test_the_hooks_are_those_of_before_afterwards():
    hooks = lambda: (warnings.showwarning, sys.excepthook, threading.excepthook, sys.unraisablehook)  # noqa: E731
    before = hooks()
    with json_stderr():
        assert all(hook is not old for hook, old in zip(hooks(), before, strict=True))
    assert hooks() == before


def test_what_is_said_is_written_at_once(capsys):
    say("ready", address="http://x")
    assert _lines(capsys)[0]["address"] == "http://x"


def test_the_configuration_of_a_process_leaves_no_plain_line():
    code = (
        "import logging, logging.config; from icsml.serving.logs import log_config, ACCESS_LOGGER, line\n"
        "logging.config.dictConfig(log_config())\n"
        "logging.getLogger('uvicorn.error').warning('Invalid HTTP request received.')\n"
        "logging.getLogger('asyncio').error('x')\n"
        "logging.getLogger(ACCESS_LOGGER).info(line('request'))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert [json.loads(text)["event"] for text in ran.stderr.splitlines()] == ["server", "library", "request"]
    assert log_config()["root"]["handlers"] == ["json"]


@pytest.mark.parametrize("workers", [1, 2])
def test_every_line_of_a_real_process_is_json(workers, bundle, tmp_path, monkeypatch):
    home = tmp_path / "home"
    monkeypatch.setenv("ICSML_HOME", str(home))
    key = create_key(home / "keys.json", "bank-a", "score").key
    (home / "wide").touch(0o644)
    command = [sys.executable, "-c", SERVE, str(bundle.folder), str(workers)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            first = json.loads(process.stderr.readline())
            host, port = first["address"].removeprefix("http://").split(":")
            with httpx.Client(transport=httpx.HTTPTransport(retries=20), base_url=first["address"]) as client:
                answer = client.get("/v1/assessments/x", headers={"Authorization": f"Bearer {key}"}, timeout=60)
            with socket.create_connection((host, int(port))) as garbage:
                garbage.sendall(f"{POISON}\r\n\r\n".encode())
                garbage.recv(1000)
        finally:
            process.terminate()
        rest = process.stderr.read()  # not communicate, which passes over what readline has buffered
    assert answer.status_code == 404
    lines = [json.loads(text) for text in rest.splitlines()]
    assert all({"time", "level", "event", "pid"} <= found.keys() for found in [first, *lines])
    assert {"request", "server"} <= {found["event"] for found in lines}
    (exposed,) = [found["message"] for found in lines if found["event"] == "files_exposed"]
    assert f"{home / 'wide'}: others than the owner have access — run `chmod -R go= {home}`" in exposed
    assert POISON not in rest
    assert key not in rest


def test_a_process_that_cannot_start_says_why_in_json(tmp_path, monkeypatch):
    monkeypatch.setenv("ICSML_HOME", str(tmp_path))
    monkeypatch.delenv("ICSML_BUNDLE", raising=False)
    create_key(tmp_path / "keys.json", "bank-a", "score")
    code = "from icsml.serving.worker import worker_app; worker_app()"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    found = json.loads(ran.stderr)
    assert (ran.returncode, found["event"], found["code"]) == (3, "not_started", "ICS-SRV-025")
    assert (found["field"], found["level"]) == ("ICSML_BUNDLE", "error")
    assert found["at"][-1].endswith(" app_from_settings")
