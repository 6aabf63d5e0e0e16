// A crosshair through all charts of one experiment, with the values of the one
// under the pointer; one button that unfolds everything; and links that unfold what
// they lead to. The page says everything without it.
(() => {
  const reading = document.getElementById("reading");
  const three = v => Number(v.toPrecision(3)).toLocaleString("en");
  const value = (v, unit) => {
    if (unit === "ms") return v >= 1000 ? three(v / 1000) + " s" : v >= 1 ? three(v) + " ms" : three(v * 1000) + " µs";
    if (unit === "/s") return three(v) + "/s";
    return Math.round(v).toLocaleString("en");
  };
  // The height of a drawn line at x, or nothing where it has a gap. Points are
  // read once and kept; a line goes from left to right.
  const lines = new WeakMap();
  const pointsOf = path => {
    let points = lines.get(path);
    if (!points) {
      const n = path.getAttribute("d").match(/-?[\d.]+/g).map(Number);
      points = [[n[0], n[1]]];
      for (let i = 2; i < n.length; i += 2) {
        const [x, y] = points[points.length - 1];
        points.push([x + n[i], y + n[i + 1]]);
      }
      lines.set(path, points);
    }
    return points;
  };
  const heightAt = (path, x) => {
    const p = pointsOf(path);
    if (x < p[0][0] || x > p[p.length - 1][0]) return;
    let i = p.findIndex(q => q[0] >= x);
    if (i === 0) return p[0][1];
    const [[ax, ay], [bx, by]] = [p[i - 1], p[i]];
    return ay + (bx === ax ? 0 : (x - ax) / (bx - ax) * (by - ay));
  };
  let crosses = [];
  const clear = () => {
    crosses.forEach(l => l.remove());
    crosses = [];
    reading.hidden = true;
  };
  document.querySelectorAll(".experiment").forEach(section => {
    const charts = section.querySelectorAll("svg[data-end]");
    charts.forEach(svg => {
      svg.addEventListener("pointerleave", clear);
      svg.addEventListener("pointermove", event => {
        clear();
        const d = svg.dataset, frame = svg.getBoundingClientRect();
        const x = (event.clientX - frame.left) / frame.width * svg.viewBox.baseVal.width;
        if (x < +d.x0 || x > +d.x1) return;
        const share = (x - d.x0) / (d.x1 - d.x0);
        charts.forEach(other => {
          if (!other.getBoundingClientRect().width) return; // in the other size, or folded
          const o = other.dataset, line = document.createElementNS("http://www.w3.org/2000/svg", "line");
          const at = +o.x0 + share * (o.x1 - o.x0);
          for (const [k, v] of [["class", "cross"], ["x1", at], ["x2", at], ["y1", 4], ["y2", other.viewBox.baseVal.height - 18]]) line.setAttribute(k, v);
          other.append(line);
          crosses.push(line);
        });
        const said = [three(+d.from + share * (d.end - d.from)) + " s"];
        svg.querySelectorAll("path[data-name]").forEach(path => {
          const y = heightAt(path, x);
          if (y === undefined) return;
          const s = path.dataset, part = (y - s.y0) / (s.y1 - s.y0);
          const v = s.log ? s.v0 * Math.pow(s.v1 / s.v0, part) : +s.v0 + part * (s.v1 - s.v0);
          said.push(s.name + "  " + value(v, s.unit));
        });
        reading.textContent = said.join("\n");
        reading.hidden = false;
        const right = event.clientX + 16 + reading.offsetWidth < innerWidth;
        reading.style.left = (right ? event.clientX + 16 : event.clientX - 16 - reading.offsetWidth) + "px";
        reading.style.top = Math.min(event.clientY + 12, innerHeight - reading.offsetHeight - 8) + "px";
      });
    });
  });
  // What a link leads to is open.
  const open = () => {
    const to = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (to && to.tagName === "DETAILS") to.open = true;
  };
  addEventListener("hashchange", open);
  open();
  const unfold = document.getElementById("unfold");
  if (unfold) {
    unfold.hidden = false;
    unfold.addEventListener("click", () => {
      const open = unfold.textContent.startsWith("unfold");
      document.querySelectorAll("details").forEach(d => d.open = open);
      unfold.textContent = open ? "fold everything" : "unfold everything";
    });
  }
})();
