"""Which records of a history are one person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.oracle.moments import read_moment

if TYPE_CHECKING:
    from tests.oracle.history import History, Opportunity, Person
    from tests.oracle.moments import AsOf


def record_key(system: str, key: str) -> str:
    """Return the key of a record across systems."""
    return f"{system}/main/{key}"


def persons_of(history: History, as_of: AsOf) -> list[frozenset[str]]:
    """Return the records of each person that exists, linked by what was dated before `as_of`."""
    records = [one for one in history.persons if as_of.knows(read_moment(one.created_at))]
    groups = [{record_key(one.system, one.key)} for one in records]
    for one in records:
        for other in _links(one, records, as_of):
            groups = _joined(groups, {record_key(one.system, one.key), other})
    return sorted(frozenset(group) for group in groups)


def primary_record(history: History, opportunity: Opportunity) -> str | None:
    """Return the record whose person an opportunity moves."""
    roles = [one for one in history.roles if one.opportunity == opportunity.key]
    named = [one.person for one in sorted(roles, key=lambda one: one.key) if one.is_primary]
    named += [one.key for one in history.persons if one.converted_opportunity_id == opportunity.key]
    named += [opportunity.person] if opportunity.person else []
    named += [one.person for one in sorted(roles, key=lambda one: one.key)]
    return record_key("crm", named[0]) if named else None


def _links(one: Person, records: list[Person], as_of: AsOf) -> list[str]:
    found = []
    if one.converted_id and as_of.knows(read_moment(one.converted_at)):
        found.append(record_key(one.system, one.converted_id))
    if one.merged_into_id:
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
