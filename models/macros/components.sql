{#
  A CTE `components`, to follow `with recursive`: for every node of `edges` (node, other_node; both directions) the
  `root` that its component has in common. Every round a node takes the least root that the roots of its neighbours
  have, gives it to its own root too, and skips to the root of its root; so a line of n nodes takes about log n
  rounds, where reaching all from each takes the square of a component.
#}
{% macro components(edges) %}
  components(node, root) using key (node) as (
    select distinct node, node from {{ edges }}
    union
    select heard.node, min(heard.root)
    from (
      with skipped as (
        select near.node, near.root, far.root as top
        from recurring.components as near
        inner join recurring.components as far on far.node = near.root
      )
      select unnest([own.node, own.root]) as node, theirs.top as root
      from {{ edges }} as edge
      inner join skipped as own on own.node = edge.node
      inner join skipped as theirs on theirs.node = edge.other_node
      union all
      select node, top from skipped
    ) as heard
    inner join recurring.components as known on known.node = heard.node
    where heard.root < known.root
    group by heard.node
  )
{%- endmacro %}
