//! An [`Appointment`] to an item of a calendar ([MS-OXOCAL]).

use mailmove_core::{Item, Result};
use time::{Duration, PrimitiveDateTime};

use super::super::Marker;
use super::super::mapi::{self, Key, appointment, common, meeting, tag};
use super::attachment::{Described, hang};
use super::person::{Recipient, write_senders};
use super::stream::Stream;
use super::{Options, begin, body, categories, global_id, importance, recurrence, sensitivity, zone};
use crate::calendar::{Answer, Appointment, AttendeeRole, Occurrence, When};
use crate::zone::Zone;

/// What a changed occurrence is.
const EXCEPTION: &str = "IPM.OLE.CLASS.{00061055-0000-0000-C000-000000000046}";
/// What programs may do with appointments, and what not (PidLidSideEffects).
const SIDE_EFFECTS: u32 = 0x0171;

pub(super) fn write(stream: &mut Stream, own: &Appointment, item: &Item, options: &Options) -> Result<()> {
    begin(stream, "IPM.Appointment", item, options, 1)?;
    categories(stream, item, &own.categories)?;
    let days_in = options.zone.clone().unwrap_or(Zone::UTC);
    let writer = Writer { days_in: &days_in, owner: &options.owner };
    writer.event(stream, own, own, None)?;
    if let Some(pattern) = &own.recurrence {
        stream.truth(appointment(0x8223), true)?;
        stream.number(appointment(0x8231), recurrence::kind(&pattern.pattern))?;
        stream.binary(appointment(0x8216), &recurrence::appointment(own, pattern))?;
        writer.clip(stream, own)?;
    } else {
        stream.truth(appointment(0x8223), false)?;
        stream.number(appointment(0x8231), 0)?;
    }
    writer.recipients(stream, own)?;
    (0..).zip(&own.attachments).try_for_each(|(number, attached)| hang(stream, attached, number))?;
    let first = own.attachments.len() as u32;
    (first..).zip(&own.changed).try_for_each(|(number, changed)| writer.exception(stream, own, changed, number))
}

/// 1 a meeting, 2 received, 4 called off (PidLidAppointmentStateFlags), of a meeting that is not this mailbox's own.
pub(super) fn state(own: &Appointment, cancelled: bool) -> u32 {
    let meeting = if is_meeting(own) { 3 } else { 0 };
    if cancelled { meeting | 4 } else { meeting }
}

fn is_meeting(own: &Appointment) -> bool {
    own.organizer.is_some() && !own.attendees.is_empty()
}

struct Writer<'a> {
    days_in: &'a Zone,
    owner: &'a str,
}

