//! Tells the truth about the connection, in words.

use std::time::Duration;

use yew::prelude::*;

use super::icon::{Glyph, icon};
use crate::countdown::{use_has_lasted, use_seconds_until};
use crate::sse::{State, use_sse, use_sse_status};

/// Trouble shorter than this is none.
const PATIENCE: Duration = Duration::from_secs(2);

/// Tells the truth about the connection, in words. Always in the document; hidden while there is nothing to tell.
#[component]
pub fn ConnectionIndicator() -> Html {
    let status = use_sse_status();
    let sse = use_sse();
    let is_trouble = !matches!(status.state, State::Connected | State::Disconnected);
    let has_lasted = use_has_lasted(is_trouble, PATIENCE);
    let is_shown = has_lasted || status.state == State::Error;
    let seconds = use_seconds_until(status.retry_at.filter(|_| is_shown));

    let retry = Callback::from(move |_: MouseEvent| sse.retry());
    let content = match status.state {
        _ if !is_shown => Html::default(),
        State::Connected | State::Disconnected => Html::default(),
        State::Error => html! {
            <button type="button" onclick={retry}>
                { icon(Glyph::Alert) }{ "Connection lost. Click to retry." }
            </button>
        },
        State::Connecting | State::Reconnecting => html! {
            <>
                <span class="spinner" aria-hidden="true" />
                <span>
                    { if status.state == State::Connecting { "Connecting…" } else { "Reconnecting…" } }
                    if let Some(error) = status.last_error {
                        <span class="reason">{ format!(" {}", error.cause) }</span>
                    }
                </span>
                // Counting aloud would drown everything else out.
                if let Some(seconds) = seconds.filter(|seconds| *seconds > 0) {
                    <span aria-hidden="true" class="countdown">{ format!("{seconds} s") }</span>
                    <button type="button" class="link" onclick={retry}>{ "Try now" }</button>
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
