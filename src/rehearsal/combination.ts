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

/** What is rehearsed, and what was asked for and is not. */
export interface Combinations {
  readonly all: readonly Combination[];
  /** Why settings do not go together, by the names of the combination. */
  readonly refused: ReadonlyMap<string, string>;
}

/**
 * Every combination of the lists among what was typed, each once: where a policy makes nothing of a model, those that differ in
 * it only are one. Of several, those whose settings do not go together are left out.
 * @param typed texts by setting; those that may be lists hold names separated by commas.
 * @throws ConfigError that names each flag that is wrong, and where nothing is left.
 */
export function combinationsOf(
  definition: CampaignDefinition,
  typed: Readonly<Record<string, string | boolean | undefined>>,
  space: { candidates: number; objects: Readonly<Record<string, ObjectRef>> },
): Combinations {
  const choices = choicesOf(definition);
  const plansOf = (given: Typed): string => {
    const plans = rehearsedPlans(definition, parseSettings(definition, given), space.candidates, space.objects);
    return JSON.stringify(plans.map(({ actor, input }) => [actor.name, input]));
  };
  const all = new Map<string, Combination>();
  const refused = new Map<string, string>();
  let first: ConfigError | null = null;
  for (const list of listsOf(choices, typed)) {
    const given = { ...typed, ...list };
    let settings: CommonSettings;
    try {
      settings = parseSettings(definition, given);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      first ??= error;
      refused.set(Object.values(list).join(' '), error.message);
      continue;
    }
    const nameIn = (name: Listed): string | null => {
      const value = settings[name];
      return typeof value === 'string'
        ? telling(value, choices[name], (other) => plansOf({ ...given, [name]: other }))
        : null;
    };
    const names = { policy: settings.policy, model: nameIn('model'), acquisition: nameIn('acquisition') };
    const key = JSON.stringify(names);
    if (!all.has(key)) all.set(key, { names, settings });
  }
  if (all.size === 0 && first !== null) throw first;
  return { all: [...all.values()], refused };
}

type Typed = Readonly<Record<string, string | boolean | undefined>>;

/** The values that each setting may have, where they can be listed. */
function choicesOf(definition: CampaignDefinition): Record<Listed, readonly string[]> {
  const flags = settingFlags(definition);
  const of = (name: Listed): readonly string[] => flags.find((flag) => flag.name === name)?.choices ?? [];
  return { policy: of('policy'), model: of('model'), acquisition: of('acquisition') };
}

/** One set of names for each combination. @throws ConfigError for a list that is none, or names what there is not. */
function listsOf(choices: Record<Listed, readonly string[]>, typed: Typed): Record<string, string>[] {
  let lists: Record<string, string>[] = [{}];
  for (const name of listed) {
    const text = typed[name];
    if (typeof text !== 'string') continue;
    const values = [...new Set(text.split(',').map((value) => value.trim()))];
    if (values.includes('')) throw new ConfigError(`${flagOf(name)}: "${text}" is no list of names`);
    const unknown = values.find((value) => choices[name].length > 0 && !choices[name].includes(value));
    if (unknown !== undefined) {
      throw new ConfigError(`${flagOf(name)}: "${unknown}" is unknown; choose ${choices[name].join(' or ')}`);
    }
    lists = lists.flatMap((list) => values.map((value) => ({ ...list, [name]: value })));
  }
  return lists;
}

/**
 * What to call a value: null where no other would make a difference, and where it stands for another (as `auto` may), that one.
 * @param plansOf the actors with another value; throws where it does not go with the rest.
 */
function telling(value: string, choices: readonly string[], plansOf: (value: string) => string): string | null {
  const plans = plansOf(value);
  const others = choices.flatMap((other) => {
    if (other === value) return [];
    try {
      return [{ other, isSame: plansOf(other) === plans }];
    } catch (error) {
      if (error instanceof ConfigError) return [];
      throw error;
    }
  });
  // Where none of the others goes with the rest it is this one that makes the difference.
  const isAlone = others.length === 0 && choices.length > 1;
  if (!isAlone && others.every(({ isSame }) => isSame)) return null;
  return value === 'auto' ? (others.find(({ isSame }) => isSame)?.other ?? value) : value;
}
