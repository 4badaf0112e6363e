select
    person_key,
    first_seen_at,
    cast(record_count as integer) as record_count,
    is_placeholder,
    is_deleted,
    -- Erasure lands as a source of its own; until it does, nobody is.
    false as is_erased,
    lead_source,
    campaign,
    country,
    persona,
    account_key,
    account_match,
    is_account_match_ambiguous,
    is_email_ambiguous,
    owner_key
from {{ ref('int_persons') }}
