"""What came of an experiment: a page, drawings, and text for a terminal."""

from simulations.report.page import report_html, write_report
from simulations.report.text import print_attack, print_comparison, print_summary

__all__ = ["print_attack", "print_comparison", "print_summary", "report_html", "write_report"]
