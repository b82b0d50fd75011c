/** `cox top`: a campaign as it is now, drawn again in place. */
import type { Subscription } from '@nats-io/nats-core';
import { Command } from 'commander';
import { composePlans } from '../campaign/composition.ts';
import { directionOf, type CampaignDefinition } from '../campaign/definition.ts';
import { loadCampaign } from '../campaign/load.ts';
import { openStory, type OpenStory } from '../campaign/story-reader.ts';
import { ActorOwners } from '../dashboard/actor-owners.ts';
import { watchConnection } from '../nats/connection.ts';
import { ConfigError, exitCodes, TransportError } from '../protocol/errors.ts';
import { subjects } from '../protocol/subjects.ts';
import type { Inspection } from '../runtime/contracts.ts';
import { AlternateScreen, onKey } from './alternate-screen.ts';
import { folderFor } from './campaign-folder.ts';
import { stateText, statusOf, type CampaignStatus } from './campaign-status.ts';
import { Interruption } from './interruption.ts';
import { newestRun } from './newest-run.ts';
import { printable } from './printable.ts';
import { openStoredCampaign, type StoredCampaign } from './stored-campaign.ts';
import { painter } from './terminal-text.ts';
import { topLines, type TopView } from './top-screen.ts';

interface TopFlags {
  readonly nats?: string;
  readonly out: string;
  readonly folder?: string;
  readonly every?: string;
  readonly once?: boolean;
  readonly json?: boolean;
}

const screenMs = 500;
const logMs = 5_000;
const logColumns = 100;
/** Where nobody looks at a screen, a server that is away for so long ends it. */
const mostLostMs = 30_000;

export function topCommand(): Command {
  return new Command('top')
    .description('what a campaign is doing now: actors, pools, slots, workers, rate and the best so far')
    .argument('[id]', 'the campaign (default: the newest run of this folder)')
    .option('--every <seconds>', 'how often it is shown anew (default: 0.5 on a terminal, 5 elsewhere)')
    .option('--once', 'show it once')
    .option('--json', 'as JSON, a line each time')
    .option('--nats <url>', 'its NATS server (default: that of the run in this folder, else $COX_NATS_URL)')
    .option('--out <dir>', 'folder that holds the runs', 'runs')
    .option('--folder <dir>', "the campaign's folder on this machine (default: where it was started from)")
    .addHelpText(
      'after',
      '\nq or Ctrl-C leaves it. Where the output is no terminal it prints a block every few seconds, until the campaign has ended.\n' +
        '\nExamples:\n  $ cox top\n  $ cox top batched-20260101-120000 --nats nats://head:4222\n  $ cox top --once --json',
    )
    .action(async (id: string | undefined, flags: TopFlags) => {
      process.exitCode = await top(id, flags);
    });
}

async function top(named: string | undefined, flags: TopFlags): Promise<number> {
  const { nats, out } = flags;
  const isScreen = process.stdout.isTTY && process.env['TERM'] !== 'dumb' && flags.once !== true && flags.json !== true;
  const everyMs = everyOf(flags.every, isScreen);
  const id = named ?? (await newestRun(out, 'top'));
  const interruption = new Interruption();
  try {
    const campaign = await openStoredCampaign(id, { nats, out, command: 'top' });
    try {
      const interrupted = interruption.second.then(() => null);
      // A long log takes a while, and a server that has gone for ever.
      const seen = await Promise.race([Seen.open(campaign, flags.folder), interrupted]);
      if (seen === null) return exitCodes.interrupted;
      try {
        const showing = isScreen ? showOnScreen(seen, everyMs) : print(seen, everyMs, flags, campaign.isLive);
        return (await Promise.race([showing, interrupted])) ?? exitCodes.interrupted;
      } finally {
        await seen.close();
      }
    } finally {
      await campaign.close();
    }
  } finally {
    interruption.close();
  }
}

/** @throws ConfigError when it is no number of seconds. */
function everyOf(text: string | undefined, isScreen: boolean): number {
  if (text === undefined) return isScreen ? screenMs : logMs;
  const seconds = Number(text);
  if (seconds >= 0.1 && seconds <= 3_600) return seconds * 1_000;
  throw new ConfigError(`--every: "${text}" is no number of seconds; it takes 0.1 to 3600`);
}

/** Draw until somebody has seen enough; resolves with the exit code. */
async function showOnScreen(seen: Seen, everyMs: number): Promise<number> {
  const paint = painter((process.env['NO_COLOR'] ?? '') === '');
  const { stdout } = process;
  const draw = (): void =>
    screen.draw(topLines(seen.view(), { columns: stdout.columns || 80, rows: stdout.rows || 24 }, paint));
  const screen = new AlternateScreen(stdout, () => draw());
  const timer = setInterval(draw, everyMs);
  let leave: (code: number) => void = () => undefined;
  const left = new Promise<number>((resolve) => (leave = resolve));
  const stopListening = onKey(process.stdin, (key) => {
    if (key === 'q' || key === '\u001b') leave(exitCodes.done);
    else if (key === '\u0003') leave(exitCodes.interrupted);
  });
  draw();
  try {
    return await left;
  } finally {
    stopListening();
    clearInterval(timer);
    screen.close();
  }
}

