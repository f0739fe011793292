// What is drawn: a canvas as large as what is seen of a scrolled box, colours,
// and the tip beside the pointer.

const FONT = '12px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace';
const SMALL_FONT = '11px system-ui, "DejaVu Sans", Verdana, sans-serif';

function element(id) { return document.getElementById(id); }

// A CSS variable's value: it follows the dark mode.
function themeColour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue("--" + name);
}

class Surface {
  // `paint(context, width, height)` is called once a frame at most, after
  // redraw(), on scrolling and when the size changes.
  constructor(canvas, box, paint) {
    this.canvas = canvas;
    this.box = box;
    this.paint = paint;
    this.context = canvas.getContext("2d");
    this.width = this.height = 0;
    this.due = false;
    new ResizeObserver(() => this.redraw()).observe(box);
    box.addEventListener("scroll", () => this.redraw());
    matchMedia("(prefers-color-scheme: dark)")
        .addEventListener("change", () => this.redraw());
  }

  redraw() {
    if (this.due) return;
    this.due = true;
    requestAnimationFrame(() => this.drawNow());
  }

  drawNow() {
    this.due = false;
    const left = this.canvas.offsetLeft;
    this.width = Math.max(0, this.box.clientWidth - left);
    this.height = this.box.clientHeight;
    if (this.width === 0 || this.height === 0) return;
    const scale = window.devicePixelRatio || 1;
    const pixels = [Math.round(this.width * scale), Math.round(this.height * scale)];
    if (this.canvas.width !== pixels[0] || this.canvas.height !== pixels[1]) {
      this.canvas.width = pixels[0];
      this.canvas.height = pixels[1];
      this.canvas.style.width = this.width + "px";
      this.canvas.style.height = this.height + "px";
    }
    this.context.setTransform(scale, 0, 0, scale, 0, 0);
    this.context.clearRect(0, 0, this.width, this.height);
    this.paint(this.context, this.width, this.height);
  }

  // How high all is, seen or not: the space behind the canvas.
  setContentHeight(height) {
    const spacer = this.box.querySelector(".spacer");
    spacer.style.height = height + "px";
  }

  pointOf(event) {
    const bounds = this.canvas.getBoundingClientRect();
    return {x: event.clientX - bounds.left, y: event.clientY - bounds.top};
  }
}

// Lines of text beside the pointer; none hides it.
function showTip(event, lines) {
  const tip = element("tip");
  tip.hidden = lines.length === 0;
  if (tip.hidden) return;
  tip.replaceChildren(...lines.map(function (line) {
    const row = document.createElement("div");
    row.textContent = line;
    return row;
  }));
  const room = document.documentElement;
  const left = Math.min(event.clientX + 14, room.clientWidth - tip.offsetWidth - 8);
  const below = event.clientY + 18;
  const fits = below + tip.offsetHeight + 8 < room.clientHeight;
  tip.style.left = Math.max(4, left) + "px";
  tip.style.top = (fits ? below : Math.max(4, event.clientY - tip.offsetHeight - 10)) + "px";
}

// The colours of frames: as view/flame_colours.cc makes them.
class Palette {
  constructor(recording) {
    this.hues = recording.json.hues.map(function (h) {
      return {meaning: h[0], base: h[1], spread: h[2]};
    });
    this.waiting = this.hues.findIndex(function (h) { return h.meaning === "waiting"; });
    this.root = this.hues.length - 1;
    this.labels = recording.labels;
    this.made = new Map();
  }

  colour(hue, tint, pale) {
    const key = (hue * 2 + pale) * 0x1000000 + tint;
    let colour = this.made.get(key);
    if (colour === undefined) {
      const style = this.hues[hue];
      const parts = [0, 1, 2].map(function (i) {
        const share = tint >> (8 * i) & 255;
        const full = style.base[i] + Math.floor(share * style.spread[i] / 256);
        return pale ? (full + 255) >> 1 : full;
      });
      colour = "rgb(" + parts.join(",") + ")";
      this.made.set(key, colour);
    }
    return colour;
  }

  hueOf(tree, node) {
    if (node === 0) return this.root;
    const waits = tree.waits[node] > 0 && tree.waits[node] === tree.total[node];
    return waits ? this.waiting : this.labels.hue[tree.label[node]];
  }

  ofNode(tree, node) {
    const label = tree.label[node];
    if (node === 0) return this.colour(this.root, 0, 0);
    return this.colour(this.hueOf(tree, node), this.labels.tint[label],
                       this.labels.pale[label]);
  }
}

