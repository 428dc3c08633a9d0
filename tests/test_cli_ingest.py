"""``shanshui ingest`` and ``shanshui station`` as a person uses them."""

import json

import pytest

from shanshui.cli import main
from shanshui.platform.ingest.hj212 import packed
from shanshui.platform.store import Workspace

HEAD = "城市,点位,时间,PM2.5(μg/m3),CO(mg/m3)\n"
ROWS = "广州,麓湖,2026-03-01 01:00,23,0.6\n广州,麓湖,2026-03-01 02:00,24,0.7\n"


@pytest.fixture
def place(tmp_path, monkeypatch):
    folder = tmp_path / "工作区"
    Workspace.create(folder).close()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SHANSHUI_WHO", "张三")
    (folder / "三月.csv").write_text(HEAD + ROWS, encoding="utf-8")
    return folder


def run(capsys, *arguments):
    code = 0
    try:
        main(arguments)
    except SystemExit as stop:
        code = stop.code or 0
    told = capsys.readouterr()
    return code, told.out, told.err


def test_a_new_export_is_shown_and_needs_a_yes(place, capsys):
    code, _, err = run(capsys, "ingest", "三月.csv")
    assert code == 1
    assert "--yes" in err
    assert "PM2.5(μg/m3) → pm25 细颗粒物" in err
    assert not (place / "profiles").exists()


def test_next_month_loads_with_one_command(place, capsys):
    code, out, err = run(capsys, "ingest", "三月.csv", "--yes", "--profile", "国控小时")
    assert code == 0, err
    assert (place / "profiles" / "国控小时.toml").exists()
    assert "新存" in out
    assert "4" in out
    (place / "四月.csv").write_text(
        HEAD + ROWS.replace("2026-03", "2026-04") + "广州,麓湖,昨天,1,1\n", encoding="utf-8"
    )
    code, out, err = run(capsys, "ingest", "四月.csv", "--json")
    assert code == 0, err
    (told,) = json.loads(out)
    assert (told["profile"], told["rows"], told["stored"], told["set_aside"]) == (
        "国控小时",
        3,
        4,
        1,
    )
    assert "known by its header" in err
    assert (place / told["rejected_file"]).read_text(encoding="utf-8-sig").count("\n") == 2
    code, out, _ = run(capsys, "ingest", "四月.csv", "--json")
    (told,) = json.loads(out)
    assert (told["stored"], told["already"]) == (0, 4)


def test_a_dry_run_shows_sums_and_saves_nothing(place, capsys):
    code, out, err = run(capsys, "ingest", "三月.csv", "--dry-run")
    assert code == 0, err
    assert "pm25" in out
    assert "47" in out  # 23 + 24
    assert not (place / "profiles").exists()
    code, out, _ = run(capsys, "ingest", "三月.csv", "--yes", "--json")
    assert json.loads(out)[0]["stored"] == 4


def test_stamp_units_and_columns_by_hand(place, capsys):
    (place / "x.csv").write_text(
        "点,时刻x,PM2.5,碳\n甲,2026-03-01 01:00,0.03,600\n", encoding="utf-8"
    )
    (place / "x.toml").write_text(
        'station = "点"\nperiod = "hour"\n[time]\ntime = "时刻x"\n[columns]\n'
        '"碳" = { property = "co", unit = "ug/m3" }\n',
        encoding="utf-8",
    )
    code, out, err = run(
        capsys,
        *("ingest", "x.csv", "--map", "x.toml", "--as", "air", "--stamp", "start"),
        *("--units", "pm25=mg/m3", "--json"),
    )
    assert code == 0, err
    assert json.loads(out)[0]["stored"] == 2
    with Workspace.open(place) as workspace:
        rows = workspace.lake.observations().collect().sort("property")
    assert rows["value"].to_list() == [0.6, 30.0]
    assert str(rows["time"][0]) == "2026-03-01 02:00:00"


def test_several_files_one_of_them_bad(place, capsys):
    (place / "坏.csv").write_text("甲,乙\n1,2\n", encoding="utf-8")
    code, out, err = run(capsys, "ingest", "三月.csv", "坏.csv", "--yes")
    assert code == 1
    assert "已导入" in out
    assert "坏.csv" in err


def test_logs_of_packets_need_no_yes(place, capsys):
    good = packed("ST=21;CN=2061;MN=W1;CP=&&DataTime=20260301080000;w21003-Avg=0.2&&")
    (place / "a.log").write_bytes(good + good[:-8] + b"\r\n")
    code, out, err = run(capsys, "ingest", "a.log")
    assert code == 0, err
    assert "hj212" in err
    assert "搁置" in out


def test_profiles_with_one_header_are_to_be_chosen(place, capsys):
    run(capsys, "ingest", "三月.csv", "--yes", "--profile", "甲")
    profile = (place / "profiles" / "甲.toml").read_text(encoding="utf-8")
    (place / "profiles" / "乙.toml").write_text(profile, encoding="utf-8")
    code, _, err = run(capsys, "ingest", "三月.csv")
    assert code == 1
    assert "甲" in err
    assert "乙" in err
    assert "--profile" in err
    assert run(capsys, "ingest", "三月.csv", "--profile", "乙")[0] == 0


@pytest.mark.usefixtures("place")
def test_faults_of_the_command(capsys):
    assert run(capsys, "ingest", "none.csv")[0] == 1
    assert run(capsys, "ingest", "三月.csv", "--period", "week")[0] == 2
    assert run(capsys, "ingest", "三月.csv", "--as", "fire")[0] == 2
    assert run(capsys, "ingest")[0] == 2


def test_the_registry(place, capsys):
    (place / "点位.csv").write_text(
        "城市,点位名称,编码,经度,纬度\n广州市,麓湖,1347A,113.281,23.157\n广州市,坏,1348A,x,1\n",
        encoding="utf-8",
    )
    code, _, err = run(capsys, "station", "import", "点位.csv", "--control", "国控")
    assert code == 0, err
    assert "1 行未导入" in err
    run(capsys, "ingest", "三月.csv", "--yes")
    code, out, _ = run(capsys, "station", "list", "--json")
    found = {row["code"]: row for row in json.loads(out)}
    assert found["1347A"]["region_code"] == "440100"
    assert found["广州/麓湖"]["found"]
    code, out, _ = run(capsys, "station", "list", "--found", "--json")
    assert [row["code"] for row in json.loads(out)] == ["广州/麓湖"]
    code, out, _ = run(capsys, "station", "show", "广州/麓湖", "--json")
    (shown,) = json.loads(out)
    assert {one["property"] for one in shown["latest"]} == {"pm25", "co"}
    assert run(capsys, "station", "show", "nobody")[0] == 1


def test_a_registered_station_takes_data_under_the_name_of_files(place, capsys):
    (place / "点位.csv").write_text("城市,点位名称,编码\n广州,麓湖,1347A\n", encoding="utf-8")
    run(capsys, "station", "import", "点位.csv")
    code, out, err = run(capsys, "ingest", "三月.csv", "--yes", "--json")
    assert code == 0, err
    assert json.loads(out)[0]["found"] == []
    with Workspace.open(place) as workspace:
        assert workspace.lake.observations().collect()["station"].unique().to_list() == ["1347A"]
