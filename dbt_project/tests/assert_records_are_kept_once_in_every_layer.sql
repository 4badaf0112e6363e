{#- Of each layer as many as of the one before it: a join that doubles or loses a row shows here. -#}
select * from {{ ref('layer_counts') }}
where expected <> found
