//! The search for the browser of the tests and its driver.

use std::path::PathBuf;

/// The variable that names the driver, if the one on the `PATH` is wrong.
pub(crate) const DRIVER_VARIABLE: &str = "CHROMEDRIVER";
/// The variable that names the browser, if the one on the `PATH` is wrong.
pub(crate) const BROWSER_VARIABLE: &str = "CHROMIUM";

const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const MAC_BROWSER: &str = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";

/// A browser and its driver.
#[derive(Debug)]
pub(crate) struct Browser {
    pub(crate) executable: PathBuf,
    pub(crate) driver: PathBuf,
}

impl Browser {
    /// Searches the variables, then the `PATH`. Returns `None` if either of the two is missing.
    pub(crate) fn find() -> Option<Self> {
        let executable = named_by(BROWSER_VARIABLE)
            .or_else(|| BROWSERS.iter().find_map(|name| which::which(name).ok()))
            .or_else(|| Some(PathBuf::from(MAC_BROWSER)).filter(|path| path.is_file()))?;
        let driver = named_by(DRIVER_VARIABLE).or_else(|| which::which("chromedriver").ok())?;
        Some(Self { executable, driver })
    }
}

fn named_by(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}
