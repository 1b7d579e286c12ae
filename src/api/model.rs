//! The way of a request on the host, which has no browser: to a model of the world.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use crate::browser::fetch::{FetchError, Request, Response};

/// Takes a request, and answers when it pleases.
pub(crate) type Transport = Rc<dyn Fn(Request) -> Pin<Box<dyn Future<Output = Result<Response, FetchError>>>>>;
