"""Build the packaged samples and catalogue tables from the folder of shared source data.

    python tools/samples.py ../shared           # write them into src/shanshui/platform
    python tools/samples.py ../shared --check   # compare only; exit 1 when one differs

Every change made to a source is made here and told in the README beside the file.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from shanshui.plan.regions import divisions

PLATFORM = Path(__file__).parents[1] / "src" / "shanshui" / "platform"
Table = pl.DataFrame

ITEMS = ["so2", "no2", "o3", "pm10", "pm25"]
PLANS = {"京津冀": "jjj", "长三角": "yrd", "粤港澳": "gba"}  # of regions.jsonl, by section prefix


def scaled(column: str, factor: int, dtype: Any) -> pl.Expr:
    """Store a decimal as an integer, exactly: the sources carry at most so many decimals."""
    return (pl.col(column).cast(pl.Float64) * factor).round(0).cast(dtype)


# --- hours -----------------------------------------------------------------------------------


def beijing(shared: Path) -> Iterator[tuple[str, Table]]:
    """Twelve Beijing stations, 2013-03 to 2015-12: six items, weather left out."""
    source = shared / "data/air_hourly_beijing_2013_2017"
    hours = pl.read_parquet(source / "hourly_201303_201512.parquet")
    yield (
        "hours.parquet",
        hours.select(
            "station",
            "time",
            *(scaled(item, 10_000, pl.Int32) for item in ITEMS),
            pl.col("co_ugm3").cast(pl.Int16),
        ).sort("station", "time"),
    )
    stations = pl.read_csv(source / "stations.csv")
    yield (
        "stations.csv",
        stations.select(
            "station",
            "name_zh",
            pl.lit("北京市").alias("city"),
            "code",
            "lon",
            "lat",
            # 定陵 is Beijing's reference site of the national network.
            (pl.col("name_zh") == "定陵").alias("reference"),
        ).sort("code"),
    )


def national(shared: Path) -> Iterator[tuple[str, Table]]:
    """Hours of the national network, spring 2020, with the published AQI."""
    source = shared / "data/air_hourly_national_2020"
    hours = pl.read_parquet(source / "hourly.parquet")
    yield (
        "hours.parquet",
        hours.select(
            "city",
            "station",
            "time",
            "aqi",
            pl.col("level"),
            pl.col("primary"),
            *ITEMS,
            "o3_8h",
            scaled("co", 1000, pl.Int32).alias("co_ugm3"),
        ).sort("city", "station", "time"),
    )
    yield (
        "stations.csv",
        pl.read_parquet(source / "stations.parquet")
        .select("city", "station", "code", "lon", "lat")
        .sort("city", "station"),
    )


# --- published values ------------------------------------------------------------------------

CITIES = re.compile(r"^(?:\d+/)?[“”]?(\d+(?:\+\d+)?)[“”]?个?(?:地级及以上)?城市")
ROSTER = re.compile(
    r"断面|站点|评价站|国控点|设区市|设区城市|地级市平均|^\d+市|县\(市|口径\(含|水源|^\d+区$"
    r"|^(国考|国家考核|\d+个考核)点位$"
)
FORMULA = re.compile(r"河长|面积|点位比例|月\d+日|累计|截至|年度降低|辆|新车销量|一次能源")
DERIVED = re.compile(r"推算|计算|回算|重算|推定")
BOUND = re.compile(r"“[^”]*(以上|左右)”")
PLAN = "清远市生态文明建设“十四五”规划"
TITLES = {  # where a collector's note stands for the title
    f"{PLAN}(基线值;gold/qingyuan.jsonl)": f"{PLAN}(基线值)",
    "facts/ecology.md §8.1(生态环境部公报、环境监测文献)": "生态环境部公报、环境监测文献(汇编)",
}


def parts(text: str) -> list[str]:
    """Split at semicolons that stand outside brackets."""
    return [p for p in re.split(r";(?![^(]*\))", text) if p]


def basis(text: str) -> dict[str, Any]:
    """Read the fields of a basis (口径) out of the collector's list."""
    rosters, formulas, state, dust, edition = [], [], None, None, "2012"
    for part in parts(text):
        cities = CITIES.match(part)
        if "过渡限值" in part:
            edition = "2026"
        elif part.startswith("由"):
            continue  # how the number was derived, kept in the column `basis`
        elif part.startswith(("标况", "实况")) or part == "颗粒物实况":
            state = "标况" if part.startswith("标况") else "实况"
        elif "扣沙" in part or "扣除沙尘" in part:
            dust = "扣沙"
        elif cities:
            rosters.append(f"{cities[1]}城市")
        elif FORMULA.search(part):
            formulas.append(part)
        elif ROSTER.search(part) and not part.startswith("月值"):
            rosters.append(part)
    return {
        "roster": "、".join(rosters) or None,
        "state": state,
        "dust": dust,
        "edition": edition,
        "formula": "、".join(formulas) or None,
        "derived": bool(DERIVED.search(text)),
        "bound": bool(BOUND.search(text)),
    }


