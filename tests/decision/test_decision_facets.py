"""What a decision is found by is what the decision says."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from icsml.decision.decide import decide
from icsml.records.enterprise import frame_records
from icsml.records.facets import facets_of


def test_a_decision_is_found_by_what_it_says(bundle, enterprises):
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    found = [
        decide(bundle, record, decision_id="d", decided_at=moment, version="7", with_recourse=False)
        for record in frame_records(enterprises.sample(25, random_state=4))
    ]
    assert [each.facets for each in found] == [facets_of(json.loads(each.decision_bytes)) for each in found]
    assert any(each.facets.reasons for each in found)
    assert {type(each.facets.pd) for each in found} == {float}
