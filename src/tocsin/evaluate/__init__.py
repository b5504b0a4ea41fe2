"""Scores of tracks and warnings against truth; never knows how they were made."""

from tocsin.evaluate.assignment import Gospa, gospa, ospa
from tocsin.evaluate.bounds import TargetLooks, looks_along, lower_bound
from tocsin.evaluate.calibration import score_forecasts
from tocsin.evaluate.chart_scenario import Setting, chart_scenario
from tocsin.evaluate.config import ForecastScoring, TrackScoring, WarningScoring
from tocsin.evaluate.consistency import chi2_band, innovation_scores
from tocsin.evaluate.distance import distance
from tocsin.evaluate.entry import Entry, Evidence
from tocsin.evaluate.expected import Bound, Sources, expected_bound
from tocsin.evaluate.moments import instants
from tocsin.evaluate.oracle import Oracle, OracleConfig, OracleSite, known_association, oracle
from tocsin.evaluate.page import report_page
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
from tocsin.evaluate.scene import Coverage, Resolution, Scene, scene
from tocsin.evaluate.tracking import score_scene, score_tracks
from tocsin.evaluate.warning import score_warnings
from tocsin.evaluate.warning_baselines import RunTables
from tocsin.evaluate.warning_records import zone_records

__all__ = [
    "STANDARDS",
    "Bound",
    "Coverage",
    "Entry",
    "Evidence",
    "ForecastScoring",
    "Gospa",
    "Oracle",
    "OracleConfig",
    "OracleSite",
    "Outcome",
    "Resolution",
    "RunTables",
    "Scene",
    "Setting",
    "Sources",
    "Standard",
    "TargetLooks",
    "TrackScoring",
    "Verdict",
    "WarningScoring",
    "chart_scenario",
    "chi2_band",
    "distance",
    "expected_bound",
    "gospa",
    "innovation_scores",
    "instants",
    "judge",
    "known_association",
    "looks_along",
    "lower_bound",
    "met",
    "oracle",
    "ospa",
    "parse_standard",
    "report_page",
    "scene",
    "score_forecasts",
    "score_scene",
    "score_tracks",
    "score_warnings",
    "standard_text",
    "zone_records",
]
