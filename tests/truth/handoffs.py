"""How right the hand-offs of a warehouse are: owners, attempts, answers and clocks of the SLAs."""

from __future__ import annotations

import math
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
    "found", "on time", "owner", "attempt", "decision", "reason", "speed_to_lead", "rep_response",
    "decision clock",
)  # fmt: skip

_SECOND = 1 / 60  # in minutes

# Stamps lag behind what happened by seconds: what is told within a minute is right. A hand-off that
# is told within a day of the true one is that one.
_MATCHES = """
-- Some systems name a user by an address.
create temp macro plain(name) as replace(lower(split_part(name, '@', 1)), ' ', '.');

create temp table true_handoffs as
select
    row_number() over (order by human, handed_off_at) as id,
    human, pass_number, handed_off_at, assigned_at, plain(owner) as owner,
    case when next_owner <> owner then reassigned_at end as reassigned_at,
    plain(next_owner) as next_owner,
    first_attempt_at,
    decision, decided_at, case when decision = 'rejected' then reason end as reason,
    lag(handed_off_at) over (partition by human order by handed_off_at) as former_at,
    lead(handed_off_at) over (partition by human order by handed_off_at) as next_at
from truth.hand_offs;

create temp table told_handoffs as
select k.human, h.*, plain(o.name) as owner
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

create temp table found as
select
    t.id, t.human, m.handoff_key, m.is_on_time,
    h.person_key, h.pass_number as told_pass_number,
    t.handed_off_at, t.assigned_at, t.owner, t.reassigned_at, t.next_owner,
    t.first_attempt_at, t.decision, t.decided_at, t.reason, t.former_at, t.next_at,
    h.handed_off_at as told_handed_off_at, h.assigned_at as told_assigned_at,
    h.owner as told_owner, h.owner_key as told_owner_key,
    h.first_attempt_at as told_first_attempt_at,
    h.decision as told_decision, h.decided_at as told_decided_at, h.decided_by,
    h.reason as told_reason, h.is_reason_unknown
from true_handoffs as t
join matches as m using (id)
join told_handoffs as h on m.handoff_key = h.handoff_key and t.human = h.human;
"""

# What the exports tell of owners: the moves of each record, and who had the records of a person who
# was handed over. `slips`: left again within the debounce.
_EVIDENCE = """
create temp table moves as
select
    i.human, c.record_key, c.changed_at,
    regexp_extract(c.record_key, '^[^/]+/[^/]+/') || c.old_value as old_owner,
    regexp_extract(c.record_key, '^[^/]+/[^/]+/') || c.new_value as new_owner
from warehouse.intermediate.int_field_changes as c
join identity as i using (record_key)
where c.record_entity = 'persons' and c.field = 'owner_id';

create temp table held_before as
with last_moves as (
    select f.id, m.record_key, arg_max(m.new_owner, m.changed_at) as owner_key
    from found as f
    join moves as m on f.human = m.human and m.changed_at <= f.told_handed_off_at
    group by all
),

next_moves as (
    select f.id, m.record_key, arg_min(m.old_owner, m.changed_at) as owner_key
    from found as f
    join moves as m on f.human = m.human and m.changed_at > f.told_handed_off_at
    group by all
)

select f.id, r.record_key, coalesce(l.owner_key, n.owner_key, r.owner_key) as owner_key
from found as f
join identity as i using (human)
join warehouse.intermediate.int_person_records as r
    on i.record_key = r.record_key and r.created_at <= f.told_handed_off_at
left join last_moves as l on f.id = l.id and r.record_key = l.record_key
left join next_moves as n on f.id = n.id and r.record_key = n.record_key;

create temp table slips as
select k.human, c.new_value as stage, c.changed_at
from warehouse.intermediate.int_slips as s
join warehouse.intermediate.int_field_changes as c using (change_key)
join known as k on s.person_key = k.person_key;
"""

