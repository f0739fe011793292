// What the flame graphs share, the SVG's and the HTML page's.
"use strict";

// How many columns of a fixed-width font a text takes.
function columnsOf(text) {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  return Array.from(text).reduce(function (n, point) {
    return n + (point.codePointAt(0) < 0x1100 ? 1 : 2);
  }, 0);
}

// The longest beginning of `text` that fits, ending in "..".
function beginningOf(text, columns) {
  let end = "";
  for (const point of text) {
    if (columnsOf(end) + columnsOf(point) > columns - 2) break;
    end += point;
  }
  return end + "..";
}

// Where the parts of a qualified name begin: what is in brackets is whole.
function partsOf(name) {
  const starts = [];
  let depth = 0;
  for (let i = 0; i < name.length; ++i) {
    if ("<({[".includes(name[i])) ++depth;
    if (">)}]".includes(name[i])) --depth;
    if (depth === 0 && name.startsWith("::", i)) starts.push(i + 2);
  }
  return starts;
}

// As much of a frame's name as fits into so many columns; nothing where not
// even three do. Its place goes first, then the namespaces that it is in, then
// its end: the function is what one looks for.
function fittedName(name, columns) {
  if (columns < 3) return "";
  if (columnsOf(name) <= columns) return name;
  const bare = name.replace(/ \[inlined\]$/, "").replace(/ \([^()]*\)$/, "");
  if (columnsOf(bare) <= columns) return bare;
  let last = bare;
  for (const start of partsOf(bare)) {
    last = bare.slice(start);
    if (columnsOf(last) + 2 <= columns) return ".." + last;
  }
  return columnsOf(last) <= columns ? last : beginningOf(last, columns);
}

// The expression of a search; null for none. A pattern without capitals matches
// them, too. Throws SyntaxError.
function compilePattern(pattern) {
  return pattern ? new RegExp(pattern, /[A-Z]/.test(pattern) ? "u" : "iu") : null;
}

