"""The workspace and its ledger: made, opened, migrated, shared, backed up."""

import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from databases import database
from sqlalchemy import select, text

from shanshui.platform.store import Conflict, Ledger, Workspace, backup, models, upgrade
from shanshui.standards import ShanshuiError


def write(workspace, action="test", **more):
    return workspace.ledger.write(who="张三", action=action, **more)


def trail(workspace, subject):
    with workspace.ledger.read() as session:
        rows = session.scalars(
            select(models.Audit).where(models.Audit.subject == subject).order_by(models.Audit.id)
        )
        return [(row.change, row.before, row.after) for row in rows]


def target(**more):
    given = {"indicator_code": "x", "region_code": "440100", "year": 2026, "comparator": "<="}
    return models.AnnualTarget(**given | more)


def test_a_workspace_is_made_once_and_opened_from_below(tmp_path, monkeypatch):
    with Workspace.create(tmp_path / "w", name='青禾 "县"', region="441802"):
        pass
    with pytest.raises(ShanshuiError, match="已是工作区"):
        Workspace.create(tmp_path / "w")
    below = tmp_path / "w" / "deep" / "er"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    with Workspace.open() as found:
        assert (found.folder, found.name) == (tmp_path / "w", '青禾 "县"')
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ShanshuiError, match="都不是工作区"):
        Workspace.open()
    monkeypatch.setenv("SHANSHUI_WORKSPACE", str(tmp_path / "w"))
    Workspace.open().close()


def test_a_folder_of_a_newer_program_is_left_alone(tmp_path):
    Workspace.create(tmp_path / "w").close()
    settings = tmp_path / "w" / "shanshui.toml"
    text = settings.read_text("utf-8")
    settings.write_text(text.replace("format = 1", "format = 99"), "utf-8")
    with pytest.raises(ShanshuiError, match="a newer Shanshui made this workspace"):
        Workspace.open(tmp_path / "w")
    settings.write_text("format = ", "utf-8")
    with pytest.raises(ShanshuiError, match="读不懂"):
        Workspace.open(tmp_path / "w")


def test_a_ledger_of_a_newer_program_is_left_alone(workspace):
    with write(workspace) as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ShanshuiError, match="a newer Shanshui wrote this ledger"):
        Workspace.open(workspace.folder)


def test_a_ledger_that_is_gone_is_not_made_anew(tmp_path):
    Workspace.create(tmp_path / "w").close()
    (tmp_path / "w" / "ledger.db").unlink()
    with pytest.raises(ShanshuiError, match="the ledger is gone"):
        Workspace.open(tmp_path / "w")
    assert not (tmp_path / "w" / "ledger.db").exists()


def test_a_strange_database_is_refused(tmp_path, postgres):
    with database(postgres) as url:
        strange = Ledger(url)
        with strange.engine.begin() as connection:
            connection.execute(text("CREATE TABLE cats (name text)"))
        with pytest.raises(ShanshuiError, match="is not a ledger of Shanshui"):
            Workspace.create(tmp_path / "w", ledger=url)
        strange.close()
    assert not (tmp_path / "w" / "shanshui.toml").exists()
    with pytest.raises(ShanshuiError, match="a ledger is SQLite or PostgreSQL"):
        Workspace.create(tmp_path / "w", ledger="mysql://root@localhost/x")


def test_each_change_is_in_the_trail(workspace):
    with write(workspace, "unit add") as session:
        session.add(models.Organization(name="青禾县水务局"))
    with write(workspace, "unit rename", reason="机构改革") as session:
        session.scalars(select(models.Organization)).one().name = "青禾县水利局"
    with write(workspace) as session:
        session.delete(session.scalars(select(models.Organization)).one())
    changes = trail(workspace, "organizations")
    assert [change for change, _, _ in changes] == ["insert", "update", "delete"]
    assert changes[1][1:] == ({"name": "青禾县水务局"}, {"name": "青禾县水利局"})
    assert changes[2][1]["name"] == "青禾县水利局"
    with workspace.ledger.read() as session:
        row = session.scalars(select(models.Audit).where(models.Audit.change == "update")).one()
        assert (row.who, row.action, row.reason) == ("张三", "unit rename", "机构改革")
        assert abs((datetime.now(UTC) - row.at).total_seconds()) < 600


