"""Freezes: what is final never moves but by a correction, and what proves it."""

import re
import shutil
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from shanshui import air
from shanshui.platform.review import corrections, freeze, rosters
from shanshui.platform.review.freeze import NotReady
from shanshui.platform.store import Ledger, Workspace, backup, models
from shanshui.platform.store.lake import Lake
from shanshui.standards import Basis, ShanshuiError

MONTH = "2026-10"
TODAY = date(2026, 11, 20)
ITEMS = ("so2", "no2", "co", "o3", "pm10", "pm25")
TOLD = {"who": "张三", "domain": "air"}


def hours(stations=("A1", "A2", "A3"), first=datetime(2026, 10, 1, 1), last=datetime(2026, 11, 1)):
    """Return hours whose values tell station and hour."""
    times = pl.datetime_range(first, last, "1h", eager=True)
    return pl.concat(
        pl.DataFrame({"station": [code] * len(times), "time": times}).with_columns(
            ((pl.int_range(pl.len()) * 7 + 3 * n) % 40 + 5).cast(pl.Float64).alias(item)
            for item in ITEMS
        )
        for n, code in enumerate(stations)
    )


def listed(codes=("A1", "A2", "A3"), **columns):
    base = {"station": [f"点{code}" for code in codes], "code": list(codes)}
    return pl.DataFrame(base | {"city": ["青禾市"] * len(codes)} | columns)


def import_(workspace, frame, version="2026", start="2026-01-01", **more):
    told = {"who": "张三", "code": "guokong", "domain": "air", "purpose": "国控点位"} | more
    return rosters.load(workspace.ledger, frame, version=version, start=start, **told)


def filled(workspace):
    workspace.lake.store(hours(), source="小时值.csv")
    import_(workspace, listed(reference=["否", "否", "是"]))
    rosters.use(workspace.ledger, "guokong", who="张三")
    return workspace


@pytest.fixture
def ready(workspace):
    return filled(workspace)


def write(workspace):
    return workspace.ledger.write(who="李四", action="test")


def take(workspace, period=MONTH, **more):
    return freeze.take(workspace, period, **{**TOLD, "today": TODAY} | more)


def rows_of(workspace, row):
    columns = ["station", "property", "time", "period", "value", "flag", "source", "state"]
    return freeze.observations(workspace, row).select(columns).collect().sort(columns[:4])


def figures_of(workspace, row):
    with workspace.ledger.read() as session:
        return freeze.figures(session, row)


def one_value(value, *, station="A1", time=datetime(2026, 10, 5, 9), **more):
    base = {"station": station, "property": "pm25", "time": time, "period": 3600, "value": value}
    schema = {"station": pl.String, "property": pl.String, "time": pl.Datetime("us")}
    schema |= {"period": pl.Int32, "value": pl.Float64} | dict.fromkeys(more, pl.String)
    return pl.DataFrame([base | more], schema=schema)


def test_a_freeze_names_data_roster_and_edition(ready):
    row = take(ready)
    assert (row.number, row.current, row.edition, row.rows) == (1, True, "2026", 3 * 744 * 6)
    assert (row.start, row.end, row.lake_version) == ("2026-10-01", "2026-10-31", 1)
    assert (row.warnings, row.forced) == (None, None)
    basis = Basis.parse(row.basis)
    assert (basis.roster, basis.edition, basis.status) == ("guokong@2026", "2026", "定版")
    own = hours()["pm25"]
    assert row.properties["pm25"]["count"] == len(own)
    assert Decimal(row.properties["pm25"]["sum"]) == sum(Decimal(str(v)) for v in own)
    with ready.ledger.read() as session:
        trail = session.scalars(select(models.Audit).where(models.Audit.action == "freeze")).all()
        assert {one.subject for one in trail} == {"freezes", "frozen_figures"}
        assert {one.who for one in trail} == {"张三"}


