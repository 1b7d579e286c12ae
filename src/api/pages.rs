//! Joins a list that the server answers in pages.
//!
//! Each page names the next one (`Link`, RFC 8288). Rows are not parsed here: the result has the bytes that a list in
//! one page would have, so that [`Rows`](super::Rows) can compare it with the last list.

use std::collections::HashSet;

use rustc_hash::FxBuildHasher;

use super::scan::{member, space, value_end};

/// The maximum number of pages that are fetched. A list of more pages is a fault of the server.
const MOST: usize = 1_000;

/// The pages of a list before the last one.
#[derive(Default)]
pub(super) struct Pages(Vec<Vec<u8>>);

impl Pages {
    /// Returns the address of the next page if this `Link` names one: the path of the list with another query.
    pub(super) fn address_of_next(&self, path: &str, link: &str) -> Option<String> {
        let query = link.strip_prefix("<?")?.strip_suffix(">; rel=\"next\"")?;
        let path = path.split_once('?').map_or(path, |(path, _)| path);
        (self.0.len() < MOST).then(|| format!("{path}?{query}"))
    }

    pub(super) fn push(&mut self, body: Vec<u8>) {
        self.0.push(body);
    }

    /// Joins the rows of all pages into one body, in the envelope of the last page. A row that has moved between two
    /// answers appears once. Returns `None` if a page is not a list.
    pub(super) fn join(self, last: Vec<u8>) -> Option<Vec<u8>> {
        if self.0.is_empty() {
            return Some(last);
        }
        let (start, end) = list_in(&last)?;
        let mut seen = HashSet::<&[u8], FxBuildHasher>::default();
        let mut body = last.get(..start)?.to_vec();
        let first = body.len();
        for part in self.0.iter().chain([&last]) {
            let (mut at, end) = list_in(part)?;
            loop {
                at = space(part, at);
                if at >= end {
                    break;
                }
                let row = part.get(at..value_end(part, at)?)?;
                at = space(part, at + row.len());
                if part.get(at) == Some(&b',') {
                    at += 1;
                }
                let is_new = match member(row, "id") {
                    Some(id) => seen.insert(row.get(id..value_end(row, id)?)?),
                    None => true,
                };
                if is_new {
                    if body.len() > first {
                        body.push(b',');
                    }
                    body.extend_from_slice(row);
                }
            }
        }
        body.extend_from_slice(last.get(end..)?);
        Some(body)
    }
}

/// Returns the start and the end of the rows in a body, without the brackets.
fn list_in(body: &[u8]) -> Option<(usize, usize)> {
    let at = member(body, "data").filter(|at| body.get(*at) == Some(&b'['))?;
    Some((at + 1, value_end(body, at)? - 1))
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::Pages;

    fn joined(parts: &[&str]) -> Option<String> {
        let (last, before) = parts.split_last().unwrap();
        let mut pages = Pages::default();
        for part in before {
            pages.push(part.as_bytes().to_vec());
        }
        let body = pages.join(last.as_bytes().to_vec())?;
        Some(String::from_utf8(body).unwrap())
    }

    #[test]
    fn pages_join_into_identical_bytes() {
        let whole = r#"{"status_code":200,"data":[{"id":"a","x":[1,"]"]},{"id":"b"},{"id":"c"}]}"#;
        assert_eq!(joined(&[whole]).as_deref(), Some(whole));
        for parts in [
            &[
                r#"{"status_code":200,"data":[{"id":"a","x":[1,"]"]}]}"#,
                r#"{"status_code":200,"data":[{"id":"b"},{"id":"c"}]}"#,
            ][..],
            &[
                r#"{"status_code":200,"data":[]}"#,
                r#"{ "data" : [ {"id":"a","x":[1,"]"]} , {"id":"b"} ] , "status_code":200}"#,
                r#"{"status_code":200,"data":[{"id":"c"}]}"#,
            ],
            // A row that has moved.
            &[
                r#"{"status_code":200,"data":[{"id":"a","x":[1,"]"]},{"id":"b"}]}"#,
                r#"{"status_code":200,"data":[{"id":"b","new":1},{"id":"c"}]}"#,
                r#"{"status_code":200,"data":[]}"#,
            ],
        ] {
            assert_eq!(joined(parts).as_deref(), Some(whole), "{parts:?}");
        }
    }

    #[test]
    fn part_that_is_no_list_spoils_the_list() {
        let list = r#"{"status_code":200,"data":[{"id":"a"}]}"#;
        for bad in [
            "",
            "{}",
            r#"{"status_code":200,"data":{}}"#,
            r#"{"status_code":200,"data":[{"id""#,
        ] {
            assert_eq!(joined(&[list, bad]), None, "{bad}");
            assert_eq!(joined(&[bad, list]), None, "{bad}");
        }
    }

    #[test]
    fn next_part_has_the_path_of_the_list() {
        let next = |path, link| Pages::default().address_of_next(path, link);
        for path in ["/actions?a=b", "/actions"] {
            let address = next(path, "<?a=b&after=m.1.2>; rel=\"next\"");
            assert_eq!(address.as_deref(), Some("/actions?a=b&after=m.1.2"));
        }
        for other in [
            "",
            "<?a=b>",
            "<?a=b>; rel=\"prev\"",
            "<https://elsewhere.example/?a=b>; rel=\"next\"",
        ] {
            assert_eq!(next("/actions", other), None, "{other}");
        }
    }
}

