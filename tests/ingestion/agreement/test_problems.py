"""Every way in which an agreement can be wrong, with the exact message and line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ingestion.agreement import AgreementError, cautions, read_agreement
from ingestion.errors import TerminalError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KNOWN_SEGMENTS = (
    "person.lead_source, person.country, person.campaign, person.persona, person.record_type, "
    "account.industry, account.account_type, account.country, owner.owner_key, owner.team, "
    "owner.manager, owner.region, "
    "opportunity.product, opportunity.pipeline, opportunity.opportunity_type, "
    "opportunity.lead_source, opportunity.currency, opportunity.developer_key"
)

# name: (what to replace, by what, the whole text of the error)
ONE_SLIP = {
    "yaml_syntax": (
        "        label: Won\n",
        "        label: Won: closed\n",
        (
            "19: this is not YAML: mapping values are not allowed here. "
            "Indent it like its neighbours and put text that holds ': ' into quotes."
        ),
    ),
    "duplicate_key": (
        "        label: Won\n",
        "        label: Won\n        label: Also won\n",
        "20: 'label' stands here twice, first on line 19. Keep one of the two.",
    ),
    "unknown_key": (
        "        roles: [won]\n",
        "        role: [won]\n",
        "22: unknown key 'role'. Did you mean 'roles'?",
    ),
    "unknown_key_of_the_file": (
        "name: small\n",
        "titel: small\n",
        "1: unknown key 'titel'. Known: name, versions.",
    ),
    "rank_twice": (
        "        rank: 20\n",
        "        rank: 10\n",
        "20: rank '10' is used twice, first on line 11. Give each rank once.",
    ),
    "role_twice": (
        "roles: [won]",
        "roles: [won, marketing_qualified]",
        (
            "22: role 'marketing_qualified' is used twice: by 'qualified' and by 'won'. "
            "At most one stage may hold a role."
        ),
    ),
    "unknown_role": (
        "roles: [won]",
        "roles: [winner]",
        (
            "22: 'roles' is 'winner'. It should be 'inquiry', 'marketing_qualified', 'hand_off', "
            "'accepted', 'sales_qualified', 'opportunity', 'won' or 'retained'."
        ),
    ),
    "stage_twice": (
        "      - key: won\n",
        "      - key: qualified\n",
        "18: stage 'qualified' is used twice, first on line 9. Give each stage once.",
    ),
    "stage_is_no_identifier": (
        "      - key: won\n",
        "      - key: Closed Won\n",
        (
            "18: 'Closed Won' is no identifier. Use small letters, digits and underscores, "
            "beginning with a letter, like marketing_qualified."
        ),
    ),
    "reason_twice": (
        "{key: other, label: Other}",
        "{key: price, label: Too dear}",
        "31: reason 'price' is used twice, first on line 30. Give each reason once.",
    ),
    "unknown_exit": (
        "      - key: lost\n",
        "      - key: gone\n",
        (
            "26: 'key' is 'gone'. It should be 'rejected', 'recycled', 'disqualified', 'lost' or "
            "'churned'."
        ),
    ),
    "criterion_on_unknown_field": (
        "- status: [marketing_qualified]",
        "- industry: [software]",
        "15: a criterion cannot look at 'industry'. Did you mean 'account.industry'?",
    ),
    "criterion_on_two_fields": (
        "            source: marketing\n",
        "            status: [open]\n",
        (
            "16: a criterion looks at one field, this one looks at status and score. "
            "Write one list item for each if any is enough, or both under 'all:'."
        ),
    ),
    "criterion_without_list": (
        "- status: [marketing_qualified]",
        "- status: marketing_qualified",
        "15: 'status' is 'marketing_qualified'. It should be a list, like [one, two].",
    ),
    "unknown_outcome": (
        "- opportunity_outcome: [won]",
        "- opportunity_outcome: [closed_won]",
        "24: 'opportunity_outcome' is 'closed_won'. It should be 'won' or 'lost'.",
    ),
    "sla_on_unknown_stage": (
        "clock_start: stage:qualified",
        "clock_start: stage:qualifed",
        (
            "41: the clock of 'speed_to_lead' starts at the unknown stage 'qualifed'. "
            "Did you mean 'qualified'?"
        ),
    ),
    "sla_on_role_without_stage": (
        "clock_start: stage:qualified",
        "clock_start: role:accepted",
        (
            "41: the clock of 'speed_to_lead' starts at the role 'accepted', which no stage holds. "
            "Give a stage this role, or start the clock at 'stage:<key>'."
        ),
    ),
    "sla_clock_of_another_metric": (
        "clock_start: stage:qualified",
        "clock_start: assigned",
        (
            "41: the clock of 'speed_to_lead' starts at 'assigned'. The clock of speed_to_lead "
            "starts at stage:<key> or role:<role> and stops at first_attempt."
        ),
    ),
    "sla_on_unknown_metric": (
        "metric: speed_to_lead",
        "metric: speed",
        (
            "38: 'metric' is 'speed'. It should be 'speed_to_lead', 'rep_response', 'decision', "
            "'handoffs_delivered', 'handoff_completeness' or 'acceptance_rate'."
        ),
    ),
    "sla_with_clock_that_it_has_not": (
        "metric: speed_to_lead",
        "metric: handoffs_delivered",
        (
            "41: 'speed_to_lead' has a clock, but handoffs_delivered is not measured in minutes. "
            "Leave out clock_start and clock_stop."
        ),
    ),
    "sla_share_as_percentage": (
        (
            "metric: speed_to_lead\n          target: 240\n          period: month\n"
            "          clock_start: stage:qualified\n"
        ),
        "metric: acceptance_rate\n          target: 70\n          period: month\n",
        (
            "36: the target of 'speed_to_lead' is 70. acceptance_rate is a share: write a "
            "fraction, like 0.95."
        ),
    ),
    "sla_on_unknown_calendar": (
        "calendar: office",
        "calendar: offices",
        "42: SLA 'speed_to_lead' runs on the unknown calendar 'offices'. Did you mean 'office'?",
    ),
    "sla_on_unknown_segment": (
        "calendar: office",
        "segment: regions\n          segment_value: EMEA",
        "42: SLA 'speed_to_lead' is for the unknown segment 'regions'. Did you mean 'region'?",
    ),
    "sla_segment_without_value": (
        "calendar: office",
        "segment: region",
        "42: SLA 'speed_to_lead' has only one of segment and segment_value. Give both, or none.",
    ),
    "hours_close_before_they_open": (
        "mon-fri: 09:00-17:00",
        "mon-fri: 17:00-09:00",
        (
            "47: the hours 17:00-09:00 close before they open. Write the earlier time first; hours "
            "that pass midnight are two days' hours."
        ),
    ),
    "hours_that_are_none": (
        "mon-fri: 09:00-17:00",
        "mon-fri: 9 to 5",
        (
            "47: '9 to 5' are no business hours. Write them as 09:00-17:00, or "
            "09:00-12:30, 13:30-17:00 with a break."
        ),
    ),
    "days_that_are_none": (
        "mon-fri: 09:00-17:00",
        "fri-mon: 09:00-17:00",
        "47: 'fri-mon' names no days. Write a day or a span within one week, like sat or mon-fri.",
    ),
    "day_twice": (
        "mon-fri: 09:00-17:00",
        "mon-fri: 09:00-17:00\n          fri: 09:00-15:00",
        (
            "44: calendar 'office' gives a day its hours twice. "
            "Let each day stand in one line of 'hours:'."
        ),
    ),
    "calendar_that_never_opens": (
        "        hours:\n          mon-fri: 09:00-17:00\n",
        "",
        "44: calendar 'office' is never open. Give either 'hours:' or 'always_open: true'.",
    ),
    "holiday_that_is_no_date": (
        "2024-12-25:",
        "2024-02-30:",
        "49: '2024-02-30' is no date. Write a day of the calendar as YYYY-MM-DD, like 2024-01-31.",
    ),
    "unknown_time_zone": (
        "time_zone: America/New_York",
        "time_zone: America/New_Yorck",
        "51: 'America/New_Yorck' is no time zone. Did you mean 'America/New_York'?",
    ),
    "currency_code": (
        "currency: USD",
        "currency: Dollar",
        "52: 'Dollar' is no currency code. Use the three capital letters of ISO 4217, like USD.",
    ),
    "segment_on_unknown_field": (
        "field: owner.region",
        "field: owner.mood",
        f"54: 'owner.mood' is no field to segment by. Known: {KNOWN_SEGMENTS}.",
    ),
    "segment_called_all": (
        "{key: region,",
        "{key: all,",
        "54: a segment is called 'all'. That is the total: use another key.",
    ),
    "sla_called_as_a_figure_of_the_scorecards": (
        "- key: speed_to_lead\n",
        "- key: win_rate\n",
        (
            "36: an SLA is called 'win_rate'. Scorecards have a figure of that name anyway: use"
            " another key."
        ),
    ),
    "segment_called_as_one_that_is_always_there": (
        "{key: region,",
        "{key: deal_owner,",
        (
            "54: a segment is called 'deal_owner'. Reports have one of that name anyway: use"
            " another key."
        ),
    ),
    "moves_to_unknown_stage": (
        "        roles: [won]\n        entered_when:\n          - opportunity_outcome: [won]\n",
        "        moves_to: qualifed\n",
        (
            "22: stage 'won' moves to 'qualifed', which is no stage that this version keeps. "
            "Did you mean 'qualified'?"
        ),
    ),
    "dropped_stage_that_is_entered": (
        "        roles: [won]\n",
        "        moves_to: qualified\n",
        (
            "23: stage 'won' is dropped and still has 'entered_when:'. "
            "Leave out 'entered_when:', or 'moves_to:' if the stage stays."
        ),
    ),
    "sign_off_of_a_team": (
        "      sales: {by: Head of Sales, date: 2023-12-01}\n",
        "",
        (
            "5: the sign-off of sales is missing. "
            "Add 'sales: {by: <title>, date: <YYYY-MM-DD>}' under 'signed:'."
        ),
    ),
    "sign_off_of_both": (
        (
            "    signed:\n      marketing: {by: Head of Marketing, date: 2023-12-01}\n"
            "      sales: {by: Head of Sales, date: 2023-12-01}\n"
        ),
        "",
        (
            "3: the sign-off of marketing and of sales is missing. Add 'signed:' with 'marketing:' "
            "and 'sales:', each {by: <title>, date: <YYYY-MM-DD>}."
        ),
    ),
    "missing_key": (
        "        team: sales\n        roles",
        "        roles",
        "18: 'team:' is missing here. Add it. The team that owns whoever stands in this stage.",
    ),
    "empty_value": (
        "        label: Won\n",
        "        label:\n",
        "19: 'label' is empty. It should be text.",
    ),
    "number_as_text": (
        "rank: 20",
        'rank: "20"',
        "20: 'rank' is '20'. It should be a valid integer.",
    ),
    "number_as_label": (
        "label: Won",
        "label: 2024",
        "19: 'label' is 2024. It should be text: put it into quotes.",
    ),
    "value_twice_in_one_list": (
        "status: [marketing_qualified]",
        "status: [marketing_qualified, hot, marketing_qualified]",
        "15: 'marketing_qualified' stands in one list twice. Keep one of them.",
    ),
    "list_instead_of_mapping": (
        "{at_least: 60}",
        "[60]",
        "16: 'score' is a list. It should be a mapping of keys to values.",
    ),
}

# name: (what to append to the version, the whole text of the error)
APPENDED = {
    "target_on_unknown_stage": (
        '      targets:\n        - {team: sales, metric: "stage:own", period: month, value: 1}\n',
        "56: a target counts the unknown stage 'own'. Did you mean 'won'?",
    ),
    "target_twice": (
        (
            "      targets:\n        - {team: sales, metric: win_rate, period: month, value: 1}\n"
            "        - {team: sales, metric: win_rate, period: month, value: 0.5}\n"
        ),
        (
            "57: the target of sales for win_rate a month is given twice, first on line 56. "
            "Keep one of them."
        ),
    ),
    "target_on_unknown_metric": (
        "      targets:\n        - {team: sales, metric: wins, period: month, value: 1}\n",
        (
            "56: 'wins' is no metric of a target. "
            "Known: stage:<key>, pipeline_created, won_value, won_opportunities, win_rate."
        ),
    ),
    "survivorship_of_unknown_attribute": (
        "    identity:\n      survivorship:\n        e_mail: [crm]\n",
        "57: 'e_mail' is no attribute of a person or account. Did you mean 'email'?",
    ),
    "unknown_activity_type": (
        (
            "    activities:\n      types:\n        - {key: call, is_attempt: true}\n"
            "    attribution:\n      qualifying_touches: [cal]\n"
        ),
        (
            "59: 'cal' is no activity type of this agreement. Did you mean 'call'? "
            "New ones go under 'activities: types:'."
        ),
    ),
    "lead_source_rule_without_teams": (
        "    attribution: {sourced_rule: lead_source}\n",
        (
            "55: the sourced rule is lead_source, and no lead source has a team. "
            "Add lead_source_teams, such as {webinar: marketing, referral: sales}."
        ),
    ),
    "required_field_unknown": (
        "    hand_off:\n      required_fields:\n        - {field: mail, label: Mail}\n",
        "57: 'mail' is no field of a hand-off. Did you mean 'email'?",
    ),
    "territory_of_a_queue": (
        (
            "    hand_off:\n      recipients:\n        - key: queue\n          label: Queue\n"
            "          kind: queue\n          territory: {field: person.country, any_of: [US]}\n"
        ),
        (
            "57: recipient 'queue' is a queue and has a territory. Give "
            "'territory: {field: ..., any_of: [...]}' with kind territory, and only then."
        ),
    ),
    "rule_on_unknown_field": (
        "    buyer_profiles:\n      good_customer:\n        - {field: mood, at_least: 1}\n",
        (
            "57: 'mood' is no field that this list may look at. Known: retained_months, won_value, "
            "margin, loss_reason, account.industry, account.country, account.employees, "
            "account.revenue."
        ),
    ),
    "rule_without_test": (
        "    buyer_profiles:\n      good_customer:\n        - {field: won_value}\n",
        (
            "57: 'won_value' needs either 'any_of' or a bound. "
            "Write 'any_of: [...]', or 'at_least:' and 'at_most:'."
        ),
    ),
    "bound_on_text": (
        "    buyer_profiles:\n      good_customer:\n        - {field: loss_reason, at_least: 1}\n",
        (
            "57: 'loss_reason' is text and has no bounds. Use 'any_of: [...]'; bounds go with "
            "retained_months, won_value, margin, account.employees, account.revenue."
        ),
    ),
    "values_on_number": (
        "    buyer_profiles:\n      good_customer:\n        - {field: margin, any_of: [high]}\n",
        "57: 'margin' is a number and has no list of values. Use 'at_least:' and 'at_most:'.",
    ),
    "two_bounds_in_one_rule": (
        (
            "    buyer_profiles:\n      good_customer:\n"
            "        - {field: margin, at_least: 0.1, at_most: 0.2}\n"
        ),
        "57: the rule on 'margin' has two bounds. Write one rule for each bound.",
    ),
}

# name: (what to replace in the second version, by what, the whole text of the error)
SECOND_SLIPS = {
    "numbers_that_do_not_ascend": (
        "version: 2",
        "version: 1",
        "55: version 1 stands after version 1. Number the versions upwards, oldest first.",
    ),
    "dates_that_overlap": (
        "2024-07-01",
        "2024-01-01",
        (
            "56: version 2 takes effect on 2024-01-01, the same day as the version before it: the "
            "two overlap. Give each version a later day than the one before it."
        ),
    ),
    "dates_out_of_order": (
        "2024-07-01",
        "2023-07-01",
        (
            "56: version 2 takes effect on 2023-07-01, before the version above it (2024-01-01). "
            "Give each version a later day than the one before it."
        ),
    ),
    "date_that_is_none": (
        "2024-07-01",
        "1 July 2024",
        "56: '1 July 2024' is no date. Write a day of the calendar as YYYY-MM-DD, like 2024-01-31.",
    ),
    "stage_that_vanished": (
        "      - {key: won, label: Won, rank: 20, team: sales, roles: [won]}\n",
        "",
        (
            "61: stage 'won' of the version before is missing here. A stage that is dropped stays "
            "in the list with 'moves_to:', so that whoever stands in it goes somewhere."
        ),
    ),
}


def refusal(text: str, written: Callable[[str], str]) -> list[str]:
    with pytest.raises(AgreementError) as caught:
        read_agreement(written(text))
    return [line.removeprefix("agreement.yml:") for line in str(caught.value).splitlines()]


def replaced(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1
    return text.replace(old, new)


def test_the_base_is_right(base: str, second: str, written: Callable[[str], str]) -> None:
    assert [one.version for one in read_agreement(written(base + second)).versions] == [1, 2]


@pytest.mark.parametrize("slip", ONE_SLIP)
def test_one_slip_gives_one_message(slip: str, base: str, written: Callable[[str], str]) -> None:
    old, new, message = ONE_SLIP[slip]
    assert refusal(replaced(base, old, new), written) == [message]


def test_an_alias_inside_its_own_anchor(base: str, written: Callable[[str], str]) -> None:
    text = replaced(base, "roles: [won]", "roles: &roles [*roles]")
    expected = "22: an alias stands inside its own anchor. Spell the part out."
    assert expected in refusal(text, written)


@pytest.mark.parametrize("slip", APPENDED)
def test_a_wrong_optional_part_is_named(
    slip: str, base: str, written: Callable[[str], str]
) -> None:
    appended, message = APPENDED[slip]
    assert refusal(base + appended, written) == [message]


@pytest.mark.parametrize("slip", SECOND_SLIPS)
def test_versions_follow_each_other(
    slip: str, base: str, second: str, written: Callable[[str], str]
) -> None:
    old, new, message = SECOND_SLIPS[slip]
    assert refusal(base + replaced(second, old, new), written) == [message]


def test_all_problems_are_listed_in_the_order_of_the_file(
    base: str, written: Callable[[str], str]
) -> None:
    text = base
    for slip in ("currency_code", "rank_twice", "sla_on_unknown_calendar", "unknown_key"):
        text = replaced(text, *ONE_SLIP[slip][:2])
    assert refusal(text, written) == [
        ONE_SLIP[slip][2]
        for slip in ("rank_twice", "unknown_key", "sla_on_unknown_calendar", "currency_code")
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "1: the file is empty. It should hold 'versions:'."),
        ("# only words\n", "1: the file is empty. It should hold 'versions:'."),
        ("- 1\n", "1: the file is not a mapping. It should begin with 'versions:'."),
        ("name: a\n", "1: 'versions:' is missing here. Add it. All versions, oldest first."),
        (
            "versions: []\n",
            "1: 'versions' is an empty list. It should have at least one entry.",
        ),
        (
            "versions: {version: 1}\n",
            "1: 'versions' is a mapping. It should be a list, like [one, two].",
        ),
    ],
)
def test_a_file_without_versions(text: str, message: str, written: Callable[[str], str]) -> None:
    assert refusal(text, written) == [message]


def test_a_missing_file(tmp_path: Path) -> None:
    path = tmp_path / "none.yml"
    with pytest.raises(TerminalError) as caught:
        read_agreement(path)
    assert str(caught.value) == (
        f"{path}:1: there is no such file. Name the agreement file, or write one."
    )


def test_text_that_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "agreement.yml"
    path.write_bytes("name: straße".encode("latin-1"))
    with pytest.raises(AgreementError, match="this is no UTF-8 text"):
        read_agreement(path)


def test_more_than_a_handful_of_slas_is_a_warning(base: str, written: Callable[[str], str]) -> None:
    sla = "        - {key: s%d, label: L, metric: acceptance_rate, target: 0.5, period: month}\n"
    more = "".join(sla % number for number in range(5))
    agreement = read_agreement(
        written(replaced(base, "    calendars:\n", f"{more}    calendars:\n"))
    )
    assert cautions(agreement) == [
        (
            "agreement.yml:3: version 1: sales has 6 SLAs. More than 5 are hard to keep in mind: "
            "keep the ones that matter."
        )
    ]


def test_a_late_signature_and_a_stage_without_entry_are_warnings(
    base: str, second: str, written: Callable[[str], str]
) -> None:
    text = base + second.replace(
        "Head of Sales, date: 2024-06-01", "Head of Sales, date: 2024-08-01"
    )
    assert cautions(read_agreement(written(text))) == [
        (
            "agreement.yml:55: version 2: sales signed on 2024-08-01, after the version took "
            "effect on 2024-07-01."
        ),
        (
            "agreement.yml:55: version 2: nothing enters stage 'qualified' by itself: "
            "it has no 'entered_when:'."
        ),
        (
            "agreement.yml:55: version 2: nothing enters stage 'won' by itself: "
            "it has no 'entered_when:'."
        ),
    ]


LATER = """\
  - version: 2
    effective_from: 2030-01-01
    signed:
      marketing: {by: Head of Marketing, date: 2029-12-01}
      sales: {by: Head of Sales, date: 2029-12-01}
"""


def test_a_later_version_keeps_the_parts_that_it_leaves_out(
    base: str, written: Callable[[str], str]
) -> None:
    first, later = read_agreement(written(base + LATER)).versions
    assert later.stages == first.stages
    assert later.slas == first.slas
    own = {"version", "effective_from", "note", "signed"}
    assert later.model_dump(exclude=own) == first.model_dump(exclude=own)


def test_a_later_version_changes_the_part_that_it_spells_out(
    base: str, written: Callable[[str], str]
) -> None:
    first, later = read_agreement(written(base + LATER + "    slas: {}\n")).versions
    assert first.slas.sales
    assert not later.slas.sales
    assert later.calendars == first.calendars