/** Print a block now and then until the campaign has ended; one of a campaign that nobody runs, or if no more are wanted. */
async function print(seen: Seen, everyMs: number, { once, json }: TopFlags, isLive: boolean): Promise<number> {
  const isStyled = process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === '';
  const size = { columns: process.stdout.isTTY ? process.stdout.columns : logColumns, rows: null };
  // Whoever reads our blocks has seen enough.
  const unread = new Promise<'unread'>((resolve) => process.stdout.on('error', () => resolve('unread')));
  for (let isFirst = true; ; isFirst = false) {
    const view = seen.view();
    const { id, overview, actors } = view;
    const text =
      json === true
        ? printable(JSON.stringify({ id, overview, actors }))
        : topLines(view, size, painter(isStyled)).join('\n');
    process.stdout.write(`${isFirst || json === true ? '' : '\n'}${text}\n`);
    if (view.lostSince !== null && view.now - view.lostSince > mostLostMs) {
      throw new TransportError(
        `the NATS server of ${id} has not answered for ${mostLostMs / 1_000} s; what it knew last is above`,
      );
    }
    if (once === true || !isLive || overview.state === 'ended') return exitCodes.done;
    const waited = await Promise.race([unread, new Promise((resolve) => setTimeout(resolve, everyMs))]);
    if (waited === 'unread') return exitCodes.done;
  }
}

/** What is seen of a campaign from here: its story, and the states of its actors. */
class Seen {
  readonly #campaign: StoredCampaign;
  readonly #definition: CampaignDefinition;
  readonly #story: OpenStory;
  readonly #states = new Map<string, string>();
  readonly #runBy = new Map<string, string | null>();
  readonly #owners: ActorOwners;
  readonly #inspecting: Subscription;
  readonly #stopWatching: () => void;
  #lostSince: number | null = null;

  private constructor(
    campaign: StoredCampaign,
    definition: CampaignDefinition,
    story: OpenStory,
    actors: readonly string[],
  ) {
    this.#campaign = campaign;
    this.#definition = definition;
    this.#story = story;
    const { connection, record } = campaign;
    this.#owners = new ActorOwners(connection, record.id, actors);
    this.#owners.start(() => {
      for (const actor of actors) this.#runBy.set(actor, this.#owners.of(actor).runBy);
    });
    this.#inspecting = connection.subscribe(subjects.inspect(record.id, '*'), {
      callback: (error, message) => {
        if (error === null) this.#inspected(message.data);
      },
    });
    this.#stopWatching = watchConnection(connection, {
      lost: () => (this.#lostSince ??= Date.now()),
      back: () => {
        this.#lostSince = null;
        void this.#askStates().catch(() => undefined);
      },
    });
  }

  static async open(campaign: StoredCampaign, folder: string | undefined): Promise<Seen> {
    const { connection, record } = campaign;
    const definition = (await loadCampaign(folderFor(record, folder))) as CampaignDefinition;
    const names = composePlans(definition, record).map(({ actor }) => actor.name);
    // First: what is asked would wait behind all of the log.
    const status = await statusOf(connection, record, []);
    const story = await openStory(connection, record, definition);
    const seen = new Seen(campaign, definition, story, names);
    seen.#note(status);
    await story.caughtUp;
    return seen;
  }

  view(): TopView {
    const { id, settings } = this.#campaign.record;
    const common = this.#definition.settings.parse(settings);
    const now = Date.now();
    return {
      id,
      policy: common.policy,
      overview: this.#story.story.overview(this.#campaign.isLive ? now : undefined),
      actors: [...this.#states].map(([actor, state]) => ({ actor, state, runBy: this.#runBy.get(actor) ?? null })),
      objective: this.#definition.objective,
      threshold: common.threshold,
      seek: directionOf(common),
      lostSince: this.#lostSince,
      now,
    };
  }

  async close(): Promise<void> {
    this.#stopWatching();
    this.#owners.stop();
    this.#inspecting.unsubscribe();
    await this.#story.close();
  }

  async #askStates(): Promise<void> {
    const { connection, record } = this.#campaign;
    this.#note(await statusOf(connection, record, []));
  }

  #inspected(data: Uint8Array): void {
    try {
      const { actor, after } = JSON.parse(new TextDecoder().decode(data)) as Inspection;
      if (this.#states.has(actor)) this.#states.set(actor, stateText(after));
    } catch {
      // Nothing of ours: anybody may publish there.
    }
  }

  #note({ actors, runBy }: CampaignStatus): void {
    for (const [actor, state] of Object.entries(actors)) {
      this.#states.set(actor, stateText(state));
      this.#runBy.set(actor, runBy[actor] ?? null);
    }
  }
}
