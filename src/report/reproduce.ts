/** The command that makes the same run again, from what the run has noted of itself. */
import type { RunRecord } from '../campaign/run-folder.ts';
import { flagOf } from '../campaign/settings.ts';

/** Words that a POSIX shell takes as they are. */
const plain = /^[A-Za-z0-9_@%+=:,./-]+$/;

const quoted = (word: string): string => (plain.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`);

/** `cox run` with every setting as a flag: defaults of another version may be others. */
export function reproduceCommand({ folder, campaign, settings }: RunRecord): string {
  const flags = Object.entries(settings).flatMap(([name, value]) => {
    if (value === null || value === undefined || value === false) return [];
    if (value === true) return [flagOf(name)];
    return [flagOf(name), quoted(typeof value === 'object' ? JSON.stringify(value) : String(value as string | number))];
  });
  const lines = flags.reduce<string[][]>((grouped, word) => {
    if (word.startsWith('--') || grouped.length === 0) grouped.push([word]);
    else grouped.at(-1)?.push(word);
    return grouped;
  }, []);
  const where = campaign === 'molecular-design' ? [] : [quoted(folder)];
  return ['cox', 'run', ...where, ...lines.map((words) => words.join(' '))].join(' ');
}
