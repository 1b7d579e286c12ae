//! The provider of unsaved text, and the hooks that read and write it.

use std::rc::Rc;

use yew::prelude::*;

use super::{Kept, KeptText};
use crate::browser::{Listener, PageEvent};
use crate::unresolved::Unresolved;

/// Properties of [`KeptProvider`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct KeptProviderProperties {
    /// The unsaved text.
    pub kept: Kept,
    /// The components that may use the unsaved text.
    #[prop_or_default]
    pub children: Html,
}

/// Provides the unsaved text of the person to its children, and follows changes by other tabs.
#[component]
pub fn KeptProvider(props: &KeptProviderProperties) -> Html {
    use_effect_with(props.kept.clone(), |kept| {
        let kept = kept.clone();
        let listener = Listener::new(PageEvent::Storage, move || kept.reload());
        move || drop(listener)
    });
    html! {
        <ContextProvider<Kept> context={props.kept.clone()}>{ props.children.clone() }</ContextProvider<Kept>>
    }
}

/// Returns the unsaved text of the person.
///
/// # Panics
///
/// Outside a [`KeptProvider`].
#[hook]
pub fn use_kept() -> Kept {
    #[expect(
        clippy::expect_used,
        reason = "a component that is placed wrongly is a mistake of the program"
    )]
    use_context().expect("must be used below a <KeptProvider>")
}

/// The draft under one key, for a component.
#[derive(Clone, Debug, PartialEq)]
pub struct UseKeptText {
    /// The draft, if there is one.
    pub current: Option<KeptText>,
    /// The callback that stores another draft, or removes it.
    pub set: Callback<Option<KeptText>>,
}

/// Returns the draft under one key. The component renders again when the draft changes, in this tab or in another.
#[hook]
pub fn use_kept_text(place: &AttrValue) -> UseKeptText {
    let kept = use_kept();
    let update = use_force_update();
    let shown = use_mut_ref(|| None::<String>);
    shown.replace(kept.raw_text(place));
    use_memo((kept.clone(), place.clone()), move |(kept, place)| {
        let (all, place) = (kept.clone(), place.clone());
        kept.watch(Callback::from(move |()| {
            if !all.is_text(&place, shown.borrow().as_ref()) {
                update.force_update();
            }
        }))
    });
    let current = kept.text(place);
    let set = use_callback((kept, place.clone()), |text: Option<KeptText>, (kept, place)| {
        kept.set_text(place, text.as_ref());
    });
    UseKeptText { current, set }
}

/// Returns the part of the unsaved text that `select` extracts. Renders again when that part changes.
#[hook]
pub fn use_from_kept<S: PartialEq + 'static>(select: impl Fn(&Kept) -> S + 'static) -> Rc<S> {
    let kept = use_kept();
    let update = use_force_update();
    let selected = Rc::new(select(&kept));
    let shown = use_mut_ref(|| Rc::clone(&selected));
    shown.replace(Rc::clone(&selected));
    let select: Rc<dyn Fn(&Kept) -> S> = Rc::new(select);
    let latest = use_mut_ref(|| Rc::clone(&select));
    latest.replace(select);
    // The memo owns the watch and lives as long as the component.
    use_memo(kept, move |kept| {
        let all = kept.clone();
        kept.watch(Callback::from(move |()| {
            let select = Rc::clone(&latest.borrow());
            let differs = select(&all) != **shown.borrow();
            if differs {
                update.force_update();
            }
        }))
    });
    selected
}

/// Returns the part of the unresolved changes that `select` extracts. Renders again when that part changes.
#[hook]
pub fn use_unresolved<S: PartialEq + 'static>(select: impl Fn(&[Unresolved]) -> S + 'static) -> Rc<S> {
    use_from_kept(move |kept| select(&kept.unresolved()))
}
