"""What people are told: whole in each language, and never a pre-alert by the name of an alert."""

import copy
from itertools import product

import pytest

from tests.serve.support import warning
from tests.warn.support import box
from tocsin.contract import Action, InputError, ObjectClass, Stage, Warnings
from tocsin.serve.cap import CapConfig, cap_xml
from tocsin.serve.wording import KINDS, THREATS, checked, languages, message_texts

ZONE = box("z1", 0, 0, 5e3, 5e3)
ENDS = {
    "clear": (Action.CLEAR, Stage.QUIET, "Ann"),
    "cancel": (Action.CANCEL, Stage.QUIET, "Ann"),
    "withdrawn": (Action.CANCEL, Stage.QUIET, "automatic"),
    "alert": (Action.UPDATE, Stage.ALERT, "automatic"),
    "pre_alert": (Action.UPDATE, Stage.PRE_ALERT, "automatic"),
}


def message(kind: str, threat: ObjectClass, language: str) -> str:
    """Return the message of a warning that ends so."""
    action, stage, who = ENDS[kind]
    first = warning("z1", "w1", Action.ISSUE, Stage.PRE_ALERT)
    last = warning("z1", "w1", action, stage).replace(released_by=[who])
    chain = Warnings.concat([first, last])
    chain = chain.replace(threat_class=[threat] * 2, cap_identifier=["w1-1", "w1-2"])
    return cap_xml(chain, ZONE, CapConfig(languages=(language,), time_zone="Etc/GMT-2")).decode()


def between(text: str, name: str) -> str:
    return text.split(f"<{name}>")[1].split(f"</{name}>")[0]


@pytest.mark.parametrize("language", languages())
def test_no_two_kinds_share_an_event_or_its_code_whatever_comes(language: str) -> None:
    seen: dict[str, set[str]] = {kind: set() for kind in KINDS}
    for kind, threat in product(KINDS, ObjectClass):
        text = message(kind, threat, language)
        code = between(text, "eventCode").split("<value>")[1].split("</value>")[0]
        seen[kind] |= {between(text, "event"), code}
    assert all(len(found) == 2 for found in seen.values())
    assert len(set().union(*seen.values())) == 2 * len(KINDS)


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("kind", ["alert", "pre_alert"])
def test_what_to_do_depends_on_what_comes_and_when_is_a_local_clock_time(
    kind: str, language: str
) -> None:
    texts = [message(kind, ObjectClass[name.upper()], language) for name in THREATS]
    assert len({between(text, "instruction") for text in texts}) == len(THREATS)
    for text in texts:
        assert "11:50" in between(text, "description"), "09:50 UTC, two hours east of it"
        assert "min" not in between(text, "description").split()


@pytest.mark.parametrize("language", languages())
def test_a_translation_that_nobody_reviewed_is_marked(language: str) -> None:
    marked = "tocsin:translation" in message("alert", ObjectClass.BALLISTIC, language)
    assert marked != message_texts(language)["reviewed"]


def test_withdrawn_is_not_told_as_false() -> None:
    text = message("withdrawn", ObjectClass.BALLISTIC, "en")
    assert "not mean that the danger is over" in text
    assert "AllClear" not in text
    assert "We apologise" in message("cancel", ObjectClass.BALLISTIC, "en")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda t: t.pop("exercise"), "lacks exercise"),
        (lambda t: t.pop("clear"), "has no [clear]"),
        (lambda t: t["alert"].pop("headline"), "lacks alert.headline"),
        (lambda t: t["threat"].pop("ballistic"), "lacks threat.ballistic"),
        (lambda t: t["act"]["alert"].pop("unknown"), "lacks act.alert.unknown"),
        (lambda t: t["alert"].update(headline="{place}"), "alert.headline: uses {place}"),
        (lambda t: t["alert"].update(headline="{zone"), "alert.headline: is no template"),
        (lambda t: t["alert"].update(event=t["pre_alert"]["event"]), "repeats an event"),
    ],
)
def test_a_translation_that_is_not_whole_is_one_clear_error(spoil, words: str) -> None:
    texts = copy.deepcopy(dict(message_texts("en")))
    spoil(texts)
    with pytest.raises(InputError) as error:
        checked(texts, "texts/xx.toml")
    assert str(error.value).startswith("texts/xx.toml")
    assert words in str(error.value)


@pytest.mark.parametrize("given", [(), ("en", "en"), ("xx",)])
def test_languages_without_texts_are_refused(given: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match="CAP languages"):
        CapConfig(languages=given)
