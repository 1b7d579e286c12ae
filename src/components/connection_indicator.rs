//! The state of the connection, in words.

use std::time::Duration;

use yew::prelude::*;

use super::icon::{Glyph, icon};
use crate::countdown::{use_has_lasted, use_seconds_until};
use crate::sse::{State, use_sse, use_sse_status};

/// The time that trouble must last before it is shown. A missing network is shown at once.
const PATIENCE: Duration = Duration::from_secs(2);

/// The state of the connection, in words. The element is always in the document, and hidden while there is nothing to
/// report.
#[component]
pub fn ConnectionIndicator() -> Html {
    let status = use_sse_status();
    let sse = use_sse();
    let is_trouble = !matches!(status.state, State::Connected | State::Disconnected);
    let has_lasted = use_has_lasted(is_trouble, PATIENCE);
    let was_shown = use_mut_ref(|| false);
    let is_shown = is_trouble && (has_lasted || status.is_offline || *was_shown.borrow());
    *was_shown.borrow_mut() = is_shown;
    let seconds = use_seconds_until(status.retry_at.filter(|_| is_shown));

    let retry = Callback::from(move |_: MouseEvent| sse.retry());
    let reason = status.last_error.filter(|_| !status.is_offline).map(|error| {
        html! { <span class="reason" ~textContent={error.cause.to_string()} /> }
    });
    // Hidden from screen readers: a countdown read aloud would drown everything else out.
    let countdown = seconds.filter(|seconds| *seconds > 0).map(|seconds| {
        html! { <span aria-hidden="true" class="countdown" ~textContent={format!("{seconds} s")} /> }
    });
    let content = match status.state {
        _ if !is_shown => Html::default(),
        State::Connected | State::Disconnected => Html::default(),
        State::Error => html! {
            <>
                <button type="button" onclick={retry}>
                    { icon(Glyph::Alert) }<span ~textContent="Connection lost. Click to retry." />
                </button>
                { reason }
                { countdown }
            </>
        },
        State::Connecting | State::Reconnecting => html! {
            <>
                <span class="spinner" aria-hidden="true" />
                <span ~textContent={
                    match status.state {
                        _ if status.is_offline => "No network.",
                        State::Connecting => "Connecting…",
                        _ => "Reconnecting…",
                    }
                } />
                if status.is_offline {
                    <span class="wide-only" ~textContent=" Changes of others are shown once it is back." />
                }
                { reason }
                if countdown.is_some() {
                    { countdown }
                    <button type="button" class="link" onclick={retry} ~textContent="Try now" />
                }
            </>
        },
    };
    html! {
        <div class="connection" role="status" data-testid="connection-indicator" data-state={status.state.name()}
            hidden={!is_shown}>
            { content }
        </div>
    }
}
