"""The page of a decision: made of the decision alone, the same each time, and complete."""

from __future__ import annotations

import copy
import json
import math
import re
import subprocess
import sys
from datetime import UTC, datetime
from html import escape, unescape
from pathlib import Path

import pytest

from icsml.cli.main import _run
from icsml.decision.decide import decide
from icsml.decision.missing_information import fields_read
from icsml.errors import InputError
from icsml.features.catalogue import FEATURE_BY_NAME
from icsml.records.decision import Decision, InputSummary
from icsml.records.enterprise import parse_record
from icsml.reports.decision_page import decision_page, write_page
from icsml.reports.naming import compared_with, rulebook_name
from icsml.reports.stability_figures import parse_stability
from icsml.reports.value_text import shown_beside, shown_value
from icsml.texts.catalogue import phrase

LANGS = ("en", "zh")
ELSEWHERE = """
import json, sys
from icsml.reports.decision_page import decision_page
sys.stdout.buffer.write(decision_page(json.load(sys.stdin), "zh").encode())
loaded = [name for name in ("shap", "matplotlib", "mlflow", "fastapi") if name in sys.modules]
sys.exit(str(loaded) if loaded else 0)
"""


NAME_ONLY = {"enterprise_id": "E1", "enterprise_name": "Example Co.", "as_of": "2026-06-30"}


def _decided(bundle, record):
    at = datetime(2026, 7, 1, tzinfo=UTC)
    return decide(bundle, parse_record(record), decision_id="d", decided_at=at).decision.model_dump(mode="json")


def _words(page):
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.split("</style>")[1])))


def test_the_same_decision_gives_the_same_page_in_another_process_without_plots(decision):
    page = decision_page(decision, "zh")
    assert decision_page(json.loads(json.dumps(decision)), "zh") == page
    run = [sys.executable, "-c", ELSEWHERE]
    other = subprocess.run(run, check=True, capture_output=True, input=json.dumps(decision).encode())
    assert other.stdout.decode() == page


def test_a_mark_of_direction_is_shown_and_turns_no_text_around(decision):
    """A decision recorded before such marks were refused may hold them."""
    page = decision_page({**decision, "enterprise_id": "E\u202e1\u2066", "decision_id": "d\u200f"}, "zh")
    assert "E[U+202E]1[U+2066]" in page
    assert not re.search("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]", page)


@pytest.mark.parametrize("lang", LANGS)
def test_every_reason_and_every_figure_is_there(decision, lang):
    words = _words(decision_page(decision, lang))
    for reason in decision["reasons"]:
        assert reason["text"][lang] in words
        assert f"{reason['log_odds']:+.3f}".replace("-", "\N{MINUS SIGN}") in words
        assert f"{reason['points']:+d}".replace("-", "\N{MINUS SIGN}") in words
    for notice in decision["warnings"]:
        assert notice["text"][lang] in words
    shown = (decision["decision_id"], decision["enterprise_id"], decision["grade"], str(decision["score"]))
    for each in (*shown, "2026-07-01 00:00:00 UTC", decision["as_of"], decision["model"]["bundle_sha256"]):
        assert each in words
    assert f"{decision['pd']:.2%}" in words
    assert f"{decision['base_log_odds']:.3f}".replace("-", "\N{MINUS SIGN}") in words
    for indicator in decision["innovation"]["indicators"]:
        assert indicator["label"][lang] in words
        assert f"{indicator['points']:.1f} / {indicator['max']:.1f}" in words


def test_terms_and_points_shown_add_up(decision):
    page = decision_page(decision, "en")
    rows = re.search(r'<table class="terms">(.*?)</table>', page, re.DOTALL)[1].split("<tr")[2:]
    told = [re.findall(r'<td class="n">([^<]*)</td>', row) for row in rows]
    figures = [[cell.replace("\N{MINUS SIGN}", "-") for cell in row if re.search(r"\d$", cell)] for row in told]
    # Base, others and sum have no value and no effect; a reason has its points before its effect.
    points = [int(each[1] if len(each) == 2 else each[-2]) for each in figures]
    assert sum(points[:-1]) == points[-1] == decision["score"]
    log_odds = math.log(decision["pd"] / (1 - decision["pd"]))
    assert float(figures[-1][0]) == pytest.approx(log_odds, abs=0.000501)


