//! Ten deliveries of one webhook have one effect.

use futures::future::join_all;
use jiff::SignedDuration;
use serde_json::Value;
use tajo_app::sync::Outcome;
use tajo_testkit::{World, deliver, notice, record};

use crate::bodies::{LISTS, sample as body};
use crate::picture::essence;
use crate::stage::Stage;

const STORIES: [(&str, &str); 5] = [
    ("customers/create", "customers-create"),
    ("orders/create", "orders-create.paid"),
    ("orders/updated", "orders-updated.refunded"),
    ("checkouts/update", "checkouts-update"),
    ("products/update", "products-update.price"),
];

/// What one delivery does.
async fn once(topic: &str, body: &Value) -> Vec<String> {
    let stage = Stage::new(LISTS).await;
    stage.tell(topic, body).await;
    essence(&stage.world.brevo())
}

#[tokio::test]
async fn ten_deliveries_one_after_another_have_one_effect() {
    for (topic, file) in STORIES {
        let stage = Stage::new(LISTS).await;
        let notice = stage.notice(topic, &body(file));
        assert_eq!(stage.deliver(&notice).await.outcome, Outcome::Applied, "{file}");
        for _ in 1..10 {
            stage.world.advance(SignedDuration::from_mins(3));
            let report = stage.deliver(&notice).await;
            assert_eq!((report.outcome, report.line.calls), (Outcome::Unchanged, 0), "{file}");
        }
        // A record that the queue hands out again is sent again, and changes nothing.
        stage.receive(record(&notice, 2)).await;
        assert_eq!(essence(&stage.world.brevo()), once(topic, &body(file)).await, "{file}");
    }
}

#[tokio::test]
async fn ten_deliveries_at_once_have_one_effect() {
    for (topic, file) in STORIES {
        let world = World::new(LISTS).await;
        let workers = join_all((0..10).map(|n| {
            let world = &world;
            async move {
                let front = world.front().await;
                let env = world.env(&front).await;
                (n, env, front)
            }
        }))
        .await;
        let text = body(file).to_string();
        let reports = join_all(workers.iter().map(|(n, env, _)| {
            let notice = notice(topic, &format!("d-{n}"), text.as_bytes());
            async move { deliver(env, &notice).await }
        }))
        .await;
        for report in &reports {
            let fine = matches!(report.outcome, Outcome::Applied | Outcome::Unchanged | Outcome::Deferred);
            assert!(fine, "{file}: {report:?}");
        }
        let stage = Stage::with(world).await;
        stage.world.advance(SignedDuration::from_mins(3));
        stage.drain().await;
        assert_eq!(essence(&stage.world.brevo()), once(topic, &body(file)).await, "{file}");
    }
}

#[tokio::test]
async fn ten_copies_in_one_batch_have_one_effect() {
    for (topic, file) in STORIES {
        let stage = Stage::new(LISTS).await;
        let notice = stage.notice(topic, &body(file));
        let records = (0..10).map(|_| record(&notice, 1)).collect();
        let reports = stage.receive_all(records).await;
        assert_eq!(reports.iter().filter(|report| report.outcome == Outcome::Applied).count(), 1, "{file}");
        assert_eq!(essence(&stage.world.brevo()), once(topic, &body(file)).await, "{file}");
    }
}