def test_the_figures_are_what_the_methods_give(ready):
    row = take(ready)
    kept = figures_of(ready, row)
    days = air.daily(hours())
    sites = pl.DataFrame(
        {"station": ["A1", "A2", "A3"], "city": "青禾市", "reference": [False, False, True]}
    )
    city = air.statistics(air.area(days, sites), by="city", period="month").row(0, named=True)
    (line,) = [one for one in kept if one["kind"] == "city"]
    assert (line["place"], line["start"], line["end"]) == ("青禾市", "2026-10-01", "2026-10-31")
    for name, value in city.items():
        if name in {"city", "start", "end", "basis"}:
            continue
        said = line["figures"].get(name)
        if isinstance(value, float):
            assert float(said) == value, name
        else:
            assert said == (str(value) if type(value) is int else value), name
    assert "status=定版" in line["basis"]
    assert "roster=guokong@2026" in line["basis"]
    daily = [one for one in kept if one["kind"] == "city_daily"]
    assert [one["start"] for one in daily] == [f"2026-10-{day:02}" for day in range(1, 32)]
    assert len([one for one in kept if one["kind"] == "station"]) == 3


def test_a_period_is_frozen_once(ready):
    take(ready)
    with pytest.raises(ShanshuiError, match="is frozen already, by 张三"):
        take(ready)
    with ready.ledger.read() as session:
        twin = session.scalars(select(models.Freeze)).one().values() | {"id": 2, "number": 2}
    with pytest.raises(ShanshuiError, match="the ledger refuses"), write(ready) as session:
        session.add(models.Freeze(**twin))


def test_what_is_not_in_order_needs_a_reason(ready):
    import_(ready, listed(("A1", "A2", "A9")), "2026b", "2026-10-15")
    with ready.ledger.write(who="张三", action="test") as session:
        review = models.Review(
            domain="air", period=MONTH, start="2026-10-01T00:00:00", end="2026-11-01T00:00:00",
            stages=["first", "second"], distinct=True, share=Decimal(0), seed="x", opened_by="张三",
        )  # fmt: skip
        session.add(review)
        session.flush()
        held = {"review_id": review.id, "property": "pm25", "period": 3600, "why": [], "seen": []}
        held |= {"first": "2026-10-05T09:00:00", "last": "2026-10-05T11:00:00", "origin": "flagged"}
        session.add(models.ReviewItem(**held, station="A1", count=3, stage=1))
        session.add(models.ReviewItem(**held, station="A2", count=1, stage=2))
        session.add(models.ReviewItem(**held, station="B7", count=9, stage=0))
    with pytest.raises(NotReady) as fault:
        take(ready, today=date(2026, 10, 31))
    assert [zh for zh, _ in fault.value.problems] == [
        "2026-10-31 才结束",
        "3 个值未审完",
        "1 个点位没有数据：点A9（A9）",
    ]
    with pytest.raises(NotReady, match="--force"):
        take(ready, today=date(2026, 10, 31), force=" ")
    row = take(ready, today=date(2026, 10, 31), force="月报要用")
    assert row.forced == "月报要用"
    assert row.warnings[: len(fault.value.problems)] == [zh for zh, _ in fault.value.problems]


def test_gaps_are_named(ready):
    late = hours(("A4",), first=datetime(2026, 10, 20, 1))
    ready.lake.store(late, source="x")
    import_(ready, listed(("A1", "A4")), "2026b", "2026-10-01")
    row = take(ready)
    assert re.search(r"点A4.*细颗粒物.*有效天数不足", "；".join(row.warnings))
    assert row.forced is None


def test_what_cannot_be_frozen_is_told(ready):
    with pytest.raises(ShanshuiError, match="have no data in 2026-09"):
        take(ready, "2026-09")
    with pytest.raises(ShanshuiError, match="时段应如"):
        take(ready, "2026-13")
    with pytest.raises(ShanshuiError, match="no version"):
        take(ready, version="1999", roster="guokong")
    with pytest.raises(ShanshuiError, match="no single roster is in use for water"):
        take(ready, domain="water")
    with ready.ledger.read() as session:
        assert session.scalars(select(models.Freeze)).all() == []
        with pytest.raises(ShanshuiError, match="2026-10 is not frozen"):
            freeze.find(session, MONTH)


