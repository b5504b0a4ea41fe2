"""Each route answers as the interface's own description says, errors included."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.serve.support import (
    NOW_NS,
    TOKEN,
    Client,
    breaches,
    busy_hub,
    health,
    notice,
    site,
    snapshot,
    tracks,
    warning,
)
from tests.support import ROOT
from tocsin.contract import (
    NS,
    Action,
    BiasComponent,
    Biases,
    Designated,
    Designation,
    Faults,
    InputError,
    NoticeKind,
    SensorState,
    Stage,
)
from tocsin.serve import Clock, Hub, OperatorRequest, SiteInfo
from tocsin.serve.routes import OPERATIONS, Operation

BEARER = {"Authorization": f"Bearer {TOKEN}"}
EXAMPLES = {"track_id": "T00001", "warning_id": "w1", "cap_identifier": "isle-w1-issue"}
BODIES: dict[str, Any] = {
    "ClockWish": {"speed": 4},
    "DesignationWish": {"designation": "known", "reason": "the mail plane"},
    "OrderWish": {"reason": "a flock of birds"},
    "ReleaseWish": {},
    "TimedOrderWish": {"reason": "smoke over the ridge", "duration_s": 300},
}


@pytest.fixture(name="asked")
def fixture_asked() -> list[OperatorRequest]:
    return []


@pytest.fixture(name="hub")
def fixture_hub(asked: list[OperatorRequest]) -> Hub:
    return busy_hub(asked)


@pytest.fixture(name="client")
def fixture_client(hub: Hub) -> Client:
    return Client(hub)


def name_of(operation: Operation) -> str:
    return f"{operation.method} {operation.path}"


@pytest.mark.parametrize("operation", OPERATIONS, ids=name_of)
def test_answers_are_as_described(operation: Operation, client: Client) -> None:
    described = client.get("/openapi.json").json()
    awaits = {"warning_id": "w2"} if operation.path.endswith("release") else {}
    path = operation.path.format(**EXAMPLES | awaits)
    body = BODIES.get(operation.body or "")
    response = client.request(operation.method, path, json=body, headers=BEARER)
    assert response.status_code == 200, response.text
    content = described["paths"][operation.path][operation.method.lower()]["responses"]["200"]
    assert response.headers["content-type"].split(";")[0] in content["content"]
    if operation.schema:
        schema = {"$ref": f"#/components/schemas/{operation.schema}"}
        assert breaches(response.json(), schema, described) == []


def test_the_checker_itself_finds_breaches(client: Client) -> None:
    described = client.get("/openapi.json").json()
    site_ = client.get("/api/v1/site").json()
    reference = {"$ref": "#/components/schemas/Site"}
    assert breaches(site_ | {"mode": "war"}, reference, described)
    assert breaches(site_ | {"extra": 1}, reference, described)
    assert breaches({k: v for k, v in site_.items() if k != "name"}, reference, described)
    assert breaches(site_ | {"clock": {"controllable": 1}}, reference, described)


def test_empty_pictures_are_as_described_too() -> None:
    client = Client(Hub(SiteInfo("Isle", "live", "Exercise", site().origin)))
    described = client.get("/openapi.json").json()
    for operation in OPERATIONS:
        if operation.schema and not operation.writes and "{" not in operation.path:
            response = client.get(operation.path)
            schema = {"$ref": f"#/components/schemas/{operation.schema}"}
            if operation.schema == "Coverage":
                schema = {"$ref": "#/components/schemas/Error"}
            assert breaches(response.json(), schema, described) == [], operation.path


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/tracks/T99999", 404),
        ("/api/v1/tracks/99999999999999999999", 404),
        ("/api/v1/nothing", 404),
        ("/cap/..%2f..%2fetc%2fpasswd.xml", 404),
        ("/assets/../../hub.py", 404),
        ("/cap/none.xml", 404),
        ("/api/v1/coverage?height_m=high", 400),
        ("/api/v1/coverage?height_m=nan", 400),
        ("/api/v1/coverage?height_m=-1", 400),
        ("/api/v1/warnings?limit=-1", 400),
        ("/api/v1/warnings?limit=%C2%B2", 400),
    ],
)
def test_errors_are_one_sentence_with_their_status(path: str, status: int, client: Client) -> None:
    response = client.get(path)
    assert (response.status_code, response.json()["status"]) == (status, status)
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["error"]


def test_a_wrong_method_is_refused_even_with_the_token(client: Client) -> None:
    assert client.post("/api/v1/tracks", headers=BEARER).status_code == 405
    assert client.request("DELETE", "/api/v1/clock", headers=BEARER).json()["status"] == 405


def test_a_track_says_why(client: Client) -> None:
    drone = client.get("/api/v1/tracks/T00001").json()
    assert drone["zones"] == [
        {
            "zone_id": "z1",
            "name": "Port Harrow",
            "probability": 0.62,
            "arrival_p50": "2031-05-08T09:51:40.250Z",
        }
    ]
    assert drone["why"] == [
        "It moves at 50 m/s towards 037° at 900 m, descending at 3 m/s.",
        "So it is taken for a one-way drone (87%), or else a bird (13%).",
        "It is seen by north (radar).",
        "It does not identify itself by transponder.",
        "It exists with a probability of 99.8%; its latest plot is 2 s old.",
        "It may reach Port Harrow (62%), expected at 09:51:40 UTC.",
    ]
    assert drone["position_std_m"] == pytest.approx(35.4)
    airliner = client.get("/api/v1/tracks/2").json()
    assert airliner["track_id"] == "T00002"
    assert "It identifies itself as ISL12 with the address 393322." in airliner["why"]
    assert any("do not rely" in sentence for sentence in airliner["why"])
    other = client.get("/api/v1/tracks/3").json()
    assert any("another tracker" in sentence for sentence in other["why"])


def test_forecasts_outlive_the_ticks_between_them(hub: Hub, client: Client) -> None:
    later = snapshot(clock=Clock(NOW_NS + 10 * NS), forecasts=snapshot().forecasts.take(slice(0)))
    hub.publish(later)
    assert client.get("/api/v1/tracks/1").json()["zones"]
    hub.publish(snapshot(clock=Clock(NOW_NS + 30 * NS), forecasts=later.forecasts))
    assert client.get("/api/v1/tracks/1").json()["zones"] == []


def stages(client: Client) -> dict[str, tuple[str, str | None]]:
    """Return stage and warning of each zone."""
    found = client.get("/api/v1/zones").json()["features"]
    rows = [feature["properties"] for feature in found]
    return {row["zone_id"]: (row["stage"], row["warning_id"]) for row in rows}


def test_a_zone_shows_its_gravest_then_soonest_open_warning() -> None:
    hub = Hub(site())
    client = Client(hub)
    for row in (
        warning("z1", "slow", Action.ISSUE, Stage.PRE_ALERT, 100),
        warning("z1", "late", Action.ISSUE, Stage.ALERT, 500),
        warning("z1", "soon", Action.ISSUE, Stage.ALERT, 200),
    ):
        hub.publish(snapshot(warnings=row))
    assert stages(client) == {"z1": ("alert", "soon"), "z2": ("quiet", None)}
    hub.publish(snapshot(warnings=warning("z1", "soon", Action.CLEAR, Stage.ALERT)))
    assert stages(client)["z1"] == ("alert", "late")
    hub.publish(snapshot(warnings=warning("z1", "late", Action.UPDATE, Stage.QUIET)))
    assert stages(client)["z1"] == ("pre_alert", "slow")
    hub.publish(snapshot(warnings=warning("z1", "slow", Action.CANCEL, Stage.PRE_ALERT)))
    assert stages(client)["z1"] == ("quiet", None)
    counts = client.get("/api/v1/summary").json()["warnings_by_action"]
    assert counts == {"cancel": 1, "clear": 1, "issue": 3, "update": 1}
    listed = client.get("/api/v1/warnings?limit=2").json()["warnings"]
    assert [row["action"] for row in listed] == ["cancel", "update"]


def test_a_warning_that_only_expired_is_not_shown_as_quiet(hub: Hub, client: Client) -> None:
    hub.publish(snapshot(clock=Clock(NOW_NS + 86_400 * NS)))
    assert stages(client)["z1"] == ("alert", "w1")


def test_a_notice_ends_when_its_cause_does(hub: Hub, client: Client) -> None:
    back = notice("sensor-north-1", NoticeKind.SENSOR_BACK, NOW_NS + 60 * NS)
    hub.publish(snapshot(notices=back))
    newest, lost = client.get("/api/v1/notices").json()["notices"]
    assert (newest["kind"], lost["kind"]) == ("sensor_back", "sensor_lost")
    assert lost["ended_at"] == newest["at"] == "2031-05-08T09:47:40.250Z"


def test_the_clock_is_changed_and_the_run_told(
    asked: list[OperatorRequest], client: Client
) -> None:
    body = {"speed": 8, "paused": True, "author": "ann"}
    answer = client.post("/api/v1/clock", json=body, headers=BEARER).json()
    assert (answer["speed"], answer["paused"]) == (8, True)
    assert client.get("/api/v1/clock").json() == answer
    detail = {"speed": 8.0, "paused": True, "role": "supervisor"}
    assert asked == [OperatorRequest("ann", "clock", "", detail)]


def test_tracks_are_designated_and_warnings_cancelled(
    asked: list[OperatorRequest], client: Client
) -> None:
    known = {"designation": "known", "reason": " the mail\nplane "}
    client.post("/api/v1/tracks/1/designation", json=known, headers=BEARER)
    client.post("/api/v1/warnings/w1/cancel", json={"reason": "a kite"}, headers=BEARER)
    role = {"role": "supervisor"}
    said = {"designation": "known", "reason": "the mail plane"}
    assert asked == [
        OperatorRequest("operator", "designate", "T00001", said | role),
        OperatorRequest("operator", "cancel", "w1", {"reason": "a kite"} | role),
    ]
    gone = client.post("/api/v1/warnings/w9/cancel", json={"reason": "x"}, headers=BEARER)
    assert (gone.status_code, len(asked)) == (404, 2)


def test_a_track_tells_who_designated_it_and_why(hub: Hub, client: Client) -> None:
    said = Designated.build(
        1,
        designated_at_ns=NOW_NS,
        track_id="T00001",
        designation=Designation.KNOWN,
        author="Ann",
        reason="the mail plane",
    )
    hub.publish(snapshot(designated=said))
    hub.publish(snapshot())
    why = client.get("/api/v1/tracks/1").json()["why"]
    at = "at 09:46:40 UTC (the mail plane)"
    assert f"Ann declared it known; it raises no warning, {at}." in why
    hub.publish(snapshot(designated=Designated.empty()))
    assert "Ann" not in str(client.get("/api/v1/tracks/1").json()["why"])


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"[]", b"{}", b'{"speed":-1}', b'{"speed":true}', b'{"speed":NaN}'),
        *(b'{"speed":"2"}', b'{"paused":1}', b'{"speed":1,"x":2}', b'{"speed":1,"author":""}'),
        *(b"\xff", b"[" * 5000, b'{"speed":1,"author":"' + b"a" * 20_000 + b'"}'),
    ],
)
def test_nonsense_changes_no_clock(
    body: bytes, asked: list[OperatorRequest], client: Client
) -> None:
    response = client.post("/api/v1/clock", content=body, headers=BEARER)
    assert (response.status_code, asked) == (400, [])


def test_a_clock_that_cannot_be_controlled_says_so(hub: Hub, client: Client) -> None:
    hub.publish(snapshot(clock=Clock(NOW_NS)))
    response = client.post("/api/v1/clock", json={"paused": True}, headers=BEARER)
    assert (response.status_code, "real time" in response.json()["error"]) == (409, True)


def test_what_the_run_refuses_is_told() -> None:
    async def refuse(request: OperatorRequest) -> None:
        raise InputError("clock", "is stuck", "turn it")

    hub = Hub(site(), refuse)
    hub.publish(snapshot())
    client = Client(hub)
    response = client.post("/api/v1/clock", json={"speed": 2}, headers=BEARER)
    assert (response.status_code, response.json()["error"]) == (409, "clock: is stuck; turn it")
    assert client.get("/api/v1/clock").json()["speed"] == 1.0


def test_metrics_count_what_was_published(hub: Hub, client: Client) -> None:
    hub.publish(snapshot(overflows={"tracks": 3}))
    lines = client.get("/metrics").text.splitlines()
    assert "tocsin_plots_total 80.0" in lines
    assert 'tocsin_tracks{status="confirmed"} 2.0' in lines
    assert 'tocsin_warnings_total{action="issue"} 1.0' in lines
    assert 'tocsin_warnings_total{action="cancel"} 0.0' in lines
    assert 'tocsin_faults_total{kind="bad_length",source="north"} 2.0' in lines
    assert 'tocsin_overflow{what="tracks"} 3.0' in lines
    assert "tocsin_tick_seconds_count 2.0" in lines


def test_names_that_a_feed_invents_make_no_counters_of_their_own(hub: Hub) -> None:
    hub.site = replace(hub.site, inputs=("feed",))
    names = ["feed", "north", *(f"stray-{k}" for k in range(500))]
    faults = Faults.build(len(names), received_at_ns=NOW_NS, source_id=names, kind="unknown sensor")
    hub.publish(snapshot(faults=faults))
    text = Client(hub).get("/metrics").text
    assert "stray" not in text
    assert 'tocsin_faults_total{kind="unknown sensor",source="feed"} 1.0' in text
    assert 'tocsin_faults_total{kind="unknown sensor",source="north"} 1.0' in text
    assert 'tocsin_faults_total{kind="unknown sensor",source="other"} 500.0' in text
    assert set(hub._faults) == {"feed", "north", "other"}


def test_sensors_show_health_place_and_faults(client: Client) -> None:
    north, ears = client.get("/api/v1/sensors").json()["sensors"]
    assert (north["state"], north["reports_per_s"], north["faults"]) == (
        "ok",
        12.5,
        {"bad_length": 1},
    )
    assert (ears["state"], ears["last_heard"], ears["range_m"]) == ("never", None, None)


def test_sensors_show_their_biases_as_they_were_last_estimated(client: Client, hub: Hub) -> None:
    found = Biases.build(
        2,
        estimated_at_ns=NOW_NS,
        sensor_id="north",
        component=[BiasComponent.RANGE, BiasComponent.AZIMUTH],
        bias=[120.0, np.radians(0.5)],
        std=[5.0, np.radians(0.02)],
        significant=[True, True],
        applied=[118.0, 0.0],
    )
    hub.publish(snapshot(biases=found))
    hub.publish(snapshot())
    north, ears = client.get("/api/v1/sensors").json()["sensors"]
    span, azimuth = north["biases"]
    assert (span["component"], span["unit"], span["bias"], span["std"]) == ("range", "m", 120, 5)
    assert (azimuth["unit"], azimuth["bias"], azimuth["applied"]) == ("deg", 0.5, 0.0)
    assert azimuth["significant"] is True
    assert ears["biases"] == []


def test_coverage_is_made_anew_only_when_a_sensor_changes(client: Client, hub: Hub) -> None:
    calls: list[float] = []

    def counted(_: object, height_m: float) -> dict[str, Any]:
        calls.append(height_m)
        return {"type": "FeatureCollection", "features": []}

    object.__setattr__(hub.site, "coverage", counted)
    for _ in range(3):
        client.get("/api/v1/coverage?height_m=300")
    hub.publish(snapshot(tracks=tracks(1)))
    client.get("/api/v1/coverage?height_m=300")
    assert calls == [300]
    hub.publish(snapshot(health=health(SensorState.SILENT, SensorState.NEVER)))
    client.get("/api/v1/coverage?height_m=300")
    assert calls == [300, 300]


def test_plots_per_second_is_counted_in_scenario_time(hub: Hub) -> None:
    for k in range(1, 30):
        hub.publish(snapshot(clock=Clock(NOW_NS + k * NS // 2), plots=20))
    assert hub.summary()["plots_per_s"] == pytest.approx(40.0)


def test_the_reference_page_names_every_route() -> None:
    page = (ROOT / "docs" / "reference" / "api.md").read_text("utf-8")
    assert [o.path for o in OPERATIONS if f"`{o.path}" not in page] == []
