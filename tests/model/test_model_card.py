from __future__ import annotations

import dataclasses

from icsml.model.card import CardFacts, CardPoints, CardReference, render_card

FACTS = CardFacts(
    name="icsml-pd",
    purpose="Rank technology SMEs by default risk.",
    owner="Model owner of the lending bank",
    tier="to be set by the bank",
    limits=("Not for sole traders.", "Associations, no causes."),
    event="default",
    horizon_months=12,
    synthetic=True,
    dataset="synthetic",
    dataset_sha256="0" * 64,
    rows=12345,
    defaults=678,
    features=("debt_to_assets", "rd_intensity"),
    points=CardPoints("national-2025", "assumed"),
    reference=CardReference("training-applicants", 10_000),
    figures={"auc": 0.78125, "calibration_slope": None},
)


def test_the_card_says_what_an_inventory_asks_for():
    card = render_card(FACTS)
    for text in (
        "# Model card: icsml-pd",
        "Rank technology SMEs",
        "Model owner of the lending bank",
        "to be set by the bank",
        "- Not for sole traders.\n- Associations, no causes.",
        "Probability of default within 12 months",
        "12,345 training rows, 678 events",
        "`" + "0" * 64 + "`",
        "national-2025 (assumed)",
        "**Reasons compare with.** `training-applicants`, 10,000 training rows",
        "| auc | 0.7812 |",
        "| calibration_slope | not known |",
        "`debt_to_assets`, `rd_intensity`",
    ):
        assert text in card


def test_synthetic_data_are_named_first_and_only_where_true():
    assert render_card(FACTS).splitlines()[2].startswith("> **Synthetic data.**")
    assert "Synthetic data" not in render_card(dataclasses.replace(FACTS, synthetic=False))


def test_what_is_not_known_is_said():
    card = render_card(dataclasses.replace(FACTS, event=None, horizon_months=None, points=None, figures={}))
    assert "Probability of an event that is not stated within an unknown horizon" in card
    assert "None among the features of this model." in card
    assert "None reported." in card
