"""Every set of observations beside the checkout loads with one command; its rows agree."""

import json
from pathlib import Path

import pytest

from shanshui.cli import main
from shanshui.platform.store import Workspace

MAPS = Path(__file__).resolve().parent.parent / "docs" / "ingest"
# File, options, rows by its README, values set aside.
SETS = [
    ("air_hourly_national_2020/hourly.parquet", (), 119_647, 0),
    ("air_hourly_beijing_2013_2017/hourly_201303_201512.parquet", (), 298_368, 0),
    (
        "air_hourly_pm25_five_cities/hourly_2010_2014.parquet",
        ("--map", str(MAPS / "five_cities.toml")),
        701_184,
        0,
    ),
    ("air_snapshot_national_2018/snapshot_20180220T07.parquet", (), 1_495, 0),
    ("air_daily_10cities_2022_2025/daily.parquet", (), 13_590, 0),
    ("air_daily_366cities_2013_2017/daily_201312_201512.parquet", (), 205_903, 0),
    ("air_daily_366cities_2013_2017/monthly_201312_201512.parquet", (), 7_264, 0),
    ("air_daily_capitals_2025_2026/daily_2025.parquet", (), 11_315, 0),
    ("water_auto_stations_2020_2021/national_4h_20210401_03.parquet", (), 24_141, 0),
    ("water_auto_stations_2020_2021/key100_daily_202005_202012.parquet", (), 22_834, 0),
    ("water_auto_stations_2020_2021/national_snapshot_20200508.parquet", (), 1_901, 2),
    ("hj212_packets/packets.jsonl", (), 41, 33),
    (
        "soil_cadmium_rice/soil_cd.csv",
        ("--map", str(MAPS / "soil_cadmium.toml"), "--time", "2025-03-06"),
        136,
        0,
    ),
    (
        "carbon_daily_provinces/daily_2019.parquet",
        ("--map", str(MAPS / "carbon_daily.toml")),
        10_950,
        0,
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "options", "rows", "aside"), SETS, ids=[s[0] for s in SETS])
def test_a_set_loads_with_one_command(shared, tmp_path, capsys, name, options, rows, aside):
    folder = tmp_path / "w"
    Workspace.create(folder).close()
    path = shared / "data" / name
    with pytest.raises(SystemExit) as stop:
        main(["ingest", str(path), "-w", str(folder), "--yes", "--json", *options])
    out = capsys.readouterr()
    assert not stop.value.code, out.err
    (told,) = json.loads(out.out)
    assert (told["rows"], told["set_aside"]) == (rows, aside)
    assert told["stored"] == told["read"] > 0
    with Workspace.open(folder) as workspace:
        assert workspace.lake.observations().collect().height == told["stored"]


def test_the_page_tells_the_rows_of_each():
    page = (MAPS / "index.md").read_text(encoding="utf-8")
    for name, _, rows, _ in SETS:
        line = next(one for one in page.splitlines() if f"`shanshui ingest {name}" in one)
        assert f"| {rows:,} |" in line
