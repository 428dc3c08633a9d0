"""What the suite shares: the optional parts of the machine, Spark, the data beside the checkout."""

import os
import shutil
import sys
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent
IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}

settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if IN_CI else "local")


def pytest_collection_modifyitems(items):
    """Mark what needs Spark as slow. It stays in one file, so that one worker has the one JVM."""
    for item in items:
        if "spark" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


def _absent(what):
    """Skip on a person's machine; fail in CI, where everything must be there."""
    if IN_CI:
        pytest.fail(f"{what} is absent, and CI must run every test", pytrace=False)
    pytest.skip(f"{what} is absent")


@pytest.fixture(scope="session")
def require():
    """Give the path of a program, by the first name found: ``require("chromium", "chrome")``."""

    def find(*names):
        paths = (shutil.which(name) for name in names)
        return next((path for path in paths if path), None) or _absent(names[0])

    return find


@pytest.fixture(scope="session")
def spark(require, tmp_path_factory):
    """One small local Spark for the whole run."""
    require("java")
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master("local[2]")
        .appName("shanshui-tests")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.log.level", "ERROR")
        .config("spark.driver.memory", "2g")
        # The history of a whole suite's plans fills the heap, shown or not.
        .config("spark.sql.ui.retainedExecutions", "1")
        .config("spark.ui.retainedJobs", "1")
        .config("spark.ui.retainedStages", "1")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.session.timeZone", "Asia/Shanghai")
        .config("spark.sql.warehouse.dir", tmp_path_factory.mktemp("warehouse").as_uri())
        .getOrCreate()
    )
    yield session
    session.stop()


@pytest.fixture(scope="session")
def postgres():
    """Give the URL of a PostgreSQL server on which databases may be made and dropped."""
    url = os.environ.get("SHANSHUI_TEST_POSTGRES")
    return url or _absent("a PostgreSQL server (SHANSHUI_TEST_POSTGRES)")


@pytest.fixture(scope="session")
def blank(tmp_path_factory):
    """Make one workspace with the catalogue in it, to be copied for each test."""
    from shanshui.platform.store import Workspace

    folder = tmp_path_factory.mktemp("blank") / "workspace"
    Workspace.create(folder, name="青禾县", region="441802").close()
    return folder


@pytest.fixture(scope="session")
def blank_database(postgres, tmp_path_factory):
    """Make one such ledger on PostgreSQL, to be copied for each test."""
    from databases import database

    from shanshui.platform.store import Workspace

    with database(postgres) as url:
        folder = tmp_path_factory.mktemp("blank") / "workspace"
        Workspace.create(folder, name="青禾县", region="441802", ledger=url).close()
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def workspace(request, tmp_path, blank):
    """Give a fresh workspace, once with SQLite and once with PostgreSQL."""
    from databases import database

    from shanshui.platform.store import Workspace

    folder = tmp_path / "workspace"
    shutil.copytree(blank, folder)
    if request.param == "sqlite":
        with Workspace.open(folder) as opened:
            yield opened
        return
    template = request.getfixturevalue("blank_database")
    with database(request.getfixturevalue("postgres"), template) as url:
        (folder / "ledger.db").unlink()
        settings = folder / "shanshui.toml"
        settings.write_text(
            settings.read_text("utf-8").replace("sqlite:///ledger.db", url), "utf-8"
        )
        with Workspace.open(folder) as opened:
            yield opened


@pytest.fixture(scope="session")
def shared():
    """Give the folder of data sets kept beside the checkout (some may not be redistributed)."""
    folder = Path(os.environ.get("SHANSHUI_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"no data sets at {folder.name}/ beside the checkout (or SHANSHUI_SHARED)")
    return folder
