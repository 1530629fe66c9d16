//! Running the application on a socket.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::router::router;
use crate::state::AppState;

/// The server stopped for another reason than being told to.
#[derive(Debug, thiserror::Error)]
#[error("the server cannot go on: {0}")]
pub struct ServeError(#[from] std::io::Error);

/// Serves until `shutdown` is done; then takes no new connections and gives running requests the time of the settings.
///
/// # Errors
/// The socket failed.
pub async fn serve(
    listener: TcpListener,
    state: AppState,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let patience = Duration::from_secs(state.settings.shutdown_seconds);
    let (told, stopping) = oneshot::channel();
    let application = router(state).into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, application).with_graceful_shutdown(async move {
        shutdown.await;
        tracing::info!("stopping: no new connections");
        let _ = told.send(());
    });
    let out_of_patience = async move {
        if stopping.await.is_err() {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(patience).await;
    };
    tokio::select! {
        ended = server => Ok(ended?),
        () = out_of_patience => {
            tracing::warn!("stopped with requests still running");
            Ok(())
        }
    }
}
