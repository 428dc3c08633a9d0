"""The examination: each check finds what it is for, and nothing in a workspace that is in order."""

import hashlib
import json
import shutil
import sqlite3
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest
from sqlalchemy import text

from shanshui.cli import main
from shanshui.platform import doctor
from shanshui.platform.review import evidence
from shanshui.platform.review.frozen_rows import figures_digest
from shanshui.platform.store import Workspace, backup, models
from shanshui.standards import ShanshuiError

PROOF = hashlib.sha256(b"proof").hexdigest()
TEXT = "青禾县计划\n到2030年，PM2.5年均浓度降至20微克/立方米。"
TODAY = date(2026, 11, 20)
PERSON = {
    "status": "confirmed",
    "checked_by": "张三",
    "checked_at": datetime(2026, 1, 1, tzinfo=UTC),
}


def document(**more):
    given = {
        "id": 1,
        "code": "p",
        "title": "青禾县计划",
        "kind": "plan",
        "region_code": "441802",
        "first_year": 2026,
        "last_year": 2030,
        "baseline_year": 2025,
        "sha256": "0" * 64,
        "text": TEXT,
        "content": TEXT.encode() if more.get("id", 1) == 1 else None,
        "file_name": "计划.txt",
    }
    return models.Document(**given | more)


def commitment(**more):
    given = {
        "document_id": 1,
        "code": "p-001",
        "position": 1,
        "kind": "target",
        "start": 6,
        "end": len(TEXT),
        "indicator": "甲",
        "indicator_code": "t.low",
        "region": "清城区",
        "region_code": "441802",
        "year": 2030,
        "comparator": "<=",
        "value": Decimal(20),
        "unit": "µg/m3",
        "base_value": Decimal(25),
    }
    return models.Commitment(**PERSON | given | more)


def task(**more):
    given = {"document_id": 1, "code": "p-t001", "position": 1, "title": "治污"}
    return models.Task(**PERSON | given | more)


def project(**more):
    given = {"document_id": 1, "code": "p-p001", "position": 1, "name": "污水厂"}
    return models.Project(**PERSON | given | {"region_code": "441802"} | more)


def unit(**more):
    return models.Organization(**{"id": 1, "name": "青禾县水务局", "region_code": "441802"} | more)


def lead(item, **more):
    return models.Assignment(**{"item": item, "role": "lead", "organization_id": 1} | more)


def progress(**more):
    given = {"item": "p-t001", "period": "2026-10", "state": "under_way", "rate": Decimal(50)}
    return models.Progress(**given | {"evidence": "照片"} | more)


def annual(**more):
    given = {"indicator_code": "t.low", "region_code": "441802", "year": 2029, "comparator": "<="}
    return models.AnnualTarget(
        **given | {"value": Decimal(22), "unit": "µg/m3", "source": "下达文"} | more
    )


def station(**more):
    given = {"code": "s", "name": "城东", "kind": "air", "region_code": "441802"}
    return models.Station(**given | {"longitude": 113.0, "latitude": 23.7} | more)


def load(**more):
    given = {"transaction": "t1", "file_name": "a.csv", "sha256": "a", "size": 1, "who": "张三"}
    started = datetime(2026, 11, 1, tzinfo=UTC)
    return models.Load(**given | {"started": started, "state": "done", "rejected": 0} | more)


def roster(**more):
    given = {"id": 1, "code": "guokong", "name": "国控", "domain": "air", "purpose": "国控点位"}
    return models.Roster(**given | more)


def listing(**more):
    given = {"id": 1, "roster_id": 1, "label": "2021", "start": "2021-01-01", "approval": "1号"}
    return models.RosterVersion(**given | more)


def entry(**more):
    given = {"version_id": 1, "position": 1, "station_code": "s", "name": "城东", "city": "清远市"}
    return models.RosterEntry(**given | more)


FIGURE = {"kind": "city", "place": "清远市", "start": "2026-09-01", "end": "2026-09-30"}
FIGURE |= {"basis": None, "figures": {"pm25": "20.0"}}


def frozen(**more):
    """Return a freeze of no data at all, as the lake of these tests is empty."""
    given = {"id": 1, "domain": "air", "period": "2026-09", "roster_id": 1, "edition": "2026"}
    given |= {"start": "2026-09-01", "end": "2026-09-30", "roster_version_id": 1, "rows": 0}
    given |= {"lake_version": 1, "properties": {}, "digest": hashlib.sha256(b"").hexdigest()}
    given |= {"figures_digest": figures_digest([FIGURE]), "basis": "edition=2026", "current": True}
    given |= {"settings": {"properties": ["pm25"]}, "frozen_by": "张三", "number": 1}
    moment = datetime(2026, 10, 5, tzinfo=UTC)
    return models.Freeze(**given | {"as_of": moment, "frozen_at": moment} | more)