def test_what_an_earlier_version_recorded_has_a_page_too(decision):
    old = copy.deepcopy(decision)
    for indicator in old["innovation"]["indicators"]:
        del indicator["label"]
    for key in ("groups", "adverse_reasons", "recourse"):
        old.pop(key, None)
    old["reference"] = {"kind": "path_dependent", "id": "training-cover"}
    for reason in old["reasons"]:
        for key in ("reference_value", "form", "contradicts", "indicators", "also"):
            reason.pop(key, None)
    words = _words(decision_page(old, "en"))
    assert "rd_intensity" in words
    assert "Reference: training-cover: all training rows" in words


def _without_optional(model, part):
    return {name: value for name, value in part.items() if model.model_fields[name].is_required()}


@pytest.mark.parametrize("lang", LANGS)
def test_a_field_added_later_leaves_the_page_of_an_earlier_decision_as_it_was(decision, lang):
    """What earlier versions did not record reads and looks as if it were null."""
    old = _without_optional(Decision, decision) | {"input": _without_optional(InputSummary, decision["input"])}
    null = dict.fromkeys(decision.keys() - old.keys()) | old
    null["input"] = dict.fromkeys(decision["input"].keys() - old["input"].keys()) | old["input"]
    assert len(null) > len(old)
    assert Decision.model_validate(old) == Decision.model_validate(null)
    assert decision_page(old, lang) == decision_page(null, lang) != decision_page(decision, lang)


@pytest.mark.parametrize("lang", LANGS)
def test_a_decision_of_the_first_format_has_a_page(lang):
    """As the ledger holds it: recorded before validity, labels, groups, adverse reasons and recourse were."""
    first = json.loads((Path(__file__).parent / "fixtures" / "decision-first-format.json").read_text("utf-8"))
    words = _words(decision_page(first, lang))
    for told in (first["reasons"][0]["text"][lang], first["warnings"][0]["text"][lang], "rd_intensity", "6.5 / 8.0"):
        assert told in words
    label = {"en": "Operating revenue", "zh": "营业收入"}[lang]
    assert f"OUT_OF_RANGE {label}" in re.sub(r"\s+", " ", words)
    assert "573" in words
    absent = ("validity", "recourse", "adverse_reasons", "by_group")
    assert [key for key in absent if phrase(f"pages.{key}", lang) in words] == []
    del first["warnings"]
    assert "OUT_OF_RANGE" not in decision_page(first, lang)


@pytest.mark.parametrize(("lang", "by_group"), [("en", "By group:"), ("zh", "按类别：")])
def test_a_decision_says_sums_by_group_and_its_rulebook_in_its_language(decision, lang, by_group):
    words = _words(decision_page(decision, lang))
    assert by_group in words
    told = decision["innovation"]
    assert rulebook_name(told["rulebook"], told["provenance"], lang) in words
    assert compared_with(decision["reference"], lang) in words


def test_a_model_without_points_companion_or_grade_has_a_page(decision):
    bare = decision | {"innovation": None, "pd_without_innovation": None, "grade": None, "as_of": None}
    bare |= {"innovation_log_odds": None, "innovation_evidence": None, "warnings": [], "reasons": []}
    bare["model"] = decision["model"] | {"version": None, "event": None, "horizon_months": None}
    words = _words(decision_page(bare, "en"))
    assert "Innovation points" not in words
    assert "PD of an event that is not stated" in words


def test_what_later_rooms_add_is_shown(decision):
    found = copy.deepcopy(decision)
    found["recourse"] = [{"text": {"en": "If R&D rose, a PD of 1.23%", "zh": "若研发提高，违约概率1.23%"}}]
    found["adverse_reasons"] = [{"code": "LEV01", "text": {"en": "Debt is high", "zh": "负债高"}}]
    found["reasons"][0] |= {"contradicts": True, "also": [{"code": "LIQ02", "feature": "quick_ratio"}]}
    found["reasons"][0]["indicators"] = [
        {"indicator": "rd_intensity", "points": 2.0, "reference_points": 5.0, "log_odds": -0.123, "rule": "x"}
    ]
    found["reference"] = {"kind": "interventional", "id": "training-applicants", "n": 10000, "sha256": "0" * 64}
    words = _words(decision_page(found, "en"))
    for each in (
        "If R&D rose, a PD of 1.23%",
        "Debt is high",
        "with Quick ratio",
        "†",
        "10,000 rows of training-applicants",
        "\N{MINUS SIGN}0.123",
    ):
        assert each in words
    nothing = found | {"recourse": [], "warnings": []}
    assert "None was found" in _words(decision_page(nothing, "en"))
    why = {"code": "NO_RECOURSE", "field": "recourse", "text": {"en": "No step is enough.", "zh": "均不足够。"}}
    words = _words(decision_page(nothing | {"warnings": [why]}, "en"))
    assert words.count("No step is enough.") == 1
    assert "None was found" not in words


