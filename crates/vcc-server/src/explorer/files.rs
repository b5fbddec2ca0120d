use std::fmt::Write as _;

use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};
use sha2::{Digest as _, Sha256};

use crate::WebOrigin;

/// A file of the page, inside the program.
#[derive(Debug)]
pub(super) struct File {
    path: &'static str,
    content_type: &'static str,
    bytes: Bytes,
    etag: HeaderValue,
}

/// All files of the page.
#[derive(Debug)]
pub(super) struct Files(Vec<File>);

macro_rules! files {
    ($($path:literal $content_type:literal $file:literal)*) => {
        &[$(($path, $content_type, include_bytes!(concat!("../../explorer/", $file)))),*]
    };
}

/// Path, media type, bytes.
const FILES: &[(&str, &str, &[u8])] = files! {
    "/" "text/html; charset=utf-8" "index.html"
    "/explorer/style.css" "text/css; charset=utf-8" "style.css"
    "/explorer/icon.svg" "image/svg+xml" "icon.svg"
    "/explorer/main.js" "text/javascript; charset=utf-8" "main.js"
    "/explorer/composer.js" "text/javascript; charset=utf-8" "composer.js"
    "/explorer/query.js" "text/javascript; charset=utf-8" "query.js"
    "/explorer/service.js" "text/javascript; charset=utf-8" "service.js"
    "/explorer/csv.js" "text/javascript; charset=utf-8" "csv.js"
    "/explorer/meaning.js" "text/javascript; charset=utf-8" "meaning.js"
    "/explorer/drawing.js" "text/javascript; charset=utf-8" "drawing.js"
    "/explorer/result.js" "text/javascript; charset=utf-8" "result.js"
    "/explorer/download.js" "text/javascript; charset=utf-8" "download.js"
    "/explorer/dom.js" "text/javascript; charset=utf-8" "dom.js"
    "/openapi.yaml" "application/yaml" "openapi.yaml"
};

/// Where the page offers other servers, if any are named.
const SERVERS: &[u8] = b"<!-- other servers -->";

impl Files {
    /// The files, with other servers to choose from in the page.
    pub(super) fn new(origins: &[WebOrigin]) -> Self {
        let file = |&(path, content_type, bytes)| {
            let bytes = match path {
                "/" => page(bytes, origins),
                _ => Bytes::from_static(bytes),
            };
            File { path, content_type, etag: etag(&bytes), bytes }
        };
        Self(FILES.iter().map(file).collect())
    }

    /// The file at exactly this path.
    pub(super) fn get(&self, path: &str) -> Option<&File> {
        self.0.iter().find(|file| file.path == path)
    }
}

impl File {
    /// The file, or 304 if the browser has it already.
    pub(super) fn answer(&self, headers: &HeaderMap) -> Response<Body> {
        let mut response = if is_known(headers, &self.etag) {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response
        } else {
            let mut response = Response::new(Body::from(self.bytes.clone()));
            let content_type = HeaderValue::from_static(self.content_type);
            response.headers_mut().insert(CONTENT_TYPE, content_type);
            response
        };
        let headers = response.headers_mut();
        headers.insert(ETAG, self.etag.clone());
        // Another version of this program may have other files at the same paths.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        response
    }
}

/// The page, with the servers that it may ask beside its own.
fn page(bytes: &'static [u8], origins: &[WebOrigin]) -> Bytes {
    let place = memchr::memmem::find(bytes, SERVERS).filter(|_| !origins.is_empty());
    let Some(place) = place else { return Bytes::from_static(bytes) };
    let mut page = bytes[..place].to_vec();
    page.extend(b"<label>Server <select name=\"server\"><option value=\"\">this one</option>");
    for origin in origins {
        // Nothing in an origin is markup.
        page.extend(format!("<option>{origin}</option>").into_bytes());
    }
    page.extend(b"</select></label>");
    page.extend(&bytes[place + SERVERS.len()..]);
    page.into()
}

/// Whether the client has the content of this tag (RFC 9110, 13.1.2).
fn is_known(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    let tags = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    tags.flat_map(|tags| tags.split(',')).map(str::trim).any(|tag| {
        tag == "*" || tag.strip_prefix("W/").unwrap_or(tag).as_bytes() == etag.as_bytes()
    })
}

/// A tag that changes with the bytes.
fn etag(bytes: &[u8]) -> HeaderValue {
    let mut tag = String::from("\"");
    for byte in &Sha256::digest(bytes)[..16] {
        // Writing to a String does not fail.
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The files that a browser loads before the page can be used, and the OpenAPI description.
    #[test]
    fn the_page_is_small() {
        let size = |path: &(&str, &str, &[u8])| path.2.len();
        let page: usize = FILES.iter().filter(|file| file.0 != "/openapi.yaml").map(size).sum();
        assert!(page < 60_000, "{page} bytes");
    }

    /// A script that is not in the table would not be found.
    #[test]
    fn every_file_of_the_folder_is_served_and_every_module_is_there() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/explorer");
        let mut names: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort_unstable();
        let served = |(path, ..): &(&'static str, &str, &[u8])| match *path {
            "/" => "index.html",
            path => path.rsplit('/').next().unwrap(),
        };
        let mut paths: Vec<_> = FILES.iter().map(served).collect();
        paths.sort_unstable();
        assert_eq!(names, paths);
    }

    /// No inline style or script, and nothing from elsewhere: otherwise only a browser would notice, when its
    /// policy refuses them.
    #[test]
    fn the_page_holds_to_its_policy() {
        for (path, _, bytes) in FILES.iter().filter(|file| file.0 != "/openapi.yaml") {
            let text = std::str::from_utf8(bytes).unwrap();
            let elsewhere = text.replace("http://www.w3.org/2000/svg", "");
            for refused in
                [" style=", " onclick=", "<style", "innerHTML", "eval(", "https://", "http://"]
            {
                assert!(!elsewhere.contains(refused), "{path}: {refused}");
            }
        }
        let page = std::str::from_utf8(FILES[0].2).unwrap();
        for script in page.split("<script").skip(1) {
            assert!(script.starts_with(" type=\"module\" src=\"/explorer/"), "{script}");
        }
    }
}
