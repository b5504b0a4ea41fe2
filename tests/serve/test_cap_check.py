"""`tocsin cap check`: bad messages, each wrong in its own way, and every fault named."""

import json
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.serve.test_cap import MESSAGES
from tocsin.cli import main
from tocsin.serve.cap_check import check_messages

GOOD = """\
<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
  <identifier>alarm-7</identifier>
  <sender>duty@civil.example.invalid</sender>
  <sent>2031-04-10T18:00:00-00:00</sent>
  <status>Exercise</status>
  <msgType>Alert</msgType>
  <scope>Public</scope>
  <info>
    <language>en</language>
    <category>Safety</category>
    <event>Air alert</event>
    <responseType>Shelter</responseType>
    <urgency>Immediate</urgency>
    <severity>Extreme</severity>
    <certainty>Likely</certainty>
    <effective>2031-04-10T18:00:00-00:00</effective>
    <expires>2031-04-10T18:20:00-00:00</expires>
    <web>https://civil.example.invalid/alarm-7</web>
    <area>
      <areaDesc>North quay</areaDesc>
      <polygon>38.1,-20.4 38.1,-20.3 38.2,-20.3 38.2,-20.4 38.1,-20.4</polygon>
      <circle>38.15,-20.35 2.5</circle>
      <geocode><valueName>zone</valueName><value>north-1</value></geocode>
    </area>
  </info>
</alert>
"""
INFO = GOOD[GOOD.index("  <info>") : GOOD.index("</alert>")]
RING = "38.1,-20.4 38.1,-20.3 38.2,-20.3 38.2,-20.4 38.1,-20.4"
SENT = "<sent>2031-04-10T18:00:00-00:00</sent>"
UPDATE = "<msgType>Update</msgType>"
REFERS = "<scope>Public</scope>\n  <references>{}</references>"

