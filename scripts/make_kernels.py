"""Write src/tocsin/motion/kernels_models.py: straight-line filter steps, derived with SymPy.

    .venv/bin/python scripts/make_kernels.py

Each derivation below is the textbook's matrix equation, taken element by element: what is zero in
F and H vanishes, of a symmetric matrix one triangle is computed, and every intermediate result has
a name. A kernel takes the rows of one track and one model and is inlined where it is called.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sympy as sp
from sympy.printing.pycode import PythonCodePrinter

from tocsin.motion import ballistic

TARGET = Path(__file__).resolve().parents[1] / "src" / "tocsin" / "motion" / "kernels_models.py"
UPPER = [(a, b) for a in range(6) for b in range(a, 6)]


def _symmetric(letter: str, size: int) -> Any:
    return sp.Matrix(size, size, lambda a, b: sp.Symbol(f"{letter}{min(a, b)}{max(a, b)}"))


X, P = sp.Matrix(sp.symbols("x0:6")), _symmetric("p", 6)
Z, R = sp.Matrix(sp.symbols("z0:3")), _symmetric("r", 3)
MEAN, MEAN_COV = sp.Matrix(sp.symbols("m0:6")), _symmetric("c", 6)
SENSOR = sp.Matrix(sp.symbols("s0:3"))
NOISE = sp.symbols("q0:4")
DT, RATE = sp.symbols("dt_s turn_radps")


class Printer(PythonCodePrinter):  # type: ignore[misc]  # SymPy has no types
    """Print small powers as products and fractions as floats; SymPy prescribes the names."""

    def _print_Pow(self, expr: Any, rational: bool = False) -> str:  # noqa: N802  # SymPy's name
        base, exponent = expr.as_base_exp()
        if abs(exponent) == sp.Rational(1, 2):
            root = f"math.sqrt({self._print(base)})"
            return root if exponent > 0 else f"(1.0 / {root})"
        if not exponent.is_Integer or abs(exponent) > 4:
            raise ValueError(f"cannot print {expr}")
        text = base.name if base.is_Symbol else f"({self._print(base)})"
        product = " * ".join([text] * abs(int(exponent)))
        return f"({product})" if exponent > 0 else f"(1.0 / ({product}))"

    def _print_Rational(self, expr: Any) -> str:  # noqa: N802  # SymPy's name
        return repr(float(expr))

    def _print_Float(self, expr: Any) -> str:  # noqa: N802  # SymPy's name
        return repr(float(expr))


PRINTER: Any = Printer({"fully_qualified_modules": True})


@dataclass
class Steps:
    """Collect named intermediate results in their order: symbol and expression of each."""

    lets: list[tuple[Any, Any]] = field(default_factory=list)

    def let(self, name: str, expression: Any) -> Any:
        """Name a scalar, unless it is a name or a number already."""
        expression = sp.sympify(expression)
        if expression.is_Atom:
            return expression
        symbol = sp.Symbol(name)
        self.lets.append((symbol, expression))
        return symbol

    def each(self, name: str, matrix: Any) -> Any:
        """Name the elements of a matrix or a column."""
        rows, columns = matrix.shape
        places = [(a, b) for a in range(rows) for b in range(columns)]
        mark = [f"{name}{a}" if columns == 1 else f"{name}{a}{b}" for a, b in places]
        named = [self.let(m, matrix[place]) for m, place in zip(mark, places, strict=True)]
        return sp.Matrix(rows, columns, named)

    def triangle(self, name: str, matrix: Any) -> Any:
        """Name the upper triangle of a symmetric matrix."""
        size = matrix.shape[0]
        places = [(a, b) for a in range(size) for b in range(a, size)]
        upper = {place: self.let(f"{name}{place[0]}{place[1]}", matrix[place]) for place in places}
        return sp.Matrix(size, size, lambda a, b: upper[min(a, b), max(a, b)])


# --- motion -------------------------------------------------------------------------------------


def density(steps: Steps) -> Any:
    """Return the spectral density of the acceleration: a floor, and shares that grow with speed.

    With v the horizontal velocity and n normal to it and as long: q0 I + q1 n n' + q2 v v'; q3 up.
    """
    floor, across, along, up = NOISE
    east, north = X[3], X[4]
    D = sp.zeros(3)
    D[0, 0] = floor + across * north * north + along * east * east
    D[1, 1] = floor + across * east * east + along * north * north
    D[0, 1] = D[1, 0] = (along - across) * east * north
    D[2, 2] = up
    return steps.triangle("d", D)


def process_noise(steps: Steps) -> Any:
    """Return Q of white-noise acceleration over dt_s."""
    D = density(steps)
    half, third = steps.let("dt2", DT * DT / 2), steps.let("dt3", DT * DT * DT / 3)
    return sp.Matrix(sp.BlockMatrix([[D * third, D * half], [D * half, D * DT]]))


def cv_transition() -> Any:
    """Return F of constant velocity."""
    F = sp.eye(6)
    for axis in range(3):
        F[axis, axis + 3] = DT
    return F


def turn_transition(steps: Steps) -> Any:
    """Return F of a level turn to the right by a known rate.

    sin(a)/a and (1 - cos(a))/a² as series: no division by a rate of 0, and no library function.
    """
    half_turn = sp.Float(float(sp.pi))
    angle = steps.let("angle", sp.Max(-half_turn, sp.Min(half_turn, RATE * DT)))
    y = steps.let("angle2", angle * angle)
    along = _series(steps, "sinc", y, [sp.S(-1) ** k / sp.factorial(2 * k + 1) for k in range(12)])
    bend = _series(steps, "cosc", y, [sp.S(-1) ** k / sp.factorial(2 * k + 2) for k in range(12)])
    across = steps.let("across", angle * bend)
    F = cv_transition()
    F[0, 3] = F[1, 4] = steps.let("forward_s", DT * along)
    F[0, 4] = steps.let("aside_s", DT * across)
    F[3, 3] = F[4, 4] = steps.let("cosine", 1 - angle * across)
    F[3, 4] = steps.let("sine", angle * along)
    F[1, 3], F[4, 3] = -F[0, 4], -F[3, 4]
    return F


def _series(steps: Steps, name: str, y: Any, terms: list[Any]) -> Any:
    total = terms[-1]
    for k in reversed(range(len(terms) - 1)):
        total = steps.let(f"{name}{k}", terms[k] + y * total)
    return total


def predict(steps: Steps, F: Any, Q: Any) -> Any:
    """Return F x and F P F' + Q."""
    half = steps.each("fp", F * P)
    return steps.each("n", F * X), steps.triangle("np", half * F.T + Q)


