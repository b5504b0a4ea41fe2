"""Randomness is Philox, keyed, and as spread as it should be."""

import numpy as np
import pytest

from tocsin.simulate.draws import Purpose, normals, philox, stream, uniforms, words

# Known answers of the authors' own implementation: Random123, tests/kat_vectors, philox4x32 10.
KNOWN = [
    ("00000000 00000000 00000000 00000000", "00000000 00000000",
     "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff",
     "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0",
     "d16cfe09 94fdcceb 5001e420 24126ea1"),
]  # fmt: skip


def _words(text: str) -> np.ndarray:
    return np.array([int(word, 16) for word in text.split()], np.uint64)


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN)
def test_philox_gives_the_published_answers(counter, key, answer):
    got = philox(_words(key)[None], _words(counter)[None])
    assert got[0].tolist() == _words(answer).tolist()


def test_normals_are_standard_and_uncorrelated():
    key = np.stack([words("object", k)[:2] for k in range(50)])
    draws = np.concatenate([normals(key, Purpose.GUSTS, tick) for tick in range(1000)])
    count = len(draws)
    assert abs(draws.mean(axis=0)).max() < 4.0 / np.sqrt(count)
    assert abs(draws.std(axis=0) - 1.0).max() < 4.0 / np.sqrt(2 * count)
    correlation = np.corrcoef(draws.T) - np.eye(4)
    assert abs(correlation).max() < 4.0 / np.sqrt(count)


def test_every_part_of_the_name_matters_and_negative_ticks_are_fine():
    key = words("a")[None, :2]
    base = uniforms(key, Purpose.ECHO, 3, 7)
    others = [
        uniforms(words("b")[None, :2], Purpose.ECHO, 3, 7),
        uniforms(key, Purpose.GUSTS, 3, 7),
        uniforms(key, Purpose.ECHO, -3, 7),
        uniforms(key, Purpose.ECHO, 3, 8),
    ]
    assert all((base != other).all() for other in others)
    assert (uniforms(key, Purpose.ECHO, 3, 7) == base).all()
    assert ((base > 0.0) & (base < 1.0)).all()


def test_streams_with_different_names_differ():
    assert stream(1, "a", "b").random() == stream(1, "a", "b").random()
    assert stream(1, "a", "b").random() != stream(1, "ab", "").random()
    assert stream(1, "a").random() != stream(2, "a").random()
