{#-
    CTEs that label each node with the smallest node it is connected to, however indirectly.
    edges: CTE with node_a, node_b (undirected). Result CTE: <name>_components (node, component), only
    nodes with an edge. Each round takes the smallest label of the neighbours, then the label of that
    label, so chains close in about log2 of their length; no recursion, which not every engine has.
    assert_linked_records_share_a_person fails where the rounds were too few.
-#}
{% macro connected_components(name, edges, rounds=12) -%}
{{ name }}_neighbours as (
    select node_a as node, node_b as neighbour from {{ edges }}
    union
    select node_b as node, node_a as neighbour from {{ edges }}
    union
    select node_a as node, node_a as neighbour from {{ edges }}
    union
    select node_b as node, node_b as neighbour from {{ edges }}
),

{{ name }}_labels_0 as (
    select node, min(neighbour) as label from {{ name }}_neighbours group by node
),
{%- for round in range(1, rounds + 1) %}

{{ name }}_hooked_{{ round }} as (
    select n.node, min(l.label) as label
    from {{ name }}_neighbours as n
    inner join {{ name }}_labels_{{ round - 1 }} as l on n.neighbour = l.node
    group by n.node
),

{{ name }}_labels_{{ round }} as (
    select h.node, l.label
    from {{ name }}_hooked_{{ round }} as h
    inner join {{ name }}_hooked_{{ round }} as l on h.label = l.node
),
{%- endfor %}

{{ name }}_components as (
    select node, label as component from {{ name }}_labels_{{ rounds }}
)
{%- endmacro %}
