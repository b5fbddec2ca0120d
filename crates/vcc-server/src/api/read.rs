use axum::http::Method;
use axum::http::request::Parts;
use vcc_query::{Context, Parser, Query, Resource, ResponseFormat, Selection};
use vcc_store::{Tenant, TenantId};

use super::Api;
use super::trace::Trace;
use crate::audit;
use crate::error_response::ErrorResponse;
use crate::request_head::LONGEST_TARGET;

/// A request that will be answered with a page.
pub(super) struct PageRequest {
    pub(super) tenant: String,
    /// The number of the token that opened it.
    pub(super) token: i64,
    pub(super) id: TenantId,
    pub(super) format: ResponseFormat,
    pub(super) query: Query,
    pub(super) selection: Selection,
    pub(super) context: Context,
}

impl Api {
    /// What a request asks for. It has proven its tenant by the token of this number.
    pub(super) fn read(
        &self,
        request: &Parts,
        (tenant, token): (Tenant, i64),
        trace: &mut Trace,
    ) -> Result<PageRequest, ErrorResponse> {
        let target = &request.uri;
        if target.path().len() + target.query().map_or(0, str::len) > LONGEST_TARGET {
            return Err(ErrorResponse::target_too_long());
        }
        let resource = Resource::parse(target.path());
        let (_, format) = resource.map_err(|_| ErrorResponse::no_such_resource())?;
        // REQ-1: only GET and HEAD; HEAD is a GET without the body.
        if !matches!(request.method, Method::GET | Method::HEAD) {
            return Err(ErrorResponse::method());
        }
        let raw = target.query().unwrap_or_default();
        let parser = Parser::builder().dialect(self.dialect).zones(&*self.zones).build();
        let query = parser.parse(raw).map_err(|error| ErrorResponse::query(&error, raw))?;
        // DATE-8: the clock is read once a request.
        let now = self.clock.now();
        let context = Context { now, tenant_tz: tenant.zone, dialect: self.dialect };
        let selection =
            query.resolve(&context).map_err(|error| ErrorResponse::query(&error, raw))?;
        if tracing::enabled!(tracing::Level::INFO) {
            trace.shape = Some(audit::shape(&query));
        }
        Ok(PageRequest {
            tenant: tenant.name,
            token,
            id: tenant.id,
            format,
            query,
            selection,
            context,
        })
    }
}