def predict_cv(steps: Steps) -> Any:
    """Derive constant velocity."""
    return predict(steps, cv_transition(), process_noise(steps))


def predict_turn(steps: Steps) -> Any:
    """Derive the coordinated turn."""
    Q = process_noise(steps)
    return predict(steps, turn_transition(steps), Q)


def fall_rate(steps: Steps, mark: str, state: Any) -> Any:
    """Return the time derivative of a falling object's state, and what slows it per second.

    Gravity points at the earth's centre, which lies below the frame's origin.
    """
    east, north, up, *velocity = state
    radius = sp.Float(ballistic.EARTH_RADIUS_M)
    r2 = steps.let(f"r2_{mark}", east * east + north * north + (up + radius) * (up + radius))
    r = steps.let(f"r_{mark}", sp.sqrt(r2))
    pull = steps.let(f"g_{mark}", ballistic.GRAVITY_MPS2 * radius * radius / (r2 * r))
    thin = sp.exp(-sp.Max(r - radius, sp.Float(0.0)) / ballistic.SCALE_HEIGHT_M)
    air = steps.let(f"air_{mark}", ballistic.SEA_LEVEL_DENSITY_KGPM3 / 2 * thin)
    speed = steps.let(f"speed_{mark}", sp.sqrt(sum(v * v for v in velocity)))
    slow = steps.let(f"slow_{mark}", air * sp.Symbol("drag_area_m2pkg") * speed)
    fall = [-pull * c - slow * v for c, v in zip((east, north, up + radius), velocity, strict=True)]
    return steps.each(f"f{mark}_", sp.Matrix([*velocity, *fall])), (r, pull, slow, speed)


