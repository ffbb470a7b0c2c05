//! Appointments and tasks of every sort, for property tests.

use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use time::macros::date;
use time::{Date, Duration, Month, OffsetDateTime, PrimitiveDateTime, Time, Weekday};

use super::*;
use crate::zone::Zone;

/// Texts with everything that must be escaped, and nothing that iCalendar cannot hold.
pub(crate) fn text() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9äöü€\u{1f600}][a-zA-Z0-9 ,;:\"\\\\'^äöü€\u{1f600}]{0,90}[a-z0-9\\\\;,.]"
}

/// Names of categories: calcard reads several blanks in a list as one.
fn names() -> impl Strategy<Value = Vec<String>> {
    vec(text().prop_map(|text| text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")), 0..3)
}

fn lines() -> impl Strategy<Value = String> {
    vec(text(), 0..4).prop_map(|lines| lines.join("\n"))
}

fn days() -> impl Strategy<Value = Date> {
    (0_i64..12_000).prop_map(|days| date!(1999 - 01 - 01) + Duration::days(days))
}

fn instants() -> impl Strategy<Value = OffsetDateTime> {
    (0_i64..2_000_000_000).prop_filter_map("a moment", |at| OffsetDateTime::from_unix_timestamp(at).ok())
}

fn zones() -> impl Strategy<Value = Zone> {
    let known = ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Sydney", "Etc/UTC", "Asia/Tokyo"];
    let own = Zone::own("Our own, \"here\"", Zone::from_iana("Europe/Berlin").unwrap().rules(2020));
    let mut all: Vec<Zone> = known.iter().filter_map(|name| Zone::from_iana(name)).collect();
    all.push(own);
    select(all)
}

/// Times that every clock shows once.
fn whens() -> impl Strategy<Value = When> {
    let timed = (days(), 4_u8..22, 0_u8..60, 0_i64..60 * 80, zones()).prop_map(|(day, hour, minute, length, zone)| {
        let start = PrimitiveDateTime::new(day, Time::from_hms(hour, minute, 0).unwrap_or(Time::MIDNIGHT));
        let end = zone.to_local(zone.to_utc(start) + Duration::minutes(length));
        When::timed(start, end, zone)
    });
    let all_day =
        (days(), 0_i64..5).prop_map(|(first, more)| When::AllDay { first, last: first + Duration::days(more) });
    prop_oneof![3 => timed, 1 => all_day]
}

fn day_sets() -> impl Strategy<Value = Days> {
    (1_u8..=127).prop_map(Days::from_bits)
}

pub(crate) fn patterns() -> impl Strategy<Value = Pattern> {
    let week = || select(&Week::ALL[..]);
    let month = || (1_u8..=12).prop_map(|month| Month::try_from(month).unwrap());
    prop_oneof![
        (1_u16..400).prop_map(|interval| Pattern::Daily { interval }),
        (1_u16..60, day_sets()).prop_map(|(interval, days)| Pattern::Weekly { interval, days }),
        (1_u16..30, 1_u8..=31).prop_map(|(interval, day)| Pattern::AbsoluteMonthly { interval, day }),
        (1_u16..30, week(), day_sets()).prop_map(|(interval, week, days)| Pattern::RelativeMonthly {
            interval,
            week,
            days
        }),
        (1_u16..5, month(), 1_u8..=31).prop_map(|(interval, month, day)| {
            Pattern::AbsoluteYearly { interval, month, day: day.min(month.length(2024)) }
        }),
        (1_u16..5, month(), week(), day_sets()).prop_map(|(interval, month, week, days)| Pattern::RelativeYearly {
            interval,
            month,
            week,
            days
        }),
    ]
}

fn people() -> impl Strategy<Value = Person> {
    ("[a-zA-Z][a-zA-Z0-9 ,;:'äöü]{0,30}[a-z]|", "[a-z]{1,9}@[a-z]{1,9}\\.example")
        .prop_map(|(name, address)| Person::new(name, address))
}

fn attendees() -> impl Strategy<Value = Vec<Attendee>> {
    let role = select(vec![AttendeeRole::Required, AttendeeRole::Optional, AttendeeRole::Resource]);
    let answer = select(vec![Answer::None, Answer::Tentative, Answer::Accepted, Answer::Declined]);
    vec((people(), role, answer).prop_map(|(person, role, answer)| Attendee { person, role, answer }), 0..4)
}

fn bodies() -> impl Strategy<Value = Text> {
    (lines(), option::of(text())).prop_map(|(plain, html)| Text { plain, html })
}

fn busy() -> impl Strategy<Value = Busy> {
    select(vec![Busy::Free, Busy::Tentative, Busy::Busy, Busy::OutOfOffice, Busy::WorkingElsewhere])
}

fn sensitivity() -> impl Strategy<Value = Sensitivity> {
    select(vec![Sensitivity::Normal, Sensitivity::Personal, Sensitivity::Private, Sensitivity::Confidential])
}

fn importance() -> impl Strategy<Value = Importance> {
    select(vec![Importance::Low, Importance::Normal, Importance::High])
}

/// An appointment that is no series.
fn single() -> impl Strategy<Value = Appointment> {
    let texts = ("[a-z0-9-]{1,20}@x", text(), bodies(), prop_oneof![Just(String::new()), text()]);
    let people = (option::of(people()), attendees());
    let marks = (option::of(0_u32..50_000), busy(), sensitivity(), importance(), names(), any::<bool>());
    let stamps = (0_u32..9, option::of(instants()), option::of(instants()));
    (texts, whens(), people, marks, stamps).prop_map(|(texts, when, people, marks, stamps)| {
        let mut own = Appointment::new(texts.0, when);
        (own.subject, own.body, own.location) = (texts.1, texts.2, texts.3);
        (own.organizer, own.attendees) = people;
        if own.organizer.is_none() {
            own.attendees.clear();
        }
        (own.reminder, own.busy, own.sensitivity, own.importance, own.categories, own.cancelled) = marks;
        (own.sequence, own.created, own.modified) = stamps;
        own
    })
}

/// What an occurrence may have otherwise: when, and texts.
type Otherwise = (usize, Option<(i64, i64)>, Option<String>, Option<String>, Option<Option<u32>>, Option<Busy>);

/// Appointments of every sort.
pub(crate) fn appointments() -> impl Strategy<Value = Appointment> {
    let end = prop_oneof![
        Just(End::Never),
        (1_u32..80).prop_map(End::After),
        (0_i64..9000).prop_map(|days| End::On(date!(1999 - 01 - 01) + Duration::days(days))),
    ];
    let week_start = select(vec![Weekday::Monday, Weekday::Sunday]);
    let otherwise = (
        0_usize..20,
        option::of((0_i64..3, 15_i64..600)),
        option::of(text()),
        option::of(text()),
        option::of(option::of(0_u32..99)),
        option::of(busy()),
    );
    let exceptions = (btree_set(0_usize..20, 0..4), vec(otherwise, 0..4));
    (single(), option::of((patterns(), end, week_start)), exceptions).prop_map(|(mut own, series, exceptions)| {
        if let Some((pattern, end, week_start)) = series {
            repeat(&mut own, Recurrence { pattern, end, week_start }, exceptions.0, exceptions.1);
        }
        own
    })
}

fn repeat(
    own: &mut Appointment,
    mut recurrence: Recurrence,
    deleted: impl IntoIterator<Item = usize>,
    changed: Vec<Otherwise>,
) {
    let start = own.when.first_day();
    let Some(first) = Recurrence { end: End::Never, ..recurrence }.dates(start).next() else { return };
    own.when = own.when.moved_to(first);
    if matches!(recurrence.end, End::On(last) if last < first) {
        recurrence.end = End::After(3);
    }
    own.recurrence = Some(recurrence);
    let days: Vec<Date> = recurrence.dates(first).take(20).collect();
    own.deleted = deleted.into_iter().filter_map(|at| days.get(at).copied()).collect();
    for (at, when, subject, location, reminder, busy) in changed {
        let Some(day) = days.get(at).copied().filter(|day| !own.deleted.contains(day)) else { continue };
        if own.changed.iter().any(|other| other.original == day) {
            continue;
        }
        let planned = own.occurrence(day);
        let moved = |(days, minutes): (i64, i64)| match planned.moved_to(day + Duration::days(days)) {
            When::Timed { start, end } => {
                let later = |moment: Moment| Moment::new(moment.local + Duration::minutes(minutes), moment.zone);
                When::Timed { start: later(start), end: later(end) }
            }
            all_day => all_day,
        };
        own.changed.push(Occurrence {
            when: when.map(moved).filter(|when| *when != planned && when.first_day().year() < 9000),
            subject: subject.filter(|subject| *subject != own.subject),
            location: location.filter(|location| *location != own.location),
            reminder: reminder.filter(|reminder| *reminder != own.reminder),
            busy: busy.filter(|busy| *busy != own.busy),
            ..Occurrence::new(day)
        });
    }
    own.changed.sort_by_key(|changed| changed.original);
}

pub(super) fn tasks() -> impl Strategy<Value = Task> {
    let states = [TaskStatus::NotStarted, TaskStatus::InProgress, TaskStatus::Waiting, TaskStatus::Deferred];
    let texts = ("[a-z0-9-]{1,20}@x", text(), bodies(), names());
    let days = (option::of(days()), option::of(days()), option::of(days()), option::of(instants()));
    (texts, days, select(states.to_vec()), 0_u8..100, sensitivity(), importance(), option::of(patterns())).prop_map(
        |(texts, days, status, percent, sensitivity, importance, pattern)| {
            let mut task = Task::new(texts.0);
            (task.subject, task.body, task.categories) = (texts.1, texts.2, texts.3);
            (task.start, task.due, task.completed, task.reminder) = days;
            let done = task.completed.is_some();
            task.status = if done { TaskStatus::Completed } else { status };
            task.percent = if done { 100 } else { percent };
            (task.sensitivity, task.importance) = (sensitivity, importance);
            let starts = task.start.or(task.due).is_some();
            task.recurrence = pattern.filter(|_| starts).map(Recurrence::new);
            task
        },
    )
}
