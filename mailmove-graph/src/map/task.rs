//! Tasks, between what every Exchange knows of them and the fields of Microsoft To Do.

use mailmove_core::Loss;
use mailmove_exchange::calendar::{Attached, Content, Importance, Sensitivity, Task, TaskStatus, Text};
use serde_json::{Map, Value, json};
use time::{Date, OffsetDateTime};

use super::recurrence;
use crate::map::event::{date_of, date_text};
use crate::wire::entry::APPLICATION;
use crate::wire::message::moment_text;
use crate::wire::record::Record;

/// The words of Graph.
const STATES: [(TaskStatus, &str); 5] = [
    (TaskStatus::NotStarted, "notStarted"),
    (TaskStatus::InProgress, "inProgress"),
    (TaskStatus::Completed, "completed"),
    (TaskStatus::Waiting, "waitingOnOthers"),
    (TaskStatus::Deferred, "deferred"),
];

/// A task as Graph takes it, and what it has no place for.
pub(crate) fn json(task: &Task) -> (Map<String, Value>, Vec<Loss>) {
    let mut json = Map::new();
    let mut set = |name: &str, value: Value| _ = json.insert(name.to_owned(), value);
    // A list shows nothing for a task without a name.
    set("title", task.subject.as_str().into());
    let (content_type, content) = super::event::body(&task.body);
    if !content.is_empty() {
        set("body", json!({ "contentType": content_type, "content": content }));
    }
    set("importance", importance(task.importance).into());
    let status = if task.completed.is_some() { TaskStatus::Completed } else { task.status };
    set("status", STATES.iter().find(|(known, _)| *known == status).map_or("notStarted", |(_, word)| word).into());
    for (name, day) in [("startDateTime", task.start), ("dueDateTime", task.due), ("completedDateTime", task.completed)]
    {
        if let Some(day) = day {
            set(name, json!({ "dateTime": format!("{}T00:00:00", date_text(day)), "timeZone": "UTC" }));
        }
    }
    if let Some(reminder) = task.reminder {
        let text = moment_text(reminder);
        set("reminderDateTime", json!({ "dateTime": text.trim_end_matches('Z'), "timeZone": "UTC" }));
        set("isReminderOn", true.into());
    }
    let mut lost = Vec::new();
    match (&task.recurrence, task.due.or(task.start)) {
        (Some(again), Some(first)) => set("recurrence", recurrence::json(again, first, None)),
        (Some(_), None) => lost.push("a recurrence without a first day"),
        _ => {}
    }
    if task.percent > 0 && task.percent < 100 {
        lost.push("how much of it is done");
    }
    if task.sensitivity != Sensitivity::Normal {
        lost.push("whom it concerns");
    }
    let links = links(task);
    if !links.is_empty() {
        set("linkedResources", links.into());
    }
    let text = format!("Microsoft To Do has no place for {}", lost.join(", "));
    let losses = (!lost.is_empty()).then(|| Loss::new("task-fields", text)).into_iter().collect();
    (json, losses)
}

/// A task of Graph, and what its iCalendar does not carry.
pub(crate) fn task(record: &Record, uid: String) -> (Task, Vec<Loss>) {
    let mut task = Task::new(uid);
    task.subject = record.text("title").unwrap_or_default().to_owned();
    task.body = super::event::text_of(&record.0["body"]);
    task.importance = match record.text("importance") {
        Some("high") => Importance::High,
        Some("low") => Importance::Low,
        _ => Importance::Normal,
    };
    let state = record.text("status").and_then(|is| STATES.iter().find(|(_, word)| word.eq_ignore_ascii_case(is)));
    task.status = state.map(|(state, _)| *state).unwrap_or_default();
    task.percent = if task.status == TaskStatus::Completed { 100 } else { 0 };
    task.start = day(record, "startDateTime");
    task.due = day(record, "dueDateTime");
    task.completed = day(record, "completedDateTime");
    task.reminder = record.is("isReminderOn").then(|| moment(record, "reminderDateTime")).flatten();
    task.categories = record.categories();
    task.recurrence = recurrence::of(&record.0["recurrence"]);
    task.created = record.when("createdDateTime");
    task.modified = record.when("lastModifiedDateTime");
    let mut losses = Vec::new();
    let steps: Vec<String> = record.records("checklistItems").map(|step| step_text(&step)).collect();
    if !steps.is_empty() {
        task.body = with_lines(task.body, &steps);
        losses.push(Loss::new("steps", "iCalendar has no steps of a task; they stand at the end of its text"));
    }
    let links = record.records("linkedResources");
    for link in links.filter(|link| link.text("applicationName") != Some(APPLICATION)) {
        let name = link.text("displayName").unwrap_or_default();
        let told = match link.text("webUrl") {
            Some(address) => {
                task.attachments.push(Attached::link(name, address));
                link.text("applicationName").or(link.text("externalId")).is_none()
            }
            None => false,
        };
        if !told {
            let text =
                format!("of the link {name:?} iCalendar keeps its words and its address alone, where it has one");
            losses.push(Loss::new("linked-resources", text));
        }
    }
    (task, losses)
}

/// The links of a task as Graph takes them.
fn links(task: &Task) -> Vec<Value> {
    let link = |attached: &Attached| match &attached.content {
        Content::Link(address) => {
            let name = if attached.name.is_empty() { address } else { &attached.name };
            Some(json!({ "displayName": name, "webUrl": address }))
        }
        Content::File(_) => None,
    };
    task.attachments.iter().filter_map(link).collect()
}

fn importance(importance: Importance) -> &'static str {
    match importance {
        Importance::Low => "low",
        Importance::Normal => "normal",
        Importance::High => "high",
    }
}

fn step_text(step: &Record) -> String {
    let mark = if step.is("isChecked") { "[x]" } else { "[ ]" };
    format!("{mark} {}", step.text("displayName").unwrap_or_default())
}

fn with_lines(mut text: Text, lines: &[String]) -> Text {
    if !text.plain.is_empty() {
        text.plain.push('\n');
    }
    text.plain.push_str(&lines.join("\n"));
    text
}

/// A day as To Do keeps it: midnight, in a zone that says nothing.
fn day(record: &Record, name: &str) -> Option<Date> {
    date_of(record.0[name]["dateTime"].as_str()?)
}

fn moment(record: &Record, name: &str) -> Option<OffsetDateTime> {
    let value = &record.0[name];
    super::event::moment_in(value).map(|moment| moment.utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_comes_back_with_everything_that_to_do_has_a_place_for() {
        let text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VTODO\r\nUID:1@x\r\nDTSTAMP:20240101T000000Z\r\n\
                    SUMMARY:Buy\\, now\r\nDESCRIPTION:milk\\nbread\r\nDTSTART;VALUE=DATE:20240301\r\n\
                    DUE;VALUE=DATE:20240302\r\nSTATUS:IN-PROCESS\r\nPRIORITY:1\r\nCATEGORIES:Red\r\n\
                    RRULE:FREQ=WEEKLY;BYDAY=SA\r\nEND:VTODO\r\nEND:VCALENDAR\r\n";
        let (before, _) = Task::from_icalendar(text.as_bytes()).unwrap();
        let (mut fields, losses) = json(&before);
        assert!(losses.is_empty(), "{losses:?}");
        fields.insert("categories".to_owned(), json!(before.categories));
        let (after, losses) = task(&Record(fields.into()), "1@x".to_owned());
        assert!(losses.is_empty());
        assert_eq!(Task { created: before.created, modified: before.modified, ..after }, before);
    }
}
