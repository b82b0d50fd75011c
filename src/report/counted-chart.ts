/** What a run's machines did, written into their charts: how often each state was entered, for how long, and each arrow taken. */
import type { PastActor } from '../replay/actor-history.ts';
import { spanOf } from './page-parts.ts';

const entities: Readonly<Record<string, string>> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
  '&amp;': '&',
};

/** A chart's SVG with its counts; what never happened has none. See `src/charts/svg.ts` for the places that are kept for them. */
export function withCounts(svg: string, { states, arrows }: Pick<PastActor, 'states' | 'arrows'>): string {
  return svg.replaceAll(/(data-count="([^"]*)"[^>]*>)(?=<\/text>)/g, (_, open: string, escaped: string) => {
    const name = escaped.replaceAll(/&(?:lt|gt|quot|amp|#39);/g, (entity) => entities[entity] ?? entity);
    const state = states[name];
    if (state !== undefined && state.entered > 0) {
      return `${open}${state.entered.toLocaleString('en')} · ${spanOf(state.ms / 1_000)}`;
    }
    const taken = arrows[name] ?? 0;
    return taken === 0 ? open : `${open}${taken.toLocaleString('en')}`;
  });
}
