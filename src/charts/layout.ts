/** Where everything of a statechart stands: ELK's layered layout, with nested states, orthogonal arrows and labels that keep clear. */
import type { ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk-api.js';
import { boxOf, drawnArrows, labelOf, lineWidth, sizes, type Box, type Line } from './box.ts';
import { statesOf, type Chart, type ChartArrow, type ChartState } from './chart-model.ts';
import { layOut } from './elk.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Rectangle extends Point {
  readonly width: number;
  readonly height: number;
}

/** A state with its place; `height` of the whole, `box.height` of the header with its lines. */
export interface PlacedState extends Rectangle {
  readonly box: Box;
  /** From where to where its name and lines may stand: arrows into a compound state pass beside them. */
  readonly text: { readonly from: number; readonly to: number };
}

/** Arrows between the same two states: one line, with a label of several lines. */
export interface PlacedArrow {
  readonly arrows: readonly ChartArrow[];
  /** Corners, from the source to the tip; more than one where it leads to several states. */
  readonly lines: readonly (readonly Point[])[];
  readonly label: (Rectangle & { readonly lines: readonly Line[] }) | null;
}

/** A chart with a place for everything, px. */
export interface ChartLayout {
  readonly chart: Chart;
  readonly width: number;
  readonly height: number;
  /** Outer states before those inside. */
  readonly states: readonly PlacedState[];
  readonly arrows: readonly PlacedArrow[];
  /** Where a compound state, or the machine, begins: a dot, and the line from it. */
  readonly initials: readonly { readonly dot: Point; readonly line: readonly Point[] }[];
  /** Between the regions of parallel states. */
  readonly dividers: readonly (readonly [Point, Point])[];
}

/** Radius of the dot that a chart begins at, and of a history state's circle. */
export const dotRadius = 5;
export const historyRadius = 11;

const idOf = (path: string): string => `state:${path}`;
const dotOf = (path: string): string => `initial:${path}`;

/** Lay a chart out: of the same chart the same layout. */
export async function layoutOf(chart: Chart): Promise<ChartLayout> {
  const boxes = new Map(statesOf(chart).map((state) => [state.path, boxOf(chart, state)]));
  const groups = grouped(drawnArrows(chart));
  const graph: ElkNode = {
    id: 'chart',
    layoutOptions: {
      'elk.algorithm': 'layered',
      'elk.direction': 'DOWN',
      'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
      'elk.edgeRouting': 'ORTHOGONAL',
      'elk.json.shapeCoords': 'ROOT',
      'elk.json.edgeCoords': 'ROOT',
      'elk.randomSeed': '1',
      'elk.padding': padding(0, 8),
      ...layering,
    },
    children: [nodeOf(chart.root, boxes)],
    edges: [...groups.flatMap(edgesOf), ...statesOf(chart).flatMap(initialEdge)],
  };
  const placed = await layOut(graph);
  const nodes = new Map(flat(placed).map((node) => [node.id, node]));
  const edges = new Map((placed.edges ?? []).map((edge) => [edge.id, edge]));
  const stretches = [...edges.values()].flatMap((edge) => stretchesOf(cornersOf(edge)));
  const states = statesOf(chart).map((state) => placedState(state, boxes, nodes, stretches));
  return {
    chart,
    width: Math.ceil(placed.width ?? 0),
    height: Math.ceil(placed.height ?? 0),
    states,
    arrows: groups.map((group, index) => placedArrow(group, index, edges)),
    initials: statesOf(chart).flatMap(({ path, initial }) => {
      const dot = nodes.get(dotOf(path));
      const edge = edges.get(dotOf(path));
      if (initial === null || dot === undefined || edge === undefined) return [];
      return [{ dot: { x: at(dot.x) + dotRadius, y: at(dot.y) + dotRadius }, line: cornersOf(edge) }];
    }),
    dividers: states.flatMap((state) => dividersOf(state, states)),
  };
}

type Group = readonly [ChartArrow, ...ChartArrow[]];

/** Arrows that leave the same state for the same states. */
function grouped(arrows: readonly ChartArrow[]): Group[] {
  const groups = new Map<string, [ChartArrow, ...ChartArrow[]]>();
  for (const arrow of arrows) {
    const key = JSON.stringify([arrow.source, arrow.targets]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [arrow]);
    else group.push(arrow);
  }
  return [...groups.values()];
}

function nodeOf(state: ChartState, boxes: ReadonlyMap<string, Box>): ElkNode {
  const id = idOf(state.path);
  const box = boxes.get(state.path);
  if (state.kind === 'history') return { id, width: 2 * historyRadius, height: 2 * historyRadius };
  const { width = 0, height = 0 } = box ?? {};
  if (state.states.length === 0) return { id, width, height };
  const dots = state.initial === null ? [] : [{ id: dotOf(state.path), width: 2 * dotRadius, height: 2 * dotRadius }];
  return {
    id,
    layoutOptions: {
      'elk.padding': padding(height, 14),
      'elk.nodeSize.constraints': 'MINIMUM_SIZE',
      'elk.nodeSize.minimum': `(${width}, ${height})`,
      ...layering,
      ...spacing,
    },
    children: [...dots, ...state.states.map((inner) => nodeOf(inner, boxes))],
  };
}

const padding = (header: number, around: number): string =>
  `[top=${header + around},left=${around},bottom=${around},right=${around}]`;

