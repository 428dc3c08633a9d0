"""Errors that the library raises for faults a caller can mend."""

from __future__ import annotations


class ShanshuiError(ValueError):
    """Base of every error that Shanshui raises on purpose."""


class SchemaError(ShanshuiError):
    """A frame lacks a column, or a column has a type that cannot be used."""


class UnknownEdition(ShanshuiError):
    """No edition or standard of that name is known in the domain."""


class NoEdition(ShanshuiError):
    """No edition of the domain covers the date."""


class UnverifiedFigure(UserWarning):
    """A figure in use could not be verified (confidence C)."""