def test_later_data_move_nothing_and_diff_tells_what_would(ready):
    row = take(ready)
    before, figures = rows_of(ready, row), figures_of(ready, row)
    ready.lake.store(one_value(999.0), source="更正.csv", state="corrected")
    ready.lake.store(one_value(None, station="A2"), source="剔除", state="corrected")
    later = one_value(5.0, time=datetime(2026, 10, 5, 9, 30)).with_columns(
        pl.lit(1, pl.Int32).alias("period")
    )
    ready.lake.store(later, source="补录.csv")
    ready.lake.store(
        hours(first=datetime(2026, 11, 1, 1), last=datetime(2026, 11, 2)), source="十一月"
    )
    ready.lake.compact()
    ready.lake.vacuum(timedelta(0))
    assert rows_of(ready, row).equals(before)
    assert figures_of(ready, row) == figures
    assert freeze.verify(ready, row, recompute=True) == []
    found = corrections.diff(ready, MONTH, today=TODAY)
    assert found.counts == {"changed": 1, "added": 1, "withdrawn": 1, "restated": 0}
    changed = found.values.row(by_predicate=pl.col("change") == "changed", named=True)
    assert (changed["station"], changed["value_now"]) == ("A1", 999.0)
    assert changed["state_now"] == "corrected"
    total = found.by_property()
    assert total["property"].to_list() == ["pm25"]
    names = {(kind, place, name) for kind, place, _, name, _, _ in found.figures}
    assert ("city", "青禾市", "pm25") in names
    (of_city,) = [one for one in found.figures if one[0] == "city" and one[3] == "pm25"]
    assert float(of_city[4]) < float(of_city[5])
    assert ("station", "A3", "pm25") not in names


def test_nothing_later_is_nothing_to_correct(ready):
    take(ready)
    assert not corrections.diff(ready, MONTH, today=TODAY)
    with pytest.raises(ShanshuiError, match="nothing to correct"):
        corrections.correct(
            ready, MONTH, who="李四", document="〔2026〕1号", reason="x", today=TODAY
        )


def test_a_correction_makes_the_next_number_and_keeps_the_old(ready):
    first = take(ready)
    before, figures = rows_of(ready, first), figures_of(ready, first)
    ready.lake.store(one_value(999.0), source="更正.csv", state="corrected")
    told = {"who": "李四", "reason": "仪器校准", "today": TODAY}
    with pytest.raises(ShanshuiError, match="needs the number of its document"):
        corrections.correct(ready, MONTH, document=" ", **told)
    second, found = corrections.correct(ready, MONTH, document="〔2026〕12号", **told)
    assert (second.number, second.current, second.supersedes_id) == (2, True, first.id)
    assert found.counts["changed"] == 1
    assert rows_of(ready, first).equals(before)
    assert figures_of(ready, first) == figures
    assert figures_of(ready, second) != figures
    for row in (first, second):
        assert freeze.verify(ready, row, recompute=True) == []
    with ready.ledger.read() as session:
        listed = freeze.listing(session)
        assert [(r["number"], r["current"], r["document"]) for r in listed] == [
            (1, False, None),
            (2, True, "〔2026〕12号"),
        ]
        (one,) = corrections.listing(session)
        assert (one["document"], one["changed"], one["who"]) == ("〔2026〕12号", 1, "李四")
        assert one["figures"] == len(found.figures) > 0
        assert freeze.find(session, MONTH).number == 2
        assert freeze.find(session, MONTH, number=1).number == 1
        kept = session.scalars(select(models.Correction)).one().figures["changes"]
    assert [tuple(change) for change in kept] == found.figures
    ready.lake.store(one_value(1.0), source="再更正.csv", state="corrected")
    third, _ = corrections.correct(ready, MONTH, document="〔2026〕13号", **told)
    assert third.number == 3
    values = [
        rows_of(ready, row)
        .filter(station="A1", property="pm25", time=datetime(2026, 10, 5, 9))["value"]
        .item()
        for row in (first, second, third)
    ]
    assert values[1:] == [999.0, 1.0]


def test_a_correction_may_change_the_roster(ready):
    take(ready)
    import_(ready, listed(("A1", "A3")), "2026b", "2026-10-01")
    row, found = corrections.correct(
        ready,
        MONTH,
        who="李四",
        document="〔2026〕14号",
        reason="名单调整",
        version="2026b",
        today=TODAY,
    )
    assert found.counts["withdrawn"] == 744 * 6  # A2 is not listed any more
    assert Basis.parse(row.basis).roster == "guokong@2026b"
    with pytest.raises(ShanshuiError, match="the freeze of 2026-10 stands on version"):
        import_(ready, listed(("A1",)), "2026b", "2026-10-01", replace=True)


