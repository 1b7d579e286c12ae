//! Long jobs and what they change.

use serde::{Deserialize, Serialize};

use crate::json::{FromJson, Unreadable};
use crate::{DocumentId, JobId, PodcastId, WorkflowId};

/// A long-running process that the server carries out for one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workflow {
    /// Its id.
    #[serde(alias = "workflow_id")]
    pub id: WorkflowId,
    /// What it is called.
    #[serde(default)]
    pub name: Option<String>,
    /// What went wrong, if it failed.
    #[serde(default)]
    pub error: Option<String>,
}

/// A long job has ended, well or badly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobCompletion {
    /// Its id.
    pub job_id: JobId,
    /// What it did.
    pub job_type: JobType,
    /// How it ended, in the server's words.
    #[serde(default)]
    pub status: Option<String>,
    /// The podcast it worked on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub podcast_id: Option<PodcastId>,
    /// The document it worked on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_id: Option<DocumentId>,
}

/// What a long job does. kebab-case on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::EnumString)]
#[strum(serialize_all = "kebab-case")]
#[serde(rename_all = "kebab-case")]
pub enum JobType {
    /// Makes a whole podcast.
    GeneratePodcast,
    /// Writes its script.
    GenerateScript,
    /// Speaks its script.
    GenerateAudio,
    /// A job that this version does not know; changes no list.
    #[serde(other)]
    Unknown,
}

impl FromJson for JobType {
    fn from_json(text: &str) -> Result<Self, Unreadable> {
        Ok(String::from_json(text)?.parse().unwrap_or(Self::Unknown))
    }
}

/// The kinds of thing that [`Event::EntityChange`](crate::Event::EntityChange) speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::EnumString)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum EntityType {
    /// A podcast.
    Podcast,
    /// A document.
    Document,
    /// A kind that this version does not know.
    #[serde(other)]
    Unknown,
}

impl FromJson for EntityType {
    fn from_json(text: &str) -> Result<Self, Unreadable> {
        Ok(String::from_json(text)?.parse().unwrap_or(Self::Unknown))
    }
}

/// What happened to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::EnumString)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum ChangeType {
    /// It is new.
    Insert,
    /// It changed.
    Update,
    /// It is gone.
    Delete,
}

impl FromJson for ChangeType {
    fn from_json(text: &str) -> Result<Self, Unreadable> {
        String::from_json(text)?.parse().or(Err(Unreadable))
    }
}
