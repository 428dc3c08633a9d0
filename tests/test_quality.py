"""Quality control against the slow reference, on random series as bad as real ones."""

import datetime as dt
from functools import partial

import polars as pl
import pytest
import reference_quality as ref
from hypothesis import given, settings
from hypothesis import strategies as st

from shanshui import quality
from shanshui.standards.errors import SchemaError, ShanshuiError

START = dt.datetime(2026, 3, 31, 20)
SCHEMA = {
    "station": pl.String,
    "property": pl.String,
    "time": pl.Datetime("us"),
    "period": pl.Int32,
    "value": pl.Float64,
    "flag": pl.String,
    "city": pl.String,
    "qc": pl.String,
}
# Few values, so that runs, zeros, ties and limits are met often.
VALUES = st.one_of(
    st.none(),
    st.sampled_from([0.0, 0.1, 0.3, 5.0, 5.0, 5.0, 7.5, -0.2, -3.0, 40.0, 1e13]),
    st.floats(-10, 60).map(lambda x: round(x, 3)),
)
SMALL = st.one_of(
    st.none(),
    st.sampled_from([0.0, 0.0, 0.1, 0.3, 5.0, 5.0, 5.0, 7.5, -0.2, 40.0]),
    st.floats(-10, 60).map(lambda x: round(x, 3)),
)


def row(station, prop, minutes, value, **more):
    full = {"station": station, "property": prop, "period": 3600, "value": value}
    full |= {
        "time": START + dt.timedelta(minutes=minutes),
        "flag": None,
        "city": "甲",
        "qc": "pass",
    }
    return full | more


@st.composite
def observations(draw, values=SMALL, stations=2, length=24):
    """Hours with holes, repeated and odd times, in some order."""
    rows = []
    for n in range(stations):
        for prop in ("pm10", "pm25"):
            hours = draw(st.lists(st.integers(0, length), max_size=length))
            for hour in sorted(hours) if draw(st.booleans()) else hours:
                odd = draw(st.sampled_from([0] * 15 + [7]))
                rows.append(row(f"s{n}", prop, hour * 60 + odd, draw(values)))
    if draw(st.booleans()):
        rows = draw(st.permutations(rows))
    return list(rows)


def frame_of(rows):
    return pl.DataFrame(rows, schema=SCHEMA)


def said(flags, *, more=()):
    columns = ["station", "property", "period", "time", "rule", "level", *more]
    return sorted(flags.select(columns).rows(), key=str)


ALL = quality.LEVELS
optional = partial(st.one_of, st.none())
# Limits with few decimals, small first and never above the second.
LIMITS = st.sampled_from([(0.2, None), (None, 4.9), (0.1, 0.3), (5, 5), (0.7, 34.9)])
COUNTS = st.sampled_from([(2, None), (None, 2), (2, 4), (3, 3)])
SIGMAS = st.sampled_from([(3, None), (None, 2.5), (3, 6), (0, None)])


@given(observations(values=VALUES))
def test_missing_and_clocks(rows):
    frame = frame_of(rows)
    now = START + dt.timedelta(hours=10)
    assert said(quality.missing(frame, levels=ALL)) == sorted(ref.missing(rows), key=str)
    assert said(quality.future(frame, now=now, levels=ALL)) == sorted(
        ref.future(rows, now), key=str
    )
    assert said(quality.off_cadence(frame, levels=ALL)) == sorted(ref.off_cadence(rows), key=str)
    assert said(quality.repeated(frame, levels=ALL)) == sorted(ref.repeated(rows), key=str)
    assert said(quality.unordered(frame, levels=ALL)) == sorted(ref.unordered(rows), key=str)
    gaps = said(quality.gap(frame), more=["measure"])
    assert gaps == sorted(((*g[:-1], float(g[-1])) for g in ref.gap(rows)), key=str)


@given(observations(values=VALUES), st.sampled_from([(None, 40, 0, 7.5), (-1, 60, None, None)]))
def test_range(rows, limits):
    names = ("low", "high", "suspect_low", "suspect_high")
    got = quality.gross_range(frame_of(rows), **dict(zip(names, limits, strict=True)), levels=ALL)
    assert said(got) == sorted(ref.gross_range(rows, *limits), key=str)


