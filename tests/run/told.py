"""Warnings to be delivered, for tests, and a dispatch over a folder."""

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tocsin.contract import NS, Action, ObjectClass, Stage, Warnings, Zone
from tocsin.record import Ledger
from tocsin.run.bodies import Bodies
from tocsin.run.delivery import Dispatch
from tocsin.run.messages import Messages
from tocsin.run.recipients import Around, DeliverySection, recipients
from tocsin.run.site import Site, SiteFile

T0 = 1_900_000_000 * NS
FAST = {"retry_first_s": 0.05, "retry_most_s": 0.2, "timeout_s": 1.0, "secret": "s3cret"}
_STAGES = {
    Action.ISSUE: Stage.ALERT,
    Action.UPDATE: Stage.ALERT,
    Action.CLEAR: Stage.QUIET,
    Action.CANCEL: Stage.QUIET,
}


def zone(zone_id: str, parent_id: str | None = None) -> Zone:
    ring = ((10.0, 50.0), (10.1, 50.0), (10.1, 50.1), (10.0, 50.1), (10.0, 50.0))
    return Zone(zone_id, zone_id.title(), parent_id, 1000, 60.0, ((ring,),))


ZONES = (zone("north", "county"), zone("south", "county"), zone("east"))


def rows(
    zone_id: str, actions: Sequence[Action], at_ns: int = T0, stages: Sequence[Stage] | None = None
) -> Warnings:
    """Return one warning's rows, a second apart."""
    count, name = len(actions), f"{zone_id}-{at_ns // NS}"
    return Warnings.build(
        count,
        decided_at_ns=[at_ns + k * NS for k in range(count)],
        zone_id=[zone_id] * count,
        warning_id=[name] * count,
        action=[int(a) for a in actions],
        stage=[int(s) for s in stages or [_STAGES[a] for a in actions]],
        threat_class=int(ObjectClass.ONE_WAY_DRONE),
        probability=0.8,
        arrival_p10_ns=at_ns + 100 * NS,
        arrival_p50_ns=at_ns + 200 * NS,
        arrival_p90_ns=at_ns + 300 * NS,
        expires_at_ns=at_ns + 900 * NS,
        track_ids=[("T1",)] * count,
        released_by=["automatic"] * count,
        cap_identifier=[f"{name}-{k + 1}" for k in range(count)],
        reason=["one drone"] * count,
    )


def site() -> Site:
    section = {"name": "S", "latitude_deg": 50.0, "longitude_deg": 10.0}
    return Site(SiteFile.model_validate({"site": section}), ZONES)


class Telling:
    """Tell recipients, as a run does, from a record folder or from none."""

    def __init__(self, folder: Path | None, *sections: dict[str, Any]) -> None:
        whole = ({k: v for k, v in {**FAST, **one}.items() if v is not None} for one in sections)
        checked = [DeliverySection.model_validate(one) for one in whole]
        around = Around(folder or Path(), ZONES, time.time_ns)
        self.messages = Messages(site())
        self.dispatch = Dispatch(recipients(checked, around), Ledger.open(folder), Bodies(site()))

    def tell(self, warnings: Warnings, now_ns: int | None = None) -> None:
        documents, _ = self.messages.add(warnings)
        self.dispatch(warnings, documents, now_ns or int(warnings.decided_at_ns[-1]))

    def recall(self, warnings: Warnings, now_ns: int) -> None:
        documents, _ = self.messages.add(warnings)
        self.dispatch.recall(warnings, documents, now_ns)

    def run(self, until: Callable[[], bool], wait_s: float = 15.0) -> None:
        """Deliver until something holds."""

        async def deliver() -> None:
            async with self.dispatch.running():
                end = time.monotonic() + wait_s
                while not until():
                    assert time.monotonic() < end, self.dispatch.undelivered()
                    await asyncio.sleep(0.01)
                await asyncio.sleep(0.05)

        asyncio.run(deliver())
