"""How right the hand-offs of a warehouse are: owners, attempts, answers and clocks of the SLAs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from tests.truth.office_time import office_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

    from tests.truth.office_time import Promises

FACTS = (
    "owner", "attempt", "decision", "reason", "speed_to_lead", "rep_response", "decision clock",
)  # fmt: skip

# Stamps lag behind what happened by seconds: what is told within a minute is right. A hand-off that
# is told within a day of the true one is that one.
_MATCHES = """
create temp table true_handoffs as
select
    row_number() over (order by human, handed_off_at) as id,
    human, pass_number, handed_off_at, assigned_at, owner,
    case when next_owner <> owner then reassigned_at end as reassigned_at, first_attempt_at,
    decision, decided_at, case when decision = 'rejected' then reason end as reason,
    lag(handed_off_at) over (partition by human order by handed_off_at) as former_at,
    lead(handed_off_at) over (partition by human order by handed_off_at) as next_at
from truth.hand_offs;

create temp table told_handoffs as
select k.human, h.*, o.name as owner
from warehouse.marts.fct_handoffs as h
join known as k using (person_key)
left join warehouse.marts.dim_owners as o using (owner_key);

create temp table matches as
with pairs as (
    select
        t.id, h.handoff_key,
        abs(epoch(h.handed_off_at) - epoch(t.handed_off_at)) as seconds
    from true_handoffs as t
    join told_handoffs as h using (human)
    where abs(epoch(h.handed_off_at) - epoch(t.handed_off_at)) < 86400
),

ranked as (
    select
        *,
        row_number() over (partition by id order by seconds, handoff_key) as of_true,
        row_number() over (partition by handoff_key order by seconds, id) as of_told
    from pairs
)

select id, handoff_key, seconds < 60 as is_on_time from ranked where of_true = 1 and of_told = 1;

create temp table found_handoffs as
select
    t.id, t.human, m.handoff_key, m.is_on_time,
    h.person_key, h.pass_number as told_pass_number,
    t.handed_off_at, t.assigned_at, t.owner, t.reassigned_at, t.first_attempt_at, t.decision,
    t.decided_at, t.reason, t.former_at, t.next_at,
    h.handed_off_at as told_handed_off_at, h.assigned_at as told_assigned_at,
    h.owner as told_owner, h.first_attempt_at as told_first_attempt_at,
    h.decision as told_decision, h.decided_at as told_decided_at, h.decided_by,
    h.reason as told_reason, h.is_reason_unknown
from true_handoffs as t
join matches as m using (id)
join told_handoffs as h on m.handoff_key = h.handoff_key and t.human = h.human;
"""

_CLOCKS = """
create temp table told_clocks as
select b.id, c.sla, c.started_at, c.status, c.clock_key
from found_handoffs as b
join warehouse.marts.fct_sla_clocks as c using (handoff_key)
where c.sla in ('speed_to_lead', 'rep_response', 'decision');

create temp table clocks as
with numbered as (
    select 'true' as side, *, row_number() over (partition by id, sla order by started_at) as number
    from true_clocks
    where id in (select id from found_handoffs)
    union all
    select
        'told', id, sla, started_at, status,
        row_number() over (partition by id, sla order by started_at)
    from told_clocks
)

select
    id, sla, number,
    max(case when side = 'true' then started_at end) as started_at,
    max(case when side = 'told' then started_at end) as told_started_at,
    max(case when side = 'true' then status end) as status,
    max(case when side = 'told' then status end) as told_status
from numbered
group by id, sla, number;
"""


def _true_clocks(connection: duckdb.DuckDBPyConnection, promises: Promises) -> pa.Table:
    """Return id, sla, started_at and status of every clock that the truth makes run.

    Nobody who is handed over is disqualified before sales has answered, so that only another rep
    voids a clock.
    """
    (now,) = connection.execute("select as_of from warehouse.ops.run_context").fetchone() or (None,)
    rows = connection.execute(
        """
        select id, 'speed_to_lead', handed_off_at, first_attempt_at, null from true_handoffs
        union all
        select
            id, 'decision', handed_off_at,
            case when decision = 'accepted' or reason is not null then decided_at end, null
        from true_handoffs
        union all
        select
            id, 'rep_response', assigned_at,
            case
                when reassigned_at is null or first_attempt_at < reassigned_at then first_attempt_at
            end,
            reassigned_at
        from true_handoffs
        where assigned_at is not null
        union all
        select id, 'rep_response', reassigned_at, first_attempt_at, null from true_handoffs
        where reassigned_at is not null
        order by all
        """
    ).fetchall()
    ids, slas, starts, stops, voids = zip(*rows, strict=True)
    started, stopped, voided = (office_seconds(one, promises) for one in (starts, stops, voids))
    due = started + np.array([promises.minutes[sla] * 60 for sla in slas])
    status = np.select(
        [np.isnan(stopped) & (voided <= due), stopped <= due, stopped > due,
         office_seconds([now], promises) > due],
        ["void", "met", "late", "overdue"],
        "pending",
    )  # fmt: skip
    return pa.table({"id": ids, "sla": slas, "started_at": pa.array(starts, pa.timestamp("us")),
                     "status": status.tolist()})  # fmt: skip
