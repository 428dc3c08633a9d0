"""Add reported and published figures."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "published_figures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("indicator_code", sa.String(length=100), nullable=False),
        sa.Column("region_code", sa.String(length=32), nullable=False),
        sa.Column("period", sa.String(length=20), nullable=False),
        sa.Column("value", sa.String(length=64), nullable=False),
        sa.Column("unit", sa.String(length=32), nullable=True),
        sa.Column("basis", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("remark", sa.String(), nullable=False),
        sa.Column("derived", sa.Boolean(), nullable=False),
        sa.Column("bound", sa.Boolean(), nullable=False),
        sa.Column("source_title", sa.String(), nullable=False),
        sa.Column("publisher", sa.String(), nullable=True),
        sa.Column("published", sa.String(length=32), nullable=True),
        sa.Column("confidence", sa.String(length=1), nullable=True),
        sa.Column("supersedes_id", sa.Integer(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["indicator_code"],
            ["indicators.code"],
            name=op.f("fk_published_figures_indicator_code"),
        ),
        sa.ForeignKeyConstraint(
            ["region_code"], ["regions.code"], name=op.f("fk_published_figures_region_code")
        ),
        sa.ForeignKeyConstraint(
            ["supersedes_id"],
            ["published_figures.id"],
            name=op.f("fk_published_figures_supersedes_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_published_figures")),
    )
    with op.batch_alter_table("published_figures", schema=None) as batch_op:
        batch_op.create_index(
            "ix_published_figures_series", ["indicator_code", "region_code"], unique=False
        )

    op.create_table(
        "report_forms",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("period", sa.String(length=20), nullable=False),
        sa.Column("deadline", sa.String(length=10), nullable=False),
        sa.Column("origin", sa.String(length=8), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("made_by", sa.String(length=100), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_report_forms_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_forms")),
        sa.UniqueConstraint(
            "organization_id", "period", name=op.f("uq_report_forms_organization_id_period")
        ),
    )
    with op.batch_alter_table("report_forms", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_report_forms_deadline"), ["deadline"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_report_forms_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_report_forms_period"), ["period"], unique=False)

    op.create_table(
        "report_lines",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("form_id", sa.Integer(), nullable=False),
        sa.Column("indicator_code", sa.String(length=100), nullable=False),
        sa.Column("region_code", sa.String(length=32), nullable=False),
        sa.Column("unit", sa.String(length=32), nullable=True),
        sa.Column("item", sa.String(length=80), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["form_id"], ["report_forms.id"], name=op.f("fk_report_lines_form_id")
        ),
        sa.ForeignKeyConstraint(
            ["indicator_code"], ["indicators.code"], name=op.f("fk_report_lines_indicator_code")
        ),
        sa.ForeignKeyConstraint(
            ["region_code"], ["regions.code"], name=op.f("fk_report_lines_region_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_lines")),
        sa.UniqueConstraint(
            "form_id",
            "indicator_code",
            "region_code",
            name=op.f("uq_report_lines_form_id_indicator_code_region_code"),
        ),
    )
    with op.batch_alter_table("report_lines", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_report_lines_form_id"), ["form_id"], unique=False)

    op.create_table(
        "reported_figures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("supersedes_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("value", sa.String(length=64), nullable=True),
        sa.Column("basis", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("evidence", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("warnings", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("via", sa.String(length=16), nullable=False),
        sa.Column("filled_by", sa.String(length=100), nullable=False),
        sa.Column("filled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_by", sa.String(length=100), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=100), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["line_id"], ["report_lines.id"], name=op.f("fk_reported_figures_line_id")
        ),
        sa.ForeignKeyConstraint(
            ["supersedes_id"],
            ["reported_figures.id"],
            name=op.f("fk_reported_figures_supersedes_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reported_figures")),
        sa.UniqueConstraint("line_id", "number", name=op.f("uq_reported_figures_line_id_number")),
    )
    with op.batch_alter_table("reported_figures", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reported_figures_line_id"), ["line_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_reported_figures_state"), ["state"], unique=False)