def test_numbers_keep_their_digits(workspace):
    with write(workspace) as session:
        session.add(models.Indicator(code="x", name="某值"))
        session.merge(models.Region(code="440100", name="广州市", level="city"))
        session.flush()
        session.add(target(value=Decimal("20.0")))
    with workspace.ledger.read() as session:
        assert str(session.scalars(select(models.AnnualTarget.value)).one()) == "20.0"
    with write(workspace) as session:
        session.scalars(select(models.AnnualTarget)).one().value = Decimal(20)
    assert trail(workspace, "annual_targets")[-1] == ("update", {"value": "20.0"}, {"value": "20"})
    with pytest.raises(ShanshuiError, match="应为数"), write(workspace) as session:
        session.scalars(select(models.AnnualTarget)).one().value = "二十"


def test_an_error_undoes_all(workspace):
    def fail():
        with write(workspace) as session:
            session.add(models.Organization(name="青禾县水务局"))
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert trail(workspace, "organizations") == []
    with pytest.raises(ShanshuiError, match="the ledger refuses"), write(workspace) as session:
        session.add(target(value=1, region_code="nowhere"))
    with pytest.raises(ShanshuiError, match="say who"), workspace.ledger.write(who=" ", action="x"):
        pass


def test_a_stale_write_is_refused(workspace):
    with write(workspace) as session:
        session.add(models.Organization(name="青禾县水务局"))
    other = Workspace.open(workspace.folder)
    with workspace.ledger.read() as session:
        mine = session.scalars(select(models.Organization)).one()
        session.expunge(mine)
    with write(other) as session:
        session.scalars(select(models.Organization)).one().name = "甲"
    mine.name = "乙"
    with pytest.raises(Conflict, match="别人刚改过同一行"), write(workspace) as session:
        session.add(mine)
    other.close()
    with workspace.ledger.read() as session:
        assert session.scalars(select(models.Organization.name)).all() == ["甲"]


def test_writers_at_once_lose_nothing(workspace):
    """Four threads each add rows and raise one shared counter, with their own connections."""
    with write(workspace) as session:
        session.add(models.Organization(name="计数", note="0"))
    faults = []

    def work(number):
        mine = Workspace.open(workspace.folder)
        try:
            for turn in range(10):
                with write(mine) as session:
                    session.add(models.Organization(name=f"{number}-{turn}"))
                while True:
                    try:
                        with write(mine) as session:
                            row = session.scalars(
                                select(models.Organization).where(
                                    models.Organization.name == "计数"
                                )
                            ).one()
                            row.note = str(int(row.note) + 1)
                        break
                    except Conflict:
                        continue
        except Exception as fault:
            faults.append(fault)
        finally:
            mine.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    with workspace.ledger.read() as session:
        rows = dict(
            session.execute(select(models.Organization.name, models.Organization.note)).all()
        )
    assert (len(rows), rows["计数"]) == (41, "40")
    assert len(trail(workspace, "organizations")) == 1 + 80


def older(workspace, revision="0001"):
    """Make the ledger one of an older version, by its first steps only, with rows in it."""
    with upgrade.alone(workspace.ledger) as connection:
        if workspace.ledger.sqlite:
            for name in (
                connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'"))
                .scalars()
                .all()
            ):
                connection.execute(text(f'DROP TABLE "{name}"'))
        else:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        upgrade.steps(connection, revision)
        connection.execute(
            text("INSERT INTO organizations (name, active, version) VALUES ('旧', true, 1)")
        )


def test_an_older_ledger_is_migrated_after_a_backup(workspace):
    if upgrade.head() == "0001":
        pytest.skip("there is no older version yet")
    older(workspace)
    with Workspace.open(workspace.folder) as opened:
        assert opened.migrated == f"0001 → {upgrade.head()}"
        assert backup.examine(opened.backed_up)["rows"]["organizations"] == 1
        with opened.ledger.read() as session:
            assert session.scalars(select(models.Organization.name)).all() == ["旧"]
            assert session.scalars(select(models.Region.code)).first()
    with Workspace.open(workspace.folder) as again:
        assert again.migrated is None