def fall_jacobian(steps: Steps, state: Any, parts: Any) -> Any:
    """Return the derivative of `fall_rate` by the state."""
    r, pull, slow, speed = parts
    from_centre = sp.Matrix([state[0], state[1], state[2] + ballistic.EARTH_RADIUS_M])
    centre = steps.each("u", from_centre / r)
    velocity = sp.Matrix(state[3:])
    course = steps.each("w", velocity / (speed + sp.Float(1e-9)))
    A = sp.zeros(6)
    A[:3, 3:] = sp.eye(3)
    thinning = steps.let("thinning", slow / ballistic.SCALE_HEIGHT_M)
    tide = pull * (3 * centre * centre.T - sp.eye(3)) + thinning * velocity * centre.T
    A[3:, :3] = steps.each("a", tide)
    A[3:, 3:] = steps.each("b", -slow * (sp.eye(3) + course * course.T))
    return A


def predict_fall(steps: Steps) -> Any:
    """Derive ballistic flight: the state by Runge and Kutta's rule, F from mid-step."""
    first, parts = fall_rate(steps, "0", X)
    middle = steps.each("h", X + first * DT / 2)
    second, middle_parts = fall_rate(steps, "1", middle)
    third, _ = fall_rate(steps, "2", steps.each("k", X + second * DT / 2))
    fourth, _ = fall_rate(steps, "3", steps.each("l", X + third * DT))
    later = steps.each("n", X + (first + 2 * (second + third) + fourth) * DT / 6)
    A = fall_jacobian(steps, middle, middle_parts)
    F = steps.each("F", sp.eye(6) + A * DT + A * A * DT * DT / 2)
    half = steps.each("fp", F * P)
    return later, steps.triangle("np", half * F.T + _fall_noise(steps, parts))


def _fall_noise(steps: Steps, parts: Any) -> Any:
    # An error of the drag lasts; as white noise it counts with the time that it lasts.
    slow = parts[2]
    floor, share2_s = sp.symbols("noise_m2ps3 drag_share2_s")
    velocity = sp.Matrix(X[3:])
    wrong = steps.let("wrong", share2_s * slow * slow)
    D = steps.triangle("d", sp.eye(3) * floor + wrong * velocity * velocity.T)
    half, third = steps.let("dt2", DT * DT / 2), steps.let("dt3", DT * DT * DT / 3)
    return sp.Matrix(sp.BlockMatrix([[D * third, D * half], [D * half, D * DT]]))


# --- measurement --------------------------------------------------------------------------------


def measure(steps: Steps, rows: int) -> Any:
    """Return innovation, P H' and S of a position at its own time: H = [I, dt I], ``rows`` rows."""
    H = cv_transition()[:rows, :]
    D = density(steps)
    late = steps.let("late3", sp.Abs(DT) * DT * DT / 3)
    innovation = steps.each("v", sp.Matrix(Z[:rows]) - H * X)
    PH = steps.each("ph", P * H.T)
    noise = R[:rows, :rows] + late * D[:rows, :rows]
    return innovation, PH, steps.triangle("s", H * PH + noise)


def factor(steps: Steps, S: Any) -> tuple[Any, list[Any], list[Any]]:
    """Return L, D and 1/D of S = L D L'."""
    size = S.shape[0]
    L = sp.eye(size)
    D: list[Any] = []
    inverse: list[Any] = []
    for a in range(size):
        D.append(steps.let(f"d_{a}", S[a, a] - sum(L[a, k] ** 2 * D[k] for k in range(a))))
        inverse.append(steps.let(f"i_{a}", 1 / D[a]))
        for b in range(a + 1, size):
            rest = S[a, b] - sum(L[a, k] * L[b, k] * D[k] for k in range(a))
            L[b, a] = steps.let(f"l_{b}{a}", rest * inverse[a])
    return L, D, inverse


def _solved(steps: Steps, name: str, L: Any, row: Any) -> list[Any]:
    out: list[Any] = []
    for k in range(L.shape[0]):
        out.append(steps.let(f"{name}{k}", row[k] - sum(L[k, j] * out[j] for j in range(k))))
    return out


def distance(steps: Steps, rows: int) -> Any:
    """Return what a gate needs: the Mahalanobis distance's square and the determinant of S."""
    innovation, PH, S = measure(steps, rows)
    L, D, inverse = factor(steps, S)
    e = _solved(steps, "e", L, innovation)
    square = steps.let("distance2", sum(x * x * i for x, i in zip(e, inverse, strict=True)))
    return square, steps.let("determinant", sp.prod(D)), (PH, L, inverse, e)


