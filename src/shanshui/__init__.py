"""Shanshui (山水): the open ledger and engine for building Beautiful China.

The library computes; import the domain you need:

>>> from shanshui import air, standards
"""

from shanshui.standards.errors import NoEdition, SchemaError, ShanshuiError, UnknownEdition

__version__ = "0.1.0"

__all__ = ["NoEdition", "SchemaError", "ShanshuiError", "UnknownEdition", "__version__"]
