// What the flame graphs share, the SVG's and the HTML page's.
"use strict";

// The longest beginning of `name` that fits into so many columns of a
// fixed-width font, ending in ".." where it is cut; nothing where not even three
// columns fit.
function fittedName(name, columns) {
  if (columns < 3) return "";
  if (/^[\x20-\x7e]*$/.test(name)) {
    return name.length <= columns ? name : name.slice(0, columns - 2) + "..";
  }
  const points = Array.from(name);
  let used = 0;
  let end = 0;
  const room = function (p) { return p.codePointAt(0) < 0x1100 ? 1 : 2; };
  const needed = points.reduce(function (n, p) { return n + room(p); }, 0);
  if (needed <= columns) return name;
  while (used + room(points[end]) <= columns - 2) used += room(points[end++]);
  return points.slice(0, end).join("") + "..";
}

// The expression of a search; null for none. A pattern without capitals matches
// them, too. Throws SyntaxError.
function compilePattern(pattern) {
  return pattern ? new RegExp(pattern, /[A-Z]/.test(pattern) ? "u" : "iu") : null;
}

