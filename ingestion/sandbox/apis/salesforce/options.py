"""What differs from org to org, and what is not certain about Salesforce."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# Refused by Bulk; most of them no stand-in holds, and REST knows nothing of those either.
WITHOUT_BULK = frozenset(
    {
        "CaseStatus",
        "ContractStatus",
        "OrderStatus",
        "TaskStatus",
        "TaskPriority",
        "TaskWhoRelation",
        "EventWhoRelation",
        "AccountFeed",
    }
)


@dataclass(frozen=True)
class Options:
    """How the org is set up, and how the API behaves where its documents leave room.

    The defaults are what is documented, or else what is usual. Times are in seconds of the
    present, `late_seconds` in real ones.
    """

    # Credentials.
    client_id: str = "unified-funnel"
    client_secret: str | None = None  # None: client credentials are not set up
    username: str = "integration@funnel.example.com"
    public_key: bytes | None = None  # PEM, of RS256; None: JWT bearer is not set up
    scope: str = "id full"  # of tokens; without api and full there are tokens, but no answers
    audiences: tuple[str, ...] = ("https://login.salesforce.com", "https://test.salesforce.com")
    longest_assertion: float = 300  # real seconds until an assertion may expire
    token_requests: int | None = None  # requests until a token expires; None: never
    org_id: str = "00D5e0000000001EAA"
    user_id: str = "0055e0000000001AAA"
    instance_url: str | None = None  # None: the address that was asked

    # Versions.
    versions: tuple[str, ...] = tuple(f"{number}.0" for number in range(31, 68))
    last_retired: float = 30.0  # this version and those before it: 410 instead of 404

    # What the user of the integration may see.
    hidden_fields: frozenset[str] = frozenset()  # "Lead.Phone": by field-level security
    hidden_objects: frozenset[str] = frozenset()
    without_bulk: frozenset[str] = WITHOUT_BULK

    # REST queries.
    batch: int = 2_000  # rows of a page that asks for no size
    least_batch: int = 200
    largest_batch: int = 2_000
    cursor_kept: float = 2 * 86_400
    longest_url: int = 16_384  # characters

    # Query jobs.
    polls_queued: int = 1  # polls that find UploadComplete
    polls_running: int = 1  # polls after them that find InProgress
    bad_queries: Literal["refused", "failed"] = "refused"  # at creation, or by the job's end
    result_rows: int = 250_000  # rows of a page that names no maxRecords
    jobs_kept: float = 7 * 86_400
    end_of_results: Literal["null", "empty", "absent"] = "null"  # Sforce-Locator of the last page
    results_cached: int = 4  # results kept in memory, the rest is made anew when it is asked for
    pages_cached: int = 64  # compressed: 2 MB for 50,000 rows of 15 columns

    # Limits of 24 hours, which end at midnight UTC.
    daily_requests: int = 1_000_000
    daily_jobs: int = 10_000

    # Sizes of faults.
    late_seconds: float = 30
    commit_delay: float = 300
    clock_skew: float = 180
    seed: int = 7  # of the order of bulk rows and of late commits

    def __post_init__(self) -> None:
        if len(self.org_id) != 18 or len(self.user_id) != 18:
            raise ValueError("org_id and user_id have 18 characters")
        if not 0 < self.least_batch <= self.batch <= self.largest_batch:
            raise ValueError("batch must lie between least_batch and largest_batch")