# What is known of each found hand-off that explains a difference.
_FLAGS = """
create temp table flags as
with moved as (
    select f.id
    from found as f
    join moves as m
        on f.human = m.human and abs(epoch(m.changed_at) - epoch(f.assigned_at)) < 60
),

owned as (
    select f.id
    from found as f
    join held_before as h on f.id = h.id and f.told_owner_key = h.owner_key
),

owners as (
    select i.human
    from identity as i
    join warehouse.intermediate.int_person_records as r using (record_key)
    join warehouse.marts.dim_owners as o on r.owner_key = o.owner_key and o.kind = 'person'
    group by i.human
    having count(distinct r.owner_key) > 1
),

answered as (
    select f.id
    from found as f
    join identity as i using (human)
    join warehouse.intermediate.int_field_changes as c
        on i.record_key = c.record_key and abs(epoch(c.changed_at) - epoch(f.decided_at)) < 60
    where c.record_entity = 'persons' and c.field in ('status', 'lifecycle_stage')
),

purged as (
    select f.id
    from found as f
    join truth.stage_entries as e
        on f.human = e.human and abs(epoch(e.entered_at) - epoch(f.decided_at)) < 60
    where e.missing_because = 'purged'
),

slipped as (
    select f.id
    from found as f
    join slips as s
        on f.human = s.human
        and s.changed_at between f.decided_at - interval 1 minute and f.told_decided_at
),

-- Won by their dates before sales began: what is told of the hand-off was answered before it.
inverted as (
    select f.id
    from found as f
    join warehouse.marts.fct_opportunities as o
        on f.person_key = o.person_key and f.told_pass_number = o.pass_number
    where o.closed_at < o.created_at and f.told_decided_at < f.told_handed_off_at
),

reasons as (
    select distinct i.human
    from warehouse.intermediate.int_field_changes as c
    join identity as i using (record_key)
    where c.record_entity = 'persons' and c.field = 'reason'
)

select
    f.id,
    not f.is_on_time as is_late,
    f.id in (select id from moved) as is_move_told,
    f.id in (select id from owned) as is_owned_before,
    f.human in (select human from owners) as has_several_owners,
    f.id in (select id from answered) as is_answer_told,
    f.id in (select id from purged) as is_answer_purged,
    f.id in (select id from slipped) as is_debounced,
    f.id in (select id from inverted) as is_deal_inverted,
    f.human in (select human from reasons) as has_reason_history
from found as f;
"""

_FACTS = """
create temp table facts as
with near as (
    select
        *,
        coalesce(
            abs(epoch(assigned_at) - epoch(told_assigned_at)) < 60,
            assigned_at is null and told_assigned_at is null
        ) as is_assigned_right,
        coalesce(
            abs(epoch(first_attempt_at) - epoch(told_first_attempt_at)) < 60,
            first_attempt_at is null and told_first_attempt_at is null
        ) as is_attempt_right,
        coalesce(
            abs(epoch(decided_at) - epoch(told_decided_at)) < 60,
            decided_at is null and told_decided_at is null
        ) as is_decided_right
    from found
)

select
    f.id, 'owner' as fact,
    f.is_assigned_right and f.owner is not distinct from f.told_owner as is_right,
    case
        when
            g.is_late
            and f.told_assigned_at = f.told_handed_off_at
            and f.assigned_at <= f.told_handed_off_at
            and f.told_owner in (f.owner, f.next_owner)
            then 'told later'
        when g.is_deal_inverted then 'inverted deal'
        when g.is_owned_before then 'former owner'
        when not g.is_move_told then 'no owner history'
    end as reason
from near as f
join flags as g using (id)
union all
select f.id, 'attempt', f.is_attempt_right, null
from near as f
union all
select
    f.id, 'decision',
    f.is_decided_right and f.decision is not distinct from f.told_decision,
    case
        when g.is_deal_inverted then 'inverted deal'
        when g.is_answer_purged then 'purged'
        when not g.is_answer_told then 'not recorded'
        when f.decision = f.told_decision and g.is_debounced then 'debounced'
    end
from near as f
join flags as g using (id)
union all
select
    f.id, 'reason',
    f.reason is not distinct from f.told_reason,
    case when not g.has_reason_history then 'no reason history' end
from near as f
join flags as g using (id)
where f.decision = 'rejected' or f.told_reason is not null;
"""

