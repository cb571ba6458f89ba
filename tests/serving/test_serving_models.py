"""The model is exchanged while requests run: by a signal, by a poll, in every process, and never for a broken one."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from icsml.decision.decide import decide
from icsml.errors import InputError, MissingError, ModelError
from icsml.ledger.store import Ledger
from icsml.serving import live_model, model_poll
from icsml.serving.deciding import Decider
from icsml.serving.first_model import first_model
from icsml.serving.keys import create_key
from icsml.serving.live_model import LiveModel
from icsml.serving.model_notice import ModelNotice, last_notice, notice_signature, remember_notice
from icsml.serving.resolving import ANY, Resolution

# Posts by four connections until its stdin is closed; prints status and hash of the bundle of every answer, in order.
LOAD = """
import http.client, json, sys, threading, urllib.parse
address, key, body = urllib.parse.urlsplit(sys.argv[1]).netloc, sys.argv[2], sys.argv[3]
stop, answers = threading.Event(), []
def post():
    client = http.client.HTTPConnection(address, timeout=60)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    while not stop.is_set():
        client.request("POST", "/v1/assessments", body, headers)
        answer = client.getresponse()
        content = json.loads(answer.read())
        answers.append((answer.status, content.get("model", {}).get("bundle_sha256")))
        if len(answers) == 20:
            print("running", flush=True)
threads = [threading.Thread(target=post) for _ in range(4)]
for thread in threads: thread.start()
sys.stdin.read()
stop.set()
for thread in threads: thread.join()
print(json.dumps(answers))
"""


@contextmanager
def _load(url, key, record):
    """Send requests from another process; the list is filled with their answers at the end."""
    command = [sys.executable, "-c", LOAD, url, key, json.dumps(record)]
    answers = []
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "running\n"
        yield answers
        printed, _ = process.communicate(timeout=60)
    answers.extend(tuple(answer) for answer in json.loads(printed))


def _put(bundle, folder):
    if folder.exists():
        folder.rename(folder.with_name("before"))
        shutil.rmtree(folder.with_name("before"))
    shutil.copytree(bundle.folder, folder)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_signal_exchanges_the_model_in_every_process_and_drops_nothing(
    serve_process, house, bundle, other_bundle, record, tmp_path, workers
):
    key = create_key(house / "keys.json", "bank-a", "score").key
    _put(bundle, tmp_path / "model")
    served = serve_process(tmp_path / "model", "--workers", str(workers))
    with _load(served.url, key, record) as during:
        _put(other_bundle, tmp_path / "model")
        served.process.send_signal(signal.SIGHUP)
        exchanged = served.wait_for("model_exchanged", "model_refused", "model_not_loaded", count=workers)
    assert len({event["pid"] for event in exchanged}) == workers
    assert {event["model"]["bundle_sha256"] for event in exchanged} == {other_bundle.sha256}
    with _load(served.url, key, record) as after:
        pass
    assert {status for status, _ in during + after} == {201}
    assert bundle.sha256 in {sha256 for _, sha256 in during} <= {bundle.sha256, other_bundle.sha256}
    assert {sha256 for _, sha256 in after} == {other_bundle.sha256}
    assert httpx.get(served.url + "/readyz").json()["model"]["bundle_sha256"] == other_bundle.sha256
    assert served.stop() == 0
    with Ledger.open() as ledger:
        assert ledger.count() == len(during) + len(after)


def test_a_recorded_decision_states_the_bundle_that_made_it(
    client, ledger, record, bundle, other_bundle, now, monkeypatch
):
    """An exchange between deciding and recording changes nothing for the decision under way."""
    entries = Decider.entries

    def exchanging(self, asked):
        made = list(entries(self, asked))
        self.models.exchange(LiveModel(other_bundle, "4", now))
        return made

    monkeypatch.setattr(Decider, "entries", exchanging)
    first, second = (client.post("/v1/assessments", json=record).json() for _ in range(2))
    payloads = [ledger.get("bank-a", answer["decision_id"]) for answer in (first, second)]
    assert [payload["bundle_sha256"] for payload in payloads] == [bundle.sha256, other_bundle.sha256]
    assert [answer["model"]["bundle_sha256"] for answer in (first, second)] == [bundle.sha256, other_bundle.sha256]
    assert [answer["model"]["version"] for answer in (first, second)] == ["3", "4"]


@pytest.mark.parametrize("path", ["", "/{id}/correction", "/{id}/objection"])
def test_the_document_describes_what_the_live_model_accepts(client, bundle, now, path):
    def extras():
        body = client.get("/openapi.json").json()["paths"][f"/v1/assessments{path}"]["post"]["requestBody"]
        schema = body["content"]["application/json"]["schema"]
        schema = schema["properties"]["record"] if path else schema
        return list(schema["properties"]["extra"]["properties"])

    before = extras()
    client.app.state.service.models.exchange(LiveModel(replace(bundle, extras=()), "4", now))
    assert (before, extras()) == (["utility_arrears"], [])


def test_a_broken_bundle_is_refused_and_the_old_one_decides_on(serve_process, house, bundle, record, tmp_path):
    key = create_key(house / "keys.json", "bank-a", "score").key
    _put(bundle, tmp_path / "model")
    served = serve_process(tmp_path / "model")
    served.wait_for("ready")
    card = tmp_path / "model" / "model_card.md"
    text = card.read_bytes()
    card.write_bytes(text + b"!")
    served.process.send_signal(signal.SIGHUP)
    [refused] = served.wait_for("model_refused")
    assert (refused["level"], refused["code"]) == ("error", "ICS-MOD-013")
    headers = {"Authorization": f"Bearer {key}"}
    answer = httpx.post(served.url + "/v1/assessments", json=record, headers=headers)
    assert (answer.status_code, answer.json()["model"]["bundle_sha256"]) == (201, bundle.sha256)


REGISTER = """
import sys
from pathlib import Path
from icsml.core.progress import silent
from icsml.registry import register_bundle
from icsml.registry.session import mlflow_session
entry, _ = register_bundle(Path(sys.argv[1]), silent)
with mlflow_session(writing=True) as mlflow:
    mlflow.MlflowClient().set_registered_model_alias(entry.name, "champion", entry.version)
