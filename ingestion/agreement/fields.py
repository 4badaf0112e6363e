"""Which fields the parts of an agreement may look at: canonical names only."""

from __future__ import annotations

CRITERION_FIELDS = (
    "status",
    "lifecycle_stage",
    "score",
    "activity",
    "opportunity_stage",
    "opportunity_outcome",
    "renewal_outcome",
)

SEGMENT_FIELDS = (
    "person.lead_source",
    "person.country",
    "person.campaign",
    "person.persona",
    "person.record_type",
    "account.industry",
    "account.account_type",
    "account.country",
    "owner.owner_key",
    "owner.team",
    "owner.manager",
    "owner.region",
    "opportunity.product",
    "opportunity.pipeline",
    "opportunity.opportunity_type",
    "opportunity.lead_source",
    "opportunity.currency",
    "opportunity.developer_key",
)

TRAIT_FIELDS = (
    "person.title",
    "person.country",
    "person.persona",
    "person.lead_source",
    "person.campaign",
    "account.industry",
    "account.account_type",
    "account.country",
    "account.employees",
    "account.revenue",
    "account.is_active_customer",
)

RULE_FIELDS = (*CRITERION_FIELDS, *TRAIT_FIELDS)

CUSTOMER_FIELDS = (
    "retained_months",
    "won_value",
    "margin",
    "loss_reason",
    "account.industry",
    "account.country",
    "account.employees",
    "account.revenue",
)

NUMBER_FIELDS = frozenset(
    {"score", "account.employees", "account.revenue", "retained_months", "won_value", "margin"}
)

REQUIRED_FIELDS = (
    "email",
    "first_name",
    "last_name",
    "title",
    "phone",
    "company",
    "country",
    "lead_source",
    "campaign",
    "persona",
    "score",
)

# `default` is the order for every attribute that is not listed.
SURVIVORSHIP_ATTRIBUTES = (
    "default",
    "email",
    "first_name",
    "last_name",
    "title",
    "phone",
    "company",
    "country",
    "lead_source",
    "campaign",
    "persona",
    "status",
    "lifecycle_stage",
    "score",
    "owner_id",
    "account.name",
    "account.domain",
    "account.industry",
    "account.employees",
    "account.revenue",
    "account.country",
    "account.owner_id",
)

TERRITORY_FIELDS = ("person.country", "person.lead_source", "account.industry", "account.country")
