"""CAP messages against the standard's structure, its semantics, and another project's parser."""

from pathlib import Path

import numpy as np
import pytest
import shapely
from cap_tools.models import Alert, MsgType, Reference, ResponseType
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from xsdata.formats.dataclass.parsers import XmlParser

from tests.warn.support import NOW, REGION, box, tracks
from tocsin import warn
from tocsin.contract import NS, Action, InputError, OperatorActions, Stage, Tracks, Warnings, Zone
from tocsin.serve.atom import ATOM, atom_feed
from tocsin.serve.cap import CAP, LANGUAGES, CapConfig, cap_time, cap_xml, chain_of

SCHEMA = etree.RelaxNG(file=str(Path(__file__).with_name("cap-1.2.rng")))
ZONE = box("north-1", 8e3, -3e3, 6e3, 6e3)
CONFIG = CapConfig(web="https://warn.example.invalid")
NAMES = {"c": CAP, "a": ATOM}


def run_night(cancel_at_s=None):
    """Return the warnings of one drone that crosses the zone and is gone."""
    state = warn.start(warn.WarnConfig((ZONE,), REGION, particles=64, decision_period_s=4.0))
    rows = []
    for second in range(0, 1100, 4):
        now_ns, x = NOW + second * NS, -25e3 + 45.0 * second
        seen = tracks([[x, 0.0, 120.0]], [45.0, 0.0, 0.0], at_ns=now_ns)
        actions = OperatorActions.empty()
        if second == cancel_at_s:
            actions = OperatorActions.build(
                1,
                received_at_ns=now_ns,
                author="officer.one",
                verb="cancel",
                subject=rows[-1].warning_id[-1],
                detail='{"reason": "a farmer\'s drone"}',
            )
        seen = seen if x < 15e3 else Tracks.empty()
        state, out = warn.step(state, seen, now_ns, actions)
        rows.append(out.warnings) if len(out.warnings) else None
    return Warnings.concat(rows)


NIGHT = run_night()
CANCELLED = run_night(cancel_at_s=600)
MESSAGES = [
    cap_xml(chain_of(night, row), ZONE, CONFIG)
    for night in (NIGHT, CANCELLED)
    for row in range(len(night))
]


def parse(message):
    return XmlParser().from_bytes(message, Alert)


def value(message, path):
    return etree.fromstring(message).findtext(path, namespaces=NAMES)


def test_the_nights_hold_every_kind_of_message():
    actions = {Action(int(a)) for night in (NIGHT, CANCELLED) for a in night.action}
    assert actions == set(Action)
    assert set(NIGHT.stage.tolist()) == {int(stage) for stage in Stage}


@pytest.mark.parametrize("message", MESSAGES)
def test_structure_is_that_of_the_standard(message):
    assert SCHEMA.validate(etree.fromstring(message)), SCHEMA.error_log


def test_the_structure_check_sees_faults():
    for old, new in ((b"-00:00</sent>", b"Z</sent>"), (b"<scope>Public</scope>", b"")):
        broken = MESSAGES[0].replace(old, new)
        assert broken != MESSAGES[0]
        assert not SCHEMA.validate(etree.fromstring(broken))


@pytest.mark.parametrize("message", MESSAGES)
def test_semantics(message):
    alert = parse(message)
    assert [info.language for info in alert.infos] == list(LANGUAGES)
    assert bool(alert.references) == (alert.msg_type != MsgType.ALERT)
    for info in alert.infos:
        assert info.expires.to_datetime() > alert.sent.to_datetime()
        assert info.onset is None or info.onset.to_datetime() >= alert.sent.to_datetime()
        assert "{" not in info.headline + info.description + info.instruction
        for polygon in info.areas[0].polygons:
            points = np.array([[float(v) for v in p.split(",")] for p in polygon.split()])
            assert len(points) >= 4
            assert (points[0] == points[-1]).all()
            assert shapely.Polygon(points[:, ::-1]).is_valid
            assert (abs(points) <= (90.0, 180.0)).all()
        assert info.areas[0].geocodes_to_dict()["tocsin:zone_id"] == ZONE.zone_id


@pytest.mark.parametrize("night", [NIGHT, CANCELLED])
def test_references_name_exactly_the_earlier_messages_of_the_warning(night):
    sent = {}
    for row in range(len(night)):
        alert = parse(cap_xml(chain_of(night, row), ZONE, CONFIG))
        known = sent.setdefault(night.warning_id[row], [])
        assert [str(r) for r in alert.references_to_list()] == [str(r) for r in known]
        known.append(Reference.from_alert(alert))
    identifiers = [r.identifier for references in sent.values() for r in references]
    assert len(set(identifiers)) == len(identifiers)


