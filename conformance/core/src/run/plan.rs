//! From a case to the bytes that are sent.

use super::amplify::{Spelling, spellings, tz};
use crate::fixture::{Auth, AuthName, Case, Expect, HeaderValue, Request, base64};
use crate::http::Body;
use crate::judge::list::Format;
use crate::setup::Setup;

/// One way to run a case.
#[derive(Clone, Debug)]
pub struct Variant {
    /// Its name: empty for the case as it is written.
    pub name: String,
    /// The clause that is blamed if this variant fails and the case as written does not.
    pub clause: Option<&'static str>,
    /// Its requests in order.
    pub steps: Vec<Planned>,
}

/// One request.
#[derive(Clone, Debug)]
pub struct Planned {
    /// What is sent, to the byte.
    pub bytes: Vec<u8>,
    /// The method.
    pub method: String,
    /// The path, with the target's prefix.
    pub path: String,
    /// The query, lossy where it is not UTF-8.
    pub query: Option<String>,
    /// The form that the path asks for.
    pub format: Format,
    /// The tenant.
    pub tenant: usize,
    /// Without TLS.
    pub plain: bool,
    /// Whether it goes out together with the one before it.
    pub pipelined: bool,
    /// What it was made from.
    request: Request,
}

impl Planned {
    /// Whether the answer has no body.
    #[must_use]
    pub fn is_head(&self) -> bool {
        self.method == "HEAD"
    }

    /// What follows the head of the answer. After a HEAD that asks for the end of the connection,
    /// as it does unless it is written otherwise, that is read too.
    #[must_use]
    pub fn body(&self) -> Body {
        let ends = |(name, value): (String, String)| {
            name.eq_ignore_ascii_case("connection") && value.eq_ignore_ascii_case("close")
        };
        match self.is_head() {
            false => Body::AsSaid,
            true if self.headers().into_iter().any(ends) => Body::NoneToTheEnd,
            true => Body::None,
        }
    }

    /// What it was made from.
    #[must_use]
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// The zone of its `tz`, where it names one.
    #[must_use]
    pub fn tz(&self) -> Option<jiff::tz::TimeZone> {
        tz(self.query.as_deref()?)?.and_then(|name| crate::zone::named(&name).ok())
    }

    /// The same request for another page: `n` at the end of the query.
    ///
    /// # Errors
    ///
    /// As [`plan`].
    pub fn page(&self, n: usize, setup: &Setup) -> Result<Planned, String> {
        let query = match self.query.as_deref() {
            None | Some("") => format!("n={n}"),
            Some(query) => format!("{query}&n={n}"),
        };
        build(&Request { query: Some(query.replace('$', "$$")), ..self.request.clone() }, setup)
    }

    /// The header lines that are sent.
    #[must_use]
    pub fn headers(&self) -> Vec<(String, String)> {
        let text = String::from_utf8_lossy(&self.bytes);
        let head = text.split("\r\n\r\n").next().unwrap_or_default();
        head.lines()
            .skip(1)
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
            .collect()
    }
}

/// The variants of a case, the case as it is written first.
///
/// # Errors
///
/// An unknown tenant or template.
pub fn plan(case: &Case, setup: &Setup, amplified: bool) -> Result<Vec<Variant>, String> {
    if !case.step.is_empty() {
        let steps: Result<_, _> = case
            .step
            .iter()
            .map(|step| {
                let planned = build(&step.request.over(&case.request), setup)?;
                Ok::<_, String>(Planned { pipelined: step.pipelined, ..planned })
            })
            .collect();
        return Ok(vec![Variant { name: String::new(), clause: None, steps: steps? }]);
    }
    let written = build(&case.request, setup)?;
    let mut variants = Vec::new();
    let request = &case.request;
    let names_records = case.expect.as_ref().is_some_and(|expect| expect.records.is_some());
    let plain = request.method.is_none() && request.raw.is_none();
    if amplified && names_records && plain {
        if case.amplify.formats && request.path.is_none() {
            for (suffix, clause) in [(".xml", "REQ-2"), (".csv", "OUT-4a")] {
                let path = Some(format!("{}{suffix}", Request::PATH));
                let step = build(&Request { path, ..request.clone() }, setup)?;
                variants.push(Variant {
                    name: suffix.into(),
                    clause: Some(clause),
                    steps: vec![step],
                });
            }
        }
        // With the query as it is sent: templates are filled by now.
        let zone = &setup.tenants[written.tenant].tenant.zone;
        if case.amplify.dates
            && let Some(query) = &written.query
        {
            for (spelling, query) in spellings(query, zone) {
                let query = Some(query.replace('$', "$$"));
                let step = build(&Request { query, ..request.clone() }, setup)?;
                let (name, clause) = (Spelling::name(spelling).to_owned(), Some(spelling.clause()));
                variants.push(Variant { name, clause, steps: vec![step] });
            }
        }
    }
    variants.insert(0, Variant { name: String::new(), clause: None, steps: vec![written] });
    Ok(variants)
}

