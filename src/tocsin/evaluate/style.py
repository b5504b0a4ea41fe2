"""The look of a report: dark ink on paper; dash and lightness carry the meaning, colour helps."""

STYLE = """
:root { --ink: #16202b; --soft: #5d6b7a; --rule: #dde3e9; --alarm: #b3301f; --pre: #f3c969;
  --track: #1d5fa8; --paper: #fff; }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 1000px; margin: 2rem auto; padding: 0 1.25rem; }
h1 { font-size: 1.7rem; margin: 0 0 1rem; }
h2 { font-size: 1.15rem; margin: 1.6rem 0 .5rem; }
h3 { font-size: 1rem; margin: 0; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(145px, 1fr)); gap: .6rem; }
.tiles div { border: 1px solid var(--rule); border-radius: 8px; padding: .6rem .8rem; }
.tiles b { display: block; font-size: 1.45rem; font-variant-numeric: tabular-nums; }
.tiles span { color: var(--soft); font-size: .82rem; }
figure { margin: 2rem 0; break-inside: avoid; }
figcaption { color: var(--soft); font-size: .85rem; margin-bottom: .4rem; }
svg { width: 100%; height: auto; display: block; }
svg text { font-size: 12px; fill: var(--soft); }
svg text.end { text-anchor: end; } svg text.middle { text-anchor: middle; }
svg text.label { fill: var(--ink); } svg text.strong { font-weight: 600; }
.grid { stroke: var(--rule); fill: none; } .scale { stroke: var(--ink); fill: none; }
.line { fill: none; stroke: var(--ink); stroke-width: 1.4; }
.line.strong { stroke: var(--track); stroke-width: 2.2; } .line.dashed { stroke-dasharray: 7 4; }
.line.dotted { stroke-dasharray: 2 3; stroke: var(--alarm); } .line.thin { stroke: #8795a4; }
.line.wide { stroke: #c3ccd5; stroke-width: 6; }
.zone { fill: #f4f6f8; stroke: #b9c3cd; stroke-width: .8; }
.zone.alarmed { fill: #f2b8a8; } .zone.struck { stroke: #000; stroke-width: 2; }
path.truth { fill: none; stroke: #a9b4bf; stroke-width: 4; stroke-opacity: .6; }
path.track { fill: none; stroke: var(--track); stroke-width: 1.3; }
rect.pre { fill: var(--pre); } rect.alarm { fill: var(--alarm); }
rect.needed { fill: none; stroke: var(--ink); stroke-width: 1; } rect.effect { fill: #000; }
i { display: inline-block; width: 22px; height: 11px; margin: 0 .25rem 0 .8rem; }
i:first-child { margin-left: 0; }
i.pre { background: var(--pre); } i.alarm { background: var(--alarm); }
i.needed { border: 1px solid var(--ink); box-sizing: border-box; }
i.effect { background: #000; width: 4px; } i.alarmed { background: #f2b8a8; }
i.struck { border: 2px solid #000; box-sizing: border-box; }
i.truth { height: 5px; background: #cbd3da; vertical-align: middle; }
i.track { height: 2px; background: var(--track); vertical-align: middle; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: .4rem 0 2rem; }
th { text-align: left; font-weight: 600; } td { text-align: right; }
th, td { padding: .25rem 1.2rem .25rem 0; border-bottom: 1px solid var(--rule); }
pre { font-size: .78rem; overflow: auto; } summary { cursor: pointer; }
@media print { body { margin: 0; max-width: none; } details { display: none; } }
"""
