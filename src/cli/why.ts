/** `cox why`: why a task, its way through the campaign, and what came of it. */
import { Command } from 'commander';
import { listRuns } from '../campaign/run-folder.ts';
import { artifactsOf, artifactText } from '../campaign/story-reader.ts';
import { ConfigError, exitCodes } from '../protocol/errors.ts';
import type { Story } from '../story/story.ts';
import type { TaskStory } from '../story/views.ts';
import { newestRun } from './newest-run.ts';
import { printable } from './printable.ts';
import { writeOut } from './standard-output.ts';
import { askStory, type ToldStory, type WhereFlags } from './told-story.ts';
import { taskText } from './why-text.ts';

interface WhyFlags extends WhereFlags {
  readonly json?: boolean;
  readonly show?: string;
}

export function whyCommand(): Command {
  return new Command('why')
    .description('why a molecule was chosen, or a task was run: its way, its result, and what that changed')
    .usage('[options] [id] <task>')
    .argument('<id or task>', 'the campaign (default: the newest run of this folder)')
    .argument('[task]', 'a task such as simulate-17, or what it is about: a SMILES')
    .option('--show <name>', 'print a text that its result keeps, such as xtbOutput, and nothing else')
    .option('--json', 'print one JSON value')
    .option('--nats <url>', 'its NATS server (default: that of the run in this folder, else $COX_NATS_URL)')
    .option('--out <dir>', 'folder that holds the runs', 'runs')
    .option('--folder <dir>', "the campaign's folder on this machine (default: where it was started from)")
    .addHelpText(
      'after',
      '\nExamples:\n  $ cox why simulate-17\n  $ cox why batched-20260101-120000 "FC(F)F" --nats nats://head:4222\n' +
        '  $ cox why batched-20260101-120000 simulate-17 --show xtbOutput\n' +
        '\nExit codes: 0 when there is such a task, 2 when there is none, or no such campaign.',
    )
    .action(async (first: string, second: string | undefined, flags: WhyFlags) => {
      const id = second === undefined ? await newestRun(flags.out, 'why') : first;
      if (second === undefined && (await listRuns(flags.out)).includes(first)) {
        throw new ConfigError(
          `which task of ${first}? Say cox why ${first} simulate-17, or what it is about: a SMILES`,
        );
      }
      process.exitCode = await why(id, second ?? first, flags);
    });
}

async function why(id: string, called: string, flags: WhyFlags): Promise<number> {
  const answer = await askStory(id, { ...flags, command: 'why', hears: true }, async (story) => {
    const task = await story.told.detail(called);
    if (task === null) throw noSuchTask(id, called, story.told.story);
    if (flags.show !== undefined) return artifact(story, task, flags.show);
    if (flags.json === true) return `${printable(JSON.stringify(task))}\n`;
    return taskText(task, story.definition.objective);
  });
  if (answer === null) return exitCodes.interrupted;
  await writeOut([answer]);
  return exitCodes.done;
}

async function artifact({ campaign }: ToldStory, task: TaskStory, name: string): Promise<string> {
  const text = await artifactText(campaign.connection, task, name);
  // On a terminal what a program wrote cannot do more than be read.
  if (text !== null) return process.stdout.isTTY ? text.split('\n').map(printable).join('\n') : text;
  const known = artifactsOf(task);
  const others = known.length === 0 ? 'it keeps none' : `it keeps ${known.join(', ')}`;
  throw new ConfigError(`the result of ${task.task} keeps no text "${printable(name)}": ${others}`, {
    code: 'artifact.unknown',
  });
}

function noSuchTask(id: string, called: string, story: Story): ConfigError {
  const { total } = story.tasks({ limit: 0 });
  if (total === 0) return new ConfigError(`${id} has no tasks yet`, { code: 'task.unknown' });
  const like = story
    .similar(called)
    .map(({ task, label }) => (label === task ? task : `${task} (${printable(label)})`));
  const hint = like.length === 0 ? '' : `; there are ${like.join(', ')}`;
  return new ConfigError(`no task of ${id} is called "${printable(called)}", and none is about it${hint}`, {
    code: 'task.unknown',
  });
}
