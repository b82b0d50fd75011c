/**
 * One step of an actor, pure: a fact comes in; the next record and the effects come out, as data. Everything that makes an
 * actor durable is decided here: which fact is the next, under which ids effects are asked for, what a snapshot holds.
 */
import {
  createActor,
  initialTransition,
  type AnyActorScope,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type AnyTransitionDefinition,
} from 'xstate';
import { z } from 'zod';
import { ConfigError, InvariantError, messageOf } from '../protocol/errors.ts';
import { factSchema, type StoredFact } from '../protocol/fact.ts';

const count = z.number().int().nonnegative();

/** A delayed event of a machine that is armed. */
const timerSchema = z.object({
  id: z.string(),
  /** Sequence of the fact that armed it: with the id, the name of this one arming. */
  armed: count,
  /** When it fires, by the log's clock, ms since 1970. */
  dueAt: z.number(),
  event: z.looseObject({ type: z.string() }),
});

/** What is kept of an actor between steps, and all that a restart needs; plain JSON. */
export const actorRecordSchema = z.object({
  v: z.literal(1),
  actor: z.string(),
  /** The version of its definition. */
  version: z.number(),
  /** Sequence of the last fact that was taken. */
  position: count,
  machine: z.unknown(),
  /** How many facts it has said, and the number of the last fact that it took of each actor that it listens to. */
  said: count,
  heard: z.record(z.string(), count),
  /** Facts that came before their turn. */
  early: z.array(factSchema.extend({ sequence: count, source: z.string(), storedAt: z.number() })),
  timers: z.array(timerSchema),
});
export type ActorRecord = z.infer<typeof actorRecordSchema>;

/** A fact that an actor says, before it has a time. */
export interface Said {
  readonly id: string;
  readonly number: number;
  readonly cause: number;
  readonly event: { readonly type: string } & Record<string, unknown>;
}

/** What the outside has to do after a step. */
export interface Step {
  readonly record: ActorRecord;
  readonly snapshot: AnyMachineSnapshot;
  readonly said: readonly Said[];
  /** Whether timers were armed or called off. */
  readonly timersChanged: boolean;
  /** The machine's events of this step, in order: usually one; none when the fact was a duplicate or came early. */
  readonly taken: readonly { readonly type: string }[];
}

/** An actor in memory: its record, and the machine's snapshot that the record's JSON stands for. */
export interface ActorState {
  readonly record: ActorRecord;
  readonly snapshot: AnyMachineSnapshot;
}

/** A microstep of a machine, for whoever looks on: the event, the transitions that were taken on it, and the state right after. */
export interface Microstep {
  readonly event: { readonly type: string };
  readonly transitions: readonly AnyTransitionDefinition[];
  readonly snapshot: AnyMachineSnapshot;
}
type OnMicrostep = (microstep: Microstep) => void;

interface Definition {
  readonly name: string;
  readonly machine: AnyStateMachine;
  readonly version: number;
  /** `source.event` of the facts that its machine is given; of others of the same sources only the number counts. */
  readonly hears: readonly string[];
}

type Effect = { type: string; params?: unknown };

/** The first breath of an actor: its initial state, caused by nothing (sequence 0). */
export function beginActor(definition: Definition, input: unknown, at: number): Step {
  const record: ActorRecord = {
    v: 1,
    actor: definition.name,
    version: definition.version,
    position: 0,
    machine: null,
    said: 0,
    heard: {},
    early: [],
    timers: [],
  };
  const [snapshot, effects] = initialTransition(definition.machine, input) as [AnyMachineSnapshot, Effect[]];
  return perform(definition, { record, snapshot }, effects, 0, at, []);
}

/**
 * An actor as its record describes it.
 * @throws ConfigError when the record is of another version of the actor, or is none.
 */
export function restoreActor(definition: Definition, json: unknown): ActorState {
  const parsed = actorRecordSchema.safeParse(json);
  if (!parsed.success) {
    throw new ConfigError(
      `the snapshot of actor ${definition.name} is damaged, or of another version of Coxswain: ${z.prettifyError(parsed.error)}`,
      { code: 'actor.other-version' },
    );
  }
  const record = parsed.data;
  if (record.version !== definition.version) {
    throw new ConfigError(
      `the snapshot of actor ${definition.name} is of its version ${record.version}, this Coxswain has version ` +
        `${definition.version}; resume the campaign with the Coxswain that started it`,
      { code: 'actor.other-version' },
    );
  }
  const snapshot = definition.machine.restoreSnapshot(record.machine as never, {} as never) as AnyMachineSnapshot;
  return { record, snapshot };
}

