import { describe, expect, it } from 'vitest';
import type { CampaignDefinition } from '../../src/campaign/definition.ts';
import { loadCampaign } from '../../src/campaign/load.ts';
import { Dashboard } from '../../src/dashboard/dashboard.ts';
import { newKeys } from '../../src/dashboard/keys.ts';
import type { Past, TaskPage, Timeline } from '../../src/dashboard/api.ts';
import { recordLog } from '../support/recorded-log.ts';
import { campaignFolder, eventually, Scene } from '../support/scene.ts';

/** COX_RECORDED_TASKS=100000 for the size that is promised; CI records fewer, since recording takes longer than reading. */
const tasks = Number(process.env['COX_RECORDED_TASKS'] ?? 5_000);

describe('a dashboard of a long campaign', () => {
  it(
    `answers everything about ${tasks.toLocaleString('en')} tasks, as of now and as of any event`,
    { timeout: 300_000 },
    async () => {
      await using scene = await Scene.open();
      const connection = await scene.connect();
      let at = performance.now();
      const lap = (what: string): void => {
        if (tasks > 5_000) process.stderr.write(`${what}: ${(performance.now() - at).toFixed(0)} ms\n`);
        at = performance.now();
      };
      const record = await recordLog(connection, { id: 'long', tasks });
      lap('recorded');
      const definition = (await loadCampaign(campaignFolder('quick'))) as CampaignDefinition;
      const keys = newKeys();
      const dashboard = new Dashboard({ connection, record, definition, keys });
      const port = await dashboard.listen(0, '127.0.0.1');
      const get = async <T>(path: string): Promise<T> => {
        const response = await fetch(`http://127.0.0.1:${port}${path}`, {
          headers: { authorization: `Bearer ${keys.watch}` },
        });
        const body = (await response.json()) as T & { error?: string };
        expect(response.status, body.error).toBe(200);
        return body;
      };
      const page = await get<TaskPage>('/api/tasks?sort=value&limit=3&state=succeeded');
      lap('first answer');
      const failed = Math.floor(tasks / 97);
      expect(page).toMatchObject({ total: tasks - failed, rows: [{ state: 'succeeded' }, {}, {}] });
      const timeline = await get<Timeline>('/api/timeline');
      lap('timeline');
      expect(timeline.tasks.id).toHaveLength(tasks);
      expect(timeline.lanes).toHaveLength(16);
      await get('/api/science');
      lap('science');
      await get('/api/ledger');
      lap('ledger');
      await get('/api/idle');
      lap('idle');
      const middle = 3 * tasks;
      const past = await eventually(() => get<Past>(`/api/past?at=${middle}`), 200_000);
      lap('replay up to the middle');
      const { counts, pools } = past;
      expect(counts.succeeded + counts.failed + counts.running + counts.queued).toBeGreaterThan(tasks / 3);
      expect(counts.running).toBeGreaterThanOrEqual(14);
      expect(pools).toContainEqual({ pool: 'simulate', allocated: 16, free: 0 });
      await get<Past>(`/api/past?at=${middle - 1_000}`);
      lap('another past');
      await dashboard.close('done');
    },
  );
});