# A clock starts and stops with the facts above, and is as right as they are: `kept` true leaves out
# those of who had it before. `lag`: the stamps are seconds off, which decides. Nothing explains a
# clock that its own start and stop contradict.
_CLOCKS = """
create temp table told_clocks as
select
    f.id, c.sla, c.started_at, c.status,
    c.started_at = f.told_handed_off_at
    and c.owner_key in (select owner_key from held_before as h where h.id = f.id) as is_former,
    c.clock_key in (select clock_key from misjudged) as is_misjudged
from found as f
join warehouse.marts.fct_sla_clocks as c using (handoff_key)
where c.sla in ('speed_to_lead', 'rep_response', 'decision');

create temp table compared as
with sides as (
    select false as kept, 'true' as side, id, sla, started_at, status from true_clocks
    union all
    select false, 'told', id, sla, started_at, status from told_clocks
    union all
    select true, 'true', id, sla, started_at, status from true_clocks where sla = 'rep_response'
    union all
    select true, 'told', id, sla, started_at, status from told_clocks
    where sla = 'rep_response' and not is_former
),

numbered as (
    select
        *,
        row_number() over (partition by kept, side, id, sla order by started_at) as number
    from sides
    where id in (select id from found)
),

paired as (
    select
        kept, id, sla, number,
        max(case when side = 'true' then started_at end) as started_at,
        max(case when side = 'told' then started_at end) as told_started_at,
        max(case when side = 'true' then status end) as status,
        max(case when side = 'told' then status end) as told_status
    from numbered
    group by all
)

select
    kept, id, sla,
    bool_and(status is not distinct from told_status) as is_status_right,
    bool_and(coalesce(abs(epoch(started_at) - epoch(told_started_at)) < 60, false))
        as is_start_right,
    bool_and(status is not null and told_status is not null) as is_number_right,
    (id, sla) in (select (t.id, t.sla) from told_clocks as t where t.is_misjudged) as is_misjudged
from paired
group by all;

insert into facts
with told as (
    select id, fact, is_right, coalesce(reason, 'others') as reason from facts
)

select
    c.id,
    case c.sla when 'decision' then 'decision clock' else c.sla end,
    c.is_status_right and (c.sla <> 'rep_response' or c.is_start_right),
    case
        when c.is_misjudged then null
        when c.sla = 'rep_response' and b.is_status_right and b.is_start_right
            then 'former owner'
        when c.sla = 'rep_response' and not o.is_right and o.reason <> 'former owner' then o.reason
        when
            c.sla = 'rep_response'
            and not o.is_right
            and f.owner = f.told_owner
            and c.is_number_right
            then 'former owner'
        when c.sla = 'rep_response' and g.has_several_owners then 'another record'
        when c.sla = 'decision' and not d.is_right then d.reason
        when c.sla = 'decision' and not r.is_right then r.reason
        when c.sla = 'decision' and f.is_reason_unknown then 'no reason history'
        when c.sla <> 'decision' and not a.is_right then a.reason
        when g.is_late and c.is_number_right then 'told later'
        when c.is_start_right then 'lag'
    end
from compared as c
join found as f using (id)
join flags as g using (id)
join told as o on c.id = o.id and o.fact = 'owner'
join told as a on c.id = a.id and a.fact = 'attempt'
join told as d on c.id = d.id and d.fact = 'decision'
left join told as r on c.id = r.id and r.fact = 'reason'
left join compared as b on c.id = b.id and c.sla = b.sla and b.kept
where not c.kept;
"""

# All true hand-offs, and all dated ones that the warehouse tells of.
_MOMENTS = """
insert into facts
with entries as (
    select t.id, max(e.missing_because) as missing_because
    from true_handoffs as t
    join truth.stage_entries as e
        on
            t.human = e.human
            and e.stage = 'marketing_qualified'
            and abs(epoch(e.entered_at) - epoch(t.handed_off_at)) < 60
    group by t.id
),

slipped as (
    select t.id
    from true_handoffs as t
    join slips as s
        on
            t.human = s.human
            and s.stage = 'marketing_qualified'
            and abs(epoch(s.changed_at) - epoch(t.handed_off_at)) < 3600
)

select
    t.id, 'found', m.id is not null,
    case
        when e.missing_because = 'purged' then 'purged'
        when e.missing_because = 'not_recorded' then 'not recorded'
        when t.id in (select id from slipped) then 'debounced'
        when w.human is not null then 'former pass'
        when c.history <> 'others' then c.history
    end
from true_handoffs as t
left join matches as m using (id)
left join entries as e using (id)
left join circumstances as c on t.human = c.human
left join (select distinct human, pass_number + 1 as pass_number from wrong) as w
    on t.human = w.human and t.pass_number = w.pass_number
union all
select
    m.id, 'on time', m.is_on_time,
    case
        when e.missing_because = 'purged' then 'purged'
        when t.id in (select id from slipped) then 'debounced'
        when c.history <> 'others' then c.history
    end
from matches as m
join true_handoffs as t using (id)
left join entries as e using (id)
left join circumstances as c on t.human = c.human;
"""

_INVENTED = """
select
    coalesce(c.identity, case when w.human is not null then 'other pass' else 'others' end),
    count(*)
from told_handoffs as h
join circumstances as c using (human)
left join matches as m using (handoff_key)
left join (select distinct human from wrong) as w using (human)
where m.handoff_key is null and h.handed_off_at is not null
group by 1
"""

