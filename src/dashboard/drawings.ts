import type { CampaignDefinition } from '../campaign/definition.ts';

const mostKept = 1_000;
const mostLetters = 400;

/** Pictures of candidates, each drawn once. */
export class Drawings {
  readonly #definition: Pick<CampaignDefinition, 'draw'>;
  readonly #kept = new Map<string, Promise<string | null>>();

  constructor(definition: Pick<CampaignDefinition, 'draw'>) {
    this.#definition = definition;
  }

  /** A candidate's picture, SVG; null when it has none, or what was asked for is no candidate. */
  draw(label: string, theme: 'light' | 'dark'): Promise<string | null> {
    const { draw } = this.#definition;
    if (draw === undefined || label === '' || label.length > mostLetters) return Promise.resolve(null);
    const name = `${theme} ${label}`;
    const known = this.#kept.get(name) ?? draw(label, theme).catch(() => null);
    // The last that were asked for stay.
    this.#kept.delete(name);
    this.#kept.set(name, known);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > mostKept && oldest !== undefined) this.#kept.delete(oldest);
    return known;
  }
}
