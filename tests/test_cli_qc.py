"""``shanshui qc``: files and the lake of a workspace, flags kept beside values, the report."""

import datetime as dt
import json
import re
import subprocess

import polars as pl
import pytest
from typer.testing import CliRunner

from shanshui import quality
from shanshui.cli.app import app
from shanshui.platform.demo import samples
from shanshui.platform.report.qc_figures import band

START = dt.datetime(2026, 9, 1)


def call(*words, code=0):
    result = CliRunner().invoke(app, [str(w) for w in words])
    assert result.exit_code == code, result.output
    return result


def refused(*words):
    """What a command says that could not do its work."""
    return str(call(*words, code=1).exception)


@pytest.fixture(scope="module")
def hours():
    """Two months of three stations of Beijing, with faults that are known."""
    some = samples.beijing_hours().filter(
        pl.col("station").is_in(["Dongsi", "Tiantan", "Guanyuan", "Huairou"]),
        pl.col("time").is_between(dt.datetime(2014, 9, 1, 1), dt.datetime(2014, 11, 1)),
    )
    return some.with_columns(city=pl.lit("北京"))


@pytest.fixture
def file(hours, tmp_path):
    path = tmp_path / "小时.csv"
    hours.write_csv(path)
    return path


def test_flags_of_a_file(file, hours, tmp_path):
    out = tmp_path / "标记.csv"
    call("qc", "run", file, "-o", out, "-q")
    got = pl.read_csv(out, try_parse_dates=True)
    want = quality.check(hours, by=["city", "station"], period=3600, group="city")
    assert got.height == want.height > 100
    assert dict(got["rule"].value_counts().rows()) == dict(want["rule"].value_counts().rows())
    assert (
        got.select("station", "property", "time", "rule", "detail").rows()
        == want.select("station", "property", "time", "rule", "detail").rows()
    )


def test_forms_of_the_flags(file, tmp_path):
    rows = json.loads(call("qc", "run", file, "--test", "stuck", "--json", "-q").stdout)
    assert {row["rule"] for row in rows} == {"stuck"}
    assert all(" / " in row["detail"] for row in rows)
    book = tmp_path / "标记.xlsx"
    call("qc", "run", file, "--test", "stuck", "-o", book, "-q")
    assert pl.read_excel(book).height == len(rows)
    shown = call("qc", "run", file, "--test", "stuck", "-q").stdout
    assert "数值不变" in shown
    assert "连续" in shown


def test_rules_of_ones_own(file, tmp_path):
    rules = tmp_path / "规则.toml"
    rules.write_text("[[step]]\nperiods = [3600]\nsuspect = { pm25 = 1 }\n", encoding="utf-8")
    mine = json.loads(
        call("qc", "run", file, "--rules", rules, "--test", "step", "--json", "-q").stdout
    )
    usual = json.loads(call("qc", "run", file, "--test", "step", "--json", "-q").stdout)
    assert len(mine) > 10 * max(len(usual), 1)
    rules.write_text("[[step]]\nsuspct = 1\n", encoding="utf-8")
    assert "suspct" in refused("qc", "run", file, "--rules", rules)


def test_what_is_refused(file, tmp_path):
    call("qc", "run", file, "--test", "spikes", code=2)
    call("qc", "run", file, "--every", "often", code=2)
    call("qc", "report", file, "-o", tmp_path / "none" / "a.html", code=2)
    call("qc", "run", tmp_path / "none.csv", code=1)
    scheme = tmp_path / "方案.csv"
    scheme.write_text("站点,项目,周期,开始,结束\nDongsi,PM2.5,often,,\n", encoding="utf-8")
    words = ("qc", "report", file, "--scheme", scheme, "-o", tmp_path / "a.html")
    assert "第 2 行" in refused(*words)
    scheme.write_text("站点,项目\nDongsi,PM2.5\n", encoding="utf-8")
    assert "周期" in refused(*words)


def test_the_future_is_told_by_now(file):
    late = json.loads(
        call("qc", "run", file, "--now", "2014-10-31", "--test", "future", "--json", "-q").stdout
    )
    assert {row["time"][:10] for row in late} == {"2014-10-31", "2014-11-01"}
    assert {row["level"] for row in late} == {"fail"}


