//! A network or a proxy that answers every request with a page of its own: nothing of it counts as an answer.

use anyhow::ensure;
use e2e::items::Kind;
use e2e::proxy::{NOT_FOUND, PORTAL, Proxy, UNAUTHORIZED};
use e2e::scenario::{no_defects, scenario};

#[tokio::test]
async fn page_of_html_is_no_answer() -> anyhow::Result<()> {
    scenario(async |stage| {
        let proxy = Proxy::before(&stage.server.origin).await?;
        let (coach, coachee, session) = stage.one_reader_at(&proxy.origin).await?;
        for kind in Kind::ALL {
            coachee.create(kind, &session, "To be deleted").await?;
            coach.sees(&kind.shows("To be deleted")).await?;
        }
        proxy.intercept(Some(PORTAL));
        for kind in Kind::ALL {
            coach.delete(kind, "To be deleted").await?;
        }
        coach.add(Kind::Action, "To be added").await?;
        // Well after the offers to undo have ended, everything waits.
        coach.sees("byTestId('unsent').dataset.count === '4'").await?;
        coach.sees("indicator() !== 'connected'").await?;
        coach.sees("!find('button', 'Undo')").await?;
        coach.look_at_every_size("interception").await?;
        for status in [NOT_FOUND, UNAUTHORIZED] {
            proxy.intercept(Some(status));
            coach.take_requests().await?;
            coach
                .until_request(|request| request.is_api() && request.method != "GET")
                .await?;
            // A row that is not found would have been taken for deleted, and a person without a session signed out.
            coach.sees("byTestId('unsent').dataset.count === '4'").await?;
        }
        for kind in Kind::ALL {
            let stored = coachee.stored(kind, &session).await?;
            ensure!(
                stored.iter().any(|it| it.text == "To be deleted"),
                "{kind:?} was deleted by a page of HTML"
            );
        }

        proxy.intercept(None);
        coach.click("Try now").await?;
        coach.sees("byTestId('unsent').dataset.count === '0'").await?;
        coach.until_connected().await?;
        for kind in Kind::ALL {
            let stored = coachee.stored(kind, &session).await?;
            ensure!(
                stored.iter().all(|it| it.text != "To be deleted"),
                "{kind:?} was not deleted"
            );
            coach.sees(&kind.hides("To be deleted")).await?;
        }
        let actions = coachee.stored(Kind::Action, &session).await?;
        let added = actions.iter().filter(|it| it.text == "To be added").count();
        ensure!(added == 1, "the action was added {added} times");
        no_defects(&[&coach]).await
    })
    .await
}
