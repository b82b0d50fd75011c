/**
 * Every event of a campaign's log, by who says it: one schema each, from which the types of the actors follow. Payloads are
 * small; what is big is an object, and the event carries its reference.
 */
import { z } from 'zod';
import { objectRefSchema } from './object-ref.ts';
import { rankedSchema } from './ranking.ts';
import { taskResultSchema, tokenSchema } from './task.ts';

const count = z.number().int().nonnegative();
const positive = z.number().int().positive();
const poolSizes = z.record(tokenSchema, z.object({ allocated: count, free: count }));

/** A task as an actor asks for it; the runtime adds what every task of the campaign shares, and arguments by candidate. */
export const taskRequestSchema = z.object({
  id: z.string().min(1),
  number: positive,
  method: tokenSchema,
  topic: tokenSchema,
  pool: tokenSchema,
  slots: positive,
  /** Null for a task that is to wait in the queue until the ledger has a slot for it: lookahead. */
  grant: z.string().nullable(),
  candidate: count.nullable(),
  /** Null when they follow from the candidate. */
  arguments: z.unknown(),
  choice: z.record(z.string(), z.unknown()).nullable(),
});

/** So many candidates are added at most at a time: an event is small. */
export const mostAdded = 500;
/** A candidate that a person added: what people call it, and the arguments of its simulation. */
const addedCandidateSchema = z.object({ label: z.string(), arguments: z.record(z.string(), z.unknown()) });

/** Who asked, as `user@host`. */
const by = z.string().optional();
const worker = z.object({ worker: z.string(), host: z.string(), slots: positive });
/**
 * Place in the bucket of workers of the entry that a fact stems from. Watchers are outsiders, and one that was frozen may tell
 * of it late or again: by this the fleet knows what is older than what it knows.
 */
const asOf = count;

/** Ask the ledger for slots: `count` grants of `slots` each, or grants without end until withdrawn (null). */
const slotsRequested = z.object({
  type: z.literal('slots.requested'),
  request: z.string(),
  pool: tokenSchema,
  slots: positive,
  count: positive.nullable(),
});
const slotsWithdrawn = z.object({ type: z.literal('slots.withdrawn'), request: z.string() });
const slotsReleased = z.object({ type: z.literal('slots.released'), grant: z.string() });
const reallocationRequested = z.object({
  type: z.literal('reallocation.requested'),
  from: tokenSchema,
  to: tokenSchema,
  slots: z.union([positive, z.literal('all')]),
  /** Whether `slots` is what `to` is to have, counting what is on its way there, rather than so many more: may be asked again. */
  upTo: z.boolean().optional(),
  /** Why, for people. */
  reason: z.string().optional(),
});
/** A task that was to wait is not wanted any more: unless a worker has started it, it ends as failed with `task.withdrawn`. */
const taskWithdrawn = z.object({ type: z.literal('task.withdrawn'), task: z.string(), reason: z.string() });
const taskCreated = z.object({ type: z.literal('task.created'), task: taskRequestSchema.loose() });
const timerFired = z.object({ type: z.literal('timer.fired'), timer: z.string(), armed: count });

const usesSlots = [slotsRequested, slotsWithdrawn, slotsReleased, taskCreated] as const;

