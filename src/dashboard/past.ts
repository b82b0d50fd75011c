/** A campaign right after a past event: its actors by replay, its counts by the places of tasks in the log. */
import type { Story } from '../story/story.ts';
import type { CampaignState } from '../story/views.ts';
import type { Past } from './api.ts';
import type { EventLog } from './event-log.ts';
import type { History } from './history.ts';
import { RequestError } from './query.ts';

/** What the ledger's context tells, of all that it holds. */
interface Books {
  readonly capacity: number;
  readonly pools: Readonly<Record<string, { readonly allocated: number; readonly free: number }>>;
}

/**
 * The campaign as it was; null when the log has no such event.
 * @throws RequestError when the replay has not come that far.
 */
export async function pastOf(at: number, story: Story, history: History, log: EventLog): Promise<Past | null> {
  if (at > story.position) return null;
  const [event, past] = await Promise.all([log.row(at), history.past(at)]);
  if (event === null) return null;
  if (past === null) {
    throw new RequestError(`the actors have been replayed up to ${history.position}; ask again in a moment`, 503);
  }
  const { capacity, pools } = (past.contexts['resource-ledger'] ?? { capacity: 0, pools: {} }) as Books;
  const active = past.actors.find(({ actor }) => actor === 'campaign')?.active ?? [];
  return {
    sequence: at,
    at: event.at,
    event,
    state: (active[0] ?? 'created') as CampaignState,
    actors: past.actors,
    capacity,
    pools: Object.entries(pools).map(([pool, { allocated, free }]) => ({ pool, allocated, free })),
    ...story.countsAt(at, event.at),
  };
}
