"""The evidence pack over HTTP: only for those who may, only of their own tenant, the same bytes each time."""

from __future__ import annotations

import io
import shutil

import pytest

from icsml.ledger.evidence.verify import check
from icsml.ledger.signing import signing_key
from icsml.ledger.store import Ledger
from icsml.model.bundle_store import kept_folder
from icsml.serving.keys import create_key

URL = "/v1/assessments"


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture
def decided(client, record):
    return client.post(URL, json=record).json()["decision_id"]


@pytest.fixture
def ask(client, keys, decided):
    """Ask for the pack of the decision."""

    def get(key=keys.audit, decision_id=decided, **headers):
        return client.get(f"{URL}/{decision_id}/pack", headers=bearer(key) | headers)

    return get


def test_a_pack_of_a_decision_just_made_is_genuine(ask, keys, decided):
    answer = ask()
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    manifest = check(io.BytesIO(answer.content), [signing_key().public])
    assert (manifest["decision_id"], manifest["tenant"]) == (decided, "bank-a")
    assert ask(keys.admin).content == answer.content


def test_the_same_pack_is_not_sent_again(ask):
    answer = ask()
    again = ask(**{"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_who_scores_gets_none(ask, keys, problem):
    assert problem(ask(keys.score), 403).code == "ICS-SRV-002"
    assert problem(ask("none"), 401)


def test_another_tenant_learns_nothing(ask, keys, problem):
    stranger = create_key(keys.path, "bank-b", "audit").key
    told = problem(ask(stranger), 404)
    assert told.code == "ICS-SRV-005"
    assert told.detail == problem(ask(stranger, "nothing"), 404).detail


def test_what_another_process_recorded_waits_for_its_checkpoint(
    ask, ledger, tmp_path, record, make_app, keys, problem, test_client
):
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}") as other:
        with test_client(make_app(ledger=other), headers=bearer(keys.score)) as client:
            decision_id = client.post(URL, json=record).json()["decision_id"]
            answer = ask(decision_id=decision_id)
            assert problem(answer, 503).code == "ICS-LED-040"
            assert int(answer.headers["Retry-After"]) > 0
        assert ask(decision_id=decision_id).status_code == 200  # it signs when it stops


def test_what_was_erased_is_gone(ask, ledger, record, problem):
    ledger.erase_enterprise("bank-a", record["enterprise_id"], reason="asked for it", by="officer")
    assert problem(ask(), 410).code == "ICS-LED-026"


def test_a_bundle_that_is_not_kept_is_named_without_its_path(ask, bundle, problem):
    shutil.rmtree(kept_folder(bundle.sha256))
    answer = ask()
    assert problem(answer, 503).code == "ICS-LED-022"
    assert str(kept_folder("")) not in answer.text
