//! A message on a channel reaches all other tabs in order, and no tab that has closed the channel.

#![cfg(target_arch = "wasm32")]
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that can not go on must say so, and takes from the browser what some do not have"
)]

mod common;

use std::cell::RefCell;
use std::rc::Rc;

use common::until;
use freshet::browser::channel::{Channel, NoChannel};
use js_sys::{Object, Reflect};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// Opens a channel, and collects the messages that arrive on it.
fn listening(name: &str) -> (Channel, Rc<RefCell<Vec<String>>>) {
    let heard = Rc::<RefCell<Vec<String>>>::default();
    let channel = Channel::open(name, {
        let heard = Rc::clone(&heard);
        move |text| heard.borrow_mut().push(text)
    });
    (channel.unwrap(), heard)
}

#[wasm_bindgen_test]
async fn channel_delivers_in_order() {
    let (sender, own) = listening("order");
    let ((_second, at_second), (_third, at_third)) = (listening("order"), listening("order"));
    let (_other, elsewhere) = listening("another");
    let texts = ["one", "", "é🎯\n\"three\""];
    for text in texts {
        sender.send(text);
    }
    until("all have heard it", || {
        at_second.borrow().len() == 3 && at_third.borrow().len() == 3
    })
    .await;
    assert_eq!(*at_second.borrow(), texts);
    assert_eq!(*at_third.borrow(), texts);
    assert_eq!(*own.borrow(), [""; 0]);
    assert_eq!(*elsewhere.borrow(), [""; 0]);
}

#[wasm_bindgen_test]
async fn a_channel_that_is_dropped_hears_nothing_more() {
    let (sender, _) = listening("dropped");
    let (first, at_first) = listening("dropped");
    let (_second, at_second) = listening("dropped");
    sender.send("on its way");
    drop(first);
    sender.send("too late");
    until("the other has heard it", || at_second.borrow().len() == 2).await;
    assert_eq!(*at_first.borrow(), [""; 0]);
}

#[wasm_bindgen_test]
async fn channel_may_be_dropped_in_handler() {
    let (sender, _) = listening("itself");
    let slot = Rc::<RefCell<Option<Channel>>>::default();
    let count = Rc::new(RefCell::new(0));
    let channel = Channel::open("itself", {
        let (slot, count) = (Rc::clone(&slot), Rc::clone(&count));
        move |_| {
            drop(slot.borrow_mut().take());
            // The captured variables of the closure still exist.
            *count.borrow_mut() += 1;
        }
    });
    *slot.borrow_mut() = Some(channel.unwrap());
    let (_last, at_last) = listening("itself");
    sender.send("drop it");
    sender.send("again");
    until("the other has heard it", || at_last.borrow().len() == 2).await;
    assert_eq!(*count.borrow(), 1);
    assert!(slot.borrow().is_none());
}

#[wasm_bindgen_test]
async fn what_is_no_text_is_not_heard() {
    let (_channel, heard) = listening("objects");
    let other = web_sys::BroadcastChannel::new("objects").unwrap();
    other.post_message(&Object::new()).unwrap();
    other.post_message(&7.into()).unwrap();
    other.post_message(&"text".into()).unwrap();
    until("the text has arrived", || !heard.borrow().is_empty()).await;
    assert_eq!(*heard.borrow(), ["text"]);
    other.close();
}

#[wasm_bindgen_test]
fn a_browser_without_channels_says_so() {
    let (window, name) = (web_sys::window().unwrap(), "BroadcastChannel".into());
    let real = Object::get_own_property_descriptor(&window, &name);
    Reflect::delete_property(&window, &name).unwrap();
    let channel = Channel::open("missing", |_| {});
    Object::define_property(&window, &name, real.unchecked_ref());
    assert_eq!(channel.unwrap_err(), NoChannel);
}
