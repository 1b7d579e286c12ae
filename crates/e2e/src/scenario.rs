//! The stage of a test: a server, people in front of browsers, and an orderly end whatever happens.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::Path;
use std::sync::Mutex;

use anyhow::{Context as _, anyhow, ensure};
use futures_util::FutureExt as _;
use serde_json::Value;
use thirtyfour::WebDriver;
use wire::{CoachingSession, CoachingSessionId};

use crate::api::Api;
use crate::dist;
use crate::driver::Driver;
use crate::person::Person;
use crate::server::{Server, root};

/// Has a relationship with [`COACHEE`].
pub const COACH: &str = "coach@example.com";
/// Has a relationship with [`COACH`].
pub const COACHEE: &str = "coachee@example.com";
/// Runs the organization of both.
pub const ADMIN: &str = "admin@example.com";

/// A server, and a driver for the browsers that use it.
#[derive(Debug)]
pub struct Stage {
    /// The server.
    pub server: Server,
    driver: Driver,
    /// Every browser, to be closed at the end.
    browsers: Mutex<Vec<WebDriver>>,
}

/// Runs a test on a stage of its own.
///
/// # Errors
///
/// When the stage can not be set, or the test fails; the server's log is printed then.
pub async fn scenario(test: impl AsyncFnOnce(&mut Stage) -> anyhow::Result<()>) -> anyhow::Result<()> {
    run(&dist::built()?, test).await
}

/// Runs a test on a stage of its own, with other values in the configuration of the app.
///
/// # Errors
///
/// See [`scenario`].
pub async fn configured(
    values: &Value,
    test: impl AsyncFnOnce(&mut Stage) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    run(dist::configured(&dist::built()?, values)?.path(), test).await
}

async fn run(dist: &Path, test: impl AsyncFnOnce(&mut Stage) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let (server, driver) = tokio::try_join!(Server::serving(dist), Driver::start())?;
    let mut stage = Stage {
        server,
        driver,
        browsers: Mutex::default(),
    };
    let outcome = AssertUnwindSafe(test(&mut stage)).catch_unwind().await;
    let browsers = stage.browsers.into_inner().unwrap_or_default();
    if !matches!(outcome, Ok(Ok(()))) {
        picture_failure(&browsers).await;
    }
    for browser in browsers {
        // The test is over: what it found matters, not how its browsers end.
        drop(browser.quit().await);
    }
    match outcome {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(anyhow!("{error:#}\n\nThe server said:\n{}", stage.server.log())),
        Err(panic) => resume_unwind(panic),
    }
}

/// Leaves a picture of every browser in `screenshots/`, named after the test that failed.
async fn picture_failure(browsers: &[WebDriver]) {
    let folder = root().join("screenshots");
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("test").replace("::", "-");
    for (number, browser) in browsers.iter().enumerate() {
        let path = folder.join(format!("failed-{test}-{number}.png"));
        // Nothing that goes wrong here may hide why the test failed.
        drop(std::fs::create_dir_all(&folder));
        drop(browser.screenshot(&path).await);
    }
}

impl Stage {
    /// Puts somebody in front of a new browser.
    ///
    /// # Errors
    ///
    /// When the browser does not start.
    pub async fn person(&self, email: &'static str) -> anyhow::Result<Person> {
        self.person_at(email, &self.server.origin).await
    }

    /// Puts somebody in front of a new browser that finds the server at another origin.
    ///
    /// # Errors
    ///
    /// When the browser does not start.
    pub async fn person_at(&self, email: &'static str, origin: &str) -> anyhow::Result<Person> {
        let driver = self.driver.browser().await?;
        if let Ok(mut browsers) = self.browsers.lock() {
            browsers.push(driver.clone());
        }
        Ok(Person::new(email, driver, origin))
    }

    /// Somebody without a browser.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn api(&self, email: &str) -> anyhow::Result<Api> {
        Api::sign_in(&self.server.origin, email).await
    }

    /// The coach with a session on the screen, connected; the coachee, who changes it without a browser; and that session.
    ///
    /// # Errors
    ///
    /// When they do not get there.
    pub async fn one_reader(&self) -> anyhow::Result<(Person, Api, CoachingSession)> {
        self.one_reader_at(&self.server.origin).await
    }

    /// Like [`one_reader`](Self::one_reader), with a browser that finds the server at another origin.
    ///
    /// # Errors
    ///
    /// When they do not get there.
    pub async fn one_reader_at(&self, origin: &str) -> anyhow::Result<(Person, Api, CoachingSession)> {
        let coach = self.person_at(COACH, origin).await?;
        coach.open("/").await?;
        coach.sign_in().await?;
        let (_, path): (_, String) = coach.page.until("sessionLink()?.getAttribute('href')").await?;
        coach.open(&path).await?;
        coach.until_session_shown().await?;
        let coachee = self.api(COACHEE).await?;
        let session = coachee.session(session_id(&path)?).await?;
        Ok((coach, coachee, session))
    }

    /// Coach and coachee, each in a browser, connected, the same session on both screens; and that session.
    ///
    /// # Errors
    ///
    /// When they do not get there.
    pub async fn two_people_in_one_session(&self) -> anyhow::Result<(Person, Person, CoachingSession)> {
        let (coach, coachee) = tokio::try_join!(self.person(COACH), self.person(COACHEE))?;
        coach.open("/").await?;
        coach.sign_in().await?;
        let link = "sessionLink()?.getAttribute('href')";
        let (_, path): (_, String) = coach
            .page
            .until(link)
            .await
            .context("the dashboard links to no session")?;

        // One goes there by a click, the other by the address, and is asked to sign in on the way.
        let click = format!("document.querySelector('a[href=\"{path}\"]').click(); return null;");
        coach.page.eval::<()>(&click, Vec::new()).await?;
        coachee.open(&path).await?;
        coachee.sign_in().await?;
        for person in [&coach, &coachee] {
            person.until_at(&path).await?;
            person.until_session_shown().await?;
        }
        let session = self.api(COACH).await?.session(session_id(&path)?).await?;
        Ok((coach, coachee, session))
    }
}

/// The session that has this path.
fn session_id(path: &str) -> anyhow::Result<CoachingSessionId> {
    path.rsplit('/')
        .next()
        .unwrap_or_default()
        .parse()
        .context("no session has this path")
}

/// Checks that nothing went wrong in the pages without anybody seeing it.
///
/// # Errors
///
/// When something did.
pub async fn no_defects(people: &[&Person]) -> anyhow::Result<()> {
    for person in people {
        let defects = person.defects().await?;
        ensure!(defects.is_empty(), "in the console of {}: {defects:#?}", person.email);
    }
    Ok(())
}
