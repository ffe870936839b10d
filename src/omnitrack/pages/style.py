"""How a page looks: one sheet, for small and large screens, for light and dark, and for paper."""

# A text of another direction stays within its own element: who wrote a name or a subject does not lay out what stands beside it.
STYLE = """
h1,h3,.body,.ids li,.facts li,.head b,.head span,summary,footer li{unicode-bidi:isolate}
h1,.over,.head,.head span,.facts,.lane b,label,summary,footer{overflow-wrap:anywhere;min-width:0}
:root{--bg:#f6f5f2;--card:#fff;--ink:#1d1f24;--soft:#545963;--line:#dedbd4;--l:30%;--tint:94%;--sat:55%;--mine:#f0eee9}
@media(prefers-color-scheme:dark){:root{--bg:#14161a;--card:#1e2127;--ink:#eceef2;--soft:#a2a8b4;--line:#333842;
--l:72%;--tint:22%;--sat:45%;--mine:#191c21}}
*{box-sizing:border-box}
html{scroll-behavior:smooth;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
header,main,footer{max-width:46rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:3rem}
.over{margin:0;color:var(--soft);font-size:.85rem;letter-spacing:.02em}
h1{margin:.1rem 0 .2rem;font-size:clamp(2rem,7vw,3rem);line-height:1.1;letter-spacing:-.025em}
.sum{margin:0 0 1.1rem;color:var(--soft);font-size:1.1rem}
ul,ol{list-style:none;margin:0;padding:0}
.ids{display:flex;flex-wrap:wrap;gap:.45rem}
.ids li{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.2rem .65rem;font-size:.92rem;
overflow-wrap:anywhere}
.ids span{color:var(--soft);font-size:.8rem;margin-right:.2rem}
figure{margin:2rem 0 1.2rem;padding:1rem 1.1rem .55rem;background:var(--card);border:1px solid var(--line);
border-radius:.9rem}
.lane{display:grid;grid-template-columns:6.2rem 1fr;align-items:center;--c:hsl(var(--h) var(--sat) var(--l))}
.lane b{font-size:.85rem;font-weight:500;color:var(--c)}
.lane p{position:relative;height:2.5rem;margin:0 .7rem 0 .3rem;
background:linear-gradient(var(--line),var(--line)) center/100% 1px no-repeat}
.lane a{position:absolute;top:50%;width:13px;height:13px;margin:-15px 0 0 -6.5px;border-radius:50%;
background:var(--c);border:2px solid var(--c);box-shadow:0 0 0 2px var(--card)}
.lane a.outbound{background:var(--card);margin-top:2px}
.lane a.many{width:auto;min-width:18px;height:18px;margin:-18px 0 0 -9px;border-radius:9px;padding:0 3px;font-size:.72rem;line-height:14px;text-align:center;
text-decoration:none;color:var(--card);font-weight:700}
.lane a.many.outbound{color:var(--c);margin-top:1px}
.key{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;margin:.5rem 0 0;padding:0;font-size:.82rem;color:var(--soft)}
.key i{display:inline-block;width:11px;height:11px;border-radius:50%;border:2px solid var(--soft);margin-right:.35rem}
.key i.inbound{background:var(--soft)}
.lane a:hover{transform:scale(1.25)}.lane a:focus-visible,summary:focus-visible{outline:2px solid var(--ink);outline-offset:2px}
.ticks p{background:none;height:1.3rem}.ticks b{color:var(--soft);font-weight:400;font-size:.78rem}
.ticks i{position:absolute;font-style:normal;font-size:.78rem;color:var(--soft);white-space:nowrap}
fieldset{border:0;margin:0 0 .5rem;padding:0;display:flex;flex-wrap:wrap;gap:.45rem}
legend{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden}
label{--c:hsl(var(--h) var(--sat) var(--l));display:inline-flex;align-items:center;gap:.4rem;cursor:pointer;
padding:.35rem .8rem;border-radius:2rem;border:1px solid var(--line);background:var(--card);color:var(--soft);
font-size:.92rem;user-select:none}
label:has(:checked){color:var(--c);border-color:var(--c);background:hsl(var(--h) var(--sat) var(--tint))}
label:has(:focus-visible){outline:2px solid var(--c);outline-offset:2px}
label input{position:absolute;opacity:0;pointer-events:none}
label b{font-weight:600;font-variant-numeric:tabular-nums}
svg{width:1.05em;height:1.05em;fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;stroke-linejoin:round;
flex:none}
.day h2{position:sticky;top:0;z-index:1;margin:0;padding:1.4rem 0 .6rem;font-size:1rem;font-weight:600;
background:linear-gradient(var(--bg) 80%,transparent)}
.day li[id]:not(:last-child)::before{content:"";position:absolute;left:1.2rem;top:.8rem;bottom:-.6rem;width:2px;
margin-left:-1px;background:var(--line)}
.day li[id]{--c:hsl(var(--h) var(--sat) var(--l));position:relative;padding:0 0 .9rem 3.3rem;scroll-margin-top:4rem}
.node{position:absolute;left:0;top:.55rem;width:2.4rem;height:2.4rem;border-radius:50%;display:grid;place-items:center;
color:var(--c);background:hsl(var(--h) var(--sat) var(--tint));box-shadow:0 0 0 4px var(--bg)}
article{background:var(--card);border:1px solid var(--line);border-radius:.9rem;padding:.75rem 1rem .8rem}
.outbound article{background:var(--mine);margin-left:1.6rem}
li:target article{border-color:var(--c);box-shadow:0 0 0 1px var(--c)}
.head{display:flex;flex-wrap:wrap;gap:0 .55rem;align-items:baseline;margin:0;font-size:.87rem;color:var(--soft)}
.head b{color:var(--c);font-weight:600}
.head time{margin-left:auto;font-variant-numeric:tabular-nums}
h3{margin:.3rem 0 0;font-size:1.02rem;line-height:1.4;overflow-wrap:anywhere}
.body{margin:.3rem 0 0;white-space:pre-line;overflow-wrap:anywhere}
.body+.body{margin-top:.6rem}
summary{cursor:pointer}
.facts{display:flex;flex-wrap:wrap;margin-top:.4rem;font-size:.85rem;color:var(--soft)}
.facts li:not(:last-child)::after{content:"·";margin:0 .45rem}
footer{padding-top:1rem;padding-bottom:4rem;color:var(--soft);font-size:.92rem}
footer h2{font-size:1rem;color:var(--ink);margin:1.5rem 0 .4rem}
footer ul{list-style:disc;padding-left:1.2rem}
footer li{margin:.2rem 0}
@media(max-width:34rem){header{padding-top:1.8rem}header,main,footer{padding-left:1rem;padding-right:1rem}
figure{padding:.8rem .7rem .4rem}.lane{grid-template-columns:5.4rem 1fr}
.day li[id]{padding-left:2.6rem}.node{width:2rem;height:2rem;font-size:.9rem}.day li[id]::before{left:1rem!important}
.outbound article{margin-left:.7rem}.head{flex-wrap:wrap;column-gap:.5rem}article{padding:.65rem .85rem .7rem}}
@media(prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
@media print{fieldset{display:none}.day h2{position:static}article{break-inside:avoid}}
"""