MOVED = {
    "dataset": "book", "synthetic": True, "base": "first", "bundles": {}, "drawn": "bootstrap",
    "rows": 1500, "riskiest_rows": 150, "top": 3, "summary": {},
    "recourse_survival": {"mean": 0.83, "low": 0.8, "high": 0.9},
    "recourse_better_grade": {"mean": 0.61, "low": 0.5, "high": 0.7}, "contradictions": None,
    "comparisons": [{"against": "retrain 1"}, {"against": "retrain 2"}],
}  # fmt: skip


def _moved(**other):
    return parse_stability(json.dumps(MOVED | other).encode(), "s.json")


def test_recourse_carries_how_often_other_models_answer_it_too(decision):
    found = copy.deepcopy(decision)
    found["recourse"] = [{"text": {"en": "If R&D rose, a PD of 1.23%", "zh": "若研发提高，违约概率1.23%"}}]
    assert "not measured here. icsml stability" in _words(decision_page(found, "en"))
    assert "此处未测算" in _words(decision_page(found, "zh"))
    en, zh = (_words(decision_page(found, lang, _moved())) for lang in LANGS)
    assert (
        "on 1,500 rows of “book” from a first training (first) to 2 more by the same recipe: neither for this firm"
        in en
    )
    assert "does not say whether its recipe is this bundle's. Of the steps that the first model (first) proposes" in en
    assert "83.0% (80.0% to 90.0%)" in en
    assert "61.0% (50.0% to 70.0%)" in en
    assert "样本 1,500 个，由首次训练（first）及按同一配置另外训练的 2 个模型测算；并非就本企业或本模型包本身测算" in zh
    assert "首个模型（first）所提改善措施中，83.0%（80.0% 至 90.0%）" in zh
    for words, lang in ((en, "en"), (zh, "zh")):
        told = words.split(phrase("pages.recourse_about", lang))[1].split(found["recourse"][0]["text"][lang])[0]
        assert phrase("pages.simulated", lang) in told
        assert "icsml stability" not in told
    assert phrase("pages.simulated", "en") not in _words(decision_page(found, "en", _moved(synthetic=False)))
    none = {"recourse_survival": None, "recourse_better_grade": None}
    for why, told in (
        ("no_levers", "the first model (first) proposes none, for want of actionable fields or of a rulebook."),
        ("no_proposal", "the first model (first) found none to propose for these rows."),
        ("no_rulebook", "no other model has a rulebook to answer with."),
        ("not_asked", "the comparison did not ask."),
        ("from_a_later_version", "the file does not say why."),
    ):
        moved = _moved(**none, unknown={"recourse_survival": why})
        assert f"hold under other models is not known: {told}" in _words(decision_page(found, "en", moved))
    assert "is not known: the file does not say why." in _words(decision_page(found, "en", _moved(**none)))
    folder = _words(decision_page(found, "en", _moved(base="/home/a/models/book/")))
    assert "Of the steps that the first model (book) proposes" in folder
    registered = _words(decision_page(found, "en", _moved(base="models:/icsml-pd/3")))
    assert "the first model (models:/icsml-pd/3) proposes" in registered
    with pytest.raises(InputError, match="compares other bundles"):
        decision_page(found, "en", _moved(drawn=None, bundles={"old": "0" * 64}))


def test_what_was_measured_of_this_very_bundle_is_said_to_be(decision):
    found = decision | {"recourse": [{"text": {"en": "If R&D rose, a PD of 1.23%", "zh": "若研发提高，违约概率1.23%"}}]}
    own, other = decision["model"]["bundle_sha256"], "0" * 64
    base = _moved(drawn=None, bundles={"first": own, "second": other})
    later = _moved(drawn=None, bundles={"first": other, "second": own})
    for lang, of_base, of_other, of_retrains in (
        ("en", "measured for this very bundle (first)", "steps of another model (first) hold under", "same recipe"),
        ("zh", "按本模型包（first）整体", "另一模型（first）所提改善措施", "同一配置"),
    ):
        for moved, said in ((base, of_base), (later, of_other), (_moved(), of_retrains)):
            words = _words(decision_page(found, lang, moved))
            assert [each for each in (of_base, of_other, of_retrains) if each in words] == [said]


