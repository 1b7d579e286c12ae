// Runs in a page before anything of its own, and knows nothing of how it is made: when events arrive, when their text
// is in the document, what is read meanwhile.
window.probe ??= (() => {
  const EVENTS = ["action_created", "action_updated", "action_deleted"];
  const probe = { isOpen: false, arrivals: 0, longTasks: 0, reads: 0, memory: null };
  let lastArrival = 0;
  let lastSign = 0;
  let single = null;
  let goal = null;

  // A listener that is there from the start hears of an event before the page's own do.
  window.EventSource = class extends window.EventSource {
    constructor(...parameters) {
      super(...parameters);
      this.addEventListener("open", () => (probe.isOpen = true));
      for (const name of EVENTS) {
        this.addEventListener(name, (event) => {
          lastArrival = performance.now();
          probe.arrivals += 1;
          if (single && event.data.includes(single.text)) {
            single.arrived = lastArrival;
          }
        });
      }
    }
  };

  for (const name of ["instantiate", "instantiateStreaming"]) {
    const instantiate = WebAssembly[name];
    WebAssembly[name] = async (...parameters) => {
      const made = await instantiate.apply(WebAssembly, parameters);
      const exports = Object.values((made.instance ?? made).exports ?? {});
      probe.memory ??= exports.find((each) => each instanceof WebAssembly.Memory) ?? null;
      return made;
    };
  }

  const texts = () => [...document.querySelectorAll("[data-testid=actions] .text")].map((row) => row.textContent);
  const shows = ({ target, addedNodes }, text) =>
    target.data?.includes(text) || [...addedNodes].some((node) => node.textContent.includes(text));

  const changes = new MutationObserver((records) => {
    const now = performance.now();
    lastSign = now;
    if (single?.arrived && records.some((record) => shows(record, single.text))) {
      single.done({ took: now - single.arrived });
      single = null;
    }
    if (goal && probe.arrivals >= goal.arrivals && texts().every((text, row) => text === goal.texts[row])) {
      goal.reached = Math.max(0, now - lastArrival);
      goal.arrivals = Infinity;
    }
  });
  changes.observe(document, { subtree: true, childList: true, characterData: true });

  const watch = (type, note) => new PerformanceObserver((list) => list.getEntries().forEach(note)).observe({ type });
  watch("longtask", () => (probe.longTasks += 1));
  watch("resource", ({ name }) => {
    if (name.includes("/actions?")) {
      probe.reads += 1;
      lastSign = performance.now();
    }
  });

  probe.isReady = (rows) => probe.isOpen && texts().length === rows;

  // Waits until this text is in the document, and tells how long after the event that brought it.
  probe.shown = (text, done) => (single = { text, done });

  // From now on counts anew, and waits for so many events and for these texts.
  probe.expect = (arrivals, expected) => {
    Object.assign(probe, { arrivals: 0, longTasks: 0, reads: 0 });
    goal = { arrivals, texts: expected, reached: null };
  };

  // Waits until nothing has happened for a while, and tells what has happened since `expect`.
  probe.settled = (done) => {
    const look = () => {
      if (performance.now() - Math.max(lastSign, lastArrival) < 1000) {
        return setTimeout(look, 100);
      }
      const { arrivals, longTasks, reads } = probe;
      const wrong = texts().filter((text, row) => text !== goal.texts[row]).length;
      done({ arrivals, longTasks, reads, wrong, reached: goal.reached });
    };
    look();
  };
  return probe;
})();