def update_position(steps: Steps, rows: int) -> Any:
    """Derive the Kalman update by a position: the gain through S = L D L', not through S^-1."""
    square, determinant, (PH, L, inverse, e) = distance(steps, rows)
    B = sp.Matrix([_solved(steps, f"b{a}", L, PH.row(a)) for a in range(6)])
    K = steps.each("k", B * sp.diag(*inverse))
    later = steps.each("n", X + K * sp.Matrix(e))
    return later, steps.triangle("np", P - K * B.T), square, determinant


def update_range_rate(steps: Steps) -> Any:
    """Derive the update by a range rate: the velocity along the line of sight, linearised."""
    rate, variance = sp.symbols("rate_mps rate_var_m2ps2")
    position, velocity = sp.Matrix(X[:3]), sp.Matrix(X[3:])
    line = steps.each("y", position + DT * velocity - SENSOR)
    inverse = steps.let("ir", 1 / sp.sqrt(sum(c * c for c in line)))
    sight = steps.each("u", line * inverse)
    expected = steps.let("expected", (sight.T * velocity)[0])
    swing = steps.each("g", (velocity - expected * sight) * inverse)
    H = sp.Matrix([*swing, *steps.each("w", sight + DT * swing)])
    PH = steps.each("ph", P * H)
    D = density(steps)
    S = steps.let("s", (H.T * PH)[0] + variance + sp.Abs(DT) * (sight.T * D * sight)[0])
    share = steps.let("is_", 1 / S)
    off = steps.let("off", rate - expected)
    later = steps.each("n", X + PH * (off * share))
    square = steps.let("distance2", off * off * share)
    return later, steps.triangle("np", P - PH * PH.T * share), square, S


# --- interaction --------------------------------------------------------------------------------


def mix(steps: Steps) -> Any:
    """Derive one model's mixed start: its own state with weight a, the mean of all with 1 - a."""
    own = sp.Symbol("own")
    apart = steps.each("a", X - MEAN)
    spread = P - MEAN_COV + (1 - own) * apart * apart.T
    return steps.each("n", MEAN + own * apart), steps.triangle("np", MEAN_COV + own * spread)


def spread(steps: Steps) -> Any:
    """Derive one model's part of the combined covariance."""
    apart = steps.each("a", X - MEAN)
    whole = MEAN_COV + sp.Symbol("weight") * (P + apart * apart.T)
    return X, steps.triangle("np", whole)


# --- text ---------------------------------------------------------------------------------------

PLACES: dict[str, list[Any]] = {
    "state": list(X),
    "cov": [P[place] for place in UPPER],
    "plot_m": list(Z),
    "plot_cov": [R[a, b] for a in range(3) for b in range(a, 3)],
    "sensor_m": list(SENSOR),
    "noise": list(NOISE),
    "mean": list(MEAN),
    "mean_cov": [MEAN_COV[place] for place in UPPER],
}
"""What each element of an array parameter is called in the equations."""
JIT = "@lean(inline=True, contract=True)"
ARGUMENTS = {
    "state": "(6,) position and velocity, region frame.",
    "cov": "(21,) packed upper triangle of its covariance.",
    "plot_m": "(3,) position of the plot, or (2,) without height.",
    "plot_cov": "(6,) packed upper triangle of its covariance; a plot without height: (0, 1, 3).",
    "sensor_m": "(3,) position of the sensor.",
    "rate_mps": "measured range rate, positive receding.",
    "rate_var_m2ps2": "its variance.",
    "dt_s": "seconds from the state to the new time.",
    "turn_radps": "rate of turn, positive to the right.",
    "noise": "(4,) see `tocsin.motion.models.Noise`.",
    "drag_area_m2pkg": "drag area over mass, Cd A / m.",
    "noise_m2ps3": "spectral density of each acceleration.",
    "drag_share2_s": "relative variance of the drag times the seconds that an error of it lasts.",
    "mean": "(6,) mean of the mixture.",
    "mean_cov": "(21,) its covariance, or what is summed of it so far.",
    "own": "weight of the model's own state; the combined mean has the rest.",
    "weight": "of this part.",
    "state_out": "(6,) result; may be `state`.",
    "cov_out": "(21,) result; may be one of the covariances given.",
}
HEAD = '''"""Straight-line steps of filters: predict, update, mix.

Made by `scripts/make_kernels.py` with SymPy; do not edit. The NumPy twins are in `models`,
`falling`, `imm` and `measure`. Each kernel takes the rows of one track and one model, and reads
all before it writes anything, so results may replace what was given.
"""

from __future__ import annotations

import math

from tocsin.contract import F64
from tocsin.motion.kernels_jit import lean

# fmt: off
'''


