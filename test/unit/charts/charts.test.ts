import { describe, expect, it } from 'vitest';
import { and, assign, createMachine, not, setup, type AnyStateMachine } from 'xstate';
import * as actors from '../../../actors/index.ts';
import { sizes } from '../../../src/charts/box.ts';
import { arrowIds, chartOf, statesOf } from '../../../src/charts/chart-model.ts';
import { layoutOf, type ChartLayout, type Point, type Rectangle } from '../../../src/charts/layout.ts';
import { mermaidOf } from '../../../src/charts/mermaid.ts';
import { chartSvg, drawn } from '../../../src/charts/svg.ts';
import { systemOf } from '../../../src/charts/system-model.ts';
import { systemSvg } from '../../../src/charts/system-svg.ts';
import type { ActorDefinition } from '../../../src/protocol/actor.ts';

const ours = Object.values(actors).filter(
  (value): value is Extract<typeof value, ActorDefinition> => typeof value === 'object' && 'machine' in value,
);

/** A machine with all that ours do without: regions, history, raised delays by number, guards of guards, several targets. */
const device = setup({
  types: {},
  actions: { count: assign({ count: ({ context }) => Number(context.count) + 1 }) },
  guards: { isWarm: () => true, isLocked: () => false },
}).createMachine({
  id: 'device',
  context: { count: 0 },
  initial: 'off',
  states: {
    off: { on: { on: 'running', mend: { target: 'running.back' } } },
    running: {
      type: 'parallel',
      description: 'Heats & <blows>.',
      on: { break: { target: 'broken', guard: and(['isWarm', not('isLocked')]) } },
      states: {
        heat: {
          initial: 'low',
          states: { low: { after: { 1500: 'high' } }, high: { on: { tick: { target: 'high', reenter: true } } } },
        },
        fan: { initial: 'slow', states: { slow: { on: { tick: { actions: 'count' } } }, fast: {} } },
        back: { type: 'history', history: 'deep' },
      },
    },
    broken: {
      always: { guard: 'isLocked', target: 'gone' },
      on: { mend: ['running.heat.high', 'running.fan.fast'] } as never,
    },
    gone: { type: 'final', entry: 'count' },
  },
});

describe('the chart of a machine', () => {
  it('has every transition of its definition once, under an id of its own', () => {
    for (const { machine } of ours) {
      const chart = chartOf(machine);
      const ids = chart.arrows.map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      expect([...arrowIds(machine).values()]).toEqual(ids);
      const paths = new Set(statesOf(chart).map(({ path }) => path));
      for (const { source, targets } of chart.arrows)
        for (const path of [source, ...targets]) expect(paths).toContain(path);
    }
  });

  it('says what XState itself knows: regions, history, delays, guards of guards, entry without the arming of timers', () => {
    const chart = chartOf(device);
    const label = (id: string): string | undefined => chart.arrows.find((arrow) => arrow.id === id)?.label;
    expect(statesOf(chart).map(({ path, kind }) => `${path} ${kind}`)).toEqual([
      ' compound',
      'off simple',
      'running parallel',
      'running.heat compound',
      'running.heat.low simple',
      'running.heat.high simple',
      'running.fan compound',
      'running.fan.slow simple',
      'running.fan.fast simple',
      'running.back history',
      'broken simple',
      'gone final',
    ]);
    expect(label('running.heat.low/after 1500/0')).toBe('after 1.5 s');
    expect(label('running/break/0')).toBe('break [and(isWarm, not(isLocked))]');
    expect(label('broken/always/0')).toBe('[isLocked]');
    expect(statesOf(chart).find(({ path }) => path === 'running.heat.low')).toMatchObject({ entry: [], exit: [] });
    const fleet = chartOf(actors.fleet.machine);
    expect(fleet.arrows.find(({ id }) => id === 'empty/after patience/0')?.label).toBe('after 30 s');
  });
});

const laidOut = new Map<string, Promise<ChartLayout>>();