/** Initial states on top, straight lines, few crossings, and every label right of its line, so that nobody wonders whose it is. */
const layering = {
  'elk.layered.cycleBreaking.strategy': 'DEPTH_FIRST',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
  'elk.layered.edgeLabels.sideSelection': 'ALWAYS_UP',
  'elk.layered.thoroughness': '30',
} as const;

const spacing = {
  'elk.spacing.nodeNode': '28',
  'elk.spacing.edgeNode': '18',
  'elk.spacing.edgeEdge': '12',
  'elk.spacing.edgeLabel': '4',
  'elk.spacing.labelNode': '6',
  'elk.layered.spacing.nodeNodeBetweenLayers': '26',
  'elk.layered.spacing.edgeNodeBetweenLayers': '14',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '12',
} as const;

function edgesOf(group: Group, index: number): ElkExtendedEdge[] {
  const [{ source, targets }] = group;
  const lines = group.flatMap(labelOf);
  return targets.map((target, branch) => ({
    id: `arrow:${index}/${branch}`,
    sources: [idOf(source)],
    targets: [idOf(target)],
    ...(branch > 0 || lines.length === 0
      ? {}
      : {
          labels: [
            {
              text: 'label',
              width: Math.ceil(Math.max(...lines.map(lineWidth))),
              height: lines.length * sizes.line,
              layoutOptions: { 'elk.edgeLabels.placement': 'CENTER' },
            },
          ],
        }),
  }));
}

function initialEdge({ path, initial }: ChartState): ElkExtendedEdge[] {
  return initial === null ? [] : [{ id: dotOf(path), sources: [dotOf(path)], targets: [idOf(initial)] }];
}

const at = (coordinate: number | undefined): number => coordinate ?? 0;
const flat = (node: ElkNode): ElkNode[] => [node, ...(node.children ?? []).flatMap(flat)];

type Stretch = readonly [Point, Point];

const stretchesOf = (corners: readonly Point[]): Stretch[] =>
  corners.slice(1).map((corner, index) => [corners[index] ?? corner, corner]);

function placedState(
  state: ChartState,
  boxes: ReadonlyMap<string, Box>,
  nodes: ReadonlyMap<string, ElkNode>,
  stretches: readonly Stretch[],
): PlacedState {
  const node = nodes.get(idOf(state.path));
  const box = boxes.get(state.path);
  if (node === undefined || box === undefined) throw new TypeError(`state ${state.path} was given no place`);
  const place = { x: at(node.x), y: at(node.y), width: at(node.width), height: at(node.height) };
  return { box, ...place, text: textIn(place, box, stretches) };
}

/** The leftmost room for a header and its lines that no arrow passes through; all of it where there is none that is wide enough. */
function textIn(place: Rectangle, box: Box, stretches: readonly Stretch[]): PlacedState['text'] {
  const all = { from: place.x + sizes.padding, to: place.x + place.width - sizes.padding };
  const passing = stretches
    .filter(([one, other]) => {
      const [top, bottom] = [Math.min(one.y, other.y), Math.max(one.y, other.y)];
      return top < place.y + box.height - 1 && bottom > place.y + 1;
    })
    .flatMap(([one, other]) => [one.x, other.x])
    .filter((x) => x > place.x && x < place.x + place.width)
    .sort((a, b) => a - b);
  const edges = [all.from - sizes.padding, ...passing, all.to + sizes.padding];
  const rooms = edges
    .slice(1)
    .map((edge, index) => ({ from: (edges[index] ?? edge) + sizes.padding, to: edge - sizes.padding }));
  return rooms.find(({ from, to }) => to - from >= box.width - 2 * sizes.padding) ?? all;
}

function placedArrow(group: Group, index: number, edges: ReadonlyMap<string, ElkExtendedEdge>): PlacedArrow {
  const own = group[0].targets.flatMap((_, branch) => edges.get(`arrow:${index}/${branch}`) ?? []);
  const [label] = own[0]?.labels ?? [];
  const lines = group.flatMap(labelOf);
  return {
    arrows: group,
    lines: own.map(cornersOf),
    label:
      label === undefined
        ? null
        : { x: at(label.x), y: at(label.y), width: at(label.width), height: at(label.height), lines },
  };
}

/** The corners of an edge that was laid out, from its source to its target. */
export const cornersOf = ({ sections = [] }: ElkExtendedEdge): Point[] =>
  sections.flatMap(({ startPoint, bendPoints = [], endPoint }) => [startPoint, ...bendPoints, endPoint]);

/** Lines between the regions of a parallel state: across it, halfway between two that stand side by side or one over the other. */
function dividersOf(outer: PlacedState, states: readonly PlacedState[]): (readonly [Point, Point])[] {
  if (outer.box.state.kind !== 'parallel') return [];
  const inner = new Set(outer.box.state.states.flatMap(({ path, kind }) => (kind === 'history' ? [] : [path])));
  const regions = states.filter(({ box }) => inner.has(box.state.path));
  const top = outer.y + outer.box.height;
  const between = (one: PlacedState, next: PlacedState): readonly [Point, Point] => {
    if (one.x + one.width <= next.x) {
      const x = (one.x + one.width + next.x) / 2;
      return [
        { x, y: top },
        { x, y: outer.y + outer.height },
      ];
    }
    const y = (one.y + one.height + next.y) / 2;
    return [
      { x: outer.x, y },
      { x: outer.x + outer.width, y },
    ];
  };
  const sorted = regions.toSorted((a, b) => a.x - b.x || a.y - b.y);
  return sorted.slice(1).map((next, index) => between(sorted[index] ?? next, next));
}
