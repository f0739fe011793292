// The flame graph: heaviest on the left, drawn as far as a frame is wide enough
// to be seen.

class FlameView {
  // `onChoose(label)`: a frame of it was chosen.
  constructor(recording, onChoose) {
    this.ROW = 18;
    this.recording = recording;
    this.palette = new Palette(recording);
    this.onChoose = onChoose;
    this.tree = null;
    this.matched = new Uint8Array(recording.labels.text.length);
    this.rows = [];  // of each depth, its boxes from left to right
    this.zoomed = 0;
    this.pointed = -1;  // nodes
    this.focused = -1;
    this.chosen = -1;  // a label
    this.inverted = false;
    this.laidOutFor = 0;
    this.canvas = element("flame");
    this.box = element("flame-scroller");
    this.surface = new Surface(this.canvas, this.box,
                               (context, width, height) => this.paint(context, width, height));
    this.listen();
  }

  // A tree that was counted anew, or another one.
  show(tree) {
    if (tree !== this.tree || tree.total[this.zoomed] === 0) {
      this.zoomed = 0;
      this.focused = -1;
    }
    const first = this.tree === null;
    this.tree = tree;
    this.refresh();
    if (first) this.showRoot();
    this.say(-1);
    this.drawLegend();
  }

  refresh() {
    this.laidOutFor = 0;
    this.surface.redraw();
  }

  // Narrower than half a pixel is not drawn, nor what stands on it.
  layOut(width) {
    const tree = this.tree;
    const unit = width / Math.max(1, tree.total[this.zoomed]);
    this.rows = [];
    const put = (node, x) => {
      const depth = tree.depth[node];
      while (this.rows.length <= depth) this.rows.push([]);
      const wide = tree.depth[node] < tree.depth[this.zoomed];
      this.rows[depth].push({node: node, x: x, w: wide ? width : tree.total[node] * unit,
                             below: wide});
    };
    for (let i = tree.parent[this.zoomed]; i >= 0; i = tree.parent[i]) put(i, 0);
    const open = [{node: this.zoomed, x: 0}];
    while (open.length > 0) {
      const box = open.pop();
      put(box.node, box.x);
      let x = box.x;
      const children = this.wideChildren(box.node, 0.5 / unit);
      for (const child of children) {
        open.push({node: child, x: x});
        x += tree.total[child] * unit;
      }
    }
    for (const row of this.rows) row.sort(function (a, b) { return a.x - b.x; });
    this.laidOutFor = width;
    this.surface.setContentHeight(this.contentHeight());
  }

  wideChildren(node, least) {
    const tree = this.tree;
    const children = [];
    for (let c = tree.firstChild[node]; c >= 0; c = tree.nextSibling[c]) {
      if (tree.total[c] > 0 && tree.total[c] >= least) children.push(c);
    }
    return children.sort(function (a, b) {
      return tree.total[b] - tree.total[a] || a - b;
    });
  }

  contentHeight() { return this.rows.length * this.ROW + 4; }

  // Of a row, in the canvas.
  top(depth) {
    const room = Math.max(this.contentHeight(), this.box.clientHeight);
    const y = this.inverted ? depth * this.ROW + 2
                            : room - (depth + 1) * this.ROW - 2;
    return y - this.box.scrollTop;
  }

  paint(context, width, height) {
    if (this.tree === null) return;
    if (this.laidOutFor !== width) this.layOut(width);
    context.font = FONT;
    this.column = context.measureText("m".repeat(100)).width / 100 || 7.2;
    context.textBaseline = "middle";
    const ink = themeColour("frame-ink");
    for (let depth = 0; depth < this.rows.length; ++depth) {
      const y = this.top(depth);
      if (y < -this.ROW || y > height) continue;
      for (const box of this.rows[depth]) this.paintBox(context, box, y, ink);
    }
    for (const node of [this.pointed, this.focused]) this.outline(context, node);
  }

  paintBox(context, box, y, ink) {
    const hit = box.node > 0 && this.matched[this.tree.label[box.node]];
    const gap = box.w > 3 ? 0.7 : 0;
    context.globalAlpha = box.below ? 0.5 : 1;
    context.fillStyle = hit ? "#d400d4" : this.palette.ofNode(this.tree, box.node);
    context.fillRect(box.x, y, box.w - gap, this.ROW - 1);
    if (box.node > 0 && this.tree.label[box.node] === this.chosen && box.w > 1) {
      context.strokeStyle = themeColour("ink");
      context.lineWidth = 2;
      context.strokeRect(box.x + 1, y + 1, Math.max(0.5, box.w - gap - 2), this.ROW - 3);
    }
    const name = fittedName(this.nameOf(box.node), Math.floor((box.w - 6) / this.column));
    if (name) {
      context.fillStyle = hit ? "#fff" : ink;
      context.fillText(name, box.x + 3, y + this.ROW / 2);
    }
    context.globalAlpha = 1;
  }

  outline(context, node) {
    const box = node < 0 ? null : this.boxOf(node);
    if (!box) return;
    context.strokeStyle = themeColour("ink");
    context.lineWidth = node === this.focused ? 2 : 1;
    context.strokeRect(box.x + 0.5, this.top(this.tree.depth[node]) + 0.5,
                       Math.max(1, box.w - 1), this.ROW - 2);
  }

  nameOf(node) {
    return node === 0 ? "all" : this.recording.labels.text[this.tree.label[node]];
  }

  boxOf(node) {
    const row = this.rows[this.tree.depth[node]] || [];
    return row.find(function (box) { return box.node === node; });
  }

