"""Shanshui (山水): the open ledger and engine for building Beautiful China."""

__version__ = "0.1.0"
