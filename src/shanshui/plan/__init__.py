"""Plan documents: from text to commitments, tasks and projects, each with its place in the text."""

from shanshui.plan.document import Document, Heading

__all__ = ["Document", "Heading"]
