// What a test asks of a page. Put in front of every script that a test runs; nothing of it is part of the product.

const kept = (window.__e2e ??= {});

const SELECTORS = {
  button: "button, [role=button], input[type=submit]",
  checkbox: "input[type=checkbox], [role=checkbox]",
  link: "a[href]",
  textbox: "input:not([type=checkbox]):not([type=radio]):not([type=submit]):not([type=hidden]), textarea",
};

// A close approximation of the accessible name.
const nameOf = (element) => {
  const label = element.getAttribute("aria-label");
  if (label) return label.trim();
  const ids = (element.getAttribute("aria-labelledby") ?? "").split(/\s+/).filter(Boolean);
  const texts = ids.map((id) => document.getElementById(id)?.textContent ?? "");
  if (texts.length) return texts.join(" ").trim();
  const labels = [...(element.labels ?? [])].map((label) => label.textContent);
  if (labels.length) return labels.join(" ").trim();
  return (element.textContent || element.value || "").trim();
};

const isVisible = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });

// The one that is called exactly so, else the first whose name starts so. Names may go on: "Edit action: Call Anna".
const find = (role, name, scope = document) => {
  const wanted = name.toLowerCase();
  const candidates = [...scope.querySelectorAll(SELECTORS[role])].filter(isVisible);
  const named = (matches) => candidates.find((element) => matches(nameOf(element).toLowerCase()));
  return named((name) => name === wanted) ?? named((name) => name.startsWith(wanted)) ?? null;
};

// A way from the dashboard to a session, and not to one of its rows.
const sessionLink = () => document.querySelector('main a[href^="/coaching-sessions/"]:not([href*="#"])');

// Typing replaces what is selected. Clearing a field by script would not cause the events that typing does.
const selected = (element) => {
  if (element?.matches(SELECTORS.textbox)) {
    element.focus();
    element.select();
  }
  return element;
};

// Scrolled to where no header, message or indicator covers it, as people do before they click.
const inSight = (element) => {
  element?.scrollIntoView({ block: "center", behavior: "instant" });
  return element;
};

const byTestId = (id) => document.querySelector(`[data-testid="${id}"]`);

const rowElements = (list) => [...(byTestId(list)?.querySelectorAll("[data-id]") ?? [])];

const rowElement = (list, id) => rowElements(list).find((row) => row.dataset.id === id);

const rowOf = (row) => {
  const fields = [...row.querySelectorAll("input:not([type=checkbox]), textarea")].map((field) => field.value);
  const box = row.querySelector(SELECTORS.checkbox);
  const choice = row.querySelector("select")?.selectedOptions[0]?.text ?? null;
  return { id: row.dataset.id, text: [row.innerText, ...fields].join("\n"), done: box?.checked ?? false, choice };
};

const rows = (list) => rowElements(list).map(rowOf);

const rowWith = (list, text) => rows(list).find((row) => row.text.includes(text));

const indicator = () => byTestId("connection-indicator")?.dataset.state;

// Resolves as soon as `condition` returns something; looks after every change of the document.
const once = (condition, limit) =>
  new Promise((resolve) => {
    let observer, ticker, deadline;
    const end = (outcome) => {
      observer.disconnect();
      clearInterval(ticker);
      clearTimeout(deadline);
      resolve({ at: Date.now(), ...outcome });
    };
    const look = () => {
      try {
        const value = condition();
        if (value) end({ met: true, value });
      } catch (error) {
        end({ met: false, error: String(error) });
      }
    };
    observer = new MutationObserver(look);
    observer.observe(document, { attributes: true, characterData: true, childList: true, subtree: true });
    // Addresses and properties change without a mutation.
    ticker = setInterval(look, 20);
    deadline = setTimeout(() => end({ met: false }), limit);
    look();
  });

// When the last click happened, for whoever measures what it led to.
if (!kept.clicks) {
  kept.clicks = [];
  document.addEventListener("click", () => kept.clicks.push(Date.now()), { capture: true });
}

// Remembers what must not be disturbed while somebody else works: where one is, what one types, the rows.
const settleDown = () => {
  const field = document.activeElement;
  const lists = ["actions", "agreements", "goals"];
  kept.before = {
    address: location.href,
    field,
    value: field.value,
    cursor: field.selectionStart,
    rows: lists.flatMap((list) => rowElements(list).map((element) => ({ list, id: element.dataset.id, element }))),
  };
};

// What was disturbed since, in words.
const disturbances = () => {
  const { before } = kept;
  if (!before) return ["the page was loaded anew"];
  const found = [];
  if (location.href !== before.address) found.push(`the address changed to ${location.href}`);
  if (document.activeElement !== before.field) found.push("the focus moved");
  if (before.field.value !== before.value) found.push(`the text in the field changed to ${before.field.value}`);
  if (before.field.selectionStart !== before.cursor) found.push("the cursor moved");
  for (const { list, id, element } of before.rows) {
    const now = rowElement(list, id);
    if (now && now !== element) found.push(`the row ${id} of ${list} was built anew`);
  }
  return found;
};

// Records every address that the app goes to without loading the page anew.
const recordAddresses = () => {
  kept.addresses = [];
  for (const method of ["pushState", "replaceState"]) {
    const original = history[method].bind(history);
    history[method] = (...change) => {
      original(...change);
      // Without an address it is only the state of the entry that changes.
      if (change[2] !== undefined) kept.addresses.push(location.pathname + location.search);
    };
  }
};

// Sets the wall clock of this page by so many milliseconds from the true time. No clock that passes is touched.
const setClock = (forward) => {
  kept.trueNow ??= Date.now.bind(Date);
  Date.now = () => kept.trueNow() + forward;
};
