"""The auditor's report as a file: the same again, in both languages, and honest when a check fails."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from markupsafe import escape
from scipy.special import logit

from icsml.cli.main import _run
from icsml.features.encoder import DirectionOverride, Encoder
from icsml.model.certificate import Bound, Violation
from icsml.records.direction import Direction
from icsml.reports.model_figures import model_figures
from icsml.reports.model_page import model_page
from icsml.reports.naming import compared_with, rulebook_name
from icsml.reports.report_facts import Check, ContradictionFigures, Sample
from icsml.reports.stability_figures import parse_stability
from icsml.reports.svg_figure import label_lines
from icsml.reports.validation_figures import Gain, Outcomes

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
        assert not re.search(r"https?:|\b(src|srcset|action)\s*=|@import|<(link|iframe|img|form)\b", page)
        assert re.findall(r"<script[^>]*>", page) == ['<script type="application/json" id="firm-data">', "<script>"]
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
    drawings = model_figures(found, "en")
    place = [feature.name for feature in found.features].index("rd_intensity")
    assert found.sizes[place] > 0
    texts = re.findall(r"<text[^>]*>([^<]*)<", drawings["dependence-inn03"].inline)
    assert {"0%", "15%"} <= set(texts)


def test_every_kind_of_drawing_is_there(found):
    names = set(model_figures(found, "zh"))
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
        thresholds=(),
        certificates={},
        contradictions=None,
        segments={"all": found.segments["all"]},
        sample=Sample(nothing, nothing),
        examples=(),
    )
    page = model_page(bare, "en")
    assert "Effect of the innovation variables" not in page
    assert "The model declares no direction" in page
    assert "Not known: the companion answered every row of the sample." in page
    assert "Not measured here." in page
    assert "No two variables interact" in page
    assert "Dashed lines" not in page


def test_a_model_of_one_constant_has_a_page(found):
    zero = np.zeros(len(found.features))
    everybody = replace(found.segments["all"][0], adverse=zero.astype(np.int64))
    page = model_page(replace(found, sizes=zero, interactions=None, segments={"all": (everybody,)}, examples=()), "en")
    assert "No variable has any effect" in page


def test_only_the_true_reason_is_told_why_contradictions_are_not_known(found):
    def said(**other):
        page = model_page(replace(found, examples=(), **other), "en")
        return re.findall(r"<p>(.*?)</p>", page.split('<h2 id="contradictions">')[1].split("<h2")[0])

    hashes = {what: sha256 for what, sha256 in found.origin.hashes.items() if what != "reference"}
    origin = replace(found.origin, hashes=hashes)
    assert "reference" in found.origin.hashes
    none = ContradictionFigures(40, 8, None, ())
    assert said(contradictions=None, origin=origin)[0].startswith("Not known: the bundle holds no reference population")
    assert said(contradictions=None) == ["Not known: the companion answered every row of the sample."]
    assert said(contradictions=none) == ["Not known: no free variable gave a reason on the 40 rows looked at."]


def test_a_waterfall_is_read_the_way_it_is_drawn(found, pages):
    chosen = found.examples[0]
    drawn = model_figures(replace(found, examples=(chosen,)), "en")[f"waterfall-{chosen.role}"].inline
    order = np.argsort(-np.abs(chosen.log_odds), kind="stable")
    heights = []
    for place in order[:3]:
        first_line = label_lines(found.features[place].label.en)[0]
        heights.append(float(re.search(rf'<text[^>]* y="([\d.]+)"[^>]*>{re.escape(escape(first_line))}', drawn)[1]))
    others = float(re.search(r'<text[^>]* y="([\d.]+)"[^>]*>\d+ other variables', drawn)[1])
    assert heights == sorted(heights)  # from the top of the picture
    assert heights[-1] < others
    base, total = (f"{each:.3f}".replace("-", "\N{MINUS SIGN}") for each in (chosen.base, logit(chosen.pd)))
    assert f"Read from the bottom up, from the base, {base}, to the log-odds of the PD, {total}:" in pages["en"]
    assert f"自下而上阅读：自基准 {base} 起逐项相加至违约概率的对数几率 {total}；" in pages["zh"]


def test_shares_of_groups_are_of_single_terms_as_the_share_at_the_top(found, pages):
    page = pages["en"].split(">By group<")[1].split("</table>")[0]
    rows = [re.findall(r"<td[^>]*>([^<]*)<", row) for row in page.split("<tr>")[2:]]
    shares = {row[0]: float(row[-1].rstrip("%")) for row in rows}
    assert sum(shares.values()) == pytest.approx(100, abs=0.05 * len(shares))
    assert {each.group for each in found.features if each.domain == "innovation"} == {"innovation"}
    assert shares["innovation"] == pytest.approx(100 * found.innovation.share, abs=0.051)


def test_a_sign_is_explained_where_a_row_bears_it(found):
    def page(**other):
        return model_page(replace(found, examples=(), **other), "en")

    bands, feature = found.evidence.bands, found.features[0]
    odd = Outcomes(1000, 500, 0.01)
    for outcomes in (odd, Outcomes(1000, 10, 0.01)):
        quiet = tuple(replace(band, trained=outcomes, held_out=outcomes) for band in bands.bands)
        scale = replace(bands, bands=quiet, trained=outcomes, held_out=outcomes)
        told = page(evidence=replace(found.evidence, bands=scale))
        assert ("‡ The mean PD lies outside" in told) == (outcomes is odd) == outcomes.outside
    set_here = replace(feature, overridden=True)
    assert "†" in page(features=(set_here, *found.features[1:]))
    assert "†" not in page()


def test_a_variable_that_no_tree_uses_passes_nothing(found):
    name, companion = "model.txt", "companion.txt"
    first = found.certificates[name].features[0]
    unused = replace(first, trees=0, pairs=0)
    files = {
        name: replace(found.certificates[name], features=(unused,)),
        companion: replace(found.certificates[companion], features=()),
    }
    for lang, words in (("en", "not used by any tree"), ("zh", "无树使用该变量")):
        page = model_page(replace(found, examples=(), certificates=files), lang)
        table = page.split('<h2 id="certificate">')[1].split("<h2")[0]
        (row,) = re.findall(r"<tr><td>.*?</tr>", table)
        cells = re.findall(r"<td[^>]*>([^<]*)<", row)
        assert cells[2:] == ["0, 0", "–", "0", words]
    assert "“–”表示该模型文件不含此变量。" in table


def test_commands_are_marked_as_such(found, pages):
    for page in pages.values():
        assert "<code>icsml stability</code>" in page
        shown = re.sub(r"<(style|script|svg).*?</\1>", "", page, flags=re.DOTALL)
        assert "`" not in shown


def test_data_sets_of_one_name_are_told_apart(found, pages):
    sample = replace(found.evidence.sample, relation="other", trained_sha256="ab" * 32)
    other = replace(found, examples=(), evidence=replace(found.evidence, sample=sample))
    told = f"“{found.origin.dataset}” (SHA-256 {found.origin.hashes['data'][:12]}…)"
    page = model_page(other, "en")
    assert f"Trained on “{sample.trained[0]}” (SHA-256 abababababab…):" in page
    assert f"The rows assessed are of another data set, {told}." in page
    assert "（SHA-256 abababababab…）：样本" in model_page(other, "zh")
    assert "(SHA-256 " not in pages["en"].split('<div class="card"')[0]


@pytest.mark.parametrize(
    ("relation", "words"),
    [("unknown", "its split does not give the rows and events"), ("unrecorded", "does not record the SHA-256")],
)
def test_why_it_is_not_known_what_was_trained_on_is_one_reason(found, relation, words):
    sample = replace(found.evidence.sample, relation=relation)
    page = model_page(replace(found, examples=(), evidence=replace(found.evidence, sample=sample)), "en")
    both = ("its split does not give the rows and events", "does not record the SHA-256")
    assert [each for each in both if each in page] == [words]


def test_columns_that_would_be_empty_are_not_shown(found):
    def head(firms, **other):
        page = model_page(replace(found, examples=(), evidence=replace(found.evidence, firms=firms, **other)), "en")
        rows = page.split('id="firm-rows"')[1].split("</table>")[0]
        heads, cells = len(re.findall("<th[ >]", rows)), len(re.findall("<td[ >]", rows.split("<tr>")[2]))
        assert heads == cells
        columns = json.loads(re.search(r'id="firm-data">(.*?)</script>', page)[1])["columns"]
        return heads, columns

    firms, count = found.evidence.firms, len(found.evidence.firms.ids)
    nobody, somebody = np.zeros(count, dtype=bool), np.arange(count) == 0
    assert head(replace(firms, fallback=somebody))[0] == 10
    heads, columns = head(replace(firms, fallback=nobody, as_of=("",) * count, without=None))
    assert heads == 7
    assert columns == {"date": False, "grade": True, "without": False, "model": False}


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
    for lang, words in (("en", ("the riskiest tenth", "each variable")), ("zh", ("风险最高的十分之一", "逐个变量"))):
        page = model_page(replace(found, stability=moved), lang)
        assert "81.0% (70.0%–90.0%)" in page
        assert "83.0%" in page
        assert all(word in page for word in words)
    page = model_page(replace(found, stability=moved), "en")
    assert "(80.0% to 90.0%) lower the PD under the other models too." in page
    assert "a better grade, 61.0% (50.0% to 70.0%) bring one under the other models too." in page


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
    folders = said(**two | {"base": "/srv/a/old/", "comparisons": [{"against": "/srv/a/new"}]})
    assert "from one model (old) to another (new)" in folders[0]
    assert [page for page in folders if "/srv" in page] == []
    for page in (en, zh):
        told = page.split('<h2 id="stability">')[1].split("<h2")[0]
        assert not re.search("more, each on|that none was trained on|另外训练|未参与训练", told)
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
    (tmp_path / "s.json").write_text(json.dumps(STABILITY | {"dataset": "taiwan"}))
    capsys.readouterr()
    assert _run(command) == 2
    assert "models trained on taiwan" in capsys.readouterr().err


def test_the_rulebook_is_named_in_the_language_of_the_page(found, pages):
    name, provenance = found.origin.rulebook
    for lang, page in pages.items():
        own = page.split('<div class="card"')[0]
        assert own.count(rulebook_name(name, provenance, lang)) > 1
        assert compared_with(found.origin.reference, lang) in own
    assert f"({provenance})" not in pages["zh"].split('<div class="card"')[0]
    assert "<h1>模型审计报告：" in pages["zh"]


def _table(page, kind):
    table = re.search(rf'<table class="{kind}">(.*?)</table>', page, re.DOTALL)[1]
    return [
        [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)]
        for row in re.findall(r"<tr[^>]*>(.*?)</tr>", table, re.DOTALL)
        if "<td" in row
    ]


def test_rows_are_counted_by_grade_beside_what_became_of_them(found, pages):
    scale = found.evidence.bands
    assert scale.held_out.rows > 0 < scale.trained.rows
    for page in pages.values():
        *rows, total = _table(page, "grades")
        counted = dict(found.pd.grades)
        ungraded = counted.pop(None, 0)
        assert ungraded > 0
        told_of = {row[0]: int(row[2].replace(",", "")) for row in rows}
        assert list(told_of) == list(counted)
        assert all(told_of[grade] >= count for grade, count in counted.items())
        assert sum(told_of.values()) == found.origin.rows  # by the PD: those too short of facts for a grade as well
        assert rows[1][1] == "0.3% … 0.5%"
        told = [int(total[at].replace(",", "")) for at in (2, 4, 5, 9, 10)]
        held_out, trained = scale.held_out, scale.trained
        assert told[0] == found.origin.rows
        assert told[1:] == [held_out.rows, held_out.events, trained.rows, trained.events]
    assert "assumed" in pages["en"].split('<h2 id="scale">')[1].split("<table")[0]
    bare = replace(scale, graded=False, provenance="declared")
    page = model_page(replace(found, evidence=replace(found.evidence, bands=bare)), "en")
    assert "it gets no grade" in page
    assert "declared by whoever trained the model" in page


def test_what_innovation_adds_stands_at_the_top_with_its_interval(found, pages):
    gain = found.evidence.gain
    assert gain.source == "test"
    top = pages["en"].split("<nav>")[0]
    assert f"{gain.auc:+.4f} [".replace("-", "\N{MINUS SIGN}") in top
    assert "share of contributions of innovation variables" in top
    assert ("The interval holds zero" in top) == (gain.low <= 0 <= gain.high)
    for source, words in (("no_innovation", "has no innovation variable"), ("not_recorded", "not in the bundle")):
        none = replace(found.evidence, gain=Gain(None, None, None, source))
        assert words in model_page(replace(found, evidence=none), "en").split("<nav>")[0]


def test_rows_that_the_companion_decided_are_told_at_the_top(found, pages):
    assert "gave their PD" not in pages["en"].split("<nav>")[0]
    page = model_page(replace(found, evidence=replace(found.evidence, fallback=found.origin.rows // 2)), "en")
    assert "50.0% of the rows" in page.split("<nav>")[0]


def test_every_variable_is_listed_with_its_rationale_in_the_language_of_the_page(found, pages):
    for lang, page in pages.items():
        rows = _table(page, "variables")
        assert [row[0] for row in rows] == [feature.code for feature in found.features]
        assert all(row[3] for row in rows)
        assert rows[0][1] == getattr(found.features[0].label, lang)
    chinese = {row[0]: row[3] for row in _table(pages["zh"], "variables")}
    assert "不作约束" in chinese["PRF03"]
    first = found.features[0].name
    override = DirectionOverride(feature=first, direction=Direction.FREE, reason="seen otherwise here")
    moved = Encoder((first,), (), ()).with_directions([override]).features[0]
    page = model_page(replace(found, features=(moved, *found.features[1:])), "en")
    row = _table(page, "variables")[0]
    assert row[2].endswith("†")
    assert "declared: raises the risk. Reason given: seen otherwise here" in row[3]


def test_the_card_is_in_the_language_of_the_page(pages):
    english, chinese = (pages[lang].split('<h2 id="card">')[1].split('<h2 id="origin">')[0] for lang in ("en", "zh"))
    assert "named in words" in english
    assert "AUC (test period)" in english
    assert "Not for natural persons" in english
    assert "使用限制" in chinese
    words = re.sub(
        r"<code[^>]*>.*?</code>|<[^>]+>|SHA-256|AUC|ROE|KS|Brier|icsml-pd|national-2025|R&amp;D", " ", chinese
    )
    assert re.findall(r"[A-Za-z]{3,}", words) == []


def test_what_the_card_says_of_points_is_corrected_where_there_are_none(found, pages):
    assert "does not apply" not in pages["en"]
    page = model_page(replace(found, origin=replace(found.origin, rulebook=None)), "en")
    assert "what the card says of points does not apply" in page


def test_a_page_of_another_data_set_claims_no_row_was_unseen(found):
    sample = replace(found.evidence.sample, relation="other", test_from=None, split="out_of_time")
    page = model_page(replace(found, evidence=replace(found.evidence, sample=sample)), "en")
    assert "The rows assessed are of another data set" in page
    assert '<th class="side" colspan="5">use in training not known</th>' in page
    assert '"untrained":""' in page


def test_recourse_that_was_not_measured_is_told_with_what_measures_it(found, pages):
    assert found.proposes
    assert "not measured here. <code>icsml stability" in pages["en"]
    assert "未测算" in pages["zh"]
    assert "not measured here. `icsml stability" not in model_page(replace(found, proposes=False), "en")


def test_the_only_script_that_may_run_is_the_page_s_own(pages):
    for page in pages.values():
        script = re.search(r"<script>(.*?)</script>", page, re.DOTALL)[1]
        own = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"script-src 'sha256-{own}'" in page
        told = json.loads(re.search(r'id="firm-data">(.*?)</script>', page, re.DOTALL)[1])
        assert len(told["id"]) == len(told["pd"]) == len(told["usage"]) == len(told["adverse"]) // told["most"]


def test_rows_without_a_grade_are_counted(found):
    grade = found.evidence.firms.grade.copy()
    assert found.evidence.bands.graded
    grade[:] = "A1"
    whole = replace(found, evidence=replace(found.evidence, firms=replace(found.evidence.firms, grade=grade)))
    assert "too little information for a grade" not in model_page(whole, "en")
    grade = grade.copy()
    grade[:3] = None
    some = replace(found, evidence=replace(found.evidence, firms=replace(found.evidence.firms, grade=grade)))
    assert "3 of the rows hold too little information for a grade." in model_page(some, "en")
    assert "其中 3 个样本信息不足，不予评级" in model_page(some, "zh")


def test_what_is_no_stability_is_refused(bundle, book_folder, tmp_path, capsys):
    (tmp_path / "s.json").write_text('{"dataset": "book"}')
    command = ["report", "--model", str(bundle.folder), "--data", str(book_folder), "--out", str(tmp_path / "r.html")]
    assert _run([*command, "--stability", str(tmp_path / "s.json")]) == 2
    assert "ICS-RPT-003" in capsys.readouterr().err
    assert not (tmp_path / "r.html").exists()


HOSTILE = "<script>alert(1)</script>"


def test_hostile_names_are_shown_as_text(found):
    origin = replace(found.origin, name=HOSTILE, dataset=HOSTILE, source=HOSTILE, version=HOSTILE, event=HOSTILE)
    chosen = tuple(replace(each, enterprise_id=HOSTILE, grade=HOSTILE) for each in found.examples)
    label = found.features[0].label.model_copy(update={"en": HOSTILE})
    features = tuple(replace(each, label=label, code="X_<B>") for each in found.features)
    groups = {
        "all": found.segments["all"],
        "province": tuple(replace(each, name=HOSTILE) for each in found.segments["province"]),
    }
    firms = replace(found.evidence.firms, ids=(HOSTILE,) * len(found.evidence.firms.ids))
    evidence = replace(found.evidence, firms=firms)
    page = model_page(
        replace(
            found, origin=origin, examples=chosen, features=features, segments=groups, card=HOSTILE, evidence=evidence
        ),
        "en",
    )
    assert len(re.findall("<script", page)) == 2
    assert len(re.findall("</script", page)) == 2
    assert page.count("&lt;script&gt;") > 8