@given(observations(), st.sampled_from([0, 0.2, 3]))
def test_negative(rows, drift):
    got = quality.negative(frame_of(rows), drift=drift, levels=ALL)
    assert said(got) == sorted(ref.negative(rows, drift), key=str)


@given(observations(), st.sampled_from([0, 0.2, 2.5]))
def test_inversion(rows, margin):
    got = quality.inversion(frame_of(rows), lower="pm25", upper="pm10", margin=margin, levels=ALL)
    assert said(got) == sorted(ref.inversion(rows, "pm25", "pm10", margin), key=str)


@given(observations(), COUNTS, optional(st.sampled_from([0, 4.9, 5])))
def test_runs(rows, counts, above):
    suspect, fail = counts
    frame = frame_of(rows)
    zeros = quality.zero_run(frame, suspect=suspect, fail=fail, levels=ALL)
    assert said(zeros) == sorted(ref.zero_run(rows, suspect, fail), key=str)
    unmoved = quality.stuck(frame, suspect=suspect, fail=fail, above=above, levels=ALL)
    assert said(unmoved) == sorted(ref.stuck(rows, suspect, fail, above), key=str)


@given(observations(), LIMITS, st.sampled_from([1800, 3600, 7200]))
def test_changes(rows, limits, within):
    suspect, fail = limits
    frame = frame_of(rows)
    steps = quality.step(frame, suspect=suspect, fail=fail, levels=ALL)
    assert said(steps) == sorted(ref.step(rows, suspect, fail), key=str)
    rates = quality.rate_of_change(frame, suspect=suspect, fail=fail, within=within, levels=ALL)
    assert said(rates) == sorted(ref.rate_of_change(rows, suspect, fail, within), key=str)


@given(
    observations(length=14),
    SIGMAS,
    st.sampled_from([0, 0.2, 10]),
    st.sampled_from([(1, 2), (2, 3), (3, 5), (3, 7)]),
)
def test_spikes(rows, sigmas, least, window):
    half, points = window
    got = quality.spike(
        frame_of(rows),
        sigmas=sigmas[0],
        fail_sigmas=sigmas[1],
        least=least,
        half=half,
        points=points,
        levels=ALL,
    )
    assert said(got) == sorted(ref.spike(rows, *sigmas, least, half, points), key=str)


@given(
    observations(stations=5, length=4),
    SIGMAS,
    st.sampled_from([0, 0.2, 10]),
    st.integers(2, 5),
    st.sampled_from([None, "乙"]),
)
def test_neighbours(rows, sigmas, least, stations, other):
    rows = [r | {"city": other} if r["station"] == "s1" else r for r in rows]
    got = quality.neighbours(
        frame_of(rows),
        group="city",
        sigmas=sigmas[0],
        fail_sigmas=sigmas[1],
        least=least,
        stations=stations,
        levels=ALL,
    )
    assert said(got) == sorted(ref.neighbours(rows, *sigmas, least, stations), key=str)


def within(row):
    """A value too large for millionths is spoken of by its range alone."""
    return row | {"value": None} if row["value"] == 1e13 else row


@given(observations(values=VALUES, stations=3))
@settings(max_examples=50)
def test_the_chain_is_its_tests(rows):
    """`check` says what each test alone says by the same figures, and nothing else."""
    frame = frame_of(rows)
    now = START + dt.timedelta(hours=20)
    got = said(quality.check(frame, now=now, group="city"))
    want = [
        *ref.missing(rows),
        *ref.repeated(rows),
        *ref.unordered(rows),
        *ref.off_cadence(rows),
        *ref.future(rows, now),
        *(g[:-1] for g in ref.gap(rows)),
        *ref.inversion([within(r) for r in rows], "pm25", "pm10", 0),
    ]
    table = quality.rules()
    for prop in ("pm10", "pm25"):
        some = [r for r in rows if r["property"] == prop]
        small = [within(r) for r in some]
        figures = {code: rule.figures for code, rule in table.of(prop, 3600).items()}
        want += ref.gross_range(some, None, figures["gross_range"]["high"], None, None)
        want += ref.negative(small, figures["negative"]["drift"])
        want += ref.zero_run(small, figures["zero_run"]["suspect"], None)
        want += ref.stuck(small, *(figures["stuck"][k] for k in ("suspect", "fail", "above")))
        want += ref.step(small, figures["step"]["suspect"], None)
        rate = figures["rate_of_change"]
        want += ref.rate_of_change(small, rate["suspect"], None, rate["within"])
        least = figures["spike"]["least"]
        want += ref.spike(small, figures["spike"]["sigmas"], None, least, 3, 5)
        near = figures["neighbours"]
        want += ref.neighbours(small, near["sigmas"], None, near["least"], near["stations"])
    want = [w for w in want if w[5] in quality.FLAGGED]
    assert got == sorted(want, key=str)


