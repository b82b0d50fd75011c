/** What a run's report shows, from its story. */
import type { CampaignDefinition } from '../campaign/definition.ts';
import type { RunRecord } from '../campaign/run-folder.ts';
import { chartOf } from '../charts/chart-model.ts';
import { chartSvg } from '../charts/svg.ts';
import { systemOf } from '../charts/system-model.ts';
import { systemSvg } from '../charts/system-svg.ts';
import { scienceExhibits, slotExhibits } from '../figures/exhibits.ts';
import type { ActorPlan } from '../protocol/actor.ts';
import type { PastActor } from '../replay/actor-history.ts';
import type { Story } from '../story/story.ts';
import type { TaskRow } from '../story/views.ts';
import { withCounts } from './counted-chart.ts';
import { drawExhibit, inOrder } from './drawn-exhibits.ts';
import type { RunReport } from './report-data.ts';

const mostFailures = 1_000;

/** Gather a report. @param folder name of the one in which the figures lie beside the page. @param now ms since 1970. */
export async function runReport({
  story,
  record,
  definition,
  plans,
  history,
  folder,
  now,
}: {
  story: Story;
  record: RunRecord;
  definition: CampaignDefinition;
  plans: readonly ActorPlan[];
  /** What each actor did, by its replay. */
  history: readonly PastActor[];
  folder: string;
  now: number;
}): Promise<RunReport> {
  const overview = story.overview();
  const science = story.science();
  const slots = { timeline: story.timeline(), ledger: story.ledger(), idle: story.idle() };
  const measure = definition.objective;
  const exhibits = inOrder([
    ...scienceExhibits({ measure, runs: [{ name: record.id, science }] }),
    ...slotExhibits(slots),
  ]);
  const failures = story.tasks({ state: 'failed', limit: mostFailures });
  const figures = [];
  for (const exhibit of exhibits) figures.push(await drawExhibit(exhibit, folder));
  return {
    record,
    measure,
    madeAt: now,
    overview,
    science,
    ...slots,
    failures: failures.rows,
    failed: failures.total,
    figures,
    folder,
    drawings: await drawingsOf(overview.best, definition),
    charts: await chartsOf(plans, history),
  };
}

/** Pictures of candidates; of one that cannot be drawn there is none. */
async function drawingsOf(rows: readonly TaskRow[], { draw }: CampaignDefinition): Promise<RunReport['drawings']> {
  const drawings = new Map<string, Readonly<Record<'light' | 'dark', string>>>();
  if (draw === undefined) return drawings;
  for (const { label } of rows) {
    try {
      drawings.set(label, { light: await draw(label, 'light'), dark: await draw(label, 'dark') });
    } catch {
      // Its label stands alone.
    }
  }
  return drawings;
}

async function chartsOf(plans: readonly ActorPlan[], history: readonly PastActor[]): Promise<Map<string, string>> {
  const charts = new Map([['the system', await systemSvg(systemOf(plans))]]);
  for (const { actor } of plans) {
    const svg = await chartSvg(chartOf(actor.machine));
    const did = history.find((one) => one.actor === actor.name);
    charts.set(actor.name, did === undefined ? svg : withCounts(svg, did));
  }
  return charts;
}