/** The layout of one of the machines here, made once. */
function layoutFor(machine: AnyStateMachine): Promise<ChartLayout> {
  const layout = laidOut.get(machine.id) ?? layoutOf(chartOf(machine));
  laidOut.set(machine.id, layout);
  return layout;
}

/** Whether two rectangles share more than an edge. */
const overlap = (a: Rectangle, b: Rectangle): boolean =>
  a.x < b.x + b.width - 0.5 && b.x < a.x + a.width - 0.5 && a.y < b.y + b.height - 0.5 && b.y < a.y + a.height - 0.5;

const around = ([one, other]: readonly [Point, Point]): Rectangle => ({
  x: Math.min(one.x, other.x),
  y: Math.min(one.y, other.y),
  width: Math.abs(one.x - other.x) + 0.6,
  height: Math.abs(one.y - other.y) + 0.6,
});

/** Without the border, where lines end. */
const shrunk = ({ x, y, width, height }: Rectangle): Rectangle => ({
  x: x + 1.5,
  y: y + 1.5,
  width: width - 3,
  height: height - 3,
});

/** Everything that is written, and everything that it must keep clear of. */
function misplaced({ states, arrows, initials, width, height }: ChartLayout): string[] {
  const lines = [...arrows.flatMap((arrow) => arrow.lines), ...initials.map(({ line }) => line)].flatMap((corners) =>
    corners.slice(1).map((corner, n) => around([corners[n] ?? corner, corner])),
  );
  const labels = arrows.flatMap(({ label, arrows: [arrow] }) =>
    label === null ? [] : [{ name: `label of ${arrow?.id ?? ''}`, ...label }],
  );
  const headers = states
    .filter(({ box }) => box.state.kind !== 'history')
    .map(({ box, y, text }) => ({
      name: `text of ${box.state.path}`,
      x: text.from,
      y: y + 1,
      width: text.to - text.from,
      height: box.height - 2,
    }));
  const texts = [...labels, ...headers];
  const leaves = states.filter(({ box }) => box.state.states.length === 0);
  const found: string[] = [];
  texts.forEach((text, n) => {
    if (lines.some((line) => overlap(text, line))) found.push(`${text.name} is crossed by a line`);
    for (const other of texts.slice(n + 1)) if (overlap(text, other)) found.push(`${text.name} is over ${other.name}`);
    if (text.x < 0 || text.y < 0 || text.x + text.width > width || text.y + text.height > height) {
      found.push(`${text.name} is outside`);
    }
  });
  for (const label of labels) {
    for (const leaf of leaves) if (overlap(label, leaf)) found.push(`${label.name} is over ${leaf.box.state.path}`);
  }
  for (const leaf of leaves) {
    if (lines.some((line) => overlap(shrunk(leaf), line))) found.push(`${leaf.box.state.path} is crossed by a line`);
  }
  return found;
}

describe('a layout', () => {
  it.each(
    [...ours.map(({ machine }): AnyStateMachine => machine), device].map((machine) => [machine.id, machine] as const),
  )('of %s has no text over a line, another text or a border, and keeps to right angles', async (_, machine) => {
    const layout = await layoutFor(machine);
    expect(misplaced(layout)).toEqual([]);
    for (const line of layout.arrows.flatMap(({ lines }) => lines)) {
      line.slice(1).forEach((to, n) => {
        const from = line[n] ?? to;
        expect(Math.min(Math.abs(from.x - to.x), Math.abs(from.y - to.y))).toBeLessThan(0.1);
      });
    }
    for (const { box, width, x, text } of layout.states) {
      if (box.state.kind === 'history') continue;
      expect(text.to - text.from).toBeGreaterThanOrEqual(box.width - 2 * sizes.padding - 0.1);
      expect(text.from).toBeGreaterThanOrEqual(x);
      expect(text.to).toBeLessThanOrEqual(x + width);
    }
  });

  it('would be found out: a label that is moved onto a line is', async () => {
    const layout = await layoutFor(actors.campaign.machine);
    const arrows = layout.arrows.map((arrow) => {
      const [from, to] = arrow.lines[0] ?? [];
      if (arrow.label === null || from === undefined || to === undefined) return arrow;
      return { ...arrow, label: { ...arrow.label, x: from.x - 10, y: Math.min(from.y, to.y) + 2 } };
    });
    expect(misplaced({ ...layout, arrows })).not.toEqual([]);
  });

  it('puts a divider between regions', async () => {
    const { dividers, states } = await layoutFor(device);
    const of = (path: string) => states.find(({ box }) => box.state.path === path);
    expect(dividers.length).toBeGreaterThan(0);
    for (const divider of dividers) {
      for (const path of ['running.heat', 'running.fan']) {
        const region = of(path);
        if (region !== undefined) expect(overlap(around(divider), region), path).toBe(false);
      }
    }
  });
});

