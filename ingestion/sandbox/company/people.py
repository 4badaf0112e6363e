"""The humans: where they work, what they are called, how they came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ingestion.sandbox.chance import one_of, places, some
from ingestion.sandbox.clock import DAY, gap, office_days, only, waking, working

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Flags, Moments, Numbers, Texts
    from ingestion.sandbox.company.accounts import Accounts
    from ingestion.sandbox.mess import Mess
    from ingestion.sandbox.settings import Settings

# How somebody becomes known.
MARKETING, SALES_LEAD, SALES_CONTACT = 0, 1, 2
_KINDS = (0.84, 0.10, 0.06)

SOURCES = {  # lead source: (share, how its win rate compares)
    "Organic Search": (0.26, 1.0),
    "Paid Search": (0.22, 0.7),
    "Webinar": (0.16, 1.1),
    "Content Syndication": (0.16, 0.55),
    "Trade Show": (0.10, 1.05),
    "Referral": (0.10, 1.9),
    "Outbound": (0.0, 0.9),  # sales only
}
TITLES = {  # title: (role that marketing asks for, share)
    "Chief Financial Officer": ("Finance", 0.07),
    "Director, Finance": ("Finance", 0.11),
    "Head of IT": ("IT", 0.12),
    "IT Manager": ("IT", 0.16),
    "VP, Operations": ("Operations", 0.10),
    "Operations Manager": ("Operations", 0.16),
    "Office Manager": ("", 0.12),
    "Consultant": ("", 0.10),
    "Student": ("", 0.06),
}
_FIRST_NAMES = (
    "Ana", "Ben", "Chloe", "Dev", "Elif", "Finn", "Grace", "Hugo", "Ines", "Jonas", "Keiko",
    "Liam", "Mara", "Nils", "Omar", "Petra", "Rosa", "Sean", "Tara", "Zoë",
)  # fmt: skip
_LAST_NAMES = (
    "Adler", "Brandt", "Costa", "Dietz", "Evans", "Fischer", "Garcia", "Hansen", "Ito", "Jansen",
    "Keller", "Lopez", "Meyer", "Novak", "Okafor", "O'Brien", "Rossi", "Sato", "Tran", "Weber",
)  # fmt: skip
# Reserved for examples, so that no address is anybody's; the agreement lists it as free mail.
FREE_MAIL = "freemail.example.com"
NO_PHONES = ("n/a", "-", "none", "test", "123")


@dataclass(frozen=True)
class People:
    """One entry per human in every array, about in the order in which they appear."""

    account: Numbers
    zone: Numbers
    known_by: Numbers  # MARKETING, SALES_LEAD or SALES_CONTACT
    first_at: Moments  # the first contact
    responds: Flags  # the others are names on a bought list
    first_name: Texts
    last_name: Texts
    title: Texts  # None where they do not say
    role: Texts
    fit: Moments  # how much likelier than others they are to buy; about 1
    source: Texts
    phone: Texts  # as first given: None or a placeholder where they do not say
    phone_known: Texts  # as it really is
    phone_told_at: Moments  # when a missing or made-up phone is corrected
    work_email: Texts
    email: Texts  # the one that they give
    new_email: Texts  # after the change
    email_changes_at: Moments
    shares_mailbox: Flags  # the address is not theirs alone

    def __len__(self) -> int:
        return len(self.account)


def draw_people(rng: np.random.Generator, accounts: Accounts, settings: Settings) -> People:
    """Make up people, several in most companies; the company's reach grows over the years."""
    size, end, mess = settings.people, settings.end, settings.mess
    account = np.floor(len(accounts) * rng.random(size) ** 1.3).astype(np.int64)
    zone = accounts.zone[account]
    first_at = _first_contacts(rng, zone, settings)
    order = np.argsort(first_at, kind="stable")
    account, zone, first_at = account[order], zone[order], first_at[order]
    known_by = places(rng, size, len(_KINDS), _KINDS)
    by_sales = working(rng, first_at, zone)
    first_at = np.where((known_by == MARKETING) | (by_sales >= end), first_at, by_sales)

    first, last = one_of(rng, size, _FIRST_NAMES), one_of(rng, size, _LAST_NAMES)
    number = np.arange(1, size + 1).astype(str).astype(object)
    local = _plain(first) + "." + _plain(last) + number
    work = local + "@" + accounts.domain[account]
    titles = list(TITLES)
    title = places(rng, size, len(titles), [share for _, share in TITLES.values()])
    email, shares_mailbox = _addresses(rng, local, account, accounts, mess)
    changes = some(rng, size, mess.email_changed)
    changes_at = waking(first_at + gap(rng, size, 150 * DAY, 0.8), zone)
    digits = np.char.zfill((np.arange(size) * 37 % 100).astype(str), 2).astype(object)
    phone_known = np.asarray("+1-555-01" + digits, dtype=object)
    is_missing = some(rng, size, mess.missing_field)
    is_made_up = some(rng, size, mess.placeholder_field) & ~is_missing
    phone = np.where(is_made_up, one_of(rng, size, NO_PHONES), phone_known)
    told = (is_missing | is_made_up) & some(rng, size, mess.filled_later)
    told_at = working(rng, first_at + gap(rng, size, 20 * DAY, 1.0), zone)
    names, shares = list(SOURCES), [share for share, _ in SOURCES.values()]
    source = np.where(known_by == MARKETING, one_of(rng, size, names, shares), "Outbound")
    roles = np.array([role for role, _ in TITLES.values()], dtype=object)[title]
    return People(
        account=account,
        zone=zone,
        known_by=known_by,
        first_at=first_at,
        responds=(known_by == MARKETING) & some(rng, size, 0.9),
        first_name=first,
        last_name=last,
        title=_shown(np.array(titles, dtype=object)[title], ~some(rng, size, mess.missing_field)),
        role=roles,
        fit=_fit(rng, accounts, account, roles),
        source=_shown(source.astype(object), ~some(rng, size, mess.missing_source)),
        phone=_shown(phone, ~is_missing),
        phone_known=phone_known,
        phone_told_at=only(told & (told_at < end), told_at),
        work_email=work,
        email=email,
        new_email=local + ".new@" + accounts.domain[account],
        email_changes_at=only(changes & (changes_at < end), changes_at),
        shares_mailbox=shares_mailbox,
    )


