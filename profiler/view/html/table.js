// The table of functions, and the callers and callees of the chosen one.

const COLUMNS = [
  {key: "own", name: "%Own", title: "Share of the samples that end in it", share: true},
  {key: "total", name: "%Total", title: "Share of the samples that it is in", share: true},
  {key: "own", name: "OwnTime", title: "Samples that end in it, as time"},
  {key: "total", name: "TotalTime", title: "Samples that it is in, as time"},
  {key: "text", name: "Function (filename:line)", title: "By name"},
];

class TableView {
  // `onChoose(label)`: a function was chosen.
  constructor(recording, onChoose) {
    this.MOST_ROWS = 500;
    this.recording = recording;
    this.onChoose = onChoose;
    this.matched = null;  // of each label, whether it is listed; null: all are
    this.chosen = -1;
    this.sort = {column: 0, down: true};
    this.body = element("functions");
    this.makeHead();
    this.body.addEventListener("click", (event) => {
      const row = event.target.closest("tr");
      if (row) this.onChoose(Number(row.dataset.label));
    });
    this.body.addEventListener("keydown", (event) => this.onKey(event));
  }

  makeHead() {
    this.heads = COLUMNS.map((column, i) => {
      const head = document.createElement("th");
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = column.name;
      button.title = column.title;
      button.addEventListener("click", () => this.sortBy(i));
      head.append(button);
      return head;
    });
    element("columns").replaceChildren(...this.heads);
  }

  sortBy(column) {
    const again = this.sort.column === column;
    this.sort = {column: column, down: again ? !this.sort.down : COLUMNS[column].key !== "text"};
    this.fill();
  }

  show(tree) {
    this.tree = tree;
    this.totals = tree.labelTotals();
    this.fill();
    this.showNeighbours();
  }

  search(matched, active) {
    this.matched = active ? matched : null;
    this.fill();
  }

  choose(label) {
    this.chosen = label;
    for (const row of this.body.rows) this.markRow(row);
    this.showNeighbours();
  }

  markRow(row) {
    const chosen = Number(row.dataset.label) === this.chosen;
    row.setAttribute("aria-selected", String(chosen));
  }

  fill() {
    const text = this.recording.labels.text;
    const totals = this.totals;
    const listed = [];
    for (let label = 0; label < text.length; ++label) {
      if (totals.total[label] === 0) continue;
      if (this.matched === null || this.matched[label]) listed.push(label);
    }
    const key = COLUMNS[this.sort.column].key;
    const other = key === "own" ? "total" : "own";
    const sign = this.sort.down ? -1 : 1;
    const byName = function (a, b) { return text[a] < text[b] ? -1 : text[a] > text[b] ? 1 : 0; };
    listed.sort(key === "text"
        ? function (a, b) { return sign * byName(a, b); }
        : function (a, b) {
          return sign * (totals[key][a] - totals[key][b]) ||
                 totals[other][b] - totals[other][a] || byName(a, b);
        });
    this.heads.forEach((head, i) => {
      head.setAttribute("aria-sort", i !== this.sort.column ? "none" :
                                     this.sort.down ? "descending" : "ascending");
    });
    this.body.replaceChildren(...listed.slice(0, this.MOST_ROWS).map((label, i) => {
      return this.makeRow(label, i === 0);
    }));
    const more = listed.length - this.MOST_ROWS;
    element("more").textContent =
        more > 0 ? withCommas(more) + " more: search to see them" :
        listed.length === 0 ? "No function" + (this.matched ? " matches." : ".") : "";
  }

  makeRow(label, first) {
    const row = document.createElement("tr");
    row.dataset.label = label;
    row.tabIndex = first ? 0 : -1;
    for (const column of COLUMNS) {
      const cell = row.insertCell();
      if (column.key === "text") {
        cell.textContent = cell.title = this.recording.labels.text[label];
      } else if (column.share) {
        const share = percent(this.totals[column.key][label], this.tree.total[0]);
        cell.textContent = share;
        cell.style.setProperty("--share", share);
      } else {
        cell.textContent = formatTime(this.totals[column.key][label] / this.recording.rate);
      }
    }
    this.markRow(row);
    return row;
  }

  onKey(event) {
    const row = event.target.closest("tr");
    const step = {ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling"}[event.key];
    if (!row) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      this.onChoose(Number(row.dataset.label));
    } else if (step) {
      event.preventDefault();
      const next = row[step];
      if (!next) return;
      row.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
      this.onChoose(Number(next.dataset.label));
    }
  }

  showNeighbours() {
    const chosen = this.chosen;
    if (chosen < 0 || !this.tree) return;
    const labels = this.recording.labels;
    const own = this.totals.own[chosen], total = this.totals.total[chosen];
    const found = this.tree.neighbours(chosen);
    element("chosen").textContent = labels.text[chosen];
    element("chosen-place").textContent =
        [withCommas(total) + (total === 1 ? " sample, " : " samples, ") +
             percent(total, this.tree.total[0]) + "; own " + withCommas(own) + ", " +
             percent(own, this.tree.total[0]),
         labels.file[chosen], labels.module[chosen]]
            .filter(function (part) { return part; }).join(" · ");
    this.fillList("callers", found.callers, total);
    this.fillList("callees", found.callees, total);
  }

  // Shares are of the samples that the chosen one is in.
  fillList(id, neighbours, total) {
    const entries = neighbours.slice(0, this.MOST_ROWS).map((n) => {
      const entry = document.createElement("li");
      const share = document.createElement("span");
      share.className = "share";
      share.textContent = percent(n.samples, total);
      share.style.setProperty("--share", share.textContent);
      const name = document.createElement(n.label < 0 ? "span" : "button");
      name.textContent = n.label < 0 ? "(outermost)" : this.recording.labels.text[n.label];
      name.title = name.textContent;
      if (n.label >= 0) {
        name.type = "button";
        name.addEventListener("click", () => this.onChoose(n.label));
      }
      entry.append(share, name);
      return entry;
    });
    if (entries.length === 0) {
      const none = document.createElement("li");
      none.textContent = "none";
      entries.push(none);
    }
    element(id).replaceChildren(...entries);
  }
}