def test_retrains_on_another_data_set_than_the_model_s_own_are_refused(bundle):
    own = bundle.training["dataset"]
    _moved(dataset=own).require_of(bundle.sha256, own)
    _moved().require_of(bundle.sha256, None)
    _moved(drawn=None, bundles={"first": bundle.sha256}).require_of(bundle.sha256, own)
    with pytest.raises(InputError, match="trained on taiwan, and this one was trained on"):
        _moved(dataset="taiwan").require_of(bundle.sha256, own)


def test_hostile_text_is_shown_as_text(decision):
    hostile = "<script>alert(1)</script>"
    found = copy.deepcopy(decision) | {"enterprise_id": hostile, "decision_id": hostile, "grade": hostile}
    found["reasons"][0] |= {"text": {"en": hostile, "zh": hostile}, "code": hostile}
    found["innovation"]["indicators"][0] |= {"label": {"en": hostile, "zh": hostile}, "rule": hostile}
    page = decision_page(found, "en")
    assert "<script" not in page
    assert page.count("&lt;script&gt;") > 6


def test_deciding_and_the_ledger_write_the_page(bundle, enterprises, decision, tmp_path, capsys):
    from icsml.ledger.store import Ledger

    record = tmp_path / "record.json"
    assert _run(["records", "example", "--model", str(bundle.folder)]) == 0
    record.write_text(capsys.readouterr().out)
    page = tmp_path / "d.html"
    command = ["decide", "--model", str(bundle.folder), "--in", str(record), "--html", str(page), "--lang", "zh"]
    assert _run([*command, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert page.read_text("utf-8") == decision_page(told, "zh")
    moved = tmp_path / "s.json"
    of_its_data = {"dataset": bundle.training["dataset"]}
    moved.write_text(json.dumps(MOVED | of_its_data))
    assert _run([*command, "--stability", str(moved), "--json"]) == 0
    assert page.read_text("utf-8") == decision_page(json.loads(capsys.readouterr().out), "zh", _moved(**of_its_data))
    assert _run([*command, "--stability", str(tmp_path / "none.json")]) == 3
    assert "ICS-CLI-001" in capsys.readouterr().err
    assert _run([*command[:5], "--stability", str(moved), "--json"]) == 2
    assert "ICS-CLI-011" in capsys.readouterr().err
    payload = {"request": {}, "features": {}, "decision": decision, "bundle_sha256": "", "rulebook_sha256": None}
    with Ledger.open() as ledger:
        ledger.record("bank", "d-1", payload | {"code_version": "0", "key_id": None})
    assert _run(["ledger", "show", "d-1", "--html", str(page)]) == 0
    assert capsys.readouterr().out == f"page: {page}\n"
    assert page.read_text("utf-8") == decision_page(decision, "en")
    assert _run(["ledger", "show", "d-1", "--html", str(page), "--stability", str(moved)]) == 0
    assert page.read_text("utf-8") == decision_page(decision, "en", _moved(**of_its_data))
    moved.write_text(json.dumps(MOVED | {"dataset": "taiwan"}))
    assert _run([*command, "--stability", str(moved)]) == 2
    assert "ICS-RPT-004" in capsys.readouterr().err


def test_the_page_may_not_take_the_place_of_the_record(bundle, tmp_path, capsys):
    record = tmp_path / "r.json"
    record.write_text("{}")
    assert _run(["decide", "--model", str(bundle.folder), "--in", str(record), "--html", str(record)]) == 2
    assert record.read_text() == "{}"


def test_a_page_appears_whole_or_not_at_all(decision, tmp_path):
    with pytest.raises(KeyError):
        write_page({key: value for key, value in decision.items() if key != "model"}, tmp_path / "d.html", "en")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (0.1234, "fraction", "12.3%"),
        (-0.5, "fraction", "\N{MINUS SIGN}50.0%"),
        (1628006469.0, "CNY", "CNY 1,628.01 million"),
        (3.0, "count", "3"),
        (1234.567, "times", "1,234.57 times"),
        (0.0699, "times", "0.07 times"),
        (float("nan"), "times", "not known"),
        (None, "fraction", "not known"),
        (-3.1477, "times", "\N{MINUS SIGN}3.15 times"),
        (1e-7, "as declared", "1e-07"),
    ],
)
def test_values_read_by_their_unit(value, unit, shown):
    assert shown_value(value, unit, "en") == shown