AIR = re.compile(r"PM|SO2|NO2|CO日均|O3|空气|重污染|重度|综合指数")


def published(shared: Path) -> Iterator[tuple[str, Table]]:
    """Keep published values of confidence A or B, and read their basis into fields."""
    rows = []
    source = shared / "data/published_indicators/indicators.csv"
    with source.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["confidence"] == "C":
                continue
            fields = basis(row["basis"])
            if not AIR.search(row["indicator"]):
                fields["edition"] = None  # an edition of the air standards
            row["source_title"] = TITLES.get(row["source_title"], row["source_title"])
            rows.append(row | fields)
    order = [
        *("region", "adcode", "indicator", "period", "value", "unit"),
        *("roster", "state", "dust", "edition", "formula", "derived", "bound", "basis"),
        *("source_title", "publisher", "published", "confidence"),
    ]
    yield "published.csv", pl.DataFrame(rows, infer_schema_length=None).select(order)


# --- targets ---------------------------------------------------------------------------------


def targets(shared: Path) -> Iterator[tuple[str, Table]]:
    """Targets, counts and deferred values of five plans as facts, and baselines that serve them."""
    rows = []
    gold = shared / "plans/gold"
    for file in ("regions", "gz2035", "gz145", "qingyuan"):
        lines = (gold / f"{file}.jsonl").read_text(encoding="utf-8").splitlines()
        facts = [json.loads(line) for line in lines]
        wanted = {f["indicator"] for f in facts if f["kind"] in ("target", "count", "deferred")}
        for fact in facts:
            baseline = fact["kind"] == "baseline" and fact["indicator"] in wanted
            if fact["kind"] not in ("target", "count", "deferred") and not baseline:
                continue
            if baseline and fact["value"] is None:
                continue
            section, document = fact["section"], file
            if file == "regions":
                plan, section = section.split(" ", 1)
                document = PLANS[plan]
            # The plan's table counts the sections of national assessment.
            sections = "国考断面" if fact["id"] in ("qingyuan-106", "qingyuan-107") else None
            keep = "id kind indicator region year comparator value unit base_year stretch approx"
            rows.append(
                {key: fact[key] for key in keep.split()}
                | {"nature": fact["nature"], "document": document, "section": section}
                | {"basis": f"roster={sections}" if sections else None}
            )
    for row in rows:
        row["value"] = None if row["value"] is None else str(row["value"])
    order = [
        *("id", "document", "section", "kind", "indicator", "region", "year", "comparator"),
        *("value", "unit", "base_year", "stretch", "approx", "nature", "basis"),
    ]
    yield "targets.csv", pl.DataFrame(rows, infer_schema_length=None).select(order)


# --- points of regions -----------------------------------------------------------------------


def points(shared: Path) -> Iterator[tuple[str, Table]]:
    """Keep a point inside each region of the catalogue."""
    known = [region.code for region in divisions() if region.code]
    source = shared / "data/boundaries/adcodes.csv"
    rows = pl.read_csv(source, schema_overrides={"adcode": pl.String})
    # Cities without counties stand twice there, as a city and as a county; the point is one.
    yield (
        "points.csv",
        rows.select(code="adcode", longitude="rep_lon", latitude="rep_lat")
        .filter(pl.col("code").is_in(known))
        .unique("code", keep="first", maintain_order=True)
        .sort("code"),
    )


BUILDERS = {
    "demo/samples/beijing_2013_2015": beijing,
    "demo/samples/national_2020_spring": national,
    "catalog/published": published,
    "catalog/regions": points,
    "catalog/targets": targets,
}


def build(shared: Path) -> Iterator[tuple[Path, Table]]:
    """Give every packaged file with what it should hold."""
    for folder, builder in BUILDERS.items():
        for name, table in builder(shared):
            yield PLATFORM / folder / name, table


def write(path: Path, table: Table) -> None:
    """Write as small as it goes, and so that the same rows give the same file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        table.write_parquet(path, compression="zstd", compression_level=22, statistics=False)
    else:
        path.write_text(table.write_csv(), encoding="utf-8", newline="\n")


def same(path: Path, table: Table) -> bool:
    """Compare a packaged file with a rebuild, by content."""
    if not path.exists():
        return False
    if path.suffix == ".parquet":
        return pl.read_parquet(path).equals(table)
    return path.read_text(encoding="utf-8") == table.write_csv()


def say(what: str, path: Path) -> None:
    """Print one line about a file."""
    sys.stdout.write(f"{what}  {path.relative_to(PLATFORM)}\n")


def main() -> int:
    """Run from the command line."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("shared", type=Path, help="folder with data/ and plans/")
    arguments.add_argument("--check", action="store_true", help="compare, do not write")
    options = arguments.parse_args()
    stale = 0
    for path, table in build(options.shared):
        if options.check:
            good = same(path, table)
            stale += not good
            say("same   " if good else "DIFFERS", path)
        else:
            write(path, table)
            say(f"{path.stat().st_size:>9,} bytes, {table.height:>7,} rows", path)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