def corrected(**more):
    """Return the second number of a freeze, with what made it."""
    given = {"freeze_id": 2, "corrects_id": 1, "document": "2号", "reason": "校准", "who": "张三"}
    given |= {"changed": 1, "added": 0, "withdrawn": 0}
    return [
        change(models.Freeze, current=False),
        add(lambda: [frozen(id=2, number=2, supersedes_id=1)]),
        add(lambda: [models.FrozenFigure(freeze_id=2, **FIGURE)]),
        add(lambda: [models.Correction(**given | more)]),
    ]


def steps(*faults):
    def make(session):
        for fault in faults:
            fault(session)
            session.flush()

    return make


def review():
    spans = {"start": "2026-09-01T00:00:00", "end": "2026-10-01T00:00:00"}
    return models.Review(
        id=1,
        domain="air",
        period="2026-09",
        share=Decimal(0),
        seed="s",
        opened_by="张三",
        stages=["first", "final"],
        distinct=True,
        **spans,
    )


SERIES = {"station": "s", "property": "pm25", "period": 3600}
HOUR = "2026-09-03T09:00:00"


def reviewed(**more):
    given = {"id": 1, "review_id": 1, "first": HOUR, "last": HOUR, "count": 1, "why": []}
    given |= {"origin": "flagged", "seen": [[HOUR, 9.0, None, "raw"]], "stage": 2}
    return models.ReviewItem(**SERIES | given | {"decision_id": 2} | more)


def decision(**more):
    given = {"review_id": 1, "item_id": 1, "kind": "withdraw", "reason": "drift", "via": "cli"}
    given |= {"evidence_required": True, "evidence_sha256": PROOF, "before": [], "written": []}
    given |= {"transaction": "t", "at": datetime(2026, 10, 5, tzinfo=UTC)}
    return models.ReviewDecision(**SERIES | given | more)


FILLED = {"filled_by": "张三", "submitted_by": "张三", "via": "cli"}
FILLED |= {"submitted_at": datetime(2026, 10, 9, tzinfo=UTC), "value": Decimal(20)}


def line(**more):
    given = {"form_id": 1, "indicator_code": "t.low", "region_code": "441802", "unit": "µg/m3"}
    return models.ReportLine(**given | more)


def figure(**more):
    moment = datetime(2026, 10, 12, tzinfo=UTC)
    given = {"line_id": 1, "state": "accepted", "decided_by": "李四", "accepted_at": moment}
    return models.ReportedFigure(**FILLED | given | more)


def published(**more):
    given = {"indicator_code": "t.low", "region_code": "441802", "period": "2025"}
    return models.PublishedFigure(**given | {"value": Decimal(21), "source_title": "公报"} | more)


def sound():
    """Rows of every table that are in order."""
    return [
        models.Indicator(
            code="t.low", name="甲", unit="µg/m3", direction="lower", method="reported"
        ),
        models.Indicator(code="t.share", name="乙比例", unit="%", direction="higher"),
        document(),
        unit(),
        commitment(),
        task(deadline="2030"),
        project(),
        *(lead(item) for item in ("p-001", "p-t001", "p-p001")),
        progress(),
        annual(),
        station(),
        load(),
        roster(),
        listing(),
        entry(),
        models.RosterUse(domain="air", purpose="国控点位", roster_id=1),
        frozen(),
        models.FrozenFigure(freeze_id=1, **FIGURE),
        models.Evidence(sha256=PROOF, name="a.pdf", size=1, added_by="张三"),
        review(),
        reviewed(),
        decision(id=1, stage="first", who="张三", state="noted"),
        decision(id=2, stage="final", who="李四", state="applied"),
        models.ReportForm(
            id=1,
            organization_id=1,
            period="2026-Q3",
            deadline="2026-10-15",
            origin="plans",
            made_by="张三",
        ),
        line(id=1),
        figure(id=1),
        published(),
    ]


def change(model, **values):
    def make(session):
        row = session.query(model).first()
        for name, value in values.items():
            setattr(row, name, value)

    return make


