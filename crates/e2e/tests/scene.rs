//! The scene the product is made for: two people, one session, two screens that never disagree.

use std::collections::BTreeSet;

use anyhow::{Context as _, ensure};
use e2e::items::Kind;
use e2e::page::Moment;
use e2e::person::Person;
use e2e::requests::Request;
use e2e::scenario::{COACH, no_defects, scenario};
use wire::CoachingSession;

/// How long a change may take to the other screen, in milliseconds.
const LIMIT: Moment = 1_000;

#[tokio::test]
async fn changes_appear_within_a_second() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee, session) = stage.two_people_in_one_session().await?;
        // The coachee is in the middle of a sentence, and stays there.
        coachee.fill("New action", "half a thou").await?;

        for kind in Kind::ALL {
            let (first, second) = (
                format!("Call Anna ({})", kind.word()),
                format!("Call Otto ({})", kind.word()),
            );
            let watched = Watched {
                observer: &coachee,
                session: &session,
                kind,
            };
            watched.expect(&kind.shows(&first), coach.add(kind, &first)).await?;
            watched
                .expect(&kind.shows(&second), coach.edit(kind, &first, &second))
                .await?;
            if kind == Kind::Action {
                watched
                    .expect(&kind.shows_done(&second), coach.complete(kind, &second))
                    .await?;
            }
            watched
                .expect(&kind.hides(&second), coach.delete(kind, &second))
                .await?;
        }
        coachee.type_on("ght").await?;
        ensure!(
            coachee
                .page
                .eval::<String>("return document.activeElement.value;", Vec::new())
                .await?
                == "half a thought"
        );

        // And back.
        let watched = Watched {
            observer: &coach,
            session: &session,
            kind: Kind::Agreement,
        };
        let text = "We meet on Mondays";
        watched
            .expect(&Kind::Agreement.shows(text), coachee.add(Kind::Agreement, text))
            .await?;
        no_defects(&[&coach, &coachee]).await
    })
    .await
}

#[tokio::test]
async fn nothing_is_missed_while_the_server_restarts() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee, session) = stage.two_people_in_one_session().await?;
        coach.add(Kind::Action, "Before the restart").await?;
        coachee.sees(&Kind::Action.shows("Before the restart")).await?;

        stage.server.stop().await?;
        for person in [&coach, &coachee] {
            person
                .page
                .until::<bool>("indicator() !== 'connected'")
                .await
                .context("losing the server")?;
        }
        stage.server.start_again().await?;
        let api = stage.api(COACH).await?;
        for kind in Kind::ALL {
            api.create(kind, &session, &format!("Meanwhile ({})", kind.word()))
                .await?;
        }
        for person in [&coach, &coachee] {
            for kind in Kind::ALL {
                person
                    .sees(&kind.shows(&format!("Meanwhile ({})", kind.word())))
                    .await?;
            }
            person.until_connected().await?;
        }

        // The connection is not only said to be back.
        coachee.add(Kind::Action, "After the restart").await?;
        coach.sees(&Kind::Action.shows("After the restart")).await?;
        for kind in Kind::ALL {
            let stored: BTreeSet<_> = api.stored(kind, &session).await?.into_iter().collect();
            for person in [&coach, &coachee] {
                let seen: BTreeSet<_> = person
                    .rows(kind)
                    .await?
                    .iter()
                    .map(|row| row.as_stored(&stored))
                    .collect();
                ensure!(
                    seen == stored,
                    "{} sees {seen:#?}, but stored is {stored:#?}",
                    person.email
                );
            }
        }
        no_defects(&[&coach, &coachee]).await
    })
    .await
}

/// The screen on which a change must arrive.
struct Watched<'stage> {
    observer: &'stage Person,
    session: &'stage CoachingSession,
    kind: Kind,
}

impl Watched<'_> {
    /// Lets somebody act and checks how it arrives: soon, without disturbing, and without needless requests.
    async fn expect(&self, condition: &str, act: impl Future<Output = anyhow::Result<Moment>>) -> anyhow::Result<()> {
        let observer = self.observer;
        observer.settle_down().await?;
        observer.take_requests().await?;
        observer.page.watch(condition).await?;
        let clicked = act.await.with_context(|| format!("doing what leads to {condition}"))?;
        let seen = observer
            .page
            .watched()
            .await
            .with_context(|| format!("{} waits for {condition}", observer.email))?;
        ensure!(seen - clicked <= LIMIT, "{condition} took {} ms", seen - clicked);
        observer.is_undisturbed().await.with_context(|| condition.to_owned())?;

        // What was painted is confirmed by reading it, and nothing else is read.
        let requests = observer.until_request(|request| self.is_about_this(request)).await?;
        let needless: Vec<_> = requests.iter().filter(|request| !self.is_about_this(request)).collect();
        ensure!(
            needless.is_empty(),
            "{condition} made {} ask for {needless:#?}",
            observer.email
        );
        observer.is_undisturbed().await.with_context(|| condition.to_owned())
    }

    fn is_about_this(&self, request: &Request) -> bool {
        let session = self.session.id.to_string();
        let relationship = self.session.coaching_relationship_id.to_string();
        let of_session = request.target.contains(&session);
        match self.kind {
            Kind::Action => request.reads("/actions") && of_session,
            Kind::Agreement => request.reads("/agreements") && of_session,
            // A goal that is gone is gone from the session and from its actions too.
            Kind::Goal => {
                request.reads("/goals") && request.target.contains(&relationship)
                    || request.reads("/coaching_sessions/goals")
                    || request.reads(&format!("/coaching_sessions/{session}/goals"))
                    || request.reads("/actions") && of_session
            }
        }
    }
}
