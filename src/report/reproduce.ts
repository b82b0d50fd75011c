/** The command that makes the same run again, from what the run has noted of itself. */
import type { RunRecord } from '../campaign/run-folder.ts';
import { flagOf } from '../campaign/settings.ts';
import { plainText } from './page-parts.ts';

/** Words that a POSIX shell takes as they are. */
const plain = /^[A-Za-z0-9_@%+=:,./-]+$/;

const quoted = (word: string): string => (plain.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`);

/** `cox run` with every setting as a flag: defaults of another version may be others. */
export function reproduceCommand({ folder, campaign, settings }: RunRecord): string {
  const flags = Object.entries(settings).flatMap(([name, value]) => {
    if (value === null || value === undefined || value === false) return [];
    if (value === true) return [flagOf(name)];
    return [flagOf(name), quoted(plainText(value))];
  });
  const where = campaign === 'molecular-design' ? [] : [quoted(folder)];
  return ['cox', 'run', ...where, ...flags].join(' ');
}
