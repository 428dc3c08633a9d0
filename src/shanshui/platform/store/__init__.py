"""The workspace: the ledger of plans and work, and the lake of observations."""

from shanshui.platform.store.ledger import Conflict, Ledger
from shanshui.platform.store.workspace import Workspace

__all__ = ["Conflict", "Ledger", "Workspace"]
