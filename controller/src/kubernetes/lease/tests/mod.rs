//! Several processes and one Lease, on virtual time.

mod candidate;
mod model;
mod server;

use std::time::Duration;

use longshore_aws::Fence;
use tokio::time::{Instant, sleep, timeout};

use super::{RENEW, TERM};
use candidate::{Candidate, election};
use server::{Fate, Server};

const SECOND: Duration = Duration::from_secs(1);

/// How long until this one leads.
async fn leads(candidate: &Candidate) -> Duration {
    let began = Instant::now();
    while !candidate.fence.is_open() {
        assert!(began.elapsed() < TERM * 4, "it does not lead");
        sleep(SECOND / 20).await;
    }
    began.elapsed()
}

/// Two processes, of which the first has led for a while.
async fn two() -> (Server, Candidate, Candidate) {
    let server = Server::default();
    let first = Candidate::start(&server);
    leads(&first).await;
    let second = Candidate::start(&server);
    sleep(SECOND * 10).await;
    (server, first, second)
}

fn holder(server: &Server) -> Option<String> {
    server.lease()?.spec?.holder_identity
}

#[tokio::test(start_paused = true)]
async fn the_first_one_leads_at_once_and_the_second_waits() {
    let server = Server::default();
    let first = Candidate::start(&server);
    assert!(leads(&first).await < SECOND);
    let second = Candidate::start(&server);
    for _ in 0..600 {
        sleep(SECOND).await;
        assert!(first.fence.is_open() && !second.fence.is_open());
    }
    assert_eq!(server.lease().unwrap().spec.unwrap().lease_transitions, Some(0));
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_ends_in_order_hands_over_within_five_seconds() {
    let (server, first, second) = two().await;
    let fence = first.fence.clone();
    first.end().await;
    assert!(!fence.is_open());
    assert_eq!(holder(&server).as_deref(), Some(""));
    assert!(leads(&second).await < SECOND * 5);
    assert_eq!(server.lease().unwrap().spec.unwrap().lease_transitions, Some(1));
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_was_killed_is_followed_when_its_lease_has_expired_and_never_earlier() {
    let (_server, first, second) = two().await;
    first.kill();
    let waited = leads(&second).await;
    assert!(waited + RENEW + SECOND > TERM && waited < TERM + RENEW, "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_process_that_was_started_again_is_another_holder() {
    let server = Server::default();
    let first = Candidate::start(&server);
    leads(&first).await;
    first.kill();
    let again = Candidate::start(&server);
    assert!(leads(&again).await >= TERM, "it cannot know whether the other still writes");
}

#[tokio::test(start_paused = true)]
async fn a_leader_stopped_for_a_minute_is_followed_and_wakes_with_its_fence_closed() {
    let (_server, first, second) = two().await;
    first.stop(true);
    leads(&second).await;
    sleep(SECOND * 60).await;
    first.stop(false);
    for _ in 0..1000 {
        assert!(!first.fence.is_open() && second.fence.is_open());
        sleep(SECOND / 20).await;
    }
    second.end().await;
    assert!(leads(&first).await < SECOND * 5, "it stood by, and leads again");
}

#[tokio::test(start_paused = true)]
async fn a_leader_stopped_while_its_renewal_is_answered_does_not_take_the_answer_for_news_when_it_wakes() {
    let (server, first, second) = two().await;
    server.weather(vec![Fate::Answered(1, 1000); 4]);
    let before = server.writes();
    while server.writes() == before {
        sleep(SECOND / 1000).await;
    }
    first.stop(true);
    leads(&second).await;
    first.stop(false);
    for _ in 0..3000 {
        assert!(!first.fence.is_open());
        sleep(SECOND / 1000).await;
    }
}

#[tokio::test(start_paused = true)]
async fn while_the_api_server_is_away_nothing_is_written_and_afterwards_the_same_one_goes_on() {
    let server = Server::default();
    let first = Candidate::start(&server);
    leads(&first).await;
    let leader = holder(&server);
    server.weather(vec![Fate::Lost; 6]);
    sleep(SECOND * 9).await;
    assert!(!first.fence.is_open(), "seven seconds after the last renewal");
    assert!(leads(&first).await < SECOND * 6);
    assert_eq!(holder(&server), leader);
    assert_eq!(server.lease().unwrap().spec.unwrap().lease_transitions, Some(0));
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_or_two_are_no_news() {
    let server = Server::default();
    let first = Candidate::start(&server);
    leads(&first).await;
    for lost in [vec![Fate::AnswerLost(1)], vec![Fate::Lost, Fate::AnswerLost(1)], vec![Fate::Refused; 2]] {
        server.weather(lost);
        for _ in 0..200 {
            sleep(SECOND / 10).await;
            assert!(first.fence.is_open());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_somebody_deletes_is_not_taken_before_its_holder_has_stopped_writing() {
    let (server, first, second) = two().await;
    first.stop(true);
    server.delete();
    let waited = leads(&second).await;
    assert!(waited > Fence::LONGEST * 2, "{waited:?}");
    assert!(!first.fence.is_open());
    second.kill();

    let third = Candidate::start(&server);
    leads(&third).await;
    server.delete();
    sleep(SECOND * 3).await;
    assert!(third.fence.is_open() && holder(&server).is_some(), "its own holder makes it anew");
}

#[tokio::test(start_paused = true)]
async fn without_the_namespace_nobody_leads_and_without_need_nothing_is_written() {
    let server = Server::default();
    server.without_namespace();
    let fence = Fence::closed();
    let mut candidate = election(&server, &fence);
    assert!(timeout(SECOND * 60, candidate.join()).await.is_err(), "it is not ready either");
    assert!(!fence.is_open());
    candidate.release().await;
    candidate.hold().await;
    assert_eq!(server.writes(), 0, "whoever does not lead neither renews nor gives back");
}
