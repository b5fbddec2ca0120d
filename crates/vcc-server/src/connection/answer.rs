use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::header::{CONNECTION, HOST};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Request, Response, Version};
use hyper::body::{Frame, Incoming, SizeHint};
use tower::ServiceExt as _;

use super::Connections;
use crate::error_response::ErrorResponse;
use crate::requests::{Answering, Ruling};

impl Connections {
    /// Answers a request by the ruling on its head.
    pub(super) async fn answer(
        &self,
        request: Request<Incoming>,
        ruling: Option<Ruling>,
    ) -> Response<Body> {
        let (mut response, is_last) = match ruling {
            Some(Ruling::Serve) => (self.route(request).await, false),
            Some(Ruling::ServeLast) => (self.route(request).await, true),
            Some(Ruling::Refuse(refusal)) => (self.refuse(refusal), true),
            // The stack sees a request that it was not given. Nobody knows whose it is.
            None => (self.refuse(ErrorResponse::request_line()), true),
        };
        if is_last {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    async fn route(&self, request: Request<Incoming>) -> Response<Body> {
        if request.version() == Version::HTTP_11 && !names_host(request.headers()) {
            return self.refuse(ErrorResponse::host());
        }
        let Ok(response) = self.router.clone().oneshot(request.map(Body::new)).await;
        response
    }

    /// Counts and logs a request that reaches no router. The text repeats nothing that the client sent.
    fn refuse(&self, refusal: ErrorResponse) -> Response<Body> {
        let (status, reason) = refusal.said();
        let peer = self.peer.map(tracing::field::display);
        tracing::info!(peer, status, reason, "a request was refused unread");
        self.metrics.answered(status, 0, Duration::ZERO);
        refusal.into_response()
    }
}

/// The body of an answer. Its request counts as being answered until this is dropped.
pub(super) struct AnswerBody {
    pub(super) body: Body,
    pub(super) _answering: Option<Answering>,
}

impl HttpBody for AnswerBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// RFC 9112: a request of HTTP/1.1 names its host, once.
fn names_host(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let Some(host) = hosts.next() else { return false };
    let authority = host.to_str().ok().and_then(|host| host.parse::<Authority>().ok());
    authority.is_some_and(|authority| !authority.as_str().contains('@')) && hosts.next().is_none()
}
