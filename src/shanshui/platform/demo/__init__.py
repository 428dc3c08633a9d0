"""The demo: the loop closed once on real data."""