BAD = {
    # What is exchanged in the good message, and (line, part of what is said) of every fault.
    "no identifier": [("  <identifier>alarm-7</identifier>\n", ""), (2, "has no identifier")],
    "empty identifier": [("alarm-7</identifier>", "</identifier>"), (3, "is empty")],
    "blank in identifier": [("alarm-7</id", "alarm 7</id"), (3, "has ' '")],
    "comma in sender": [("duty@civil", "duty,civil"), (4, "has ','")],
    "ampersand in sender": [("duty@civil", "duty&amp;civil"), (4, "has '&'")],
    "two senders": [("  <sent>", "  <sender>x</sender>\n  <sent>"), (5, "is there twice")],
    "time in Z": [(SENT, SENT.replace("-00:00<", "Z<")), (5, "UTC is written -00:00")],
    "time with fractions": [("18:00:00-00:00</s", "18:00:00.5-00:00</s"), (5, "not of the form")],
    "time without zone": [(SENT, SENT.replace("-00:00<", "<")), (5, "not of the form")],
    "no such day": [(SENT, SENT.replace("04-10", "02-30")), (5, "there is no such instant")],
    "status in small letters": [("Exercise", "exercise"), (6, "'exercise', not one of Actual")],
    "unknown kind": [("<msgType>Alert", "<msgType>Warning"), (7, "'Warning', not one of Alert")],
    "unknown scope": [("Public", "Everybody"), (8, "'Everybody', not one of Public")],
    "restricted, to whom": [("Public", "Restricted"), (2, "is Restricted and has no restriction")],
    "private, to whom": [("Public", "Private"), (2, "is Private and has no addresses")],
    "addresses of a public message": [
        ("</scope>", "</scope>\n  <addresses>one two</addresses>"), (9, "the scope is Public"),
    ],
    "scope after info": [
        ("  <scope>Public</scope>\n", ""), ("</alert>", "<scope>Public</scope></alert>"),
        (26, "stands after info"),
    ],
    "unknown element": [("  <scope>", "  <colour>red</colour>\n  <scope>"), (8, "is not part of")],
    "element in a text": [("Air alert", "Air <b>alert</b>"), (12, "holds elements")],
    "says nothing": [(INFO, ""), (2, "is Alert and has no info")],
    "no category": [("    <category>Safety</category>\n", ""), (9, "has no category")],
    "no event": [("    <event>Air alert</event>\n", ""), (9, "has no event")],
    "unknown response": [("Shelter", "Run"), (13, "'Run', not one of Shelter")],
    "unknown urgency": [("Immediate", "Now"), (14, "'Now', not one of Immediate")],
    "unknown severity": [("Extreme", "Terrible"), (15, "'Terrible', not one of Extreme")],
    "unknown certainty": [("Likely", "Sure"), (16, "'Sure', not one of Observed")],
    "no language tag": [(">en<", ">English, please<"), (10, "not a language tag")],
    "one language twice": [("</alert>", INFO + "</alert>"), (27, "a second one in en")],
    "translations disagree": [
        ("</alert>", INFO.replace(">en<", ">de<").replace("Extreme", "Minor") + "</alert>"),
        (27, "has another severity"),
    ],
    "translations warn elsewhere": [
        ("</alert>", INFO.replace(">en<", ">de<").replace("38.2,-20.3", "38.3,-20.3") + "</alert>"),
        (27, "has other areas"),
    ],
    "expires before it is sent": [
        ("T18:20", "T17:20"), (18, "is not after sent"), (18, "is not after effective"),
    ],
    "web without scheme": [("https://civil", "civil"), (19, "not an absolute address")],
    "no area": [(INFO[INFO.index("    <area>") : INFO.index("  </info>")], ""), (9, "has no area")],
    "area without a name": [("North quay", " "), (21, "is empty")],
    "open polygon": [(" 38.1,-20.4</polygon>", "</polygon>"), (22, "is not closed")],
    "polygon of two points": [(RING, "38.1,-20.4 38.1,-20.4"), (22, "has 2 points")],
    "latitude of 130": [("38.2,-20.3", "130,-20.3"), (22, "has the latitude 130")],
    "longitude of 200": [("38.2,-20.3", "38.2,200"), (22, "has the longitude 200")],
    "polygon crosses itself": [
        ("38.2,-20.3 38.2,-20.4", "38.2,-20.4 38.2,-20.3"), (22, "crosses itself"),
    ],
    "polygon without area": [(RING, "38.1,-20 38.2,-20 38.3,-20 38.1,-20"), (22, "crosses itself")],
    "points as words": [("38.2,-20.3", "north,east"), (22, "has the point 'north,east'")],
    "circle without radius": [("38.15,-20.35 2.5", "38.15,-20.35"), (23, "is '38.15,-20.35'")],
    "negative radius": [("-20.35 2.5", "-20.35 -2"), (23, "has the radius -2")],
    "circle off the earth": [("38.15,-20.35", "98,-20.35"), (23, "has the latitude 98")],
    "geocode without value": [("<value>north-1</value>", ""), (24, "has no value")],
    "ceiling without altitude": [
        ("    </area>", "      <ceiling>100</ceiling>\n    </area>"), (25, "without an altitude"),
    ],
    "ceiling below altitude": [
        ("    </area>", "<altitude>200</altitude>\n<ceiling>100</ceiling>\n    </area>"),
        (26, "is below the altitude"),
    ],
    "altitude in words": [
        ("    </area>", "<altitude>high</altitude>\n    </area>"), (25, "'high', not a number"),
    ],
    "resource without a type": [
        ("    <area>", "<resource><resourceDesc>map</resourceDesc></resource>\n    <area>"),
        (20, "has no mimeType"),
    ],
    "size and digest": [
        ("    <area>", "<resource><resourceDesc>map</resourceDesc><mimeType>png</mimeType>"
         "<size>big</size><digest>0</digest></resource>\n    <area>"),
        (20, "not a MIME type"), (20, "not a number of bytes"), (20, "SHA-1"),
    ],
    "update of nothing": [("<msgType>Alert</msgType>", UPDATE), (2, "Update and has no ref")],
    "cancel of nothing": [("<msgType>Alert", "<msgType>Cancel"), (2, "Cancel and has no ref")],
    "half a reference": [
        ("<msgType>Alert</msgType>", UPDATE), ("<scope>Public</scope>", REFERS.format("a,b")),
        (9, "holds 'a,b'"),
    ],
    "refers to itself": [
        ("<msgType>Alert</msgType>", UPDATE),
        ("<scope>Public</scope>",
         REFERS.format("duty@civil.example.invalid,alarm-7,2031-04-10T18:00:00-00:00")),
        (9, "refers to its own message"),
    ],
    "refers to the future": [
        ("<msgType>Alert</msgType>", UPDATE),
        ("<scope>Public</scope>", REFERS.format("a,b,2031-04-10T19:00:00-00:00")),
        (9, "after this one"),
    ],
    "reference's time in Z": [
        ("<msgType>Alert</msgType>", UPDATE),
        ("<scope>Public</scope>", REFERS.format("a,b,2031-04-10T17:00:00Z")), (9, "holds the time"),
    ],
    "error without a note": [
        ("<msgType>Alert", "<msgType>Error"),
        ("<scope>Public</scope>", REFERS.format("a,b,2031-04-10T17:00:00-00:00")),
        (2, "is Error and has no note"),
    ],
    "CAP 1.1": [("cap:1.2", "cap:1.1"), (2, "not an alert of CAP 1.2")],
    "not an alert": [("<alert", "<alarm"), ("</alert>", "</alarm>"), (2, "not an alert of CAP")],
    "not closed": [("</alert>", ""), (28, "is not XML")],
    "several at once": [
        (SENT, SENT.replace("-00:00<", "Z<")), ("Exercise", "Drill"), ("Likely", "Sure"),
        (" 38.1,-20.4</polygon>", "</polygon>"),
        (5, "UTC"), (6, "'Drill'"), (16, "'Sure'"), (22, "is not closed"),
    ],
    "entities": [
        ("<alert xmlns", '<!DOCTYPE alert [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>\n<alert xmlns'),
        (2, "document type declaration"),
    ],
    "outside entity": [
        ("<alert xmlns",
         '<!DOCTYPE alert [<!ENTITY a SYSTEM "file:///etc/hostname">]>\n<alert xmlns'),
        (2, "document type declaration"),
    ],
}  # fmt: skip


