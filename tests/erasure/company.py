"""A made-up company that holds Jane Smith in every place where a person can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from ingestion.erasure import Secret
from ingestion.files import Mapping, find_mapping, land_file
from ingestion.files.person import PersonSearch

if TYPE_CHECKING:
    from pathlib import Path

    from ingestion.landing import Landing

KEY = "a key for the tests and for nothing else"

# Everything of hers that must be gone, in any spelling.
JANE = (
    "jane.smith@acme.example",
    "jane@private.example",
    "+49 (171) 555-0199",
    "Jane Smith",
    "Smithereens",
    "Acme of Jane",
)
EMAIL = "Jane.Smith@acme.example"
PERSON_KEY = "crm/main/L1"
FILLERS = 20

MAPPING = """\
name: erasing
title: A company that is asked to erase somebody
as_of: 2026-03-31
source_time_zone: America/New_York
reporting_time_zone: America/New_York
outcomes: won_and_lost
files:
  - {{file: "leads*.csv", system: crm, entity: persons, load: full, exported_at: {exported_at},
     key: id, columns: {{email: mail, first_name: first, last_name: last, phone: tel, title: job,
       company: firm, status: {{column: state, map: {{M: marketing_qualified, A: sales_accepted}}}},
       status_at: since, created_at: made, converted_id: contact, lead_source: channel,
       account_id: firm_id}}}}
  - {{file: subscribers.csv, system: newsletter, entity: persons, load: full,
     exported_at: {exported_at}, key: address, columns: {{email: address, created_at: made}}}}
  - {{file: firms.csv, system: crm, entity: accounts, load: full, exported_at: {exported_at},
     key: id, columns: {{name: name, domain: site}}}}
  - {{file: calls.csv, system: crm, entity: activities, load: full, exported_at: {exported_at},
     key: id, columns: {{person_id: lead, activity_type: {{value: call}},
       direction: {{value: outbound}}, subject: about, occurred_at: at}}}}
  - {{file: opens.csv, system: newsletter, entity: activities, load: append,
     exported_at: {exported_at}, key: id, columns: {{person_id: address,
       activity_type: {{value: form_fill}}, occurred_at: at}}}}
  - {{file: history.csv, system: crm, entity: field_changes, load: full,
     exported_at: {exported_at}, key: id, columns: {{record_entity: {{value: persons}},
       changed_record_id: lead, field: {{column: what, map: {{State: status, Mail: email}}}},
       old_value: {{column: was, map: &states {{M: marketing_qualified, A: sales_accepted}}}},
       new_value: {{column: is, map: *states}}, changed_at: at}}}}
  - {{file: deals.csv, system: crm, entity: opportunities, load: full, exported_at: {exported_at},
     key: id, columns: {{name: title, person_id: lead, account_id: firm_id,
       stage: {{column: step, map: {{Won: closed_won, Talks: negotiation}}}},
       is_won: {{column: step, map: {{Won: "true"}}, other: "false"}},
       is_closed: {{column: step, map: {{Won: "true"}}, other: "false"}},
       amount: worth, currency: {{value: USD}}, created_at: opened, closed_at: closed}}}}
  - {{file: roles.csv, system: crm, entity: opportunity_persons, load: full,
     exported_at: {exported_at}, key: id, columns: {{opportunity_id: deal, person_id: lead,
       is_primary: first}}}}