/**
 * Take one fact of the log.
 *
 * Facts at or before the position are dropped. An actor is a channel that numbers what it says 1, 2, 3, ...: of an actor that
 * this one listens to the next number is taken, older ones are dropped, and later ones are held until the gap is filled,
 * since a message that was sent again after a reconnect arrives after its successors. Outsiders have no numbers.
 *
 * `onMicrostep` is shown how the machine gets there: for each event what it selected first, then eventless transitions.
 */
export function takeFact(definition: Definition, state: ActorState, fact: StoredFact, onMicrostep?: OnMicrostep): Step {
  if (fact.sequence <= state.record.position) return unchanged(state);
  const { record } = state;
  const moved: ActorState = { record: { ...record, position: fact.sequence }, snapshot: state.snapshot };
  const { source, number } = fact;
  if (number === null) return deliver(definition, moved, [fact], fact, onMicrostep);
  if (!listensTo(definition, source)) return unchanged(moved);
  const next = (record.heard[source] ?? 0) + 1;
  if (number < next) return unchanged(moved);
  if (number > next) {
    const isHeld = record.early.some((early) => early.source === source && early.number === number);
    const early = isHeld ? record.early : [...record.early, fact];
    return unchanged({ record: { ...moved.record, early }, snapshot: state.snapshot });
  }
  const run: StoredFact[] = [fact];
  let early = record.early;
  if (early.length > 0) {
    const held = new Map(early.filter((one) => one.source === source).map((one) => [one.number, one]));
    for (let follows = next + 1; ; follows += 1) {
      const follower = held.get(follows);
      if (follower === undefined) break;
      run.push(follower);
    }
    const taken = new Set(run);
    if (run.length > 1) early = early.filter((one) => !taken.has(one));
  }
  const heard = { ...record.heard, [source]: next + run.length - 1 };
  return deliver(definition, { ...moved, record: { ...moved.record, early, heard } }, run, fact, onMicrostep);
}

const listening = new WeakMap<Definition, { sources: ReadonlySet<string>; facts: ReadonlySet<string> }>();

/** What an actor listens to, worked out once: the sources, and the facts that its machine is given. */
function mailboxOf(definition: Definition): { sources: ReadonlySet<string>; facts: ReadonlySet<string> } {
  let mailbox = listening.get(definition);
  if (mailbox === undefined) {
    const facts = new Set([...definition.hears, `${definition.name}.timer.fired`]);
    const sources = new Set(definition.hears.map((heard) => heard.slice(0, heard.indexOf('.'))));
    mailbox = { sources, facts };
    listening.set(definition, mailbox);
  }
  return mailbox;
}

/** Whether any fact of this source is for the actor. */
function listensTo(definition: Definition, source: string): boolean {
  return mailboxOf(definition).sources.has(source);
}

/** The record to store: the machine's state in its JSON form. */
export function recordOf(definition: Definition, state: ActorState): ActorRecord {
  return { ...state.record, machine: definition.machine.getPersistedSnapshot(state.snapshot) };
}

function unchanged({ record, snapshot }: ActorState): Step {
  return { record, snapshot, said: [], timersChanged: false, taken: [] };
}

/** Give the machine a run of facts in order; all effects carry the sequence of the fact that completed the run. */
function deliver(
  definition: Definition,
  state: ActorState,
  run: readonly StoredFact[],
  cause: StoredFact,
  onMicrostep: OnMicrostep | undefined,
): Step {
  let snapshot = state.snapshot;
  let timers = state.record.timers;
  const effects: Effect[] = [];
  const taken: { type: string }[] = [];
  const { facts } = mailboxOf(definition);
  for (const fact of run) {
    if (!facts.has(`${fact.source}.${fact.event.type}`)) continue;
    let event: { type: string } & Record<string, unknown> = fact.event;
    if (fact.source === definition.name && event.type === 'timer.fired') {
      const fired = timers.find((timer) => timer.id === event['timer'] && timer.armed === event['armed']);
      if (fired === undefined) continue;
      timers = timers.filter((timer) => timer !== fired);
      event = fired.event;
    } else {
      // What an event says of itself counts: a `result.recorded` names the sequence of the result, not its own.
      event = { sequence: fact.sequence, source: fact.source, at: fact.storedAt, ...event };
    }
    // A machine that has ended takes nothing more.
    if (snapshot.status === 'done') continue;
    const [next, asked] = advance(definition, snapshot, event, fact.sequence, onMicrostep);
    snapshot = next;
    effects.push(...asked);
    taken.push({ type: event.type });
  }
  const base = { record: { ...state.record, timers }, snapshot };
  const step = perform(definition, base, effects, cause.sequence, cause.storedAt, taken);
  return timers === state.record.timers ? step : { ...step, timersChanged: true };
}

