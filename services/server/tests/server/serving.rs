//! The server on a real socket.

use std::time::Duration;

use accord_domain::Scope;
use accord_server::serve;
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::house::{House, machine_project};

async fn exchange(address: std::net::SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn running_requests_are_finished_before_it_stops() {
    let house = House::open().await;
    house.project(machine_project("work")).await;
    let token = house.token(&[Scope::Extract]).await;
    let recorder = PrometheusBuilder::new().build_recorder();
    let state = house.state.clone().with_metrics(recorder.handle());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(listener, state, async move {
        let _ = stopped.await;
    }));
    let figures = exchange(address, "GET /metrics HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    assert!(figures.starts_with("HTTP/1.1 200"), "{figures}");

    let body = "{\"project\": \"work\", \"text\": \"t\"}";
    let request = format!(
        "POST /api/v1/extractions HTTP/1.1\r\nhost: a\r\nconnection: close\r\nauthorization: Bearer {token}\r\nprefer: wait=2\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let waiting = tokio::spawn(async move { exchange(address, &request).await });
    tokio::time::sleep(Duration::from_millis(500)).await;
    stop.send(()).unwrap();
    let answer = waiting.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
    tokio::time::timeout(Duration::from_secs(5), server)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_client_that_stops_in_the_middle_of_a_body_is_not_waited_for() {
    let house = House::open_with(|settings| settings.body_pause_seconds = 1).await;
    let token = house.token(&[Scope::Admin]).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(serve(listener, house.state.clone(), std::future::pending()));
    let request = format!(
        "POST /api/v1/projects HTTP/1.1\r\nhost: a\r\nconnection: close\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{{"
    );
    let answer = tokio::time::timeout(Duration::from_secs(5), exchange(address, &request))
        .await
        .unwrap();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    server.abort();
}
