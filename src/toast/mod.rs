//! Toasts: short messages that disappear by themselves, and offers to undo the last change.

mod state;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use yew::prelude::*;

use crate::browser::{Timeout, UndoKey, view};
use crate::components::toasts;
use crate::navigation::MAIN;

pub use state::{Hold, Toast, ToastId, Toasts};

/// An action that is available for a while.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// The label of the button, such as "Undo".
    pub label: AttrValue,
    /// The callback of the action. It is called at most once.
    pub on_accept: Callback<()>,
    /// The callback for an offer that ends without being accepted or withdrawn: it expires, is dismissed, or the person
    /// signs out.
    pub on_lapse: Callback<()>,
}

/// An action of a person on a toast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToastAction {
    /// The toast is dismissed.
    Dismiss(ToastId),
    /// The offer of the toast is accepted.
    Accept(ToastId),
    /// A pointer or the focus enters the toast, or leaves it.
    Hold(ToastId, Hold, bool),
}

/// A handle that shows toasts. It stays the same while the toasts change.
#[derive(Clone, Debug)]
pub struct Toaster(Rc<Board>);

impl PartialEq for Toaster {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Toaster {
    /// Shows a text for eight seconds.
    pub fn say(&self, text: impl Into<String>) {
        self.0.toasts.borrow_mut().say(&text.into());
        Board::update(&self.0);
    }

    /// Shows a text and a button for ten seconds, or longer while a pointer or the focus is inside. `Ctrl+Z` accepts
    /// the newest offer as well.
    pub fn offer(&self, text: impl Into<String>, label: impl Into<AttrValue>, on_accept: Callback<()>) -> ToastId {
        let offer = Offer {
            label: label.into(),
            on_accept,
            on_lapse: Callback::noop(),
        };
        self.show(text, offer)
    }

    /// Shows an offer with a callback for its end.
    pub fn show(&self, text: impl Into<String>, offer: Offer) -> ToastId {
        let id = self.0.toasts.borrow_mut().offer(&text.into(), offer);
        Board::update(&self.0);
        id
    }

    /// Withdraws an offer, if it is still shown. It is then neither accepted nor does it lapse.
    pub fn withdraw(&self, id: ToastId) {
        let withdrawn = self.0.toasts.borrow_mut().remove(id);
        Board::update(&self.0);
        drop(withdrawn);
    }

    /// Removes all toasts.
    pub fn clear(&self) {
        let cleared = self.0.toasts.borrow_mut().clear();
        Board::update(&self.0);
        lapse(cleared);
    }
}

fn lapse(ended: impl IntoIterator<Item = Toast<Offer>>) {
    for offer in ended.into_iter().filter_map(|toast| toast.offer) {
        offer.on_lapse.emit(());
    }
}

/// Properties of [`ToastProvider`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct ToastProviderProperties {
    /// The components that may show toasts.
    #[prop_or_default]
    pub children: Html,
}

/// Provides a [`Toaster`] to its children, and renders the toasts after them.
#[component]
pub fn ToastProvider(props: &ToastProviderProperties) -> Html {
    let update = use_force_update();
    let board = use_memo((), move |()| Board {
        toasts: RefCell::default(),
        timers: RefCell::default(),
        has_ended: Cell::default(),
        update,
    });
    {
        let board = Rc::clone(&board);
        use_effect_with((), move |()| {
            let key = UndoKey::new(move || Board::accept_newest(&board));
            move || drop(key)
        });
    }
    {
        let board = Rc::clone(&board);
        use_effect(move || {
            if board.has_ended.replace(false) && view::has_no_focus() {
                view::focus(MAIN);
            }
        });
    }
    let on_action = {
        let board = Rc::clone(&board);
        use_callback((), move |action, ()| Board::apply(&board, action))
    };
    let shown: Vec<_> = board.toasts.borrow().shown().cloned().collect();
    html! {
        <>
            <ContextProvider<Toaster> context={Toaster(board)}>{ props.children.clone() }</ContextProvider<Toaster>>
            { toasts(&shown, &on_action) }
        </>
    }
}

/// The toasts on the screen, with the timers that end them.
struct Board {
    toasts: RefCell<Toasts<Offer>>,
    timers: RefCell<Vec<((ToastId, u32), Timeout)>>,
    /// Whether the person has just ended a toast, and with it the button that may have had the focus.
    has_ended: Cell<bool>,
    update: UseForceUpdateHandle,
}

impl std::fmt::Debug for Board {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Board")
            .field("toasts", &self.toasts)
            .finish_non_exhaustive()
    }
}

impl Board {
    fn apply(board: &Rc<Self>, action: ToastAction) {
        let mut toasts = board.toasts.borrow_mut();
        let (accepted, lapsed) = match action {
            ToastAction::Accept(id) => (toasts.remove(id), None),
            ToastAction::Dismiss(id) => (None, toasts.remove(id)),
            ToastAction::Hold(id, hold, is_held) => {
                toasts.hold(id, hold, is_held);
                (None, None)
            }
        };
        drop(toasts);
        if accepted.is_some() || lapsed.is_some() {
            board.has_ended.set(true);
        }
        Self::update(board);
        lapse(lapsed);
        if let Some(offer) = accepted.and_then(|toast| toast.offer) {
            offer.on_accept.emit(());
        }
    }

    /// Accepts the newest offer. Returns whether there was one.
    fn accept_newest(board: &Rc<Self>) -> bool {
        let newest = board.toasts.borrow().newest_offer();
        if let Some(id) = newest {
            Self::apply(board, ToastAction::Accept(id));
        }
        newest.is_some()
    }

    fn expire(board: &Rc<Self>, id: ToastId, run: u32) {
        let expired = board.toasts.borrow_mut().expire(id, run);
        Self::update(board);
        lapse(expired);
    }

    /// Renders the toasts, and starts the timers that are needed.
    fn update(board: &Rc<Self>) {
        let mut timers = board.timers.take();
        let toasts = board.toasts.borrow();
        let due = toasts.timers().map(|(id, run, duration)| {
            let known = timers.iter().position(|(of, _)| *of == (id, run));
            let timer = known.map(|known| timers.swap_remove(known).1).unwrap_or_else(|| {
                let board = Rc::downgrade(board);
                Timeout::new(duration, move || {
                    if let Some(board) = board.upgrade() {
                        Self::expire(&board, id, run);
                    }
                })
            });
            ((id, run), timer)
        });
        board.timers.replace(due.collect());
        drop(toasts);
        board.update.force_update();
    }
}

/// Returns the handle that shows toasts.
///
/// # Panics
///
/// Outside a [`ToastProvider`].
#[hook]
pub fn use_toaster() -> Toaster {
    #[expect(
        clippy::expect_used,
        reason = "a component that is placed wrongly is a mistake of the program"
    )]
    use_context().expect("must be used below a <ToastProvider>")
}
