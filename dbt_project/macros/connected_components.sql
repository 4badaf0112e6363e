{#-
    CTEs that label each node with one node of its component: the same for all of them.
    edges: CTE with node_a, node_b (undirected; repeats and loops do no harm). Result CTE:
    <name>_components (node, component), only nodes that have a neighbour.

    Nearly all components are pairs or stars, and these are read off at once: a node with a single
    neighbour belongs to it. Only nodes with several neighbours that are each other's neighbours go
    through the rounds (600 of 78,000 records of 50,000 simulated people). A round gives each node, and the
    node that it is labelled with, the least label that a neighbour's label has. Labels spread
    twice as far each time, however the nodes are ordered: a chain of 20,000 takes 15 rounds; no
    recursion, which not every engine has.
    assert_linked_records_share_a_person fails where the rounds were too few.
-#}
{% macro connected_components(name, edges, rounds=16) -%}
{{ name }}_neighbours as (
    select node_a as node, node_b as neighbour from {{ edges }} where node_a <> node_b
    union all
    select node_b as node, node_a as neighbour from {{ edges }} where node_a <> node_b
),

{{ name }}_nodes as (
    select node, min(neighbour) as neighbour, min(neighbour) <> max(neighbour) as is_inner
    from {{ name }}_neighbours
    group by node
),

{{ name }}_inner_neighbours as (
    select n.node, n.neighbour
    from {{ name }}_neighbours as n
    inner join {{ name }}_nodes as a on n.node = a.node and a.is_inner
    inner join {{ name }}_nodes as b on n.neighbour = b.node and b.is_inner
),

{{ name }}_links as (
    select node, neighbour from {{ name }}_inner_neighbours
    union
    select node, node as neighbour from {{ name }}_inner_neighbours
),

{{ name }}_labels_0 as (
    select node, min(neighbour) as label from {{ name }}_links group by node
),
{%- for round in range(1, rounds + 1) %}

{{ name }}_grand_{{ round }} as (
    select l.node, l.label, p.label as grand_label
    from {{ name }}_labels_{{ round - 1 }} as l
    inner join {{ name }}_labels_{{ round - 1 }} as p on l.label = p.node
),

{{ name }}_least_{{ round }} as (
    select n.node, min(g.grand_label) as least_label
    from {{ name }}_links as n
    inner join {{ name }}_grand_{{ round }} as g on n.neighbour = g.node
    group by n.node
),

{{ name }}_labels_{{ round }} as (
    select node, min(label) as label
    from (
        select node, least_label as label from {{ name }}_least_{{ round }}
        union all
        select g.label as node, l.least_label as label
        from {{ name }}_least_{{ round }} as l
        inner join {{ name }}_grand_{{ round }} as g on l.node = g.node
    ) as offers
    group by node
),
{%- endfor %}

{{ name }}_components as (
    select
        n.node,
        case
            when n.is_inner then coalesce(own.label, n.node)
            when o.is_inner then coalesce(theirs.label, n.neighbour)
            when n.node < n.neighbour then n.node
            else n.neighbour
        end as component
    from {{ name }}_nodes as n
    inner join {{ name }}_nodes as o on n.neighbour = o.node
    left join {{ name }}_labels_{{ rounds }} as own on n.node = own.node
    left join {{ name }}_labels_{{ rounds }} as theirs on n.neighbour = theirs.node
)
{%- endmacro %}