/// The whole path of a paged request, with a simulated server.
#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod client_tests {
    use std::cell::RefCell;
    use std::future::{Future as _, ready};
    use std::pin::pin;
    use std::rc::Rc;
    use std::task::{Context, Poll, Waker};

    use wire::CoachingSessionId;

    use crate::api::{Api, ApiError, Kind};
    use crate::browser::fetch::Response;
    use crate::config::Config;

    /// The record of one value for each request.
    type Noted<T> = Rc<RefCell<Vec<T>>>;

    /// Answers with one row for each request, up to the third. Records the addresses, and the positions of the reads.
    fn api(before_answer: impl Fn(&Api, usize) + 'static) -> (Api, Noted<String>, Noted<u64>) {
        let api = Api::new(&Config::parse("{}").unwrap());
        let (asked, read) = (Rc::new(RefCell::new(Vec::new())), Rc::new(RefCell::new(Vec::new())));
        let (urls, this) = (Rc::clone(&asked), api.clone());
        api.set_transport(Rc::new(move |request| {
            urls.borrow_mut().push(request.url);
            let count = urls.borrow().len();
            before_answer(&this, count);
            Box::pin(ready(Ok(Response {
                status: 200,
                retry_after: None,
                event_cursor: Some(format!("e-{}", 10 * count)),
                link: (count < 3).then(|| format!("<?after={count}>; rel=\"next\"")),
                body: format!("{{\"status_code\":200,\"data\":[{{\"id\":{count}}}]}}").into_bytes(),
            })))
        }));
        let positions = Rc::clone(&read);
        api.on_read(move |position| positions.borrow_mut().push(position.unwrap().seq));
        (api, asked, read)
    }

    fn list(api: &Api) -> Result<Vec<u8>, ApiError> {
        let mut list = pin!(api.agreements(CoachingSessionId::from_u128(1)));
        match list.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(result) => result,
            Poll::Pending => panic!("every answer is there"),
        }
    }

    #[test]
    fn paged_list_keeps_its_first_position() {
        let (api, asked, read) = api(|_, _| {});
        let body = list(&api).unwrap();
        assert_eq!(body, br#"{"status_code":200,"data":[{"id":1},{"id":2},{"id":3}]}"#);
        assert!(asked.borrow()[0].contains("/agreements?coaching_session_id="));
        assert!(asked.borrow()[2].ends_with("/agreements?after=2"));
        assert_eq!(*read.borrow(), [10]);
    }

    #[test]
    fn list_of_one_person_ends_with_their_session() {
        let (api, asked, _) = api(|api, count| {
            if count == 2 {
                api.fence();
            }
        });
        assert_eq!(*list(&api).unwrap_err().kind(), Kind::Unauthorized);
        assert_eq!(asked.borrow().len(), 2);
    }

    #[test]
    fn paging_stops_when_the_person_changes() {
        let (api, asked, _) = api(|_, _| {});
        // A mutation may continue as another one, after an answer that arrived when its person had signed out.
        let begun = api.in_this_session();
        api.fence();
        assert_eq!(*list(&begun.in_this_session()).unwrap_err().kind(), Kind::Unauthorized);
        assert!(asked.borrow().is_empty());
        assert!(list(&api.in_this_session()).is_ok());
    }
}
