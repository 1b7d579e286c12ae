//! Short messages that come by themselves and go by themselves.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use yew::prelude::*;

use crate::browser::Timeout;
use crate::components::toasts;

/// How long a message stays.
const LIFE: Duration = Duration::from_secs(8);
/// How many messages are shown; older ones make room.
const MOST: usize = 4;

/// A short message.
#[derive(Clone, Debug)]
pub struct Toast {
    /// Its number, for telling it from others.
    pub number: u32,
    /// What it says.
    pub text: Rc<str>,
    /// Ends its life.
    _timer: Rc<Timeout>,
}

impl PartialEq for Toast {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

/// The messages on the screen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Toasts {
    /// The oldest first.
    pub shown: Vec<Toast>,
    last: u32,
}

/// What can happen to the messages.
#[derive(Debug)]
pub enum Change {
    /// There is something to say.
    Say(String),
    /// It was read, or its time is over.
    Dismiss(u32),
    /// Whoever it was said to has left.
    Clear,
}

impl Toasts {
    fn after(&self, change: Change, dismiss: impl Fn(u32) + 'static) -> Self {
        let mut toasts = self.clone();
        match change {
            Change::Say(text) => {
                // Saying the same thing again begins its time anew.
                toasts.shown.retain(|toast| *toast.text != *text);
                let excess = (toasts.shown.len() + 1).saturating_sub(MOST);
                toasts.shown.drain(..excess);
                toasts.last += 1;
                let number = toasts.last;
                let timer = Rc::new(Timeout::new(LIFE, move || dismiss(number)));
                toasts.shown.push(Toast {
                    number,
                    text: text.into(),
                    _timer: timer,
                });
            }
            Change::Clear => toasts.shown.clear(),
            Change::Dismiss(number) => toasts.shown.retain(|toast| toast.number != number),
        }
        toasts
    }
}

/// A way to say things, which stays the same whatever is being said.
#[derive(Clone, Debug, PartialEq)]
pub struct Say(Callback<Change>);

impl Say {
    /// Says something.
    pub fn say(&self, text: impl Into<String>) {
        self.0.emit(Change::Say(text.into()));
    }

    /// Says something and offers to do something about it.
    pub fn offer(&self, text: impl Into<String>, _label: &'static str, _action: Callback<()>) {
        self.say(text);
    }

    /// Takes everything back that was said.
    pub fn clear(&self) {
        self.0.emit(Change::Clear);
    }
}

/// Properties of [`ToastProvider`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct ToastProviderProperties {
    /// What may say things.
    #[prop_or_default]
    pub children: Html,
}

/// Lets everything below say things, and shows what is being said behind it.
#[component]
pub fn ToastProvider(props: &ToastProviderProperties) -> Html {
    let update = use_force_update();
    let board = use_memo((), move |()| Board {
        toasts: RefCell::default(),
        update,
    });
    let change = {
        let board = Rc::clone(&board);
        use_memo((), move |()| Callback::from(move |change| Board::apply(&board, change)))
    };
    let dismiss = change.reform(Change::Dismiss);
    html! {
        <>
            <ContextProvider<Say> context={Say((*change).clone())}>{ props.children.clone() }</ContextProvider<Say>>
            { toasts(&board.toasts.borrow().shown, &dismiss) }
        </>
    }
}

/// Where the messages hang.
struct Board {
    toasts: RefCell<Toasts>,
    update: UseForceUpdateHandle,
}

impl Board {
    fn apply(board: &Rc<Self>, change: Change) {
        let weak = Rc::downgrade(board);
        let dismiss = move |number| {
            if let Some(board) = weak.upgrade() {
                Self::apply(&board, Change::Dismiss(number));
            }
        };
        let next = board.toasts.borrow().after(change, dismiss);
        let old = board.toasts.replace(next);
        drop(old);
        board.update.force_update();
    }
}

/// A way to say things.
///
/// # Panics
///
/// Outside a [`ToastProvider`].
#[hook]
pub fn use_say() -> Say {
    #[expect(
        clippy::expect_used,
        reason = "a component that is placed wrongly is a mistake of the program"
    )]
    use_context().expect("must be used below a <ToastProvider>")
}
