"""Grow the demo's fictional island: coastline and zones from a seed and the towns of demo.toml.

The coast is the zero line of a designed outline plus fractal noise; zones are Voronoi cells about
the towns and seeded villages, their borders bent by midpoint displacement, cut at the coast. All
lines share one snapped grid, so zones tile the land without gaps or overlaps.

    python scripts/make_island.py
"""

from __future__ import annotations

import json
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

FOLDER = Path(__file__).resolve().parents[1] / "src/tocsin/simulate/scenarios"
SEED = 118
ZONES, PER_DISTRICT = 60, 6
RURAL_PEOPLE = 190_000
CELL_KM = 0.25
GRID_DEG = 1e-5
F64 = NDArray[np.float64]

OUTLINE_KM = [
    (-58, 2), (-50, 14), (-41, 17), (-33, 26), (-20, 31), (-8, 37), (4, 34), (9, 24), (14, 20),
    (20, 27), (30, 38), (41, 36), (47, 27), (57, 21), (55, 9), (48, 1), (50, -9), (40, -17),
    (29, -19), (24, -30), (13, -37), (2, -35), (-1, -24), (-6, -17), (-13, -19), (-17, -29),
    (-28, -36), (-40, -33), (-44, -22), (-38, -13), (-45, -6),
]  # fmt: skip
ISLETS_KM = [(-54, -18, 1.2), (-51, -21, 0.6), (31, -32, 2.0), (13, 41, 1.6), (61, -3, 0.8)]
"""Centre and radius of the designed islets; the noise adds its own."""

SYLLABLES = (
    ("Al", "Bren", "Cal", "Dor", "Em", "Fal", "Gar", "Hol", "Il", "Jor", "Kel", "Lan", "Mor",
     "Nes", "Os", "Pell", "Ren", "Sel", "Tam", "Ul", "Vor", "Wen", "Yar"),
    ("a", "e", "i", "o", "en", "ar", "is"),
    ("dry", "fell", "garth", "holt", "lin", "mere", "nock", "rick", "sand", "strand", "vane",
     "ver", "wick"),
)  # fmt: skip


def fractal_noise(rng: np.random.Generator, shape: tuple[int, int], power: float) -> F64:
    """Return unit-variance noise whose spectrum falls with wavenumber to the minus power."""
    ky = np.fft.fftfreq(shape[0])[:, None]
    kx = np.fft.rfftfreq(shape[1])[None, :]
    k = np.hypot(kx, ky)
    longest_km = 26.0
    low = CELL_KM / longest_km
    amplitude = np.where(k > 0, np.maximum(k, low) ** (-power / 2.0), 0.0) * np.minimum(k / low, 1)
    spectrum = amplitude * np.exp(2j * np.pi * rng.random(k.shape))
    noise = np.fft.irfft2(spectrum, s=shape)
    return np.asarray((noise - noise.mean()) / noise.std())


def height_field(rng: np.random.Generator, x: F64, y: F64) -> F64:
    """Return a field that is positive on land: distance to the outline plus noise, in km."""
    xx, yy = np.meshgrid(x, y)
    outline = shapely.Polygon(OUTLINE_KM)
    discs = [shapely.Point(a, b).buffer(r) for a, b, r in ISLETS_KM]
    land = shapely.union_all([outline.buffer(-4.0).buffer(4.0), *discs])
    shapely.prepare(land)
    inside = shapely.contains_xy(land, xx, yy)
    reach = shapely.distance(land.boundary, shapely.points(xx, yy))
    signed = np.where(inside, reach, -reach)
    noise = fractal_noise(rng, signed.shape, 3.1)
    return np.asarray(np.clip(signed, -12, 12) + 2.6 * noise)


def zero_line(field: F64, x: F64, y: F64) -> list[Any]:
    """Return the polygons where a gridded field is positive, by marching triangles."""
    rows, columns = field.shape
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]
    lower = np.stack([a, b, c], -1).reshape(-1, 3)
    upper = np.stack([a, c, d], -1).reshape(-1, 3)
    triangles = np.concatenate([lower, upper])
    flat, px, py = field.ravel(), np.tile(x, rows), np.repeat(y, columns)
    positive = flat[triangles] > 0
    mixed = positive.any(1) & ~positive.all(1)
    triangles, positive = triangles[mixed], positive[mixed]
    alone = np.where(positive.sum(1) == 1, positive.argmax(1), (~positive).argmax(1))
    rowid = np.arange(len(triangles))
    ends = []
    for turn in (1, 2):
        i, j = triangles[rowid, alone], triangles[rowid, (alone + turn) % 3]
        i, j = np.minimum(i, j), np.maximum(i, j)  # both neighbours compute the same crossing
        share = flat[i] / (flat[i] - flat[j])
        ends.append(np.stack([px[i] + share * (px[j] - px[i]), py[i] + share * (py[j] - py[i])], 1))
    lines = np.asarray(shapely.linestrings(np.stack(ends, 1)))
    faces = shapely.get_parts(shapely.polygonize(lines))
    holes_out = [shapely.Polygon(face.exterior) for face in faces]
    return [shapely.simplify(face, 0.04) for face in holes_out if face.area > 0.6]