/// The expectation of each step of a case that is no probe.
pub(crate) fn expected(case: &Case) -> Vec<Option<&Expect>> {
    if case.step.is_empty() {
        vec![case.expect.as_ref()]
    } else {
        case.step.iter().map(|step| step.expect.as_ref()).collect()
    }
}

/// The bytes of a request as a run sends them.
///
/// # Errors
///
/// An unknown template or tenant.
pub fn build(request: &Request, setup: &Setup) -> Result<Planned, String> {
    let name = request.tenant();
    let tenant =
        setup.find(name).ok_or_else(|| format!("tenant: {name:?} is not in the dataset"))?;
    let template = setup.template(tenant);
    let fill = |text: &str| template.fill(text).map_err(|problem| problem.to_string());
    let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut path = setup.prefix.clone().into_bytes();
    path.extend(fill(request.path())?);
    let query = request.query.as_deref().map(fill).transpose()?;
    let method = request.method().to_owned();
    let bytes = match &request.raw {
        Some(raw) => fill(raw)?,
        None => {
            let mut head = format!("{method} ").into_bytes();
            head.extend_from_slice(&path);
            if let Some(query) = &query {
                head.push(b'?');
                head.extend_from_slice(query);
            }
            head.extend_from_slice(b" HTTP/1.1\r\n");
            let payload = request.payload.as_deref().map(fill).transpose()?;
            let mut headers: Vec<(String, Vec<u8>)> =
                vec![("Host".into(), setup.authority.clone().into_bytes())];
            if let Some(value) = authorization(request.auth(), tenant, setup)? {
                headers.push(("Authorization".into(), value));
            }
            headers.push((
                "User-Agent".into(),
                concat!("vcc-conformance/", env!("CARGO_PKG_VERSION")).into(),
            ));
            headers.push(("Accept".into(), "*/*".into()));
            if let Some(payload) = &payload {
                headers.push(("Content-Length".into(), payload.len().to_string().into_bytes()));
            }
            if method == "HEAD" {
                headers.push(("Connection".into(), "close".into()));
            }
            headers.extend(
                setup
                    .headers
                    .iter()
                    .map(|(name, value)| (name.clone(), value.clone().into_bytes())),
            );
            for (name, value) in &request.headers {
                headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
                if let HeaderValue::Text(text) = value {
                    headers.push((name.clone(), fill(text)?));
                }
            }
            for (name, value) in headers {
                head.extend_from_slice(name.as_bytes());
                head.extend_from_slice(b": ");
                head.extend_from_slice(&value);
                head.extend_from_slice(b"\r\n");
            }
            head.extend_from_slice(b"\r\n");
            head.extend(payload.unwrap_or_default());
            head
        }
    };
    Ok(Planned {
        bytes,
        method,
        format: Format::of_path(&lossy(&path)),
        path: lossy(&path),
        query: query.map(|query| lossy(&query)),
        tenant,
        plain: request.plain.unwrap_or(false),
        pipelined: false,
        request: request.clone(),
    })
}

fn authorization(auth: &Auth, tenant: usize, setup: &Setup) -> Result<Option<Vec<u8>>, String> {
    let access = &setup.tenants[tenant];
    let template = setup.template(tenant);
    let fill = |text: &str| template.fill(text).map_err(|problem| problem.to_string());
    let basic = |user: &[u8], password: &[u8]| {
        let pair = [user, b":", password].concat();
        Some(format!("Basic {}", base64(&pair)).into_bytes())
    };
    let token = access.token.as_bytes();
    Ok(match auth {
        Auth::Named(AuthName::Right) => basic(access.user.as_bytes(), token),
        Auth::Named(AuthName::None) => None,
        Auth::Named(AuthName::WrongToken) => basic(access.user.as_bytes(), b"0000000000000000000"),
        Auth::Named(AuthName::UnknownTenant) => basic(b"nobody-of-this-name", token),
        Auth::Named(AuthName::OtherToken) => {
            let mut others =
                setup.tenants.iter().filter(|other| other.tenant.name != access.tenant.name);
            let other = others.next().ok_or("auth: the dataset has one tenant only")?;
            basic(access.user.as_bytes(), other.token.as_bytes())
        }
        Auth::Pair { user, password } => basic(&fill(user)?, &fill(password)?),
        Auth::Raw { raw } => Some(fill(raw)?),
    })
}
