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
        for (status, kind) in [PORTAL, NOT_FOUND, UNAUTHORIZED].into_iter().zip(Kind::ALL) {
            let is_stored = async |text: &str| {
                let stored = coachee.stored(kind, &session).await?;
                anyhow::Ok(stored.iter().filter(|it| it.text == text).count())
            };
            let (old, new) = (format!("To be deleted: {status}"), format!("To be added: {status}"));
            coachee.create(kind, &session, &old).await?;
            coach.sees(&kind.shows(&old)).await?;
            proxy.intercept(Some(status));
            coach.take_requests().await?;
            coach.delete(kind, &old).await?;
            coach.add(kind, &new).await?;
            coach.until_request(|request| request.method == "DELETE").await?;
            // Well after the offer to undo has ended, everything waits, and the person is still signed in.
            coach.sees("!find('button', 'Undo')").await?;
            coach.sees("byTestId('unsent').dataset.count === '2'").await?;
            coach.sees("indicator() !== 'connected'").await?;
            coach
                .look_at_every_size(&format!("interception-{}", kind.word()))
                .await?;
            ensure!(is_stored(&old).await? == 1, "{old}: a page has deleted it");
            ensure!(is_stored(&new).await? == 0, "{new}: a page has added it");

            proxy.intercept(None);
            let reconnect = "find('button', 'Try now') ?? find('button', 'Connection lost')";
            coach
                .sees(&format!("indicator() === 'connected' || !!({reconnect})"))
                .await?;
            let click = format!("({reconnect})?.click(); return null;");
            coach.page.eval::<()>(&click, Vec::new()).await?;
            coach.until_connected().await?;
            coach.sees("byTestId('unsent').dataset.count === '0'").await?;
            ensure!(is_stored(&old).await? == 0, "{old}: it is still there");
            ensure!(is_stored(&new).await? == 1, "{new}: it is not there once");
        }
        no_defects(&[&coach]).await
    })
    .await
}