# --- what the texts say -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scheme", "flag", "level"),
    [
        *(("hj212", code, "fail") for code in "FMDCB"),
        *(("hj212", code, "suspect") for code in "ST"),
        ("hj212", "N", "pass"),
        ("hj212", "W", "unknown"),
        *(("cnemc", c, "fail") for c in ("H", "BB", "B", "W", "PZ", "PS", "AS", "CZ", "CS", "RM")),
        *(("cnemc", c, "suspect") for c in ("HSp", "LSp", "Re", "T")),
        ("cnemc", "N", "unknown"),
        ("water", "停站", "fail"),
        (None, "N", "pass"),
        (None, "T", "suspect"),
        (None, "hsp", "unknown"),
        (None, None, "pass"),
        (None, " ", "pass"),
        (None, "N,D", "fail"),
        (None, "N;S", "suspect"),
        (None, "D,?", "fail"),
        (None, "N ?", "unknown"),
        (None, "NN", "unknown"),
    ],
)
def test_flags_of_sources(scheme, flag, level):
    frame = frame_of([row("s0", "pm25", 0, 5.0, flag=flag)])
    got = quality.source_flag(frame, scheme=scheme, levels=ALL)
    assert got["level"].to_list() == [level]


def test_a_code_of_two_schemes_tells_both_meanings():
    frame = frame_of([row("s0", "pm25", 0, 5.0, flag="T")])
    detail = quality.source_flag(frame)["detail"].item()
    assert "超测定上限" in detail
    assert "修正值" in detail
    assert "revised value" in detail


def test_details_tell_the_numbers_in_both_languages():
    rows = [row("s0", "pm25", 60 * h, v) for h, v in enumerate([35.0, 36.5, 12345.678])]
    flags = quality.check(frame_of(rows))
    told = dict(flags.select("rule", "detail").rows())
    assert told["gross_range"] == (
        "值 12345.678 超出范围 (-∞, 10000] / 12345.678 is outside (-∞, 10000]"
    )
    assert told["step"] == (
        "较上一时段 36.5 变化 12309.178 / differs by 12309.178 from 36.5 a period before"
    )
    found = flags.filter(pl.col("rule") == "step").row(0, named=True)
    assert (found["measure"], found["limit"], found["value"]) == (12309.178, 190.0, 12345.678)


def test_a_difference_at_the_limit_is_not_over_it():
    """0.8 - 0.6 is more than 0.2 in binary floats, and not in decimals."""
    rows = [row("s0", "co", 60 * h, v) for h, v in enumerate([0.6, 0.8])]
    assert quality.step(frame_of(rows), suspect=0.2).is_empty()
    assert quality.step(frame_of(rows), suspect=0.199999).height == 1


def test_runs_do_not_cross_gaps():
    """Five equal hours, then five more after a missing hour, are two runs of five."""
    hours = [*range(5), *range(6, 11)]
    frame = frame_of([row("s0", "pm25", 60 * h, 35.0) for h in hours])
    assert quality.stuck(frame, suspect=6).is_empty()
    assert quality.stuck(frame, suspect=5).height == 10
    nulled = frame_of([row("s0", "pm25", 60 * h, None if h == 5 else 35.0) for h in range(11)])
    assert quality.stuck(nulled, suspect=6).is_empty()


