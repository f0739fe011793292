// The timeline: a lane for each thread, what its hub did, and the span that was
// chosen by dragging.

class TimelineView {
  // `onSpan(span)`: {from, to} in microseconds was chosen, or null: all of it.
  // `onLanes(on)`: whether each lane counts.
  constructor(recording, onSpan, onLanes) {
    this.recording = recording;
    this.onSpan = onSpan;
    this.onLanes = onLanes;
    this.all = {from: 0, to: recording.end};
    this.seen = this.all;  // what is drawn
    this.span = null;
    this.on = new Uint8Array(recording.lanes.length).fill(1);
    this.rows = timelineRows(recording);
    this.listed = this.rows;
    this.made = new Map();  // row -> its label's element
    this.drawn = new Map();  // row -> what was computed of it, for this.drawnFor
    this.drawnFor = "";
    this.box = element("timeline");
    this.canvas = element("lanes");
    this.surface = new Surface(this.canvas, this.box, (c, w, h) => this.paint(c, w, h));
    this.ruler = new Surface(element("ruler"), element("ruler-row"),
                             (c, w, h) => this.paintRuler(c, w, h));
    this.placeRows();
    this.listen();
    this.showSpan();
    this.drawLegend();
  }

  placeRows() {
    let y = 0;
    for (const row of this.listed) {
      row.y = y;
      y += row.height;
    }
    this.height = y;
    this.box.style.height = Math.min(y, 220) + "px";
    this.surface.setContentHeight(y);
    element("lane-find").hidden = this.rows.length < 6;
    element("lanes-all").hidden = element("lanes-none").hidden = this.recording.lanes.length < 2;
    this.redraw();
  }

  redraw() {
    this.surface.redraw();
    this.ruler.redraw();
  }

  xOf(at, width) { return (at - this.seen.from) / (this.seen.to - this.seen.from) * width; }
  // Rounded to less than a pixel, so that what was chosen can be said in short.
  timeOf(x) {
    const pixel = (this.seen.to - this.seen.from) / Math.max(1, this.surface.width);
    const unit = Math.max(1, Math.pow(10, Math.floor(Math.log10(pixel))));
    const at = Math.round((this.seen.from + x * pixel) / unit) * unit;
    return Math.min(this.seen.to, Math.max(this.seen.from, at));
  }

  paint(context, width, height) {
    this.surface.setContentHeight(this.height);
    const key = width + " " + this.seen.from + " " + this.seen.to;
    if (key !== this.drawnFor) this.drawn.clear();
    this.drawnFor = key;
    const top = this.box.scrollTop;
    const rows = this.listed.filter(function (row) {
      return row.y + row.height > top && row.y < top + height;
    });
    this.placeLabels(rows, top);
    for (const row of rows) {
      const y = row.y - top;
      context.fillStyle = themeColour("line");
      context.fillRect(0, y + row.height - 1, width, 1);
      if (row.lane) this.paintLane(context, row, y, width);
      else this.paintHub(context, row, y, width);
    }
    this.paintSpan(context, width, Math.min(height, this.height - top));
  }

  // What is computed of a row for this size and this part of the recording.
  computed(row, compute) {
    if (!this.drawn.has(row)) this.drawn.set(row, compute());
    return this.drawn.get(row);
  }

  paintLane(context, row, y, width) {
    if (row.lane.first === row.lane.last) {
      context.font = SMALL_FONT;
      context.textBaseline = "middle";
      context.fillStyle = themeColour("muted");
      context.fillText("no times were kept", 4, y + row.height / 2);
      return;
    }
    const kinds = ACTIVITIES.length;
    const shares = this.computed(row, () => {
      return activityOf(this.recording, row.lane, this.seen, width);
    });
    const room = row.height - 5;
    const colours = ACTIVITIES.map(themeColour);
    context.globalAlpha = this.on[row.lane.index] ? 1 : 0.25;
    const base = new Float32Array(width).fill(y + row.height - 2);
    for (let kind = 0; kind < kinds; ++kind) {
      context.fillStyle = colours[kind];
      context.beginPath();
      for (let x = 0; x < width; ++x) {
        const part = shares[x * kinds + kind] * room;
        if (part <= 0) continue;
        base[x] -= part;
        context.rect(x, base[x], 1, part);
      }
      context.fill();
    }
    context.globalAlpha = 1;
  }