"""

LEADS = "\n".join(
    [
        "id,mail,first,last,tel,job,firm,state,since,made,contact,channel,firm_id,remark",
        (
            f"L1,{EMAIL},Jane,Smith,+49 (171) 555-0199,CFO,Acme of Jane,A,"
            "2026-01-20,2026-01-05,C1,web,F1,Smithereens"
        ),
        (
            "C1,jane.smith@ACME.example ,Jane,Smith,+1 555 000 0001,CFO,-,A,"
            "2026-01-20,2026-01-20,,web,F1,likes tea"
        ),
        (
            "L2,mary-jane.smith@acme.example,Mary-Jane,Smithson,+1 555 000 0001,CTO,Acme,M,"
            "2026-01-21,2026-01-06,,web,F1,her colleague is jane.smith@acme.example."
        ),
        "L3,,Jane,Doe,,CEO,Doe & Co,M,2026-01-22,2026-01-07,,event,,",
        "L4,info@acme.example,n/a,,,,,M,2026-01-22,2026-01-07,,event,,",
        # Without an id, and with too few values: set aside.
        (
            ",other@acme.example,Mary-Jane,Smithson,,CTO,Acme,M,"
            "2026-01-21,2026-01-06,,web,F1,Jane Smith says they are the same"
        ),
        f"L9,{EMAIL},too,few",
        "",
    ]
)
FILES = {
    "leads.csv": LEADS,
    "subscribers.csv": f"address,made\n{EMAIL},2026-01-08\nsomebody@else.example,2026-01-04\n",
    "firms.csv": "id,name,site\nF1,Acme,acme.example\nF2,Else,else.example\n",
    "calls.csv": f"""\
id,lead,about,at
1,C1,Talked to Smithereens about prices,2026-01-21 10:00:00
2,L2,"Met her and Jane Smith, again",2026-01-22 10:00:00
3,L2,Send papers to {EMAIL.upper()} and to +49 (171) 555-0199,2026-01-23 10:00:00
4,L2,Nothing of interest,2026-01-24 10:00:00
""",
    "opens.csv": f"""\
id,address,at
1,{EMAIL},2026-01-06 10:00:00
2,somebody@else.example,2026-01-07
""",
    "history.csv": """\
id,lead,what,was,is,at
1,L1,State,M,A,2026-01-20 09:00:00
2,L1,Mail,jane@private.example,Jane.Smith@acme.example,2026-01-10 09:00:00
3,L1,Nickname,,Smithereens,2026-01-11 09:00:00
4,L2,State,,M,2026-01-21 09:00:00
""",
    "deals.csv": """\
id,lead,title,firm_id,step,worth,opened,closed
D1,C1,Acme (Jane Smith): licences,F1,Won,1000,2026-01-25,2026-02-10
D2,L2,Acme: more licences,F1,Talks,500,2026-01-26,
""",
    "roles.csv": "id,deal,lead,first,words\n1,D1,C1,yes,Smithereens decides\n2,D2,L2,yes,\n",
}


def write_exports(folder: Path, exported_at: str = "2026-04-01") -> None:
    """Write the exports, with 20 people more whom nothing is to happen to."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in FILES.items():
        (folder / name).write_text(text)
    with (folder / "leads.csv").open("a") as file:
        for one in range(FILLERS):
            file.write(
                f"P{one},p{one}@else.example,Pat,P{one},,CFO,Else,{'MA'[one % 2]},"
                f"2026-01-{one + 6:02},2026-01-{one + 5:02},,web,F2,\n"
            )
    with (folder / "subscribers.csv").open("a") as file:
        for one in range(FILLERS):
            file.write(f"p{one}@else.example,2026-02-01\n")
    with (folder / "calls.csv").open("a") as file:
        for one in range(FILLERS):
            file.write(f"{one + 10},P{one},Hello,2026-02-{one + 1:02} 10:00:00\n")
    (folder / "mapping.yml").write_text(MAPPING.format(exported_at=exported_at))


def land(landing: Landing, folder: Path) -> Mapping:
    """Land all exports of a folder and return their mapping."""
    mapping = find_mapping(folder)
    for export in mapping.files:
        land_file(landing, mapping, export, folder)
    return mapping


def search(landing: Landing, mapping: Mapping) -> PersonSearch:
    """The search, with the persons that identity resolution would find."""
    jane = [PERSON_KEY, "crm/main/C1", f"newsletter/main/{EMAIL}"]
    others = [f"crm/main/{one}" for one in ("L2", "L3", "L4")]
    others += [f"crm/main/P{one}" for one in range(FILLERS)]
    resolved = pa.table(
        {"record_key": jane + others, "person_key": [PERSON_KEY] * len(jane) + others}
    )
    return PersonSearch(landing, mapping, resolved, ("info",), Secret(KEY))