def test_a_value_has_the_digits_that_tell_it_from_what_it_is_compared_with():
    assert shown_beside(0.50041, [0.50020], "fraction", "zh") == "50.04%"
    assert shown_beside(9_999_600.0, [1e7], "CNY", "zh") == "999.96万元"
    assert shown_beside(9_999_600.0, [1e7], "CNY", "en") == "CNY 9.9996 million"
    assert shown_beside(0.6, [0.6], "fraction", "en") == "60.0%"
    assert shown_beside(0.9997, [0.5, 1.0], "fraction", "en") == "99.97%"
    assert shown_beside(None, [1.0], "days", "zh") == "未知"


@pytest.mark.parametrize("lang", LANGS)
def test_every_value_of_a_reason_reads_as_in_its_sentence(decision, lang):
    told = [each for each in decision["reasons"] if each["value"] is not None]
    assert len(told) > 5
    page = decision_page(decision, lang)
    for each in told:
        row = page.split(f"<td>{escape(each['text'][lang])}")[1].split("</tr>")[0]
        value = unescape(re.search(r'<td class="n">([^<]*)</td>', row)[1]).replace("\N{MINUS SIGN}", "-")
        assert value in each["text"][lang]


@pytest.mark.parametrize(("lang", "value"), [("en", "CNY 4 million"), ("zh", "400万元")])
def test_an_indicator_s_amount_and_its_rule_have_their_unit(decision, lang, value):
    found = copy.deepcopy(decision)
    (money,) = (each for each in found["innovation"]["indicators"] if each["id"] == "rd_super_deduction")
    assert money["unit"] == "CNY"
    money |= {"value": 4e6, "rule": "ramp 0–10,000,000"}
    words = _words(decision_page(found, lang))
    assert value in words
    assert {"en": "ramp CNY 0–CNY 10 million", "zh": "线性 0元–1,000万元"}[lang] in words
    assert not re.search(r"\d,000,000", words)


@pytest.mark.parametrize(("rule", "shown"), [("yes", "yes"), ("no", "no"), ("missing", "missing"), ("< 1", "0 · < 1")])
def test_a_rule_that_is_the_value_stands_alone(decision, rule, shown):
    found = copy.deepcopy(decision)
    indicator = found["innovation"]["indicators"][0]
    indicator |= {"value": 0.0, "rule": rule, "unit": "count", "label": {"en": "Prizes won", "zh": "获奖"}}
    (row,) = re.findall(r"Prizes won.*?<small>(.*?)</small>", decision_page(found, "en"), re.DOTALL)
    assert unescape(row).startswith(f"{shown} · {indicator['provenance']}")


@pytest.mark.parametrize("lang", LANGS)
def test_adverse_reasons_are_told_in_words_and_a_notice_names_its_field(decision, lang):
    found = copy.deepcopy(decision)
    first, second = found["reasons"][:2]
    found["adverse_reasons"] = [first | {"kind": "comparison"}, second | {"kind": "neutral"}]
    found["warnings"] = [
        {"code": "JUMP", "field": "financials.revenue_cny", "text": {"en": "It rose.", "zh": "上升。"}},
        {"code": "ALREADY", "field": "cash_cny", "text": {"en": "Cash: none.", "zh": "货币资金为零。"}},
        {"code": "MODEL", "field": "model.synthetic", "text": {"en": "Simulated.", "zh": "模拟。"}},
    ]
    page = decision_page(found, lang)
    lists = re.findall(r'<ol class="told".*?</ol>', page)
    assert [first["text"][lang] in unescape(lists[0]), second["text"][lang] in unescape(lists[1])] == [True, True]
    words = _words(page)
    assert {"en": "Operating revenue : It rose. JUMP", "zh": "营业收入 ：上升。 JUMP"}[lang] in words
    for path in ("financials", "revenue_cny", "cash_cny", "model.synthetic"):
        assert path not in words
    told = page.split('<ul class="warn">')[1].split("</ul>")[0]
    assert told.count({"en": "Cash", "zh": "货币资金"}[lang]) == 1


