"""A simulated company whose systems answer over HTTP, each on a port of its own."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ingestion.sandbox.apis import marketo, salesforce
from ingestion.sandbox.apis.faults import Faults
from ingestion.sandbox.apis.service import served

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from starlette.applications import Starlette

    from ingestion.sandbox.apis.present import Present
    from ingestion.sandbox.systems.held import Held

CLIENT = "unified-funnel"
# It opens stand-ins on loopback and nothing else.
SECRET = "local-only"  # noqa: S105
# Faults by system; of other systems there is no stand-in.
FAULTS = {"salesforce": salesforce.FAULTS, "marketo": marketo.FAULTS}
_KEPT = 1000  # results, and pages of them: more than any company has
# By which variable the connectors know where each of them is.
_ADDRESS = {"salesforce": "LOGIN_URL", "marketo": "URL"}


@dataclass(frozen=True)
class ServedSystem:
    """A system as messages name it (`salesforce/main`), where it answers, and what goes wrong."""

    name: str
    address: str
    faults: Faults
    secret: str = field(default=SECRET, repr=False)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that a connection to it needs."""
        system, instance = self.name.split("/")
        prefix = f"UNIFIED_FUNNEL_{system}_{instance}_".upper()
        return {
            f"{prefix}{_ADDRESS[system]}": self.address,
            f"{prefix}CLIENT_ID": CLIENT,
            f"{prefix}CLIENT_SECRET": self.secret,
        }


@dataclass(frozen=True, kw_only=True)
class Habits:
    """How stand-ins are served: the rates of faults by name, from which port on, what opens them.

    The next systems are on the ports that follow; 0 is any. Without limits nobody has to wait for
    the sake of others. Answers of bulk jobs that are kept are made and compressed once, for all who
    ask for the same at the same moment. Who signs with the private half of `public_key` (PEM) is
    let in to Salesforce as well.
    """

    rates: Mapping[str, float] = field(default_factory=dict)
    port: int = 0
    secret: str = field(default=SECRET, repr=False)
    has_limits: bool = True
    keeps_answers: bool = False
    public_key: bytes | None = None


@contextmanager
def served_company(
    systems: Iterable[Held], present: Present, habits: Habits
) -> Iterator[list[ServedSystem]]:
    """Serve those of a company's systems that have a stand-in while the block runs."""
    port = habits.port
    with ExitStack() as serving:
        addresses = []
        for held in systems:
            if held.system not in FAULTS:
                continue
            known = habits.rates.keys() & FAULTS[held.system].keys()
            faults = Faults({one: habits.rates[one] for one in known})
            application = _application(held, present, faults, habits)
            address = serving.enter_context(served(application, port))
            name = f"{held.system}/{held.instance}"
            addresses.append(ServedSystem(name, address, faults, habits.secret))
            port += 1 if port else 0
        yield addresses


def _application(held: Held, present: Present, faults: Faults, habits: Habits) -> Starlette:
    if held.system == "salesforce":
        options = salesforce.Options(client_secret=habits.secret, public_key=habits.public_key)
        if habits.keeps_answers:
            options = replace(options, results_cached=_KEPT, pages_cached=_KEPT)
        return salesforce.salesforce_application(held, present, faults, options)
    subscription = marketo.MarketoOptions(
        client_secret=habits.secret, shares_files=habits.keeps_answers
    )
    if not habits.has_limits:
        subscription = replace(
            subscription,
            calls_per_window=None,
            concurrent_calls=None,
            export_bytes_per_day=None,
            passing="company",
        )
    return marketo.marketo_application(held, present, faults, subscription)