@dataclass(frozen=True)
class Kernel:
    """Describe a scalar kernel.

    Args:
        name: of the function.
        says: its summary line.
        parameters: in order; those in `PLACES` are arrays.
        derive: gives state, covariance, and what `result` is made of.
        result: expression that is returned; its free names are the derivation's.
        source: literature.
    """

    name: str
    says: str
    parameters: tuple[str, ...]
    derive: Callable[[Steps], Any]
    result: str = ""
    returns: str = ""
    source: str = ""


def live(steps: Steps, wanted: Iterable[Any]) -> list[tuple[Any, Any]]:
    """Return only the steps that the wanted expressions need."""
    needed = {symbol for expression in wanted for symbol in expression.free_symbols}
    kept = []
    for symbol, expression in reversed(steps.lets):
        if symbol in needed:
            needed |= expression.free_symbols
            kept.append((symbol, expression))
    return kept[::-1]


def used(lets: list[tuple[Any, Any]], wanted: Iterable[Any]) -> set[Any]:
    """Return the symbols that must be there before the first step."""
    read = [expression for _, expression in lets] + list(wanted)
    seen = {symbol for expression in read for symbol in expression.free_symbols}
    return seen - {symbol for symbol, _ in lets}


def statement(target: str, expression: Any, indent: int) -> str:
    """Return an assignment, broken at spaces if it is long."""
    text = expression if isinstance(expression, str) else PRINTER.doprint(expression)
    line = f"{' ' * indent}{target} = {text}"
    if len(line) <= 99:
        return line + "\n"
    inner = " " * (indent + 4)
    broken = textwrap.fill(text, 99, initial_indent=inner, subsequent_indent=inner)
    return f"{' ' * indent}{target} = (\n{broken}\n{' ' * indent})\n"


def documentation(kernel: Kernel) -> str:
    """Return the docstring."""
    lines = [f'    """{kernel.says}', "", "    Args:"]
    for name in kernel.parameters:
        text = f"{name}: {ARGUMENTS[name]}"
        pad = " " * 8
        lines.append(textwrap.fill(text, 99, initial_indent=pad, subsequent_indent=pad + "    "))
    if kernel.returns:
        lines += ["", "    Returns:", f"        {kernel.returns}"]
    if kernel.source:
        lines += ["", textwrap.indent(textwrap.fill(f"Source: {kernel.source}", 95), " " * 4)]
    return "\n".join([*lines, '    """']) + "\n"


def arrays(name: str) -> bool:
    """Tell whether a parameter is an array."""
    return name in PLACES or name.endswith("_out")


def scalar(kernel: Kernel) -> str:
    """Return the text of a scalar kernel: read everything, compute, write everything."""
    steps = Steps()
    state, cov, *more = kernel.derive(steps)
    outputs = []
    if "state_out" in kernel.parameters:
        outputs += [(f"state_out[{a}]", state[a]) for a in range(6)]
    if "cov_out" in kernel.parameters:
        outputs += [(f"cov_out[{k}]", cov[place]) for k, place in enumerate(UPPER)]
    wanted = [value for _, value in outputs] + more
    lets = live(steps, wanted)
    before = used(lets, wanted)
    kinds = [f"{name}: {'F64' if arrays(name) else 'float'}" for name in kernel.parameters]
    head = f"def {kernel.name}({', '.join(kinds)}) -> {'float' if kernel.result else 'None'}:"
    if "," in kernel.result.split("#")[0] and kernel.name.startswith("gate"):
        head = head.replace("-> float", "-> tuple[float, float]")
    text = f"\n\n{JIT}\n{_wrapped(head)}\n{documentation(kernel)}"
    for name in kernel.parameters:
        for k, symbol in enumerate(PLACES.get(name, [])):
            if symbol in before:
                text += statement(str(symbol), f"{name}[{k}]", 4)
    text += "".join(statement(str(symbol), value, 4) for symbol, value in lets)
    text += "".join(statement(target, value, 4) for target, value in outputs)
    return text + (f"    return {kernel.result}\n" if kernel.result else "")