def sea_filled(faces: list[Any], field: F64, x: F64, y: F64) -> Any:
    """Return the land: faces whose inner point is positive (polygonize also returns lakes)."""
    land = []
    for face in faces:
        p = face.representative_point()
        if field[np.abs(y - p.y).argmin(), np.abs(x - p.x).argmin()] > 0:
            land.append(face)
    return shapely.union_all(land)


def bent(rng: np.random.Generator, start: F64, end: F64, depth: int = 5) -> list[F64]:
    """Return points from start to end (both included), bent by midpoint displacement."""
    if depth == 0:
        return [start, end]
    across = np.array([start[1] - end[1], end[0] - start[0]])
    middle = (start + end) / 2.0 + across * rng.normal(0.0, 0.075)
    left = bent(rng, start, middle, depth - 1)
    return left[:-1] + bent(rng, middle, end, depth - 1)


def settlements(rng: np.random.Generator, land: Any, towns: F64, wards: list[int]) -> F64:
    """Return zone centres: wards of each town, then villages spread evenly over the rest."""
    centres = [
        town + (rng.normal(0.0, 2.2, 2) if ward else 0.0)
        for town, count in zip(towns, wards, strict=True)
        for ward in range(count)
    ]
    big = max(shapely.get_parts(land), key=lambda part: part.area)
    room = big.buffer(-0.8)
    while len(centres) < ZONES:
        tries = rng.uniform((-62, -45), (62, 45), (400, 2))
        tries = tries[shapely.contains_xy(room, *tries.T)]
        gap = np.min(np.linalg.norm(tries[:, None] - np.array(centres)[None], axis=2), axis=1)
        centres.append(tries[gap.argmax()])
    return np.array(centres)


def cells(rng: np.random.Generator, land: Any, centres: F64) -> list[Any]:
    """Return one area per centre; together they are the land, exactly."""
    window = shapely.box(-90, -70, 90, 70)
    net = shapely.voronoi_polygons(shapely.MultiPoint(centres), extend_to=window, only_edges=True)
    edges = []
    for line in shapely.get_parts(shapely.line_merge(net)):
        points = np.array(line.coords)
        for start, end in pairwise(points):
            edges.append(shapely.LineString(bent(rng, start, end)))
    coast = degrees(land).boundary
    big = max(shapely.get_parts(land), key=lambda part: part.area)
    net_deg = degrees(shapely.intersection(shapely.union_all(edges), big.buffer(0.2)))
    lines = shapely.unary_union(shapely.GeometryCollection([coast, net_deg]), grid_size=GRID_DEG)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(lines)))
    ground = shapely.set_precision(degrees(land), GRID_DEG)
    faces = faces[shapely.contains(ground.buffer(GRID_DEG), shapely.point_on_surface(faces))]
    return merged(faces, centres)


def merged(faces: Any, centres: F64) -> list[Any]:
    """Return faces united by the straight Voronoi cell that holds most of them."""
    points = shapely.MultiPoint(centres)
    window = shapely.box(-90, -70, 90, 70)
    straight = shapely.get_parts(shapely.voronoi_polygons(points, extend_to=window, ordered=True))
    share = shapely.area(shapely.intersection(faces[:, None], degrees(straight)[None, :]))
    owner = share.argmax(axis=1)
    return [shapely.union_all(faces[owner == zone]) for zone in range(len(centres))]


PLACE: dict[str, Any] = {}


def degrees(shape: Any) -> Any:
    """Return a shape in kilometres about the place's centre as longitude and latitude."""
    latitude, longitude = PLACE["latitude_deg"], PLACE["longitude_deg"]
    per_degree = np.array([111.32 * np.cos(np.radians(latitude)), 110.9])
    return shapely.transform(shape, lambda xy: xy / per_degree + (longitude, latitude))


def kilometres(towns: list[dict[str, Any]]) -> F64:
    """Return towns' places in kilometres about the place's centre."""
    latitude, longitude = PLACE["latitude_deg"], PLACE["longitude_deg"]
    per_degree = np.array([111.32 * np.cos(np.radians(latitude)), 110.9])
    return np.array(
        [[t["longitude_deg"] - longitude, t["latitude_deg"] - latitude] for t in towns] * per_degree
    )