def _first_contacts(rng: np.random.Generator, zone: Numbers, settings: Settings) -> Moments:
    """Fewer at weekends, in August and in late December; more from year to year."""
    size, start, end = len(zone), settings.start, settings.end
    wanted = start + (end - start) * rng.random(size) ** 0.85
    days = np.floor(wanted / DAY)
    of_year = (days - np.floor(days / 365.2425) * 365.2425) / 365.2425
    is_quiet = ((of_year > 0.58) & (of_year < 0.67)) | (of_year > 0.96)
    other = np.where(wanted + 40 * DAY < end, wanted + 40 * DAY, wanted - 40 * DAY)
    moved = is_quiet & some(rng, size, 0.22) & (other >= start)
    wanted = np.where(moved, other, wanted)
    in_week = office_days(rng, wanted, zone)
    at = waking(np.where(in_week < end, in_week, wanted), zone)
    # The last night in Europe, which would be the morning after.
    return np.where(at < end, at, at - DAY)


def _addresses(
    rng: np.random.Generator,
    local: Texts,
    account: Numbers,
    accounts: Accounts,
    mess: Mess,
) -> tuple[Texts, Flags]:
    """The address that each gives, and whether it is not theirs alone."""
    size = len(local)
    work = local + "@" + accounts.domain[account]
    is_private = some(rng, size, mess.free_mail)
    is_role = some(rng, size, mess.role_mailbox)
    is_shared = some(rng, size, mess.shared_mailbox) & ~is_role
    email = np.where(is_private, local + "@" + FREE_MAIL, work)
    email = np.where(is_role, "info@" + accounts.domain[account], email).astype(object)
    # The colleague who came before them, where there is one.
    by_account = np.argsort(account, kind="stable")
    before = np.roll(by_account, 1)
    has_colleague = account[by_account] == account[before]
    has_colleague[0] = False
    takes = is_shared[by_account] & has_colleague & ~is_role[before] & ~is_shared[before]
    email[by_account[takes]] = email[before[takes]]
    is_taken = np.zeros(size, dtype=bool)
    is_taken[before[takes]] = True
    is_taken[by_account[takes]] = True
    return email, is_taken | is_role


def _fit(rng: np.random.Generator, accounts: Accounts, account: Numbers, role: Texts) -> Moments:
    """Who buys: decision makers of mid-sized companies in trades that the product is made for."""
    employees = accounts.employees[account]
    industry = accounts.industry[account]
    fit = np.where((employees >= 50) & (employees <= 2000), 1.25, 0.6)
    fit *= np.where(np.isin(industry, ("Manufacturing", "Logistics", "Wholesale")), 1.2, 0.75)
    fit *= np.where(role == "", 0.55, 1.15)
    return np.asarray(fit * np.exp(0.15 * rng.standard_normal(len(account))))


def _plain(names: Texts) -> Texts:
    """Names as they stand in addresses."""
    text = np.char.lower(names.astype(str))
    for special, plain in (("ë", "e"), ("'", "")):
        text = np.char.replace(text, special, plain)
    return text.astype(object)


def _shown(texts: Texts, where: Flags) -> Texts:
    shown = np.full(len(texts), None, dtype=object)
    shown[where] = texts[where]
    return shown
