"""The first day of a bureau: every step of the loop, by the functions that the commands call.

The day is 1 December 2015: November has ended, its data wait for review, and what the year may
still become is asked for. Then December comes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shanshui.platform.assess.lineage import Explained
    from shanshui.platform.store import Workspace
    from shanshui.platform.track.table import Table

Row = dict[str, Any]

YEAR, MONTH, CITY, REGION = 2015, "2015-11", "北京市", "110000"
EXPORTS = "exports"
PERSONS = ("张三", "李四", "王五")
"""Who enters and reviews, who reviews again, who decides in the end."""


@dataclass
class _Open:
    """A step that is not done yet: what came of it, and the files that it made."""

    told: str = ""
    files: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Step:
    """One step of the day.

    Attributes
    ----------
    zh, en : str
        What was done.
    command : str
        The command that does it, in the folder of the workspace.
    told : str
        What came of it, in figures.
    seconds : float
        How long it took.
    files : tuple of (str, str)
        Files that it made, from the report, with what they are.
    """

    zh: str
    en: str
    command: str
    told: str
    seconds: float
    files: tuple[tuple[str, str], ...] = ()


@dataclass
class Day:
    """What the day yields for the report.

    Attributes
    ----------
    steps : list of Step
        In order.
    flags : dict
        Rule of quality control to its flags of the month.
    withdrawn : list of dict
        Values that the review took out: name, item, time, value, others (their median).
    frozen : dict
        What the month is final on: rows, number, basis, warnings, forced.
    course : list of dict
        Standings of the year's targets at each end of month.
    city, plans : Table
        The table of targets: of the city at the end of November, of all plans today.
    standings : list of dict
        The records behind the second.
    beside : list of dict
        Monitored figures of the city beside published ones of the same period.
    incremental : tuple of int
        Results that December made new, and those that it left alone.
    explained : Explained
        Where a figure comes from.
    """

    steps: list[Step] = field(default_factory=list)
    flags: dict[str, int] = field(default_factory=dict)
    withdrawn: list[Row] = field(default_factory=list)
    frozen: Row = field(default_factory=dict)
    course: list[Row] = field(default_factory=list)
    city: Table | None = None
    plans: Table | None = None
    standings: list[Row] = field(default_factory=list)
    beside: list[Row] = field(default_factory=list)
    incremental: tuple[int, int] = (0, 0)
    explained: Explained | None = None


class Walk:
    """The walk through one workspace.

    Parameters
    ----------
    workspace : Workspace
        Made by the demo.
    output : pathlib.Path
        The folder of the report, where exports and documents go.
    now : datetime.datetime
        When, on the clock of Asia/Shanghai: as of that day the plans are judged.
    tell : callable
        Is given each step when it is done.
    begin : callable
        Is told what begins.
    """

    def __init__(
        self,
        workspace: Workspace,
        output: Path,
        now: datetime,
        tell: Callable[[Step], None],
        begin: Callable[[str], None],
    ) -> None:
        self.workspace, self.output, self.now = workspace, output, now
        self.day = Day()
        self._tell, self._begin = tell, begin

    @contextmanager
    def step(self, zh: str, en: str, command: str) -> Iterator[_Open]:
        """Time a step, and tell what came of it."""
        self._begin(f"{zh} {en}")
        began, opened = time.monotonic(), _Open()
        yield opened
        seconds = time.monotonic() - began
        self.done(Step(zh, en, command, opened.told, seconds, tuple(opened.files)))

    def done(self, step: Step) -> None:
        """Note a step, and tell it."""
        self.day.steps.append(step)
        self._tell(step)
