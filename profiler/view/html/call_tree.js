// The merged call tree of all samples, and how often each node of it was seen.
//
// It is made anew when stacks change (split by thread, frames hidden) and
// counted anew when samples do (another span, other threads): node 0 is the
// root, "all"; a node comes behind the one that it stands on.

class CallTree {
  // `hidden`: of each label, whether its frames are taken out.
  constructor(recording, split, hidden) {
    this.recording = recording;
    this.parent = [-1];
    this.label = [-1];
    this.depth = [0];
    this.known = new Map();
    this.nodeOfSample = new Int32Array(recording.samples.node.length);
    this.hidden = hidden;
    this.addSamples(split);
    this.known = null;
    this.linkChildren();
    this.markRecursion();
    this.own = new Float64Array(this.parent.length);
    this.total = new Float64Array(this.parent.length);
    this.waits = new Float64Array(this.parent.length);  // of own
  }

  get length() { return this.parent.length; }

  intern(parent, label) {
    const key = parent * this.recording.labels.text.length + label;
    let node = this.known.get(key);
    if (node === undefined) {
      node = this.add(parent, label);
      this.known.set(key, node);
    }
    return node;
  }

  add(parent, label) {
    this.parent.push(parent);
    this.label.push(label);
    this.depth.push(this.depth[parent] + 1);
    return this.parent.length - 1;
  }

  // What a sample's stack stands on: as view/fold.h has it.
  groupOf(s, split) {
    const recording = this.recording;
    const samples = recording.samples;
    const lane = recording.lanes[samples.lane[s]];
    const processes = recording.json.processes;
    let node = 0;
    if (processes.length > 1) node = this.intern(node, processes[lane.process]);
    if (split.threads) node = this.intern(node, lane.label);
    if (split.states || samples.flags[s] & GREEN) {
      node = this.intern(node, recording.states[samples.state[s]].label);
    }
    return node;
  }

  addSamples(split) {
    const nodes = this.recording.nodes;
    const stacks = this.recording.samples.node;
    const group = Int32Array.from(stacks, (_, s) => this.groupOf(s, split));
    const order = Int32Array.from(stacks, function (_, s) { return s; });
    order.sort(function (a, b) { return group[a] - group[b] || a - b; });
    // What each of the recording's nodes is in this group.
    const node = new Int32Array(nodes.label.length);
    const seen = new Int32Array(nodes.label.length).fill(-1);
    // Nodes that differ in the recording may be one where frames are hidden.
    const merges = this.hidden.includes(1);
    const path = [];
    for (const s of order) {
      let at = stacks[s];
      for (; at >= 0 && seen[at] !== group[s]; at = nodes.prefix[at]) path.push(at);
      let on = at >= 0 ? node[at] : group[s];
      while (path.length > 0) {
        at = path.pop();
        const label = nodes.label[at];
        if (!merges) on = this.add(on, label);
        else if (!this.hidden[label]) on = this.intern(on, label);
        node[at] = on;
        seen[at] = group[s];
      }
      this.nodeOfSample[s] = on;
    }
    this.parent = Int32Array.from(this.parent);
    this.label = Int32Array.from(this.label);
    this.depth = Int32Array.from(this.depth);
  }

  linkChildren() {
    this.firstChild = new Int32Array(this.length).fill(-1);
    this.nextSibling = new Int32Array(this.length).fill(-1);
    for (let i = this.length - 1; i > 0; --i) {
      this.nextSibling[i] = this.firstChild[this.parent[i]];
      this.firstChild[this.parent[i]] = i;
    }
  }

  // Which nodes stand on one of the same label, so that totals count once.
  markRecursion() {
    this.recursive = new Uint8Array(this.length);
    const open = new Int32Array(this.recording.labels.text.length);
    let node = this.firstChild[0];
    while (node > 0) {
      this.recursive[node] = open[this.label[node]]++ > 0 ? 1 : 0;
      if (this.firstChild[node] >= 0) {
        node = this.firstChild[node];
        continue;
      }
      while (node > 0) {
        --open[this.label[node]];
        if (this.nextSibling[node] >= 0) break;
        node = this.parent[node];
      }
      if (node > 0) node = this.nextSibling[node];
    }
  }

  count(weights) {
    const flags = this.recording.samples.flags;
    this.own.fill(0);
    this.waits.fill(0);
    for (let s = 0; s < weights.length; ++s) {
      if (weights[s] === 0) continue;
      this.own[this.nodeOfSample[s]] += weights[s];
      if (flags[s] & WAITS) this.waits[this.nodeOfSample[s]] += weights[s];
    }
    this.total.set(this.own);
    for (let i = this.length - 1; i > 0; --i) {
      this.total[this.parent[i]] += this.total[i];
    }
  }

  // Of each label: samples that end in it, samples in which it is.
  labelTotals() {
    const labels = this.recording.labels.text.length;
    const own = new Float64Array(labels), total = new Float64Array(labels);
    for (let i = 1; i < this.length; ++i) {
      own[this.label[i]] += this.own[i];
      if (!this.recursive[i]) total[this.label[i]] += this.total[i];
    }
    return {own: own, total: total};
  }

  // Share of all samples in which some label is marked: nodes on top of others
  // are the same samples, and count once.
  samplesWith(marked) {
    const inside = new Uint8Array(this.length);
    let samples = 0;
    for (let i = 1; i < this.length; ++i) {
      const below = inside[this.parent[i]];
      if (!below && marked[this.label[i]]) samples += this.total[i];
      inside[i] = below | marked[this.label[i]];
    }
    return samples;
  }

  // Who calls `label`, whom it calls: of each sample that it is in, who called
  // it first and what it called last; both add up to its total, the latter
  // together with what is its own. Most first; a label of -1 is the root.
  neighbours(label) {
    const callers = new Map(), callees = new Map();
    const add = function (map, key, samples) {
      map.set(key, (map.get(key) || 0) + samples);
    };
    for (let i = 1; i < this.length; ++i) {
      if (this.label[i] !== label || this.total[i] === 0) continue;
      for (let c = this.firstChild[i]; c >= 0; c = this.nextSibling[c]) {
        add(callees, this.label[c], this.total[c]);
      }
      if (!this.recursive[i]) {
        add(callers, this.label[this.parent[i]], this.total[i]);
        continue;
      }
      let through = i;
      while (this.label[this.parent[through]] !== label) through = this.parent[through];
      add(callees, this.label[through], -this.total[i]);
    }
    const sorted = function (map) {
      return Array.from(map, function (e) { return {label: e[0], samples: e[1]}; })
          .filter(function (e) { return e.samples > 0; })
          .sort(function (a, b) { return b.samples - a.samples || a.label - b.label; });
    };
    return {callers: sorted(callers), callees: sorted(callees)};
  }
}