def test_water(tmp_path):
    file = tmp_path / "水.csv"
    rows = ["断面名称,采样时间,氨氮,总氮,总磷"]
    for step in range(1, 19):
        time = dt.datetime(2026, 3, 1) + dt.timedelta(hours=4 * step)
        rows.append(f"甲,{time:%Y-%m-%d %H:%M},{1.9 if step == 5 else 0.2},1.5,0.02L")
    file.write_text("\n".join(rows), encoding="utf-8")
    flags = json.loads(call("qc", "run", file, "--water", "--json", "-q").stdout)
    assert {(r["property"], r["rule"]) for r in flags} == {
        ("nh3n", "nh3n_above_tn"),
        ("nh3n", "stuck"),
        ("tn", "nh3n_above_tn"),
        ("tn", "stuck"),
        ("tp", "stuck"),
    }
    assert {r["period"] for r in flags} == {14400}
    assert {r["value"] for r in flags if r["property"] == "tp"} == {0.01}


# --- the report -------------------------------------------------------------------------------


def test_the_report(file, hours, tmp_path):
    page, table = tmp_path / "报告.html", tmp_path / "完整性.csv"
    scheme = tmp_path / "方案.csv"
    items = ("SO2", "NO2", "CO", "O3", "PM10", "PM2.5")
    lines = [
        f"{s},{i},1h,{'2014-09-16' if s == 'Huairou' else ''},"
        for s in ("Dongsi", "Tiantan", "Guanyuan", "Huairou")
        for i in items
    ]
    scheme.write_text("\n".join(["站点,项目,周期,开始,结束", *lines]), encoding="gb18030")
    call("qc", "report", file, "--scheme", scheme, "-o", page, "--table", table, "-q")
    counts = pl.read_csv(table, try_parse_dates=True)
    first = counts.filter(pl.col("station") == "Huairou", pl.col("period") == dt.date(2014, 9, 1))
    assert first["expected"].to_list() == [15 * 24] * 6
    text = page.read_text(encoding="utf-8")
    assert "<script" not in text
    assert not re.search(r'(?:src|href)="https?:', text)
    for word in ("应测", "实测", "有效", "获取率", "有效率", "数值不变", "Huairou", "convention"):
        assert word in text
    total = counts.select(pl.col("expected", "measured", "valid").sum()).row(0)
    by_item = re.findall(r'data-label="(应测|实测|有效)">([\d,]+)<', text)
    sums = {"应测": 0, "实测": 0, "有效": 0}
    for head, number in by_item[: 3 * len(items)]:
        sums[head] += int(number.replace(",", ""))
    assert tuple(sums.values()) == total
    assert (
        hours.select(i.lower().replace(".", "") for i in items).count().sum_horizontal().item()
        >= total[1]
    )


def test_a_report_of_nothing_wrong(tmp_path):
    file = tmp_path / "一站.csv"
    rows = ["站点,时间,PM2.5"]
    rows += [
        f"甲,{START + dt.timedelta(hours=h):%Y-%m-%d %H:%M},{30 + h % 7}" for h in range(1, 721)
    ]
    file.write_text("\n".join(rows), encoding="utf-8")
    page = tmp_path / "报告.html"
    call("qc", "report", file, "-o", page, "-q")
    text = page.read_text(encoding="utf-8")
    assert "没有标记" in text
    assert "未做周边站点比较" in text
    assert ">100.0<" in text


def test_bands():
    assert [band(r) for r in (100, 99, 98.99, 95, 90, 75, 50, 49.9, 0)] == [
        *("≥ 99", "≥ 99", "95–99", "95–99", "90–95", "75–90", "50–75", "< 50", "< 50")
    ]


def test_a_browser_shows_it_without_scrolling_sideways(file, tmp_path, require):
    browser = require("chromium", "chromium-browser", "google-chrome", "chrome")
    page = tmp_path / "报告.html"
    call("qc", "report", file, "-o", page, "-q")
    widths = (1280, 768, 390)
    wrapper = tmp_path / "measure.html"
    frames = "".join(
        f'<iframe src="{page.as_uri()}" style="width:{w}px;height:2000px"></iframe>' for w in widths
    )
    wrapper.write_text(
        f"<body>{frames}<pre id=said></pre><script>addEventListener('load', () => {{"
        "said.textContent = [...document.querySelectorAll('iframe')].map(f => {"
        "const d = f.contentDocument.documentElement;"
        "return d.scrollWidth - d.clientWidth}).join(' ')});</script>",
        encoding="utf-8",
    )
    done = subprocess.run(
        [
            browser,
            *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
            *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
            *("--disable-dev-shm-usage", "--allow-file-access-from-files"),
            "--virtual-time-budget=20000",
            f"--user-data-dir={tmp_path / 'profile'}",
            "--dump-dom",
            wrapper.as_uri(),
        ],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=True,
    )
    found = re.search(r'<pre id="said">([^<]*)</pre>', done.stdout)
    assert found
    assert found[1].split() == ["0", "0", "0"]