def add(rows):
    def make(session):
        for row in rows():
            session.add(row)
            session.flush()  # a row may refer to the one before

    return make


def remove(model, **values):
    def make(session):
        for row in session.query(model).filter_by(**values):
            session.delete(row)

    return make


def raw(*statements):
    def make(session):
        for statement in statements:
            session.execute(text(statement))

    return make


def other_plan(**more):
    """Another plan with one commitment like that of the first."""
    return add(
        lambda: [
            document(id=2, code="q", sha256="1"),
            commitment(document_id=2, code="q-001", **more),
            lead("q-001"),
        ]
    )


D, C, T, P = models.Document, models.Commitment, models.Task, models.Project
CASES = {
    "document_without_region": change(D, region_code=None),
    "document_without_years": change(D, last_year=None),
    "document_years_reversed": change(D, first_year=2030, last_year=2029),
    "document_editions_in_force": add(lambda: [document(id=2, edition=2, sha256="1")]),
    "document_without_edition_in_force": change(D, current=False),
    "document_supersedes_another_plan": add(
        lambda: [document(id=2, code="q", sha256="1", supersedes_id=1)]
    ),
    "document_parent_unknown": change(D, parent_code="nowhere"),
    "document_without_targets": add(lambda: [document(id=2, code="q", sha256="1")]),
    "document_unchecked": change(C, status="extracted"),
    "commitment_before_plan": change(C, year=2024),
    "target_without_value": change(C, value=None),
    "deferred_with_value": change(C, kind="deferred"),
    "comparator_unknown": change(C, comparator="≤"),
    "base_year_after_deadline": change(C, base_year=2030),
    "target_against_direction": change(C, comparator=">="),
    "share_above_hundred": change(
        C, indicator_code="t.share", unit="%", value=Decimal("100.5"), comparator=">="
    ),
    "binding_target_without_owner": lambda s: [
        remove(models.Assignment, item="p-001")(s),
        change(C, nature="约束性")(s),
    ],
    "place_outside_text": change(C, end=10_000),
    "corrected_without_original": change(T, status="corrected"),
    "checked_by_nobody": change(P, checked_by=None),
    "task_without_lead": remove(models.Assignment, item="p-t001"),
    "task_parent_unknown": change(T, parent="p-t999"),
    "project_without_owner": remove(models.Assignment, item="p-p001"),
    "project_without_region": change(P, region_code=None),
    "item_overdue": change(T, deadline="2026-10"),
    "supported_without_lead": raw("UPDATE assignments SET role = 'support' WHERE item = 'p-001'"),
    "assigned_item_unknown": add(lambda: [lead("p-999")]),
    "assigned_item_dropped": add(
        lambda: [
            document(id=2, code="q", sha256="1"),
            document(id=3, code="q", sha256="2", edition=2, current=False),
            task(document_id=2, code="q-t001"),
            task(document_id=3, code="q-t002"),
            lead("q-t001"),
            lead("q-t002"),
        ]
    ),
    "unit_inactive_with_work": change(models.Organization, active=False),
    "unit_short_name_shared": lambda s: [
        change(models.Organization, short_name="局")(s),
        s.add(unit(id=2, name="青禾县林业局", short_name="局")),
    ],
    "progress_item_unknown": add(lambda: [progress(item="p-t999")]),
    "progress_rate_outside": change(models.Progress, rate=Decimal("100.1")),
    "progress_rate_back": add(lambda: [progress(period="2026-11", rate=Decimal(9))]),
    "done_below_hundred": change(models.Progress, state="done", rate=Decimal(99)),
    "done_without_evidence": change(
        models.Progress, state="done", rate=Decimal(100), evidence=None
    ),
    "progress_stale": change(models.Progress, period="2026-08"),
    "annual_target_without_source": change(models.AnnualTarget, source=""),
    "annual_target_commitment_unknown": change(models.AnnualTarget, commitment="p-999"),
    "monthly_targets_differ": add(
        lambda: [annual(month=3), annual(month=3, source="另一文件", value=Decimal(23))]
    ),
    "annual_target_goes_back": add(lambda: [annual(year=2028, value=Decimal(21))]),
    "annual_target_laxer_than_plan": change(models.AnnualTarget, year=2030),
    "month_outside_year": change(models.AnnualTarget, month=13),
    "region_parent_unknown": raw("UPDATE regions SET parent_code = 'x' WHERE code = '441802'"),
    "group_without_members": add(
        lambda: [models.Region(code="group:t", name="某区域", level="group")]
    ),
    "member_twice": add(
        lambda: [
            models.Region(code="group:t", name="某区域", level="group"),
            models.RegionMember(group_code="group:t", member_code="441802", end="2020-01-01"),
            models.RegionMember(group_code="group:t", member_code="441802", start="2019-01-01"),
        ]
    ),
    "station_without_region": change(models.Station, region_code=None),
    "station_without_coordinates": change(models.Station, latitude=None),
    "station_outside_china": change(models.Station, longitude=23.7, latitude=113.0),
    "station_ends_before_start": change(models.Station, start="2020-01-01", end="2019-12-31"),
    "stations_in_one_place": add(lambda: [station(code="s2", name="城东新")]),
    "station_not_registered": change(models.Station, found=True),
    "load_unfinished": change(models.Load, state="running"),
    "load_failed": change(models.Load, state="failed"),
    "load_with_rejects": change(models.Load, rejected=3),
    "roster_without_version": add(lambda: [roster(id=2, code="x", purpose="省控")]),
    "roster_versions_overlap": steps(
        add(lambda: [listing(id=2, label="2024", start="2024-01-01")]),
        add(lambda: [entry(version_id=2)]),
    ),
    "roster_version_reversed": steps(
        add(lambda: [listing(id=2, label="2020", start="2020-02-01", end="2020-01-01")]),
        add(lambda: [entry(version_id=2)]),
    ),
    "roster_version_empty": remove(models.RosterEntry),
    "roster_version_unapproved": change(models.RosterVersion, approval=" ".strip()),
    "roster_station_unknown": change(models.RosterEntry, station_code="z"),
    "roster_station_twice": add(lambda: [entry(station_code="s2", position=2)]),
    "roster_moved_station_listed": add(
        lambda: [entry(station_code="s2", name="城南", position=2, moved_from="s")]
    ),
    "roster_moved_from_unknown": change(models.RosterEntry, moved_from="s0"),
    "roster_station_without_area": change(models.RosterEntry, city=None),
    "roster_section_without_target": steps(
        add(lambda: [roster(id=2, code="guokao", domain="water", purpose="国考断面")]),
        add(lambda: [listing(id=2, roster_id=2)]),
        add(lambda: [entry(version_id=2)]),
    ),
    "roster_area_of_some": steps(
        add(lambda: [roster(id=2, code="haiyu", domain="sea", purpose="近岸海域")]),
        add(lambda: [listing(id=2, roster_id=2)]),
        add(lambda: [entry(version_id=2, area="30")]),
        add(lambda: [entry(version_id=2, station_code="s2", name="城南", position=2)]),
    ),
    "roster_in_use_ended": change(models.RosterVersion, end="2026-11-19"),
    "freeze_of_another_roster": change(models.Freeze, domain="water"),
    "freeze_before_end": change(models.Freeze, frozen_at=datetime(2026, 9, 30, tzinfo=UTC)),
    "freeze_none_in_force": change(models.Freeze, current=False),
    "freeze_without_figures": remove(models.FrozenFigure),
    "freeze_without_correction": steps(*corrected()[:-1]),
    "correction_without_document": steps(*corrected(document=" ")),
    "freeze_missing": change(models.Freeze, period="2026-08", start="2026-08-01", end="2026-08-31"),
    "freeze_moved": change(models.Freeze, digest="0" * 64),
    "trail_incomplete": raw(
        "INSERT INTO organizations (id, name, active, version) VALUES (9, 'x', true, 1)"
    ),
    "plan_above_itself": change(D, parent_code="p"),
    "unit_above_itself": change(models.Organization, parent_id=1),
    "region_above_itself": raw("UPDATE regions SET parent_code = '441802' WHERE code = '441802'"),
    "indicator_method_unknown": raw(
        "UPDATE indicators SET method = 'shanshui.air.nothing:pm25' WHERE code = 't.low'"
    ),
    "indicator_name_shared": add(lambda: [models.Indicator(code="t.other", name="甲")]),
    "review_without_reason": change(models.ReviewDecision, reason=" "),
    "review_undo_without_note": add(
        lambda: [decision(id=3, stage="final", who="李四", state="noted", kind="undo", reason=None)]
    ),
    "review_without_evidence": change(models.ReviewDecision, evidence_sha256=None),
    "review_by_one_person": change(models.ReviewDecision, who="李四"),
    "review_stage_differs": change(models.ReviewItem, stage=1),
    "review_pending": raw("UPDATE review_decisions SET state = 'pending' WHERE id = 2"),
    "review_open": add(lambda: [reviewed(id=2, stage=0, decision_id=None)]),
    "report_late": add(lambda: [line(id=2, region_code="441821")]),
    "report_waiting": change(
        models.ReportedFigure, state="submitted", submitted_at=datetime(2026, 9, 9, tzinfo=UTC)
    ),
    "report_accepted_by_its_own": change(models.ReportedFigure, decided_by="张三"),
    "report_versions_in_force": add(lambda: [figure(id=2, number=2, supersedes_id=1)]),
    "report_superseded_by_none": change(
        models.ReportedFigure, superseded_at=datetime(2026, 10, 20, tzinfo=UTC)
    ),
    "report_implausible": change(models.ReportedFigure, warnings=[{"rule": "jump"}]),
    "plan_no_indicator": change(C, indicator_code=None),
    "plan_no_region": change(C, region_code=None),
    "plan_no_year": change(C, year=None),
    "plan_no_base_year": change(C, comparator="decrease_by"),
    "plan_unit": change(C, unit="天"),
    "plan_no_owner": remove(models.Assignment, item="p-001"),
    "plan_no_baseline": change(C, base_value=None),
    "plan_unset": lambda s: [
        change(C, kind="deferred", value=None, comparator=None)(s),
        remove(models.AnnualTarget)(s),
    ],
    "plan_conflict": add(lambda: [commitment(code="p-002", value=Decimal(21)), lead("p-002")]),
    "plan_weaker": other_plan(region_code="440000", region="广东省", value=Decimal(15)),
    "plan_basis": lambda s: [
        change(C, basis={"state": "标况"})(s),
        other_plan(basis={"state": "实况"})(s),
    ],
    "plan_baseline_differs": lambda s: [
        other_plan(kind="baseline", year=2025, comparator="=", value=Decimal(25))(s),
        s.add(
            commitment(code="p-002", kind="baseline", year=2025, comparator="=", value=Decimal(24))
        ),
    ],
    "plan_no_measure": add(
        lambda: [
            commitment(
                code="p-002",
                kind="milestone",
                indicator_code=None,
                value=None,
                comparator=None,
                unit=None,
            ),
            lead("p-002"),
        ]
    ),
    "plan_coverage": change(C, start=None, end=None),
    "published_twice": add(lambda: [published(value=Decimal(22))]),
}
ALSO = {  # what follows from the same fault
    "document_without_edition_in_force": {"assigned_item_dropped"},
    "document_editions_in_force": {"document_without_targets"},
    "document_supersedes_another_plan": {"document_without_targets"},
    "assigned_item_dropped": {"document_without_edition_in_force"},
    "target_against_direction": {"annual_target_laxer_than_plan"},
    "binding_target_without_owner": {"plan_no_owner"},
    "deferred_with_value": {"plan_unset"},
    "annual_target_laxer_than_plan": {"plan_conflict"},
    "place_outside_text": {"plan_coverage"},
    "plan_weaker": {"group_without_members"},
    "roster_station_twice": {"roster_station_unknown"},
    "roster_area_of_some": {"roster_station_unknown"},
    "roster_moved_station_listed": {"roster_station_unknown", "roster_moved_from_unknown"},
    "freeze_none_in_force": {"freeze_missing"},
    # A freeze is read through a session of its own, which does not see what is not committed.
    "freeze_without_correction": {"freeze_moved"},
    "correction_without_document": {"freeze_moved"},
}
FOLDER = {"database_damaged", "reference_broken", "backup_old", "profile_unreadable"}
FOLDER |= {"lake_unreadable", "evidence_lost"}


