/** The campaign's results for the figures, asked again as they grow: less often the more there are. */
import type { Science } from '../src/story/views.ts';
import type { RunsData } from '../src/figures/runs.ts';
import { useAnswer, type Answer } from './answer.ts';
import { campaign, overview } from './live.ts';

export function useScience(): Answer<Science> {
  const done = overview.value?.counts.succeeded ?? 0;
  return useAnswer<Science>('/api/science', done, Math.max(3_000, done));
}

/** These results as what figures show. */
export function runsOf(science: Science): RunsData {
  const { id = '', objective } = campaign.peek() ?? {};
  const measure = objective ?? { label: 'value', unit: '', also: { unit: '', factor: 1 } };
  return { measure, runs: [{ name: id, science }] };
}
