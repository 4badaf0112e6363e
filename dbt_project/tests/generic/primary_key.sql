{#- One test where dbt has two: a key is there, and once. At 60 ms a test that is 3 s of each build. -#}
{% test primary_key(model, column_name) %}
select {{ column_name }}, count(*) as row_count
from {{ model }}
group by {{ column_name }}
having {{ column_name }} is null or count(*) > 1
{% endtest %}