def codes(workspace, **more):
    found = doctor.examine(workspace, today=TODAY, **more)
    return {finding.check.code for finding in found}


class Undo(Exception):
    """Ends a transaction without its changes."""


def fill(session):
    for row in sound():
        session.add(row)
        session.flush()


def test_there_are_enough_checks_and_each_has_a_case():
    known = {check.code for check in doctor.checks()}
    assert len(known) == len(doctor.checks()) >= 40
    assert known == set(CASES) | FOLDER
    for check in doctor.checks():
        assert check.severity in {"error", "warning", "notice"}
        assert all((check.zh, check.en, check.advice, check.advice_en, check.subject))


def test_each_check_finds_its_fault_and_no_other(workspace):
    """One transaction a case, undone: the checks look at what it has not committed."""
    backup.dump(workspace.ledger, workspace.folder / "backups")
    (workspace.folder / "evidence").mkdir()
    (workspace.folder / "evidence" / f"{PROOF}.pdf").write_bytes(b"proof")
    with workspace.ledger.write(who="张三", action="test") as session:
        fill(session)
    normal = codes(workspace)
    assert normal <= {"group_without_members"}
    wrong = {}
    for code, fault in CASES.items():
        with suppress(Undo), workspace.ledger.write(who="张三", action="test") as session:
            fault(session)
            session.flush()
            found = codes(workspace, session=session)
            if code not in found or found - normal - ALSO.get(code, set()) - {code}:
                wrong[code] = found - normal
            raise Undo
    assert not wrong, "\n".join(f"{k}: {v}" for k, v in wrong.items())
    assert codes(workspace) == normal
    assert codes(workspace, only=["group_without_members"]) == normal