const scopes = new WeakMap<AnyStateMachine, AnyActorScope>();

/**
 * What XState's `transition` makes anew at every call, a first snapshot of the machine included: a third of a transition's time.
 * Our machines have no children and act on nothing, so one scope serves all of a machine's transitions.
 */
function scopeOf(machine: AnyStateMachine): AnyActorScope {
  let scope = scopes.get(machine);
  if (scope === undefined) {
    const self = createActor(machine);
    const nothing = (): void => undefined;
    const none = { defer: nothing, logger: nothing, stopChild: nothing, emit: nothing, actionExecutor: nothing };
    scope = { self, id: '', sessionId: '', system: self.system, ...none };
    scopes.set(machine, scope);
  }
  return scope;
}

/** XState tells its system, as it goes, which transitions it takes: finding out afterwards would be to run every guard and action again. */
function watchedSystem(system: AnyActorScope['system'], onMicrostep: OnMicrostep): AnyActorScope['system'] {
  const told = (event: { type: string; _transitions?: readonly AnyTransitionDefinition[] }): void => {
    if (event.type !== '@xstate.microstep') return;
    const { event: cause, snapshot } = event as unknown as Microstep;
    onMicrostep({ event: cause, snapshot, transitions: event._transitions ?? [] });
  };
  return Object.create(system, { _sendInspectionEvent: { value: told } }) as AnyActorScope['system'];
}

/** One transition of the machine. @throws InvariantError that names actor and event when a guard or an action of it throws. */
function advance(
  { name, machine }: Definition,
  snapshot: AnyMachineSnapshot,
  event: { type: string },
  sequence: number,
  onMicrostep: OnMicrostep | undefined,
): [AnyMachineSnapshot, Effect[]] {
  try {
    const effects: Effect[] = [];
    const usual = scopeOf(machine);
    const system = onMicrostep === undefined ? usual.system : watchedSystem(usual.system, onMicrostep);
    const scope = { ...usual, system, actionExecutor: (effect: Effect): void => void effects.push(effect) };
    return [machine.transition(snapshot, event, scope as never) as AnyMachineSnapshot, effects];
  } catch (cause) {
    throw new InvariantError(`actor ${name} failed at ${event.type} (${sequence}): ${messageOf(cause)}`, { cause });
  }
}

/** Turn what the machine asked for into facts with ids and numbers, and into timers. */
function perform(
  definition: Definition,
  state: ActorState,
  effects: readonly Effect[],
  cause: number,
  at: number,
  taken: readonly { type: string }[],
): Step {
  const said: Said[] = [];
  let timers = state.record.timers;
  for (const effect of effects) {
    const params = (effect.params ?? {}) as { event?: Said['event']; id?: string; delay?: number; sendId?: string };
    if (effect.type === 'xstate.emit' && params.event !== undefined) {
      const number = state.record.said + said.length + 1;
      said.push({ id: `${definition.name}/${cause}/${said.length + 1}`, number, cause, event: params.event });
    } else if (effect.type === 'xstate.raise' && params.event !== undefined) {
      const id = params.id ?? params.event.type;
      const timer = { id, armed: cause, dueAt: at + (params.delay ?? 0), event: params.event };
      timers = [...timers.filter((other) => other.id !== id), timer];
    } else if (effect.type === 'xstate.cancel') {
      timers = timers.filter((timer) => timer.id !== params.sendId);
    } else {
      throw new InvariantError(`actor ${definition.name} asked for "${effect.type}", which the runtime does not do`);
    }
  }
  const timersChanged = timers !== state.record.timers;
  return {
    record: { ...state.record, said: state.record.said + said.length, timers },
    snapshot: state.snapshot,
    said,
    timersChanged,
    taken,
  };
}