describe('the drawing', () => {
  it('has an element, a name and a place for a count for every state and every arrow', async () => {
    for (const { machine } of ours) {
      const chart = chartOf(machine);
      const svg = drawn(await layoutFor(machine));
      for (const { path } of statesOf(chart)) {
        expect(svg).toContain(`data-state="${path}"`);
        expect(svg).toContain(`data-count="${path}"`);
      }
      for (const { id } of chart.arrows) {
        expect(svg).toContain(`data-arrow="${id}"`);
        expect(svg.split(`data-count="${id}"`)).toHaveLength(2);
      }
    }
  });

  it('is the same each time, and takes hostile names for text', async () => {
    const hostile = chartOf(
      createMachine({
        id: 'a"><script>',
        initial: '<b>',
        states: {
          '<b>': { description: '</title><script>', on: { 'x"y': { guard: '&<', target: "it's\u0000" } } },
          "it's\u0000": {},
        },
      } as never) as never,
    );
    const svg = drawn(await layoutOf(hostile));
    expect(svg).toBe(await chartSvg(hostile));
    expect(svg).not.toMatch(/<script|<b>|\u0000/);
    expect(svg).toContain('&lt;/title&gt;&lt;script&gt;');
  });

  it('of the system has everybody, and an arrow from whoever says to whoever hears', async () => {
    const system = systemOf(ours.map((actor) => ({ actor: actor as ActorDefinition })));
    const svg = await systemSvg(system);
    for (const { id } of system.nodes) expect(svg).toContain(`data-node="${id}"`);
    for (const id of ['submitter>queue', 'queue>worker', 'worker>result-processor', 'operator>campaign']) {
      expect(system.arrows.map((arrow) => arrow.id)).toContain(id);
      expect(svg).toContain(`data-arrow="${id.replace('>', '&gt;')}"`);
    }
    for (const { name, hears } of ours) {
      const heard = system.arrows
        .filter(({ to }) => to === name)
        .flatMap(({ from, events }) => events.map((event) => `${from}.${event}`));
      expect(heard.sort()).toEqual([...hears].sort());
    }
  });
});

describe('mermaid', () => {
  it('names nested states, regions, initial and final states, entries, and every arrow', () => {
    const text = mermaidOf(chartOf(device));
    expect(text.split('\n')[0]).toBe('stateDiagram-v2');
    expect(text).toContain('state "heat" as running_heat {');
    expect(text).toMatch(/\n +--\n/);
    expect(text).toContain('[*] --> off');
    expect(text).toContain('gone --> [*]');
    expect(text).toContain('running_heat_low --> running_heat_high : after 1.5 s');
    expect(text).toContain('gone : entry / count');
    for (const { machine } of ours) {
      const chart = chartOf(machine);
      const lines = mermaidOf(chart).split('\n');
      const drawnOnes = chart.arrows.filter(({ targets }) => targets.length > 0);
      expect(lines.filter((line) => / --> (?!\[\*\])/.test(line) && !line.includes('[*] -->'))).toHaveLength(
        drawnOnes.length,
      );
    }
  });
});
