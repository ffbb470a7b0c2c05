//! A server that wants a pause: whoever watches is told until when.

use std::sync::{Arc, Mutex};

use mailmove::{Event, Observer, Side};
use mailmove_testkit::imap::{Action, Fault};
use time::{Duration, OffsetDateTime};

use crate::pair::{Pair, letters};

#[tokio::test]
async fn a_pause_that_the_server_wants_is_told_once_with_its_end() {
    let pair = Pair::start().await;
    letters(&pair.source(), 60);
    let text = "Request is throttled. Suggested Backoff Time: 3000 milliseconds";
    pair.old.faults().add(Fault::on("FETCH").nth(3).times(1).then(Action::No(text.to_owned())));
    let told: Arc<Mutex<Vec<(Side, OffsetDateTime)>>> = Arc::default();
    let seen = told.clone();
    let observer = Observer::new(move |event| {
        if let Event::Waiting { side, until } = event {
            seen.lock().unwrap().push((*side, *until));
        }
    });
    let began = OffsetDateTime::now_utc();
    pair.migration().observer(observer).run(None).await.unwrap();
    let told = told.lock().unwrap().clone();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].0, Side::Source);
    assert!(told[0].1 > began + Duration::seconds(2) && told[0].1 < began + Duration::seconds(60), "{told:?}");
    pair.run_to_the_end().await;
    pair.assert_equal();
}
