// The recording, as view/html_data.h describes it, in arrays.

const IDLE = 1, WAITS = 2, GREEN = 4;  // flags of samples
const ACTIVITIES = ["running", "ready", "waiting", "stopped"];

// The numbers of a column.
function decodeColumn(digits) {
  const value = new Uint8Array(128);
  const all = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (let i = 0; i < 64; ++i) value[all.charCodeAt(i)] = i;
  let length = 0;
  for (let i = 0; i < digits.length; ++i) {
    if (value[digits.charCodeAt(i)] < 32) ++length;
  }
  const numbers = new Float64Array(length);
  let number = 0, unit = 1;
  for (let i = 0, n = 0; i < digits.length; ++i) {
    const digit = value[digits.charCodeAt(i)];
    number += (digit & 31) * unit;
    unit *= 32;
    if (digit < 32) {
      numbers[n++] = number;
      number = 0;
      unit = 1;
    }
  }
  return numbers;
}

// Every `width`th number, from the `at`th.
function pick(numbers, width, at, Type) {
  const picked = new Type(numbers.length / width);
  for (let i = 0; i < picked.length; ++i) picked[i] = numbers[i * width + at];
  return picked;
}

class Recording {
  constructor(json) {
    this.json = json;
    this.rate = json.rate_hz;
    this.labels = {
      text: json.labels.map(function (l) { return l[0]; }),
      hue: json.labels.map(function (l) { return l[1]; }),
      tint: json.labels.map(function (l) { return l[2]; }),
      pale: json.labels.map(function (l) { return l[3]; }),
      file: json.labels.map(function (l) { return json.files[l[4]]; }),
      module: json.labels.map(function (l) { return json.modules[l[5]]; }),
    };
    this.states = json.states.map(function (s) {
      return {label: s[0], activity: s[1]};
    });
    this.readNodes();
    this.readSamples();
    this.readLanes();
    this.readHubs();
    for (const column of ["nodes", "samples", "lanes", "hubs"]) json[column] = null;
    this.end = Math.max(json.duration_us, 1);
    for (const lane of this.lanes) {
      if (lane.last > lane.first) {
        this.end = Math.max(this.end, this.spans.end[lane.last - 1]);
      }
    }
  }

  // What each stack begins with; before it, what it stands on. -1: nothing.
  readNodes() {
    const rows = decodeColumn(this.json.nodes);
    this.nodes = {prefix: pick(rows, 2, 0, Int32Array),
                  label: pick(rows, 2, 1, Int32Array)};
    const prefix = this.nodes.prefix;
    for (let i = 0; i < prefix.length; ++i) {
      prefix[i] = prefix[i] === 0 ? -1 : i - prefix[i];
    }
  }

  readSamples() {
    const rows = decodeColumn(this.json.samples);
    this.samples = {
      node: pick(rows, 5, 0, Int32Array), lane: pick(rows, 5, 1, Int32Array),
      state: pick(rows, 5, 2, Int32Array), flags: pick(rows, 5, 3, Uint8Array),
      count: pick(rows, 5, 4, Float64Array),
    };
  }

  // The spans of all lanes, one lane behind the other.
  readLanes() {
    const columns = this.json.lanes.map(function (l) { return decodeColumn(l[4]); });
    const total = columns.reduce(function (n, c) { return n + c.length / 4; }, 0);
    const spans = {begin: new Float64Array(total), end: new Float64Array(total),
                   sample: new Int32Array(total), count: new Float64Array(total)};
    let at = 0;
    this.lanes = this.json.lanes.map(function (lane, i) {
      const rows = columns[i];
      const first = at;
      let now = 0;
      for (let r = 0; r < rows.length; r += 4, ++at) {
        spans.begin[at] = now + rows[r];
        now = spans.end[at] = spans.begin[at] + rows[r + 1];
        spans.sample[at] = rows[r + 2];
        spans.count[at] = rows[r + 3];
      }
      return {index: i, label: lane[0], process: lane[1], tid: lane[2], green: lane[3],
              first: first, last: at, samples: 0, busy: 0};
    });
    this.spans = spans;
    this.timed = 0;
    for (let i = 0; i < total; ++i) this.timed += spans.count[i];
    this.total = 0;
    const samples = this.samples;
    for (let s = 0; s < samples.count.length; ++s) {
      const lane = this.lanes[samples.lane[s]];
      this.total += samples.count[s];
      lane.samples += samples.count[s];
      if (!(samples.flags[s] & IDLE)) lane.busy += samples.count[s];
    }
  }

  readHubs() {
    this.hubs = this.json.hubs.map(function (hub) {
      const rows = decodeColumn(hub[2]);
      const sums = [0, 1, 2, 3].map(function (at) {
        const column = pick(rows, 6, at, Float64Array);
        for (let i = 1; i < column.length; ++i) column[i] += column[i - 1];
        return column;
      });
      return {process: hub[0], tid: hub[1], at: sums[0], iterations: sums[1],
              timersFired: sums[2], switches: sums[3],
              ready: pick(rows, 6, 4, Float64Array),
              timers: pick(rows, 6, 5, Float64Array)};
    });
    this.turns = this.json.turns.map(function (t) {
      return {process: t[0], tid: t[1], begin: t[2], end: t[3], who: t[4]};
    });
  }

  // How often each sample was seen from `span.from` to `span.to`; in the whole
  // recording where that is null, also where it is not known when. What is not
  // accepted is 0. A span that is cut has its samples in even steps, so that
  // parts add up to the whole.
  weights(span, accepted) {
    const samples = this.samples;
    const weights = new Float64Array(samples.count.length);
    if (span === null) {
      for (let s = 0; s < weights.length; ++s) {
        if (accepted[s]) weights[s] = samples.count[s];
      }
      return weights;
    }
    const spans = this.spans;
    for (const lane of this.lanes) {
      const last = lowerBound(spans.begin, span.to, lane.first, lane.last);
      for (let i = lowerBound(spans.end, span.from, lane.first, lane.last);
           i < last; ++i) {
        const s = spans.sample[i];
        if (!accepted[s]) continue;
        const begin = spans.begin[i], end = spans.end[i], count = spans.count[i];
        const until = span.to >= end
            ? count : Math.floor(count * (span.to - begin) / (end - begin));
        const before = span.from <= begin
            ? 0 : Math.floor(count * (span.from - begin) / (end - begin));
        weights[s] += until - before;
      }
    }
    return weights;
  }
}

// The first of numbers[first, last) that is not below `wanted`; they rise.
function lowerBound(numbers, wanted, first, last) {
  while (first < last) {
    const middle = (first + last) >>> 1;
    if (numbers[middle] < wanted) first = middle + 1;
    else last = middle;
  }
  return first;
}

function withCommas(number) {
  return Math.round(number).toLocaleString("en-US");
}

function percent(part, whole) {
  return (whole > 0 ? 100 * part / whole : 0).toFixed(2) + "%";
}

// "14.25 s", "812 ms", "0.25 ms".
function formatTime(seconds) {
  if (seconds >= 1 || seconds === 0) return seconds.toFixed(2) + " s";
  const ms = seconds * 1e3;
  return ms.toFixed(ms < 10 ? 2 : ms < 100 ? 1 : 0) + " ms";
}