# --- a workspace ------------------------------------------------------------------------------


@pytest.fixture
def filled(workspace, hours):
    """A workspace with the hours in its lake, two stations in one city."""
    from shanshui.platform.store import models

    long = hours.unpivot(
        on=["so2", "no2", "co", "o3", "pm10", "pm25"],
        index=["station", "time"],
        variable_name="property",
        value_name="value",
    ).with_columns(
        period=pl.lit(3600, dtype=pl.Int32), flag=pl.lit(None, dtype=pl.String), source=pl.lit("t")
    )
    workspace.lake.store(long, source="t", transaction="t-1")
    with workspace.ledger.write(who="张三", reason="试", action="station add") as session:
        for code, start in (("Dongsi", None), ("Huairou", "2014-10-16")):
            session.add(models.Station(code=code, name=code, start=start))
    return workspace


def test_flags_are_kept_beside_the_values(filled, hours):
    before = filled.lake.observations().collect().sort("station", "property", "time")
    where = ["-w", filled.folder]
    call("qc", "run", *where, "--dry-run")
    assert filled.lake.flags().collect().is_empty()
    call("qc", "run", *where)
    kept = filled.lake.flags().collect()
    keys = ["station", "property", "time", "period", "rule"]
    want = quality.check(hours.drop("city"), period=3600).unique(keys)
    assert kept.filter(pl.col("level").is_not_null()).select(keys).sort(keys).rows() == (
        want.select(keys).sort(keys).rows()
    )
    again = call("qc", "run", *where)
    assert "new 0 " in again.output
    assert "changed 0" in again.output
    after = filled.lake.observations().collect().sort("station", "property", "time")
    assert before.drop("recorded_from", strict=False).equals(
        after.drop("recorded_from", strict=False)
    )


def test_a_flag_that_no_longer_holds_is_withdrawn(filled, tmp_path):
    where = ["-w", filled.folder]
    call("qc", "run", *where, "--test", "step", "--test", "stuck")
    standing = filled.lake.flags().collect().filter(pl.col("level").is_not_null())
    assert set(standing["rule"]) == {"step", "stuck"}
    rules = tmp_path / "规则.toml"
    rules.write_text("[[step]]\noff = true\n[[stuck]]\noff = true\n", encoding="utf-8")
    call("qc", "run", *where, "--test", "step", "--rules", rules)
    left = filled.lake.flags().collect().filter(pl.col("level").is_not_null())
    assert left.filter(pl.col("rule") == "step").is_empty()
    assert left.height == standing.filter(pl.col("rule") == "stuck").height


def test_a_span_is_tested_with_what_came_before(filled):
    where = ["-w", filled.folder]
    call("qc", "run", *where)
    whole = filled.lake.flags().collect().filter(pl.col("level").is_not_null())
    call("qc", "run", *where, "--start", "2014-10-01", "--end", "2014-10-11")
    after = filled.lake.flags().collect().filter(pl.col("level").is_not_null())
    keys = ["station", "property", "time", "rule", "level"]
    inside = pl.col("time").is_between(dt.datetime(2014, 9, 1), dt.datetime(2014, 10, 8))
    assert (
        whole.filter(inside)
        .select(keys)
        .sort(keys)
        .equals(after.filter(inside).select(keys).sort(keys))
    )


def test_the_report_of_a_workspace_follows_the_service_of_stations(filled, tmp_path):
    page, table = tmp_path / "a.html", tmp_path / "a.csv"
    call("qc", "report", "-w", filled.folder, "-o", page, "--table", table)
    counts = pl.read_csv(table, try_parse_dates=True)
    october = counts.filter(pl.col("period") == dt.date(2014, 10, 1), pl.col("property") == "pm25")
    due = dict(october.select("station", "expected").rows())
    assert due == {"Dongsi": 744, "Tiantan": 744, "Guanyuan": 744, "Huairou": 16 * 24}
    assert "工作区" in page.read_text(encoding="utf-8")


def test_an_empty_workspace_says_so(workspace):
    assert "shanshui ingest" in refused("qc", "run", "-w", workspace.folder)
