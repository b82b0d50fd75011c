/**
 * The system as one graph, as SVG text: `<g data-node="id">` with an empty `<text data-count="id">` under its name (room for 16
 * characters), and `<g data-arrow="from>to">` for what goes from one to another, in the classes and colours of {@link chartSvg}. Dozens
 * of events go round: their names are seen on an arrow that is pointed at, or lit (class `last`).
 */
import type { ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk-api.js';
import { sizes } from './box.ts';
import { layOut } from './elk.ts';
import { cornersOf, type Point } from './layout.ts';
import { chartStyle } from './style.ts';
import { escaped, number, roundedPath, tip } from './svg-parts.ts';
import type { System, SystemArrow, SystemNode } from './system-model.ts';
import { codeWidth, wordsWidth } from './text-size.ts';

const lineHeight = 13;
const nodeHeight = 44;

/** The graph of a composition as one SVG document. */
export async function systemSvg(system: System): Promise<string> {
  const placed = await layOut(graphOf(system));
  const nodes = new Map((placed.children ?? []).map((node) => [node.id, node]));
  const edges = new Map((placed.edges ?? []).map((edge) => [edge.id, edge]));
  const [width, height] = [Math.ceil(placed.width ?? 0), Math.ceil(placed.height ?? 0)];
  const drawnEdges = system.arrows.flatMap((arrow) => {
    const edge = edges.get(arrow.id);
    return edge === undefined ? [] : [{ arrow, corners: cornersOf(edge) }];
  });
  const names = system.nodes.map(({ name }) => name).join(', ');
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" class="cox-chart cox-system" role="img" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" aria-labelledby="chart-system">`,
    `<title id="chart-system">${escaped(`The system: ${names}`)}</title>`,
    `<style>${chartStyle}</style>`,
    ...drawnEdges.map(({ corners }) => `<path class="line" d="${roundedPath(corners)}"/>`),
    ...drawnEdges.map(({ corners }) => tip(corners)),
    ...system.nodes.map((node) => drawnNode(node, nodes.get(node.id))),
    ...drawnEdges.map(({ arrow, corners }) => drawnArrow(arrow, corners, width)),
    '</svg>',
  ].join('\n')}\n`;
}

function graphOf({ nodes, arrows }: System): ElkNode {
  return {
    id: 'system',
    layoutOptions: {
      'elk.algorithm': 'layered',
      'elk.direction': 'DOWN',
      'elk.edgeRouting': 'ORTHOGONAL',
      'elk.json.edgeCoords': 'ROOT',
      'elk.randomSeed': '1',

      'elk.layered.spacing.nodeNodeBetweenLayers': '40',
      'elk.spacing.nodeNode': '26',
      'elk.spacing.edgeEdge': '10',
    },
    children: nodes.map(({ id, name }) => ({
      id,
      width: Math.max(118, Math.ceil(wordsWidth(name, sizes.name)) + 2 * sizes.padding),
      height: nodeHeight,
    })),
    edges: arrows.map(({ id, from, to }): ElkExtendedEdge => ({
      id,
      sources: [from],
      targets: [to],
    })),
  };
}

function drawnNode({ id, name, kind, description }: SystemNode, place: ElkNode | undefined): string {
  const { x = 0, y = 0, width = 0, height = 0 } = place ?? {};
  const rounding = kind === 'actor' ? 8 : 2;
  return [
    `<g class="node ${kind}" data-node="${escaped(id)}">`,
    description === '' ? '' : `<title>${escaped(description)}</title>`,
    `<rect class="box" x="${number(x + 0.5)}" y="${number(y + 0.5)}" width="${number(width - 1)}" height="${number(height - 1)}" rx="${rounding}"/>`,
    `<text class="name" text-anchor="middle" x="${number(x + width / 2)}" y="${number(y + 19)}">${escaped(name)}</text>`,
    `<text class="count" data-count="${escaped(id)}" text-anchor="middle" x="${number(x + width / 2)}" y="${number(y + 35)}"></text>`,
    '</g>',
  ].join('');
}

function drawnArrow({ id, events }: SystemArrow, corners: readonly Point[], width: number): string {
  const wide = Math.max(...events.map((event) => codeWidth(event, sizes.count))) / 2;
  const middle = middleOf(corners);
  const x = Math.min(Math.max(middle.x, wide + 4), width - wide - 4);
  const top = middle.y - (events.length * lineHeight) / 2 + 10;
  const names = events.map(
    (event, index) =>
      `<text class="code small" text-anchor="middle" x="${number(x)}" y="${number(top + index * lineHeight)}">${escaped(event)}</text>`,
  );
  const path = roundedPath(corners);
  return [
    `<g class="arrow" data-arrow="${escaped(id)}">`,
    `<title>${escaped(`${id.replace('>', ' to ')}: ${events.join(', ')}`)}</title>`,
    `<path class="reach" d="${path}"/><path class="lit" d="${path}"/><g class="says">${names.join('')}</g></g>`,
  ].join('');
}

/** The middle of the longest stretch between two corners. */
function middleOf(corners: readonly Point[]): Point {
  let longest = -1;
  let middle: Point = { x: 0, y: 0 };
  corners.slice(1).forEach((to, index) => {
    const from = corners[index] ?? to;
    const length = Math.hypot(to.x - from.x, to.y - from.y);
    if (length <= longest) return;
    longest = length;
    middle = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
  });
  return middle;
}