  paintHub(context, row, y, width) {
    const hub = row.hub;
    const rates = this.computed(row, () => {
      return hub.at.length > 1 ? ratesOf(hub, hub.iterations, this.seen, width) : [];
    });
    const most = rates.reduce(function (m, r) { return r > m ? r : m; }, 0);
    row.most = most;
    const bottom = y + row.height - 3, room = row.height - 16;
    context.beginPath();
    let open = -1;
    for (let x = 0; x <= rates.length; ++x) {
      const known = x < rates.length && !Number.isNaN(rates[x]) && most > 0;
      if (known) {
        const top = bottom - rates[x] / most * room;
        if (open < 0) context.moveTo(open = x, bottom);
        context.lineTo(x, top);
        context.lineTo(x + 1, top);
      } else if (open >= 0) {
        context.lineTo(x, bottom);
        open = -1;
      }
    }
    context.fillStyle = themeColour("hub");
    context.fill();
    if (most > 0) {
      context.font = SMALL_FONT;
      context.textBaseline = "top";
      context.fillStyle = themeColour("muted");
      context.fillText(withCommas(most) + " iterations/s", 4, y + 2);
    }
    context.fillStyle = themeColour("stall");
    for (const turn of this.turnsOf(hub)) {
      const from = this.xOf(turn.begin, width), to = this.xOf(turn.end, width);
      if (to < 0 || from > width) continue;
      context.globalAlpha = 0.22;
      context.fillRect(from, y + 1, Math.max(2, to - from), row.height - 3);
      context.globalAlpha = 1;
      context.fillRect(from, y + 1, Math.max(2, to - from), 4);
    }
  }

  turnsOf(hub) {
    return this.recording.turns.filter(function (turn) {
      return turn.process === hub.process && turn.tid === hub.tid;
    });
  }

  paintSpan(context, width, height) {
    if (this.span === null) return;
    const from = this.xOf(this.span.from, width), to = this.xOf(this.span.to, width);
    context.fillStyle = themeColour("shade");
    context.fillRect(0, 0, Math.max(0, from), height);
    context.fillRect(to, 0, Math.max(0, width - to), height);
    context.fillStyle = themeColour("accent");
    context.fillRect(from - 1, 0, 1.5, height);
    context.fillRect(to - 0.5, 0, 1.5, height);
  }

  // As wide as the lanes, which may have a scroll bar beside them.
  paintRuler(context, _, height) {
    const width = this.surface.width;
    context.font = SMALL_FONT;
    context.textBaseline = "bottom";
    for (const tick of ticksOf(this.seen, width / 110)) {
      const x = this.xOf(tick.at, width);
      context.fillStyle = themeColour("line");
      context.fillRect(x, height - 8, 1, 8);
      context.fillStyle = themeColour("muted");
      if (x + 4 + context.measureText(tick.text).width < width) {
        context.fillText(tick.text, x + 4, height - 3);
      }
    }
    this.paintSpan(context, width, height);
  }

  // Labels of rows that are seen are kept, so that they keep the focus.
  placeLabels(rows, top) {
    const holder = element("lane-labels");
    for (const [row, made] of this.made) {
      if (rows.includes(row)) continue;
      made.remove();
      this.made.delete(row);
    }
    for (const row of rows) {
      if (!this.made.has(row)) {
        this.made.set(row, row.lane ? this.laneLabel(row.lane) : this.hubLabel(row.hub));
        holder.append(this.made.get(row));
      }
      const made = this.made.get(row);
      made.style.top = row.y - top + "px";
      made.style.height = row.height + "px";
      const box = made.querySelector("input");
      if (box) box.checked = this.on[row.lane.index] === 1;
    }
    const inOrder = rows.map((row) => this.made.get(row));
    if (inOrder.some(function (e, i) { return holder.children[i] !== e; })) {
      const active = document.activeElement;
      holder.append(...inOrder);
      if (holder.contains(active)) active.focus({preventScroll: true});
    }
  }

  laneLabel(lane) {
    const row = document.createElement("div");
    row.className = lane.green === 0 ? "lane" : "lane green";
    const label = document.createElement("label");
    const box = document.createElement("input");
    box.type = "checkbox";
    const name = document.createElement("span");
    name.textContent = this.nameOf(lane);
    row.title = name.textContent + ": " + withCommas(lane.samples) + " samples, " +
                withCommas(lane.busy) + " of them not idle";
    label.append(box, name);
    const only = document.createElement("button");
    only.type = "button";
    only.textContent = "only";
    only.setAttribute("aria-label", "Count only " + name.textContent);
    row.append(label, only);
    box.addEventListener("change", () => {
      this.on[lane.index] = box.checked ? 1 : 0;
      this.lanesChanged();
    });
    only.addEventListener("click", () => {
      this.on.fill(0);
      this.on[lane.index] = 1;
      this.lanesChanged();
    });
    return row;
  }