impl Writer<'_> {
    /// What a series and each of its occurrences has.
    fn event(
        &self,
        stream: &mut Stream,
        series: &Appointment,
        own: &Appointment,
        occurrence: Option<&Occurrence>,
    ) -> Result<()> {
        super::subject(stream, &own.subject)?;
        body::write(stream, &own.body)?;
        importance(stream, own.importance)?;
        sensitivity(stream, own.sensitivity)?;
        if let Some(organizer) = &own.organizer {
            write_senders(stream, organizer, organizer)?;
        }
        let (start, end) = own.when.in_utc(self.days_in);
        let moments: [(Key, _); 6] = [
            (appointment(0x820d), start),
            (appointment(0x820e), end),
            (common(0x8516), start),
            (common(0x8517), end),
            (tag::START_DATE, start),
            (tag::END_DATE, end),
        ];
        moments.into_iter().try_for_each(|(key, when)| stream.moment(key, when))?;
        let minutes = u32::try_from((end - start).whole_minutes()).unwrap_or(0);
        stream.number(appointment(0x8213), minutes)?;
        stream.truth(appointment(0x8215), own.when.is_all_day())?;
        stream.number(appointment(0x8205), recurrence::busy_number(own.busy))?;
        stream.text(appointment(0x8208), &own.location)?;
        stream.number(appointment(0x8201), own.sequence)?;
        self.meeting(stream, own)?;
        self.zones(stream, series, own)?;
        stream.number(common(0x8510), SIDE_EFFECTS)?;
        stream.truth(common(0x8503), own.reminder.is_some())?;
        if let Some(minutes) = own.reminder {
            stream.number(common(0x8501), minutes)?;
            stream.moment(common(0x8502), start)?;
            stream.moment(common(0x8560), start.saturating_sub(Duration::minutes(minutes.into())))?;
        }
        let id = global_id::of(&own.uid, occurrence.map(|occurrence| occurrence.original));
        stream.binary(meeting(0x0003), &id)?;
        stream.binary(meeting(0x0023), &global_id::of(&own.uid, None))?;
        stream.truth(meeting(0x0005), series.recurrence.is_some())?;
        stream.truth(meeting(0x000a), occurrence.is_some())?;
        stream.some_text(mapi::UID, &own.uid)
    }

    /// Whose meeting it is, and what this mailbox answered.
    fn meeting(&self, stream: &mut Stream, own: &Appointment) -> Result<()> {
        let same = |address: &str| !self.owner.is_empty() && address.eq_ignore_ascii_case(self.owner);
        let organized = is_meeting(own) && own.organizer.as_ref().is_some_and(|one| same(&one.address));
        let answered = own.attendees.iter().find(|one| same(&one.person.address)).map(|one| one.answer);
        let response = match (is_meeting(own), organized, answered) {
            (false, ..) => 0,
            (_, true, _) => 1,
            (_, _, Some(answer)) => Some(answer_number(answer)).filter(|number| *number > 0).unwrap_or(5),
            (_, _, None) => 5,
        };
        let received = if organized { 2 } else { 0 };
        stream.number(appointment(0x8217), state(own, own.cancelled) & !received)?;
        stream.number(appointment(0x8218), response)?;
        // Invitations went out long ago.
        stream.truth(appointment(0x8229), is_meeting(own))
    }

    /// The zones of beginning and end, and of the days on which it comes again.
    fn zones(&self, stream: &mut Stream, series: &Appointment, own: &Appointment) -> Result<()> {
        let year = own.when.first_day().year();
        let (start, end) = match &own.when {
            When::AllDay { .. } => (self.days_in, self.days_in),
            When::Timed { start, end } => (&start.zone, &end.zone),
        };
        stream.binary(appointment(0x825e), &zone::definition(start, year, zone::SHOWN))?;
        stream.binary(appointment(0x825f), &zone::definition(end, year, zone::SHOWN))?;
        if series.recurrence.is_some() {
            let zone = series.when.zone().unwrap_or(self.days_in);
            let year = series.when.first_day().year();
            stream.binary(appointment(0x8260), &zone::definition(zone, year, zone::REPEATED))?;
            stream.binary(appointment(0x8233), &zone::structure(&zone.rules(year)))?;
            stream.text(appointment(0x8234), zone::description(zone))?;
        }
        Ok(())
    }

    /// Between which days the series lies.
    fn clip(&self, stream: &mut Stream, own: &Appointment) -> Result<()> {
        let zone = own.when.zone().unwrap_or(self.days_in);
        let first = own.when.first_day();
        let last = own.recurrence.as_ref().and_then(|recurrence| recurrence.last(first));
        // Nothing ends later than the last minute of August 4500.
        let never = time::macros::date!(4500 - 08 - 31).with_hms(23, 59, 0).map_or(first.midnight(), |when| when);
        stream.moment(appointment(0x8235), zone.to_utc(first.midnight()))?;
        let end: PrimitiveDateTime = last.map_or(never, |last| last.midnight());
        stream.moment(appointment(0x8236), if last.is_some() { zone.to_utc(end) } else { end.assume_utc() })
    }

    fn recipients(&self, stream: &mut Stream, own: &Appointment) -> Result<()> {
        let organizer = own.organizer.iter().filter(|_| is_meeting(own));
        let organizer = organizer.map(|one| Recipient { flags: 3, ..Recipient::new(one.clone(), 1) });
        let attendees = own.attendees.iter().map(|one| {
            let kind = match one.role {
                AttendeeRole::Required => 1,
                AttendeeRole::Optional => 2,
                AttendeeRole::Resource => 3,
            };
            Recipient { answer: Some(answer_number(one.answer)), ..Recipient::new(one.person.clone(), kind) }
        });
        (0..).zip(organizer.chain(attendees)).try_for_each(|(row, one)| one.write(stream, row))
    }

    /// A changed occurrence: an attachment that nobody sees, with a message in it.
    fn exception(&self, stream: &mut Stream, series: &Appointment, changed: &Occurrence, number: u32) -> Result<()> {
        let own = series.with(changed);
        let described = Described { name: own.subject.clone(), hidden: true, message: true, ..Described::default() };
        described.begin(stream, number)?;
        // An exception.
        stream.number(tag::ATTACHMENT_FLAGS, 2)?;
        let (start, end) = recurrence::local_times(series, changed);
        stream.moment(tag::EXCEPTION_START, start.assume_utc())?;
        stream.moment(tag::EXCEPTION_END, end.assume_utc())?;
        stream.marker(Marker::StartEmbedded)?;
        stream.text(tag::MESSAGE_CLASS, EXCEPTION)?;
        stream.number(tag::MESSAGE_FLAGS, 1)?;
        stream.texts(mapi::CATEGORIES, own.categories.iter().map(String::as_str))?;
        self.event(stream, series, &own, Some(changed))?;
        let (replaced, _) = series.occurrence(changed.original).in_utc(self.days_in);
        stream.moment(appointment(0x8228), replaced)?;
        self.recipients(stream, &own)?;
        let attached = changed.attachments.iter().flatten();
        (0..).zip(attached).try_for_each(|(number, attached)| hang(stream, attached, number))?;
        stream.marker(Marker::EndEmbedded)?;
        stream.marker(Marker::EndAttachment)
    }
}

fn answer_number(answer: Answer) -> u32 {
    match answer {
        Answer::None => 0,
        Answer::Tentative => 2,
        Answer::Accepted => 3,
        Answer::Declined => 4,
    }
}
