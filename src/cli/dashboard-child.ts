/**
 * The process that shows a run which is under way: started by the run when somebody opens the dashboard's address, and given the
 * connections that the run accepts. It ends when the run says so or is gone, and after a while in which nobody looks.
 */
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import type { CampaignDefinition } from '../campaign/definition.ts';
import { findCampaign } from '../campaign/creation.ts';
import { loadCampaign } from '../campaign/load.ts';
import { Dashboard } from '../dashboard/dashboard.ts';
import type { Keys } from '../dashboard/keys.ts';
import { connectNats, natsAddress } from '../nats/connection.ts';
import { exitCodes, messageOf } from '../protocol/errors.ts';

/** What the run tells this process; `connection` comes with the socket. */
export type DashboardOrder =
  | {
      readonly order: 'begin';
      readonly id: string;
      readonly folder: string;
      readonly url: string;
      readonly keys: Keys;
    }
  | { readonly order: 'connection' }
  | { readonly order: 'end'; readonly reason: string };

const quietMs = 10 * 60_000;

let dashboard: Promise<Dashboard> | null = null;

process.on('message', (told: DashboardOrder, socket: Socket | undefined) => {
  if (told.order === 'begin') {
    dashboard = begin(told);
    dashboard.then(endWhenQuiet, (error: unknown) => process.stderr.write(`${messageOf(error)}\n`));
  } else if (told.order === 'connection' && socket !== undefined) {
    // What ends while it waits is nothing to say.
    socket.on('error', () => undefined);
    dashboard?.then(
      (ready) => ready.take(socket),
      (error: unknown) => sayTo(socket, messageOf(error)),
    );
  } else if (told.order === 'end') void end(told.reason);
});
// The run is gone, however that came.
process.on('disconnect', () => process.exit(exitCodes.failed));
// It may have gone while this was being loaded.
if (!process.connected) process.exit(exitCodes.failed);

async function begin({ id, folder, url, keys }: Extract<DashboardOrder, { order: 'begin' }>): Promise<Dashboard> {
  const connection = await connectNats(natsAddress(url), { name: `cox dashboard ${id}` });
  const record = await findCampaign(connection, id);
  const definition = (await loadCampaign(folder)) as CampaignDefinition;
  return new Dashboard({ connection, record, definition, keys });
}

async function end(reason: string): Promise<void> {
  await dashboard?.then((ready) => ready.close(reason)).catch(() => undefined);
  process.exit(exitCodes.done);
}

function endWhenQuiet(ready: Dashboard): void {
  setInterval(() => {
    if (ready.quietMs > quietMs) process.exit(exitCodes.done);
  }, 60_000);
}

/** The dashboard cannot be shown: say why to whoever asked, then end, so that the next one is a new try. */
function sayTo(socket: Socket, message: string): void {
  const server = createServer((_request, response) => {
    response.writeHead(503, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
    response.end(`The dashboard cannot show this run: ${message}\n`, () => process.exit(exitCodes.failed));
  });
  server.emit('connection', socket);
  socket.resume();
}
