// The page: what was chosen, and who is told of it.

class Page {
  constructor(recording) {
    this.recording = recording;
    this.showFacts();
    this.filters = new Filters(recording, {
      onSamples: () => this.countAnew(),
      onStacks: () => this.makeTree(),
      onSearch: (matched, active) => this.search(matched, active),
    });
    const choose = (label) => this.choose(label);
    this.flame = new FlameView(recording, choose);
    this.table = new TableView(recording, choose);
    this.due = false;
    this.timeline = new TimelineView(recording, () => this.countSoon(), (lanes) => {
      this.filters.lanes = lanes;
      this.countAnew();
    });
    this.makeTree();
    this.listen();
  }

  showFacts() {
    const json = this.recording.json;
    element("title").textContent = json.title;
    element("line").textContent = json.line;
    element("line").title = json.short;
    const facts = json.facts.slice();
    const untimed = this.recording.total - this.recording.timed;
    if (untimed > 0) {
      const end = json.times_end_us;
      facts.push(["times", withCommas(untimed) + " samples without a time: only in the whole recording" +
          (end === null ? "" : "; there was room for the times of " + formatTime(end / 1e6))]);
    }
    facts.push(["keys", "/ searches, i inverts the graph, Esc undoes; arrows and Enter go about " +
        "in the graph and in the table, arrows move the span in the timeline"]);
    element("facts").replaceChildren(...facts.flatMap(function (fact) {
      return ["dt", "dd"].map(function (tag, i) {
        const part = document.createElement(tag);
        part.textContent = fact[i];
        return part;
      });
    }));
  }

  // Stacks are others.
  makeTree() {
    this.tree = new CallTree(this.recording, this.filters.split, this.filters.hidden());
    this.countAnew();
  }

  // Other samples count.
  countAnew() {
    this.accepted = this.filters.accepted();
    this.countSpan();
  }

  // While one drags, once a frame.
  countSoon() {
    if (this.due) return;
    this.due = true;
    requestAnimationFrame(() => {
      this.due = false;
      this.countSpan();
    });
  }

  countSpan() {
    this.tree.count(this.recording.weights(this.timeline.span, this.accepted));
    this.timeline.describe(this.tree.total[0]);
    this.flame.show(this.tree);
    this.table.show(this.tree);
    this.sayMatched();
  }

  search(matched, active) {
    this.table.search(matched, active);
    this.sayMatched();
  }

  sayMatched() {
    element("matched").textContent =
        this.flame.search(this.filters.matched, this.filters.searching);
  }

  choose(label) {
    this.flame.choose(label);
    this.table.choose(label);
  }

  listen() {
    for (const tab of document.querySelectorAll("#tabs input")) {
      tab.addEventListener("change", function () {
        document.querySelector("main").dataset.tab = tab.value;
      });
    }
    window.addEventListener("keydown", (event) => this.onKey(event));
  }

  // Escape undoes the last thing that narrows the view.
  onKey(event) {
    const typing = event.target instanceof HTMLInputElement &&
                   !["checkbox", "radio"].includes(event.target.type);
    const find = (event.ctrlKey || event.metaKey) && event.key === "f";
    if (find && !typing || event.key === "/" && !typing) {
      event.preventDefault();
      element("search").focus();
      element("search").select();
    } else if (event.key === "Escape") {
      const menu = document.querySelector("details[open]");
      if (menu) menu.open = false;
      else if (this.flame.zoomed !== 0) this.flame.zoom(0);
      else if (this.filters.searching) this.filters.clearSearch();
      else this.timeline.choose(null);
    } else if (event.key === "i" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      this.flame.invert();
    }
  }
}

const page = new Page(new Recording(JSON.parse(element("data").textContent)));
