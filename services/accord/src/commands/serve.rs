//! `accord serve`: the web pages, the API and, unless told otherwise, workers.

use std::sync::Arc;

use accord_server::AppState;
use anyhow::Context;
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::net::TcpListener;

use crate::wiring::House;
use crate::workers::Workers;

pub(crate) async fn run(house: House) -> anyhow::Result<()> {
    let listen = house.configuration.server.listen.clone();
    let listener = TcpListener::bind(&listen)
        .await
        .with_context(|| format!("[server] listen {listen}: the address cannot be used (is another program there?)"))?;
    serve_on(listener, house).await
}

/// Serves until the process is told to end; requests and tasks in hand are finished first.
pub(crate) async fn serve_on(listener: TcpListener, house: House) -> anyhow::Result<()> {
    let metrics = PrometheusBuilder::new()
        .install_recorder()
        .context("metrics cannot be recorded")?;
    let state = AppState::new(
        Arc::clone(&house.store),
        Arc::clone(&house.blobs),
        Arc::clone(&house.environment),
        house.configuration.http.clone(),
    )?
    .with_metrics(metrics)
    .with_batch_providers(house.batch_providers());
    let workers = if house.configuration.server.workers {
        Some(Workers::start(&house)?)
    } else {
        None
    };
    tracing::info!(address = %listener.local_addr()?, workers = workers.is_some(), "serving");
    accord_server::serve(listener, state, told_to_end()).await?;
    if let Some(workers) = workers {
        workers.finish().await;
    }
    tracing::info!("ended");
    Ok(())
}

/// Ends when the process is interrupted or terminated.
pub(crate) async fn told_to_end() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupted => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    drop(interrupted.await);
}
