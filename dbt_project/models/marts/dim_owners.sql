select owner_key, source, name, team, manager, region, time_zone, kind, is_active
from {{ ref('int_owners') }}
