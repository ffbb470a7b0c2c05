use hyper::StatusCode;
use serde_json::{Value, json};

use super::Client;

fn event(subject: &str, start: &str, end: &str, zone: &str) -> Value {
    json!({
        "subject": subject, "start": {"dateTime": start, "timeZone": zone}, "end": {"dateTime": end, "timeZone": zone},
    })
}

fn weekly() -> Value {
    let mut body = event("weekly", "2026-03-20T10:00:00", "2026-03-20T11:00:00", "W. Europe Standard Time");
    body["recurrence"] = json!({
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["friday"]},
        "range": {"type": "numbered", "numberOfOccurrences": 4, "startDate": "2026-03-20"},
    });
    body
}

const SPAN: &str = "startDateTime=2026-03-01T00:00:00Z&endDateTime=2026-05-01T00:00:00Z";

#[tokio::test]
async fn times_are_told_in_the_zone_that_is_preferred() {
    let mut client = Client::new().await;
    let body = event("a", "2026-07-01T10:00:00", "2026-07-01T11:00:00", "W. Europe Standard Time");
    let made = client.post("events", body).await;
    let path = format!("events/{}", made.id());
    let made = made.ok();
    assert_eq!(made["start"], json!({"dateTime": "2026-07-01T08:00:00.0000000", "timeZone": "UTC"}));
    assert_eq!(made["originalStartTimeZone"], "W. Europe Standard Time");
    client.prefer = Some("outlook.timezone=\"Eastern Standard Time\"".to_owned());
    let shown = client.get(&path).await.ok();
    assert_eq!(shown["end"]["dateTime"], "2026-07-01T05:00:00.0000000");
    let unknown = event("a", "2026-07-01T10:00:00", "2026-07-01T11:00:00", "Nowhere Standard Time");
    assert_eq!(client.post("events", unknown).await.error(), "TimeZoneNotSupportedException");
    let backwards = event("a", "2026-07-01T10:00:00", "2026-07-01T09:00:00", "UTC");
    assert_eq!(client.post("events", backwards).await.error(), "ErrorCalendarEndDateIsEarlierThanStartDate");
}

#[tokio::test]
async fn whole_days_are_the_same_days_everywhere() {
    let mut client = Client::new().await;
    let mut body = event("a", "2026-07-01T00:00:00", "2026-07-02T00:00:00", "Tokyo Standard Time");
    body["isAllDay"] = true.into();
    let id = client.post("events", body.clone()).await.id();
    client.prefer = Some("outlook.timezone=\"Eastern Standard Time\"".to_owned());
    let shown = client.get(&format!("events/{id}")).await.ok();
    assert_eq!(shown["start"]["dateTime"], "2026-07-01T00:00:00.0000000");
    body["start"]["dateTime"] = "2026-07-01T01:00:00".into();
    assert_eq!(client.post("events", body).await.error(), "ErrorPropertyValidationFailure");
}

#[tokio::test]
async fn occurrences_are_moved_changed_and_deleted() {
    let client = Client::new().await;
    let id = client.post("events", weekly()).await.id();
    let instances =
        async || client.get(&format!("events/{id}/instances?{SPAN}")).await.ok()["value"].as_array().unwrap().clone();
    let all = instances().await;
    let starts: Vec<&str> = all.iter().map(|one| one["start"]["dateTime"].as_str().unwrap()).collect();
    assert_eq!(
        starts,
        [
            "2026-03-20T09:00:00.0000000",
            "2026-03-27T09:00:00.0000000",
            "2026-04-03T08:00:00.0000000",
            "2026-04-10T08:00:00.0000000"
        ]
    );
    let path = |at: usize| format!("events/{}", all[at]["id"].as_str().unwrap());
    let moved = event("moved", "2026-03-28T12:00:00", "2026-03-28T13:00:00", "UTC");
    assert_eq!(client.patch(&path(1), moved).await.ok()["type"], "exception");
    assert_eq!(client.delete(&path(2)).await.status, StatusCode::NO_CONTENT);
    assert_eq!(client.get(&path(2)).await.error(), "ErrorItemNotFound");
    let left = instances().await;
    let types: Vec<&str> = left.iter().map(|one| one["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["occurrence", "exception", "occurrence"]);
    let series = client
        .get(&format!("events/{id}?$expand=exceptionOccurrences&$select=subject,cancelledOccurrences"))
        .await
        .ok();
    assert_eq!(series["exceptionOccurrences"][0]["subject"], "moved");
    assert_eq!(series["cancelledOccurrences"], json!([format!("OID.{id}.2026-04-03")]));
    let view = client.get(&format!("calendarView?{SPAN}&$orderby=start/dateTime")).await.ok();
    assert_eq!(view["value"].as_array().map(Vec::len), Some(3));
    assert_eq!(client.get("calendarView").await.error(), "ErrorInvalidParameter");
    let round = client.get(&format!("calendarView/delta?{SPAN}")).await.ok();
    assert_eq!(round["value"].as_array().map(Vec::len), Some(3));
}

#[tokio::test]
async fn the_same_transaction_makes_one_event_and_attendees_are_told() {
    let client = Client::new().await;
    let mut body = weekly();
    body["transactionId"] = "t-1".into();
    let first = client.post("events", body.clone()).await;
    let again = client.post("events", body.clone()).await;
    assert_eq!((first.status, first.id()), (again.status, again.id()));
    assert_eq!(client.server.log().counters().sent, 0);
    body["transactionId"] = "t-2".into();
    body["attendees"] = json!([{"emailAddress": {"address": "b@x.test"}, "status": {"response": "accepted"}}]);
    let made = client.post("events", body).await.ok();
    assert_eq!(made["attendees"][0]["status"]["response"], "none");
    assert_eq!(client.server.log().counters().sent, 1);
}

#[tokio::test]
async fn contacts_and_tasks_are_kept_as_they_came() {
    let client = Client::new().await;
    let contact =
        json!({"givenName": "Ann", "surname": "Ä", "emailAddresses": [{"address": "a@x.test", "name": "Ann"}]});
    let made = client.post("contacts", contact).await;
    assert_eq!(made.json["displayName"], "Ann Ä");
    let shown = client.patch(&format!("contacts/{}", made.id()), json!({"jobTitle": "boss"})).await.ok();
    assert_eq!((&shown["jobTitle"], &shown["surname"]), (&json!("boss"), &json!("Ä")));
    assert_eq!(client.get("contactFolders").await.ok()["value"], json!([]));
    assert_eq!(
        client.get("contactFolders/contacts/contacts/delta").await.ok()["value"].as_array().map(Vec::len),
        Some(1)
    );
    let list = client.get("todo/lists").await.ok()["value"][0]["id"].as_str().unwrap().to_owned();
    let task = json!({"title": "t", "status": "inProgress", "checklistItems": [{"displayName": "step"}]});
    let made = client.post(&format!("todo/lists/{list}/tasks"), task).await;
    let path = format!("todo/lists/{list}/tasks/{}", made.id());
    client.post(&format!("{path}/linkedResources"), json!({"displayName": "link"})).await.ok();
    let shown = client.get(&format!("{path}?$expand=checklistItems,linkedResources")).await.ok();
    assert_eq!(
        (&shown["checklistItems"][0]["displayName"], &shown["linkedResources"][0]["displayName"]),
        (&json!("step"), &json!("link"))
    );
    assert_eq!(client.delete(&path).await.status, StatusCode::NO_CONTENT);
}
