select owner_key, source, name, team, manager, region, is_active
from {{ ref('int_owners') }}