/** What each source may say. `operator`, `host` and `worker` are outsiders; the others are actors. */
export const eventSchemas = {
  operator: z.discriminatedUnion('type', [
    z.object({ type: z.literal('run.requested'), reason: z.string().optional(), by }),
    z.object({ type: z.literal('drain.requested'), reason: z.string(), by }),
    /** End for good: what runs may finish. */
    z.object({ type: z.literal('stop.requested'), reason: z.string(), by }),
    /** End one task; the workers are told by its mark in `cox-cancelled`, and this says who wanted it. */
    z.object({ type: z.literal('cancel.requested'), task: z.string(), reason: z.string(), by }),
    /** Simulate a candidate before all others, or do so no more; a pin that was used up is gone. */
    z.object({ type: z.literal('candidate.pinned'), candidate: count, reason: z.string(), by }),
    z.object({ type: z.literal('candidate.unpinned'), candidate: count, reason: z.string(), by }),
    /** Never choose a candidate, or allow it again; what runs already runs on. */
    z.object({ type: z.literal('candidate.vetoed'), candidate: count, reason: z.string(), by }),
    z.object({ type: z.literal('candidate.allowed'), candidate: count, reason: z.string(), by }),
    reallocationRequested.extend({ reason: z.string(), by }),
    /**
     * The space grows: these have the numbers from `first` on, which is how many there were before. `objects` take the place of the
     * space's objects of those names, and begin with all that those held.
     */
    z.object({
      type: z.literal('candidates.added'),
      first: count,
      candidates: z.array(addedCandidateSchema).min(1).max(mostAdded),
      objects: z.record(z.string(), objectRefSchema),
      reason: z.string(),
      by,
    }),
  ]),
  host: z.discriminatedUnion('type', [
    /** All that live, as of a place in the bucket of workers. */
    z.object({ type: z.literal('workers.listed'), workers: z.array(worker.extend({ asOf })), asOf }),
    worker.extend({ type: z.literal('worker.seen'), asOf }),
    z.object({ type: z.literal('worker.gone'), worker: z.string(), reason: z.enum(['left', 'lost']), asOf }),
    /** It computes tasks of this campaign's name and may not: its methods are others. */
    z.object({ type: z.literal('worker.refused'), worker: z.string(), host: z.string(), reason: z.string() }),
  ]),
  worker: z.discriminatedUnion('type', [z.object({ type: z.literal('task.finished'), result: taskResultSchema })]),
  campaign: z.discriminatedUnion('type', [
    z.object({ type: z.literal('campaign.started') }),
    z.object({ type: z.literal('campaign.resumed') }),
    z.object({ type: z.literal('drain.started'), reason: z.string() }),
    z.object({ type: z.literal('campaign.paused'), reason: z.string() }),
    z.object({ type: z.literal('campaign.ended'), reason: z.string() }),
    timerFired,
  ]),
  fleet: z.discriminatedUnion('type', [
    worker.extend({ type: z.literal('worker.joined') }),
    z.object({ type: z.literal('worker.left'), worker: z.string(), reason: z.enum(['left', 'lost']) }),
    z.object({ type: z.literal('capacity.changed'), capacity: count }),
    z.object({ type: z.literal('workers.missing') }),
    timerFired,
  ]),
  'resource-ledger': z.discriminatedUnion('type', [
    z.object({
      type: z.literal('slots.granted'),
      grant: z.string(),
      request: z.string(),
      pool: tokenSchema,
      slots: positive,
      /** Sequence of the result whose end made room for it; null when the room was there. */
      freedBy: count.nullable(),
      /** The task that waited in the queue and has the slot now; nobody asked for it then, and `request` is `ahead`. */
      task: z.string().optional(),
    }),
    z.object({ type: z.literal('slots.moved'), from: tokenSchema, to: tokenSchema, slots: positive }),
    /** The books after an event that changed them: allocated + free over all pools is the capacity. */
    z.object({ type: z.literal('slots.changed'), capacity: count, pools: poolSizes }),
    z.object({ type: z.literal('slots.drained') }),
    timerFired,
  ]),
  submitter: z.discriminatedUnion('type', [
    ...usesSlots,
    taskWithdrawn,
    z.object({ type: z.literal('space.exhausted'), submitted: count }),
    timerFired,
  ]),
  'result-processor': z.discriminatedUnion('type', [
    z.object({
      type: z.literal('result.recorded'),
      task: z.string(),
      topic: tokenSchema,
      /** Sequence of the `task.finished` that was recorded. */
      sequence: count,
      success: z.boolean(),
      /** It was withdrawn before it started: neither a success nor a failure, and its candidate is free again. */
      withdrawn: z.literal(true).optional(),
      candidate: count.nullable(),
      /** The objective's value, where the result has one and counts. */
      value: z.number().nullable(),
      successes: count,
      failures: count,
      /** Whether the model is to be updated now, and whether the campaign has what it wanted. */
      updateDue: z.boolean(),
      targetReached: z.boolean(),
    }),
    z.object({ type: z.literal('failures.persisted'), failures: count, reason: z.string() }),
    z.object({ type: z.literal('results.complete'), recorded: count }),
    timerFired,
  ]),
  trainer: z.discriminatedUnion('type', [
    ...usesSlots,
    reallocationRequested,
    z.object({ type: z.literal('update.started'), update: positive, trainedOn: count }),
    z.object({ type: z.literal('model.trained'), update: positive, trainedOn: count, model: objectRefSchema }),
    z.object({
      type: z.literal('update.failed'),
      update: positive,
      trainedOn: count,
      consecutive: positive,
      reason: z.string(),
    }),
    z.object({ type: z.literal('updates.exhausted'), consecutive: positive, reason: z.string() }),
    timerFired,
  ]),
  'inference-runner': z.discriminatedUnion('type', [
    ...usesSlots,
    reallocationRequested,
    z.object({
      type: z.literal('ranking.updated'),
      /** 0: the first candidates, before there is a model. */
      update: count,
      trainedOn: count,
      scored: count,
      ranking: rankedSchema,
      /** The model that scored it; none scored the first candidates. */
      model: objectRefSchema.optional(),
      /** Why near-copies among the first were not kept apart, where that was wanted. */
      unarranged: z.string().optional(),
      /** Candidates [from, to) that were not scored again yet: they stand as an older ranking has them. Another ranking follows. */
      older: z
        .object({
          update: count,
          trainedOn: count,
          model: objectRefSchema.optional(),
          ranges: z.array(z.tuple([count, count])),
        })
        .optional(),
    }),
    z.object({ type: z.literal('scoring.failed'), update: count, trainedOn: count, reason: z.string() }),
    timerFired,
  ]),
  /** Moves slots between pools as the need shifts. */
  allocator: z.discriminatedUnion('type', [reallocationRequested, timerFired]),
} as const;

/** Who speaks in a log. */
export type Source = keyof typeof eventSchemas;
/** What `S` says. */
export type Says<S extends Source> = z.infer<(typeof eventSchemas)[S]>;
/** `source.event`, as an actor lists what it hears. */
export type Heard = { [S in Source]: `${S}.${Says<S>['type']}` }[Source];

/** Where an event stands in the log: given to machines with every event. */
export interface Place {
  readonly sequence: number;
  readonly source: Source;
  /** The server's clock when it was stored, ms since 1970. */
  readonly at: number;
}

type EventOf<H extends Heard> = H extends `${infer S extends Source}.${infer T}`
  ? Extract<Says<S>, { type: T }> & Place
  : never;
/** The machine's event type for a list of what it hears, e.g. `HeardEvent<'worker.task.finished'>`. */
export type HeardEvent<H extends Heard> = { [K in H]: EventOf<K> }[H];

export const isSource = (name: string): name is Source => Object.hasOwn(eventSchemas, name);
