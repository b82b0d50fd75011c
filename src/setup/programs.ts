import { MissingError, messageOf } from '../protocol/errors.ts';
import type { FoundProgram } from './find-program.ts';
import { searchProgram } from './find-program.ts';
import type { SetupOptions } from './install-program.ts';
import { installProgram } from './install-program.ts';
import type { InstallWay } from './install-way.ts';
import { natsServerWays, xtbWays } from './pins.ts';
import type { Requirement } from './requirement.ts';
import { natsServerRequirement, xtbRequirement } from './requirement.ts';

export type { FoundProgram } from './find-program.ts';
export type { SetupOptions } from './install-program.ts';

/** The nats-server of this machine, or null; installs nothing. @throws MissingError when COX_NATS_SERVER names one that will not do. */
export async function findNatsServer(env?: NodeJS.ProcessEnv): Promise<FoundProgram | null> {
  return (await searchProgram(natsServerRequirement, env)).found;
}

/** The xtb of this machine, or null; installs nothing. @throws MissingError when COX_XTB names one that will not do. */
export async function findXtb(env?: NodeJS.ProcessEnv): Promise<FoundProgram | null> {
  return (await searchProgram(xtbRequirement, env)).found;
}

/**
 * A nats-server of 2.12 or newer: the machine's, else Coxswain's own, installed into its cache if need be.
 * @throws MissingError when there is none and none can be installed: its message holds the commands that would.
 */
export function ensureNatsServer(options: SetupOptions = {}): Promise<FoundProgram> {
  return ensure(natsServerRequirement, natsServerWays, options);
}

/**
 * An xtb of 6.5 or newer: the machine's, else Coxswain's own, installed into its cache if need be.
 * @throws MissingError when there is none and none can be installed: its message holds the commands that would.
 */
export function ensureXtb(options: SetupOptions = {}): Promise<FoundProgram> {
  return ensure(xtbRequirement, xtbWays, options);
}

/**
 * Both at once: looking takes a few milliseconds, installing as long as the slower of the two.
 * @throws MissingError that tells of each of the two that could not be had.
 */
export async function ensurePrograms(
  options: SetupOptions = {},
): Promise<{ natsServer: FoundProgram; xtb: FoundProgram }> {
  const [natsServer, xtb] = await Promise.allSettled([ensureNatsServer(options), ensureXtb(options)]);
  if (natsServer.status === 'rejected' && xtb.status === 'rejected') {
    throw new MissingError(`${messageOf(natsServer.reason)}\n${messageOf(xtb.reason)}`, {
      code: 'setup.missing',
      cause: new AggregateError([natsServer.reason, xtb.reason]),
    });
  }
  if (natsServer.status === 'rejected') throw natsServer.reason;
  if (xtb.status === 'rejected') throw xtb.reason;
  return { natsServer: natsServer.value, xtb: xtb.value };
}

async function ensure(
  requirement: Requirement,
  ways: readonly InstallWay[],
  options: SetupOptions,
): Promise<FoundProgram> {
  const { found, rejected } = await searchProgram(requirement, options.env);
  return found ?? installProgram(requirement, ways, rejected, options);
}