def _wrapped(head: str) -> str:
    if len(head) <= 99:
        return head
    name, rest = head.split("(", 1)
    inside, tail = rest.rsplit(") ->", 1)
    filled = textwrap.fill(inside, 95, initial_indent="    ", subsequent_indent="    ")
    return f"{name}(\n{filled}\n) ->{tail}"


LOG_2PI = 1.8378770664093453
STATE, OUT = ("state", "cov"), ("state_out", "cov_out")
PLOT = ("plot_m", "plot_cov", "dt_s", "noise")
BAR_SHALOM = (
    "Y. Bar-Shalom, X. R. Li, T. Kirubarajan, Estimation with Applications to Tracking and "
    "Navigation (2001), "
)


def likelihood(rows: int, determinant: str = "determinant") -> str:
    """Return the text of a Gaussian's log density."""
    return f"float(-0.5 * (distance2 + math.log({determinant}) + {rows * LOG_2PI!r}))"


def _updating(rows: int) -> Callable[[Steps], Any]:
    return lambda steps: update_position(steps, rows)


def _gating(rows: int) -> Callable[[Steps], Any]:
    return lambda steps: (X, P, *distance(steps, rows)[:2])


KERNELS = (
    Kernel(
        "predict_cv",
        "Advance by constant velocity.",
        (*STATE, "dt_s", "noise", *OUT),
        predict_cv,
        source=BAR_SHALOM + "section 6.2.2.",
    ),
    Kernel(
        "predict_turn",
        "Advance by a level turn of known rate.",
        (*STATE, "dt_s", "turn_radps", "noise", *OUT),
        predict_turn,
        source=BAR_SHALOM + "section 11.7.1; the rate is given, not estimated.",
    ),
    Kernel(
        "predict_fall",
        "Advance by unpowered flight under gravity and drag.",
        (*STATE, "dt_s", "drag_area_m2pkg", "noise_m2ps3", "drag_share2_s", *OUT),
        predict_fall,
        source="X. R. Li, V. P. Jilkov, Survey of Maneuvering Target Tracking, Part II: Motion "
        "Models of Ballistic and Space Targets, IEEE Trans. AES 46 (2010) 96-119, section III.",
    ),
    Kernel(
        "mix",
        "Blend one model's state with the mean of all, as the interaction of an IMM does.",
        (*STATE, "mean", "mean_cov", "own", *OUT),
        mix,
        source=BAR_SHALOM + "section 11.6.6; for a chain that forgets (see `imm`).",
    ),
    Kernel(
        "add_spread",
        "Add one weighted part to the covariance of a mixture whose mean is known.",
        (*STATE, "mean", "mean_cov", "weight", "cov_out"),
        spread,
        source=BAR_SHALOM + "section 1.4.16.",
    ),
    *(
        Kernel(
            f"gate_{name}",
            f"Return how far a plot is from a state: {what}.",
            (*STATE, *PLOT),
            _gating(rows),
            result="distance2, determinant",
            returns="Squared Mahalanobis distance, and determinant of the innovation's covariance.",
        )
        for name, what, rows in (("position", "three dimensions", 3), ("plane", "no height", 2))
    ),
    *(
        Kernel(
            f"update_{name}",
            f"Update by a position at its own time: {what}.",
            (*STATE, *PLOT, *OUT),
            _updating(rows),
            result=likelihood(rows),
            returns="Log density of the plot.",
            source=BAR_SHALOM + "section 5.2.",
        )
        for name, what, rows in (("position", "three dimensions", 3), ("plane", "no height", 2))
    ),
    Kernel(
        "update_range_rate",
        "Update by a range rate at its own time, after the position's update.",
        (*STATE, "sensor_m", "rate_mps", "rate_var_m2ps2", "dt_s", "noise", *OUT),
        update_range_rate,
        result=likelihood(1, "s"),
        returns="Log density of the range rate.",
        source="S. S. Blackman, R. Popoli, Design and Analysis of Modern Tracking Systems (1999), "
        "section 3.6: sequential processing.",
    ),
)


def source() -> str:
    """Return the text of the module."""
    return HEAD + "".join(scalar(kernel) for kernel in KERNELS)


if __name__ == "__main__":
    TARGET.write_text(source(), "utf-8")
