"""Which records of a history are one person."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.oracle.history import History, Opportunity, Person
    from tests.oracle.world import World


def record_key(system: str, key: str) -> str:
    """Return the key of a record across systems."""
    return f"{system}/main/{key}"


def persons_of(history: History, world: World) -> list[frozenset[str]]:
    """Return the records of each person that exists, linked by what was dated before `as_of`."""
    records = [one for one in history.persons if world.knows(world.moment(one.created_at))]
    groups = [{record_key(one.system, one.key)} for one in records]
    for one in records:
        for other in _links(one, records, world):
            groups = _joined(groups, {record_key(one.system, one.key), other})
    return sorted(frozenset(group) for group in groups)


def primary_record(history: History, opportunity: Opportunity) -> str:
    """Return the record whose person an opportunity moves, or the placeholder for nobody."""
    name = (opportunity.system, opportunity.key)
    roles = [one for one in history.roles if (one.system, one.opportunity) == name]
    named = [one.person for one in sorted(roles, key=lambda one: one.key) if one.is_primary]
    named += [
        one.key for one in history.persons if (one.system, one.converted_opportunity_id) == name
    ]
    named += [opportunity.person] if opportunity.person else []
    named += [one.person for one in sorted(roles, key=lambda one: one.key)]
    if not named:
        return placeholder_key(opportunity)
    return record_key(opportunity.system, named[0])


def placeholder_key(opportunity: Opportunity) -> str:
    """Return the key of who stands in for an opportunity that nobody is attached to."""
    return f"placeholder/{record_key(opportunity.system, opportunity.key)}"


def _links(one: Person, records: list[Person], world: World) -> list[str]:
    found = []
    if one.converted_id and world.knows(world.moment(one.converted_at)):
        found.append(record_key(one.system, one.converted_id))
    # A record that was merged away is deleted at the merge.
    if one.merged_into_id and world.knows(world.moment(one.deleted_at)):
        found.append(record_key(one.system, one.merged_into_id))
    if one.linked_id:
        found.append(record_key("marketing" if one.system == "crm" else "crm", one.linked_id))
    # Histories are drawn so that no address would join two persons of the CRM.
    found += [
        record_key(other.system, other.key)
        for other in records
        if one.email and one.email.lower() == other.email.lower()
    ]
    known = {record_key(other.system, other.key) for other in records}
    return [key for key in found if key in known]


def _joined(groups: list[set[str]], link: set[str]) -> list[set[str]]:
    touched = [group for group in groups if group & link]
    return [group for group in groups if not group & link] + [set().union(*touched)]
