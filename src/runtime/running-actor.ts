import type { StoredFact } from '../protocol/fact.ts';
import type { Clock, Inspection, SnapshotStore } from './contracts.ts';
import { beginActor, recordOf, restoreActor, takeFact, type ActorState, type Said, type Step } from './step.ts';
import type { ActorDefinition, ActorPlan } from '../protocol/actor.ts';

/** What a running actor needs from the host that runs it. */
export interface ActorPorts {
  readonly snapshots: SnapshotStore;
  readonly clock: Clock;
  /** Store what the actor said and do what follows from it; resolves when everything is stored. */
  readonly say: (actor: string, said: readonly Said[], heardAt: number) => Promise<void>;
  /** A timer of the actor is due: tell the log. */
  readonly fire: (actor: string, timer: string, armed: number) => Promise<void>;
  readonly inspect: (inspection: Inspection) => void;
  /** Something that ends the actor: a fence, a broken invariant, a closed connection. */
  readonly fail: (error: unknown) => void;
}

/** An actor as it is now, for whoever asks. */
export interface ActorView {
  /** The machine's state value and context. */
  readonly value: unknown;
  readonly context: unknown;
  /** Version of its definition. */
  readonly version: number;
  /** Sequence of the last fact of the log that it took, and how many facts it holds that came before their turn. */
  readonly position: number;
  readonly early: number;
  /** What it will be told, and when, ms since 1970. */
  readonly timers: readonly { readonly event: string; readonly dueAt: number }[];
}

const factsPerSnapshot = 256;
const passedPerSnapshot = 1_024;
const quietMs = 250;

/**
 * One actor, alive: takes facts in order, has its effects stored, keeps its snapshot.
 *
 * A snapshot at a position is written only when every effect of the events up to it is stored, so that a restart asks for
 * whatever may be missing, under the same ids. It is written every 256 facts and when the actor has been quiet for 250 ms:
 * never on the way of a decision.
 */
export class RunningActor {
  readonly definition: ActorDefinition;
  readonly #ports: ActorPorts;
  #state: ActorState;
  #revision: number;
  #unsaved = 0;
  #passed = 0;
  readonly #storing = new Set<Promise<void>>();
  #saving: Promise<void> | null = null;
  #callOffSave: (() => void) | null = null;
  readonly #armed = new Map<string, () => void>();
  #stopped = false;
  #halted = false;

  private constructor(definition: ActorDefinition, ports: ActorPorts, state: ActorState, revision: number) {
    this.definition = definition;
    this.#ports = ports;
    this.#state = state;
    this.#revision = revision;
  }

  /**
   * An actor from its last snapshot, or at its first breath.
   * @throws ConfigError when the snapshot is of another version of the actor.
   */
  static async load({ actor, input }: ActorPlan, ports: ActorPorts): Promise<RunningActor> {
    const stored = await ports.snapshots.load(actor.name);
    if (stored !== null) {
      return new RunningActor(actor, ports, restoreActor(actor, stored.record), stored.revision);
    }
    const first = beginActor(actor, input, ports.clock.now());
    const running = new RunningActor(actor, ports, first, 0);
    running.#unsaved = 1;
    running.#pending = first;
    return running;
  }

  /** What the first breath asked for, until the actor is started. */
  #pending: Step | null = null;

  /** Sequence of the last fact that it took. */
  get position(): number {
    return this.#state.record.position;
  }

  get view(): ActorView {
    const { value, context } = this.#state.snapshot as { value: unknown; context: unknown };
    const { version, position, early, timers } = this.#state.record;
    const due = timers.map(({ event, dueAt }) => ({ event: event.type, dueAt }));
    return { value, context, version, position, early: early.length, timers: due };
  }

  /** Arm the timers and ask for what the first breath said. */
  start(): void {
    if (this.#pending !== null) this.#perform(this.#pending, this.#ports.clock.now());
    this.#pending = null;
    this.#armTimers();
    this.#planSave();
  }

  /** Take a fact of the log; of those that it does not hear, or has taken, only the place is remembered. */
  take(fact: StoredFact): void {
    if (this.#stopped) return;
    const heardAt = this.#ports.clock.now();
    const before = this.#state;
    const step = takeFact(this.definition, before, fact);
    this.#state = { record: step.record, snapshot: step.snapshot };
    this.#note(step.taken.length > 0 || step.record.early !== before.record.early);
    this.#perform(step, heardAt);
    for (const event of step.taken) {
      this.#ports.inspect({
        actor: this.definition.name,
        sequence: fact.sequence,
        event,
        before: (before.snapshot as { value: unknown }).value,
        after: (step.snapshot as { value: unknown }).value,
        said: step.said.map(({ event: said }) => said.type),
      });
    }
    if (step.timersChanged) this.#armTimers();
    if (this.#unsaved >= factsPerSnapshot) this.#save();
    else this.#planSave();
  }

  /** Facts that only move the position are worth a snapshot when there were many, so that a restart need not read them. */
  #note(isNews: boolean): void {
    this.#passed += 1;
    if (!isNews && this.#passed < passedPerSnapshot) return;
    this.#passed = 0;
    this.#unsaved += 1;
  }

  /** Stop taking facts, and write the last snapshot once everything that it needs is stored. */
  async stop(): Promise<void> {
    this.#rest();
    await this.#saving;
    if (this.#unsaved > 0) this.#save();
    await this.#saving;
  }

  /** Stop at once, with what is stored now: something failed, here or beside it. */
  halt(): void {
    this.#halted = true;
    this.#rest();
  }

  #rest(): void {
    this.#stopped = true;
    for (const callOff of this.#armed.values()) callOff();
    this.#callOffSave?.();
  }

  #fail(error: unknown): void {
    this.halt();
    this.#ports.fail(error);
  }

  #perform(step: Step, heardAt: number): void {
    if (step.said.length === 0) return;
    const storing = this.#ports.say(this.definition.name, step.said, heardAt).then(
      () => void this.#storing.delete(storing),
      (error: unknown) => this.#fail(error),
    );
    this.#storing.add(storing);
  }

  #planSave(): void {
    if (this.#unsaved === 0 || this.#callOffSave !== null) return;
    const plannedAt = this.#unsaved;
    this.#callOffSave = this.#ports.clock.after(quietMs, () => {
      this.#callOffSave = null;
      // Facts came in meanwhile: wait for a quiet moment.
      if (this.#unsaved > plannedAt) this.#planSave();
      else this.#save();
    });
  }

  #save(): void {
    if (this.#saving !== null || this.#halted) return;
    const saved = this.#unsaved;
    const record = recordOf(this.definition, this.#state);
    this.#saving = Promise.all(this.#storing)
      .then(async () => {
        // An effect that could not be stored: what asked for it must be taken again.
        if (this.#halted) return;
        this.#revision = await this.#ports.snapshots.save(this.definition.name, record, this.#revision);
        this.#unsaved -= saved;
      })
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#saving = null;
        if (!this.#stopped) this.#planSave();
      });
  }

  #armTimers(): void {
    const wanted = new Map(this.#state.record.timers.map((timer) => [`${timer.id}/${timer.armed}`, timer]));
    for (const [key, callOff] of this.#armed) {
      if (wanted.has(key)) continue;
      callOff();
      this.#armed.delete(key);
    }
    for (const [key, timer] of wanted) {
      if (this.#armed.has(key)) continue;
      const callOff = this.#ports.clock.after(timer.dueAt - this.#ports.clock.now(), () => {
        this.#ports.fire(this.definition.name, timer.id, timer.armed).catch((error: unknown) => this.#fail(error));
      });
      this.#armed.set(key, callOff);
    }
  }
}
