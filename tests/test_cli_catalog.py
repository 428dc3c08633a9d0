"""``shanshui catalog …``: what is listed, in which form, and what is said where nothing is."""

import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import Result
from typer.testing import CliRunner

from shanshui.cli import main
from shanshui.cli.app import app
from shanshui.platform import catalog


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["catalog", *words])


def listed(*words: str) -> list[dict[str, object]]:
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_all_indicators_are_listed_whole() -> None:
    rows = listed("indicators")
    assert rows == catalog.indicators().to_dicts()


def test_words_are_looked_for_in_names_other_names_and_codes() -> None:
    assert [row["code"] for row in listed("indicators", "细颗粒物")] == ["air.pm25.annual_mean"]
    assert {row["domain"] for row in listed("indicators", "water.")} == {"water"}
    # Every word counts, wherever it stands, in small letters or capitals.
    both = {row["code"] for row in listed("indicators", "SHARE", "优良")}
    assert both == {"air.days.good_share", "water.surface.good_share", "water.sea.good_share"}


def test_a_domain_and_what_no_word_holds_but_a_name_means() -> None:
    rows = listed("indicators", "--domain", "noise", "--domain", "soil")
    assert {row["domain"] for row in rows} == {"noise", "soil"}
    assert [row["name"] for row in listed("indicators", "单位地区生产总值能耗")] == ["单位GDP能耗"]
    assert listed("indicators", "森林覆盖率", "--domain", "air") == []


def test_regions_inside_another_and_members_of_a_group() -> None:
    inside = listed("regions", "--in", "清远市")
    assert [row["level"] for row in inside] == ["county"] * 8
    cities = listed("regions", "--in", "广东", "--level", "city")
    assert len(cities) == 21
    members = listed("regions", "--in", "京津冀及周边(2+36)")
    assert len(members) == 38
    assert [row["code"] for row in listed("regions", "南京鼓楼区")] == ["320106"]


def test_a_table_for_people_and_files() -> None:
    printed = run("indicators", "劣Ⅴ类水体比例").stdout
    assert "越低越好" in printed
    assert "water.surface.shares:bad_ratio" in printed
    assert "林业部门填报" in run("indicators", "森林覆盖率").stdout
    assert "清远市" in run("regions", "阳山县").stdout


@pytest.mark.parametrize("name", ["指标.csv", "指标.xlsx", "指标.jsonl"])
def test_files_hold_every_row(tmp_path: Path, name: str) -> None:
    target = tmp_path / name
    assert run("indicators", "--domain", "air", "-o", str(target)).exit_code == 0
    if name.endswith("csv"):
        rows = pl.read_csv(target)
    elif name.endswith("xlsx"):
        rows = pl.read_excel(target)
    else:
        rows = pl.read_ndjson(target)
    assert rows["code"].to_list() == catalog.indicators().filter(domain="air")["code"].to_list()


@pytest.mark.parametrize(
    ("words", "near"),
    [
        (["indicators", "森林复盖率"], "森林覆盖率"),
        (["regions", "阳山区"], "阳山县"),
        (["regions", "--in", "青远市"], "清远市"),
    ],
)
def test_what_is_not_there_is_said_with_what_is_near(words, near, capsys) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["catalog", *words])
    assert ended.value.code == 1
    assert near in capsys.readouterr().err


def test_a_wrong_domain_is_a_fault_of_the_command() -> None:
    assert run("indicators", "--domain", "moon").exit_code == 2
