//! One body at a time.

use tajo_app::sync::Outcome;
use tajo_testkit::{World, body, deliver, notice};

use crate::picture::picture;

#[tokio::test]
async fn a_paid_order_makes_a_contact_an_order_and_its_events() {
    let world = World::new("").await;
    let front = world.front().await;
    let env = world.env(&front).await;
    let report = deliver(&env, &notice("orders/create", "d-1", &body("orders-create.paid"))).await;
    println!("{report:?}");
    println!("{}", picture(&world.brevo()));
    println!("{:?}", world.take_meter());
    for call in world.sandbox.calls() { println!("{}", serde_json::to_string(&call).unwrap()); }
    assert_eq!(report.outcome, Outcome::Applied);
    panic!();
}