@pytest.mark.parametrize("lang", LANGS)
def test_the_page_says_which_fields_the_model_reads_are_absent(bundle, decision, lang):
    read, absent = decision["input"]["read"], decision["input"]["absent"]
    assert {each["field"] for each in absent} < set(fields_read(bundle))
    assert read == len(fields_read(bundle)) < decision["input"]["present"] + decision["input"]["missing"]
    found = decision | {"input": decision["input"] | {"read": 50, "absent": [{"field": "x", "label": LABEL}] * 2}}
    words = _words(decision_page(found, lang))
    assert {"en": "holds 48 of the 50 fields", "zh": "模型读取 50 个字段，记录中有值 48 个"}[lang] in words
    assert words.count(LABEL[lang]) == 2
    counted = {name: found["input"][name] for name in ("present", "missing")}
    assert phrase("pages.input_is", lang, **counted) not in words


@pytest.mark.parametrize("lang", LANGS)
def test_a_notice_on_a_group_of_information_is_not_named_after_a_feature_of_the_same_name(bundle, lang):
    told = _decided(bundle, NAME_ONLY)
    groups = [each["field"] for each in told["warnings"] if each["code"] == "INSUFFICIENT_DATA"]
    assert "credit_history" in groups
    page = decision_page(told, lang)
    assert f"<b>{getattr(FEATURE_BY_NAME['credit_history'].label, lang)}" not in page
    assert {"en": "<li>Too little on credit history for a grade", "zh": "<li>信用记录不足，不予评级"}[lang] in page


def test_the_share_of_what_is_told_is_said_once_and_not_rounded_to_the_whole_or_to_the_limit(decision):
    text = {"en": "The adverse reasons told cover 49.97% of it.", "zh": "仅覆盖49.97%。"}
    referral = {"code": "REASONS_INCOMPLETE", "field": "adverse_reasons", "text": text}
    found = decision | {"adverse_reasons": [decision["reasons"][0] | {"kind": "comparison"}], "refer": None}
    below = found | {"adverse_coverage": 0.49971, "refer": [referral]}
    for lang, said in (("en", "These cover {}"), ("zh", "风险上升部分的{}。")):
        assert said.format("99.97%") in _words(decision_page(found | {"adverse_coverage": 0.9997}, lang))
        assert said.format("62.5%") in _words(decision_page(found | {"adverse_coverage": 0.625}, lang))
        words = _words(decision_page(below, lang))
        assert said.split("{}")[0] not in words
        assert re.findall(r"[\d.]+%", words).count("49.97%") == 1


def test_labels_that_hold_commas_are_set_apart_by_what_they_do_not_hold(decision):
    labels = [{"en": "Existing debt, credit register", "zh": "征信负债"}, {"en": "Staff", "zh": "职工总数"}]
    found = decision | {"to_provide": [{"field": "x", "label": label} for label in labels]}
    assert "Existing debt, credit register; Staff" in _words(decision_page(found, "en"))
    assert "征信负债、职工总数" in _words(decision_page(found, "zh"))


@pytest.mark.parametrize("lang", LANGS)
def test_of_a_record_with_a_name_only_no_field_counts_as_held_and_none_is_named_twice(bundle, lang):
    told = _decided(bundle, NAME_ONLY)
    assert len(told["input"]["absent"]) == told["input"]["read"]
    assert "as_of" not in fields_read(bundle)
    origin = _words("</style>" + decision_page(told, lang).split('<section class="origin">')[1])
    assert {"en": "holds 0 of the", "zh": "记录中有值 0 个"}[lang] in origin
    not_given = origin.split(phrase("pages.input_absent_too", lang))[1]
    separator = {"en": r"[;.] ?", "zh": "[；。]"}[lang]
    listed = [each.strip() for each in re.split(separator, not_given)]
    provide = {each["field"] for each in told["to_provide"]}
    for each in told["input"]["absent"]:
        assert (each["label"][lang] in listed) is (each["field"] not in provide)


LABEL = {"en": "Cash in hand", "zh": "库存现金"}


def test_the_page_names_the_enterprise_where_the_record_does(decision):
    assert decision["enterprise_name"] is None
    page = decision_page(decision | {"enterprise_name": "示例科技有限公司"}, "zh")
    assert "<b>示例科技有限公司</b> · " + decision["enterprise_id"] in page
    assert "信用风险评估 示例科技有限公司</title>" in page
    assert f"<b>{decision['enterprise_id']}</b>" in decision_page(decision, "zh")


def test_print_carries_page_number_and_decision_and_no_id_ends_the_style(decision):
    page = decision_page(decision | {"decision_id": 'x"; } </style><b>'}, "en")
    assert "counter(page)" in page
    assert "\\000022\\00003b" in page.split("@bottom-left")[1].split(";")[0]
    assert page.count("</style>") == 1