def test_two_who_correct_at_once_do_not_overwrite_each_other(ready, monkeypatch):
    take(ready)
    ready.lake.store(one_value(999.0), source="更正.csv", state="corrected")
    told = {"reason": "校准", "today": TODAY}
    real = corrections.diff

    def meanwhile(workspace, *arguments, **more):
        found = real(workspace, *arguments, **more)
        monkeypatch.setattr(corrections, "diff", real)
        corrections.correct(workspace, MONTH, who="李四", document="〔2026〕1号", **told)
        return found

    monkeypatch.setattr(corrections, "diff", meanwhile)
    with pytest.raises(ShanshuiError, match="has just been corrected by another"):
        corrections.correct(ready, MONTH, who="王五", document="〔2026〕2号", **told)
    with ready.ledger.read() as session:
        assert [r["document"] for r in freeze.listing(session)] == [None, "〔2026〕1号"]


def test_verify_finds_what_reads_otherwise(ready):
    row = take(ready)
    with ready.ledger.write(who="张三", action="test") as session:
        line = session.scalars(
            select(models.FrozenFigure).where(models.FrozenFigure.kind == "city")
        ).one()
        line.figures = line.figures | {"pm25": "1.0"}
    assert [fault.what for fault in freeze.verify(ready, row)] == ["结果 figures"]
    again = freeze.verify(ready, row, recompute=True)
    assert any(fault.what.endswith("pm25") and fault.frozen == "1.0" for fault in again)
    shutil.rmtree(ready.folder / "lake")
    with Workspace.open(ready.folder) as opened:
        opened.lake.store(hours().with_columns(pm25=pl.col("pm25") + 1), source="另一份")
        faults = {fault.what for fault in freeze.verify(opened, row)}
    assert {"行数 rows", "pm25", "摘要 digest"} <= faults


def test_a_freeze_survives_backup_and_restore(ready, tmp_path):
    row = take(ready)
    before, figures = rows_of(ready, row), figures_of(ready, row)
    ready.lake.store(one_value(999.0), source="更正.csv", state="corrected")
    ready.lake.compact()
    path = backup.dump(ready.ledger, tmp_path / "backups")
    ready.lake.backup(tmp_path / "lake-backup")
    folder = tmp_path / "again"
    Workspace.create(folder).close()
    (folder / "ledger.db").unlink()
    restored = Ledger(f"sqlite:///{folder / 'ledger.db'}")
    backup.restore(path, restored)
    restored.close()
    Lake.restore(tmp_path / "lake-backup", folder / "lake")
    with Workspace.open(folder) as opened:
        with opened.ledger.read() as session:
            found = freeze.find(session, MONTH)
            session.expunge(found)
        assert rows_of(opened, found).equals(before)
        assert figures_of(opened, found) == figures
        assert freeze.verify(opened, found, recompute=True) == []


def test_quarters_and_years_are_frozen_too(workspace):
    workspace.lake.store(
        hours(first=datetime(2025, 1, 1, 1), last=datetime(2026, 1, 1)), source="x"
    )
    import_(workspace, listed(), "2020", "2020-01-01")
    for period, days, edition in (("2025-Q3", 92, "2012"), ("2025", 365, "2012")):
        row = take(workspace, period, roster="guokong")
        assert (row.rows, row.edition) == (3 * days * 24 * 6, edition)
        (line,) = [one for one in figures_of(workspace, row) if one["kind"] == "city"]
        assert line["figures"]["valid_days"] == str(days)
    row = take(workspace, "2025-10", roster="guokong", edition="2026")
    assert row.edition == "2026"


def test_days_are_frozen_where_there_are_no_hours(workspace):
    days = air.daily(hours())
    long = days.unpivot(
        ["so2", "no2", "co", "o3_8h", "pm10", "pm25"], index=["station", "date"],
        variable_name="property",
    ).select(
        "station", "property", pl.lit(86400, pl.Int32).alias("period"), "value",
        time=pl.col("date").cast(pl.Datetime("us")) + timedelta(days=1),
    )  # fmt: skip
    workspace.lake.store(long, source="日值.csv")
    import_(workspace, listed())
    row = take(workspace, roster="guokong")
    assert row.rows == 3 * 31 * 6
    (line,) = [one for one in figures_of(workspace, row) if one["kind"] == "city"]
    assert line["figures"]["valid_days"] == "31"
    sites = pl.DataFrame({"station": ["A1", "A2", "A3"], "city": "青禾市"})
    city = air.statistics(air.area(days, sites), by="city")
    assert float(line["figures"]["composite"]) == city["composite"].item()


