"""What all models share: exact numbers, moments, the lock against stale writes."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, ForeignKey, MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column
from sqlalchemy.types import TypeDecorator

from shanshui.standards.errors import ShanshuiError

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
"""Names of constraints, so that a migration can speak of each on every database."""

PACKAGED: dict[str, Any] = {"info": {"audit": False}}
"""Of a table that the packaged catalogue fills at once: its trail begins with people's changes."""


class Exact(TypeDecorator[Decimal]):
    """A number kept as it was written: a Decimal in Python, text in the database.

    SQLite has no decimals, and a promise of 20.0 is not one of 20.
    """

    impl = String(64)
    cache_ok = True

    def process_bind_param(self, value: Any, _: Dialect) -> str | None:
        """Write the digits as they are."""
        if value is None:
            return None
        try:
            # A float is taken by its shortest decimal, 0.1 and not its binary neighbour.
            number = value if isinstance(value, Decimal) else Decimal(str(value))
        except InvalidOperation:
            raise ShanshuiError(f"应为数：{value!r} / a number is expected: {value!r}") from None
        if not number.is_finite():
            raise ShanshuiError(f"应为有限数：{value!r} / a finite number is expected: {value!r}")
        return format(number, "f")

    def process_result_value(self, value: str | None, _: Dialect) -> Decimal | None:
        """Read the digits back."""
        return None if value is None else Decimal(value)

    def compare_values(self, x: Any, y: Any) -> bool:
        """Tell 20.0 from 20, which are equal as numbers."""
        return str(x) == str(y)


class Moment(TypeDecorator[datetime]):
    """A moment of the world's clock (UTC), aware in Python on every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _: Dialect) -> datetime | None:
        """Refuse a time without a zone; write UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ShanshuiError(f"时刻缺时区：{value} / a moment needs its zone: {value}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _: Dialect) -> datetime | None:
        """Give UTC back; SQLite forgets the zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def now() -> datetime:
    """Return this moment, in UTC."""
    return datetime.now(UTC)


def later(column: str) -> ForeignKey:
    """Refer to a row of the same table; checked at the end of a transaction, in whatever order."""
    return ForeignKey(column, deferrable=True, initially="DEFERRED")


class Base(DeclarativeBase):
    """The models of the ledger."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {  # noqa: RUF012 - as SQLAlchemy wants it
        Decimal: Exact,
        datetime: Moment,
        dict[str, Any]: JSON(none_as_null=True),
        list[str]: JSON(none_as_null=True),
    }

    def values(self) -> dict[str, Any]:
        """Return the columns and their values, in the order of the table."""
        return {
            attribute.key: getattr(self, attribute.key)
            for attribute in self.__mapper__.column_attrs
        }


class Versioned:
    """A row that people edit: a write over what another has changed meanwhile is refused."""

    version: Mapped[int] = mapped_column(default=1)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805 - of the model
        """Let SQLAlchemy count the versions."""
        return {"version_id_col": cls.version}
