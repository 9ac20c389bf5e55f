"""One self-contained page about a settled round: what was decided, why, and how to check it."""

from qf.report.page import report_html

__all__ = ["report_html"]
