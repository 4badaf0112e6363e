"""Buyer profiles: whom the teams look for, who became a good customer, and what tells them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestration.report.figure import LOW_N, Chart, Column, Figure, Mark, Picker, Table
from orchestration.report.form import Bars, Intervals, Point
from orchestration.report.page import Page
from orchestration.report.wording import worded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from orchestration.report.reading import Reading

_PROFILES = {"marketing": "Marketing's", "sales": "Sales'", "agreed": "Agreed"}
_PLACES = {"in": "in", "out": "out", "unknown": "unknown", None: "no such profile"}
_BASES = {
    "leads good": "a good customer, of all leads",
    "leads won": "a customer, of all leads",
    "leads bad": "a bad customer, of all leads",
    "customers good": "a good customer, of customers",
    "customers bad": "a bad customer, of customers",
}
_UNITS = {"person": "persons", "account": "accounts"}
_GRADES = {"good": "good", "bad": "bad", "neither": "neither", "too_early": "too early to say"}
_FIELDS = {
    "person.title": "Title",
    "person.country": "Country of the person",
    "person.persona": "Persona",
    "person.lead_source": "Lead source",
    "person.campaign": "Campaign",
    "account.industry": "Industry",
    "account.account_type": "Type of account",
    "account.country": "Country",
    "account.employees": "Employees",
    "account.revenue": "Revenue",
    "account.is_active_customer": "Is a customer",
}
_DRAWN = 20
# CRMs name a lead's campaign by its id; two instances may give one id to two campaigns.
_CAMPAIGNS = """campaigns as (
            select campaign_id, min(name) as name from marts.dim_campaigns
            group by campaign_id having count(distinct name) = 1
        )"""

CHANCE = Mark("is_chance", "chance", "not told from chance at a false discovery rate of 5 %")
LEAKAGE = Mark(
    "is_leakage", "leakage", "filled in because they bought: known of few who did not; not tested"
)
AGAINST = tuple(
    Mark(f"is_against_{name}", f"against {label.lower()}", "a profile wants what happens less")
    for name, label in _PROFILES.items()
)


def _figures(reading: Reading) -> Iterator[Figure]:
    yield _overlap(reading)
    yield _lift(reading)
    yield _pairs(reading)
    yield _customers(reading)


def _overlap(reading: Reading) -> Figure:
    answer = reading.ask("""
        select marketing_profile, sales_profile, agreed_profile, people, accounts, passes, open,
            won, lost, churned, win_rate, won_share, customers, good_customers, bad_customers,
            too_early, won_value, mean_retained_months, is_small_sample
        from marts.rpt_buyer_profile_overlap
        order by marketing_profile, sales_profile, agreed_profile
        """)
    points = [
        Point(
            at=_cell(row),
            value=row["people"],
            told=f"{_cell(row)}: {row['people']:,} people, {row['customers']:,} customers",
        )
        for row in answer.rows
        if row["people"]
    ]
    chart = Chart(
        draw=Bars(points=points, kind="number"),
        text="People in each combination of marketing's, sales' and the agreed profile.",
        note="In order: marketing's, sales', the agreed profile. Unknown: an attribute that would"
        " decide it is missing.",
    )
    return Figure(
        key="overlap",
        title="Whose picture of the buyer is whose",
        definition="Everybody is scored against each profile of the agreement in force: in it, out"
        " of it or, while an attribute that would decide it is missing, unknown. An account is as"
        " good as the best of its people. Win rate: won ÷ (won + lost), by count.",
        unit="person, account, pass, customer",
        period="as of the publication, the whole time",
        basis="persons, placeholders left out; passes of these persons",
        answer=answer,
        parts=[
            *([chart] if points else []),
            Table(
                caption="Cells of the three profiles, and what became of them",
                source="marts.rpt_buyer_profile_overlap",
                columns=[
                    *(
                        Column(f"{name}_profile", label, labels=_PLACES)
                        for name, label in _PROFILES.items()
                    ),
                    Column("people", "People (n)", "number"),
                    Column("accounts", "Accounts", "number"),
                    Column("passes", "Passes", "number"),
                    Column("open", "Open", "number"),
                    Column("won", "Won", "number"),
                    Column("lost", "Lost", "number"),
                    Column("churned", "Churned", "number"),
                    Column("win_rate", "Win rate", "share"),
                    Column("won_share", "Won of all", "share"),
                    Column("customers", "Customers", "number"),
                    Column("good_customers", "Good", "number"),
                    Column("bad_customers", "Bad", "number"),
                    Column("too_early", "Too early", "number"),
                    Column("won_value", f"Won, {reading.currency}", "money"),
                    Column("mean_retained_months", "Months kept, mean", "decimal"),
                ],
                marks=[LOW_N],
            ),
        ],
    )


def _cell(row: Mapping[str, Any]) -> str:
    told = [row[f"{name}_profile"] for name in _PROFILES]
    return " · ".join(place for place in told if place) or "no profile agreed"


def _lift(reading: Reading) -> Figure:
    answer = reading.ask(f"""
        with {_CAMPAIGNS}
        select base || ' ' || outcome as question, unit, field,
            case
                when value_from is null then coalesce(c.name, value)
                when value_below is null then format('{{:,}} and more', cast(value_from as bigint))
                else format(
                    '{{:,}} to {{:,}}', cast(value_from as bigint), cast(value_below as bigint) - 1
                )
            end as value, n, successes, rate,
            base_rate, lift, lift_lower, lift_upper, q_value, is_small_sample, is_leakage,
            not is_significant and not is_small_sample and not is_leakage as is_chance,
            coalesce(is_against_marketing, false) as is_against_marketing,
            coalesce(is_against_sales, false) as is_against_sales,
            coalesce(is_against_agreed, false) as is_against_agreed
        from marts.rpt_buyer_profile_lift
        left join campaigns as c on field = 'person.campaign' and value = c.campaign_id
        where other_field is null and unit = split_part(field, '.', 1)
        order by question, is_leakage, is_small_sample, lift_lower desc nulls last, field, value
        """)
    question = _first_question(answer.rows)
    return Figure(
        key="lift",
        title="What tells good customers from others",
        definition="Lift is the share with the outcome among those with the value ÷ the share in"
        " the whole base: 2 is twice as likely. Those that came within the longest conversion"
        " window of the agreement are in no base, nor are customers too young to be judged."
        " Association, not cause.",
        unit="account for what a company is, person for what a person is",
        period="the whole time",
        basis="leads or customers with the value; unknown values are in no row",
        answer=answer,
        parts=[
            *_lift_chart(answer.rows, question),
            Table(
                caption="Traits and their lift",
                source="marts.rpt_buyer_profile_lift",
                pickers=[Picker("question", "How much likelier to become", question, _BASES)],
                columns=[
                    Column("field", "Attribute", labels=_FIELDS),
                    Column("value", "Value"),
                    Column("n", "n", "number"),
                    Column("successes", "With the outcome", "number"),
                    Column("rate", "Share", "share"),
                    Column("base_rate", "Share in the base", "share"),
                    Column("lift", "Lift", "decimal"),
                    Column("lift_lower", "95 % from", "decimal"),
                    Column("lift_upper", "to", "decimal"),
                    Column("q_value", "q", "decimal"),
                ],
                marks=[LOW_N, LEAKAGE, CHANCE, *AGAINST],
            ),
        ],
    )


def _first_question(rows: Sequence[Mapping[str, Any]]) -> str | None:
    asked = {row["question"] for row in rows}
    return next((one for one in _BASES if one in asked), None)


def _lift_chart(rows: Sequence[Mapping[str, Any]], question: str | None) -> list[Chart]:
    drawn = [
        row
        for row in rows
        if row["question"] == question
        and row["lift_lower"] is not None
        and not row["is_leakage"]
        and not row["is_small_sample"]
    ][:_DRAWN]
    if not drawn:
        return []
    points = [
        Point(
            at=f"{row['value']} · {_FIELDS.get(row['field'], row['field']).lower()}",
            value=row["lift"],
            low=row["lift_lower"],
            high=row["lift_upper"],
            is_low=row["is_chance"],
            told=f"{row['value']}: lift {row['lift']:.2f}, {row['successes']:,} of {row['n']:,}",
        )
        for row in drawn
    ]
    return [
        Chart(
            draw=Intervals(points=points, kind="number", neutral=1, is_ratio=True),
            text=f"Lift of the {len(points)} traits with the greatest lower bound, with its 95 %"
            " interval; 1 tells nothing. The table has the numbers.",
            note=f"Outcome: {_BASES[question or '']}. Bar: 95 % interval. Hollow: may be chance.",
        )
    ]


def _pairs(reading: Reading) -> Figure:
    answer = reading.ask(f"""
        with {_CAMPAIGNS}
        select base || ' ' || outcome as question, unit, field, coalesce(c.name, value) as value,
            other_field, coalesce(o.name, other_value) as other_value, n, successes, rate,
            base_rate, lift, lift_lower, lift_upper, q_value, is_small_sample
        from marts.rpt_buyer_profile_lift
        left join campaigns as c on field = 'person.campaign' and value = c.campaign_id
        left join campaigns as o on other_field = 'person.campaign' and other_value = o.campaign_id
        where other_field is not null and is_significant
        order by question, unit, lift_lower desc nulls last, field, value, other_field, other_value
        limit 400
        """)
    return Figure(
        key="pairs",
        title="Two traits together",
        definition="The same of those who have both values, where enough of them have and the"
        " difference is told from chance at a false discovery rate of 5 %.",
        unit="person or account, as the table says",
        period="the whole time",
        basis="leads or customers with both values",
        answer=answer,
        parts=[
            Table(
                caption="Pairs of traits that tell something",
                source="marts.rpt_buyer_profile_lift",
                pickers=[
                    Picker(
                        "question",
                        "How much likelier to become",
                        _first_question(answer.rows),
                        _BASES,
                    )
                ],
                columns=[
                    Column("unit", "Of", labels=_UNITS),
                    Column("field", "Attribute", labels=_FIELDS),
                    Column("value", "Value"),
                    Column("other_field", "and", labels=_FIELDS),
                    Column("other_value", "Value"),
                    Column("n", "n", "number"),
                    Column("rate", "Share", "share"),
                    Column("lift", "Lift", "decimal"),
                    Column("lift_lower", "95 % from", "decimal"),
                    Column("lift_upper", "to", "decimal"),
                ],
                marks=[LOW_N],
            )
        ],
    )


def _customers(reading: Reading) -> Figure:
    answer = reading.ask("""
        select case when c.best_rank <= 15 then 'best' else 'worst' end as which,
            coalesce(a.name, c.customer_key) as customer, c.grade, c.since_date, c.until_date,
            c.retained_months, c.won_value, c.margin, c.account_industry, c.account_employees,
            c.account_country, c.person_persona, c.person_lead_source, c.agreed_profile
        from marts.rpt_customers as c
        left join marts.dim_accounts as a on c.account_key = a.account_key
        where c.best_rank <= 15 or c.worst_rank <= 15
        order by which, case when c.best_rank <= 15 then c.best_rank else c.worst_rank end
        """)
    graded = reading.ask("""
        select grade, count(*) as customers, sum(won_value) as won_value
        from marts.rpt_customers group by grade order by grade nulls last
        """)
    told = ", ".join(
        f"{row['customers']:,} {_GRADES.get(row['grade'], 'not graded: no rules are agreed')}"
        for row in graded.rows
    )
    return Figure(
        key="customers",
        title="The best and the worst customers",
        definition="Good: all agreed rules hold. Bad: any warning sign does. Ranked by grade, then"
        f" by what was won times margin. All customers: {told or worded(None)}.",
        unit="customer: an account, or a person without one",
        period="as of the publication",
        basis="every row is one customer",
        answer=answer,
        parts=[
            Table(
                caption="Customers by rank",
                source="marts.rpt_customers",
                pickers=[
                    Picker(
                        "which",
                        "Show",
                        answer.rows[0]["which"] if answer.rows else None,
                        {"best": "the best", "worst": "the worst"},
                    )
                ],
                columns=[
                    Column("customer", "Customer"),
                    Column("grade", "Grade", labels=_GRADES),
                    Column("since_date", "Since", "date"),
                    Column("until_date", "Until", "date"),
                    Column("retained_months", "Months", "number"),
                    Column("won_value", f"Won, {reading.currency}", "money"),
                    Column("margin", "Margin", "share"),
                    Column("account_industry", "Industry"),
                    Column("account_employees", "Employees", "number"),
                    Column("account_country", "Country"),
                    Column("person_persona", "Persona"),
                    Column("person_lead_source", "Lead source"),
                    Column("agreed_profile", "Agreed profile", labels=_PLACES),
                ],
            )
        ],
    )


PAGE = Page(
    key="profiles",
    title="Buyer profiles",
    lead="Marketing's, sales' and the agreed picture of the buyer beside who really became a good"
    " or a bad customer, and which traits tell one from the other.",
    needs=(
        "marts.rpt_buyer_profile_overlap",
        "marts.rpt_buyer_profile_lift",
        "marts.rpt_customers",
        "marts.dim_accounts",
    ),
    figures=_figures,
)
