"""The workspace: a folder with its settings, the ledger and the lake."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from filelock import FileLock, Timeout
from sqlalchemy.engine import make_url

from shanshui.platform.files import write_whole
from shanshui.platform.store import backup
from shanshui.platform.store.ledger import Ledger
from shanshui.platform.store.models import now
from shanshui.platform.store.upgrade import head, pending, revision, upgrade
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from shanshui.platform.store.lake import Lake

FORMAT = 1
"""The form of the folder that this program writes."""
SETTINGS = "shanshui.toml"
_WAIT = 120  # seconds to wait for another program that opens the same folder


@dataclass
class Workspace:
    """A folder that holds the work of one bureau.

    Attributes
    ----------
    folder : pathlib.Path
        Where it is; ``profiles/``, ``rejected/`` and ``backups/`` are beside the settings.
    name, region : str or None
        What it is called, and the code of its region.
    ledger : Ledger
        Plans, places, people, work.
    migrated : str or None
        The revision that opening brought up to date, else None.
    backed_up : pathlib.Path or None
        The backup that was made before.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     with Workspace.create(folder, name="青禾县", region="440106") as made:
    ...         pass
    ...     with Workspace.open(folder) as workspace:
    ...         workspace.name, workspace.region
    ('青禾县', '440106')
    """

    folder: Path
    ledger: Ledger
    name: str | None = None
    region: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    migrated: str | None = None
    backed_up: Path | None = None

    @classmethod
    def create(
        cls,
        folder: str | Path,
        *,
        name: str | None = None,
        region: str | None = None,
        ledger: str | None = None,
        lake: str | None = None,
    ) -> Workspace:
        """Make a workspace.

        Parameters
        ----------
        folder : str or path
            A new or existing folder without a workspace.
        name : str, optional
            What to call it; by default the name of the folder.
        region : str, optional
            Code of its region, e.g. ``440100``.
        ledger : str, optional
            URL of an empty PostgreSQL database; by default ``ledger.db`` in the folder. Without
            its password, which belongs into $SHANSHUI_LEDGER or the server's own files.
        lake : str, optional
            Folder or object-store URL of the observations; by default ``lake`` in the folder.

        Raises
        ------
        ShanshuiError
            The folder holds a workspace already, or the database is not empty.
        """
        folder = Path(folder).resolve()
        if (folder / SETTINGS).exists():
            raise ShanshuiError(f"{folder} 已是工作区 / {folder} is a workspace already")
        folder.mkdir(parents=True, exist_ok=True)
        settings: dict[str, Any] = {
            "format": FORMAT,
            "name": name or folder.name,
            "region": region,
            "created": now().isoformat(timespec="seconds"),
            "ledger": {"url": ledger or "sqlite:///ledger.db"},
            "lake": {"url": lake or "lake"},
        }
        book = Ledger(_ledger_url(folder, settings))
        workspace = cls(folder, book, settings["name"], region, settings)
        try:
            with _alone(folder):
                _refuse_full(book)
                upgrade(book)
                workspace._fill()
                # Last: a folder is a workspace once it has all that a workspace needs.
                write_whole(folder / SETTINGS, _written(settings).encode())
        except BaseException:
            workspace.close()
            raise
        return workspace

    @classmethod
    def open(cls, folder: str | Path | None = None) -> Workspace:
        """Open a workspace; one of an older version is brought up to date, after a backup.

        Parameters
        ----------
        folder : str or path, optional
            By default $SHANSHUI_WORKSPACE, else the nearest folder from here upwards that holds
            ``shanshui.toml``.

        Raises
        ------
        ShanshuiError
            There is none, its ledger is gone, or a newer program wrote it.
        """
        where = _find(folder)
        settings = _read(where / SETTINGS)
        workspace = cls(
            where,
            Ledger(_ledger_url(where, settings)),
            settings.get("name"),
            settings.get("region"),
            settings,
        )
        try:
            if pending(revision(workspace.ledger)):
                with _alone(where):
                    workspace._migrate()
        except BaseException:
            workspace.close()
            raise
        return workspace

    @classmethod
    def restore(cls, path: str | Path, folder: str | Path | None = None) -> dict[str, int]:
        """Restore the ledger of a workspace that has lost it, and the files that are missing.

        Parameters
        ----------
        path : str or path
            A backup (`shanshui.platform.store.backup.dump`).
        folder : str or path, optional
            As for `open`.

        Returns
        -------
        dict
            Rows of each table.

        Raises
        ------
        ShanshuiError
            The backup is damaged, or the ledger is there: it is never overwritten.
        """
        where = _find(folder)
        book = Ledger(_ledger_url(where, _read(where / SETTINGS)))
        try:
            with _alone(where):
                return backup.restore(path, book, beside=where)
        finally:
            book.close()

    @cached_property
    def lake(self) -> Lake:
        """The observations."""
        from shanshui.platform.store.lake import Lake

        given = dict(self.settings.get("lake", {}))
        url = str(os.environ.get("SHANSHUI_LAKE") or given.get("url", "lake"))
        place: str | Path = url if "://" in url else (self.folder / url)
        return Lake(place, options={k: str(v) for k, v in given.get("options", {}).items()})

    def backup(self, folder: str | Path | None = None) -> Path:
        """Back up the ledger, the settings, import profiles and evidence; the lake has its own.

        Parameters
        ----------
        folder : str or path, optional
            By default ``backups`` in the workspace.

        Returns
        -------
        pathlib.Path
            The backup (`shanshui.platform.store.backup.dump`).
        """
        return backup.dump(self.ledger, folder or self.folder / "backups", beside=self.folder)

    def close(self) -> None:
        """Let the connections go."""
        self.ledger.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _fill(self) -> None:
        """Put the packaged catalogue into the ledger."""
        from shanshui.platform.catalog.load import load

        with self.ledger.write(who="shanshui", action="catalog load") as session:
            load(session)

    def _migrate(self) -> None:
        found = revision(self.ledger)
        if not pending(found):  # another program has done it while this one waited
            return
        if found is not None:
            self.backed_up = self.backup()
        upgrade(self.ledger)
        self._fill()
        self.migrated = f"{found} → {head()}"


def _refuse_full(book: Ledger) -> None:
    if book.path is None and revision(book) is not None:
        raise ShanshuiError(f"{book.label} 已有台账 / {book.label} holds a ledger already")


def _find(folder: str | Path | None) -> Path:
    given = folder or os.environ.get("SHANSHUI_WORKSPACE")
    if given:
        where = Path(given).resolve()
        if (where / SETTINGS).is_file():
            return where
        raise ShanshuiError(
            f"{where} 不是工作区（没有 {SETTINGS}）；用 shanshui init 建立 / "
            f"{where} is not a workspace (no {SETTINGS}); make one with shanshui init"
        )
    here = Path.cwd()
    for one in (here, *here.parents):
        if (one / SETTINGS).is_file():
            return one
    raise ShanshuiError(
        f"{here} 及其上级文件夹都不是工作区；用 shanshui init 建立，或以 -w 指明 / "
        f"no workspace at {here} or above; make one with shanshui init, or name one with -w"
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise ShanshuiError(f"{path} 读不懂：{fault} / cannot read {path}: {fault}") from None
    found = settings.get("format")
    if not isinstance(found, int):
        raise ShanshuiError(f"{path} 缺 format / {path} does not say its format")
    if found > FORMAT:
        raise ShanshuiError(
            f"工作区格式 {found} 比本程序（{FORMAT}）新，请升级 shanshui / "
            f"a newer Shanshui made this workspace (format {found}, here {FORMAT}): upgrade it"
        )
    return settings


def _ledger_url(folder: Path, settings: Mapping[str, Any]) -> Any:
    """Return the ledger's URL, a relative file of SQLite counted from the folder."""
    given = os.environ.get("SHANSHUI_LEDGER") or settings.get("ledger", {}).get("url", "")
    if not given.startswith("sqlite:"):
        return given
    url = make_url(given)
    return url.set(database=str(folder / (url.database or "ledger.db")))