# ------------------------------------------------------------------------------------------ water


def water_rows():
    """Return samples of two sections: by hand, of a day, one result below its limit."""
    days = [datetime(2026, 10, 1), datetime(2026, 10, 11), datetime(2026, 11, 1)]
    values = {
        ("W1", "codmn"): (3.1, 3.5, 9.9),
        ("W1", "nh3n"): (0.2, 0.4, 9.9),
        ("W1", "cu"): (0.005, 0.02, 9.9),
        ("W2", "codmn"): (7.0, 8.0, 9.9),
        ("W2", "tp"): (0.31, 0.35, 9.9),
    }
    rows = [
        {
            "station": station,
            "property": item,
            "time": day + timedelta(days=1),
            "period": 86400,
            "value": value,
            "flag": "L" if value == 0.005 else None,
        }
        for (station, item), three in values.items()
        for day, value in zip(days, three, strict=True)
    ]
    schema = {"station": pl.String, "property": pl.String, "time": pl.Datetime("us")}
    schema |= {"period": pl.Int32, "value": pl.Float64, "flag": pl.String}
    return pl.DataFrame(rows, schema=schema)


def test_sections_of_water_are_frozen_by_class(workspace):
    workspace.lake.store(water_rows(), source="手工监测.xlsx")
    frame = pl.DataFrame(
        {
            "station": ["石角", "某桥"],
            "code": ["W1", "W2"],
            "kind": "河流",
            "city": "青禾市",
            "target_2026": ["Ⅱ", "Ⅲ"],
        }
    )
    told = {"code": "guokao", "domain": "water", "purpose": "国考断面"}
    import_(workspace, frame, **told)
    row = take(workspace, domain="water", roster="guokao")
    assert row.rows == 10  # the sample of 1 November ends a day of November
    lines = {
        one["place"]: one["figures"]
        for one in figures_of(workspace, row)
        if one["kind"] == "section"
    }
    assert (lines["W1"]["codmn"], lines["W1"]["nh3n"]) == ("3.3", "0.3")
    # (0.01 / 2 + 0.02) / 2, half to even: half of the limit, and said to be below it
    assert (lines["W1"]["cu"], lines["W1"]["below_cu"]) == ("0.012", "1")
    assert (lines["W1"]["class_name"], lines["W1"]["attains"]) == ("Ⅱ", True)
    assert (lines["W2"]["class_name"], lines["W2"]["attains"]) == ("Ⅴ", False)
    (shares,) = [one for one in figures_of(workspace, row) if one["kind"] == "shares"]
    assert shares["figures"]["good_ratio"] == "50.0"
    assert freeze.verify(workspace, row, recompute=True) == []


# --------------------------------------------------------------- whatever comes after, it is final

FEW = pl.datetime_range(datetime(2026, 10, 1, 1), datetime(2026, 10, 3), "1h", eager=True)
VALUE = st.one_of(st.none(), st.floats(0, 900, width=32), st.sampled_from([0.0, 35.0]))
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["A1", "A2", "A9"]),
        st.sampled_from(["pm25", "o3"]),
        st.integers(0, len(FEW) + 5),
        VALUE,
        st.sampled_from([None, "H", "BB"]),
    ),
    min_size=1,
    max_size=12,
)
STEP = st.one_of(
    st.tuples(st.just("store"), ROWS, st.sampled_from(["raw", "reviewed", "corrected"])),
    st.tuples(st.just("again")),
    st.tuples(st.just("flag"), st.integers(0, len(FEW) - 1)),
    st.tuples(st.just("compact")),
    st.tuples(st.just("vacuum")),
    st.tuples(st.just("roster")),
    st.tuples(st.just("correct")),
)


