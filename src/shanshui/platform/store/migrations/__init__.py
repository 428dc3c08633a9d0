"""The steps by which a ledger of an older version becomes one of this version."""
