use std::convert::Infallible;
use std::future::{Future as _, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

use axum::extract::ConnectInfo;
use axum::http::{Request, Version};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::{HttpService, service_fn};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};

use super::answer::AnswerBody;
use super::{Connections, Stop};
use crate::requests::{Requests, Rulings};
use crate::room::Seat;
use crate::stall::Cut;
use crate::unproven::Backoff;

impl Connections {
    pub(super) async fn serve_http<Io>(&self, io: Io, cut: Cut, seat: Seat, mut stop: Stop)
    where
        Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (rulings, backoff) = (Rulings::default(), Backoff::default());
        let caller = seat.caller();
        let mut requests = Requests::new(io, rulings.clone(), cut.clone(), seat);
        // The stack exists only while there are complete requests. Without one it is dropped, with its buffers.
        loop {
            let deadline = requests.since() + self.limits.headers;
            let is_there = {
                let mut first = pin!(tokio::time::timeout_at(deadline, requests.first()));
                tokio::select! {
                    // What was sent already is read before the connection ends.
                    biased;
                    first = &mut first => matches!(first, Ok(Ok(()))),
                    () = stop.asked() => rulings.is_begun() && matches!(first.await, Ok(Ok(()))),
                }
            };
            if !is_there {
                break;
            }
            let service = service_fn(|mut request: Request<Incoming>| {
                if let Some(peer) = self.peer {
                    request.extensions_mut().insert(ConnectInfo(peer));
                }
                request.extensions_mut().insert(caller.clone());
                request.extensions_mut().insert(backoff.clone());
                let (ruling, answering) = rulings.next().unzip();
                let is_old = request.version() == Version::HTTP_10;
                let (answer, cut) = (self.answer(request, ruling), cut.clone());
                async move {
                    let response = answer.await;
                    if is_old && response.body().size_hint().exact().is_none() {
                        cut.is_the_end_of_the_answer();
                    }
                    Ok::<_, Infallible>(
                        response.map(|body| AnswerBody { body, _answering: answering }),
                    )
                }
            });
            let io = TokioIo::new(&mut requests);
            let connection = Box::pin(self.http.serve_connection(io, service));
            if let Err(error) = converse(connection, &rulings, &mut stop).await {
                tracing::debug!(%error, "a connection ended early");
                // A client whose answer is cut must not take the part for the whole.
                if !error.is_timeout() {
                    return;
                }
                break;
            }
            if !requests.is_put_away() {
                break;
            }
        }
        // The stack does not shut down a connection that was idle for too long, nor one after CONNECT.
        if requests.rests() && !requests.is_shut() && !rulings.is_begun() {
            let _ = requests.shutdown().await;
        }
    }
}

/// Lets the stack answer requests until it is done with the connection. When the server stops, the
/// connection ends after the requests that have come.
async fn converse<Io, Service>(
    mut connection: Pin<Box<http1::Connection<Io, Service>>>,
    rulings: &Rulings,
    stop: &mut Stop,
) -> hyper::Result<()>
where
    Io: hyper::rt::Read + hyper::rt::Write + Unpin,
    Service: HttpService<Incoming, ResBody = AnswerBody>,
    Service::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut stopping = pin!(stop.asked());
    let (mut is_asked, mut is_closing) = (false, false);
    poll_fn(|context| {
        loop {
            if let Poll::Ready(ended) = connection.as_mut().poll(context) {
                return Poll::Ready(ended);
            }
            is_asked = is_asked || stopping.as_mut().poll(context).is_ready();
            // Wait for a request that has come in part. The stack does not know of it, and would
            // close.
            if !is_asked || is_closing || rulings.is_begun() {
                return Poll::Pending;
            }
            connection.as_mut().graceful_shutdown();
            is_closing = true;
        }
    })
    .await
}