def test_series_do_not_touch():
    """The last hour of one station is not the hour before the first of the next."""
    rows = [row("s0", "pm25", 0, 5.0), row("s1", "pm25", 60, 500.0)]
    frame = frame_of(rows)
    assert quality.step(frame, suspect=1, levels=ALL)["level"].to_list() == ["unknown"] * 2
    longer = frame_of([row("s0", "pm25", 0, 5.0), row("s0", "pm25", 60, 500.0, period=14400)])
    assert quality.step(longer, suspect=1, levels=ALL)["level"].to_list() == ["unknown"] * 2


def test_a_gap_never_taints_a_value():
    rows = [row("s0", "pm25", 60 * h, 35.0 + h) for h in (0, 1, 4)]
    frame = frame_of(rows)
    flags = quality.check(frame)
    assert flags.select("rule", "time", "measure").rows() == [
        ("gap", START + dt.timedelta(hours=2), 2.0)
    ]
    assert quality.grade(frame)["qc"].to_list() == ["pass"] * 3


def test_unknown_and_missing_are_not_good():
    rows = [
        row("s0", "pm25", 0, 35.0),
        row("s0", "pm25", 60, None),
        row("s0", "wind", 0, 3.0),
        row("s0", "pm25", 120, -2.0),
        row("s0", "pm25", 180, 20000.0),
        row("s0", "pm25", 240, float("nan")),
    ]
    graded = quality.grade(frame_of(rows))
    assert graded["qc"].to_list() == ["pass", "missing", "unknown", "suspect", "fail", "missing"]
    assert graded.drop("qc", "qc_rules").equals(frame_of(rows).drop("qc"))
    assert graded["qc_rules"].to_list()[3:5] == [
        "negative",
        "gross_range,rate_of_change,step",
    ]


def test_repeated_rows_are_graded_one_by_one():
    rows = [row("s0", "pm25", 0, 35.0), row("s0", "pm25", 0, -90.0), row("s0", "pm25", 60, 30.0)]
    assert quality.grade(frame_of(rows))["qc"].to_list() == ["fail", "fail", "pass"]


def test_order_of_rows_changes_nothing_but_what_is_said_of_order():
    rows = [row(f"s{s}", "pm25", 60 * h, (h * 37) % 400) for h in range(40) for s in range(3)]
    frame = frame_of(rows)
    tests = [t for t in quality.TESTS if t != "unordered"]
    once = quality.check(frame, tests=tests)
    assert not once.is_empty()
    again = quality.check(frame.sample(fraction=1, shuffle=True, seed=3), tests=tests)
    assert once.equals(again)


def test_wide_is_long():
    wide = pl.DataFrame(
        {
            "station": ["s0"] * 3,
            "time": [START + dt.timedelta(hours=h) for h in range(3)],
            "pm10": [20.0, None, 500.0],
            "pm25": [35.0, 36.0, -9.0],
            "flag_pm25": ["N", "D", None],
            "note": ["a", "b", "c"],
        }
    )
    long = pl.concat(
        wide.select("station", "time", value=p, property=pl.lit(p), flag=f)
        for p, f in (("pm10", pl.lit(None, pl.String)), ("pm25", pl.col("flag_pm25")))
    )
    got = quality.check(wide, period=3600)
    assert not got.is_empty()
    assert got.equals(quality.check(long, period=3600))


# --- completeness -----------------------------------------------------------------------------


def month_counts(frame, scheme=None, **more):
    got = quality.completeness(frame, scheme, **more)
    keys = ["station", "property", "seconds", "period"]
    counts = ["expected", "measured", "valid", "suspect", "outside"]
    return {tuple(r[:4]): list(r[4:]) for r in got.select(*keys, *counts).rows()}


def lines(rows):
    schema = {
        "station": pl.String,
        "property": pl.String,
        "period": pl.Int32,
        "start": pl.Datetime("us"),
        "end": pl.Datetime("us"),
    }
    return pl.DataFrame(rows, schema=schema)


SERVICE = st.tuples(st.integers(0, 60 * 24 * 3), st.integers(0, 60 * 24 * 40))


