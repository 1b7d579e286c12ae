//! The entry point: starts the app, or shows why it can not start.

use freshet::app::App;
use freshet::browser::page;
use freshet::config::{self, Config};
use freshet::console;

fn main() {
    match Config::parse(&page::text_of(config::ELEMENT).unwrap_or_default()) {
        Ok(config) => {
            console::install(config.enable_logging);
            yew::Renderer::<App>::with_props(freshet::app::AppProperties { config }).render();
        }
        Err(error) => page::show_fatal(
            "Freshet is not set up correctly",
            &format!("Its configuration: {error}"),
        ),
    }
}
