"""Plans in the ledger: their documents, items, lists, targets of the year and checks."""
