import type { NatsConnection } from '@nats-io/nats-core';
import { subjects } from '../protocol/subjects.ts';
import type { Standby } from '../runtime/standby.ts';

/** What an actor answers when it is asked for its status. */
export interface ActorStatus {
  readonly campaign: string;
  readonly actor: string;
  /** The state that the machine is in. */
  readonly state: unknown;
  readonly context: unknown;
}

/**
 * Answer `cox.ask.<campaign>.<actor>.status` for every actor that runs here, as a NATS micro service: `nats micro ls` lists it,
 * `nats req cox.ask.<campaign>.resource-ledger.status ''` asks it.
 */
export async function answerQuestions(
  connection: NatsConnection,
  campaign: string,
  actors: Standby,
): Promise<{ close(): Promise<unknown> }> {
  const { Svcm } = await import('@nats-io/services');
  const service = await new Svcm(connection as never).add({
    name: 'cox-actors',
    version: '0.1.0',
    description: `actors of campaign ${campaign}`,
    metadata: { campaign },
  });
  for (const actor of actors.running) {
    service.addEndpoint(actor, {
      subject: subjects.ask(campaign, actor, 'status'),
      handler: (_error, message) => {
        const view = actors.views[actor];
        const status: ActorStatus = { campaign, actor, state: view?.value, context: view?.context };
        message.respond(JSON.stringify(status));
      },
    });
  }
  return { close: () => service.stop() };
}
