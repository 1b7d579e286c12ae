//! The dashboard: coaching sessions around today, open actions and goals.

mod plan;
mod sessions;
mod work;

use std::rc::Rc;

use chrono::{Days, NaiveDate};
use wire::User;
use yew::prelude::*;

use crate::components::problem;
use crate::query::{View, use_query};
use crate::resources::{UserRelationships, UserSessions};
use crate::title::use_title;
use crate::today::use_today;

use plan::PlanSession;
use sessions::Sessions;
use work::{Goals, OpenActions};

/// The number of days after today that the dashboard shows.
const AHEAD: u64 = 90;

/// The days whose coaching sessions the dashboard shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Window {
    from: NaiveDate,
    to: NaiveDate,
}

impl Window {
    fn contains(self, day: NaiveDate) -> bool {
        (self.from..=self.to).contains(&day)
    }
}

/// Properties of [`DashboardPage`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct DashboardPageProperties {
    /// The signed-in person.
    pub user: Rc<User>,
}

/// The dashboard: coaching sessions around today, open actions and goals.
#[component]
pub fn DashboardPage(props: &DashboardPageProperties) -> Html {
    use_title("Dashboard");
    let user = &props.user;
    let today = use_today();
    let window = Window {
        from: UserSessions::recent(user.id, today).from,
        to: today.checked_add_days(Days::new(AHEAD)).unwrap_or(today),
    };
    let relationships = use_query(UserRelationships(user.id));
    let failure = match relationships.view() {
        View::Failed(error) => Some(error.to_string()),
        View::Idle | View::Loading | View::Ready { .. } => None,
    };
    let retry = {
        let relationships = relationships.clone();
        Callback::from(move |()| relationships.refetch())
    };
    let relationships = relationships.data();
    let coaches = relationships
        .as_deref()
        .is_some_and(|all| all.iter().any(|each| each.coach_id == user.id));
    html! {
        <div class="dashboard">
            <header class="greeting">
                <h1 dir="auto" ~textContent={format!("Hello, {}", first_name(user))} />
                <p class="lead" ~textContent="Here is what is coming up." />
            </header>
            if let Some(text) = failure { { problem(text, &retry) } }
            <div class="columns">
                <div class="column">
                    <Sessions {window} user={user.id} relationships={relationships.clone()} />
                    if coaches {
                        <PlanSession {window} user={user.id} relationships={relationships.clone()} />
                    }
                </div>
                <div class="column">
                    <OpenActions user={user.id} relationships={relationships.clone()} />
                    for relationship in relationships.iter().flat_map(|all| all.iter()) {
                        <Goals key={relationship.id.to_string()} relationship={Rc::clone(relationship)} user={user.id} />
                    }
                </div>
            </div>
        </div>
    }
}

fn first_name(user: &User) -> String {
    if user.first_name.is_empty() {
        user.name()
    } else {
        user.first_name.clone()
    }
}
