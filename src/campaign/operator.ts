/** What people say to a campaign: facts of its log like any other, with who said them. */
import { randomUUID } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import type { StoredPublisher } from '../nats/publisher.ts';
import type { Says } from '../protocol/events.ts';
import { subjects } from '../protocol/subjects.ts';
import { protocolVersion } from '../protocol/task.ts';

/** Who wishes something, as `user@host` (default: whoever runs this process), and why. */
export interface Wisher {
  readonly by?: string;
  readonly reason?: string;
}

/** Who works here, as `user@host`. */
export function thisPerson(): string {
  let user = 'somebody';
  try {
    user = userInfo().username;
  } catch {
    // A user without an entry, as in many containers.
  }
  return `${user}@${hostname()}`;
}

/** Store what this person says to a campaign; resolves with its place in the log. */
export async function sayAsOperator(
  publisher: StoredPublisher,
  campaign: string,
  event: Says<'operator'>,
): Promise<{ sequence: number }> {
  const id = `operator/${randomUUID()}`;
  const said = { ...event, by: event.by ?? thisPerson() };
  const fact = { v: protocolVersion, id, number: null, cause: null, heardAt: null, saidAt: Date.now(), event: said };
  return publisher.publish(subjects.log(campaign, 'operator', event.type), JSON.stringify(fact), id);
}
