//! The pages of the app, one module for each. They read resources and render components.

mod coaching_session;
mod dashboard;
mod login;
mod not_found;
mod sessions;

pub use coaching_session::CoachingSessionPage;
pub use dashboard::DashboardPage;
pub use login::LoginPage;
pub use not_found::NotFoundPage;
pub use sessions::SessionsPage;
