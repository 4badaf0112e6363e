select *
from {{ ref('rpt_funnel_conversion') }}
where method = 'cohort' and (converted > entered or undated > entered)
    and not (window_days is not null and undated > entered)