  hubLabel(hub) {
    const row = document.createElement("div");
    row.className = "lane hub";
    const limit = this.recording.json.turn_limit_us;
    const stalls = this.turnsOf(hub).length;
    row.textContent = "its loop" + (limit === 0 ? "" :
        ": " + stalls + (stalls === 1 ? " stall" : " stalls"));
    if (limit > 0) row.title = "of " + formatTime(limit / 1e6) + " or more";
    return row;
  }

  nameOf(lane) {
    const processes = this.recording.json.processes;
    const name = this.recording.labels.text[lane.label];
    return processes.length > 1
        ? this.recording.labels.text[processes[lane.process]].replace(/: .*/, ", ") + name : name;
  }

  lanesChanged() {
    this.surface.redraw();
    this.onLanes(this.on);
  }

  choose(span) {
    const least = this.recording.end / 1e9;
    this.span = span !== null && span.to - span.from > least ? span : null;
    this.showSpan();
    this.redraw();
    this.onSpan(this.span);
  }

  see(span) {
    this.seen = span;
    this.showSpan();
    this.redraw();
  }

  showSpan() {
    const span = this.span || this.all;
    element("span-from").value = span.from / 1e6;
    element("span-to").value = this.span ? span.to / 1e6 : Math.ceil(span.to / 1e3) / 1e3;
    element("span-reset").disabled = this.span === null;
    element("span-zoom").disabled = this.span === null;
    element("span-unzoom").disabled = this.seen === this.all;
  }

  // "2.00 s: 200 samples; 12,345 loop iterations; 3 stalls, the longest 412 ms".
  describe(samples) {
    const span = this.span || this.all;
    const counted = function (n, what) {
      return withCommas(n) + " " + what + (Math.round(n) === 1 ? "" : "s");
    };
    const parts = [counted(samples, "sample")];
    const hubs = this.recording.hubs.filter(function (h) { return h.at.length > 1; });
    if (hubs.length > 0) {
      parts.push(counted(hubs.reduce(function (n, hub) {
        return n + countIn(hub, hub.iterations, span);
      }, 0), "loop iteration"));
    }
    const turns = turnsIn(this.recording, span);
    if (turns.length > 0) {
      const longest = turns.reduce(function (m, t) { return Math.max(m, t.end - t.begin); }, 0);
      parts.push(counted(turns.length, "stall") + ", the longest " + formatTime(longest / 1e6));
    } else if (this.recording.json.turn_limit_us > 0) {
      parts.push("no stalls");
    }
    const untimed = this.recording.total - this.recording.timed;
    if (this.span !== null && untimed > 0) {
      parts.push(counted(untimed, "sample") + " without a time left out");
    }
    element("span-text").textContent =
        formatTime((span.to - span.from) / 1e6) + ": " + parts.join("; ");
  }

  drawLegend() {
    const used = new Set(this.recording.states.map(function (s) { return s.activity; }));
    element("activities").replaceChildren(...ACTIVITIES.flatMap(function (name, i) {
      if (!used.has(i)) return [];
      const entry = document.createElement("span");
      const patch = document.createElement("i");
      patch.style.background = "var(--" + name + ")";
      entry.append(patch, name);
      return [entry];
    }));
  }

  tipAt(point) {
    const y = point.y + this.box.scrollTop;
    const row = this.listed.find(function (r) { return y >= r.y && y < r.y + r.height; });
    if (!row) return [];
    const at = this.timeOf(point.x);
    const lines = ["at " + (at / 1e6).toFixed(3) + " s"];
    return lines.concat(row.lane ? this.tipOfLane(row.lane, at) : this.tipOfHub(row.hub, at));
  }

  tipOfLane(lane, at) {
    const recording = this.recording;
    const i = lowerBound(recording.spans.end, at, lane.first, lane.last);
    if (i === lane.last || recording.spans.begin[i] > at) return [this.nameOf(lane)];
    const s = recording.spans.sample[i];
    const node = recording.samples.node[s];
    return [this.nameOf(lane),
            recording.labels.text[recording.states[recording.samples.state[s]].label]
                .slice(1, -1),
            node < 0 ? "" : recording.labels.text[recording.nodes.label[node]]];
  }

