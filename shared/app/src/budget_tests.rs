//! What a process believes of a bucket.

use super::*;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(1_800_000_000_000 + ms).unwrap()
}

fn left(limit: u32, remaining: u32, seconds: u64) -> Option<Left> {
    Some(Left { limit, remaining, reset: Duration::from_secs(seconds) })
}

#[test]
fn half_of_a_bucket_is_free_and_the_other_half_takes_tickets() {
    let lane = Lane::new("account", Bucket::Events);
    assert!(!lane.take_free(1, Urgency::Now, at(0)), "nobody has heard of it yet: one call finds out");
    lane.hear(left(10, 9, 1), None, at(0));
    assert!(lane.take_free(4, Urgency::Now, at(1)));
    assert!(!lane.take_free(1, Urgency::Now, at(10)));
    assert!(lane.take_free(1, Urgency::Now, at(1_000)), "another second");
    assert!(!lane.take_free(1, Urgency::Now, at(5_000)), "that answer is old");
}

#[test]
fn a_bucket_without_limits_is_free_and_asked_once_more_by_one_call_after_a_while() {
    let lane = Lane::new("account", Bucket::Contacts);
    lane.hear(None, None, at(0));
    assert!(lane.take_free(100, Urgency::Now, at(1)));
    assert!(!lane.take_free(1, Urgency::Now, at(5_000)), "limits may be named by now");
    assert!(!lane.known().is_heard(at(5_000)), "so one call finds out, and the others wait for its answer");
    lane.hear(left(10, 4, 1), None, at(5_001));
    assert!(!lane.take_free(1, Urgency::Now, at(5_002)));
}

#[test]
fn once_scarce_a_bucket_stays_so_for_a_while() {
    let lane = Lane::new("account", Bucket::Events);
    lane.hear(left(10, 5, 1), None, at(0));
    lane.hear(left(10, 9, 1), None, at(2_000));
    assert!(!lane.take_free(1, Urgency::Now, at(2_999)));
    assert!(lane.take_free(1, Urgency::Now, at(3_000)));
}

#[test]
fn soon_after_scarcity_what_was_gathered_takes_tickets_and_what_came_alone_leaves_more() {
    let lane = Lane::new("account", Bucket::Events);
    lane.hear(left(10, 5, 1), None, at(0));
    lane.hear(left(10, 9, 1), None, at(4_000));
    let takes = |calls, ms, gathered| lane.takes_free(calls, Urgency::Now, at(ms), gathered);
    assert!(!takes(1, 4_001, true), "others want it too, whatever the answer says");
    assert!(!takes(4, 4_002, false) && takes(3, 4_003, false), "six of ten are left");
    lane.hear(left(10, 9, 1), None, at(304_000));
    assert!(takes(4, 304_001, true), "that is over");
}

#[test]
fn an_hourly_bucket_is_closed_until_an_answer_tells_what_is_left() {
    let lane = Lane::new("account", Bucket::EventsBatch);
    assert!(!lane.take_free(1, Urgency::Now, at(0)));
    lane.hear(left(100, 99, 3600), None, at(0));
    assert!(lane.take_free(49, Urgency::Patient, at(1)));
    assert!(!lane.take_free(1, Urgency::Patient, at(2)), "half of it is for those who cannot wait");
    assert!(lane.take_free(30, Urgency::Soon, at(3)));
    assert!(!lane.take_free(1, Urgency::Soon, at(4)));
    assert!(lane.take_free(15, Urgency::Now, at(5)));
    assert!(!lane.take_free(1, Urgency::Now, at(6)), "the last few are left for clocks that differ");
}

#[test]
fn what_was_heard_of_an_hour_is_old_after_a_minute_since_others_use_it_up() {
    let lane = Lane::new("account", Bucket::EventsBatch);
    lane.hear(left(100, 99, 3600), None, at(0));
    assert!(lane.take_free(1, Urgency::Now, at(59_999)));
    assert!(!lane.take_free(1, Urgency::Now, at(60_000)));
}

#[test]
fn a_batch_road_that_turns_out_to_have_a_rate_per_second_is_used_freely() {
    let lane = Lane::new("account", Bucket::EventsBatch);
    lane.hear(left(10, 9, 1), None, at(0));
    assert!(lane.is_fast());
    assert!(lane.take_free(4, Urgency::Now, at(1)));
    assert!(lane.take_free(5, Urgency::Now, at(1_001)));
}

#[test]
fn a_larger_plan_is_learned_from_the_headers() {
    let lane = Lane::new("account", Bucket::Contacts);
    lane.hear(left(20, 19, 1), None, at(0));
    assert!(lane.take_free(10, Urgency::Now, at(1_000)));
    assert!(!lane.take_free(1, Urgency::Now, at(1_001)));
}

#[test]
fn the_hourly_quota_of_a_fast_bucket_does_not_change_its_pace() {
    let lane = Lane::new("account", Bucket::Events);
    lane.hear(left(36_000, 3, 900), None, at(0));
    assert!(lane.is_fast());
    assert!(
        !lane.take_free(1, Urgency::Now, at(500_000).min(at(10_000))),
        "what is left of the hour is for tickets"
    );
}

#[test]
fn an_hour_that_is_nearly_over_is_no_rate_per_second() {
    let lane = Lane::new("account", Bucket::EventsBatch);
    lane.hear(left(100, 12, 1), None, at(0));
    assert!(!lane.is_fast());
}

#[test]
fn after_a_429_nothing_is_sent_before_its_reset() {
    let lane = Lane::new("account", Bucket::Orders);
    lane.hear(left(5, 0, 60), Some(Duration::from_secs(60)), at(0));
    assert!(!lane.take_free(1, Urgency::Now, at(59_999)));
    assert_eq!(lane.wait(at(0)), Duration::from_secs(60));
}

#[test]
fn a_bucket_whose_answers_name_no_limit_is_paced_only_after_a_refusal() {
    let lane = Lane::new("account", Bucket::Contacts);
    lane.hear(None, None, at(0));
    assert!(lane.take_free(500, Urgency::Now, at(1)));
    lane.hear(None, Some(Duration::from_secs(1)), at(2));
    assert!(!lane.take_free(1, Urgency::Now, at(9_000)));
}

#[tokio::test]
async fn of_a_lane_nobody_has_heard_of_one_call_finds_out_and_the_others_wait_for_its_answer() {
    let lane = Lane::new("account", Bucket::Categories);
    let clock = Clock::default();
    clock.play(at(0));
    let explorer = lane.explore(&clock).await.unwrap();
    let second = async { lane.explore(&clock).await.is_none() };
    let first = async {
        tokio::task::yield_now().await;
        lane.hear(left(100, 99, 3600), None, at(0));
        drop(explorer);
    };
    let (is_heard, ()) = futures::future::join(second, first).await;
    assert!(is_heard);
}

#[tokio::test]
async fn what_was_heard_of_a_rate_per_second_is_soon_worth_nothing() {
    let lane = Lane::new("account", Bucket::Events);
    let clock = Clock::default();
    clock.play(at(0));
    lane.hear(left(10, 9, 1), None, at(0));
    assert!(lane.explore(&clock).await.is_none());
    clock.play(at(5_000));
    assert!(lane.explore(&clock).await.is_some(), "one call finds out how it is now");
}

#[test]
fn one_answer_without_headers_takes_nothing_back() {
    let lane = Lane::new("account", Bucket::Events);
    lane.hear(left(10, 9, 1), None, at(0));
    lane.hear(None, None, at(10));
    assert!(!lane.take_free(5, Urgency::Now, at(20)), "four are left of what may be sent freely");
}
