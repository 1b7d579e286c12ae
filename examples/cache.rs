//! A complete app on the cache alone: `src/query` knows nothing of coaching.
//!
//! A query is a value: its key, its request, and the way its answer is read. A mutation is a value: its effect on the
//! screen, and its request. `docs/cache.md` lists what the cache promises, with the test of each promise.

use std::rc::Rc;

use freshet::query::{
    Backend, Edits, Fault, Item, Key, List, Listed, Mutation, Query, QueryClient, QueryProvider, ReadResult, Retry,
    Selector, SendContext, View, use_item, use_mutation, use_query,
};
use serde::{Deserialize, Serialize};
use yew::prelude::*;

/// Where data comes from, and what can go wrong there.
#[derive(Clone, PartialEq)]
struct Shop;

#[derive(Clone, Debug, PartialEq)]
struct Closed;

impl Fault for Closed {
    fn retry(&self) -> Retry {
        Retry::Backoff
    }
}

impl Backend for Shop {
    type Error = Closed;
    type Leftover = ();
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Fruit {
    id: u64,
    name: String,
}

impl Item for Fruit {
    fn id(&self) -> u128 {
        self.id.into()
    }
}

/// A query: its key is its endpoint.
#[derive(Clone, PartialEq)]
struct Fruits;

impl Query for Fruits {
    type Backend = Shop;
    type Data = List<Fruit>;
    type Memo = ();

    fn key(&self) -> Key {
        Key::of::<Self>().segment("fruits").build()
    }

    async fn fetch(self, _: Shop) -> Result<Vec<u8>, Closed> {
        Ok(br#"[{"id":1,"name":"apple"},{"id":2,"name":"pear"}]"#.to_vec())
    }

    fn read(body: Vec<u8>, _: Option<&()>) -> ReadResult<Self> {
        let fruits: Vec<Fruit> = serde_json::from_slice(&body).ok().ok_or(Closed)?;
        Ok((Rc::new(fruits.into_iter().map(Rc::new).collect()), ()))
    }
}

/// A mutation: shown at once, sent when there is a network, taken back if it is refused.
#[derive(Clone, Serialize, Deserialize)]
struct Rename(Fruit);

impl Mutation for Rename {
    type Backend = Shop;
    type Output = Fruit;

    const NAME: &'static str = "rename_fruit";
    const ATTEMPT: &'static str = "rename the fruit";

    fn edits(&self) -> Edits<Fruit> {
        let fruit = Rc::new(self.0.clone());
        Edits::default().in_lane(self.0.id.into()).edit(
            &Fruits,
            move |list: &List<Fruit>| list.replaced(&fruit),
            |saved: &Fruit| {
                let saved = Rc::new(saved.clone());
                move |list: &List<Fruit>| list.replaced(&saved)
            },
        )
    }

    fn is_repeatable(&self, _: &Shop) -> bool {
        true
    }

    async fn send(self, _: Shop, _: SendContext) -> Result<Fruit, Closed> {
        Ok(self.0)
    }
}

/// Renders when fruits come, go or move.
#[component]
fn Stall() -> Html {
    let fruits = use_query(Fruits);
    match fruits.outline() {
        View::Ready { data, .. } => html! {
            for fruit in data.iter() { <Row key={fruit.id} fruit={Listed(Rc::clone(fruit))} /> }
        },
        View::Failed(_) => html! { "The shop is closed." },
        View::Idle | View::Loading => html! { "One moment…" },
    }
}

#[derive(Clone, PartialEq, Properties)]
struct RowProperties {
    fruit: Listed<Fruit>,
}

/// Renders when its own fruit changes, and not when others do.
#[component]
fn Row(props: &RowProperties) -> Html {
    let fruit = use_item(&Fruits, &props.fruit);
    let rename = use_mutation::<Rename>();
    let on_click = {
        let fruit = Rc::clone(&fruit);
        Callback::from(move |_: MouseEvent| {
            let name = fruit.name.to_uppercase();
            rename.run(Rename(Fruit {
                name,
                ..(*fruit).clone()
            }));
        })
    };
    html! { <button onclick={on_click}>{ &fruit.name }</button> }
}

#[component]
fn App() -> Html {
    let client = use_memo((), |()| QueryClient::new(Shop));
    // An event of the server would do this.
    let on_event = {
        let client = (*client).clone();
        Callback::from(move |_: MouseEvent| client.invalidate(&Selector::segment("fruits"), "fruit_changed"))
    };
    html! {
        <QueryProvider<Shop> client={(*client).clone()}>
            <Stall />
            <button onclick={on_event}>{ "Fruits have changed elsewhere" }</button>
        </QueryProvider<Shop>>
    }
}

fn main() {
    yew::Renderer::<App>::new().render();
}
