//! A row that this version of the app can not read costs that row, not its list.

use e2e::items::Kind;
use e2e::scenario::{no_defects, scenario};

/// A condition: so many rows say that they can not be shown.
fn opaque(count: usize) -> String {
    format!("document.querySelectorAll('[data-opaque]').length === {count}")
}

#[tokio::test]
async fn unreadable_row_costs_itself_alone() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee, session) = stage.one_reader().await?;
        for text in ["Can be read", "Can not be read"] {
            coachee.create(Kind::Action, &session, text).await?;
            coach.sees(&Kind::Action.shows(text)).await?;
        }
        // A date of the year 12345, which an earlier server took.
        let mut database = stage.server.database().await?;
        sqlx::query("UPDATE actions SET due_by = 327417552000000000 WHERE body = 'Can not be read'")
            .execute(&mut database)
            .await?;
        coach.page.driver.refresh().await?;
        coach.sees(&opaque(1)).await?;
        coach.sees(&Kind::Action.shows("Can be read")).await?;
        coach.look_at_every_size("opaque").await?;

        let delete = "find('button', 'Delete', document.querySelector('[data-opaque]')).click(); return null;";
        coach.page.eval::<()>(delete, Vec::new()).await?;
        coach.sees(&opaque(0)).await?;
        coach.click("Undo").await?;
        coach.sees(&opaque(1)).await?;
        coach.sees("byTestId('unsent').dataset.count === '0'").await?;

        // Lists elsewhere say it as well.
        let leave = "document.querySelector('header .brand').click(); return null;";
        coach.page.eval::<()>(leave, Vec::new()).await?;
        let note = "document.querySelector('main').innerText.includes('One action can not be shown')";
        coach.sees(note).await?;
        coach.look_at_every_size("opaque-dashboard").await?;
        coach
            .page
            .eval::<()>("history.back(); return null;", Vec::new())
            .await?;
        coach.sees(&opaque(1)).await?;
        coach.page.eval::<()>(delete, Vec::new()).await?;
        coach.sees(&opaque(0)).await?;
        coach.sees("byTestId('unsent').dataset.count === '0'").await?;
        let left: i64 =
            sqlx::query_scalar("SELECT count(*) FROM actions WHERE body = 'Can not be read' AND deleted_at IS NULL")
                .fetch_one(&mut database)
                .await?;
        anyhow::ensure!(left == 0, "it is still there");
        no_defects(&[&coach]).await
    })
    .await
}
