/** Faults as data, drawn from a seed before a run begins, so that a run that fails can be repeated without some of them. */
import type { SeededRandom } from '../ml/seeded-random.ts';

/** When a fault happens: so many steps of the world after a time, or after a fact of the log; and so between any two steps. */
interface Moment {
  readonly after: { readonly ms: number } | { readonly facts: number };
  readonly steps: number;
}

/** A process, by what it does and its place among those that do the same. */
interface Target {
  readonly of: 'actors' | 'worker';
  readonly index: number;
}

/** A process that gives no sign of life for a while: frozen, or its link cut. */
export type Silence = { readonly what: 'freeze' | 'cut'; readonly forMs: number } & Target;

export type Fault = Moment &
  (
    | ({ readonly what: 'crash'; readonly forMs: number } & Target)
    | Silence
    | ({ readonly what: 'clock'; readonly byMs: number } & Target)
    | { readonly what: 'server-killed'; readonly forMs: number }
    /** Forward: back, and it would take what was queued before its restart for younger than that. */
    | { readonly what: 'server-clock'; readonly byMs: number }
    /** All processes that host actors are gone for so long that no id is remembered. */
    | { readonly what: 'blackout'; readonly forMs: number }
    /** One of the last results comes again from a worker's disk, so late that its id is not known. */
    | { readonly what: 'late-result'; readonly back: number }
    | { readonly what: 'drain' }
    /** A person steers by hand; slots that were moved go home again after a while, since nobody else need bring them back. */
    | { readonly what: 'hands'; readonly wish: HandWish; readonly forMs: number }
  );

const pools = ['simulate', 'train', 'infer'] as const;
/** What people do to candidates and slots; candidates that are not there are among them. */
export type HandWish =
  | { readonly do: 'pinned' | 'unpinned' | 'vetoed' | 'allowed'; readonly candidate: number }
  /** `late`: another addition came between reading and saying it. */
  | { readonly do: 'add'; readonly count: number; readonly late: boolean }
  | { readonly do: 'move'; readonly from: string; readonly to: string; readonly slots: number | 'all' };

export type FaultLevel = 'none' | 'some' | 'heavy';
export const faultLevels: readonly FaultLevel[] = ['none', 'some', 'heavy'];

const mostFaults: Readonly<Record<FaultLevel, number>> = { none: 0, some: 7, heavy: 40 };

/** Faults over a run that takes about so long, and so many facts, without any. */
export function drawFaults(
  random: SeededRandom,
  options: { level: FaultLevel; hosts: number; workers: number; runMs: number; runFacts: number },
): Fault[] {
  const { level, runMs, runFacts } = options;
  const most = mostFaults[level];
  const count = level === 'heavy' ? most / 4 + random.below((3 * most) / 4) : random.below(most + 1);
  const faults = Array.from({ length: Math.floor(count) }, (): Fault => {
    // The start and the end are where most goes on, and right behind a fact is where most is left to be done.
    const ms = random.chance(0.2) ? random.spread(0.1, 50) : runMs * 1.2 * random.next();
    const after = random.chance(0.5) ? { ms: round(ms) } : { facts: 1 + random.below(runFacts) };
    return drawFault(random, { after, steps: random.below(12) }, options);
  });
  // By their times, and then those that wait for a fact.
  const place = ({ after }: Fault): [number, number] => ('ms' in after ? [0, after.ms] : [1, after.facts]);
  return faults.sort((a, b) => place(a)[0] - place(b)[0] || place(a)[1] - place(b)[1]);
}

/** What people do by hand in a run that takes about so long; mostly nothing. */
export function drawHands(
  random: SeededRandom,
  { level, runMs, candidates }: { level: FaultLevel; runMs: number; candidates: number },
): Fault[] {
  if (level === 'none' || random.chance(0.5)) return [];
  return Array.from({ length: 1 + random.below(8) }, (): Fault => {
    const after = { ms: round(runMs * random.next()) };
    const wish = drawWish(random, candidates);
    return { after, steps: random.below(12), what: 'hands', wish, forMs: round(random.spread(20, 12_000)) };
  }).sort((a, b) => ('ms' in a.after && 'ms' in b.after ? a.after.ms - b.after.ms : 0));
}