def _written(settings: Mapping[str, Any]) -> str:
    """Write the settings with a word about each."""
    ledger, lake = settings["ledger"]["url"], settings["lake"]["url"]
    region = f"region = {_quoted(settings['region'])}\n" if settings["region"] else ""
    return (
        "# 山水工作区的设置 / settings of a Shanshui workspace\n"
        f"format = {settings['format']}\n"
        f"name = {_quoted(settings['name'])}\n{region}"
        f"created = {settings['created']}\n\n"
        "[ledger]  # 台账：SQLite 文件，或 postgresql://用户@主机/库；口令放在 $SHANSHUI_LEDGER\n"
        f"url = {_quoted(ledger)}\n\n"
        "[lake]  # 监测数据：文件夹，或 s3://桶/前缀（另写 [lake.options]）\n"
        f"url = {_quoted(lake)}\n"
    )


def _quoted(text: str) -> str:
    import json

    return json.dumps(text, ensure_ascii=False)  # a string of JSON is one of TOML


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder, so that two programs do not make or migrate it at once."""
    lock = FileLock(folder / ".shanshui.lock")
    try:
        lock.acquire(timeout=_WAIT)
    except Timeout:
        raise ShanshuiError(
            f"另一个程序正在建立或升级 {folder}，稍后再试 / "
            f"another program is making or upgrading {folder}: try again later"
        ) from None
    try:
        yield
    finally:
        lock.release()
