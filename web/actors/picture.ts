/** Charts from the server as elements of the page: only what draws is let in, and states and arrows are found by name. */

/** A chart in the page. */
export interface Picture {
  readonly svg: SVGSVGElement;
  readonly width: number;
  readonly height: number;
  /** Elements by what they stand for; an arrow may have several. */
  readonly states: ReadonlyMap<string, readonly Element[]>;
  readonly arrows: ReadonlyMap<string, readonly Element[]>;
  readonly counts: ReadonlyMap<string, readonly Element[]>;
  readonly nodes: ReadonlyMap<string, readonly Element[]>;
}

const drawing = new Set(
  'svg g path rect circle ellipse line polyline polygon text tspan title desc defs marker clipPath'.split(' '),
);
const taken = new Set<string>();

/**
 * The chart that an SVG text draws.
 * @throws {Error} when it is none
 */
export function pictureOf(text: string): Picture {
  const parsed = new DOMParser().parseFromString(text, 'image/svg+xml');
  const root = parsed.documentElement;
  if (parsed.querySelector('parsererror') !== null || !(root instanceof SVGSVGElement)) {
    throw new Error('The chart that the dashboard sent cannot be read. Reload the page; if it stays, report it.');
  }
  for (const style of root.querySelectorAll('style')) takeStyle(style.textContent);
  clean(root);
  const svg = document.importNode(root, true);
  const { width, height } = svg.viewBox.baseVal;
  return {
    svg,
    width,
    height,
    states: byName(svg, 'data-state'),
    arrows: byName(svg, 'data-arrow'),
    counts: byName(svg, 'data-count'),
    nodes: byName(svg, 'data-node'),
  };
}

/** The chart's rules all begin with its class. As a sheet of the page's own they need no leave for inline styles. */
function takeStyle(text: string): void {
  if (taken.has(text)) return;
  taken.add(text);
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}

/** Takes away what does not draw, and all that could run or fetch. */
function clean(element: Element): void {
  for (const child of Array.from(element.children)) {
    if (drawing.has(child.localName)) clean(child);
    else child.remove();
  }
  for (const { name, value } of Array.from(element.attributes)) {
    const isReference = name.toLowerCase().endsWith('href') || /url\s*\(\s*(?!['"]?#)/i.test(value);
    if (name.toLowerCase().startsWith('on') || (isReference && !value.startsWith('#'))) element.removeAttribute(name);
  }
}

function byName(svg: Element, attribute: string): Map<string, Element[]> {
  const found = new Map<string, Element[]>();
  for (const element of svg.querySelectorAll(`[${attribute}]`)) {
    const name = element.getAttribute(attribute) ?? '';
    found.set(name, [...(found.get(name) ?? []), element]);
  }
  return found;
}

/** Gives `name` to exactly those elements that stand for one of `wanted`. */
export function mark(
  elements: ReadonlyMap<string, readonly Element[]>,
  name: string,
  wanted: (of: string) => boolean,
): void {
  for (const [of, those] of elements) {
    const isWanted = wanted(of);
    for (const element of those) element.classList.toggle(name, isWanted);
  }
}

/** Writes a text at each place that is kept for one. */
export function write(counts: ReadonlyMap<string, readonly Element[]>, textOf: (of: string) => string): void {
  for (const [of, those] of counts) {
    const text = textOf(of);
    for (const element of those) if (element.textContent !== text) element.textContent = text;
  }
}
