/** Faults of a program that looks right: each must be found within the seeds that CI runs. */
import { describe, expect, test } from 'vitest';
import { enqueueActions } from 'xstate';
import { resourceLedger } from '../../../actors/resource-ledger.ts';
import { resultProcessor } from '../../../actors/result-processor.ts';
import { giveBack } from '../../../actors/choices.ts';
import { allocatedSlots, balance, endAhead, release, settle, type SlotBooks } from '../../../actors/slot-books.ts';
import { submitter } from '../../../actors/submitter.ts';
import { noneSeen } from '../../../actors/seen-numbers.ts';
import type { ActorDefinition, ActorPlan } from '../../../src/protocol/actor.ts';
import type { Fact } from '../../../src/protocol/fact.ts';
import { protocolVersion, type Task } from '../../../src/protocol/task.ts';
import type { Ports } from '../../../src/simulator/actor-process.ts';
import { drawScenario } from '../../../src/simulator/scenario.ts';
import { campaignId, runScenario, type WorldOptions } from '../../../src/simulator/world.ts';
import { anything, referenceCampaign } from './reference-campaign.ts';

type Mutant = Pick<WorldOptions, 'plant'> & {
  readonly actor?: ActorDefinition;
  /** What the ledger is told that it should not be. */
  readonly ledgerInput?: object;
};

const seeds = 1_000;
const ports = (change: (ports: Ports) => Partial<Ports>): Mutant => ({
  plant: { ports: (real) => ({ log: real.log, snapshots: real.snapshots, queue: real.queue, ...change(real) }) },
});

/** A ledger of which one action is another. */
const ledger = (
  book: (
    books: SlotBooks,
    event: { type: string; result?: { task: { grant: string | null; number: number } }; grant?: string },
  ) => SlotBooks,
): Mutant => {
  const machine = resourceLedger.machine;
  const real = machine.implementations.actions['book'] as never;
  return {
    actor: {
      ...resourceLedger,
      machine: machine.provide({
        actions: {
          book: enqueueActions(({ enqueue, context, event }) => {
            const booked = book(context, event);
            if (booked === context) {
              enqueue(real);
              return;
            }
            const { books, facts } = settle(booked, event.type === 'task.finished' ? event.sequence : null);
            enqueue.assign(books);
            for (const fact of facts) enqueue.emit(fact);
            if (books.pools !== context.pools) enqueue.emit(balance(books));
          }),
        },
      }),
    },
  };
};