def frame_of(rows, state):
    return pl.DataFrame(
        {
            "station": [one[0] for one in rows],
            "property": [one[1] for one in rows],
            "time": [datetime(2026, 10, 1, 1) + timedelta(hours=one[2]) for one in rows],
            "period": [3600] * len(rows),
            "value": [one[3] for one in rows],
            "flag": [one[4] for one in rows],
            "state": [state] * len(rows),
        },
        schema={
            "station": pl.String, "property": pl.String, "time": pl.Datetime("us"),
            "period": pl.Int32, "value": pl.Float64, "flag": pl.String, "state": pl.String,
        },
    )  # fmt: skip


def apply(workspace, step, number):
    match step:
        case ("store", rows, state):
            workspace.lake.store(frame_of(rows, state), source=f"第{number}批")
        case ("again",):
            workspace.lake.store(hours(("A1", "A2"), last=FEW[-1]), source="重发")
        case ("flag", at):
            flag = {"station": ["A1"], "property": ["pm25"], "time": [FEW[at]], "period": [3600]}
            flag |= {"rule": ["spike"], "level": ["suspect"], "detail": [""]}
            workspace.lake.flag(pl.DataFrame(flag).with_columns(pl.col("period").cast(pl.Int32)))
        case ("compact",):
            workspace.lake.compact()
        case ("vacuum",):
            workspace.lake.vacuum(timedelta(0))
        case ("roster",):
            codes = ("A1", "A2", f"N{number}")
            day = date(2026, 10, 1) + timedelta(days=number + 1)
            import_(workspace, listed(codes), f"v{number}", day.isoformat())
        case ("correct",):
            told = {"document": f"〔2026〕{number}号", "reason": "x", "force": "x", "today": TODAY}
            if corrections.diff(workspace, MONTH, today=TODAY):
                corrections.correct(workspace, MONTH, who="李四", **told)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, min_size=1, max_size=7))
def test_whatever_comes_after_a_freeze_its_values_and_figures_stay(blank, steps):
    with TemporaryDirectory() as folder:
        shutil.copytree(blank, f"{folder}/w")
        with Workspace.open(f"{folder}/w") as workspace:
            workspace.lake.store(hours(("A1", "A2"), last=FEW[-1]), source="小时值.csv")
            import_(workspace, listed(("A1", "A2")))
            first = take(workspace, roster="guokong", force="只有两天")
            final = {1: (first, rows_of(workspace, first), figures_of(workspace, first))}
            for number, step in enumerate(steps, start=1):
                apply(workspace, step, number)
                with workspace.ledger.read() as session:
                    newest = freeze.find(session, MONTH)
                    session.expunge(newest)
                if newest.number not in final:
                    said = rows_of(workspace, newest), figures_of(workspace, newest)
                    final[newest.number] = (newest, *said)
            for row, values, figures in final.values():
                assert rows_of(workspace, row).equals(values)
                assert figures_of(workspace, row) == figures
                assert freeze.verify(workspace, row) == []
            assert freeze.verify(workspace, first, recompute=True) == []


def test_the_digest_tells_every_bit(ready):
    """Another value, flag, state or key is another digest; where the files lie is not."""
    from shanshui.platform.review.frozen_rows import Asked, checksum

    start, end = datetime(2026, 10, 1), datetime(2026, 11, 1)

    def digest(properties=("pm25",), station="A1"):
        return checksum(
            ready.lake, Asked((station,), properties, start, end, datetime.now(UTC))
        ).digest

    seen = [digest()]
    ready.lake.compact()
    assert digest() == seen[0]
    near = 5.000000000000001
    for change in (
        one_value(near),
        one_value(near, flag="H"),
        one_value(near, flag="H", state="reviewed"),
        one_value(-0.0, flag="H", state="reviewed"),
        one_value(0.0, flag="H", state="reviewed"),
    ):
        ready.lake.store(change, source="x")
        seen.append(digest())
    assert len(set(seen)) >= len(seen) - 1  # the lake holds 0.0 and -0.0 for the same
    assert digest(station="A2") not in seen


def test_the_ledger_holds_one_freeze_in_force(ready):
    take(ready)
    with ready.ledger.read() as session:
        rows = session.execute(text("SELECT count(*) FROM freezes WHERE current")).scalar()
    assert rows == 1
