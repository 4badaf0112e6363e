-- Undated entries are left out of windows, so that there they may be more than were counted.
select *
from {{ ref('rpt_funnel_conversion') }}
where
    method = 'cohort'
    and (converted > entered or (window_days is null and undated > entered))
