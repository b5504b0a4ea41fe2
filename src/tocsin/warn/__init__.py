"""The air picture and the zones to forecasts, decisions and the life of public warnings."""

from tocsin.warn.config import WarnConfig
from tocsin.warn.orders import VERBS
from tocsin.warn.policy import PRESETS, Policy, parse_policy, preset, preset_text
from tocsin.warn.release import Release
from tocsin.warn.step import WarnOut, WarnState, start, step, succeed

__all__ = [
    "PRESETS",
    "VERBS",
    "Policy",
    "Release",
    "WarnConfig",
    "WarnOut",
    "WarnState",
    "parse_policy",
    "preset",
    "preset_text",
    "start",
    "step",
    "succeed",
]
