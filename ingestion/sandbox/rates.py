"""How often things happen in the made-up company: the funnel, and the mess in its exports."""

from __future__ import annotations

# Who the people are.
IN_MARKETING = 0.84
OPENED_BY_SALES = 0.10  # leads that a rep adds; they enter in the middle of the funnel
# The rest are contacts that a rep adds to an account.
CONTACT_WITH_DEAL = 0.6

# The way of a lead. Each is a share of those who could.
RESPONDS = 0.90  # of those in marketing; the others are names on a bought list
QUALIFIES_FOR_SALES = 0.37  # reaches the score
TAKEN_EARLY = 0.03  # by sales, before the score is reached
SYNCED_EARLY = 0.12  # into the CRM, though nobody hands it over
FAST_TRACK = 0.4  # the CRM itself says "Marketing Qualified" too
CALLED = 0.95
NOTED_AS_WORKING = 0.8
ACCEPTED = 0.79
ACCEPTANCE_NOT_NOTED = 0.06  # goes straight to "Qualified"
REJECTED = 0.7  # of those handed over and not accepted
QUALIFIED = 0.45
STEPPED_BACK = 0.04
RECYCLED = 0.5  # of those accepted and not qualified
RECYCLED_AS_NURTURE = 0.3
DISQUALIFIED = 0.08
DISQUALIFIED_BY_MARKETING = 0.25  # of those synced early
COMES_BACK = 0.4  # of the recycled
OPPORTUNITY = 0.84
NURTURED = 0.5  # of those qualified without opportunity

# The way of an opportunity.
OPENS_QUALIFIED = 0.35  # without discovery
STALLS = 0.08
WON = 0.28  # of the others, before source and product
SKIPS_NEGOTIATION = 0.15
STEPS_BACK = 0.05
RENEWS = 0.8

SOURCES = {  # lead source: (share, how its win rate compares)
    "Organic Search": (0.26, 1.0),
    "Paid Search": (0.22, 0.7),
    "Webinar": (0.16, 1.1),
    "Content Syndication": (0.16, 0.55),
    "Trade Show": (0.10, 1.05),
    "Referral": (0.10, 1.9),
    "Outbound": (0.0, 0.9),  # sales only
}
PRODUCTS = {  # product: (share, how its win rate compares, typical amount)
    "Starter": (0.45, 1.2, 9_000),
    "Team": (0.35, 1.0, 24_000),
    "Enterprise": (0.20, 0.6, 80_000),
}

# The mess.
PHONE_MISSING = 0.06
PHONE_PLACEHOLDER = 0.04
SOURCE_MISSING = 0.02
DUPLICATE_LEAD = 0.03  # of the leads: another one with the same e-mail
PARKED = 0.3  # of the leads that nobody decided on: a status that no mapping knows
REASON_MISSING = 0.1  # of the exits
DEAL_WITHOUT_ROLE = 0.06
DEAL_WITHOUT_ACCOUNT = 0.03
DEAL_WON_BEFORE_CONTACT = 0.02  # of the won deals
CUSTOMER_INACTIVE = 0.05
CUSTOMER_UNKNOWN = 0.06  # of the billing customers: the CRM has never heard of them
