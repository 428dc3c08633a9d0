"""What departments report and where each target stands: figures, deadlines, standings."""
