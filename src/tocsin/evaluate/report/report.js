// Zooming of maps; they show all without it. Maps side by side move together.
document.querySelectorAll(".maps").forEach((group) => {
  const maps = [...group.querySelectorAll("svg.map")];
  if (!maps.length) return;
  const { width: W, height: H } = maps[0].viewBox.baseVal;
  const all = { x: 0, y: 0, w: W };
  let box = { ...all };
  const show = () => {
    const h = (box.w * H) / W;
    box.x = Math.min(Math.max(box.x, 0), W - box.w);
    box.y = Math.min(Math.max(box.y, 0), H - h);
    maps.forEach((m) => m.setAttribute("viewBox", [box.x, box.y, box.w, h].join(" ")));
  };
  const zoom = (factor, fx = 0.5, fy = 0.5) => {
    const w = Math.min(Math.max(box.w * factor, W / 60), W);
    box = { x: box.x + (box.w - w) * fx, y: box.y + ((box.w - w) * fy * H) / W, w };
    show();
  };
  const place = (map, event) => {
    const r = map.getBoundingClientRect();
    return [(event.clientX - r.left) / r.width, (event.clientY - r.top) / r.height];
  };
  maps.forEach((map) => {
    let held = null;
    const wheel = (event) => {
      // Where there is nothing to zoom out of, the page scrolls on.
      if (box.w === W && event.deltaY > 0) return;
      event.preventDefault();
      zoom(event.deltaY > 0 ? 1.25 : 0.8, ...place(map, event));
    };
    map.addEventListener("wheel", wheel, { passive: false });
    map.addEventListener("dblclick", (event) => zoom(0.5, ...place(map, event)));
    map.addEventListener("pointerdown", (event) => {
      held = { from: place(map, event), box };
      map.setPointerCapture(event.pointerId);
    });
    map.addEventListener("pointermove", (event) => {
      if (!held) return;
      const [x, y] = place(map, event);
      const w = held.box.w;
      box = {
        x: held.box.x - (x - held.from[0]) * w,
        y: held.box.y - ((y - held.from[1]) * w * H) / W,
        w,
      };
      show();
    });
    map.addEventListener("pointerup", () => (held = null));
    const bar = document.createElement("div");
    bar.className = "zoom";
    const buttons = [
      ["+", "closer", () => zoom(0.6)],
      ["\u2212", "further", () => zoom(1 / 0.6)],
      ["\u2302", "all", () => ((box = { ...all }), show())],
    ];
    for (const [sign, words, act] of buttons) {
      const button = document.createElement("button");
      button.textContent = sign;
      button.title = words;
      button.addEventListener("click", act);
      bar.append(button);
    }
    map.parentElement.append(bar);
  });
});
