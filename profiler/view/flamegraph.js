// Zoom, search, inversion and hover of a flame graph drawn by view/flamegraph.cc.
//
// The drawing is right without this script: it only moves what is there. Every
// frame is a <g> in #frames with data-x (where it begins, in samples), data-w
// (its samples), data-y (its depth) and a <title>; positions are percentages of
// #frames, so that the drawing follows the window by itself and only the names
// have to be fitted again.
(function () {
  const XHTML = "http://www.w3.org/1999/xhtml";
  const SVG = "http://www.w3.org/2000/svg";
  const PADDING = 3;
  const root = document.documentElement;
  const holder = document.getElementById("frames");
  const details = document.getElementById("details");
  const facts = details.textContent;  // while nothing is pointed at
  const matched = document.getElementById("matched");
  const resetButton = document.getElementById("reset");
  const searchButton = document.getElementById("search");
  const invertButton = document.getElementById("invert");
  const searchBox = document.getElementById("searchbox");

  const frames = Array.from(holder.querySelectorAll("g"), function (g) {
    const title = g.querySelector("title").textContent;
    return {
      g: g,
      rect: g.querySelector("rect"),
      text: g.querySelector("text"),
      title: title,
      name: title.slice(0, title.lastIndexOf(" (")),
      x: Number(g.dataset.x),
      w: Number(g.dataset.w),
      depth: Number(g.dataset.y),
      y: Number(g.querySelector("rect").getAttribute("y")),
    };
  });
  const total = Number(holder.dataset.total);
  const frameOf = new Map(frames.map(function (f) { return [f.g, f]; }));
  const lowest = frames[0].y;
  const highest = frames.reduce(function (y, f) { return Math.min(y, f.y); }, lowest);
  let zoomed = null;
  let inverted = false;

  // As drawn, the graph is 1200 wide so that any viewer shows it; here it
  // takes the window's width.
  root.removeAttribute("viewBox");
  root.setAttribute("width", "100%");

  function columnWidth() {
    const probe = document.createElementNS(SVG, "text");
    probe.textContent = "m".repeat(100);
    holder.appendChild(probe);
    const width = probe.getComputedTextLength() / 100;
    holder.removeChild(probe);
    return width || 7.2;
  }

  function layout() {
    const from = zoomed ? zoomed.x : 0;
    const span = zoomed ? zoomed.w : total;
    const depth = zoomed ? zoomed.depth : 0;
    const pixels = holder.getBoundingClientRect().width;
    const column = columnWidth();
    for (const f of frames) {
      const above = f.depth >= depth;
      const ancestor = !above && f.x <= from && f.x + f.w >= from + span;
      const inside = above && f.x >= from && f.x + f.w <= from + span;
      f.g.classList.toggle("ancestor", ancestor);
      f.g.classList.toggle("hidden", !ancestor && !inside);
      if (!ancestor && !inside) continue;
      const left = ancestor ? 0 : 100 * (f.x - from) / span;
      const width = ancestor ? 100 : 100 * f.w / span;
      f.rect.setAttribute("x", left + "%");
      f.rect.setAttribute("width", width + "%");
      f.text.setAttribute("x", left + "%");
      const room = pixels * width / 100 - 2 * PADDING;
      f.text.textContent = fittedName(f.name, Math.floor(room / column));
    }
    resetButton.classList.toggle("off", !zoomed);
  }

  function zoom(frame) {
    zoomed = frame && frame.w < total ? frame : null;
    layout();
  }

  // An icicle hangs from its root.
  function invert() {
    inverted = !inverted;
    for (const f of frames) {
      const y = inverted ? highest + lowest - f.y : f.y;
      f.rect.setAttribute("y", y);
      f.text.setAttribute("y", y + 12);
    }
    invertButton.textContent = inverted ? "Root Below" : "Invert";
    showRoot();
  }

  // Begin at the root, as the eye does.
  function showRoot() {
    window.scrollTo(0, inverted ? 0 : root.getBoundingClientRect().height);
  }

  // Share of all samples in which some frame matches: matches that lie above
  // other matches are the same samples, and count once.
  function share(matches) {
    let samples = 0;
    let end = 0;
    matches.sort(function (a, b) { return a.x - b.x || b.w - a.w; });
    for (const f of matches) {
      if (f.x + f.w <= end) continue;
      samples += f.x + f.w - Math.max(f.x, end);
      end = f.x + f.w;
    }
    return 100 * samples / total;
  }

  function search(pattern) {
    let expression = null;
    let invalid = false;
    try {
      expression = compilePattern(pattern);
    } catch (error) {
      invalid = true;
    }
    const matches = frames.filter(function (f) {
      const hit = expression !== null && expression.test(f.name);
      f.g.classList.toggle("match", hit);
      return hit;
    });
    query.classList.toggle("invalid", invalid);
    if (invalid) {
      matched.textContent = "Not a regular expression";
    } else {
      matched.textContent =
          expression ? "Matched: " + share(matches).toFixed(2) + "%" : "";
    }
    searchButton.textContent = expression ? "Reset Search" : "Search";
  }

  const query = document.createElementNS(XHTML, "input");
  query.id = "query";
  query.type = "search";
  query.placeholder = "regular expression";
  query.setAttribute("aria-label", "Search by regular expression");
  searchBox.appendChild(query);

  function openSearch() {
    searchBox.classList.remove("off");
    searchButton.classList.add("off");
    query.focus();
    query.select();
  }

  function closeSearch() {
    searchBox.classList.add("off");
    searchButton.classList.remove("off");
  }

  function clearSearch() {
    query.value = "";
    search("");
    closeSearch();
  }

  query.addEventListener("input", function () { search(query.value); });
  query.addEventListener("blur", closeSearch);
  query.addEventListener("keydown", function (event) {
    if (event.key === "Enter") query.blur();
    if (event.key === "Escape") {
      event.stopPropagation();
      clearSearch();
    }
  });

  function onButton(button, action) {
    button.addEventListener("click", action);
    button.addEventListener("keydown", function (event) {
      if (event.key === "Enter" || event.key === " ") action();
    });
  }
  onButton(resetButton, function () { zoom(null); });
  onButton(invertButton, invert);
  onButton(searchButton, function () {
    if (query.value) clearSearch();
    else openSearch();
  });
  searchButton.classList.remove("off");
  invertButton.classList.remove("off");

  function frameAt(event) {
    const g = event.target.closest("#frames g");
    return g ? frameOf.get(g) : null;
  }
  holder.addEventListener("click", function (event) {
    const frame = frameAt(event);
    if (frame) zoom(frame);
  });
  holder.addEventListener("mouseover", function (event) {
    const frame = frameAt(event);
    details.textContent = frame ? frame.title : facts;
  });
  holder.addEventListener("mouseleave", function () {
    details.textContent = facts;
  });

  window.addEventListener("keydown", function (event) {
    const find = (event.ctrlKey || event.metaKey) && event.key === "f";
    // A second Ctrl-F, from inside the box, is the browser's own.
    if (find && document.activeElement !== query) {
      event.preventDefault();
      openSearch();
    } else if (event.key === "Escape") {
      zoom(null);
    } else if (event.key === "i" && document.activeElement !== query &&
               !event.ctrlKey && !event.metaKey && !event.altKey) {
      invert();
    }
  });
  window.addEventListener("resize", layout);
  layout();
  showRoot();
})();
