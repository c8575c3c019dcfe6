/** The look of the HTML report, in the colours of the web interface. Narrow screens first; print is always light. */
export const REPORT_STYLE = `
:root{color-scheme:light dark;
--bg:#f6f5f1;--surface:#fff;--sunk:#efede7;--line:#e3e0d8;--ink:#1a1f26;--ink2:#4c525b;--ink3:#666b73;--link:#1c5cb0;
--pass:#0b6e58;--pass-solid:#0f8066;--pass-tint:#e0f1ec;--pass-on:#fff;
--warning:#855500;--warning-solid:#f0b429;--warning-tint:#fdf1d3;--warning-on:#2b1c00;
--fail:#a01d12;--fail-solid:#c4321f;--fail-tint:#fbe5e0;--fail-on:#fff;
--none:#7b2d73;--none-solid:#7b2d73;--none-tint:#f6e8f5;--none-on:#fff;
--info:#666b73;--info-solid:#70757c;--info-tint:#f1f0ed;--info-on:#fff}
@media screen and (prefers-color-scheme:dark){:root{
--bg:#0c1116;--surface:#131a21;--sunk:#0a0e12;--line:#26313c;--ink:#e8ecf0;--ink2:#aeb8c2;--ink3:#8b96a2;--link:#7fb2f5;
--pass:#5cc9ab;--pass-solid:#3fae91;--pass-tint:#10302a;--pass-on:#04140f;
--warning:#f2bd4b;--warning-solid:#f0b429;--warning-tint:#382a0c;--warning-on:#2b1c00;
--fail:#ff8f7d;--fail-solid:#f2604a;--fail-tint:#361814;--fail-on:#1c0502;
--none:#d79bd6;--none-solid:#d79bd6;--none-tint:#2a1c31;--none-on:#120722;
--info:#8f9aa5;--info-solid:#77828d;--info-tint:#1b232b;--info-on:#fff}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:1rem/1.5 Inter,system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;font-variant-numeric:tabular-nums;-webkit-text-size-adjust:100%}
main{max-width:70rem;margin:0 auto;padding:1rem;overflow-wrap:anywhere}
h1,h2,h3,p,ol,ul,dl,dd{margin:0;padding:0}
h1{font-size:1.35rem;line-height:1.3;font-weight:600;text-wrap:pretty}
h2{font-size:1rem;font-weight:600;margin:0 0 .5rem}
h3{font-size:1.05rem;font-weight:600;display:flex;flex-wrap:wrap;gap:.1rem .5rem;align-items:center}
a{color:var(--link)}
code,pre{font-family:"JetBrains Mono",ui-monospace,"SF Mono",Menlo,Consolas,monospace;font-size:.875em}
section{margin-top:1.75rem}
.panel{background:var(--surface);border:1px solid var(--line);border-radius:10px;padding:1rem}
.quiet{color:var(--ink2)}.small{font-size:.875rem}
.pass{--c:var(--pass);--s:var(--pass-solid);--t:var(--pass-tint);--o:var(--pass-on)}
.warning{--c:var(--warning);--s:var(--warning-solid);--t:var(--warning-tint);--o:var(--warning-on)}
.fail{--c:var(--fail);--s:var(--fail-solid);--t:var(--fail-tint);--o:var(--fail-on)}
.none{--c:var(--none);--s:var(--none-solid);--t:var(--none-tint);--o:var(--none-on)}
.info{--c:var(--info);--s:var(--info-solid);--t:var(--info-tint);--o:var(--info-on)}
.shape{width:1em;height:1em;flex:none;vertical-align:-.125em}
.shape .solid{fill:var(--s)}.shape.warning .solid{stroke:var(--c);stroke-width:1}
.shape .sign{fill:none;stroke:var(--o);stroke-width:1.9;stroke-linecap:round;stroke-linejoin:round}
.shape .edge{fill:none;stroke:var(--s);stroke-width:1.6;stroke-linejoin:round}
.word{color:var(--c);font-weight:600}
.told>*+*{margin-top:.4rem}
.verdict{background:var(--surface);border:1px solid var(--line);border-radius:10px;overflow:hidden}
.verdict .band{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;align-items:baseline;background:var(--t);padding:.75rem 1rem}
.verdict .band .word{font-size:1.25rem}
.verdict .text{padding:1rem}.verdict .text>*+*{margin-top:.75rem}
.verdict dl{display:flex;flex-wrap:wrap;gap:.25rem 1.5rem;font-size:.875rem}.verdict dl div{display:flex;gap:.4rem}
dt{color:var(--ink3);flex:none}
.gauge{display:block;width:100%;height:20px}
.rail{fill:var(--sunk);stroke:var(--line);stroke-width:1;vector-effect:non-scaling-stroke}.level{fill:var(--s)}
.mark-pass,.mark-warning,.mark-limit,.mark-baseline,.course{vector-effect:non-scaling-stroke;fill:none}
.mark-pass{stroke:var(--pass);stroke-width:3}.mark-warning{stroke:var(--warning);stroke-width:3;stroke-dasharray:4 3}
.mark-limit{stroke:var(--fail);stroke-width:2;stroke-dasharray:5 3}.mark-baseline{stroke:var(--ink);stroke-width:2;stroke-dasharray:2 2}
.bullet .mark-limit{stroke:var(--ink);stroke-width:3;stroke-dasharray:none}
.would{border-left:4px solid var(--pass-solid)}
.causes{list-style:none;display:grid;gap:.75rem}
.cause{border-left:4px solid var(--s)}.sides{display:grid;gap:.75rem 2rem;margin-top:.5rem}
.cause .cost{color:var(--c);font-weight:600}
.rank{color:var(--ink3);font-weight:400}
.tag{font-size:.75rem;font-weight:500;color:var(--c,var(--ink2));background:var(--t,var(--sunk));border-radius:3px;padding:.05rem .4rem}
.arith{list-style:none}.arith li{display:flex;gap:.5rem;align-items:baseline}.arith .shape{transform:translateY(.1em)}.arith code{font-weight:600;font-size:.95em}
.charts{display:grid;gap:.5rem;align-content:start}.bullet{display:block;width:100%;height:18px}.spark{display:block;width:100%;height:56px}
.course{stroke:var(--ink);stroke-width:1.5;stroke-linejoin:round}
figure{margin:0}figcaption{color:var(--ink3);font-size:.75rem}
details{margin-top:.4rem}details summary{cursor:pointer;color:var(--link);font-size:.875rem}
pre{margin:.4rem 0 0;padding:.6rem .75rem;background:var(--sunk);border-radius:6px;white-space:pre-wrap}
table{border-collapse:collapse;width:100%}caption{text-align:left}
th{font-size:.75rem;font-weight:500;color:var(--ink3);text-align:left;padding:0 .75rem .35rem 0;border-bottom:1px solid var(--line)}
td{padding:.55rem .9rem .55rem 0;border-bottom:1px solid var(--line);vertical-align:top}
tr:last-child td{border-bottom:0}
td .name{font-weight:600}td .value{font-weight:600}
.runs{list-style:none;display:grid;gap:.35rem}
footer{margin:1.75rem 0 .5rem;color:var(--ink3);font-size:.75rem}
@media (max-width:719px){
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
table,tbody,tr,td{display:block}
tr{padding:.75rem 0;border-bottom:1px solid var(--line)}tr:first-child{padding-top:0}tr:last-child{border-bottom:0;padding-bottom:0}
td{border:0;padding:.1rem 0;display:flex;gap:.75rem}td>div{min-width:0}
td[data-head]::before{content:attr(data-head);flex:0 0 6.5rem;color:var(--ink3);font-size:.875rem}
td.empty{display:none}}
@media (min-width:720px){
main{padding:2rem 1.5rem}h1{font-size:1.65rem}
.sides{grid-template-columns:minmax(0,1fr) 20rem}.told:only-child{grid-column:1/-1}
th,td{overflow-wrap:normal;white-space:nowrap}td.free{overflow-wrap:anywhere;white-space:normal;min-width:11rem}td.wide{width:38%}}
@media print{html{font-size:10.5px}body{background:#fff}section{margin-top:1rem}main{max-width:none;padding:0}.panel,.verdict,tr{break-inside:avoid}a{color:inherit}
.verdict .band,.rail,.level,.shape,.tag{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
@media (forced-colors:active){.shape .solid,.level{fill:CanvasText}.shape .sign{stroke:Canvas}.course,.mark-limit,.mark-pass,.mark-warning{stroke:CanvasText}}
`

/** SHA-256 of `REPORT_STYLE` in base64: the one style that the page allows itself. A test holds it to the text. */
export const REPORT_STYLE_HASH = 'sha256-woQNZyLgXGBfJ4a3EMz6tbMrZ6/wLIT/W0WtJJ0dHqY='

/** No script, no image, no font, no form, nothing from elsewhere, and no style but this one. */
export const REPORT_POLICY = `default-src 'none'; style-src '${REPORT_STYLE_HASH}'; base-uri 'none'; form-action 'none'`
