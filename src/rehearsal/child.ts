/** The program of a process that rehearses: reads its campaign and table once, then runs one campaign after another as it is told. */
import type { CampaignDefinition } from '../campaign/definition.ts';
import { loadCampaign } from '../campaign/load.ts';
import { toTaskFailure } from '../protocol/task.ts';
import type { ChildSettings, FromChild, Job } from './job-pool.ts';
import { rehearse } from './rehearse.ts';

const { folder, table, column, cacheDir, fleet, times } = JSON.parse(process.argv[2] ?? '{}') as ChildSettings;

const say = (message: FromChild): void => void process.send?.(message);

const scene = (async () => {
  const definition = (await loadCampaign(folder)) as CampaignDefinition;
  const answers = await definition.answers?.load(table, { column, cacheDir, onProgress: () => undefined });
  if (answers === undefined) throw new Error(`campaign ${definition.name} reads no table of answers`);
  return { definition, answers };
})();
// Whoever asks for something is told.
scene.catch(() => undefined);

process.on('message', (job: Job) => {
  void (async () => {
    try {
      const { definition, answers } = await scene;
      // What crossed the border between processes is checked again, and gets its seed.
      const settings = definition.settings.parse({ ...job.settings, ...job.seeded });
      say({ job: job.number, trace: await rehearse({ definition, settings, answers, seed: job.seed, fleet, times }) });
    } catch (error) {
      say({ job: job.number, failure: toTaskFailure(error) });
    }
  })();
});
// Nobody wants to know any more.
process.on('disconnect', () => process.exit());