def test_all_clear_is_an_update_and_a_false_alert_a_cancel():
    clear = parse(cap_xml(chain_of(NIGHT, len(NIGHT) - 1), ZONE, CONFIG))
    assert NIGHT.action[-1] == Action.CLEAR
    assert clear.msg_type == MsgType.UPDATE
    assert clear.infos[0].response_types == [ResponseType.ALL_CLEAR]
    row = CANCELLED.action.tolist().index(Action.CANCEL)
    cancel = parse(cap_xml(chain_of(CANCELLED, row), ZONE, CONFIG))
    assert cancel.msg_type == MsgType.CANCEL
    assert "false" in cancel.infos[0].headline
    assert CANCELLED.released_by[row] == "officer.one"
    assert "a farmer's drone" in CANCELLED.reason[row]


def test_pre_alert_and_alert_share_neither_event_nor_code():
    seen = {}
    for message in MESSAGES:
        code = value(message, "c:info/c:eventCode/c:value")
        events = tuple(info.event for info in parse(message).infos)
        seen.setdefault(code, set()).add(events)
    assert len(seen) == 4
    assert all(len(events) == 1 for events in seen.values())
    assert len(set.union(*seen.values())) == 4


def test_status_is_exercise_and_said_in_words_until_a_site_says_otherwise():
    exercise = parse(MESSAGES[0])
    assert exercise.status.value == "Exercise"
    assert exercise.note
    assert all(i.headline.startswith(("EXERCISE", "ÜBUNG")) for i in exercise.infos)
    actual = parse(cap_xml(chain_of(NIGHT, 0), ZONE, CapConfig(status="Actual")))
    assert actual.note is None
    assert not actual.infos[0].headline.startswith("EXERCISE")


def test_unreviewed_translations_say_so():
    english, german = parse(MESSAGES[0]).infos
    assert "tocsin:translation" not in english.parameters_to_dict()
    assert german.parameters_to_dict()["tocsin:translation"] == "unreviewed"


def test_every_language_has_the_same_keys():
    from tocsin.serve.wording import message_texts

    def keys(texts):
        return {k: keys(v) if isinstance(v, dict) else type(v) for k, v in texts.items()}

    assert all(keys(message_texts(name)) == keys(message_texts("en")) for name in LANGUAGES)


@given(name=st.text(min_size=1, max_size=30))
def test_any_zone_name_gives_a_parsable_message(name):
    zone = Zone("z<&>", name, None, 1, 60.0, ZONE.polygons)
    alert = parse(cap_xml(chain_of(NIGHT, 0), zone, CONFIG))
    assert alert.infos[0].areas[0].geocodes_to_dict()["tocsin:zone_id"] == "z<&>"


def test_times_beyond_the_date_line_and_never_z():
    assert cap_time(1_900_000_000 * NS) == "2030-03-17T17:46:40-00:00"
    east = tuple((x + 385.0, y) for x, y in ZONE.polygons[0][0])
    message = cap_xml(chain_of(NIGHT, 0), Zone("e", "East", None, 1, 60.0, ((east,),)), CONFIG)
    longitude = float(value(message, "c:info/c:area/c:polygon").split()[0].split(",")[1])
    assert longitude == pytest.approx(east[0][0] - 360.0, abs=1e-6)


@pytest.mark.parametrize(
    "wrong",
    [
        {"sender": "a b"},
        {"sender": "x,y"},
        {"status": "Real"},
        {"languages": ("xx",)},
        {"languages": ()},
        {"time_zone": "Mars/Base"},
    ],
)
def test_a_wrong_configuration_is_refused(wrong):
    with pytest.raises(InputError):
        CapConfig(**wrong)


def test_a_chain_without_its_beginning_is_refused():
    with pytest.raises(InputError, match="issue"):
        cap_xml(NIGHT.take(slice(1, 2)), ZONE, CONFIG)


def test_atom_feed_lists_newest_first_with_links_to_the_messages():
    feed = etree.fromstring(atom_feed(NIGHT, (ZONE,), CONFIG, limit=2))
    entries = feed.findall("a:entry", NAMES)
    assert len(entries) == 2
    assert ZONE.name in entries[0].findtext("a:title", namespaces=NAMES)
    links = [e.find("a:link", NAMES).get("href") for e in entries]
    assert links == [f"{CONFIG.web}/cap/{i}.xml" for i in NIGHT.cap_identifier[::-1][:2]]
    ids = [e.text for e in feed.iter(f"{{{ATOM}}}id")]
    assert len(set(ids)) == 3
    assert atom_feed(Warnings.empty(), (), CONFIG).startswith(b"<?xml")
