//! The three lists of a coaching session, used as people use them.

use std::collections::BTreeSet;

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::json;
use thirtyfour::WebElement;

use crate::api::Stored;
use crate::page::{Moment, quoted};
use crate::person::Person;

/// Which list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What somebody will do.
    Action,
    /// What was agreed.
    Agreement,
    /// What is to be reached.
    Goal,
}

/// A row as it is on the screen.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Row {
    /// What the app calls it.
    pub id: String,
    /// What can be read in it.
    pub text: String,
    /// Whether its box is ticked.
    pub done: bool,
    /// What is chosen in it, if there is a choice.
    pub choice: Option<String>,
}

impl Kind {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Action, Self::Agreement, Self::Goal];

    /// How the list is marked in the document, and named in addresses.
    #[must_use]
    pub const fn list(self) -> &'static str {
        match self {
            Self::Action => "actions",
            Self::Agreement => "agreements",
            Self::Goal => "goals",
        }
    }

    /// How forms and buttons call it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Action => "action",
            Self::Agreement => "agreement",
            Self::Goal => "goal",
        }
    }

    /// A condition: a row with this text is on the screen.
    #[must_use]
    pub fn shows(self, text: &str) -> String {
        format!("!!rowWith({}, {})", quoted(self.list()), quoted(text))
    }

    /// A condition: the list is on the screen, and no row has this text.
    #[must_use]
    pub fn hides(self, text: &str) -> String {
        format!(
            "!!byTestId({0}) && !rowWith({0}, {1})",
            quoted(self.list()),
            quoted(text)
        )
    }

    /// A condition: this is chosen in the row with this text.
    #[must_use]
    pub fn shows_choice(self, text: &str, choice: &str) -> String {
        format!(
            "rowWith({}, {})?.choice === {}",
            quoted(self.list()),
            quoted(text),
            quoted(choice)
        )
    }

    /// A condition: the row with this text is ticked.
    #[must_use]
    pub fn shows_done(self, text: &str) -> String {
        format!("rowWith({}, {})?.done === true", quoted(self.list()), quoted(text))
    }
}

impl Row {
    /// What the row says is stored. Of its text, which also tells dates and names, that of `stored` if it is in it.
    #[must_use]
    pub fn as_stored(&self, stored: &BTreeSet<Stored>) -> Stored {
        let own = stored
            .iter()
            .find(|stored| stored.id == self.id && self.text.contains(&stored.text));
        let text = own.map_or(&self.text, |stored| &stored.text).clone();
        let done = self.done || self.choice.as_deref() == Some("Completed");
        Stored {
            id: self.id.clone(),
            text,
            done,
        }
    }
}

impl Person {
    /// What stands in a list.
    ///
    /// # Errors
    ///
    /// When the page can not be asked.
    pub async fn rows(&self, kind: Kind) -> anyhow::Result<Vec<Row>> {
        self.page
            .eval("return rows(arguments[0]);", vec![json!(kind.list())])
            .await
    }

    /// Waits for the row with this text.
    ///
    /// # Errors
    ///
    /// When it does not come.
    pub async fn row(&self, kind: Kind, text: &str) -> anyhow::Result<Row> {
        let condition = format!("rowWith({}, {})", quoted(kind.list()), quoted(text));
        Ok(self.page.until(&condition).await?.1)
    }

    /// Waits until a condition such as [`Kind::shows`] holds.
    ///
    /// # Errors
    ///
    /// When it does not.
    pub async fn sees(&self, condition: &str) -> anyhow::Result<()> {
        self.page.until::<bool>(condition).await.map(drop)
    }

    /// Waits until the lists of a session are on the screen and live.
    ///
    /// # Errors
    ///
    /// When they are not.
    pub async fn until_session_shown(&self) -> anyhow::Result<()> {
        for kind in Kind::ALL {
            self.sees(&format!("!!byTestId('{}')", kind.list())).await?;
        }
        self.until_connected().await
    }

    /// Adds an item; returns when the last click was made.
    ///
    /// # Errors
    ///
    /// When the form is not there.
    pub async fn add(&self, kind: Kind, text: &str) -> anyhow::Result<Moment> {
        self.fill(&format!("New {}", kind.word()), text).await?;
        self.click(&format!("Add {}", kind.word())).await?;
        self.page.clicked().await
    }

    /// Rewords the item with this text; returns when the last click was made.
    ///
    /// # Errors
    ///
    /// When it is not there.
    pub async fn edit(&self, kind: Kind, text: &str, new: &str) -> anyhow::Result<Moment> {
        let id = self.row(kind, text).await?.id;
        self.begin_edit(kind, text, new).await?;
        self.click_in_row(kind, &id, "Save").await?;
        self.page.clicked().await
    }

    /// Ticks the item with this text; returns when the click was made.
    ///
    /// # Errors
    ///
    /// When it is not there.
    pub async fn complete(&self, kind: Kind, text: &str) -> anyhow::Result<Moment> {
        let id = self.row(kind, text).await?.id;
        self.in_row(kind, &id, "checkbox", "Done").await?.click().await?;
        self.page.clicked().await
    }

    /// Chooses something for the item with this text; returns when the choice was made.
    ///
    /// # Errors
    ///
    /// When it is not there, or there is no such choice.
    pub async fn choose(&self, kind: Kind, text: &str, choice: &str) -> anyhow::Result<Moment> {
        let id = self.row(kind, text).await?.id;
        let script = "const options = [...rowElement(arguments[0], arguments[1]).querySelectorAll('option')];
            return options.find((option) => option.text === arguments[2]);";
        let arguments = vec![json!(kind.list()), json!(id), json!(choice)];
        let option = self.page.element(script, arguments).await?;
        option.click().await.with_context(|| format!("choosing {choice:?}"))?;
        self.page.eval("return Date.now();", Vec::new()).await
    }

    /// Deletes the item with this text; returns when the last click was made.
    ///
    /// # Errors
    ///
    /// When it is not there.
    pub async fn delete(&self, kind: Kind, text: &str) -> anyhow::Result<Moment> {
        let id = self.row(kind, text).await?.id;
        self.click_in_row(kind, &id, "Delete").await?;
        self.page.clicked().await
    }

    /// Opens the editor of the item with this text, and types this instead of it.
    ///
    /// # Errors
    ///
    /// When it is not there.
    pub async fn begin_edit(&self, kind: Kind, text: &str, new: &str) -> anyhow::Result<()> {
        let id = self.row(kind, text).await?.id;
        self.click_in_row(kind, &id, "Edit").await?;
        let field = self
            .in_row(kind, &id, "textbox", &format!("Edit {}", kind.word()))
            .await?;
        // What is selected is replaced.
        Ok(field.send_keys(new).await?)
    }

    /// Clicks a button in the row with this id.
    ///
    /// # Errors
    ///
    /// When it is not there.
    pub async fn click_in_row(&self, kind: Kind, id: &str, button: &str) -> anyhow::Result<()> {
        let button_element = self.in_row(kind, id, "button", button).await?;
        button_element
            .click()
            .await
            .with_context(|| format!("clicking {button:?} in {}", kind.list()))
    }

    async fn in_row(&self, kind: Kind, id: &str, role: &str, name: &str) -> anyhow::Result<WebElement> {
        let scope = format!(
            "(rowElement({}, {}) ?? document.createElement('i'))",
            quoted(kind.list()),
            quoted(id)
        );
        self.until_there(role, name, &scope).await?;
        let script = format!("return inSight(selected(find(arguments[0], arguments[1], {scope})));");
        self.page.element(&script, vec![json!(role), json!(name)]).await
    }
}
