{#- The form in which two e-mail addresses are compared; null where it is no single address. -#}
{% macro normalised_email(email_sql) -%}
    case
        when
            trim({{ email_sql }}) like '%_@_%._%'
            and trim({{ email_sql }}) not like '%@%@%'
            and trim({{ email_sql }}) not like '% %'
            then lower(trim({{ email_sql }}))
    end
{%- endmacro %}

{#- What stands before the @ of a normalised address, without a +tag. -#}
{% macro mailbox(email_sql) -%}
    {{ dbt.split_part(dbt.split_part(email_sql, "'@'", 1), "'+'", 1) }}
{%- endmacro %}

{% macro email_domain(email_sql) -%}
    {{ dbt.split_part(email_sql, "'@'", 2) }}
{%- endmacro %}

{#-
    Addresses that people write where a form wants one, or that nobody reads: they never make two
    records one person, and say nothing about the company. Mailboxes of a role are the agreement's.
-#}
{% macro placeholder_mailboxes() %}
    {{ return([
        'noreply', 'no-reply', 'no_reply', 'no.reply', 'donotreply', 'do-not-reply', 'do_not_reply',
        'none', 'null', 'na', 'n.a', 'nobody', 'noone', 'nomail', 'no-mail', 'noemail', 'no-email',
        'no_email', 'unknown', 'anonymous', 'test', 'tester', 'testing', 'asdf', 'xxx'
    ]) }}
{% endmacro %}
{% macro placeholder_domains() %}
    {{ return([
        'none.com', 'nomail.com', 'no-mail.com', 'noemail.com', 'no-email.com', 'unknown.com', 'test.com'
    ]) }}
{% endmacro %}

{#- Of a normalised address. -#}
{% macro is_placeholder_email(email_sql) -%}
    (
        {{ mailbox(email_sql) }} in ('{{ placeholder_mailboxes() | join("', '") }}')
        or {{ email_domain(email_sql) }} in ('{{ placeholder_domains() | join("', '") }}')
        -- Reserved: no such domain exists.
        or {{ email_sql }} like '%.invalid'
    )
{%- endmacro %}

{#- The domain of a web site or a domain as delivered: https://www.Acme.com/de → acme.com. -#}
{% macro normalised_domain(site_sql) -%}
    {%- set bare -%}
        replace(replace(lower(trim({{ site_sql }})), 'https://', ''), 'http://', '')
    {%- endset -%}
    {%- set host = dbt.split_part(dbt.split_part(bare, "'/'", 1), "':'", 1) -%}
    case
        when {{ host }} like 'www.%._%' then substring({{ host }}, 5)
        when {{ host }} like '%_._%' then {{ host }}
    end
{%- endmacro %}