_DIFFERENCES = """
select f.fact, coalesce(c.identity, f.reason, 'others'), count(*)
from facts as f
join true_handoffs as t using (id)
join circumstances as c using (human)
where not f.is_right
group by 1, 2
"""


@dataclass(frozen=True)
class Handoffs:
    """`facts`: one of FACTS -> hand-offs that it was compared of, and those that are equal.

    Of all true hand-offs those `found` are told of within a day, of these those `on time` within a
    minute; all other facts are those of hand-offs found. `differences`: fact -> circumstance ->
    hand-offs. `invented`: circumstance -> dated hand-offs that nobody made. `misjudged`: clocks of
    all hand-offs whose minutes or status are not those of their own start and stop.
    """

    facts: dict[str, tuple[int, int]]
    differences: dict[str, dict[str, int]]
    invented: dict[str, int]
    misjudged: int

    def share(self, fact: str) -> float:
        """Share of the hand-offs that are equal, NaN where there is nothing to compare."""
        compared, equal = self.facts.get(fact, (0, 0))
        return equal / compared if compared else math.nan


def compare_handoffs(connection: duckdb.DuckDBPyConnection, promises: Promises) -> Handoffs:
    """Compare the marts of hand-offs and clocks with the truth.

    The connection has the tables that measures.py makes: identity, known, circumstances, wrong.
    """
    connection.execute(_MATCHES)
    connection.register("clocks_of_truth", _true_clocks(connection, promises))
    connection.execute("create temp table true_clocks as from clocks_of_truth")
    misjudged = _misjudged(connection, promises)
    connection.register("contradicted", pa.table({"clock_key": pa.array(misjudged, pa.string())}))
    connection.execute("create temp table misjudged as from contradicted")
    for statements in (_EVIDENCE, _FLAGS, _FACTS, _CLOCKS, _MOMENTS):
        connection.execute(statements)
    facts = connection.execute(
        "select fact, count(*), count(*) filter (is_right) from facts group by 1"
    ).fetchall()
    differences: dict[str, dict[str, int]] = {}
    for fact, reason, count in connection.execute(_DIFFERENCES).fetchall():
        differences.setdefault(fact, {})[reason] = count
    return Handoffs(
        {fact: (compared, equal) for fact, compared, equal in facts},
        differences,
        dict(connection.execute(_INVENTED).fetchall()),
        len(misjudged),
    )


def shortfalls(handoffs: Handoffs) -> Iterator[str]:
    """Yield a line for each fact that is not wholly right, with the reasons."""
    for fact in FACTS:
        if reasons := handoffs.differences.get(fact):
            compared, equal = handoffs.facts[fact]
            yield f"hand-offs, {fact}: {equal} of {compared}; " + _counts(reasons)
    if handoffs.invented:
        yield f"hand-offs invented of people who are: {_counts(handoffs.invented)}"
    if handoffs.misjudged:
        yield f"clocks that office time contradicts: {handoffs.misjudged}"


def _counts(reasons: dict[str, int]) -> str:
    return ", ".join(f"{one} {reasons[one]}" for one in sorted(reasons))


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


def _misjudged(connection: duckdb.DuckDBPyConnection, promises: Promises) -> list[str]:
    """Return the clocks whose minutes or status do not follow from their own moments.

    Of a void one the mart does not tell when it was voided: that it was not overdue is all.
    """
    rows = connection.execute(
        """
        select c.sla, c.status, c.started_at, coalesce(c.stopped_at, r.as_of), c.business_minutes,
            c.stopped_at is not null, c.clock_key
        from warehouse.marts.fct_sla_clocks as c
        cross join warehouse.ops.run_context as r
        where c.sla in ('speed_to_lead', 'rep_response', 'decision')
        """
    ).fetchall()
    if not rows:
        return []
    slas, statuses, starts, ends, told, done, keys = (
        np.array(one) for one in zip(*rows, strict=True)
    )
    target = np.array([promises.minutes[sla] for sla in slas])
    passed = office_seconds(ends.tolist(), promises) - office_seconds(starts.tolist(), promises)
    is_over = passed > target * 60
    is_void = statuses == "void"
    expected = np.where(
        done, np.where(is_over, "late", "met"), np.where(is_over, "overdue", "pending")
    )
    is_right = (statuses == expected) & (np.abs(passed / 60 - told) < _SECOND)
    is_right[is_void] = (told <= target)[is_void]
    return [str(key) for key in keys[~is_right]]
