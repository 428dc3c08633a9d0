"""Review (审核), rosters (名单) and freezes (定版): data are made final."""