def names(rng: np.random.Generator, count: int, taken: list[str]) -> list[str]:
    """Return invented village names, each once."""
    out: list[str] = []
    while len(out) < count:
        name = "".join(str(rng.choice(part)) for part in SYLLABLES)
        if name not in out + taken:
            out.append(name)
    return out


def quarters(centres: F64) -> list[str]:
    """Return what each ward of a town is called after its name, by its direction from the first."""
    if len(centres) == 1:
        return [""]
    names_of = (" North", " East", " South", " West", " Hill")
    towards = np.array([(0.0, 1.0), (1.0, 0.0), (0.0, -1.0), (-1.0, 0.0), (0.0, 0.0)])
    offset = centres[1:] - centres[0]
    offset /= np.linalg.norm(offset, axis=1, keepdims=True)
    best = linear_sum_assignment(-offset @ towards.T)[1]
    return [" Old Town", *(names_of[k] for k in best)]


def districts(centres: F64, seats: F64) -> NDArray[np.int64]:
    """Return each centre's district: nearest seats with equally many zones each."""
    slots = np.repeat(np.arange(len(seats)), PER_DISTRICT)
    cost = np.linalg.norm(centres[:, None] - seats[slots][None], axis=2) ** 2
    return np.asarray(slots[linear_sum_assignment(cost)[1]])


def main() -> None:
    """Write island.geojson and zones.geojson beside demo.toml."""
    demo = tomllib.loads((FOLDER / "demo.toml").read_text("utf-8"))
    PLACE.update(demo["place"])
    rng = np.random.default_rng(SEED)
    x, y = np.arange(-70, 70, CELL_KM), np.arange(-52, 52, CELL_KM)
    field = height_field(rng, x, y)
    land = sea_filled(zero_line(field, x, y), field, x, y)
    towns = demo["place"]["town"]
    features = zone_features(rng, land, towns)
    whole = shapely.union_all([shapely.geometry.shape(f["geometry"]) for f in features])
    coast = {"type": "Feature", "properties": {"name": demo["place"]["name"]}}
    coast["geometry"] = shapely.geometry.mapping(whole)
    write(FOLDER / "island.geojson", [coast])
    write(FOLDER / "zones.geojson", features)


def zone_features(rng: np.random.Generator, land: Any, towns: list[dict[str, Any]]) -> list[Any]:
    """Return the zones as GeoJSON features, ordered by district."""
    places = kilometres(towns)
    people = np.array([t["population"] for t in towns], float)
    wards = [max(1, round(p / 55_000)) for p in people]
    centres = settlements(rng, land, places, wards)
    areas = cells(rng, land, centres)
    seat_of = districts(centres, places[np.argsort(-people)][: ZONES // PER_DISTRICT])
    seats = [towns[k]["name"] for k in np.argsort(-people)[: ZONES // PER_DISTRICT]]
    labels = [
        town["name"] + suffix
        for town, count, start in zip(towns, wards, np.cumsum([0, *wards]), strict=False)
        for suffix in quarters(centres[start : start + count])
    ]
    labels += names(rng, ZONES - len(labels), labels)
    size = np.array([area.area for area in areas])
    urban = np.zeros(ZONES)
    urban[: sum(wards)] = np.repeat(people / wards, wards)
    population = urban * rng.uniform(0.85, 1.15, ZONES) + RURAL_PEOPLE * size / size.sum()
    shelter = np.clip(np.where(urban > 12_000, 90, 210) + rng.normal(0, 40, ZONES), 60, 300)
    order = np.lexsort((np.arange(ZONES), seat_of))
    return [
        {
            "type": "Feature",
            "properties": {
                "zone_id": f"VS-{number + 1:02d}",
                "name": labels[k],
                "parent_id": seats[seat_of[k]],
                "population": int(round(population[k], -2)),
                "time_to_shelter_s": float(round(shelter[k] / 10) * 10),
            },
            "geometry": shapely.geometry.mapping(areas[k]),
        }
        for number, k in enumerate(order)
    ]


def write(path: Path, features: list[Any]) -> None:
    """Write features as compact GeoJSON, coordinates on the grid."""

    def rounded(value: Any) -> Any:
        if isinstance(value, float):
            return round(value, 5)
        if isinstance(value, (list, tuple)):
            return [rounded(item) for item in value]
        return value

    lines = []
    for feature in features:
        geometry = {k: rounded(v) for k, v in feature["geometry"].items()}
        lines.append(json.dumps({**feature, "geometry": geometry}, separators=(",", ":")))
    text = '{"type":"FeatureCollection","features":[\n' + ",\n".join(lines) + "\n]}\n"
    path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
