"""The models of the ledger."""

from shanshui.platform.store.models.audit import Audit
from shanshui.platform.store.models.base import Base, Exact, Moment, Versioned, now
from shanshui.platform.store.models.places import Indicator, Organization, Region, RegionMember
from shanshui.platform.store.models.plans import (
    AnnualTarget,
    Assignment,
    Checked,
    Commitment,
    Document,
    Progress,
    Project,
    Task,
)
from shanshui.platform.store.models.registry import Load, Property, Station, StationCode
from shanshui.platform.store.models.reported import (
    PublishedFigure,
    ReportedFigure,
    ReportForm,
    ReportLine,
)
from shanshui.platform.store.models.review import Evidence, Review, ReviewDecision, ReviewItem
from shanshui.platform.store.models.rosters import (
    Correction,
    Freeze,
    FrozenFigure,
    Roster,
    RosterEntry,
    RosterUse,
    RosterVersion,
)
from shanshui.platform.store.models.standings import Standing, StandingRun

__all__ = [
    "AnnualTarget",
    "Assignment",
    "Audit",
    "Base",
    "Checked",
    "Commitment",
    "Correction",
    "Document",
    "Evidence",
    "Exact",
    "Freeze",
    "FrozenFigure",
    "Indicator",
    "Load",
    "Moment",
    "Organization",
    "Progress",
    "Project",
    "Property",
    "PublishedFigure",
    "Region",
    "RegionMember",
    "ReportForm",
    "ReportLine",
    "ReportedFigure",
    "Review",
    "ReviewDecision",
    "ReviewItem",
    "Roster",
    "RosterEntry",
    "RosterUse",
    "RosterVersion",
    "Standing",
    "StandingRun",
    "Station",
    "StationCode",
    "Task",
    "Versioned",
    "now",
]
