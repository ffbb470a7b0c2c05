//! Pictures for the page: drawn as SVG, without anything from elsewhere.

use std::fmt::Write;

use time::OffsetDateTime;

use super::BatchReport;
use super::html::size;
use crate::batch::State;
use crate::batch::notify::moment;
use crate::batch::pass::PassReport;

const WIDTH: f64 = 320.0;
const HEIGHT: f64 = 64.0;
/// The picture of the whole batch, and from how many points it is drawn at most.
const COURSE: f64 = 1000.0;
const STEPS: usize = 200;
/// What lies between two parts of the bar.
const GAP: f64 = 3.0;

/// How the items of a pass arrived over the time it was at work. Nothing, when there is nothing to see.
pub(super) fn timeline(pass: &PassReport) -> String {
    let Some(last) = pass.timeline.last().filter(|last| last.items > 0 && last.seconds > 0.0) else {
        return String::new();
    };
    let mut points = format!("0,{HEIGHT}");
    for point in &pass.timeline {
        let x = WIDTH * point.seconds / last.seconds;
        let y = HEIGHT - HEIGHT * point.items as f64 / last.items as f64;
        let _ = write!(points, " {x:.1},{y:.1}");
    }
    let rate = last.items as f64 / last.seconds;
    let label = format!("{} items in {:.1} s of work, {rate:.0} items per second", last.items, last.seconds);
    format!(
        "<figure><svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{label}\">\
         <polygon points=\"{points} {WIDTH},{HEIGHT}\"/></svg><figcaption>{label}</figcaption></figure>"
    )
}

/// How the items of all mailboxes arrived, by the ends of their passes. Nothing, when there is nothing to see.
pub(super) fn course(report: &BatchReport) -> String {
    let passes = || report.mailboxes.iter().flat_map(|mailbox| &mailbox.passes).filter(|pass| pass.copied > 0);
    let mut ends: Vec<(OffsetDateTime, u64, u64)> =
        passes().map(|pass| (pass.ended, pass.copied, pass.bytes)).collect();
    ends.sort_unstable();
    let began = passes().map(|pass| pass.started).min();
    let Some((began, last)) = began.zip(ends.last().map(|end| end.0)).filter(|(began, last)| last > began) else {
        return String::new();
    };
    if ends.len() < 2 {
        return String::new();
    }
    let seconds = (last - began).as_seconds_f64();
    let (items, bytes) = ends.iter().fold((0, 0), |sum, end| (sum.0 + end.1, sum.1 + end.2));
    let step = ends.len().div_ceil(STEPS);
    let (mut points, mut arrived) = (format!("0,{HEIGHT}"), 0);
    for (number, (at, copied, _)) in ends.iter().enumerate() {
        arrived += copied;
        if (number + 1) % step == 0 || number + 1 == ends.len() {
            let x = COURSE * (*at - began).as_seconds_f64() / seconds;
            let _ = write!(points, " {x:.1},{:.1}", HEIGHT - HEIGHT * arrived as f64 / items as f64);
        }
    }
    let rate = format!("{:.0} items and {} per second", items as f64 / seconds, size((bytes as f64 / seconds) as u64));
    let label = format!("Items that arrived from {} to {}: {rate} on average", moment(began), moment(last));
    format!(
        "<figure class=\"wide\"><svg viewBox=\"0 0 {COURSE} {HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\" \
         aria-label=\"{label}\"><polygon points=\"{points} {COURSE},{HEIGHT}\"/></svg><figcaption>{label}</figcaption>\
         </figure>"
    )
}

/// One bar for all mailboxes, a part for each state.
pub(super) fn bar(parts: &[(State, usize)]) -> String {
    let all: usize = parts.iter().map(|(_, count)| count).sum();
    let mut bar =
        String::from("<svg class=\"bar\" viewBox=\"0 0 1000 24\" preserveAspectRatio=\"none\" aria-hidden=\"true\">");
    let mut x = 0.0;
    for (number, (state, count)) in parts.iter().enumerate() {
        let width = 1000.0 * *count as f64 / all.max(1) as f64;
        let gap = if number + 1 < parts.len() { GAP } else { 0.0 };
        let seen = (width - gap).max(1.0);
        let _ = write!(bar, "<rect class=\"{}\" x=\"{x:.1}\" width=\"{seen:.1}\" height=\"24\"/>", class(*state));
        x += width;
    }
    bar + "</svg>"
}

/// The colour of a state.
pub(super) fn class(state: State) -> &'static str {
    match state {
        State::Completed => "good",
        State::CompletedWithErrors => "fair",
        State::Failed | State::NeedsCredential => "bad",
        State::WaitingForUser => "user",
        State::WaitingForProvider | State::Deferred => "wait",
        _ => "idle",
    }
}
