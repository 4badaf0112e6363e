"""How one stand-in of Marketo behaves where subscriptions differ or the documents leave it open."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Passing: TypeAlias = Literal["real", "company"]


@dataclass(frozen=True)
class MarketoOptions:
    """Credentials, limits and habits. None switches a limit off.

    The defaults are what Marketo documents, except that an export is done after two looks at its
    status, however soon they come.
    """

    client_id: str = "unified-funnel"
    client_secret: str = "local-only"  # noqa: S105 - opens a stand-in on loopback, nothing else
    other_clients: Mapping[str, str] = field(default_factory=dict)  # secrets by their ids
    denied: frozenset[str] = frozenset()  # paths, as the route table has them, that answer 603

    # Whether tokens age, calls count against the window and statuses refresh in real seconds or in
    # the company's. Its present may stand still: a window of its seconds would then never end.
    passing: Passing = "real"
    token_lifetime: float = 3600  # seconds

    calls_per_window: int | None = 100
    window: float = 20  # seconds
    calls_per_day: int | None = 50_000
    concurrent_calls: int | None = 10
    longest_uri: int = 8192  # bytes
    largest_body: int = 1_000_000  # bytes
    page_size: int = 300  # of the lead database; the most a client may ask for
    asset_page_size: int = 200
    most_found: int = 1000  # leads that a filter may find
    most_filter_values: int = 300
    most_activity_types: int = 10

    queued_jobs: int | None = 10  # those being processed count
    processing_jobs: int = 2
    export_bytes_per_day: int | None = 500_000_000
    longest_range: float = 31  # days
    file_kept: float = 7  # days; the documents also say 10
    polls_per_job: int = 2  # refreshed looks at a status until the job is done
    refresh_every: float = 0  # seconds between two refreshes of a status; Marketo: 60
    allows_updated_at: bool = True  # False: filter by updatedAt answers 1035
    includes_end: bool = True  # a row at endAt itself is in the export
    canceled: Literal["Canceled", "Cancelled"] = "Canceled"  # the documents show both
    job_zone: str = "America/Los_Angeles"  # in which the moments of jobs are told
    gzips_files: bool = True
    # True: who asks for the same at the same moment gets the same file, order and all. Nothing is
    # written or compressed twice, so that another reading takes as long as its client needs.
    shares_files: bool = False

    short_pages: bool = True  # activity pages that are half full or empty, now and then
    old_dates: bool = True  # lead changes and deleted leads: +0000 in place of Z
    unknown_lead_is_empty: bool = False  # True: an unknown id finds nothing; False: error 702
    omits_nulls: bool = False  # leads in JSON: leave a field without a value out

    late_by: float = 5  # seconds, real, that an answer comes late by the fault `timeout`
    commits_late_by: float = 1800  # seconds, at most, by the fault `late_commit`
    skewed_by: float = 300  # seconds that the moments of a job are ahead by `clock_skew`
    seed: int = 7  # of the order of rows in files, and of short pages
