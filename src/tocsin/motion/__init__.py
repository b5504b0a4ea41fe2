"""Motion models and what each class of object can do: what moves how."""

from tocsin.motion.cv import CvNoise, predict, process_noise, transition

__all__ = ["CvNoise", "predict", "process_noise", "transition"]
