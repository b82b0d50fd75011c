/** What people ask about a campaign as a whole: one subject for each question. */
import type { Question } from '../nats/micro-service.ts';
import { ConfigError } from '../protocol/errors.ts';
import { subjects } from '../protocol/subjects.ts';
import type { Story } from '../story/story.ts';
import type { TaskRow } from '../story/views.ts';
import type { LazyStory } from './lazy-story.ts';
import type { RunRecord } from './run-folder.ts';

/** What a question takes beside nothing. */
const takes = {
  nothing: 'nothing',
  count: 'how many, 1 to 1000; nothing: 10',
  task: 'a task such as simulate-17, or what it is about, such as its SMILES',
  seconds: 'of how many of the last seconds; nothing: of all',
} as const;

const usualCount = 10;
const mostCount = 1_000;
const mostFailures = 100;

/** The questions about a campaign, each with its subject `cox.ask.<campaign>.<whom>.<what>`. */
export function questionsAbout(record: RunRecord, lazy: LazyStory): readonly Question[] {
  const { id } = record;
  const question = (
    [whom, what]: readonly [string, string],
    about: string,
    taking: keyof typeof takes,
    answer: (asked: string) => unknown,
  ): Question => ({
    name: `${whom}-${what}`,
    subject: subjects.ask(id, whom, what),
    about,
    takes: takes[taking],
    answer: async (asked) => wholeMs(await answer(taking === 'nothing' ? nothing(asked, `${whom}.${what}`) : asked)),
  });
  const story = (): Promise<Story> => lazy.get();
  return [
    question(['campaign', 'progress'], 'what it is doing and why, counts, finds and rates', 'nothing', async () =>
      progressOf(id, await story()),
    ),
    question(['campaign', 'best'], 'the best results', 'count', async (asked) => {
      const limit = countOf(asked);
      return (await story()).tasks({ sort: 'value', state: 'succeeded', limit }).rows.filter(hasValue);
    }),
    question(
      ['campaign', 'recent'],
      'the last candidates that were chosen, and what became of them',
      'count',
      async (asked) => {
        const limit = countOf(asked);
        return (await story()).tasks({ sort: 'recent', topic: lazy.topic, limit }).rows;
      },
    ),
    question(['campaign', 'why'], 'why a task was chosen, its way, and what its result changed', 'task', (asked) =>
      whyOf(lazy, asked),
    ),
    question(['campaign', 'errors'], 'how many tasks failed and of what', 'nothing', async () =>
      errorsOf(await story()),
    ),
    question(['campaign', 'settings'], 'its settings, versions, methods and space', 'nothing', () =>
      settingsOf(record),
    ),
    question(
      ['resource-ledger', 'slots'],
      'the pools, who holds what, and what each slot computes',
      'nothing',
      async () => slotsOf(await story()),
    ),
    question(
      ['resource-ledger', 'idle'],
      'where the time of the slots went, idle seconds by cause',
      'seconds',
      async (asked) => {
        const seconds = secondsOf(asked);
        const told = await story();
        return seconds === null ? told.idle() : told.idle(told.at - seconds * 1_000, told.at);
      },
    ),
    question(['fleet', 'workers'], 'the workers, their load, and what they have done', 'nothing', async () =>
      (await story())
        .overview(Date.now())
        .workers.map((worker) => ({ ...worker, ask: subjects.askWorker(worker.worker) })),
    ),
    question(['submitter', 'next'], 'which candidates are next, pinned and vetoed', 'nothing', async () => {
      const { next, pinned, vetoed } = (await story()).overview(Date.now());
      return { next, pinned, vetoed };
    }),
    question(
      ['trainer', 'model'],
      'the model in force, what it was trained on, and how far off it is',
      'nothing',
      async () => {
        return (await story()).overview(Date.now()).model;
      },
    ),
  ];
}

/** Times to the millisecond, as people can read them; nothing else that a campaign tells is as large. */
const wholeMs = (answer: unknown): unknown =>
  JSON.parse(
    JSON.stringify(answer, (_name, value: unknown) =>
      typeof value === 'number' && value > 1e12 ? Math.round(value) : value,
    ),
  );

function progressOf(campaign: string, story: Story): unknown {
  const { state, reason, doing, startedAt, endedAt, elapsedSeconds, counts, found, position, at } = story.overview(
    Date.now(),
  );
  return { campaign, state, reason, doing, startedAt, endedAt, elapsedSeconds, counts, found, position, at };
}

async function whyOf(lazy: LazyStory, asked: string): Promise<unknown> {
  const task = text(asked);
  if (task === '') throw new ConfigError(`campaign.why takes ${takes.task}`);
  const found = await lazy.detail(task);
  if (found !== null) return found;
  const similar = (await lazy.get()).similar(task).map((row) => row.task);
  const like = similar.length === 0 ? '' : `; there are ${similar.join(', ')}`;
  throw new ConfigError(`no task is called "${task.slice(0, 100)}"${like}; campaign.why takes ${takes.task}`);
}

function errorsOf(story: Story): unknown {
  const { rows, total } = story.tasks({ state: 'failed', limit: mostFailures });
  const byCode: Record<string, { count: number; last: { task: string; message: string; at: number | null } }> = {};
  for (const { task, failure, endedAt } of rows) {
    const { code, message } = failure ?? { code: 'unknown', message: '' };
    const before = byCode[code];
    byCode[code] = { count: (before?.count ?? 0) + 1, last: before?.last ?? { task, message, at: endedAt } };
  }
  const { counts } = story.overview();
  return { failed: total, retried: counts.retried, lookedAt: rows.length, byCode };
}

function settingsOf({ id, campaign, settings, versions, methods, candidates, createdAt }: RunRecord): unknown {
  const { count, digest, notes } = candidates;
  return { id, campaign, createdAt, settings, versions, methods, candidates: { count, digest, notes } };
}

function slotsOf(story: Story): unknown {
  const { capacity, pools, slots } = story.overview(Date.now());
  const { holders } = story.ledger();
  return { capacity, pools, slots, holders };
}

const hasValue = ({ value }: TaskRow): boolean => value !== null;

/** What was sent, as plain text: it may come as JSON text, too. */
function text(asked: string): string {
  if (!asked.startsWith('"')) return asked;
  try {
    return String(JSON.parse(asked));
  } catch {
    return asked;
  }
}

/** @throws ConfigError when something was sent with a question that takes nothing. */
function nothing(asked: string, question: string): string {
  if (asked !== '' && asked !== '{}' && asked !== 'null')
    throw new ConfigError(`${question} takes nothing; it was sent "${asked.slice(0, 100)}"`);
  return '';
}

function countOf(asked: string): number {
  const count = asked === '' ? usualCount : Number(text(asked));
  if (Number.isInteger(count) && count >= 1 && count <= mostCount) return count;
  throw new ConfigError(`this takes ${takes.count}; it was sent "${asked.slice(0, 100)}"`);
}

function secondsOf(asked: string): number | null {
  if (asked === '') return null;
  const seconds = Number(text(asked).replace(/\s*s$/, ''));
  if (seconds > 0 && Number.isFinite(seconds)) return seconds;
  throw new ConfigError(`this takes ${takes.seconds}; it was sent "${asked.slice(0, 100)}"`);
}
