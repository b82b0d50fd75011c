/** The audit of a campaign's log where it is kept, beside what its actors' snapshots say of it. */
import type { NatsConnection } from '@nats-io/nats-core';
import { Auditor, type AuditReport } from '../audit/auditor.ts';
import { NatsSnapshotStore } from '../nats/snapshot-store.ts';
import { openSnapshots } from '../nats/streams.ts';
import type { ActorPlan } from '../protocol/actor.ts';
import { ConfigError } from '../protocol/errors.ts';
import { actorRecordSchema } from '../runtime/step.ts';
import { endOfLog, readFacts } from './facts.ts';

/** What an audit of a whole campaign has found. */
export interface CampaignAudit extends AuditReport {
  /** Whether the campaign has ended, by its log or by its own snapshot. */
  readonly isOver: boolean;
}

/** What the snapshots say: how far the log has been heard, and whether the campaign has ended. */
interface Claim {
  readonly end: number;
  readonly isOver: boolean;
}

/**
 * Read a campaign's log from its first message to its last and prove it.
 * @throws ConfigError when an actor ran as another version than ours: its effects cannot be recomputed here; or there is no log.
 */
export async function auditCampaign(
  connection: NatsConnection,
  { id, versions }: { id: string; versions: Readonly<Record<string, string>> },
  plans: readonly ActorPlan[],
): Promise<CampaignAudit> {
  const claim = await readClaim(connection, id, plans, versions['coxswain'] ?? 'that started it');
  const end = Math.max(claim.end, await endOfLog(connection, id));
  const auditor = new Auditor(plans);
  let { isOver } = claim;
  await readFacts(connection, id, {
    from: 1,
    onFact: (fact) => {
      isOver ||= fact.source === 'campaign' && fact.event.type === 'campaign.ended';
      auditor.take(fact);
    },
    onOther: (sequence, message) => auditor.refuse(sequence, message),
  });
  return { ...auditor.finish({ isOver, end }), isOver };
}

async function readClaim(
  connection: NatsConnection,
  id: string,
  plans: readonly ActorPlan[],
  coxswain: string,
): Promise<Claim> {
  const snapshots = new NatsSnapshotStore(await openSnapshots(connection), id);
  const claim = { end: 0, isOver: false };
  const others: string[] = [];
  for (const { actor } of plans) {
    const stored = await snapshots.load(actor.name);
    if (stored === null) continue;
    const record = actorRecordSchema.parse(stored.record);
    if (record.version !== actor.version)
      others.push(`${actor.name} (version ${record.version}, here ${actor.version})`);
    claim.end = Math.max(claim.end, record.position);
    if (actor.name === 'campaign') claim.isOver = (record.machine as { value?: unknown }).value === 'ended';
  }
  if (others.length === 0) return claim;
  throw new ConfigError(
    `campaign ${id} was run by actors of other versions, which cannot be replayed here: ${others.join(', ')}; ` +
      `audit it with the Coxswain that ran it (${coxswain})`,
    { code: 'actor.other-version' },
  );
}
