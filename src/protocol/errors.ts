/**
 * The errors of Coxswain: matched by class inside a process and by `code` across hosts, never by their text.
 * A message says what was wrong, where, and what to do.
 */

/** Whether, and where, an operation that failed is worth another try. */
export type Retry = 'never' | 'here' | 'elsewhere';

/** Exit codes of `cox`, by meaning. */
export const exitCodes = { done: 0, failed: 1, usage: 2, missing: 3, interrupted: 130 } as const;

/** The root of every error that Coxswain raises on purpose. */
export abstract class CoxswainError extends Error {
  /** Stable across versions and hosts: what programs match on. */
  readonly code: string;
  readonly retry: Retry;
  /** What `cox` exits with when this error ends it. */
  readonly exitCode: number;
  readonly details: Readonly<Record<string, unknown>>;

  protected constructor(
    message: string,
    options: {
      code: string;
      retry?: Retry;
      exitCode?: number;
      details?: Record<string, unknown> | undefined;
      cause?: unknown;
    },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = options.code;
    this.retry = options.retry ?? 'never';
    this.exitCode = options.exitCode ?? exitCodes.failed;
    this.details = options.details ?? {};
  }
}

interface ErrorOptions {
  code?: string;
  details?: Record<string, unknown>;
  cause?: unknown;
}

/** Wrong usage: a flag, a setting or a file of settings (exit code 2). */
export class ConfigError extends CoxswainError {
  constructor(message: string, { code = 'config.invalid', ...rest }: ErrorOptions = {}) {
    super(message, { code, exitCode: exitCodes.usage, ...rest });
  }
}

/** Input data that cannot be used: a SMILES, a search space, a method's arguments (exit code 2). */
export class InputError extends CoxswainError {
  constructor(message: string, { code = 'input.invalid', ...rest }: ErrorOptions = {}) {
    super(message, { code, exitCode: exitCodes.usage, ...rest });
  }
}

/** A part of the machine is missing or too old: a program, a library, a permission (exit code 3). */
export class MissingError extends CoxswainError {
  constructor(message: string, { code = 'missing', ...rest }: ErrorOptions = {}) {
    super(message, { code, exitCode: exitCodes.missing, ...rest });
  }
}

/** A message that does not fit its schema, or speaks a protocol that this version does not know. */
export class ProtocolError extends CoxswainError {
  constructor(message: string, { code = 'protocol.invalid', ...rest }: ErrorOptions = {}) {
    super(message, { code, ...rest });
  }
}

/** NATS could not be reached, or did not answer in time. */
export class TransportError extends CoxswainError {
  constructor(message: string, { code = 'transport.failed', ...rest }: ErrorOptions = {}) {
    super(message, { code, retry: 'here', ...rest });
  }
}

/** Another process runs these actors now; whoever sees this stops. */
export class LeaseError extends CoxswainError {
  constructor(message: string, { code = 'lease.lost', ...rest }: ErrorOptions = {}) {
    super(message, { code, ...rest });
  }
}

/** The machine ran out of something: disk, memory, ports. */
export class ResourceError extends CoxswainError {
  constructor(message: string, { code = 'resource.exhausted', ...rest }: ErrorOptions = {}) {
    super(message, { code, retry: 'elsewhere', ...rest });
  }
}

/** A method's own failure: the calculation ran and did not give an answer. */
export class MethodError extends CoxswainError {
  constructor(message: string, { code = 'method.failed', ...rest }: ErrorOptions = {}) {
    super(message, { code, ...rest });
  }
}

/** A promise that Coxswain makes to itself was broken: a defect, to be reported. */
export class InvariantError extends CoxswainError {
  constructor(message: string, { code = 'invariant.broken', ...rest }: ErrorOptions = {}) {
    super(message, { code, ...rest });
  }
}

/** The message of anything that was thrown, for people. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