@given(
    observations(values=VALUES, length=30),
    st.lists(SERVICE, min_size=4, max_size=4),
    st.sampled_from([3600, 14400]),
    st.randoms(use_true_random=False),
)
@settings(max_examples=60)
def test_completeness(rows, services, period, random):
    rows = [r | {"qc": random.choice(quality.LEVELS)} for r in rows]
    scheme = []
    for n, (after, long) in enumerate(services):
        begin = START + dt.timedelta(minutes=after - 1440)
        scheme.append(
            {
                "station": f"s{n % 3}",
                "property": ("pm10", "pm25")[n // 3 % 2],
                "period": period,
                "start": begin,
                "end": begin + dt.timedelta(minutes=long),
            }
        )
    got = month_counts(frame_of(rows), lines(scheme)) if rows else {}
    want = ref.completeness(rows, scheme) if rows else {}
    assert got == want


def test_the_denominator_is_the_month():
    """A station that reports from 15 April has half a month, not a whole one."""
    hours = pl.datetime_range(
        dt.datetime(2026, 4, 15, 1), dt.datetime(2026, 6, 1), "1h", eager=True
    )
    frame = pl.DataFrame({"station": "s0", "property": "pm25", "time": hours, "value": 35.0})
    got = quality.completeness(frame, seconds=3600)
    assert got["expected"].to_list() == [720, 744]
    assert got["measured"].to_list() == [384, 744]
    assert got["capture_rate"].to_list() == [53.3, 100.0]
    assert got["valid_rate"].null_count() == 2  # no quality control, no validity


def test_days_of_service_are_whole_days():
    hours = pl.datetime_range(dt.datetime(2026, 2, 1, 1), dt.datetime(2026, 3, 1), "1h", eager=True)
    frame = pl.DataFrame({"station": "s0", "property": "pm25", "time": hours, "value": 35.0})
    scheme = pl.DataFrame(
        {
            "station": "s0",
            "property": "pm25",
            "period": 3600,
            "start": [dt.date(2026, 2, 10)],
            "end": [dt.date(2026, 2, 19)],
        }
    )
    got = quality.completeness(frame, scheme, seconds=3600).row(0, named=True)
    assert (got["expected"], got["measured"], got["outside"]) == (240, 240, 672 - 240)
    open_end = scheme.with_columns(end=pl.lit(None, dtype=pl.Date))
    assert quality.completeness(frame, open_end, seconds=3600)["expected"].item() == 19 * 24


def test_every_series_is_due_in_every_month():
    rows = [row("s0", "pm25", 0, 35.0), row("s1", "pm25", 60 * 24 * 40, 35.0)]
    got = month_counts(frame_of(rows).drop("qc"))
    months = [dt.date(2026, 3, 1), dt.date(2026, 4, 1), dt.date(2026, 5, 1)]
    assert [k[3] for k in got if k[0] == "s0"] == months
    assert got["s1", "pm25", 3600, months[0]] == [744, 0, None, None, 0]


@pytest.mark.parametrize(
    ("change", "said_"),
    [
        ({"period": 7000}, "整除一天"),
        ({"start": dt.datetime(2026, 5, 1)}, "重叠或颠倒"),
    ],
)
def test_schemes_that_are_none(change, said_):
    good = {
        "station": "s0",
        "property": "pm25",
        "period": 3600,
        "start": dt.datetime(2026, 3, 1),
        "end": dt.datetime(2026, 4, 1),
    }
    frame = frame_of([row("s0", "pm25", 0, 35.0)])
    with pytest.raises(ShanshuiError, match=said_):
        quality.completeness(frame, lines([good | change]))
    with pytest.raises(ShanshuiError, match="重叠"):
        quality.completeness(frame, lines([good, good]))


# --- what is refused --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("own", "said_"),
    [
        ({"stcuk": []}, "没有这个检验"),
        ({"stuck": [{"suspect": 6, "properites": ["pm25"]}]}, "properites"),
        ({"stuck": [{"suspect": 1}]}, "≥ 2"),
        ({"stuck": [{"suspect": 9, "fail": 6}]}, "suspect 大于 fail"),
        ({"stuck": [{"properties": ["pm25"]}]}, "suspect 或 fail"),
        ({"step": [{"suspect": "many"}]}, "suspect 应为"),
        ({"step": [{"suspect": True}]}, "suspect 应为"),
        ({"step": [{"suspect": -1}]}, "≥ 0"),
        ({"step": {"suspect": float("nan")}}, "suspect 应为"),
        ({"step": 5}, "[[检验名]]"),
        ({"inversion": [{"lower": "pm25"}]}, "upper"),
        ({"step": [{"suspect": 5, "lower": "a", "upper": "b"}]}, "inversion"),
        ({"step": [{"suspect": 5, "periods": 3600}]}, "periods"),
        ({"step": [{"suspect": 5, "properties": "pm25"}]}, "properties"),
        ({"step": [{"suspect": {"pm25": 5}, "properties": ["pm10"]}]}, "不符"),
        ({"gross_range": [{"plausible": "soil"}]}, "plausible"),
        (
            {"flag": [{"scheme": "x", "code": "Q", "level": "bad", "zh": "坏", "en": "bad"}]},
            "level",
        ),
    ],
)
def test_rules_that_are_none(own, said_):
    with pytest.raises(ShanshuiError) as error:
        quality.rules(own)
    assert said_ in str(error.value)
    assert " / " in str(error.value)


