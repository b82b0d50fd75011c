/** How a report looks: the one palette as CSS variables, both themes, and paper. */
import { palettes, type, type Theme } from '../figures/palette.ts';

/** The palette's colours by the names of their variables. */
function colours(theme: Theme): [string, string][] {
  const { series, ...named } = palettes[theme];
  const numbered = series.map((colour, i) => [`series-${i}`, colour] as const);
  return [...Object.entries<string>(named), ...numbered].map(([name, colour]) => [`--${name}`, colour]);
}

const rules = (theme: Theme): string =>
  [
    ...colours(theme).map(([name, colour]) => `${name}:${colour}`),
    '--chart-ink:var(--ink);--chart-quiet:var(--quiet);--chart-line:var(--quiet);--chart-paper:var(--paper)',
    '--chart-fill:var(--grid);--chart-active:var(--simulate);--chart-last:var(--simulate)',
  ].join(';');

/** An SVG of the light theme with the palette's variables in the place of its colours: in a page it takes the page's theme. */
export function inPageColours(svg: string): string {
  const names = new Map(colours('light').map(([name, colour]) => [colour, name]));
  return svg.replaceAll(/="(#[0-9a-f]{6})"/g, (whole, colour: string) => {
    const name = names.get(colour);
    return name === undefined ? whole : `="var(${name},${colour})"`;
  });
}

/** The style sheet. On paper it is light whatever the screen is. */
export const reportStyle = `
:root{${rules('light')};color-scheme:light dark}
@media screen and (prefers-color-scheme:dark){:root{${rules('dark')}}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 ${type.family}}
main{max-width:1160px;margin:0 auto;padding:24px 24px 64px}
h1{font-size:22px;line-height:1.25;margin:0 0 4px;overflow-wrap:anywhere}
h2{font-size:17px;margin:44px 0 10px;padding-top:10px;border-top:1px solid var(--grid)}
h3{font-size:15px;margin:20px 0 6px}
p{margin:0 0 10px;max-width:78ch}
.quiet,figcaption,th,dt{color:var(--quiet)}
.small,figcaption{font-size:13px}
a{color:inherit;text-underline-offset:2px}
code,pre,div.number,td.number,td.id{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:13px;font-variant-numeric:tabular-nums}
pre{border:1px solid var(--grid);padding:10px 12px;white-space:pre-wrap;overflow-wrap:anywhere;margin:0 0 10px}
.numbers{display:grid;grid-template-columns:repeat(auto-fill,minmax(134px,1fr));gap:14px 18px;margin:18px 0 0}
.numbers div{min-width:0}
.numbers dt{font-size:13px}
.numbers dd{margin:0;font-size:19px;font-variant-numeric:tabular-nums;line-height:1.3}
.numbers dd small{display:block;font-size:13px;color:var(--quiet)}
.figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(520px,1fr));gap:22px 20px}
.figures .whole{grid-column:1/-1}
figure{margin:0;min-width:0;break-inside:avoid}
figure>svg,figure>.chart>svg{display:block;max-width:100%;height:auto}
figure>svg.narrow{display:none}
figcaption{padding:2px 0 0 16px}
.molecules{display:grid;grid-template-columns:repeat(auto-fill,minmax(200px,1fr));gap:18px;list-style:none;margin:0;padding:0}
.molecules li{min-width:0;break-inside:avoid}
.molecules img{display:block;width:200px;height:150px;max-width:100%}
.molecules .id{overflow-wrap:anywhere}
.molecules .number span{white-space:nowrap}
details{margin:0 0 10px}
.scroll{overflow-x:auto;margin:0 0 10px}
table{border-collapse:collapse;font-size:14px}
th,td{text-align:left;padding:3px 18px 3px 0;vertical-align:top;border-bottom:1px solid var(--grid)}
th{font-weight:400;font-size:13px;white-space:nowrap}
td{overflow-wrap:anywhere}
th.number,td.number{text-align:right;white-space:nowrap}
caption{text-align:left;color:var(--quiet);font-size:13px;padding:0 0 4px}
.chart{overflow-x:auto}
figure>.chart>svg{max-width:none}
summary{cursor:pointer}
:focus-visible{outline:2px solid var(--infer);outline-offset:2px}
@media (max-width:640px){main{padding:16px 16px 48px}.figures{grid-template-columns:minmax(0,1fr)}figure>svg.wide{display:none}figure>svg.narrow{display:block}figcaption{padding-left:0}.molecules{grid-template-columns:repeat(auto-fill,minmax(150px,1fr))}}
@media print{@page{margin:14mm}body{font-size:11pt}main{max-width:none;padding:0}figcaption{display:none}.figures{grid-template-columns:1fr}h2{break-after:avoid}.chart{overflow:visible}figure>.chart>svg{max-width:100%;max-height:240mm}.scroll{overflow:visible}a{text-decoration:none}}
`.trim();
