//! Limits of providers that all processes share.

use std::time::{Duration, Instant};

use super::TestStore;
use crate::in_transaction;
use crate::rates::RateWanted;

const fn wanted(provider: &str, requests: i64) -> RateWanted<'_> {
    RateWanted {
        provider,
        requests_per_minute: Some(1_200),
        tokens_per_minute: None,
        requests,
        tokens: 0,
        tokens_needed: 0,
    }
}

/// However many processes take slices, together they get what the limit gives, and each provider its own.
pub async fn slices_add_up_to_the_limit(test: &TestStore) {
    let started = Instant::now();
    let taking: Vec<_> = (0..8)
        .map(|number| {
            let store = if number % 2 == 0 { &test.store } else { &test.second }.clone();
            tokio::spawn(async move {
                let mut sum = 0;
                while started.elapsed() < Duration::from_millis(600) {
                    let mut tx = store.write().await.unwrap();
                    let taken = tx.take_rate(&wanted("shared", 5)).await.unwrap();
                    tx.commit().await.unwrap();
                    sum += taken.requests;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                sum
            })
        })
        .collect();
    let mut sum = 0;
    for one in taking {
        sum += one.await.unwrap();
    }
    // A tenth of a minute's amount lies ready, and twenty come every second.
    let most = 120 + 20 * i64::try_from(started.elapsed().as_millis()).unwrap() / 1000 + 1;
    assert!((125..=most).contains(&sum), "{sum} of at most {most}");
    let taken = in_transaction!(test, |tx| tx.take_rate(&wanted("other", 200))).unwrap();
    assert_eq!((taken.requests, taken.wait_milliseconds), (120, 0));
    let taken = in_transaction!(test, |tx| tx.take_rate(&wanted("other", 200))).unwrap();
    assert!(taken.requests <= 1 && taken.wait_milliseconds <= 51, "{taken:?}");
}
