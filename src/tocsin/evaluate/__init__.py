"""Scores of tracks and warnings against truth; never knows how they were made."""

from tocsin.evaluate.assignment import Gospa, gospa
from tocsin.evaluate.bounds import TargetLooks, looks_along, lower_bound
from tocsin.evaluate.chart_scenario import Setting, chart_scenario
from tocsin.evaluate.config import TrackScoring, WarningScoring
from tocsin.evaluate.distance import distance
from tocsin.evaluate.oracle import OracleConfig, known_association
from tocsin.evaluate.page import Evidence, report_page
from tocsin.evaluate.requirements import (
    STANDARDS,
    Outcome,
    Standard,
    Verdict,
    judge,
    met,
    parse_standard,
    standard_text,
)
from tocsin.evaluate.scene import Scene, scene
from tocsin.evaluate.tracking import score_scene, score_tracks
from tocsin.evaluate.warning import score_warnings

__all__ = [
    "STANDARDS",
    "Evidence",
    "Gospa",
    "OracleConfig",
    "Outcome",
    "Scene",
    "Setting",
    "Standard",
    "TargetLooks",
    "TrackScoring",
    "Verdict",
    "WarningScoring",
    "chart_scenario",
    "distance",
    "gospa",
    "judge",
    "known_association",
    "looks_along",
    "lower_bound",
    "met",
    "parse_standard",
    "report_page",
    "scene",
    "score_scene",
    "score_tracks",
    "score_warnings",
    "standard_text",
]
