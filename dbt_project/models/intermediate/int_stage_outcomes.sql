select source, instance, stage, min(outcome) as outcome
from {{ ref('int_opportunity_records') }}
where stage <> 'unmapped'
group by source, instance, stage
having min(outcome) = max(outcome)