def test_the_folder_is_examined(tmp_path):
    folder = tmp_path / "w"
    Workspace.create(folder).close()
    with Workspace.open(folder) as workspace:
        assert codes(workspace) & FOLDER == {"backup_old"}
        (folder / "photo.jpg").write_bytes(b"\xff\xd8")
        kept = evidence.keep(workspace, folder / "photo.jpg")
        with workspace.ledger.write(who="张三", action="test") as session:
            evidence.note_down(session, [kept], "张三")
        assert codes(workspace) & FOLDER == {"backup_old"}
        kept.path.write_bytes(b"other")
        assert "evidence_lost" in codes(workspace, only=["evidence_lost"])
        kept.path.unlink()
        assert "evidence_lost" in codes(workspace)
        kept.path.write_bytes(b"\xff\xd8")
        backup.dump(workspace.ledger, folder / "backups")
        (folder / "profiles").mkdir()
        (folder / "profiles" / "a.toml").write_bytes(b"\xff = 1")
        assert codes(workspace) & FOLDER == {"profile_unreadable"}
    (folder / "profiles" / "a.toml").unlink()
    with Workspace.open(folder) as workspace:
        hour = pl.DataFrame({"station": ["s"], "time": [datetime(2026, 3, 1, 9)], "pm25": [35.0]})
        stored = workspace.lake.store(hour, source="a.csv").stored
        with workspace.ledger.write(who="张三", action="test") as session:
            session.add(load(stored=stored))
        assert codes(workspace) & FOLDER == set()
    shutil.rmtree(folder / "lake")
    with Workspace.open(folder) as workspace:
        assert codes(workspace) & FOLDER == {"lake_unreadable"}
        with workspace.ledger.write(who="张三", action="test") as session:
            remove(models.Load)(session)
    with sqlite3.connect(folder / "ledger.db") as connection:
        connection.execute("INSERT INTO assignments VALUES (1, 'x', 'lead', 99, NULL, 0, 1)")
    connection.close()
    with Workspace.open(folder) as workspace:
        assert "reference_broken" in codes(workspace)
    data = bytearray((folder / "ledger.db").read_bytes())
    data[-8192:] = bytes(8192)
    (folder / "ledger.db").write_bytes(data)
    with Workspace.open(folder) as workspace:
        assert "database_damaged" in codes(workspace, only=["database_damaged"])


def test_the_command_tells_and_exits_with_one_for_errors(tmp_path, capsys):
    with Workspace.create(tmp_path / "w") as workspace:
        backup.dump(workspace.ledger, workspace.folder / "backups")
    where = ["-w", str(tmp_path / "w")]
    with pytest.raises(SystemExit) as ended:
        main(["doctor", *where])
    assert ended.value.code == 0
    workspace = Workspace.open(tmp_path / "w")
    with workspace, workspace.ledger.write(who="张三", action="test") as session:
        session.add(document(region_code=None))
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main(["doctor", *where, "--json", "--severity", "error"])
    assert ended.value.code == 1
    rows = json.loads(capsys.readouterr().out)
    assert [(row["code"], row["key"]) for row in rows] == [("document_without_region", "p")]
    with pytest.raises(SystemExit):
        main(["doctor", *where, "--check", "nothing"])
    assert "没有这项检查" in capsys.readouterr().err


def test_an_unknown_ledger_is_told(tmp_path):
    with pytest.raises(ShanshuiError, match="不是工作区"):
        Workspace.open(tmp_path)