"""


def _register(bundle):
    subprocess.run([sys.executable, "-c", REGISTER, bundle.folder], check=True, timeout=120)


def test_another_champion_is_found_by_the_poll_and_mlflow_is_in_no_memory(serve_process, house, bundle, other_bundle):
    create_key(house / "keys.json", "bank-a", "score")
    _register(bundle)
    served = serve_process("models:/icsml-pd@champion", ICSML_MODEL_POLL_SECONDS="1")
    [ready] = served.wait_for("ready")
    assert ready["model"] == {"name": "icsml-pd", "version": "1", "bundle_sha256": bundle.sha256}
    _register(other_bundle)
    [exchanged] = served.wait_for("model_exchanged")
    assert exchanged["model"] == {"name": "icsml-pd", "version": "2", "bundle_sha256": other_bundle.sha256}
    mapped = Path(f"/proc/{served.process.pid}/maps").read_text()
    assert "lightgbm" in mapped
    assert "sklearn" not in mapped
    assert "greenlet" not in mapped


class TestResolution:
    def test_a_folder_is_read_whole(self, house, bundle):
        notice = Resolution(str(bundle.folder)).result()
        kept = house / "bundles" / bundle.sha256
        assert notice == ModelNotice(folder=kept, name=bundle.name, version=None, sha256=bundle.sha256)

    def test_errors_come_as_they_were_raised(self, house, bundle, tmp_path):
        copy = shutil.copytree(bundle.folder, tmp_path / "copy")
        (copy / "model_card.md").unlink()
        with pytest.raises(ModelError) as damaged:
            Resolution(str(copy), ANY).result()
        assert damaged.value.code == "ICS-MOD-011"
        with pytest.raises(MissingError) as missing:
            Resolution(str(tmp_path / "nothing")).result()
        assert (missing.value.code, missing.value.field) == ("ICS-REG-002", str(tmp_path / "nothing"))
        with pytest.raises(InputError):
            Resolution("models:/x/y/z").result()

    def test_a_process_that_was_killed_is_an_error_with_a_code(self, house, bundle):
        resolution = Resolution(str(bundle.folder))
        resolution.stop()
        with pytest.raises(MissingError) as caught:
            resolution.result()
        assert caught.value.code == "ICS-SRV-027"


class TestPoll:
    @pytest.fixture
    def poll(self, bundle, tmp_path, monkeypatch):
        """A poll whose reference resolves to what the test says, asked by hand."""
        found = []

        class Resolved:
            def __init__(self, reference, known):
                found.append((reference, known))

            def result(self):
                if isinstance(self.answer, Exception):
                    raise self.answer
                return self.answer

        monkeypatch.setattr(model_poll, "Resolution", Resolved)
        notice = ModelNotice(folder=bundle.folder, name=bundle.name, version="1", sha256=bundle.sha256)
        notice.write(tmp_path / "model.json")
        made = model_poll.ModelPoll("models:/m@champion", 60, notice, tmp_path / "model.json")
        made.resolved, made.found, made.first, made.path = Resolved, found, notice, tmp_path / "model.json"
        return made

    def test_the_same_bundle_is_no_news(self, poll):
        before = notice_signature(poll.path)
        poll.resolved.answer = poll.first
        poll._look(asked=False)
        assert notice_signature(poll.path) == before
        poll._look(asked=True)  # whoever asks wants it read again
        assert notice_signature(poll.path) != before
        assert ModelNotice.read(poll.path) == poll.first

    def test_another_version_is_written_and_is_then_the_known_one(self, poll):
        second = poll.first.model_copy(update={"version": "2", "sha256": "2" * 64})
        poll.resolved.answer = second
        for _ in range(2):
            poll._look(asked=False)
        assert ModelNotice.read(poll.path) == second
        assert poll.found == [("models:/m@champion", poll.first.sha256), ("models:/m@champion", second.sha256)]

    def test_a_registry_that_does_not_answer_leaves_all_as_it_is(self, poll, capsys):
        poll.resolved.answer = MissingError("ICS-REG-003", "no answer")
        poll._look(asked=True)
        assert ModelNotice.read(poll.path) == poll.first
        assert json.loads(capsys.readouterr().err)["event"] == "model_refused"


def test_a_model_has_decided_before_it_is_live(bundle, monkeypatch):
    made = []

    def watched(*arguments, **options):
        made.append(decide(*arguments, **options))
        return made[-1]

    monkeypatch.setattr(live_model, "decide", watched)
    assert live_model.load_model(bundle.folder, "1").bundle.sha256 == bundle.sha256
    assert [type(decided.decision.pd) for decided in made] == [float] * 2  # without and with a gap


class TestFirstModel:
    REFERENCE = "models:/m@champion"

    @pytest.fixture
    def notices(self, house, bundle, other_bundle):
        return [
            ModelNotice(folder=made.folder, name=made.name, version=str(number), sha256=made.sha256)
            for number, made in enumerate((bundle, other_bundle), 1)
        ]

    def _loads(self, monkeypatch):
        from icsml.serving import first_model as module

        read, loaded = module.load_model, []

        def counting(folder, version):
            loaded.append(version)
            return read(folder, version)

        monkeypatch.setattr(module, "load_model", counting)
        return loaded

    def test_what_was_guessed_right_is_read_once(self, notices, monkeypatch):
        remember_notice(self.REFERENCE, notices[0])
        loaded = self._loads(monkeypatch)
        model, notice = first_model(self.REFERENCE, lambda: notices[0])
        assert (model.bundle.sha256, model.version, notice, loaded) == (notices[0].sha256, "1", notices[0], ["1"])

    def test_a_wrong_guess_is_not_used_and_forgotten(self, notices, monkeypatch):
        remember_notice(self.REFERENCE, notices[0])
        loaded = self._loads(monkeypatch)
        model, _ = first_model(self.REFERENCE, lambda: notices[1])
        assert (model.bundle.sha256, model.version, loaded) == (notices[1].sha256, "2", ["1", "2"])
        assert last_notice(self.REFERENCE) == notices[1]

    def test_a_guess_that_is_gone_does_not_matter(self, notices, tmp_path):
        remember_notice(self.REFERENCE, notices[0].model_copy(update={"folder": tmp_path / "gone"}))
        assert first_model(self.REFERENCE, lambda: notices[0])[0].bundle.sha256 == notices[0].sha256

    def test_a_folder_whose_bundle_changed_is_read_again(self, notices, bundle, other_bundle, tmp_path):
        _put(bundle, tmp_path / "model")
        before = notices[0].model_copy(update={"folder": tmp_path / "model"})
        remember_notice(self.REFERENCE, before)

        def found():
            _put(other_bundle, tmp_path / "model")
            return before.model_copy(update={"sha256": other_bundle.sha256})

        assert first_model(self.REFERENCE, found)[0].bundle.sha256 == other_bundle.sha256


# Prints what is compiled by decisions after a model was loaded.
COMPILED = """
import gc, json, sys
from pathlib import Path
from icsml.core.clock import utc_now
from icsml.decision.decide import decide, decide_all
from icsml.records.enterprise import parse_record
from icsml.serving.live_model import load_model

def compiled():
    from numba.core.registry import CPUDispatcher
    found = [one for one in gc.get_objects() if isinstance(one, CPUDispatcher)]
    return {(one.py_func.__qualname__, str(signature)) for one in found for signature in one.signatures}

bundle, record = load_model(Path(sys.argv[1]), None).bundle, json.loads(sys.argv[2])
before = compiled()
records = [parse_record(record), parse_record({**record, "net_profit_cny": None, "total_liabilities_cny": None})]
for one in records:
    decide(bundle, one, decision_id="-", decided_at=utc_now())
list(decide_all(bundle, records, decision_ids=["a", "b"], decided_at=utc_now()))
print(json.dumps([len(before), sorted(compiled() - before)]))
"""


def test_no_request_waits_for_what_decisions_compile(bundle, record):
    command = [sys.executable, "-c", COMPILED, str(bundle.folder), json.dumps(record)]
    before, later = json.loads(subprocess.check_output(command))
    assert before > 3
    assert later == []
