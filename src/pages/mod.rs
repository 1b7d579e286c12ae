//! One module for each page: reads resources, renders components.

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