KILLED = """
import sys
from sqlalchemy import event
from shanshui.platform.store import Workspace, ledger
from alembic.runtime import migration
old = ledger.Ledger.__init__
def new(self, url):
    old(self, url)
    @event.listens_for(self.engine, "after_cursor_execute")
    def slow(*_):
        import time; time.sleep({pause}); print(".", flush=True)
ledger.Ledger.__init__ = new
Workspace.open(sys.argv[1]).close()
"""


@pytest.mark.parametrize("turn", range(3))
def test_a_kill_during_a_migration_leaves_a_workspace_that_opens(workspace, turn):
    if upgrade.head() == "0001":
        pytest.skip("there is no older version yet")
    older(workspace)
    workspace.close()
    script = KILLED.format(pause=0.005)
    with subprocess.Popen(
        [sys.executable, "-c", script, str(workspace.folder)], stdout=subprocess.PIPE
    ) as process:
        # Somewhere between the first statements and the last ones.
        for _ in range(20 + 25 * turn):
            if not process.stdout.readline():
                break
        process.send_signal(signal.SIGKILL)
    with Workspace.open(workspace.folder) as opened, opened.ledger.read() as session:
        assert upgrade.revision(opened.ledger) == upgrade.head()
        assert session.scalars(select(models.Organization.name)).all() == ["旧"]


def test_two_programs_that_open_an_older_workspace_migrate_it_once(workspace):
    if upgrade.head() == "0001":
        pytest.skip("there is no older version yet")
    older(workspace)
    workspace.close()
    script = (
        "import sys; from shanshui.platform.store import Workspace; "
        "print(Workspace.open(sys.argv[1]).migrated)"
    )
    both = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(workspace.folder)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    said = [process.communicate()[0].strip() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert said.count("None") == 1


def test_a_backup_goes_to_either_database(workspace, tmp_path, postgres):
    with write(workspace) as session:
        session.add(models.Organization(name="青禾县水务局"))
        session.add(
            models.Document(
                code="p",
                title="计划",
                kind="plan",
                sha256="0" * 64,
                text="全文",
                content=b"\x00\xff",
            )
        )
    path = backup.dump(workspace.ledger, tmp_path)

    def everything(ledger):
        with ledger.read() as session:
            return {
                table.name: sorted(map(repr, session.execute(select(table)).all()))
                for table in models.Base.metadata.sorted_tables
            }

    before = everything(workspace.ledger)
    with database(postgres) as url:
        for place in (f"sqlite:///{tmp_path / 'restored.db'}", url):
            restored = Ledger(place)
            counts = backup.restore(path, restored)
            assert counts["documents"] == 1
            assert everything(restored) == before
            with restored.write(who="张三", action="test") as session:
                session.add(models.Organization(name="后来"))
            with pytest.raises(ShanshuiError, match="is not empty"):
                backup.restore(path, restored)
            restored.close()


def test_a_damaged_backup_is_told(workspace, tmp_path):
    path = backup.dump(workspace.ledger, tmp_path)
    data = path.read_bytes()
    (tmp_path / "half.zip").write_bytes(data[: len(data) // 2])
    (tmp_path / "bits.zip").write_bytes(data[:200] + bytes(40) + data[240:])
    for name in ("half.zip", "bits.zip"):
        restored = Ledger(f"sqlite:///{tmp_path / 'restored.db'}")
        with pytest.raises(ShanshuiError, match=r"damaged|no backup"):
            backup.restore(tmp_path / name, restored)
        assert not (tmp_path / "restored.db").exists()


def test_moments_are_aware(workspace):
    with pytest.raises(ShanshuiError, match="缺时区"), write(workspace) as session:
        session.add(models.Progress(item="a", period="2026-10", reported_at=datetime(2026, 10, 1)))
