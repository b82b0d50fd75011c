/** What the commands that make a campaign have in common: its folder, and its settings as flags. */
import { type Command, Option } from 'commander';
import type { CampaignDefinition } from '../campaign/definition.ts';
import { flagOf, settingFlags } from '../campaign/settings.ts';
import { packagedCampaign } from './packaged-campaign.ts';

/** The folder among the arguments: the first that neither is a flag nor the value of one; default: the packaged campaign. */
export function folderOf(argv: readonly string[], flagsWithoutValue: readonly string[]): string {
  for (let i = 0; i < argv.length; i += 1) {
    const argument = argv[i] ?? '';
    if (!argument.startsWith('-')) return argument;
    const takesNone = [...flagsWithoutValue, '--help', '-h'].includes(argument) || argument.includes('=');
    if (!takesNone) i += 1;
  }
  return packagedCampaign();
}

/** The command with a flag for each setting of the campaign, but for those left out. */
export function addSettingFlags(
  command: Command,
  definition: CampaignDefinition,
  leftOut: readonly string[] = [],
): Command {
  for (const flag of settingFlags(definition)) {
    if (leftOut.includes(flag.name)) continue;
    const isFlag = flag.type === 'boolean';
    const choices = flag.choices === null ? '' : `: ${flag.choices.join(', ')}`;
    const text = `${flag.description}${choices} (${flag.default === undefined ? 'required' : `default: ${textOf(flag.default)}`})`;
    command.addOption(new Option(isFlag ? flagOf(flag.name) : `${flagOf(flag.name)} <${flag.type}>`, text));
  }
  return command;
}

/** A name for a campaign: its policy and the time. */
export function newId(policy: string): string {
  const [date = '', time = ''] = new Date().toISOString().split('T');
  return `${policy}-${date.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}`;
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