def made(name):
    """Return a bad message and its faults."""
    text = GOOD
    for old, new in (change for change in BAD[name] if isinstance(change[0], str)):
        assert old in text
        text = text.replace(old, new, 1)
    return text, [fault for fault in BAD[name] if isinstance(fault[0], int)]


def program(monkeypatch, *arguments):
    """Run `tocsin cap check` in this process; return its exit code."""
    monkeypatch.setattr(sys, "argv", ["tocsin", "cap", "check", *map(str, arguments)])
    with pytest.raises(SystemExit) as end:
        main()
    return int(end.value.code or 0)


@pytest.mark.parametrize("name", BAD)
def test_every_fault_of_a_bad_message_is_named(name, tmp_path, monkeypatch, capsys):
    text, faults = made(name)
    path = tmp_path / "bad.xml"
    path.write_text(text)
    assert program(monkeypatch, path) == 1
    *lines, last = capsys.readouterr().out.splitlines()
    assert last == f"1 of 1 messages have {len(faults)} faults"
    for line, said in zip(lines, faults, strict=True):
        assert line.startswith(f"{path}:{said[0]}: ")
        assert said[1] in line
        assert "; " in line


def test_there_are_enough_of_them():
    assert len(BAD) >= 30


def test_good_messages_pass(tmp_path, monkeypatch, capsys):
    own = [tmp_path / f"{k}.xml" for k in range(3)]
    for path, message in zip(own, MESSAGES, strict=False):
        path.write_bytes(message)
    assert program(monkeypatch, *own) == 0
    assert capsys.readouterr().out.count("valid CAP 1.2") == 3
    path = tmp_path / "good.xml"
    path.write_text(GOOD)
    assert program(monkeypatch, path, "--json") == 0
    result = json.loads(capsys.readouterr().out)
    assert result["valid"]
    assert result["messages"][0]["identifier"] == "alarm-7"


def chain():
    """Return an alert and an update of it, by name."""
    said = "duty@civil.example.invalid,alarm-7,2031-04-10T18:00:00-00:00"
    later = GOOD.replace("alarm-7<", "alarm-8<", 1).replace("T18:00", "T18:05")
    later = later.replace("<msgType>Alert</msgType>", UPDATE)
    later = later.replace("<scope>Public</scope>", REFERS.format(said))
    return {"alert": GOOD.encode(), "update": later.encode()}


def told(messages):
    """Return what is wrong with each message."""
    return {n: [fault.what for fault in c.faults] for n, c in check_messages(messages).items()}


def test_a_chain_holds_together():
    both = chain()
    assert told(both) == {"alert": [], "update": []}
    assert told({"update": both["update"]}) == {"update": []}


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("update", b"alarm-7,", b"alarm-6,", "is not among these messages"),
        ("update", b"alarm-7,2031-04-10T18:00", b"alarm-7,2031-04-10T17:00", "it was at"),
        ("update", b"<identifier>alarm-8", b"<identifier>alarm-7", "is also that of alert"),
    ],
)
def test_a_chain_that_does_not_hold_together(name, old, new, said):
    messages = chain()
    assert old in messages[name]
    messages[name] = messages[name].replace(old, new, 1)
    assert any(said in what for what in told(messages)[name])


def test_nothing_follows_a_cancel():
    messages = chain()
    over = "duty@civil.example.invalid,alarm-0,2031-04-10T17:00:00-00:00"
    messages["alert"] = messages["alert"].replace(b"<msgType>Alert", b"<msgType>Cancel")
    scope = REFERS.format(over).encode()
    messages["alert"] = messages["alert"].replace(b"<scope>Public</scope>", scope)
    assert any("which is a Cancel" in what for what in told(messages)["update"])


@given(st.data())
@settings(max_examples=150)
def test_whatever_comes_is_told_not_raised(data):
    text = GOOD.encode()
    at = data.draw(st.integers(0, len(text) - 1))
    length = data.draw(st.integers(0, 60))
    given_bytes = data.draw(st.one_of(st.binary(max_size=30), st.just(b"</info>"), st.just(b"&b;")))
    for fault in check_messages({"m": text[:at] + given_bytes + text[at + length :]})["m"].faults:
        assert fault.line >= 1
        assert fault.what
        assert fault.mend


def test_what_is_too_large_is_not_read():
    assert told({"m": b" " * 10_000_001})["m"] == ["has 10000001 bytes"]


def test_missing_files_are_bad_usage(tmp_path, monkeypatch, capsys):
    assert program(monkeypatch, tmp_path / "none.xml") == 2
    assert "no such file" in capsys.readouterr().err
