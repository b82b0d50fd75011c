/** A campaign's settings as flags: one schema gives types, defaults, help and checks. */
import { z } from 'zod';
import { ConfigError } from '../protocol/errors.ts';
import type { CampaignDefinition, CommonSettings } from './definition.ts';

/** One setting as a flag of the command line. */
export interface SettingFlag {
  readonly name: string;
  readonly type: 'string' | 'number' | 'integer' | 'boolean';
  readonly description: string;
  readonly default: unknown;
  /** The values that it may have, where they can be listed. */
  readonly choices: readonly string[] | null;
}

const propertySchema = z.object({
  type: z.enum(['string', 'number', 'integer', 'boolean']),
  description: z.string().default(''),
  default: z.unknown().optional(),
  enum: z.array(z.string()).optional(),
});

/**
 * The flags of a campaign's settings.
 * @throws ConfigError when a setting is neither a number, a text, a choice nor a yes or no.
 */
export function settingFlags({ name, settings }: CampaignDefinition): SettingFlag[] {
  const { properties = {} } = z.toJSONSchema(settings, { io: 'input' });
  return Object.entries(properties).map(([setting, property]) => {
    const parsed = propertySchema.safeParse(property);
    if (!parsed.success) {
      throw new ConfigError(
        `setting "${setting}" of campaign ${name} cannot be a flag: use a string, number, enum or boolean`,
      );
    }
    const { type, description, default: value, enum: choices = null } = parsed.data;
    return { name: setting, type, description, default: value, choices };
  });
}

/** The flag of a setting as people type it: `chunkSize` is `--chunk-size`. */
export function flagOf(setting: string): string {
  return `--${setting.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/**
 * Settings from what was typed, with defaults for the rest.
 * @param given texts by setting's name; unset ones are left out.
 * @throws ConfigError that names each flag that is wrong and what it may be.
 */
export function parseSettings<S extends CommonSettings>(
  definition: CampaignDefinition<S>,
  given: Readonly<Record<string, string | boolean | undefined>>,
): S {
  const flags = new Map(settingFlags(definition as unknown as CampaignDefinition).map((flag) => [flag.name, flag]));
  const input: Record<string, unknown> = {};
  const wrong: string[] = [];
  for (const [name, text] of Object.entries(given)) {
    const flag = flags.get(name);
    if (text === undefined || flag === undefined) continue;
    const isNumber = flag.type === 'number' || flag.type === 'integer';
    input[name] = isNumber ? Number(text) : text;
    if (isNumber && (String(text).trim() === '' || !Number.isFinite(input[name]))) {
      wrong.push(`${flagOf(name)}: "${String(text)}" is no number`);
    } else if (flag.choices !== null && !flag.choices.includes(String(text))) {
      wrong.push(`${flagOf(name)}: "${String(text)}" is unknown; choose ${flag.choices.join(' or ')}`);
    }
  }
  if (wrong.length > 0) throw new ConfigError(wrong.join('\n'));
  const parsed = definition.settings.safeParse(input);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map(({ path, message }) => {
    const name = String(path[0] ?? '');
    return `${flagOf(name)}: ${input[name] === undefined ? '' : `${JSON.stringify(input[name])}: `}${message}`;
  });
  throw new ConfigError(lines.join('\n'));
}

/**
 * Refuse to resume a run with other settings than it was started with.
 * @throws ConfigError that names each contradiction.
 */
export function refuseContradictions(
  id: string,
  started: Readonly<Record<string, unknown>>,
  asked: Readonly<Record<string, unknown>>,
  typed: readonly string[],
): void {
  const contradictions = typed
    .filter((name) => asked[name] !== started[name])
    .map(
      (name) =>
        `${flagOf(name)} ${JSON.stringify(asked[name])}: run ${id} was started with ${JSON.stringify(started[name])}`,
    );
  if (contradictions.length === 0) return;
  throw new ConfigError(`${contradictions.join('\n')}\nresume it without these flags, or start a new run with them`, {
    code: 'config.contradiction',
  });
}
