"""Add what points of noise and of the sea are assessed by."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the change."""
    with op.batch_alter_table("roster_entries", schema=None) as batch_op:
        batch_op.add_column(sa.Column("zone", sa.String(length=8), nullable=True))
        batch_op.add_column(sa.Column("length", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("area", sa.String(length=32), nullable=True))
