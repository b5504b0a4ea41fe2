"""Scores of tracks and warnings against truth; never knows how they were made."""

from tocsin.evaluate.assignment import Gospa, gospa
from tocsin.evaluate.bounds import TargetLooks, looks_along, lower_bound
from tocsin.evaluate.chart_scenario import Setting, chart_scenario
from tocsin.evaluate.config import TrackScoring, WarningScoring
from tocsin.evaluate.oracle import OracleConfig, known_association
from tocsin.evaluate.page import Evidence, report_page
from tocsin.evaluate.tracking import score_tracks
from tocsin.evaluate.warning import score_warnings

__all__ = [
    "Evidence",
    "Gospa",
    "OracleConfig",
    "Setting",
    "TargetLooks",
    "TrackScoring",
    "WarningScoring",
    "chart_scenario",
    "gospa",
    "known_association",
    "looks_along",
    "lower_bound",
    "report_page",
    "score_tracks",
    "score_warnings",
]
