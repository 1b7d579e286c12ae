//! The transport of requests on the host, which has no browser: to a simulated server.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use crate::browser::fetch::{FetchError, Request, Response};

/// A function that takes a request and answers it at any later time.
pub(crate) type Transport = Rc<dyn Fn(Request) -> Pin<Box<dyn Future<Output = Result<Response, FetchError>>>>>;