  tipOfHub(hub, at) {
    const lines = [];
    const pixel = (this.seen.to - this.seen.from) / Math.max(1, this.surface.width);
    for (const turn of this.turnsOf(hub)) {
      if (turn.begin > at + 2 * pixel || turn.end < at - 2 * pixel) continue;
      lines.push("stall of " + formatTime((turn.end - turn.begin) / 1e6) +
                 (turn.who ? ": " + turn.who : ""));
    }
    const i = lowerBound(hub.at, at, 0, hub.at.length);
    if (i === 0 || i === hub.at.length) return lines;
    const step = (hub.at[i] - hub.at[i - 1]) / 1e6;
    const rate = function (counts) { return withCommas((counts[i] - counts[i - 1]) / step); };
    return lines.concat(
        rate(hub.iterations) + " iterations/s, " + rate(hub.switches) + " switches/s",
        rate(hub.timersFired) + " timers fired/s, " + withCommas(hub.timers[i]) + " pending",
        withCommas(hub.ready[i]) + " green threads ready");
  }

  listen() {
    let from = null;  // where a drag began
    const drag = (event) => {
      const to = this.timeOf(this.surface.pointOf(event).x);
      this.choose({from: Math.min(from, to), to: Math.max(from, to)});
    };
    for (const canvas of [this.canvas, element("ruler")]) {
      canvas.addEventListener("pointerdown", (event) => {
        if (event.button !== 0) return;
        canvas.setPointerCapture(event.pointerId);
        from = this.timeOf(this.surface.pointOf(event).x);
      });
      canvas.addEventListener("pointermove", (event) => {
        if (from !== null) drag(event);
        showTip(event, from === null && canvas === this.canvas
            ? this.tipAt(this.surface.pointOf(event)) : []);
      });
      canvas.addEventListener("pointerup", (event) => {
        if (from !== null) drag(event);
        from = null;
      });
      canvas.addEventListener("pointercancel", function () { from = null; });
      canvas.addEventListener("pointerleave", function (event) { showTip(event, []); });
      canvas.addEventListener("dblclick", () => this.choose(null));
    }
    this.canvas.addEventListener("keydown", (event) => this.onKey(event));
    for (const id of ["span-from", "span-to"]) {
      element(id).addEventListener("change", () => {
        const seconds = function (name) { return Number(element(name).value) * 1e6; };
        const begin = Math.max(0, Math.min(seconds("span-from"), seconds("span-to")));
        const end = Math.min(this.all.to, Math.max(seconds("span-from"), seconds("span-to")));
        const whole = begin <= 0 && end >= this.all.to;
        this.choose(whole ? null : {from: begin, to: end});
      });
    }
    element("span-reset").addEventListener("click", () => this.choose(null));
    element("span-zoom").addEventListener("click", () => this.see(this.span));
    element("span-unzoom").addEventListener("click", () => this.see(this.all));
    this.listenToLanes();
  }

  listenToLanes() {
    const turn = (on) => {
      for (const row of this.listed) {
        if (row.lane) this.on[row.lane.index] = on;
      }
      this.lanesChanged();
    };
    element("lanes-all").addEventListener("click", function () { turn(1); });
    element("lanes-none").addEventListener("click", function () { turn(0); });
    element("lane-find").addEventListener("input", (event) => {
      let expression = null;
      try {
        expression = compilePattern(event.target.value);
        event.target.classList.remove("invalid");
      } catch (error) {
        event.target.classList.add("invalid");
      }
      this.listed = this.rows.filter((row) => {
        return expression === null || (row.lane && expression.test(this.nameOf(row.lane)));
      });
      this.placeRows();
    });
    element("lane-labels").addEventListener("focusin", (event) => {
      const label = event.target.closest(".lane");
      const over = label.offsetTop + label.offsetHeight - this.box.clientHeight;
      if (over > 0) this.box.scrollTop += over;
      if (label.offsetTop < 0) this.box.scrollTop += label.offsetTop;
    });
  }

  // Left and right move the span, with Shift its end.
  onKey(event) {
    const way = {ArrowLeft: -1, ArrowRight: 1}[event.key];
    if (!way || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const step = Math.round((this.seen.to - this.seen.from) / 40) * way;
    const span = this.span || {from: this.seen.from, to: this.seen.from + Math.abs(step) * 4};
    const from = this.span && !event.shiftKey ? span.from + step : span.from;
    const to = this.span ? span.to + step : span.to;
    if (from >= 0 && to <= this.all.to && to > from) this.choose({from: from, to: to});
  }
}

