/** Which ways of steering are rehearsed: every policy with every model and acquisition that were asked for. */
import type { CampaignDefinition, CommonSettings } from '../campaign/definition.ts';
import { flagOf, parseSettings, settingFlags } from '../campaign/settings.ts';
import { ConfigError } from '../protocol/errors.ts';
import type { ObjectRef } from '../protocol/object-ref.ts';
import { rehearsedPlans } from './rehearse.ts';

/** Settings that may be given as lists. */
export const listed = ['policy', 'model', 'acquisition'] as const;
type Listed = (typeof listed)[number];

/** One way of steering. */
export interface Combination {
  /** What tells it from others: null where the campaign has no such setting, or it makes no difference. */
  readonly names: Readonly<Record<Listed, string | null>>;
  readonly settings: CommonSettings;
}

/** What a combination is called where there is little room. */
export function nameOf({ names }: Combination): string {
  return listed
    .map((name) => names[name])
    .filter((name) => name !== null)
    .join(' ');
}

/**
 * Every combination of the lists among what was typed, each once: where a policy makes nothing of a model, those that differ in
 * it only are one.
 * @param typed texts by setting; those that may be lists hold names separated by commas.
 * @throws ConfigError that names each flag that is wrong.
 */
export function combinationsOf(
  definition: CampaignDefinition,
  typed: Readonly<Record<string, string | boolean | undefined>>,
  space: { candidates: number; objects: Readonly<Record<string, ObjectRef>> },
): Combination[] {
  const flags = settingFlags(definition);
  const choicesOf = (name: string): readonly string[] => flags.find((flag) => flag.name === name)?.choices ?? [];
  let lists: Record<string, string | boolean | undefined>[] = [{}];
  for (const name of listed) {
    const text = typed[name];
    if (typeof text !== 'string') continue;
    const values = text.split(',').map((value) => value.trim());
    if (values.includes('')) throw new ConfigError(`${flagOf(name)}: "${text}" is no list of names`);
    lists = lists.flatMap((list) => [...new Set(values)].map((value) => ({ ...list, [name]: value })));
  }
  const plansOf = (settings: CommonSettings): string =>
    JSON.stringify(
      rehearsedPlans(definition, settings, space.candidates, space.objects).map(({ actor, input }) => [
        actor.name,
        input,
      ]),
    );
  const combinations = new Map<string, Combination>();
  for (const list of lists) {
    const given = { ...typed, ...list };
    const settings = parseSettings(definition, given);
    const plans = plansOf(settings);
    const matters = (name: string): boolean =>
      choicesOf(name).some((value) => {
        try {
          return plansOf(parseSettings(definition, { ...given, [name]: value })) !== plans;
        } catch {
          // Settings that do not go together are reported where they were asked for.
          return false;
        }
      });
    const valueOf = (name: Listed): string | null => {
      const value = settings[name] ?? 'default';
      return typeof value === 'string' && matters(name) ? value : null;
    };
    const names = { policy: settings.policy, model: valueOf('model'), acquisition: valueOf('acquisition') };
    const key = JSON.stringify(names);
    if (!combinations.has(key)) combinations.set(key, { names, settings });
  }
  return [...combinations.values()];
}
