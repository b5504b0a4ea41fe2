"""Motion models and what each class of object can do: what moves how."""

from tocsin.motion.cv import CvNoise, predict, process_noise, transition
from tocsin.motion.imm import Chain
from tocsin.motion.models import Noise
from tocsin.motion.sets import AGILE, MOST_MODELS, SETS, Arrays, Model, ModelSet

__all__ = [
    "AGILE",
    "MOST_MODELS",
    "SETS",
    "Arrays",
    "Chain",
    "CvNoise",
    "Model",
    "ModelSet",
    "Noise",
    "predict",
    "process_noise",
    "transition",
]
