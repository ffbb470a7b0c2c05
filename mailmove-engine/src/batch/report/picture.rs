//! Pictures for the page: drawn as SVG, without anything from elsewhere.

use std::fmt::Write;

use crate::batch::State;
use crate::batch::pass::PassReport;

const WIDTH: f64 = 320.0;
const HEIGHT: f64 = 64.0;

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

/// One bar for all mailboxes, a part for each state.
pub(super) fn bar(parts: &[(State, usize)]) -> String {
    let all: usize = parts.iter().map(|(_, count)| count).sum();
    let mut bar =
        String::from("<svg class=\"bar\" viewBox=\"0 0 1000 24\" preserveAspectRatio=\"none\" aria-hidden=\"true\">");
    let mut x = 0.0;
    for (state, count) in parts {
        let width = 1000.0 * *count as f64 / all.max(1) as f64;
        let _ = write!(bar, "<rect class=\"{}\" x=\"{x:.1}\" width=\"{width:.1}\" height=\"24\"/>", class(*state));
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
        State::WaitingForUser | State::WaitingForProvider | State::Deferred => "wait",
        _ => "idle",
    }
}
