"""Add the history of standings."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "standing_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("targets", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("known", sa.DateTime(timezone=True), nullable=True),
        sa.Column("made_by", sa.String(length=100), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standing_runs")),
    )
    with op.batch_alter_table("standing_runs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_standing_runs_day"), ["day"], unique=False)

    op.create_table(
        "standings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("value", sa.String(length=64), nullable=True),
        sa.Column("period", sa.String(length=20), nullable=True),
        sa.Column("gap", sa.String(length=64), nullable=True),
        sa.Column("refs", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["standing_runs.id"], name=op.f("fk_standings_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standings")),
    )
    with op.batch_alter_table("standings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_standings_run_id"), ["run_id"], unique=False)
        batch_op.create_index("ix_standings_subject_run", ["subject", "run_id"], unique=True)
