//! Everything the server may push.

use serde::Serialize;

use crate::{
    Action, ActionId, Agreement, AgreementId, Announcement, ChangeType, CoachingRelationshipId, CoachingSessionId,
    EntityType, Goal, GoalId, JobCompletion, Maintenance, Notification, NotificationId, Timestamp, UserId, Workflow,
};

/// Everything the server may push over its stream of server-sent events.
///
/// On the wire: `{"type":"<snake_case name>","data":{…}}`, with the same name in the `event:` field; read by
/// [`decode`](crate::decode). An entity in an event is a hint of what changed, never the last word: with concurrent
/// writes the last event to arrive need not be the last write to land.
#[derive(Clone, Debug, PartialEq, Serialize, strum::EnumDiscriminants)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
#[strum_discriminants(
    name(EventKind),
    derive(
        Hash,
        PartialOrd,
        Ord,
        strum::EnumString,
        strum::IntoStaticStr,
        strum::VariantArray,
        strum::VariantNames
    ),
    strum(serialize_all = "snake_case"),
    doc = "Which event, without its content."
)]
pub enum Event {
    /// The first event of every stream: which log it reads, and whether it takes up where the last one ended.
    Hello {
        /// Which log the ids belong to.
        epoch: Option<String>,
        /// Whether everything after the cursor that was asked for will be sent. If not, what is on screen may have
        /// missed something.
        resumed: bool,
        /// The position after which this stream tells everything. A read that reflects a later position, or this
        /// one, has missed nothing. Absent where the server keeps no log.
        cursor: Option<String>,
        /// After how many milliseconds of silence a heartbeat is sent. Absent: none is promised.
        heartbeat_ms: Option<u64>,
        /// The server's clock.
        server_time: Option<Timestamp>,
        /// The version of this protocol.
        protocol: Option<u32>,
    },
    /// Sent after a silence, to show that the stream is alive. Has no id.
    Heartbeat {},
    /// Something may have been missed: everything live must be read again.
    Resync {
        /// Why, in a word.
        reason: Option<String>,
    },
    /// The server closes this stream on purpose (a restart, a rotation).
    Shutdown {
        /// How many milliseconds to wait before coming back.
        retry_ms: u64,
    },
    /// The session behind this stream ends soon.
    AuthExpiring {
        /// In how many milliseconds.
        in_ms: u64,
    },

    /// An action was added to a session. To both participants.
    ActionCreated {
        /// The session.
        coaching_session_id: CoachingSessionId,
        /// The action.
        action: Action,
    },
    /// An action was edited, completed, assigned. To both participants.
    ActionUpdated {
        /// The session.
        coaching_session_id: CoachingSessionId,
        /// The action.
        action: Action,
    },
    /// An action was removed. To both participants.
    ActionDeleted {
        /// The session.
        coaching_session_id: CoachingSessionId,
        /// The action.
        action_id: ActionId,
    },

    /// An agreement was made in a session. To both participants.
    AgreementCreated {
        /// The session.
        coaching_session_id: CoachingSessionId,
        /// The agreement.
        agreement: Agreement,
    },
    /// An agreement was reworded. To both participants.
    AgreementUpdated {
        /// The session.
        coaching_session_id: CoachingSessionId,
        /// The agreement.
        agreement: Agreement,
    },
    /// An agreement was dropped. To both participants.
    AgreementDeleted {
        /// The session.
        coaching_session_id: CoachingSessionId,
        /// The agreement.
        agreement_id: AgreementId,
    },

    /// A goal was set. To both participants.
    GoalCreated {
        /// The relationship.
        coaching_relationship_id: CoachingRelationshipId,
        /// The goal.
        goal: Goal,
    },
    /// A goal was edited, or promoted by linking it to a session. To both participants.
    GoalUpdated {
        /// The relationship.
        coaching_relationship_id: CoachingRelationshipId,
        /// The goal.
        goal: Goal,
    },
    /// A goal was removed, its links to sessions with it, and its actions have lost it. To both participants.
    GoalDeleted {
        /// The relationship.
        coaching_relationship_id: CoachingRelationshipId,
        /// The goal.
        goal_id: GoalId,
    },

    /// A session works on a goal from now on; also sent when a session is first opened. To both participants.
    CoachingSessionGoalCreated {
        /// The relationship.
        coaching_relationship_id: CoachingRelationshipId,
        /// The session.
        coaching_session_id: CoachingSessionId,
        /// The goal.
        goal_id: GoalId,
    },
    /// A session no longer works on a goal. To both participants.
    CoachingSessionGoalDeleted {
        /// The relationship.
        coaching_relationship_id: CoachingRelationshipId,
        /// The session.
        coaching_session_id: CoachingSessionId,
        /// The goal.
        goal_id: GoalId,
    },

    /// A session was planned, changed or removed; mostly it was given another title. To both participants.
    CoachingSessionTitleUpdated {
        /// The session.
        coaching_session_id: CoachingSessionId,
    },
    /// The topics of a session changed in any way. To both participants.
    TopicsChanged {
        /// The session.
        coaching_session_id: CoachingSessionId,
    },
    /// The recording of a session got further. To both participants.
    MeetingRecordingUpdated {
        /// The session.
        coaching_session_id: CoachingSessionId,
    },
    /// The transcription of a session got further. To both participants.
    TranscriptionUpdated {
        /// The session.
        coaching_session_id: CoachingSessionId,
    },

    /// There is something to tell one person.
    NotificationCreated(Notification),
    /// A notification changed, mostly because it was read elsewhere.
    NotificationUpdated(Notification),
    /// A notification is gone.
    NotificationDeleted {
        /// Which one.
        id: NotificationId,
    },

    /// A person came, went or is away.
    UserStatusChanged {
        /// Who.
        user_id: UserId,
        /// The new status, in the server's words.
        status: String,
    },
    /// A person's profile changed.
    UserUpdated {
        /// Who.
        user_id: UserId,
    },

    /// A long process has begun.
    WorkflowStarted(Workflow),
    /// A long process has ended well.
    WorkflowCompleted(Workflow),
    /// A long process has failed.
    WorkflowFailed(Workflow),
    /// A long job of the studio has ended.
    JobCompletion(JobCompletion),
    /// Something in the studio was created, changed or removed.
    EntityChange {
        /// What kind of thing.
        entity_type: EntityType,
        /// What happened to it.
        change_type: ChangeType,
        /// Which one.
        entity_id: String,
    },

    /// Something everybody should know.
    SystemAnnouncement(Announcement),
    /// The server will be away.
    SystemMaintenance(Maintenance),

    /// This person must be signed out at once, everywhere the event arrives.
    ForceLogout {
        /// Why, in words for the person.
        reason: String,
    },
}

impl Event {
    /// Which event this is.
    #[must_use]
    pub fn kind(&self) -> EventKind {
        self.into()
    }
}

impl EventKind {
    /// Every kind of event.
    pub const ALL: &[Self] = <Self as strum::VariantArray>::VARIANTS;

    /// Every name, as in the `event:` field. One listener per name is what a browser needs: it has no wildcard.
    pub const NAMES: &[&str] = <Self as strum::VariantNames>::VARIANTS;

    /// The name on the wire.
    ///
    /// ```
    /// assert_eq!(wire::EventKind::ActionCreated.name(), "action_created");
    /// ```
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether it speaks of the stream itself rather than of what the stream is about.
    #[must_use]
    pub const fn is_control(self) -> bool {
        matches!(
            self,
            Self::Hello | Self::Heartbeat | Self::Resync | Self::Shutdown | Self::AuthExpiring
        )
    }
}
