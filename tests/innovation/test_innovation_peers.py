"""A rank among peers is the whole percentage of them that is worse, in the finest group that is large enough."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from icsml.core.yaml import dump_yaml
from icsml.errors import InputError, MissingError
from icsml.innovation import PeerTables, evaluate, fit_peers, fitted, parse_rulebook

LEVELS = [
    [],
    ["technical_field"],
    ["stage"],
    ["province"],
    ["region"],
    ["industry"],
    ["technical_field", "stage"],
    ["technical_field", "province"],
    ["stage", "region", "industry"],
]
FIELDS = ["new_materials", "new_energy", "aerospace", None]
REGIONS = ["350100", "350200", "110105", None]
INDUSTRIES = ["C3990", "C2710", "I6510", None]
STAFF = [5.0, 50.0, np.nan]
KEYS = ("technical_field", "stage", "province", "region", "industry")


def implied(group):
    return {*group, *(["province"] if "region" in group else [])}


@st.composite
def group_lists(draw):
    """Groups from fine to coarse, as the linter asks for."""
    groups = []
    for group in sorted(draw(st.lists(st.sampled_from(LEVELS), min_size=1, max_size=4)), key=len, reverse=True):
        if not any(implied(group) >= implied(each) for each in groups):
            groups.append(group)
    return groups


def ranking_book(groups, min_peers, better="higher", best_of=False):
    assumed = {"name": "assumed", "weight": "assumed", "value": "assumed", "points": "assumed"}
    label = {"en": "L", "zh": "标"}
    way = {"value": "staff_rd", "points": {"kind": "percentile"}}
    second = {"value": "leading_talents", "points": {"kind": "percentile"}}
    ways = {"best_of": [{"id": name, "label": label, **each} for name, each in (("rd", way), ("talents", second))]}
    book = {
        "format": 2,
        "id": "ranking",
        "edition": "trial",
        "scope": "regional",
        "title": label,
        "issuer": label,
        "in_force": {"from": "2020-01-01", "to": None, "provenance": "assumed"},
        "known_since": "2020-01-01",
        "sources": [{"id": "text", "title": "The text", "where": "nowhere"}],
        "totals": {"base": 100, "provenance": "assumed"},
        "stages": {
            "list": [{"id": "small", "label": label}, {"id": "large", "label": label}],
            "rule": {
                "value": "staff_total",
                "steps": [{"below": 20, "stage": "small"}],
                "otherwise": "large",
                "missing": "refuse",
            },
            "provenance": {"names": "assumed", "rule": "assumed"},
        },
        "peers": {"groups": groups, "min_peers": min_peers, "provenance": "assumed"},
        "categories": [
            {"id": "all", "label": label, "max": 100, "provenance": {"name": "assumed", "max": "assumed"}},
        ],
        "indicators": [
            {
                "id": "rank",
                "label": label,
                "category": "all",
                "domain": "innovation",
                "max": 100,
                "better": better,
                "missing": "zero",
                "provenance": assumed,
                **(ways if best_of else way),
            }
        ],
    }
    return parse_rulebook(dump_yaml(book), "ranking")


ROW = st.tuples(
    st.sampled_from(FIELDS),
    st.sampled_from(STAFF),
    st.sampled_from(REGIONS),
    st.sampled_from(INDUSTRIES),
    st.one_of(st.just(np.nan), st.just(0.0), st.integers(0, 6).map(float), st.floats(0, 6)),
)


def columns(blank, rows):
    names = ("technical_field", "staff_total", "region", "industry", "staff_rd")
    return blank(len(rows), {name: list(values) for name, values in zip(names, zip(*rows, strict=True), strict=True)})


def group_of(row, keys):
    """The group of a row; None where a key is missing."""
    field, staff, region, industry, _ = row
    known = {
        "technical_field": field,
        "stage": None if np.isnan(staff) else "small" if staff < 20 else "large",
        "province": region and region[:2],
        "region": region,
        "industry": industry and industry[:1],
    }
    group = tuple(known[key] for key in keys)
    return None if None in group else group


def by_counting(population, row, groups, min_peers, better):
    """The level and the percentage of one row, by going through all its peers."""
    sign = -1.0 if better == "lower" else 1.0
    everybody = groups if groups[-1] == [] else [*groups, []]
    for level, keys in enumerate(everybody):
        own = group_of(row, keys)
        peers = [sign * r[-1] for r in population if own is not None and group_of(r, keys) == own]
        peers = [value for value in peers if not np.isnan(value)]
        if len(peers) >= (min_peers if keys else 1):
            return level, 100 * sum(value < sign * row[-1] for value in peers) // len(peers)
    return len(everybody) - 1, 0


def rule_text(groups, level, percentage):
    keys = [*groups, []][level]
    return f"P{percentage} of {'peers by ' + ' × '.join(keys) if keys else 'all peers'}"


@settings(max_examples=70, deadline=None)
@given(
    st.lists(ROW, min_size=1, max_size=40),
    st.lists(ROW, min_size=1, max_size=12),
    group_lists(),
    st.integers(1, 6),
    st.sampled_from(["higher", "lower"]),
)
def test_a_rank_is_what_counting_gives_in_every_group(blank, population, asked, groups, min_peers, better):
    rulebook = ranking_book(groups, min_peers, better)
    rulebook = rulebook.with_peers(fit_peers(rulebook, columns(blank, population), "these"))
    scored = evaluate(rulebook, columns(blank, asked))
    for number, row in enumerate(asked):
        if np.isnan(row[-1]):
            assert (scored.points["rank"][number], scored.rules["rank"][number]) == (0, "missing")
            continue
        level, percentage = by_counting(population, row, groups, min_peers, better)
        assert scored.points["rank"][number] == percentage
        assert scored.rules["rank"][number] == rule_text(groups, level, percentage)


@pytest.mark.parametrize("better", ["higher", "lower"])
def test_a_rank_is_what_counting_gives_in_a_large_population_with_ties(blank, better):
    rng = np.random.default_rng(11)
    groups = [["technical_field", "stage", "province"], ["technical_field", "stage"], ["stage"]]

    def people(n):
        choices = (FIELDS, STAFF, REGIONS, INDUSTRIES)
        keys = [[options[i] for i in rng.integers(0, len(options), n)] for options in choices]
        values = np.where(rng.random(n) < 0.1, np.nan, np.round(rng.lognormal(2, 1, n)))
        return list(zip(*keys, values.tolist(), strict=True))

    population, asked = people(1500), people(150)
    rulebook = ranking_book(groups, 60, better)
    rulebook = rulebook.with_peers(fit_peers(rulebook, columns(blank, population), "these"))
    scored = evaluate(rulebook, columns(blank, asked))
    known = [number for number, row in enumerate(asked) if not np.isnan(row[-1])]
    counted = {number: by_counting(population, asked[number], groups, 60, better) for number in known}
    assert {level for level, _ in counted.values()} == {0, 1, 2, 3}
    assert [scored.rules["rank"][n] for n in known] == [rule_text(groups, *counted[n]) for n in known]
    assert [scored.points["rank"][n] for n in known] == [counted[n][1] for n in known]


def small_population(values, field="new_energy", region="350100", staff=5.0):
    return [(field, staff, region, "C3990", float(value)) for value in values]


def test_ranks_worked_out_by_hand(blank):
    # Eight peers: 1 2 2 2 3 4 4 9. Of 2, one is smaller: 1/8 = 12.5 %, so 12. Of 4, five: 62. Of 9, seven: 87.
    rulebook = ranking_book([["technical_field"]], 3)
    population = small_population([1, 2, 2, 2, 3, 4, 4, 9])
    rulebook = rulebook.with_peers(fit_peers(rulebook, columns(blank, population), "eight"))
    asked = small_population([0, 1, 1.5, 2, 3, 4, 9, 10])
    assert evaluate(rulebook, columns(blank, asked)).points["rank"].tolist() == [0, 0, 12, 12, 50, 62, 87, 100]


def test_where_lower_is_better_the_peers_with_more_are_worse(blank):
    # Of 1, seven of eight have more: 87. Of 2, four: 50. Of 9, none. Of 10, none.
    rulebook = ranking_book([["technical_field"]], 3, "lower")
    population = small_population([1, 2, 2, 2, 3, 4, 4, 9])
    rulebook = rulebook.with_peers(fit_peers(rulebook, columns(blank, population), "eight"))
    asked = small_population([0, 1, 2, 9, 10])
    assert evaluate(rulebook, columns(blank, asked)).points["rank"].tolist() == [100, 87, 50, 0, 0]


def test_a_group_is_large_enough_at_min_peers_and_not_one_below(blank):
    # Three in aerospace with a known value and one without; five others with larger values.
    population = [
        *small_population([1, 2, 3, np.nan], field="aerospace"),
        *small_population([7, 7, 7, 7, 7], field="new_energy"),
    ]
    asked = columns(blank, small_population([2.5], field="aerospace"))
    found = {}
    for min_peers in (2, 3, 4, 5, 6):
        rulebook = ranking_book([["technical_field"]], min_peers)
        scored = evaluate(rulebook.with_peers(fit_peers(rulebook, columns(blank, population), "these")), asked)
        found[min_peers] = scored.rules["rank"][0]
    own, everybody = "P66 of peers by technical_field", "P25 of all peers"
    assert found == {2: own, 3: own, 4: everybody, 5: everybody, 6: everybody}


def test_an_unseen_group_or_a_missing_key_falls_back_to_the_next_coarser_group(blank):
    groups = [["technical_field", "province"], ["province"]]
    rulebook = ranking_book(groups, 2)
    population = [
        *small_population([1, 2], region="350100"),
        *small_population([5, 6], field="aerospace", region="350200"),
        *small_population([9, 9, 9, 9], region="110105"),
    ]
    rulebook = rulebook.with_peers(fit_peers(rulebook, columns(blank, population), "these"))
    asked = [
        ("new_energy", 5.0, "359999", "C3990", 5.5),  # 1 2
        ("new_materials", 5.0, "350100", "C3990", 5.5),  # unseen field: 1 2 5 of 1 2 5 6
        (None, 5.0, "350100", "C3990", 5.5),  # the same without one
        ("new_energy", 5.0, "999999", "C3990", 5.5),  # unseen province: 1 2 5 of all eight
        ("new_energy", 5.0, None, "C3990", 5.5),
    ]
    assert evaluate(rulebook, columns(blank, asked)).rules["rank"][:].tolist() == [
        "P100 of peers by technical_field × province",
        "P75 of peers by province",
        "P75 of peers by province",
        "P37 of all peers",
        "P37 of all peers",
    ]


def test_where_nobody_had_a_value_nobody_is_worse(blank):
    rulebook = ranking_book([["stage"]], 1)
    rulebook = rulebook.with_peers(fit_peers(rulebook, columns(blank, small_population([np.nan])), "these"))
    scored = evaluate(rulebook, columns(blank, small_population([3])))
    assert (scored.points["rank"][0], scored.rules["rank"][0]) == (0, "P0 of all peers")


def test_each_way_of_several_has_peers_of_its_own(blank):
    rulebook = ranking_book([["technical_field"]], 1, best_of=True)
    fields = {"technical_field": "aerospace", "staff_total": 5}
    population = blank(4, fields | {"staff_rd": [1, 2, 3, 4], "leading_talents": [0, 0, 10, 20]})
    tables = fit_peers(rulebook, population, "four")
    assert list(tables.thresholds) == ["rank.rd", "rank.talents"]
    asked = blank(3, fields | {"staff_rd": [4, 1, np.nan], "leading_talents": [1, 5, 15]})
    scored = evaluate(rulebook.with_peers(tables), asked)
    assert scored.points["rank"].tolist() == [75, 50, 75]
    assert scored.rules["rank"][:].tolist() == [
        "rd: P75 of peers by technical_field",
        "talents: P50 of peers by technical_field",
        "talents: P75 of peers by technical_field",
    ]


@settings(max_examples=25, deadline=None)
@given(st.lists(ROW, min_size=1, max_size=30), group_lists(), st.sampled_from(["higher", "lower"]))
def test_one_row_has_the_rank_it_has_in_a_batch_bit_for_bit(blank, rows, groups, better):
    rulebook = fitted(ranking_book(groups, 2, better), columns(blank, rows), "these")
    batch = evaluate(rulebook, columns(blank, rows))
    for number, row in enumerate(rows):
        alone = evaluate(rulebook, columns(blank, [row]))
        assert alone.score.tobytes() == batch.score[number : number + 1].tobytes()
        assert alone.rules["rank"][0] == batch.rules["rank"][number]


@settings(max_examples=25, deadline=None)
@given(st.lists(ROW, min_size=1, max_size=30), group_lists(), st.randoms(use_true_random=False))
@example(small_population([0.0, -0.0]), [["stage"]], None)
def test_the_same_population_in_any_order_gives_the_same_bytes(blank, rows, groups, random):
    rulebook = ranking_book(groups, 2)
    shuffled = rows[::-1]
    if random is not None:
        random.shuffle(shuffled)
    first, second = (fit_peers(rulebook, columns(blank, each), "these") for each in (rows, shuffled))
    assert first.content == second.content
    assert first.sha256 == second.sha256 == hashlib.sha256(first.content).hexdigest()


def test_another_population_gives_other_bytes(blank):
    rulebook = ranking_book([["stage"]], 1)
    tables = [fit_peers(rulebook, columns(blank, small_population(values)), "these") for values in ([1, 2], [1, 3])]
    assert tables[0].sha256 != tables[1].sha256


@pytest.fixture
def tables(blank):
    rulebook = ranking_book([["technical_field", "province"], ["stage"]], 2)
    rows = [*small_population([1, 2, 2, 7.25]), *small_population([0.1, 3], field="aerospace", region="110105")]
    population = columns(blank, rows)
    population["as_of"] = np.array(["2026-06-30", "NaT", "2025-12-31", *["2026-01-01"] * 3], dtype="datetime64[D]")
    return fit_peers(rulebook, population, "六 firms")


def test_tables_come_back_from_disk_as_they_were(tables, tmp_path, blank):
    path = tmp_path / "peers.json"
    tables.write(path)
    again = PeerTables.read(path)
    assert path.read_bytes() == tables.content == again.content
    assert again.sha256 == tables.sha256
    assert (again.population.name, again.population.rows) == ("六 firms", 6)
    assert (again.population.since, again.population.until) == ("2025-12-31", "2026-06-30")
    assert (
        (again.levels, again.min_peers) == (tables.levels, 2) == ((("technical_field", "province"), ("stage",), ()), 2)
    )
    rulebook = ranking_book([["technical_field", "province"], ["stage"]], 2)
    assert (again.rulebook, again.rulebook_sha256) == ("ranking", rulebook.sha256)
    asked = columns(blank, [*small_population([0, 1, 2, 3, 9]), *small_population([1], field="new_materials")])
    before, after = (evaluate(rulebook.with_peers(each), asked) for each in (tables, again))
    assert before.score.tobytes() == after.score.tobytes()
    assert before.rules["rank"][:].tolist() == after.rules["rank"][:].tolist()


def test_tables_that_are_not_there(tmp_path):
    with pytest.raises(MissingError, match="ICS-RUL-030"):
        PeerTables.read(tmp_path / "none.json")


def refused(content):
    with pytest.raises(InputError, match="ICS-RUL-030") as caught:
        PeerTables.parse(content, "peers.json")
    assert (caught.value.field, bool(caught.value.remedy)) == ("peers.json", True)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"7", b"\xff\xfe", b"{}", b"[" * 100_000])
def test_what_is_no_table_at_all_is_refused(content):
    refused(content)


def at(held, *path):
    for key in path:
        held = held[key]
    return held


RANK = ("thresholds", "rank")
DAMAGE = {
    "another format": lambda held: held.update(format=2),
    "no population": lambda held: held.pop("population"),
    "another population": lambda held: held.update(population={"name": "x"}),
    "thresholds as a list": lambda held: held.update(thresholds=[]),
    "no thresholds": lambda held: held.pop("thresholds"),
    "a key that is none": lambda held: at(held, "levels").__setitem__(0, ["colour", "province"]),
    "no level of everybody": lambda held: at(held, "levels").pop(),
    "no levels": lambda held: held.update(levels=[]),
    "a level too few": lambda held: at(held, *RANK).pop(),
    "a level too many": lambda held: at(held, *RANK).append([]),
    "a key too few": lambda held: at(held, *RANK, 0, 0, 0).pop(),
    "a threshold too few": lambda held: at(held, *RANK, 0, 0, 1).pop(),
    "a threshold that is missing": lambda held: at(held, *RANK, 0, 0, 1).__setitem__(5, None),
    "a threshold that is text": lambda held: at(held, *RANK, 0, 0, 1).__setitem__(5, "much"),
    "thresholds out of order": lambda held: at(held, *RANK, 0, 0, 1).reverse(),
    "a level that is a number": lambda held: at(held, *RANK).__setitem__(0, 3),
    "min_peers that is text": lambda held: held.update(min_peers="few"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_refused(tables, damage):
    held = json.loads(tables.content)
    DAMAGE[damage](held)
    refused(json.dumps(held).encode())


def test_a_file_cut_short_anywhere_is_refused(tables):
    whole = len(tables.content.rstrip())
    for end in range(0, whole, 37):
        refused(tables.content[:end])
    refused(tables.content[: whole - 1])
    assert PeerTables.parse(tables.content[:whole], "peers.json").sha256 != tables.sha256


def test_tables_of_another_version_of_the_rulebook_are_refused(tables):
    own = [["technical_field", "province"], ["stage"]]
    assert ranking_book(own, 2).with_peers(tables).peer_tables is tables
    for other in (ranking_book(own, 3), ranking_book(own, 2, "lower"), ranking_book([["stage"]], 2)):
        with pytest.raises(InputError, match="ICS-RUL-033"):
            other.with_peers(tables)


def test_a_rulebook_that_ranks_is_not_evaluated_without_tables(blank):
    rulebook = ranking_book([["stage"]], 1)
    with pytest.raises(InputError, match="ICS-RUL-032") as caught:
        evaluate(rulebook, columns(blank, small_population([1])))
    assert caught.value.field == "ranking"


def test_tables_are_fitted_for_who_ranks_and_on_somebody(small, blank):
    with pytest.raises(InputError, match="ICS-RUL-031"):
        fit_peers(small, blank(3), "three")
    with pytest.raises(InputError, match="ICS-RUL-031"):
        fit_peers(ranking_book([["stage"]], 1), blank(0), "nobody")
    assert fitted(small, blank(3), "three") is small


def test_a_rulebook_with_tables_keeps_them(blank):
    rulebook = ranking_book([["stage"]], 1)
    first = fitted(rulebook, columns(blank, small_population([1, 2])), "first")
    assert fitted(first, columns(blank, small_population([8, 9])), "second") is first
    assert (first.peer_tables.population.name, rulebook.peer_tables) == ("first", None)


def test_no_rows_have_no_ranks(blank):
    rulebook = fitted(ranking_book([["stage"], []], 1), columns(blank, small_population([1, 2])), "two")
    scored = evaluate(rulebook, blank(0))
    assert (scored.score.shape, scored.rules["rank"][:].shape) == ((0,), (0,))


def test_the_tables_hold_no_record_of_an_enterprise(blank):
    named = columns(blank, small_population([1, 2]))
    named["enterprise_id"] = np.array(["SECRET-1", "SECRET-2"], dtype=object)
    assert b"SECRET" not in fit_peers(ranking_book([["stage"]], 1), named, "two").content