  nodeAt(point) {
    for (let depth = 0; depth < this.rows.length; ++depth) {
      const y = this.top(depth);
      if (point.y < y || point.y >= y + this.ROW) continue;
      const box = this.rows[depth].find(function (b) {
        return point.x >= b.x && point.x < b.x + Math.max(b.w, 1);
      });
      return box ? box.node : -1;
    }
    return -1;
  }

  // "40 samples, 40.00%, 0.40 s".
  figures(node) {
    const samples = this.tree.total[node];
    return withCommas(samples) + (samples === 1 ? " sample, " : " samples, ") +
           percent(samples, this.tree.total[0]) + ", " +
           formatTime(samples / this.recording.rate);
  }

  sentence(node) { return this.nameOf(node) + ": " + this.figures(node); }

  tipOf(node) {
    const tree = this.tree;
    const lines = [this.nameOf(node), this.figures(node)];
    if (tree.own[node] > 0 && tree.own[node] < tree.total[node]) {
      lines.push("own: " + withCommas(tree.own[node]) + ", " +
                 percent(tree.own[node], tree.total[0]));
    }
    if (this.zoomed !== 0) {
      lines.push(percent(tree.total[node], tree.total[this.zoomed]) + " of what is zoomed");
    }
    if (node > 0) {
      const labels = this.recording.labels;
      lines.push(labels.file[tree.label[node]], labels.module[tree.label[node]]);
    }
    return lines.filter(function (line) { return line; });
  }

  say(node) {
    element("flame-details").textContent =
        node >= 0 ? this.sentence(node) :
        this.tree.total[0] === 0 ? "No samples: choose another span, or count idle ones, too." :
        this.zoomed !== 0 ? "Zoomed: " + this.sentence(this.zoomed) :
        this.recording.json.short;
    element("zoom-reset").disabled = this.zoomed === 0;
  }

  zoom(node) {
    this.zoomed = node;
    this.focused = node === 0 ? -1 : node;
    this.refresh();
    this.surface.drawNow();
    this.showRow(this.tree.depth[node]);
    this.say(-1);
  }

  // Scrolls, so that the row is seen.
  showRow(depth) {
    const y = this.top(depth);
    if (y < 0) this.box.scrollTop += y;
    const over = y + this.ROW - this.box.clientHeight;
    if (over > 0) this.box.scrollTop += over;
    this.surface.redraw();
  }

  showRoot() {
    this.surface.drawNow();
    this.box.scrollTop = this.inverted ? 0 : this.box.scrollHeight;
    this.surface.redraw();
  }

  invert() {
    this.inverted = !this.inverted;
    element("invert").setAttribute("aria-pressed", String(this.inverted));
    this.showRoot();
  }

  // Marks the labels that match; says their share.
  search(matched, active) {
    this.matched = matched;
    this.surface.redraw();
    return active ? "Matched: " + percent(this.tree.samplesWith(matched), this.tree.total[0])
                  : "";
  }

  choose(label) {
    this.chosen = label;
    this.surface.redraw();
  }

  drawLegend() {
    const used = new Uint8Array(this.palette.hues.length);
    for (let i = 1; i < this.tree.length; ++i) {
      if (this.tree.total[i] > 0) used[this.palette.hueOf(this.tree, i)] = 1;
    }
    element("legend").replaceChildren(...this.palette.hues.flatMap((hue, i) => {
      if (!used[i]) return [];
      const entry = document.createElement("span");
      const patch = document.createElement("i");
      patch.style.background = this.palette.colour(i, 0x808080, 0);
      entry.append(patch, hue.meaning);
      return [entry];
    }));
  }

  listen() {
    const canvas = this.canvas;
    canvas.addEventListener("mousemove", (event) => {
      const node = this.nodeAt(this.surface.pointOf(event));
      canvas.style.cursor = node >= 0 ? "pointer" : "";
      showTip(event, node >= 0 ? this.tipOf(node) : []);
      if (node === this.pointed) return;
      this.pointed = node;
      this.surface.redraw();
    });
    canvas.addEventListener("mouseleave", (event) => {
      this.pointed = -1;
      showTip(event, []);
      this.surface.redraw();
    });
    canvas.addEventListener("click", (event) => {
      const node = this.nodeAt(this.surface.pointOf(event));
      if (node < 0) return;
      this.zoom(node);
      if (node > 0) this.onChoose(this.tree.label[node]);
    });
    canvas.addEventListener("keydown", (event) => this.onKey(event));
    element("invert").addEventListener("click", () => this.invert());
    element("zoom-reset").addEventListener("click", () => this.zoom(0));
  }

  onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const up = this.inverted ? "ArrowDown" : "ArrowUp";  // away from the root
    const down = this.inverted ? "ArrowUp" : "ArrowDown";
    let node = this.focused < 0 ? this.zoomed : this.focused;
    if (event.key === up && this.focused >= 0) {
      const children = this.wideChildren(node, 0);
      if (children.length > 0) node = children[0];
    } else if (event.key === down) {
      node = Math.max(0, this.tree.parent[node]);
    } else if ((event.key === "ArrowLeft" || event.key === "ArrowRight") && node > 0) {
      const row = this.wideChildren(this.tree.parent[node], 0);
      const at = row.indexOf(node) + (event.key === "ArrowLeft" ? -1 : 1);
      if (at >= 0 && at < row.length) node = row[at];
    } else if (event.key === "Enter") {
      this.zoom(node);
      if (node > 0) this.onChoose(this.tree.label[node]);
      event.preventDefault();
      return;
    } else if (event.key !== up) {
      return;
    }
    event.preventDefault();
    this.focused = node;
    this.showRow(this.tree.depth[node]);
    this.say(node);
  }
}

