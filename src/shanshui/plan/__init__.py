"""Plan documents: from text to commitments, tasks and projects, each with its place in the text.

Pure text in, records out: only `read` opens files. Word, Excel, web pages and PDF need the extra
``plan``.
"""

from shanshui.plan.assignments import Assignment, Match, assignments, unassigned
from shanshui.plan.commitments import Commitment, commitments
from shanshui.plan.coverage import Uncovered, coverage
from shanshui.plan.document import Document, Heading
from shanshui.plan.errors import PlanError
from shanshui.plan.parties import Party
from shanshui.plan.projects import Project, projects
from shanshui.plan.reading import read
from shanshui.plan.regions import (
    Gazetteer,
    Region,
    RegionSpan,
    counties,
    gazetteer,
    regions_in,
)
from shanshui.plan.tables import Cell, IndicatorRow, tables
from shanshui.plan.tasks import Action, Task, tasks

__all__ = [
    "Action",
    "Assignment",
    "Cell",
    "Commitment",
    "Document",
    "Gazetteer",
    "Heading",
    "IndicatorRow",
    "Match",
    "Party",
    "PlanError",
    "Project",
    "Region",
    "RegionSpan",
    "Task",
    "Uncovered",
    "assignments",
    "commitments",
    "counties",
    "coverage",
    "gazetteer",
    "projects",
    "read",
    "regions_in",
    "tables",
    "tasks",
    "unassigned",
]
