with tests as (
    select * from {{ ref('int_criterion_tests') }}
),

worded as (
    select
        *,
        case operator
            when 'in' then value
            when 'at_least' then '>= ' || {{ plain_number('threshold') }}
            else '<= ' || {{ plain_number('threshold') }}
        end as words
    from tests
)

select
    criterion_number,
    definition,
    kind,
    rule_number,
    field,
    field || case when min(operator) = 'in' then ' = ' else ' ' end
    || {{ dbt.listagg('words', "' or '", 'order by words') }}
    || coalesce(' (' || min(source) || ')', '') as criterion,
    min(description) as description
from worded
group by criterion_number, definition, kind, rule_number, field
