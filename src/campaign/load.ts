/** Campaign folders: found, compiled if need be, and loaded. */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { register as registerHooks } from 'node:module';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ConfigError, CoxswainError, messageOf } from '../protocol/errors.ts';
import type { AnyMethod } from '../protocol/method.ts';

/** What a worker needs of a campaign: the class that its tasks are queued under, and what computes them. */
export interface MethodBundle {
  readonly name: string;
  readonly methods: readonly AnyMethod[];
}

const compiled = import.meta.url.endsWith('.js');
/** The folder of this package: two above this file, three when compiled. */
export const packageRoot = resolve(dirname(fileURLToPath(import.meta.url)), compiled ? '../../..' : '../..');
/** Coxswain's own version, from its package. */
export const packageVersion = (): string =>
  (JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }).version;

/**
 * The file that defines the campaign of a folder.
 *
 * `campaign.js` if it is there; else the compiled twin of a folder of this package, when we run compiled ourselves; else
 * `campaign.ts`, compiled as it is read.
 * @throws ConfigError when the folder holds no campaign.
 */
export function campaignFile(folder: string): string {
  const absolute = resolve(folder);
  const script = join(absolute, 'campaign.js');
  if (existsSync(script)) return script;
  const twin = compiled ? compiledTwin(folder) : null;
  if (twin !== null) return join(twin, 'campaign.js');
  const source = join(absolute, 'campaign.ts');
  if (existsSync(source)) return source;
  throw new ConfigError(
    existsSync(absolute)
      ? `${folder} is no campaign folder: it has neither campaign.ts nor campaign.js`
      : `there is no folder ${folder}; name a campaign folder, one with a campaign.ts or campaign.js`,
    { code: 'campaign.missing', details: { folder } },
  );
}

/** What a folder of this package was compiled to; null for any other, and where nothing was compiled. */
export function compiledTwin(folder: string): string | null {
  const inside = relative(packageRoot, resolve(folder));
  if (inside.startsWith('..') || inside.split(sep).includes('node_modules')) return null;
  const twin = join(packageRoot, 'dist', inside);
  return existsSync(join(twin, 'campaign.js')) ? twin : null;
}

/**
 * The campaign that a folder defines by the default export of its `campaign.js` or `campaign.ts`.
 * @throws ConfigError that names the folder and what is missing.
 */
export async function loadCampaign(folder: string): Promise<MethodBundle> {
  const file = campaignFile(folder);
  let module: unknown;
  try {
    if (!file.startsWith(join(packageRoot, 'dist') + sep)) await readFolder(dirname(realpathSync(file)));
    module = await import(pathToFileURL(file).href);
  } catch (cause) {
    if (cause instanceof CoxswainError) throw cause;
    throw new ConfigError(`${file} cannot be loaded: ${messageOf(cause)}`, { code: 'campaign.broken', cause });
  }
  return checkBundle(module, file);
}

function checkBundle(module: unknown, file: string): MethodBundle {
  const wrong = (what: string): ConfigError => new ConfigError(`${file}: ${what}`, { code: 'campaign.broken' });
  const bundle = isRecord(module) ? module['default'] : undefined;
  if (!isRecord(bundle)) throw wrong('its default export must be a campaign: export default defineCampaign({ ... })');
  const { name, methods } = bundle;
  if (typeof name !== 'string' || !/^[A-Za-z0-9_-]{1,64}$/.test(name)) {
    throw wrong('the campaign has no usable name: at most 64 letters, digits, "-" and "_"');
  }
  if (!Array.isArray(methods) || methods.length === 0) throw wrong('the campaign lists no methods');
  const seen = new Set<string>();
  for (const method of methods as unknown[]) {
    if (!isRecord(method) || typeof method['name'] !== 'string' || typeof method['run'] !== 'function') {
      throw wrong('one of its methods has no name or nothing to run; declare it with defineMethod');
    }
    const methodName = method['name'];
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(methodName)) throw wrong(`"${methodName}" is no usable name of a method`);
    if (seen.has(methodName)) throw wrong(`two methods are named "${methodName}"`);
    for (const field of ['input', 'output']) {
      if (!isRecord(method[field])) throw wrong(`method "${methodName}" has no ${field} schema`);
    }
    if (typeof method['timeoutMs'] !== 'number' || !(method['timeoutMs'] > 0)) {
      throw wrong(`method "${methodName}" has no timeoutMs above 0`);
    }
    const { memoryMb, retries } = method;
    if (memoryMb !== undefined && !(typeof memoryMb === 'number' && memoryMb > 0)) {
      throw wrong(`method "${methodName}" has a memoryMb that is no number above 0`);
    }
    const counts = isRecord(retries) ? Object.entries(retries) : [];
    for (const [limit, count] of counts) {
      if (['timeLimit', 'memoryLimit'].includes(limit) && Number.isInteger(count) && Number(count) >= 0) continue;
      throw wrong(
        `method "${methodName}" has retries.${limit}; it takes timeLimit and memoryLimit, whole numbers from 0`,
      );
    }
    seen.add(methodName);
  }
  return bundle as unknown as MethodBundle;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

let reading: Promise<void> | null = null;

/**
 * Let this process import the folder's files: as TypeScript, as ES modules even where no package.json says so, and with
 * `coxswain` being the copy that runs already, wherever the folder lies.
 */
async function readFolder(folder: string): Promise<void> {
  reading ??= import('tsx/esm/api').then(({ register }) => void register());
  await reading;
  const [root, extension] = compiled ? [join(packageRoot, 'dist'), 'js'] : [packageRoot, 'ts'];
  const at = (path: string): string => pathToFileURL(join(root, `${path}.${extension}`)).href;
  const data = {
    folder: `${pathToFileURL(folder).href}/`,
    // Two copies of the package in one process would have two sets of error classes.
    ours: {
      coxswain: at('src/index'),
      'coxswain/actors': at('actors/index'),
      'coxswain/chemistry': at('src/chemistry/index'),
      'coxswain/ml': at('src/ml/index'),
    },
  };
  registerHooks(`data:text/javascript,${encodeURIComponent(hooks)}`, { data });
}

/** Runs in the thread where Node resolves imports. */
const hooks = `
  let given;
  export function initialize(data) { given = data; }
  export async function resolve(specifier, context, next) {
    const found = await next(given.ours[specifier] ?? specifier, context);
    const isOfFolder = found.url.startsWith(given.folder) && !found.url.includes('/node_modules/');
    // What a module imports from a folder without "type": "module", tsx marks, and would read as CommonJS in spite of the format.
    const url = found.url.replace(/(\\?|%3f)tsx-commonjs-.*$/i, '');
    return isOfFolder && /\\.[jt]s($|\\?)/.test(url) ? { ...found, url, format: 'module' } : found;
  }`;
