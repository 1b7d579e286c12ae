//! The current day at midnight, after a night's sleep, and in another time zone.

#![cfg(target_arch = "wasm32")]
#![expect(clippy::unwrap_used, reason = "a test that can not go on must say so")]

#[path = "common/clocks.rs"]
mod clocks;
mod common;
#[path = "common/live.rs"]
mod live;

use clocks::set_clock;
use common::{Place, settle, until};
use freshet::browser::clock;
use freshet::calendar;
use freshet::today::{self, use_today};
use js_sys::{Function, Reflect};
use live::{Pretence, happens};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use yew::prelude::*;

wasm_bindgen_test_configure!(run_in_browser);

const DAY: f64 = 86_400_000.0;

/// The day, as a header shows it, and the time of day of a moment, as a row shows it.
#[component]
fn Header() -> Html {
    let today = use_today();
    let row = html! { <Row /> };
    html! { <p>{ today.to_string() }{ row }</p> }
}

#[component]
fn Row() -> Html {
    let today = use_today();
    let noon = today.and_hms_opt(12, 0, 0).unwrap();
    html! { <span>{ format!(" {today} {}", calendar::time_of_day(calendar::local(noon))) }</span> }
}

/// Returns the text of both components on the current day.
fn shown() -> String {
    let today = calendar::today();
    let noon = calendar::local(today.and_hms_opt(12, 0, 0).unwrap());
    format!("{today} {today} {}", calendar::time_of_day(noon))
}

/// Returns the time until so many milliseconds before the next midnight.
fn until_before_midnight(millis: f64) -> f64 {
    let now = clock::wall();
    let offset = clock::utc_offset_minutes(now);
    let local = i64::try_from(now.as_millis()).unwrap() + i64::from(offset) * 60_000;
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a day fit")]
    let passed = local.rem_euclid(86_400_000) as f64;
    DAY - passed - millis
}

#[wasm_bindgen_test]
async fn midnight_passes_in_plain_sight() {
    let _set = set_clock(until_before_midnight(400.0));
    let place = Place::new();
    let app = place.render::<Header>(());
    settle().await;
    let evening = shown();
    assert_eq!(place.text(), evening);
    until("it is another day", || place.text() != evening).await;
    assert_eq!(place.text(), shown());
    settle().await;
    assert_eq!(place.text(), shown());
    app.destroy();
}

#[wasm_bindgen_test]
async fn a_night_has_passed_for_whoever_returns() {
    let returns: [fn(); 4] = [
        || happens("visibilitychange"),
        || happens("pageshow"),
        || happens("resume"),
        today::check,
    ];
    for comes_back in returns {
        let place = Place::new();
        let app = place.render::<Header>(());
        settle().await;
        let evening = shown();
        assert_eq!(place.text(), evening);
        let set = set_clock(DAY);
        comes_back();
        until("it is another day", || place.text() == shown()).await;
        assert_ne!(place.text(), evening);
        // A clock that is set back counts as well.
        drop(set);
        comes_back();
        until("it is the day before", || place.text() == evening).await;
        app.destroy();
    }
}

#[wasm_bindgen_test]
async fn time_zone_change_keeps_the_day() {
    let place = Place::new();
    let app = place.render::<Header>(());
    settle().await;
    let here = place.text();
    let date = Reflect::get(&js_sys::global(), &"Date".into()).unwrap();
    let prototype: js_sys::Object = Reflect::get(&date, &"prototype".into()).unwrap().unchecked_into();
    let offset = clock::utc_offset_minutes(clock::wall());
    let elsewhere = Function::new_no_args(&format!("return {};", 1 - offset));
    let set = Pretence::new(prototype, "getTimezoneOffset", &elsewhere);
    happens("visibilitychange");
    until("the time is another", || place.text() != here).await;
    assert_eq!(place.text(), shown());
    drop(set);
    happens("visibilitychange");
    until("the time is the same again", || place.text() == here).await;
    app.destroy();
}

#[wasm_bindgen_test]
async fn whoever_comes_later_sees_the_new_day() {
    let (first, second) = (Place::new(), Place::new());
    let early = first.render::<Header>(());
    settle().await;
    let _set = set_clock(DAY);
    let late = second.render::<Header>(());
    until("both agree", || first.text() == shown() && second.text() == shown()).await;
    early.destroy();
    // The source lives on for the other component.
    let _set_on = set_clock(DAY);
    happens("pageshow");
    until("it goes on", || second.text() == shown()).await;
    late.destroy();
}
