use std::net::IpAddr;

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Response, StatusCode, header};
use vcc_store::Rest;
use vcc_types::{BadCredentials, NoCredentials};

use super::Api;
use super::explanation::{EXPLAIN, explanation};
use super::next_page::link;
use super::read::PageRequest;
use super::trace::{ServerError, Trace};
use crate::audit::{Unwritten, Who};
use crate::auth::{self, Claim};
use crate::body::NoBody;
use crate::error_response::ErrorResponse;
use crate::explorer::{SignedIn, is_navigation};
use crate::room::Caller;
use crate::unproven::{Backoff, Slot};
use crate::{body, pieces};

/// The longest headers that are read, in bytes (REQ-13).
const LONGEST_HEADERS: usize = 32 * 1024;

impl Api {
    pub(super) async fn answer(
        &self,
        request: &Parts,
        trace: &mut Trace,
    ) -> Result<Response<Body>, ErrorResponse> {
        // REQ-13: over-long headers are refused before anything in them is looked at.
        let fields = request.headers.iter();
        if fields.map(|(name, value)| name.as_str().len() + value.len()).sum::<usize>()
            > LONGEST_HEADERS
        {
            return Err(ErrorResponse::headers_too_long());
        }
        // A browser asks without credentials whether a page may ask with them.
        if let Some(response) = self.cors.as_ref().and_then(|cors| cors.preflight(request)) {
            return Ok(response);
        }
        // The explorer, if it is on, needs no credentials.
        if let Some(explorer) = &self.explorer
            && let Some(response) = explorer.answer(request, &self.means())
        {
            return Ok(response);
        }
        // REQ-13: authentication comes before the path and the query.
        let (name, token) = match Claim::read(&request.headers) {
            Claim::Basic { tenant, token } => (tenant, token),
            unnamed => {
                // STATUS-1: requests beyond the limits are refused at once.
                let _running = self.gate.enter().ok_or_else(ErrorResponse::busy)?;
                let is_none = matches!(unnamed, Claim::None);
                let broken = ErrorResponse::broken_authorization;
                return Err(if is_none { self.no_credentials() } else { broken() });
            }
        };
        // AUTH-6: only requests that prove their tenant, or did so recently, use up its share.
        let was_proven = self.unproven.was_proven(&name, &token);
        let (mut slot, mut admitted) = if was_proven {
            (None, Some(self.gate.admit(&name).ok_or_else(ErrorResponse::busy)?))
        } else {
            (Some(self.enter_unproven(request, trace.peer).await?), None)
        };
        let mut asked = None;
        let mut decide = |credentials| {
            let tenant = auth::tenant(credentials, token);
            let read = match tenant {
                Some(tenant) => {
                    self.unproven.proved(&name, &token);
                    trace.tenant = Some(tenant.0.name.clone());
                    if let Some(caller) = request.extensions.get::<Caller>() {
                        caller.proved();
                    }
                    if admitted.is_none() {
                        admitted = self.gate.admit(&name);
                    }
                    let room = admitted.as_ref().ok_or_else(ErrorResponse::busy);
                    room.and_then(|_| self.read(request, tenant, trace))
                }
                None => {
                    if was_proven {
                        self.unproven.failed(&name, &token);
                    }
                    Err(self.bad_credentials(request))
                }
            };
            drop(slot.take());
            let selection = read.as_ref().ok().map(|read| read.selection.clone());
            asked = Some(read);
            selection
        };
        let page = self.store.answer(&name, &token, &mut decide).await;
        let page = page.map_err(|error| trace.refuse(error))?;
        let PageRequest { tenant, token, id, format, query, selection, context } =
            asked.ok_or_else(ErrorResponse::internal)??;
        let page = page.ok_or_else(ErrorResponse::internal)?;
        let admitted = admitted.ok_or_else(ErrorResponse::internal)?;
        let records = page.records.len() + page.rest.as_ref().map_or(0, Rest::records);
        let more = page.more;
        let (store, share) = (&self.store, admitted.share());
        let source = body::Source { store, tenant: id, selection: &selection, share };
        let body = body::of(page, &source, format, &self.dialect, &request.headers);
        let (body, zipped) = body.map_err(|error| match error {
            // STATUS-1: there is room again once clients have read their answers.
            NoBody::Full => ErrorResponse::busy(),
            NoBody::Write(error) => {
                trace.failure = Some(ServerError::Write(error));
                ErrorResponse::internal()
            }
        })?;
        if let Some(audit) = &self.audit {
            let who = Who { tenant: &tenant, token, peer: trace.peer };
            let recorded = audit.record(context.now, who, &query, records).await;
            recorded.map_err(|Unwritten| {
                trace.failure = Some(ServerError::Audit);
                ErrorResponse::unaudited()
            })?;
        }
        trace.records = records;

        let mut response = Response::new(body);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, pieces::content_type(format));
        // Answers depend on who asks and on the day, and hold personal data.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
        // Also without compression, since another client would have got another body.
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        if zipped {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        if more {
            let next = selection.first.saturating_add(u64::from(selection.page_size));
            // PAGE-6: a next page exists.
            if let Some(link) = link(request.uri.path(), &query, &context, next) {
                headers.insert(header::LINK, link);
            }
        }
        if self.explain {
            headers.insert(EXPLAIN, explanation(&selection, self.zones.version()));
        }
        if self.explorer.is_some() {
            let zone = context.tenant_tz;
            response.extensions_mut().insert(SignedIn { tenant, zone });
        }
        Ok(response)
    }

    /// Lets a request that has not proven its tenant wait for its turn, or turns it away.
    async fn enter_unproven(
        &self,
        request: &Parts,
        peer: Option<IpAddr>,
    ) -> Result<Slot<'_>, ErrorResponse> {
        let backoff = request.extensions.get::<Backoff>();
        if let Some(backoff) = backoff {
            backoff.wait().await;
        }
        if let Some(slot) = self.unproven.enter(peer) {
            return Ok(slot.turn().await);
        }
        if let Some(backoff) = backoff {
            backoff.begin();
        }
        Err(ErrorResponse::busy())
    }

    /// AUTH-2: a browser prompts at a 401 with a challenge.
    fn no_credentials(&self) -> ErrorResponse {
        match self.dialect.no_credentials {
            NoCredentials::Unauthorized => ErrorResponse::no_credentials(StatusCode::UNAUTHORIZED),
            NoCredentials::Forbidden => ErrorResponse::no_credentials(StatusCode::FORBIDDEN),
        }
    }

    /// AUTH-3: the same answer for a wrong token and for an unknown tenant.
    fn bad_credentials(&self, request: &Parts) -> ErrorResponse {
        // A browser that opened an address keeps wrong credentials until it is asked for others.
        if self.explorer.is_some() && is_navigation(&request.headers) {
            return ErrorResponse::bad_credentials(StatusCode::UNAUTHORIZED);
        }
        match self.dialect.bad_credentials {
            BadCredentials::Forbidden => ErrorResponse::bad_credentials(StatusCode::FORBIDDEN),
            BadCredentials::Unauthorized => {
                ErrorResponse::bad_credentials(StatusCode::UNAUTHORIZED)
            }
        }
    }
}
