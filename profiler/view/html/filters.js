// Which samples count, and what their stacks are split by: all but the span.

class Filters {
  // `onSamples()`: others count; `onStacks()`: stacks are others;
  // `onSearch(matched, active)`: whether each label matches.
  constructor(recording, calls) {
    this.recording = recording;
    this.calls = calls;
    this.idle = recording.json.idle;
    this.split = {threads: recording.json.threads, states: recording.json.by_state};
    this.lanes = new Uint8Array(recording.lanes.length).fill(1);
    this.states = new Uint8Array(recording.states.length).fill(1);
    this.patterns = [];  // {text, keep: whether it must match, marked: by label}
    this.matched = new Uint8Array(recording.labels.text.length);
    this.searching = false;
    this.makeStates();
    this.listen();
    this.showPatterns();
  }

  // Of each sample, whether it counts.
  accepted() {
    const samples = this.recording.samples;
    const inside = this.patterns.filter(function (p) { return p.keep; })
                                .map((p) => this.nodesWith(p.marked));
    const accepted = new Uint8Array(samples.node.length);
    for (let s = 0; s < accepted.length; ++s) {
      accepted[s] = this.lanes[samples.lane[s]] & this.states[samples.state[s]] &
                    (this.idle || !(samples.flags[s] & IDLE) ? 1 : 0);
      for (const nodes of inside) accepted[s] &= nodes[samples.node[s]];
    }
    return accepted;
  }

  // Of each node, whether it or one that it stands on is marked.
  nodesWith(marked) {
    const nodes = this.recording.nodes;
    const inside = new Uint8Array(nodes.label.length);
    for (let i = 0; i < inside.length; ++i) {
      const below = nodes.prefix[i] < 0 ? 0 : inside[nodes.prefix[i]];
      inside[i] = below | marked[nodes.label[i]];
    }
    return inside;
  }

  // Of each label, whether its frames are taken out.
  hidden() {
    const hidden = new Uint8Array(this.recording.labels.text.length);
    for (const pattern of this.patterns) {
      if (pattern.keep) continue;
      for (let l = 0; l < hidden.length; ++l) hidden[l] |= pattern.marked[l];
    }
    return hidden;
  }

  makeStates() {
    const recording = this.recording;
    const counts = new Float64Array(recording.states.length);
    for (let s = 0; s < recording.samples.state.length; ++s) {
      counts[recording.samples.state[s]] += recording.samples.count[s];
    }
    const order = Array.from(counts.keys()).sort(function (a, b) { return counts[b] - counts[a]; });
    element("states").replaceChildren(...order.map((state) => {
      const label = document.createElement("label");
      const box = document.createElement("input");
      const patch = document.createElement("i");
      box.type = "checkbox";
      box.checked = true;
      box.addEventListener("change", () => {
        this.states[state] = box.checked ? 1 : 0;
        this.countStates();
        this.calls.onSamples();
      });
      patch.style.background = "var(--" + ACTIVITIES[recording.states[state].activity] + ")";
      const name = recording.labels.text[recording.states[state].label].slice(1, -1);
      label.append(box, patch, name + ", " + percent(counts[state], recording.total));
      return label;
    }));
    this.countStates();
  }

  countStates() {
    const on = this.states.reduce(function (n, s) { return n + s; }, 0);
    element("states-count").textContent = on === this.states.length ? "(all)" :
        "(" + on + " of " + this.states.length + ")";
  }

  search() {
    const query = element("search");
    const text = this.recording.labels.text;
    let expression = null;
    query.classList.remove("invalid");
    try {
      expression = compilePattern(query.value);
    } catch (error) {
      query.classList.add("invalid");
    }
    const invalid = query.classList.contains("invalid");
    this.searching = expression !== null;
    this.matched = Uint8Array.from(text, function (name) {
      return expression !== null && expression.test(name) ? 1 : 0;
    });
    element("keep").disabled = element("hide").disabled = !this.searching;
    this.calls.onSearch(this.matched, this.searching);
    if (invalid) element("matched").textContent = "Not a regular expression";
  }

  clearSearch() {
    element("search").value = "";
    this.search();
  }

  addPattern(keep) {
    this.patterns.push({text: element("search").value, keep: keep, marked: this.matched});
    this.clearSearch();
    this.patternsChanged(keep);
  }

  patternsChanged(keep) {
    this.showPatterns();
    if (keep) this.calls.onSamples();
    else this.calls.onStacks();
  }

  showPatterns() {
    element("chips").replaceChildren(...this.patterns.map((pattern) => {
      const entry = document.createElement("li");
      const remove = document.createElement("button");
      remove.type = "button";
      remove.textContent = "\u00d7";
      remove.setAttribute("aria-label", "No longer: " + pattern.text);
      remove.addEventListener("click", () => {
        this.patterns.splice(this.patterns.indexOf(pattern), 1);
        this.patternsChanged(pattern.keep);
      });
      const text = document.createElement("span");
      text.textContent = (pattern.keep ? "only " : "without ") + pattern.text;
      entry.append(text, remove);
      return entry;
    }));
  }

  listen() {
    const bind = (id, get, set, call) => {
      element(id).checked = get;
      element(id).addEventListener("change", (event) => {
        set(event.target.checked);
        call();
      });
    };
    bind("idle", this.idle, (on) => { this.idle = on; }, this.calls.onSamples);
    bind("by-thread", this.split.threads, (on) => { this.split.threads = on; }, this.calls.onStacks);
    bind("by-state", this.split.states, (on) => { this.split.states = on; }, this.calls.onStacks);
    const query = element("search");
    query.addEventListener("input", () => this.search());
    query.addEventListener("keydown", (event) => {
      if (event.key === "Enter") query.blur();
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.clearSearch();
      query.blur();
    });
    element("keep").addEventListener("click", () => this.addPattern(true));
    element("hide").addEventListener("click", () => this.addPattern(false));
    element("keep").disabled = element("hide").disabled = true;
    document.addEventListener("click", function (event) {
      for (const menu of document.querySelectorAll("details[open]")) {
        if (!menu.contains(event.target)) menu.open = false;
      }
    });
  }
}

