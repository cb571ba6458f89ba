"""The auditor's report as a file: the same again, in both languages, and honest when a check fails."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from icsml.cli.main import _run
from icsml.model.certificate import Bound, Violation
from icsml.reports.findings import Check, Sample
from icsml.reports.model import model_drawings, model_page
from icsml.reports.stability import parse_stability
from icsml.reports.wording import compared_with, rulebook_name

MOST_BYTES = 3_000_000
CHINESE = re.compile(r"[\u4e00-\u9fff]")
AGAIN = """
import sys
from icsml.cli.main import _run
sys.exit(_run(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def pages(found):
    return {lang: model_page(found, lang) for lang in ("en", "zh")}


def test_the_same_findings_give_the_same_page(found, pages):
    assert model_page(found, "zh") == pages["zh"]


def test_the_same_command_gives_the_same_bytes_in_another_process(bundle, book_folder, tmp_path, capsys):
    command = ["report", "--model", str(bundle.folder), "--data", str(book_folder), "--rows", "700", "--lang", "zh"]
    assert _run([*command, "--out", str(tmp_path / "a.html"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    environment = os.environ | {"PYTHONHASHSEED": "7", "MPLBACKEND": "svg"}
    program = [sys.executable, "-c", AGAIN, *command, "--out", str(tmp_path / "b.html")]
    subprocess.run(program, check=True, capture_output=True, env=environment)
    first, second = (tmp_path / "a.html").read_bytes(), (tmp_path / "b.html").read_bytes()
    assert first == second
    assert told["bytes"] == len(first) < MOST_BYTES
    assert told["rows"] == 700
    assert told["failed"] == []


def test_a_page_names_nothing_outside_itself(pages):
    for page in pages.values():
        assert len(page.encode()) < MOST_BYTES
        assert not re.search(r"https?:|\b(src|srcset|action)\s*=|@import|<(script|link|iframe|img|form)\b", page)
        assert {each[0] for each in re.findall(r'href="([^"]*)', page)} <= {"#", "d"}
        assert all(each.startswith(("#", "data:image/png;base64,")) for each in re.findall(r'href="([^"]*)', page))
        assert "default-src 'none'" in page


def test_links_within_the_page_lead_somewhere(pages):
    for page in pages.values():
        nav = page.split("<nav>")[1].split("</nav>")[0]
        links = re.findall(r'href="#([^"]+)"', nav)
        assert len(links) > 8
        assert all(f'<h2 id="{link}">' in page for link in links)


def test_simulated_rows_are_called_so_before_any_figure(pages):
    assert pages["en"].index("no figure here is evidence") < pages["en"].index('class="facts"')
    assert pages["zh"].index("不构成任何证据") < pages["zh"].index('class="facts"')


def test_real_rows_are_not_called_simulated(found):
    origin = replace(found.origin, synthetic_model=False, synthetic_data=False)
    page = model_page(replace(found, origin=origin, card="# Model card: real\n"), "en")
    assert "imulated" not in page


def test_a_check_that_failed_is_said_at_the_top_and_in_its_row(found):
    checks = (Check("adds_up", 100, 1, 0.25, 1e-9), *found.checks[1:])
    page = model_page(replace(found, checks=checks), "en")
    top = page.split('class="facts"')[0]
    assert "1 of the checks below failed" in top
    row = re.search(r"<tr><td>Base and terms sum.*?</tr>", page)[0]
    assert re.sub(r"<[^>]+>", " ", row).split()[-5:] == ["FAILED", "100", "1", "2.5e-01", "1.0e-09"]
    assert f"{len(checks) - 1} / {len(checks)}" in page


def test_a_check_that_saw_no_row_has_not_passed():
    assert not Check("adds_up", 0, 0).passed
    assert Check("adds_up", 1, 0).passed
    assert not Check("adds_up", 9, 1).passed


def test_the_languages_differ_in_words_and_not_in_figures(pages):
    figures = re.compile(r'<td class="n[^>]*>([^<]*)</td>|<b>([^<]*\d[^<]*)</b>')
    english, chinese = (
        [each for each in figures.findall(page) if "assumed" not in each[1]] for page in (pages["en"], pages["zh"])
    )
    assert english == chinese != []


def test_an_english_page_has_no_chinese_word(pages):
    assert not CHINESE.findall(re.sub(r"<style>.*?</style>", "", pages["en"], flags=re.DOTALL))


def test_thresholds_of_the_rulebook_are_drawn_where_a_feature_is_an_indicator(found):
    drawings = model_drawings(found, "en")
    place = [feature.name for feature in found.features].index("rd_intensity")
    assert found.sizes[place] > 0
    texts = re.findall(r"<text[^>]*>([^<]*)<", drawings["dependence-inn03"].inline)
    assert {"0 %", "15 %"} <= set(texts)


def test_every_kind_of_drawing_is_there(found):
    names = set(model_drawings(found, "zh"))
    assert {"importance", "beeswarm", "waterfall-good", "waterfall-middling", "waterfall-poor"} <= names
    assert {each.split("-")[0] for each in names} == {
        "importance",
        "beeswarm",
        "dependence",
        "interaction",
        "waterfall",
    }


def test_what_another_room_has_not_computed_leaves_its_place(found):
    nothing = np.empty((0, len(found.features)))
    bare = replace(
        found,
        interactions=None,
        innovation=None,
        marks=(),
        certificates={},
        contradictions=None,
        segments={"all": found.segments["all"]},
        sample=Sample(nothing, nothing),
        chosen=(),
    )
    page = model_page(bare, "en")
    assert "What innovation did" not in page
    assert "The model declares no direction" in page
    assert "Not known: the bundle holds no reference population" in page
    assert "Not given." in page
    assert "No two features interact" in page
    assert "Dashed lines" not in page


def test_a_model_of_one_constant_has_a_page(found):
    zero = np.zeros(len(found.features))
    everybody = replace(found.segments["all"][0], adverse=zero.astype(np.int64))
    page = model_page(replace(found, sizes=zero, interactions=None, segments={"all": (everybody,)}, chosen=()), "en")
    assert "No feature has any effect" in page


def test_a_broken_direction_is_told_with_its_tree_and_leaves(found):
    name, proof = "model.txt", found.certificates["model.txt"]
    first = proof.features[0]
    bound = Bound(first.feature, -np.inf, 1.0, missing=False)
    violation = Violation(3, first.feature, (1, 2), (0.5, -0.25), bound, bound, ())
    broken = replace(proof, features=(replace(first, violations=1), *proof.features[1:]), violations=(violation,))
    page = model_page(replace(found, certificates=found.certificates | {name: broken}), "en")
    assert "model.txt, tree 3:" in page
    assert "between leaves 1 (0.5000) and 2 (\N{MINUS SIGN}0.2500)" in page
    assert ">FAILED<" in page


STABILITY = {
    "dataset": "book", "synthetic": True, "base": "base", "bundles": {}, "drawn": "bootstrap",
    "rows": 500, "riskiest_rows": 50, "top": 3,
    "summary": {
        rows: {"features": {"overlap": {"mean": 0.81, "low": 0.7, "high": 0.9}, "sign_flips": None}}
        for rows in ("all", "riskiest")
    },
    "recourse_survival": {"mean": 0.83, "low": 0.8, "high": 0.9},
    "recourse_better_grade": {"mean": 0.61, "low": 0.5, "high": 0.7}, "contradictions": None, "added_later": 1,
    "comparisons": [{"against": "retrain 1"}, {"against": "retrain 2"}],
}  # fmt: skip


def test_stability_found_before_is_shown_with_its_spread(found):
    moved = parse_stability(json.dumps(STABILITY).encode(), "s.json")
    for lang, words in (("en", ("the riskiest tenth", "each feature")), ("zh", ("风险最高的十分之一", "逐个特征"))):
        page = model_page(replace(found, stability=moved), lang)
        assert "81.0% (70.0%–90.0%)" in page
        assert "83.0%" in page
        assert all(word in page for word in words)
    page = model_page(replace(found, stability=moved), "en")
    assert "is answered with a lower PD too by the others." in page
    assert "promised, 61.0% (50.0% to 70.0%) are given by the others too." in page


def test_it_is_told_which_models_were_compared(found):
    def said(**other):
        moved = parse_stability(json.dumps(STABILITY | other).encode(), "s.json")
        return [model_page(replace(found, stability=moved), lang) for lang in ("en", "zh")]

    en, zh = said()
    assert "from a first training (base) to 2 more, each on enterprises drawn with replacement" in en
    assert "（base）到按同一配置另外训练的 2 个模型，各自有放回地抽取企业" in zh
    en, zh = said(drawn="0.9 of them")
    assert "each on 90% of the enterprises drawn without replacement" in en
    assert "不放回地抽取 90% 的企业" in zh
    two = {"drawn": None, "base": "models:/a/1", "comparisons": [{"against": "models:/a/2"}], "bundles": {"x": "y"}}
    en, zh = said(**two)
    assert "from one model (models:/a/1) to another (models:/a/2)" in en
    assert "从一个模型（models:/a/1）到另一个模型（models:/a/2）" in zh
    for page in (en, zh):
        assert not re.search("more, each on|that none was trained on|另外训练|未参与训练", page)
        assert "81.0%</td>" in page


def test_a_comparison_of_other_bundles_is_refused(bundle, book_folder, tmp_path, capsys):
    command = ["report", "--model", str(bundle.folder), "--data", str(book_folder), "--rows", "100"]
    command += ["--out", str(tmp_path / "r.html"), "--stability", str(tmp_path / "s.json")]
    two = STABILITY | {"drawn": None, "bundles": {"old": "0" * 64, "new": "1" * 64}}
    (tmp_path / "s.json").write_text(json.dumps(two))
    assert _run(command) == 2
    assert "ICS-RPT-004" in capsys.readouterr().err
    assert not (tmp_path / "r.html").exists()
    (tmp_path / "s.json").write_text(json.dumps(two | {"bundles": {"old": "0" * 64, "new": bundle.sha256}}))
    assert _run(command) == 0


def test_the_rulebook_is_named_in_the_language_of_the_page_and_no_audit_opinion_is_claimed(found, pages):
    name, provenance = found.origin.rulebook
    for lang, page in pages.items():
        own = page.split('<div class="card"')[0]
        assert own.count(rulebook_name(name, provenance, lang)) > 1
        assert compared_with(found.origin.reference, lang) in own
    assert f"({provenance})" not in pages["zh"].split('<div class="card"')[0]
    assert "供审计使用的模型报告" in pages["zh"]
    assert "审计报告" not in pages["zh"]


def test_rows_are_counted_by_grade(found, pages):
    for page in pages.values():
        table = re.search(r'<table class="grades">(.*?)</table>', page, re.DOTALL)[1]
        grades, counts, shares = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
        assert re.findall(r'<th class="n id">(.*?)</th>', grades) == [grade for grade, _ in found.pd.grades]
        told = [int(each.replace(",", "")) for each in re.findall(r'<td class="n">(.*?)</td>', counts)]
        assert told == [count for _, count in found.pd.grades]
        assert sum(told) == found.origin.rows
        assert sum(float(each) for each in re.findall(r">([\d.]+)%<", shares)) == pytest.approx(100, abs=0.5)
    without = model_page(replace(found, pd=replace(found.pd, grades=())), "en")
    assert 'class="grades"' not in without


def test_what_is_no_stability_is_refused(bundle, book_folder, tmp_path, capsys):
    (tmp_path / "s.json").write_text('{"dataset": "book"}')
    command = ["report", "--model", str(bundle.folder), "--data", str(book_folder), "--out", str(tmp_path / "r.html")]
    assert _run([*command, "--stability", str(tmp_path / "s.json")]) == 2
    assert "ICS-RPT-003" in capsys.readouterr().err
    assert not (tmp_path / "r.html").exists()


HOSTILE = "<script>alert(1)</script>"


def test_hostile_names_are_shown_as_text(found):
    origin = replace(found.origin, name=HOSTILE, dataset=HOSTILE, source=HOSTILE, version=HOSTILE, event=HOSTILE)
    chosen = tuple(replace(each, enterprise_id=HOSTILE, grade=HOSTILE) for each in found.chosen)
    label = found.features[0].label.model_copy(update={"en": HOSTILE})
    features = tuple(replace(each, label=label, code="X_<B>") for each in found.features)
    groups = {
        "all": found.segments["all"],
        "province": tuple(replace(each, name=HOSTILE) for each in found.segments["province"]),
    }
    page = model_page(
        replace(found, origin=origin, chosen=chosen, features=features, segments=groups, card=HOSTILE), "en"
    )
    assert "<script" not in page
    assert page.count("&lt;script&gt;") > 8
