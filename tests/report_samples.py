"""A small plan with units that report on it, for the tests of reported figures."""

from datetime import UTC, datetime
from decimal import Decimal

from shanshui.platform.store import models
from shanshui.platform.track import filling, forms

PERIOD = "2026-Q3"
WATER, FARM = "青禾县水务局", "青禾县农业农村局"


def codes():
    """Give codes of catalogue indicators by name."""
    from shanshui.platform.catalog import find_indicator

    names = ("农村生活污水治理率", "碧道长度", "化肥使用量", "PM2.5年均浓度")
    return {name: find_indicator(name)["code"] for name in names}


def plan(workspace, *, units=True):
    """Put a plan with four targets into the ledger, three of reported indicators."""
    of = codes()
    with workspace.ledger.write(who="测试", action="test") as session:
        paper = models.Document(
            code="qinghe",
            title="青禾县行动计划",
            kind="action",
            region_code="441802",
            first_year=2026,
            last_year=2030,
            sha256="1" * 64,
            text="文",
        )
        session.add(paper)
        session.flush()
        wanted = [
            ("农村生活污水治理率", ">=", "70", "%", 2027),
            ("碧道长度", ">=", "60.0", "km", 2028),
            ("化肥使用量", "<=", "1200", "吨", 2027),
            ("PM2.5年均浓度", "<=", "25", "µg/m3", 2027),
        ]
        for place, (name, sign, value, unit, year) in enumerate(wanted, start=1):
            session.add(
                models.Commitment(
                    document_id=paper.id,
                    code=f"qinghe-{place:03}",
                    position=place,
                    kind="target",
                    indicator=name,
                    indicator_code=of[name],
                    region="清城区",
                    region_code="441802",
                    year=year,
                    comparator=sign,
                    value=Decimal(value),
                    unit=unit,
                    status="confirmed",
                    checked_by="甲",
                    checked_at=datetime(2026, 1, 1, tzinfo=UTC),
                )
            )
        water, farm = models.Organization(name=WATER), models.Organization(name=FARM)
        session.add_all([water, farm])
        session.flush()
        if units:
            for item, role, unit in (
                ("qinghe-001", "lead", farm),
                ("qinghe-001", "responsible", water),
                ("qinghe-002", "lead", water),
                ("qinghe-004", "lead", water),
            ):
                session.add(models.Assignment(item=item, role=role, organization_id=unit.id))


def opened(workspace, period=PERIOD, **more):
    """Make the forms of a period."""
    with workspace.ledger.write(who="调度员", action="report-in open") as session:
        return forms.open_forms(session, period, who="调度员", **more)


def number(workspace, name, unit=WATER, period=PERIOD, region="441802"):
    """Give the number of a line."""
    with workspace.ledger.read() as session:
        return filling.line_of(session, unit, period, name, region)


def act(workspace, what, *words, who, **more):
    """Do one step of the flow in a transaction of its own."""
    with workspace.ledger.write(who=who, action=f"report-in {what.__name__}") as session:
        return what(session, *words, who=who, **more)


def report(workspace, name, value, *, period=PERIOD, reason=None, unit=WATER):
    """Fill in, submit and accept a figure."""
    line = number(workspace, name, unit, period)
    act(workspace, filling.fill, [filling.Entry(line, {"value": value}, reason)], who="张三")
    act(workspace, filling.submit, [line], who="张三")
    act(workspace, filling.accept, [line], who="李四")
    return line
