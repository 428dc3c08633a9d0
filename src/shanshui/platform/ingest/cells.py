"""Columns of values: numbers, flags, signs of detection limits, in the unit of the lake."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache

import polars as pl

from shanshui.platform.ingest.columns import simplify, vocabulary
from shanshui.platform.ingest.content import Source
from shanshui.platform.ingest.errors import ReadError
from shanshui.platform.ingest.forms import Note
from shanshui.platform.ingest.measures import factor, measures
from shanshui.platform.ingest.observations import BELOW, UNDETECTED, Reading
from shanshui.platform.ingest.profiles import Column, Profile
from shanshui.platform.ingest.samples import cell
from shanshui.platform.ingest.values import numbers as parsed
from shanshui.platform.ingest.values import texts

_FLAG = r"^([-+]?\d+(?:\.\d+)?)\s*[(（]?({})[)）]?$"


@dataclass(frozen=True)
class Numbers:
    """A column understood: values, flags, and which cells are neither number nor sign."""

    value: pl.Series
    flag: pl.Series
    fault: pl.Series


@cache
def _flagged() -> str:
    marks = sorted(vocabulary()["source_flags"]["flags"], key=len, reverse=True)
    return _FLAG.format("|".join(marks))


@dataclass
class Cells:
    """Understands the cells of one table.

    Attributes
    ----------
    source : Source
        The table.
    profile : Profile
        How it is read.
    reading : Reading
        Where units are told.
    at : mapping
        Name of a column to its position.
    """

    source: Source
    profile: Profile
    reading: Reading
    at: Mapping[str, str]
    guarded: set[str] = field(default_factory=set)

    def numbers(self, batch: pl.DataFrame, name: str, at: str, column: Column) -> Numbers:
        """Understand a column of values: numbers, flags, signs of detection limits."""
        values, faults = parsed(batch, {"value": at})
        value = values["value"]
        flag = pl.Series("flag", [None], dtype=pl.String).new_from_index(0, batch.height)
        fault = faults.get("value")
        if fault is None:
            fault = pl.Series("fault", [False]).new_from_index(0, batch.height)
        else:
            value, flag, fault = self._odd(batch[at].cast(pl.String), value, fault)
        if column.flag and column.flag in self.at:
            said = texts(batch, self.at[column.flag])
            both = pl.concat_str(said, flag, separator=",", ignore_nulls=True)
            none = said.is_null() & flag.is_null()
            flag = pl.select(pl.when(none).then(None).otherwise(both)).to_series()
        ratio = self._ratio(name, column)
        if ratio != 1.0:
            value = value * ratio
        self._guard(name, column, value)
        return Numbers(value.alias("value"), flag.alias("flag"), fault)

    def _odd(
        self, raw: pl.Series, value: pl.Series, fault: pl.Series
    ) -> tuple[pl.Series, pl.Series, pl.Series]:
        raw = raw.str.strip_chars()
        number: dict[str, float] = {}
        flags: dict[str, str] = {}
        nothing: set[str] = set()
        marks = {simplify(m) for m in self.profile.missing}
        for text in raw.filter(fault).unique().drop_nulls():
            if text in self.profile.missing or (marks and simplify(text) in marks):
                nothing.add(text)
                continue
            meant = cell(text)
            if meant.undetected:
                flags[text] = UNDETECTED
            elif meant.value is not None:
                number[text] = float(meant.value)
                if meant.limit is not None:
                    flags[text] = BELOW
            elif not meant.wrong:
                nothing.add(text)
            else:
                self._with_flag(text, number, flags)
        said = {*number, *flags, *nothing}
        known = fault & raw.is_in(list(said))
        filled = raw.replace_strict(number, default=None, return_dtype=pl.Float64)
        marked = raw.replace_strict(flags, default=None, return_dtype=pl.String)
        value = pl.select(pl.when(fault).then(filled).otherwise(value)).to_series()
        flag = pl.select(pl.when(fault).then(marked)).to_series()
        return value, flag, fault & ~known

    @staticmethod
    def _with_flag(text: str, number: dict[str, float], flags: dict[str, str]) -> None:
        found = pl.Series([text]).str.extract_groups(_flagged()).struct.unnest().row(0)
        if found[0] is not None:
            number[text], flags[text] = float(found[0]), found[1]

    def _ratio(self, name: str, column: Column) -> float:
        """Return what values of a column are multiplied by, and say its unit."""
        known = measures().get(column.property)
        own = known.unit if known else column.unit
        column = self._stated(column)
        if column.unit is None:
            how = Note("未注明，按目录", "not stated, by the catalogue")
            self.reading.units.setdefault(column.property, (own or "", how))
            return 1.0
        how = Note("经模板或文件注明", "by the profile or the file")
        self.reading.units.setdefault(column.property, (column.unit, how))
        found = factor(column.unit, own or column.unit)
        if found is None:
            raise ReadError(
                f"单位 {column.unit} 不能换算为 {own}",
                f"the unit {column.unit} does not convert to {own}",
                file=self.source.name,
                row=self.source.header_row,
                column=name,
            )
        return float(found)

    def _stated(self, column: Column) -> Column:
        """Return a column with the unit that a person or a convention of its form says."""
        said = self.profile.units.get(column.property)
        custom = vocabulary()["form_units"].get(self.profile.form, {}).get(column.property)
        unit = said or column.unit or custom
        return replace(column, unit=unit)

    def _guard(self, name: str, column: Column, value: pl.Series) -> None:
        """Refuse values of air that look like another unit; the first piece with values tells."""
        item = column.property.partition("_")[0]
        bounds = vocabulary()["guards"].get(item)
        known = measures().get(column.property)
        column = self._stated(column)
        if (
            column.sure
            or item in self.profile.units
            or bounds is None
            or known is None
            or known.medium != "air"
        ):
            return
        if name in self.guarded:
            return
        middle = value.filter(value > 0).median()
        if not isinstance(middle, float):
            return
        self.guarded.add(name)
        if bounds["low"] <= middle <= bounds["high"]:
            return
        taken = column.unit or known.unit
        probable = "mg/m3" if middle < bounds["low"] else "ug/m3"
        if probable == taken:
            return
        seen = middle / float(factor(taken, known.unit) or 1)
        raise ReadError(
            f"单位为 {taken} 时中位数 {seen:g} 不合常理，数据很可能是 {probable}；"
            f"请用 --units {column.property}={probable}（换算）"
            f"或 --units {column.property}={taken}（确为此单位）指明",
            f"in {taken} a median of {seen:g} cannot be: the data are probably in {probable}; say "
            f"--units {column.property}={probable} to convert them, or "
            f"--units {column.property}={taken} if they are right",
            file=self.source.name,
            column=name,
        )
