/** A campaign as one graph: who says what, and who hears it; read from the mailboxes that its actors declare. */
import type { ActorPlan } from '../protocol/actor.ts';
import { eventSchemas } from '../protocol/events.ts';

export type SystemKind = 'actor' | 'people' | 'workers' | 'watch' | 'queue';

export interface SystemNode {
  /** An actor's name, or a source's: `operator`, `host`, `worker`; or `queue`. */
  readonly id: string;
  readonly name: string;
  readonly kind: SystemKind;
  readonly description: string;
}

export interface SystemArrow {
  /** `from>to`. */
  readonly id: string;
  readonly from: string;
  readonly to: string;
  /** The events that go this way, in the order in which the hearer lists them. */
  readonly events: readonly string[];
}

export interface System {
  readonly nodes: readonly SystemNode[];
  readonly arrows: readonly SystemArrow[];
}

const outsiders: readonly SystemNode[] = [
  { id: 'operator', name: 'people', kind: 'people', description: 'Whoever steers: by command, or on the dashboard.' },
  { id: 'host', name: 'watch', kind: 'watch', description: 'Sees workers come, go and vanish, and tells the log.' },
  { id: 'queue', name: 'work queue', kind: 'queue', description: 'Holds each task until a worker has finished it.' },
  { id: 'worker', name: 'workers', kind: 'workers', description: 'Take tasks from the queue and compute them.' },
];

/** What goes between those who are no actors: the queue hands out tasks, and the watch sees the workers' beats. */
const outside: readonly (readonly [from: string, to: string, event: string])[] = [
  ['queue', 'worker', 'task'],
  ['worker', 'host', 'beat'],
];

/** The graph of a composition of actors. */
export function systemOf(plans: readonly Pick<ActorPlan, 'actor'>[]): System {
  const actors = plans.map(({ actor }) => actor);
  const names = new Set([...outsiders.map(({ id }) => id), ...actors.map(({ name }) => name)]);
  const heard = actors.flatMap(({ name, hears }) =>
    hears.map((fact): [string, string, string] => {
      const dot = fact.indexOf('.');
      return [fact.slice(0, dot), name, fact.slice(dot + 1)];
    }),
  );
  const queued = actors
    .filter(({ name }) => says(name, 'task.created'))
    .map(({ name }): [string, string, string] => [name, 'queue', 'task.created']);
  const arrows = new Map<string, SystemArrow & { events: string[] }>();
  for (const [from, to, event] of [...heard, ...queued, ...outside]) {
    // An actor may hear others that this policy does without.
    if (!names.has(from)) continue;
    const id = `${from}>${to}`;
    const arrow = arrows.get(id) ?? { id, from, to, events: [] };
    arrow.events.push(event);
    arrows.set(id, arrow);
  }
  return {
    nodes: [
      ...outsiders,
      ...actors.map(({ name, machine }): SystemNode => ({
        id: name,
        name,
        kind: 'actor',
        description: machine.root.description ?? '',
      })),
    ],
    arrows: [...arrows.values()],
  };
}

/** Whether a source has an event of this type. */
function says(source: string, type: string): boolean {
  if (!Object.hasOwn(eventSchemas, source)) return false;
  const { options } = eventSchemas[source as keyof typeof eventSchemas];
  return options.some(({ shape }) => shape.type.value === type);
}

/** The graph as Mermaid text: a flowchart. */
export function systemMermaid({ nodes, arrows }: System): string {
  const idOf = (id: string): string => id.replaceAll(/[^A-Za-z0-9]/g, '_');
  const lines = [
    'flowchart TD',
    ...nodes.map(({ id, name, kind }) => `  ${idOf(id)}${kind === 'actor' ? `("${name}")` : `["${name}"]`}`),
    ...arrows.map(({ from, to, events }) => `  ${idOf(from)} -->|"${events.join('<br/>')}"| ${idOf(to)}`),
  ];
  return `${lines.join('\n')}\n`;
}