function drawWish(random: SeededRandom, candidates: number): HandWish {
  const luck = random.next();
  const candidate = random.below(candidates + 4);
  if (luck < 0.3) return { do: 'pinned', candidate };
  if (luck < 0.4) return { do: 'unpinned', candidate };
  if (luck < 0.6) return { do: 'vetoed', candidate };
  if (luck < 0.7) return { do: 'allowed', candidate };
  if (luck < 0.85) return { do: 'add', count: 1 + random.below(3), late: random.chance(0.2) };
  const slots = random.chance(0.3) ? 'all' : 1 + random.below(3);
  return { do: 'move', from: random.pick(pools), to: random.pick(pools), slots };
}

function drawFault(
  random: SeededRandom,
  moment: Moment,
  options: { hosts: number; workers: number; runMs: number },
): Fault {
  const actors = { of: 'actors', index: random.below(options.hosts) } as const;
  const worker = { of: 'worker', index: random.below(options.workers) } as const;
  const luck = random.next();
  // Shorter and longer than what others wait for.
  const forMs = round(random.spread(20, 12_000));
  if (luck < 0.3) return { ...moment, what: 'crash', ...actors, forMs };
  if (luck < 0.42) return { ...moment, what: 'freeze', ...actors, forMs };
  if (luck < 0.54) return { ...moment, what: 'cut', ...actors, forMs };
  if (luck < 0.64) return { ...moment, what: 'crash', ...worker, forMs };
  // Some so long that what they say afterwards is not known to be late by its id.
  const silentMs = random.chance(options.runMs > 100_000 ? 0.6 : 0.1) ? beyondMemory(random) : forMs;
  if (luck < 0.7) return { ...moment, what: 'freeze', ...worker, forMs: silentMs };
  if (luck < 0.76) return { ...moment, what: 'cut', ...worker, forMs: silentMs };
  if (luck < 0.84) return { ...moment, what: 'server-killed', forMs: round(random.spread(20, 4_000)) };
  if (luck < 0.87) return { ...moment, what: 'clock', ...random.pick([actors, worker]), byMs: jump(random, 600_000) };
  if (luck < 0.89) return { ...moment, what: 'server-clock', byMs: round(random.spread(10, 20_000)) };
  if (luck < 0.95) return { ...moment, what: 'blackout', forMs: beyondMemory(random) };
  if (luck < 0.97) return { ...moment, what: 'late-result', back: 1 + random.below(4) };
  return { ...moment, what: 'drain' };
}

/** Longer than the server knows the ids of messages. */
const beyondMemory = (random: SeededRandom): number => round(125_000 + random.spread(10, 20_000));
const round = (ms: number): number => Math.round(10 * ms) / 10;
const jump = (random: SeededRandom, mostMs: number): number => round(random.pick([-1, 1]) * random.spread(10, mostMs));

/** A fault as people read it. */
export function describeFault(fault: Fault): string {
  const after = 'ms' in fault.after ? `at ${fault.after.ms} ms` : `after fact ${fault.after.facts}`;
  const at = `${after}${fault.steps > 0 ? ` and ${fault.steps} steps` : ''}`;
  const seconds = (ms: number): string => `${Number((ms / 1_000).toPrecision(6))} s`;
  const name = 'of' in fault ? `${fault.of === 'actors' ? 'actor host' : 'worker'} ${fault.index + 1}` : '';
  switch (fault.what) {
    case 'crash':
      return `${at}: ${name} is killed, and started again after ${seconds(fault.forMs)}`;
    case 'freeze':
      return `${at}: ${name} is frozen for ${seconds(fault.forMs)}`;
    case 'cut':
      return `${at}: ${name} is cut off for ${seconds(fault.forMs)}`;
    case 'clock':
      return `${at}: the clock of ${name} jumps by ${seconds(fault.byMs)}`;
    case 'server-killed':
      return `${at}: the server is killed, and started again after ${seconds(fault.forMs)}`;
    case 'server-clock':
      return `${at}: the server's clock jumps by ${seconds(fault.byMs)}`;
    case 'blackout':
      return `${at}: all actor hosts are gone for ${seconds(fault.forMs)}`;
    case 'late-result':
      return `${at}: a result comes a second time, the last but ${fault.back - 1}`;
    case 'drain':
      return `${at}: somebody asks for a pause`;
    case 'hands':
      return `${at}: by hand, ${describeWish(fault.wish)}`;
  }
}

function describeWish(wish: HandWish): string {
  if (wish.do === 'add') return `${wish.count} candidates are added${wish.late ? ' too late' : ''}`;
  if (wish.do === 'move') return `${wish.slots} slots are moved from ${wish.from} to ${wish.to}`;
  return `candidate ${wish.candidate} is ${wish.do}`;
}
