"""Which fields hold values of a person: what an erasure takes out of them, and what it leaves.

Left is what rules, segments and counts look at (dates, ids, status, score, title, country …):
without it a closed period would count differently. Every field of a person is in one of the two
lists; a test says so.
"""

from __future__ import annotations

# Who somebody is.
PERSONAL = ("email", "first_name", "last_name", "phone", "company")

# What they are to the funnel. A change of any other field of an erased person loses its values.
KEPT = (
    "record_type",
    "title",
    "industry",
    "employees",
    "revenue",
    "country",
    "time_zone",
    "lead_source",
    "campaign",
    "persona",
    "status",
    "status_at",
    "lifecycle_stage",
    "lifecycle_stage_at",
    "score",
    "reason",
    "quality_rating",
    "owner_id",
    "account_id",
    "account_source",
    "linked_id",
    "linked_source",
    "converted_id",
    "converted_at",
    "converted_account_id",
    "converted_opportunity_id",
    "merged_into_id",
    "merged_ids",
    "created_at",
    "updated_at",
    "is_deleted",
    "deleted_at",
)

# Fields in which people write about each other.
FREE_TEXT = {
    "activities": ("subject",),
    "opportunities": ("name",),
    "field_changes": ("old_value", "new_value"),
    "opportunity_persons": (),
    "opportunity_snapshots": (),
}

# Entities whose rows tell of a person, besides `persons` itself, with the fields that say of whom.
REFERENCES = {
    "activities": ("person_id", "person_source"),
    "opportunity_persons": ("person_id", "person_source"),
    "field_changes": ("changed_record_id", None),
}

# The law's values that count as missing: they name nobody, and erased they would count as given.
PLACEHOLDERS = ("n/a", "-", "none", "test", "123")

# Addresses of nobody, as the models know them: they link no records and say nothing of a company.
# Mailboxes of a role are the agreement's; those that it names when somebody is erased land with it.
NOBODYS_MAILBOXES = (
    "noreply",
    "no-reply",
    "no_reply",
    "no.reply",
    "donotreply",
    "do-not-reply",
    "do_not_reply",
    "none",
    "null",
    "na",
    "n.a",
    "nobody",
    "noone",
    "nomail",
    "no-mail",
    "noemail",
    "no-email",
    "no_email",
    "unknown",
    "anonymous",
    "test",
    "tester",
    "testing",
    "asdf",
    "xxx",
)
NOBODYS_DOMAINS = (
    "none.com",
    "nomail.com",
    "no-mail.com",
    "noemail.com",
    "no-email.com",
    "unknown.com",
    "test.com",
)

ERASED = "(erased)"
# Where no account has the domain of an erased address. Reserved, so that nobody ever reads it; not
# `.invalid`, which says that the address is nobody's and links no records.
NO_DOMAIN = "erased.example"
# Enough digits that two addresses of a landing never share a stand-in.
STAND_IN_DIGITS = 16