def test_a_file_of_rules(tmp_path):
    file = tmp_path / "规则.toml"
    file.write_text("[[step]]\nproperties = ['pm25']\nsuspect =\n", encoding="utf-8")
    with pytest.raises(ShanshuiError, match="规则"):
        quality.rules(file)
    with pytest.raises(ShanshuiError, match="没有"):
        quality.rules(tmp_path / "没有.toml")
    file.write_text(
        """
        [[step]]
        periods = [3600]
        suspect = { pm25 = 10, level = 0.5 }
        [[stuck]]
        properties = ["pm25"]
        off = true
        [[inversion]]
        lower = "po4"
        upper = "tp"
        [[flag]]
        scheme = "ours"
        code = "Q"
        level = "fail"
        zh = "可疑"
        en = "doubtful"
        """,
        encoding="utf-8",
    )
    rules = quality.rules(file)
    assert rules.of("pm25", 3600)["step"].figures == {"suspect": 10}
    assert rules.of("pm10", 3600)["step"].figures == {"suspect": 300}
    assert "stuck" not in rules.of("pm25", 3600)
    assert "po4_above_tp" in rules.of("po4", None)
    flagged = quality.check(
        frame_of([row("s0", "level", 0, 1.0, flag="Q"), row("s0", "level", 60, 2.0)]), rules=file
    )
    assert sorted(flagged["rule"]) == ["source_flag", "step"]


def test_every_figure_says_what_it_stands_on():
    table = quality.rules().table()
    assert set(table["confidence"]) <= {"A", "B", "C", "convention"}
    figured = table.filter(pl.col("figures") != "")
    assert figured.height > 50
    assert figured.filter(pl.col("reference") == "").is_empty()


def test_frames_that_will_not_do():
    good = frame_of([row("s0", "pm25", 0, 35.0)])
    with pytest.raises(SchemaError, match="缺少列 station"):
        quality.check(good.drop("station"))
    with pytest.raises(SchemaError, match="period"):
        quality.check(good.drop("period"))
    with pytest.raises(SchemaError, match="应为数值"):
        quality.check(good.with_columns(value=pl.lit("35")))
    with pytest.raises(SchemaError, match="property 和 value"):
        quality.check(good.drop("property", "value"))
    with pytest.raises(ShanshuiError, match="没有检验 spikes"):
        quality.check(good, tests=["spikes"])
    with pytest.raises(ShanshuiError, match="levels"):
        quality.check(good, levels=["good"])
    with pytest.raises(ShanshuiError, match="cnemc"):
        quality.check(good, flag_scheme="epa")
    with pytest.raises(ShanshuiError, match="秒数"):
        quality.check(good, period=0)
    with pytest.raises(ShanshuiError, match="step 需要"):
        quality.step(good)


def test_an_empty_frame_has_no_flags():
    got = quality.check(frame_of([]))
    assert got.is_empty()
    assert got.columns == [
        *("station", "property", "time", "period", "rule", "level"),
        *("value", "measure", "limit", "detail"),
    ]
    assert quality.grade(frame_of([])).is_empty()
