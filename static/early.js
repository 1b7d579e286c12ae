// What has to be done before the app is there, or without it.

// Whoever was signed in here needs all parts of the app, and need not wait for one to ask for the next.
try {
  if (localStorage.getItem("freshet-user")) {
    for (const part of document.querySelectorAll("link[data-part]")) {
      part.rel = "preload";
    }
  }
} catch {
  // A browser that keeps nothing does not know.
}

// Says that the app has stopped, or could not be loaded.
{
  let isLoaded = false;
  let isOver = false;

  const end = (title, explanation) => {
    if (isOver) {
      return;
    }
    isOver = true;
    // The old body is taken away whole: what is left of a broken app may go on rendering into it, unseen.
    const body = document.createElement("body");
    body.innerHTML = `<main class="fatal" role="alert"><h1>${title}</h1><p>${explanation}</p><a class="button primary" href="">Reload the page</a></main>`;
    document.body = body;
  };

  // A trap ends a WebAssembly program for good: a panic, no memory left. So does a stack without an end. What others
  // put into the page, such as the browser's extensions, may fail as it likes.
  const isTrap = (error) =>
    error?.name === "RuntimeError" || (/call stack|recursion/.test(error?.message) && /wasm/.test(error.stack));

  const check = (error, source) => {
    if (isTrap(error)) {
      end("Something went wrong", "The app has stopped. What was saved is safe; please reload the page.");
    } else if (!isLoaded && source?.includes(location.origin)) {
      end("Freshet could not be loaded", "Please check your connection, then reload the page.");
    }
  };

  addEventListener("TrunkApplicationStarted", () => {
    isLoaded = true;
  });
  addEventListener("unhandledrejection", ({ reason }) => check(reason, reason?.stack));
  // What can not be loaded does not bubble. Without styles and pictures there still is an app.
  addEventListener("error", ({ error, filename, target }) => check(error, filename || target.src), true);

  if (typeof WebAssembly !== "object") {
    end("Freshet can not run here", "It needs WebAssembly, which this browser does not have or does not allow.");
  }
}
