"""Codecs: bytes to reports, and back where we send; one file per format.

Decoders never raise on what the bytes hold: they return tables of reports and looks, and faults.
"""

from tocsin.decode import beast, plot_stream, squitter
from tocsin.decode.config import DecodeConfig
from tocsin.decode.detect import detect
from tocsin.decode.formats import FORMATS, Format
from tocsin.decode.out import Decoded
from tocsin.decode.squitter import encode_identification, encode_position, encode_velocity
from tocsin.decode.step import DecodeState, decode_file, finish, start, step, summary

__all__ = [
    "FORMATS",
    "DecodeConfig",
    "DecodeState",
    "Decoded",
    "Format",
    "beast",
    "decode_file",
    "detect",
    "encode_identification",
    "encode_position",
    "encode_velocity",
    "finish",
    "plot_stream",
    "squitter",
    "start",
    "step",
    "summary",
]
