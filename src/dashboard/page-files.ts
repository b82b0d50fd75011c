/** The files of the page, as they were bundled. */
import { readFile, stat } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { packageRoot } from '../campaign/load.ts';
import { bodyOf, type Body } from './bodies.ts';

export interface PageFile {
  readonly type: string;
  readonly tag: string;
  readonly body: Body;
}

const types: Readonly<Record<string, string>> = {
  '/': 'text/html; charset=utf-8',
  '/page.js': 'text/javascript; charset=utf-8',
  '/page.css': 'text/css; charset=utf-8',
};

const kept = new Map<string, { readonly changedAt: number; readonly file: PageFile }>();

/** A file of the page by its path in an address; null for any other. */
export async function pageFile(path: string): Promise<PageFile | null> {
  const type = types[path];
  if (type === undefined) return null;
  const where = join(packageRoot, 'dist', 'web', path === '/' ? 'index.html' : path.slice(1));
  const { mtimeMs } = await stat(where);
  const known = kept.get(path);
  if (known?.changedAt === mtimeMs) return known.file;
  const bytes = await readFile(where);
  const tag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
  const file = { type, tag, body: await bodyOf(bytes) };
  kept.set(path, { changedAt: mtimeMs, file });
  return file;
}