const mutants: Readonly<Record<string, Mutant>> = {
  'the server knows no message again': {
    plant: {
      server: (server) => {
        server.log(campaignId).ids.find = () => null;
        server.queue.ids.find = () => null;
      },
    },
  },
  'a snapshot does not wait until effects are stored': ports(({ log, queue }) => ({
    log: {
      append: (source, fact) => {
        void log.append(source, fact);
        return Promise.resolve({ sequence: 0 });
      },
      follow: (from, listener) => log.follow(from, listener),
      read: (from, listener) => log.read(from, listener),
    },
    queue: {
      enqueue: (task) => {
        void queue.enqueue(task);
        return Promise.resolve();
      },
      withdraw: (withdrawal) => {
        void queue.withdraw(withdrawal);
        return Promise.resolve();
      },
      held: () => queue.held(),
    },
  })),
  'a slot is freed twice': ledger((books, event) => {
    const grant = event.result?.task.grant;
    if (event.type !== 'task.finished' || grant === null || grant === undefined) return books;
    const freed = release(books, grant);
    // The grant is still held by the books: another end of the task frees its slot again.
    return freed === books ? books : { ...freed, held: books.held };
  }),
  'a slot is lost when it is given back': ledger((books, event) =>
    event.type === 'slots.released' ? { ...books } : books,
  ),
  'the slot of a task that waited ahead is freed twice': ledger((books, event) => {
    const task = event.result?.task;
    if (event.type !== 'task.finished' || task?.grant !== null) return books;
    const freed = endAhead(books, task.number);
    return freed.held === books.held ? books : { ...freed, held: books.held, aheadGrants: books.aheadGrants };
  }),
  'a task that waited ahead is given a slot after its end': ledger((books, event) => {
    const task = event.result?.task;
    if (event.type !== 'task.finished' || task?.grant !== null) return books;
    return endAhead(books, task.number).held === books.held ? { ...books } : books;
  }),
  'a drain does not wait for tasks that wait ahead': {
    actor: {
      ...resourceLedger,
      machine: resourceLedger.machine.provide({
        guards: { nothingOut: ({ context }) => allocatedSlots(context) === 0 },
      }),
    },
  },
  'a drain does not wait for the word that no task comes ahead any more': { ledgerInput: { lookahead: false } },
  'a candidate is chosen again before its withdrawn task has ended': {
    actor: {
      ...submitter,
      machine: submitter.machine.provide({
        actions: {
          withdrawAll: enqueueActions(({ enqueue, context: { ahead } }) => {
            enqueue(submitter.machine.implementations.actions['withdrawAll'] as never);
            enqueue.assign({
              choices: ({ context }) => ahead.reduce((now, { candidate }) => giveBack(now, candidate), context.choices),
            });
          }),
        },
      }),
    },
  },
  'a veto is heard, and the candidate is chosen all the same': {
    actor: {
      ...submitter,
      machine: submitter.machine.provide({
        actions: {
          noteWish: enqueueActions(({ enqueue, event }) => {
            if (event.type !== 'candidate.vetoed')
              enqueue(submitter.machine.implementations.actions['noteWish'] as never);
          }),
        },
      }),
    },
  },
  'whoever withdraws a task ends it, whether it was started or not': ports(({ log, queue }) => {
    const created = new Map<string, Task>();
    return {
      queue: {
        enqueue: (task) => {
          created.set(task.id, task);
          return queue.enqueue(task);
        },
        withdraw: async (withdrawal) => {
          const task = created.get(withdrawal.task);
          if (task !== undefined) await log.append('worker', unrun(task));
          await queue.withdraw(withdrawal);
        },
        held: () => queue.held(),
      },
    };
  }),
  'a result that comes twice is counted twice': {
    actor: {
      ...resultProcessor,
      machine: resultProcessor.machine.provide({
        actions: {
          record: enqueueActions(({ enqueue, context }) => {
            enqueue.assign({ seen: Object.fromEntries(Object.keys(context.seen).map((source) => [source, noneSeen])) });
            enqueue(resultProcessor.machine.implementations.actions['record'] as never);
          }),
        },
      }),
    },
  },
  'a recovery does not look into the log': ports(({ log }) => ({
    log: {
      append: (source, fact) => log.append(source, fact),
      follow: (from, listener) => log.follow(from, listener),
      read: () => Promise.resolve(),
    },
  })),
  'a recovery does not look into the queue': ports(({ queue }) => ({
    queue: {
      enqueue: (task) => queue.enqueue(task),
      withdraw: (withdrawal) => queue.withdraw(withdrawal),
      held: () => Promise.resolve(new Set()),
    },
  })),
  'a snapshot is lost without a word': ports(({ snapshots }) => ({
    snapshots: {
      load: (actor) => snapshots.load(actor).then((stored) => (actor === 'submitter' ? null : stored)),
      save: (actor, record, revision) => snapshots.save(actor, record, revision),
    },
  })),
  'a reader takes facts as they come, whatever their numbers': ports(({ log }) => ({
    log: {
      append: (source, fact) => log.append(source, fact),
      follow: (from, listener) => log.follow(from, (fact) => listener({ ...fact, number: null })),
      read: (from, listener) => log.read(from, listener),
    },
  })),
  'a task is acknowledged when it is taken': {
    plant: {
      server: ({ queue }) => {
        const pull = queue.pull.bind(queue);
        queue.pull = (take) =>
          pull((delivery) => {
            delivery.ack();
            take(delivery);
          });
      },
    },
  },
};

/** That a task was not run, as its worker says it. */
function unrun(task: Task): Fact {
  const failure = { code: 'task.withdrawn', message: '', retry: 'never', details: {} } as const;
  const times = { created: 0, queued: 0, pickedUp: 0, computeStarted: 0, computeEnded: 0 };
  const result = {
    ...{ v: protocolVersion, task, success: false, value: null, failure, attempts: [], times },
    ...{ worker: { id: 'w', host: 'h', child: 0 }, resources: { wallMs: 0, cpuMs: 0 } },
    serialisationMs: { arguments: 0, value: 0 },
  };
  const event = { type: 'task.finished', result };
  const id = `${task.campaign}/${task.id}/finished`;
  return { v: protocolVersion, id, number: null, cause: null, heardAt: null, saidAt: 0, event };
}

const withActor = (plans: readonly ActorPlan[], changed: ActorDefinition): ActorPlan[] =>
  plans.map((plan) => (plan.actor.name === changed.name ? { ...plan, actor: changed } : plan));

describe('it is found that', () => {
  test.each(Object.keys(mutants))('%s', { timeout: 180_000 }, async (name) => {
    const { plant, actor, ledgerInput } = mutants[name] ?? {};
    const campaign = {
      ...referenceCampaign,
      plansOf: (scenario: Parameters<typeof referenceCampaign.plansOf>[0]) => {
        const plans = referenceCampaign
          .plansOf(scenario)
          .map((plan) =>
            plan.actor.name === 'resource-ledger'
              ? { ...plan, input: { ...(plan.input as object), ...ledgerInput } }
              : plan,
          );
        return actor === undefined ? plans : withActor(plans, actor);
      },
    };
    for (let seed = 1; seed <= seeds; seed += 1) {
      const scenario = drawScenario(seed, anything);
      const { violations } = await runScenario({ scenario, campaign, ...(plant === undefined ? {} : { plant }) });
      if (violations.length > 0) return;
    }
    expect.fail(`none of ${seeds} seeds found it`);
  });
});
