// What the timeline shows, as numbers: how busy a lane was in each column of
// pixels, what a hub did in a span.

// Of each of `columns` equal parts of `span`, how much of it each activity
// took, in parts of it: at [column * ACTIVITIES.length + activity].
function activityOf(recording, lane, span, columns) {
  const kinds = ACTIVITIES.length;
  const shares = new Float32Array(columns * kinds);
  const spans = recording.spans;
  const unit = columns / (span.to - span.from);
  const first = lowerBound(spans.end, span.from, lane.first, lane.last);
  for (let i = first; i < lane.last && spans.begin[i] < span.to; ++i) {
    const state = recording.states[recording.samples.state[spans.sample[i]]];
    const begin = Math.max(0, (spans.begin[i] - span.from) * unit);
    const end = Math.min(columns, (spans.end[i] - span.from) * unit);
    for (let c = Math.floor(begin); c < end; ++c) {
      shares[c * kinds + state.activity] += Math.min(end, c + 1) - Math.max(begin, c);
    }
  }
  return shares;
}

// A count of a hub's at an instant, between two looks in proportion; before the
// first look and after the last, as then.
function countAt(hub, counts, at) {
  const last = hub.at.length - 1;
  const i = lowerBound(hub.at, at, 0, hub.at.length);
  if (i === 0) return counts[0];
  if (i > last) return counts[last];
  const share = (at - hub.at[i - 1]) / (hub.at[i] - hub.at[i - 1]);
  return counts[i - 1] + share * (counts[i] - counts[i - 1]);
}

function countIn(hub, counts, span) {
  return countAt(hub, counts, span.to) - countAt(hub, counts, span.from);
}

// A second's worth of it, in each of `columns` equal parts of `span`; NaN where
// nobody looked.
function ratesOf(hub, counts, span, columns) {
  const rates = new Float64Array(columns);
  const step = (span.to - span.from) / columns;
  const first = hub.at[0], last = hub.at[hub.at.length - 1];
  for (let c = 0; c < columns; ++c) {
    const from = Math.max(first, span.from + c * step);
    const to = Math.min(last, span.from + (c + 1) * step);
    rates[c] = to > from ? 1e6 * countIn(hub, counts, {from: from, to: to}) / (to - from) : NaN;
  }
  return rates;
}

function turnsIn(recording, span) {
  return recording.turns.filter(function (turn) {
    return turn.begin < span.to && turn.end > span.from;
  });
}

// "hub of thread 7", as in the lanes' order: each thread, its hub, its green
// threads; the busiest threads first.
function timelineRows(recording) {
  const threads = new Map();
  const of = function (process, tid) {
    const key = process + " " + tid;
    if (!threads.has(key)) {
      threads.set(key, {lane: null, greens: [], hub: null, busy: 0});
    }
    return threads.get(key);
  };
  for (const lane of recording.lanes) {
    const thread = of(lane.process, lane.tid);
    thread.busy += lane.busy;
    if (lane.green === 0) thread.lane = lane;
    else thread.greens.push(lane);
  }
  for (const hub of recording.hubs) of(hub.process, hub.tid).hub = hub;
  for (const turn of recording.turns) {
    const thread = of(turn.process, turn.tid);
    if (!thread.hub) thread.hub = {process: turn.process, tid: turn.tid, at: [], iterations: []};
  }
  const busiestFirst = function (a, b) { return b.busy - a.busy; };
  const rows = [];
  for (const thread of Array.from(threads.values()).sort(busiestFirst)) {
    if (thread.lane) rows.push({lane: thread.lane, hub: null, height: 22});
    if (thread.hub) rows.push({lane: null, hub: thread.hub, height: 46});
    for (const lane of thread.greens.sort(busiestFirst)) {
      rows.push({lane: lane, hub: null, height: 22});
    }
  }
  return rows;
}

// Ticks at round numbers of seconds, some `wanted` of them.
function ticksOf(span, wanted) {
  const rough = (span.to - span.from) / Math.max(1, wanted);
  const power = Math.pow(10, Math.floor(Math.log10(rough)));
  const step = [1, 2, 5, 10].map(function (n) { return n * power; })
                            .find(function (n) { return n >= rough * 0.999; });
  const ticks = [];
  for (let n = Math.ceil(span.from / step); n * step <= span.to; ++n) ticks.push(n * step);
  const digits = Math.max(0, -Math.floor(Math.log10(step / 1e6) + 1e-9));
  return ticks.map(function (t) { return {at: t, text: (t / 1e6).toFixed(digits) + " s"}; });
}

