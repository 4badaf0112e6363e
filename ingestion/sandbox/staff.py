"""Who works for the made-up company, as the CRM lists its users."""

from __future__ import annotations

import pandas as pd

_REPS = (  # SDRs first, then account executives
    ("Alex Berger", "Americas", "America/New_York"),
    ("Bao Carter", "Americas", "America/New_York"),
    ("Cleo Diaz", "Americas", "America/Chicago"),
    ("Dana Ericson", "Europe", "Europe/Berlin"),
    ("Emil Faber", "Europe", "Europe/London"),
    ("Fay Grant", "Americas", "America/New_York"),
    ("Gil Hart", "Americas", "America/Los_Angeles"),
    ("Hana Iyer", "Americas", "America/New_York"),
    ("Ivo Jung", "Europe", "Europe/Berlin"),
    ("Joy King", "Europe", "Europe/London"),
)
_IDS = tuple(f"005{number:06}" for number in range(1, len(_REPS) + 1))
SDRS_AMERICAS, SDRS_EUROPE, AES_AMERICAS, AES_EUROPE = _IDS[:3], _IDS[3:5], _IDS[5:8], _IDS[8:]
SEQUENCES = "sequences"  # sends mail by itself; the agreement counts none of its attempts


def users() -> pd.DataFrame:
    """Return one row per user, reps and machines."""
    reps = pd.DataFrame(_REPS, columns=["Name", "Region", "TimeZone"])
    reps.insert(0, "Id", _IDS)
    reps["Email"] = reps["Name"].str.lower().str.replace(" ", ".") + "@funnel.example.com"
    is_sdr = reps["Id"].isin(SDRS_AMERICAS + SDRS_EUROPE)
    reps["Team"] = is_sdr.map({True: "Sales Development", False: "Account Executives"})
    reps["Manager"] = is_sdr.map({True: "Robin Stone", False: "Sam Taylor"})
    machines = pd.DataFrame(
        {"Id": ["integration", SEQUENCES], "Name": ["Integration", "Sequences"]}
    )
    everybody = pd.concat([reps, machines.assign(Team="Systems")], ignore_index=True)
    return everybody.assign(IsActive="true")
