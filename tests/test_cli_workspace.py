"""``shanshui init``, ``backup``, ``restore`` and ``log``, as a person uses them."""

import json

import pytest

from shanshui.cli import main
from shanshui.platform.store import Workspace, models


def run(*arguments):
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return ended.value.code


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHANSHUI_WHO", "李四")
    assert run("init", "广州", "--region", "广州市") == 0
    monkeypatch.chdir(tmp_path / "广州")
    return tmp_path / "广州"


def change(place):
    workspace = Workspace.open(place)
    with workspace, workspace.ledger.write(who="李四", action="unit add") as session:
        session.add(models.Organization(name="水务局"))


def test_init_says_where_and_what_next(place, capsys):
    with Workspace.open(place) as workspace:
        assert (workspace.name, workspace.region) == ("广州", "440100")
    assert run("init", ".") == 1
    assert "已是工作区" in capsys.readouterr().err
    assert run("init", "elsewhere", "--region", "乌有市") == 1
    assert not (place / "elsewhere").exists()
    assert "乌有市" in capsys.readouterr().err


def test_a_lost_ledger_comes_back_from_its_backup(place, capsys):
    change(place)
    evidence = place / "evidence" / "ab" / "照片.jpg"
    evidence.parent.mkdir(parents=True)
    evidence.write_bytes(b"\xff\xd8")
    assert run("backup") == 0
    (backup,) = (place / "backups").iterdir()
    assert run("restore", backup) == 1
    assert "不能恢复到那里" in capsys.readouterr().err
    for file in [*place.glob("ledger.db*"), evidence]:
        file.unlink()
    assert run("log") == 1
    assert "shanshui restore" in capsys.readouterr().err
    assert run("restore", backup) == 0
    assert evidence.read_bytes() == b"\xff\xd8"
    capsys.readouterr()
    assert run("log", "--json", "--subject", "organizations") == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["who"], row["change"], row["after"]["name"]) == ("李四", "insert", "水务局")


def test_the_log_can_be_narrowed(place, capsys):
    change(place)
    capsys.readouterr()
    assert run("log", "--by", "nobody", "--json") == 0
    assert json.loads(capsys.readouterr().out) == []
    assert run("log", "--key", "1") == 0
    assert "水务局" in capsys.readouterr().out
